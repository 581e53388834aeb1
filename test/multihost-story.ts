/**
 * Multihost disk control between two hosts and a third, against whatever has one disk for them: every call of mhd(7I), the errors that
 * its manual documents, a live owner who notices, resets by a third. Run by the simulated unit, tgtd and LIO.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  accessStatus,
  clearShared,
  createFailfast,
  createMultihostDisk,
  type FailfastEvent,
  inKeys,
  inReservations,
  isScsiError,
  type LogicalUnit,
  type MultihostDisk,
  noRetries,
  persistentSupport,
  preemptAndAbortShared,
  preemptShared,
  quickReserve,
  registerHost,
  registerHostAndIgnoreKey,
  releaseOwnership,
  reserveShared,
  takeOwnership,
} from "../src/index.ts";

/** Three hosts at one disk. */
export interface ThreeHosts {
  readonly a: LogicalUnit;
  readonly b: LogicalUnit;
  readonly c: LogicalUnit;
  dispose(): Promise<void>;
}

/** What a target is known to do otherwise: COMPLIANCE.md. */
export interface Otherwise {
  readonly noPreemptAndAbort?: boolean;
}

const DELAYS = { minimumOwnershipDelayMs: 400, maximumOwnershipDelayMs: 20_000, reinstateDelayMs: 200 };
const WERO = "write-exclusive-registrants-only";
const block = new Uint8Array(512);

const failure = (promise: Promise<unknown>): Promise<Record<string, unknown>> =>
  promise.then(
    () => ({ code: "done" }),
    (error: unknown) => {
      if (!isScsiError(error)) throw error;
      return error as unknown as Record<string, unknown>;
    },
  );

/** Takes pending unit attentions off. */
async function settle(...units: readonly LogicalUnit[]): Promise<void> {
  for (const unit of units) {
    for (let tries = 0; tries < 16; tries++) {
      if ((await failure(unit.testUnitReady({ retry: noRetries }))).code !== "UNIT_ATTENTION") break;
    }
  }
}

const until = async (what: () => boolean, ms = 20_000): Promise<void> => {
  for (const end = performance.now() + ms; !what() && performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** Runs the story. */
export function describeMultihost(name: string, open: () => Promise<ThreeHosts>, otherwise: Otherwise = {}): void {
  describe(`multihost disk control: ${name}`, () => {
    let hosts: ThreeHosts;
    let a: MultihostDisk<LogicalUnit>;
    let b: MultihostDisk<LogicalUnit>;
    let c: MultihostDisk<LogicalUnit>;

    beforeAll(async () => {
      hosts = await open();
      await settle(hosts.a, hosts.b, hosts.c);
      a = createMultihostDisk(hosts.a);
      b = createMultihostDisk(hosts.b);
      c = createMultihostDisk(hosts.c);
    });
    afterAll(() => hosts.dispose());

    test("quick reserve, status, release; EACCES for the other", async () => {
      await quickReserve(a);
      expect(await failure(quickReserve(b))).toMatchObject({
        code: "RESERVATION_CONFLICT",
        errno: "EACCES",
        status: 0x18,
      });
      expect([(await accessStatus(a)).access, (await accessStatus(b)).access]).toEqual([true, false]);
      await releaseOwnership(b);
      expect((await accessStatus(b)).access).toBe(false);
      await releaseOwnership(a);
      expect((await accessStatus(b)).access).toBe(true);
    });

    test("ownership is taken from a live owner, who notices; a third resets, and it is reinstated", async () => {
      await quickReserve(a);
      const events: FailfastEvent[] = [];
      const failfast = createFailfast({ intervalMs: 50, observer: (event) => events.push(event) });
      expect(await failfast.watch(a.unit, { kind: "reserved" }).first).toBe(true);
      const ownership = await takeOwnership(b, DELAYS);
      expect(ownership.reset).toBe("logical-unit");
      await until(() => failfast.signal.aborted);
      expect(failfast.verdict?.losses).toMatchObject([{ reason: "reserved-by-another", status: 0x18 }]);
      expect(events.at(-1)?.type).toBe("lost");
      await failfast[Symbol.asyncDispose]();
      a.reserved = "no";
      expect((await accessStatus(a)).access).toBe(false);
      expect(await failure(a.unit.write10({ lba: 0, data: block, retry: noRetries }))).toMatchObject({
        code: "RESERVATION_CONFLICT",
      });
      for (let times = 0; times < 2; times++) {
        await c.unit.reset("logical-unit");
        await new Promise((resolve) => setTimeout(resolve, 4 * DELAYS.reinstateDelayMs));
        await settle(a.unit, c.unit);
        expect(await failure(quickReserve(c))).toMatchObject({ errno: "EACCES" });
      }
      await releaseOwnership(b);
      await settle(a.unit, b.unit, c.unit);
      expect((await accessStatus(a)).access).toBe(true);
    }, 60_000);

    test("take ownership: EIO where no reset may be made, EACCES where another takes the disk while it is being held", async () => {
      await quickReserve(a);
      expect(await failure(takeOwnership(b, { ...DELAYS, resets: [] }))).toMatchObject({ errno: "EIO", status: 0x18 });
      expect((await accessStatus(a)).access).toBe(true);
      await releaseOwnership(a);
      const taking = failure(takeOwnership(b, { ...DELAYS, minimumOwnershipDelayMs: 10_000 }));
      // Between two looks of b, which come every half second: c may have to try more than once.
      let taken = "";
      for (let tries = 0; tries < 20 && taken !== "done"; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        await c.unit.reset("logical-unit");
        await settle(c.unit);
        taken = String((await failure(quickReserve(c))).code);
      }
      expect(taken).toBe("done");
      expect(await taking).toMatchObject({ code: "RESERVATION_CONFLICT", errno: "EACCES" });
      await settle(a.unit, b.unit);
      expect([(await accessStatus(c)).access, (await accessStatus(b)).access]).toEqual([true, false]);
      await releaseOwnership(c);
      await settle(a.unit, b.unit, c.unit);
    }, 60_000);

    test("the documented way to find out about support; lists shorter and longer than the room", async () => {
      expect(await persistentSupport(a)).toMatchObject({ persistent: true, keys: [] });
      await registerHost(a, { oldKey: 0n, newKey: 0xan, aptpl: false });
      await registerHostAndIgnoreKey(b, { newKey: 0xbn, aptpl: false });
      await registerHostAndIgnoreKey(c, { newKey: 0xcn, aptpl: false });
      for (const [listSize, length] of [
        [0, 0],
        [1, 1],
        [3, 3],
        [64, 3],
      ] as const) {
        const { list, ...rest } = await inKeys(b, { listSize });
        expect(rest).toMatchObject({ listSize, listLength: 3 });
        expect(list).toHaveLength(length);
      }
      expect([...(await inKeys(a, { listSize: 9 })).list].sort()).toEqual([0xan, 0xbn, 0xcn]);
      expect(await inReservations(a, { listSize: 1 })).toMatchObject({ listLength: 0, list: [] });
    });

    test("register: another key, and none", async () => {
      await registerHost(c, { oldKey: 0xcn, newKey: 0xccn, aptpl: false });
      expect([...(await inKeys(a, { listSize: 9 })).list].sort()).toEqual([0xan, 0xbn, 0xccn]);
      await registerHost(c, { oldKey: 0xccn, newKey: 0n, aptpl: false });
      expect([...(await inKeys(a, { listSize: 9 })).list].sort()).toEqual([0xan, 0xbn]);
      expect(await failure(registerHost(c, { oldKey: 0xccn, newKey: 0xcn, aptpl: false }))).toMatchObject({
        errno: "EACCES",
      });
      await registerHost(c, { oldKey: 0n, newKey: 0xcn, aptpl: false });
    });

    test("EACCES for a wrong old key, for RESERVE while another holds", async () => {
      const { generation } = await inKeys(a, { listSize: 0 });
      expect(await failure(registerHost(a, { oldKey: 0x99n, newKey: 1n, aptpl: false }))).toMatchObject({
        errno: "EACCES",
        status: 0x18,
      });
      await reserveShared(a, { key: 0xan, type: WERO });
      expect(await failure(reserveShared(b, { key: 0xbn, type: "write-exclusive" }))).toMatchObject({
        errno: "EACCES",
      });
      expect(await inReservations(b, { listSize: 1 })).toMatchObject({
        generation,
        listLength: 1,
        list: [{ key: 0xan, type: WERO, scope: 0 }],
      });
      expect(await inReservations(b, { listSize: 0 })).toMatchObject({ generation, listLength: 1, list: [] });
      expect(await failure(reserveShared(a, { key: 0xan, type: WERO, scope: 2 }))).toMatchObject({ status: 2 });
    });

    test("the families are not mixed: take ownership is refused, and the disk is asked whether hosts are registered", async () => {
      expect(await failure(takeOwnership(a))).toMatchObject({ code: "FAMILIES_MIXED", errno: "ENOTSUP" });
      const stranger = createMultihostDisk(c.unit);
      expect(await failure(takeOwnership(stranger))).toMatchObject({ code: "FAMILIES_MIXED", errno: "ENOTSUP" });
    });

    test("a third's reset leaves a shared disk as it was, and nobody has lost access", async () => {
      const failfast = createFailfast({ intervalMs: 50 });
      expect(await failfast.watch(b.unit, { kind: "registered", key: 0xbn, type: WERO }).first).toBe(true);
      await c.unit.reset("logical-unit");
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(failfast.signal.aborted).toBe(false);
      await failfast[Symbol.asyncDispose]();
      await settle(a.unit, b.unit, c.unit);
      expect(await inKeys(c, { listSize: 9 })).toMatchObject({ listLength: 3 });
      expect(await inReservations(c, { listSize: 1 })).toMatchObject({ list: [{ key: 0xan, type: WERO }] });
    });

    test("PREEMPT fences a host, which notices though TEST UNIT READY passes", async () => {
      const failfast = createFailfast({ intervalMs: 50 });
      expect(await failfast.watch(c.unit, { kind: "registered", key: 0xcn }).first).toBe(true);
      expect(
        await failure(preemptShared(a, { reservation: { key: 0x99n, type: WERO }, victimKey: 0xcn })),
      ).toMatchObject({ errno: "EACCES" });
      await preemptShared(a, { reservation: { key: 0xan, type: WERO }, victimKey: 0xcn });
      await until(() => failfast.signal.aborted);
      expect(failfast.verdict?.losses).toMatchObject([{ reason: "not-registered", noticedBy: "probe" }]);
      await failfast[Symbol.asyncDispose]();
      await settle(c.unit);
      await c.unit.testUnitReady();
      c.shared = undefined;
      expect((await accessStatus(c, { key: 0xcn })).access).toBe(false);
      expect(await accessStatus(a)).toMatchObject({ access: true });
    });

    test("PREEMPT AND ABORT", async () => {
      const call = preemptAndAbortShared(a, { reservation: { key: 0xan, type: WERO }, victimKey: 0xbn });
      if (otherwise.noPreemptAndAbort === true) {
        expect(await failure(call)).toMatchObject({ errno: "ENOTSUP", code: "ILLEGAL_REQUEST" });
        return;
      }
      await call;
      await settle(b.unit);
      expect(
        await failure(preemptAndAbortShared(a, { reservation: { key: 0x99n, type: WERO }, victimKey: 0xan })),
      ).toMatchObject({ errno: "EACCES" });
      expect((await inKeys(a, { listSize: 9 })).list).toEqual([0xan]);
      expect(await failure(b.unit.write10({ lba: 0, data: block, retry: noRetries }))).toMatchObject({
        code: "RESERVATION_CONFLICT",
      });
    });

    test("clear: EACCES for a wrong key, then nothing is left", async () => {
      expect(await failure(clearShared(a, { key: 0x99n }))).toMatchObject({ errno: "EACCES" });
      await clearShared(a, { key: 0xan });
      await settle(a.unit, b.unit, c.unit);
      expect(await inKeys(a, { listSize: 9 })).toMatchObject({ listLength: 0 });
      expect((await accessStatus(c)).access).toBe(true);
    });
  });
}

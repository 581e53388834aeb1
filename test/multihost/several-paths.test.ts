/** Multihost disks that are reached through several paths: what is a host's goes over all of them, what is one I_T nexus's is refused. */
import { describe, expect, test } from "vitest";
import {
  accessStatus,
  createFailfast,
  createLogicalUnit,
  createMultihostDisk,
  createMultipathUnit,
  type FailfastEvent,
  inKeys,
  type LogicalUnit,
  noRetries,
  preemptShared,
  quickReserve,
  registerHost,
  releaseOwnership,
  reserveShared,
  takeOwnership,
  transportError,
} from "../../src/index.ts";
import { createSimulatedTarget, createVirtualClock } from "../../transports/simulated/index.ts";
import { failure, refuse, settle } from "./world.ts";

const WERO = "write-exclusive-registrants-only";
type Health = "well" | "dead" | "silent";

/** A disk behind two target ports: host a has a path to each, host b one. */
function twoPaths() {
  const clock = createVirtualClock();
  const simulated = createSimulatedTarget({ clock, targetPorts: [1, 2] }).unit();
  const health: Health[] = ["well", "well"];
  const ways = [1, 2].map((port): LogicalUnit => {
    const transport = simulated.nexus({ initiatorPort: `iqn.2026-01.test:a,i,0x${port}`, relativeTargetPort: port });
    const sick: typeof transport = {
      ...transport,
      name: `a${port}`,
      execute(request, options) {
        const is = health[port - 1];
        if (is === "dead") return Promise.reject(transportError("CONNECTION_FAILED", "no", "nobody there"));
        if (is === "well") return transport.execute(request, options);
        return new Promise((_, reject) => {
          const end = () => reject(transportError("ABORTED", "unknown", "given up"));
          options?.signal?.addEventListener("abort", end, { once: true });
        });
      },
    };
    return createLogicalUnit(sick, { retry: noRetries });
  });
  const unit = createMultipathUnit(
    ways.map((way, index) => ({ name: `a${index + 1}`, unit: way, relativeTargetPort: index + 1 })),
    { name: "a", retry: noRetries },
  );
  const b = createLogicalUnit(simulated.nexus({ initiatorPort: "iqn.2026-01.test:b,i,0x1", relativeTargetPort: 1 }), {
    retry: noRetries,
  });
  const a = createMultihostDisk(unit, { clock });
  return {
    clock,
    simulated,
    health,
    ways: ways as [LogicalUnit, LogicalUnit],
    unit,
    a,
    b,
    diskB: createMultihostDisk(b, { clock }),
  };
}

const keysAt = async (unit: LogicalUnit): Promise<bigint[]> => [...(await unit.readKeys()).keys].sort();

describe("disks that several hosts share", () => {
  test("register, reserve and pre-empt are a host's: through every path", async () => {
    const { a, b, diskB } = twoPaths();
    await registerHost(a, { oldKey: 0n, newKey: 0xan, aptpl: true });
    await registerHost(diskB, { oldKey: 0n, newKey: 0xbn, aptpl: true });
    expect(await keysAt(b)).toEqual([0xan, 0xan, 0xbn]);
    await reserveShared(a, { key: 0xan, type: WERO });
    expect((await inKeys(a, { listSize: 1 })).listLength).toBe(3);
    await settle(b);
    await preemptShared(a, { reservation: { key: 0xan, type: WERO }, victimKey: 0xbn });
    await settle(b);
    expect(await keysAt(b)).toEqual([0xan, 0xan]);
    expect((await failure(takeOwnership(createMultihostDisk(b), {}))).code).toBe("FAMILIES_MIXED");
  });

  test("status: there is access if there is through every path that answers, and each is told", async () => {
    const { a, ways, b, health } = twoPaths();
    await a.unit.register({ newKey: 0xan });
    await settle(...ways);
    expect(await accessStatus(a)).toMatchObject({
      access: true,
      paths: [{ path: "a1", access: true }, { access: true }],
    });
    await b.register({ newKey: 0xbn });
    await b.reserve({ key: 0xbn, type: WERO });
    await settle(...ways);
    expect(await accessStatus(a)).toMatchObject({ access: true });
    await ways[1].register({ key: 0xan, newKey: 0n });
    for (const key of [undefined, 0xan]) {
      expect(await accessStatus(a, { key })).toMatchObject({
        access: false,
        because: expect.stringMatching(/^a2: .*this host is not registered/),
        paths: [{ access: true }, { path: "a2", access: false }],
      });
    }
    health[1] = "dead";
    expect(await accessStatus(a)).toMatchObject({
      access: true,
      paths: [{ access: true }, { access: undefined, because: expect.stringContaining("nobody there") }],
    });
    health[0] = "dead";
    expect(await failure(accessStatus(a))).toMatchObject({ code: "CONNECTION_FAILED", errno: "EIO" });
  });

  test("status: every question has the time that is given, and no more", async () => {
    const { ways, b } = twoPaths();
    const given: (number | undefined)[] = [];
    const { transport } = ways[0];
    const timed = createLogicalUnit({
      ...transport,
      execute(request, options) {
        given.push(options?.timeoutMs);
        return transport.execute(request, options);
      },
    });
    await b.register({ newKey: 0xbn });
    await b.reserve({ key: 0xbn, type: WERO });
    await settle(...ways);
    await accessStatus(createMultihostDisk(timed), { timeoutMs: 700 });
    expect(given).toEqual([700, 700, 700, 700]);
  });

  test("status: what one path holds exclusively shuts the other one out", async () => {
    const { a, ways } = twoPaths();
    await a.unit.register({ newKey: 0xan });
    await ways[0].reserve({ key: 0xan, type: "exclusive-access" });
    await settle(...ways);
    const found = await accessStatus(a, { key: 0xan });
    expect(found.paths?.map(({ access }) => access)).toEqual([true, false]);
    expect(found.because).toContain("through another path");
  });
});

describe("RESERVE is one I_T nexus's", () => {
  test.each([
    ["take ownership", (disk: ReturnType<typeof twoPaths>["a"]) => takeOwnership(disk, {})],
    ["quick reserve", (disk: ReturnType<typeof twoPaths>["a"]) => quickReserve(disk)],
  ])("%s is refused, and nothing is sent", async (what, act) => {
    const { a, simulated } = twoPaths();
    let sent = 0;
    simulated.hooks.push({ before: () => void sent++ });
    expect(await failure(act(a))).toMatchObject({
      code: "UNSUITABLE_DEVICE",
      errno: "ENOTSUP",
      delivered: "no",
      message: expect.stringContaining(`Cannot ${what}: RESERVE is one I_T nexus's`),
    });
    expect(sent).toBe(0);
  });

  test("RELEASE goes through every path, and fails if one of them cannot be asked", async () => {
    const { a, ways, b, health } = twoPaths();
    await quickReserve(createMultihostDisk(ways[1]));
    expect((await failure(quickReserve(createMultihostDisk(b)))).errno).toBe("EACCES");
    expect(await accessStatus(a)).toMatchObject({ access: false, paths: [{ access: false }, { access: true }] });
    await releaseOwnership(a);
    await quickReserve(createMultihostDisk(b));
    health[1] = "dead";
    const after = (_ms: number, then: () => void): (() => void) => {
      then();
      return () => undefined;
    };
    const impatient = createMultihostDisk(a.unit, { clock: { ...a.clock, after } });
    expect((await failure(releaseOwnership(impatient))).code).toBe("CONNECTION_FAILED");
  });

  test("RELEASE (6) that the device does not know becomes RELEASE (10) on every path", async () => {
    const { simulated, unit, ways, b } = twoPaths();
    refuse(simulated, 0x16, 0x17);
    await quickReserve(createMultihostDisk(ways[1]));
    await releaseOwnership(createMultihostDisk(unit));
    await quickReserve(createMultihostDisk(b));
  });
});

describe("fail-fast", () => {
  /** Watches the unit, with host b registered besides. */
  async function watched() {
    const world = twoPaths();
    await world.unit.register({ newKey: 0xan });
    await world.b.register({ newKey: 0xbn });
    await settle(...world.ways);
    const events: FailfastEvent[] = [];
    const failfast = createFailfast({ intervalMs: 100, clock: world.clock, observer: (event) => events.push(event) });
    const watch = failfast.watch(world.unit, { kind: "registered", key: 0xan });
    await world.clock.advance(1000);
    expect([await watch.first, events.length]).toEqual([true, 0]);
    return { ...world, failfast, events };
  }

  test.each(["dead", "silent"] as const)("a path that is %s is no loss, and delays none", async (how) => {
    const { clock, health, b, events, failfast } = await watched();
    for (const path of [0, 1]) {
      health.fill("well");
      health[path] = how;
      await clock.advance(2000);
      expect(events).toEqual([]);
    }
    const before = clock.now();
    await b.preempt({ key: 0xbn, victimKey: 0xan, type: WERO });
    for (let ms = 0; ms < 500 && !failfast.signal.aborted; ms += 10) await clock.advance(10);
    expect(failfast.signal.aborted).toBe(true);
    expect(clock.now() - before).toBeLessThanOrEqual(120);
    expect(failfast.verdict?.losses).toMatchObject([{ disk: "a", reason: "not-registered", noticedBy: "probe" }]);
    await failfast[Symbol.asyncDispose]();
  });

  test("a path that was out of use when it began is asked, and released: nobody says when it comes back", async () => {
    const { clock, ways, b, health } = twoPaths();
    const unit = createMultipathUnit([
      { name: "a1", unit: ways[0], usable: () => false },
      { name: "a2", unit: ways[1] },
    ]);
    await quickReserve(createMultihostDisk(ways[0]));
    await releaseOwnership(createMultihostDisk(unit));
    await quickReserve(createMultihostDisk(b));
    await releaseOwnership(createMultihostDisk(b));
    await ways[0].register({ newKey: 0xan });
    health[1] = "dead";
    await using failfast = createFailfast({ intervalMs: 100, clock });
    const { first } = failfast.watch(unit, { kind: "registered", key: 0xan });
    await clock.advance(1000);
    expect(await first).toBe(true);
  });

  test("all paths silent is silence", async () => {
    const { clock, health, events, failfast } = await watched();
    health.fill("dead");
    await clock.advance(4000);
    expect(events).toMatchObject([{ type: "silent", disk: "a", code: "CONNECTION_FAILED" }]);
    health[1] = "well";
    await clock.advance(500);
    expect(events.at(-1)).toEqual({ type: "answers-again", disk: "a" });
    await failfast[Symbol.asyncDispose]();
  });

  test("another host's RESERVE is an answer, of whichever path", async () => {
    const { clock, unit, b, health } = twoPaths();
    await quickReserve(createMultihostDisk(b));
    health[0] = "silent";
    await using failfast = createFailfast({ intervalMs: 100, clock });
    expect(await failfast.watch(unit, { kind: "registered", key: 0xan }).first).toBe(false);
    expect(failfast.verdict?.losses).toMatchObject([{ reason: "reserved-by-another", command: "READ KEYS" }]);
  });

  test("a write that conflicts on any path counts at once, and RESERVE cannot be watched", async () => {
    const { unit, ways, b, failfast } = await watched();
    expect(() => failfast.watch(unit, { kind: "reserved" })).toThrow("RESERVE is one I_T nexus's");
    await b.preempt({ key: 0xbn, victimKey: 0xan, type: WERO });
    await b.reserve({ key: 0xbn, type: WERO });
    await settle(...ways);
    await failure(ways[1].write10({ lba: 0, data: new Uint8Array(512) }));
    expect(failfast.verdict?.losses).toMatchObject([{ disk: "a", reason: "conflict", noticedBy: "command" }]);
    await failfast[Symbol.asyncDispose]();
  });

  /** A loss of power was made good while the second path was dead; now it is back, and is not registered. */
  async function madeGood() {
    const world = twoPaths();
    const { clock, simulated, unit, ways, b, health } = world;
    await unit.register({ newKey: 0xan });
    await unit.reserve({ key: 0xan, type: WERO });
    const events: FailfastEvent[] = [];
    const failfast = createFailfast({ intervalMs: 100, clock, observer: (event) => events.push(event) });
    failfast.watch(unit, { kind: "registered", key: 0xan, type: WERO, reinstate: true });
    await clock.advance(50);
    health[1] = "dead";
    simulated.server.powerCycle();
    for (let ms = 0; ms < 500; ms += 10) await clock.advance(10);
    expect(events).toEqual([{ type: "reinstated", disk: "a" }]);
    health[1] = "well";
    await settle(b, ...ways);
    expect(await keysAt(b)).toEqual([0xan]);
    const write = () => ways[1].write10({ lba: 0, data: new Uint8Array(512) });
    const pass = async (forMs: number) => {
      for (let ms = 0; ms < forMs; ms += 10) await clock.advance(10);
    };
    return { ...world, events, failfast, write, pass };
  }

  test("a path that comes back after a loss of power was made good is registered with pathReturned, before it is used", async () => {
    const { unit, b, events, failfast, write, pass } = await madeGood();
    expect(await unit.pathReturned("a2")).toBe("registered");
    await write();
    await pass(500);
    expect([await keysAt(b), events.length, failfast.signal.aborted]).toEqual([[0xan, 0xan], 1, false]);
    await failfast[Symbol.asyncDispose]();
  });

  test("one that is used before that is registered when it conflicts, and that is no loss", async () => {
    const { b, events, failfast, write, pass } = await madeGood();
    const conflicts = await Promise.all([failure(write()), failure(write())]);
    expect(conflicts).toMatchObject([{ code: "RESERVATION_CONFLICT" }, { code: "RESERVATION_CONFLICT" }]);
    await pass(200);
    await write();
    await pass(200);
    expect([await keysAt(b), events.length, failfast.signal.aborted]).toEqual([[0xan, 0xan], 1, false]);
    // Only once: what then conflicts is shut out.
    await b.register({ newKey: 0xbn });
    await b.preempt({ key: 0xbn, victimKey: 0xan, type: WERO });
    await failure(write());
    await failure(write());
    expect(failfast.verdict?.losses).toMatchObject([{ disk: "a", reason: "conflict", noticedBy: "command" }]);
    await failfast[Symbol.asyncDispose]();
  });

  test("but it is one where another host has taken the disk meanwhile, and the path stays without registration", async () => {
    const { b, failfast, write, pass } = await madeGood();
    await b.register({ newKey: 0xbn });
    await b.preempt({ key: 0xbn, victimKey: 0xan, type: WERO });
    await failure(write());
    await pass(20);
    expect(failfast.verdict?.losses).toMatchObject([{ disk: "a", reason: "not-registered" }]);
    expect(await keysAt(b)).toEqual([0xbn]);
    await failfast[Symbol.asyncDispose]();
  });
});

/**
 * One unit through several portals and sessions of a real tgtd. It shows no READ FULL STATUS, so that nothing is known of its
 * registrations but how many have which key; and it keeps two sessions of one name and ISID side by side, so that every session
 * here has an ISID of its own.
 */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import {
  accessStatus,
  commands,
  createFailfast,
  createMultihostDisk,
  createMultipathUnit,
  createPathLimits,
  type FailfastEvent,
  isScsiError,
  type MultipathUnit,
  mpathPersistentReserveIn,
  mpathPersistentReserveOut,
  mpathReserveOutActions,
  open,
  openMultipathUnit,
  type PathLimits,
  quickReserve,
  registerHost,
  releaseOwnership,
} from "../../../transports/index.ts";
import { type IscsiUnits, openIscsiUnits } from "../../../transports/iscsi/index.ts";
import { startTgtd, type Tgtd } from "../tgt/tgtd.ts";
import { openWay } from "./way.ts";

const TARGET = "iqn.2026-01.test:disk";
const SECOND = "iqn.2026-01.test:second";
const US = "iqn.2026-01.test:us";
const RO = "write-exclusive-registrants-only";
const PORTALS = 2;
let tgtd: Tgtd;
let portals: number[];
let target: number;

beforeAll(async () => {
  tgtd = await startTgtd();
  target = await tgtd.createTarget(TARGET, { count: 2 });
  await tgtd.createTarget(SECOND);
  portals = [tgtd.port];
  while (portals.length < PORTALS) {
    // A way finds a free port.
    const way = await openWay(1);
    await way.cut();
    await tgtd.admin("--op", "new", "--mode", "portal", "--param", `portal=127.0.0.1:${way.port}`);
    portals.push(way.port);
  }
});

afterAll(async () => {
  await tgtd[Symbol.asyncDispose]();
});

/** What a host of its own sees. */
async function keys(lun = 1): Promise<readonly bigint[]> {
  await using unit = await open(`iscsi://127.0.0.1:${tgtd.port}/${TARGET}/${lun}`, { initiatorName: `${US}-looks` });
  return (await unit.readKeys()).keys;
}

beforeEach(async () => {
  await using unit = await open(`iscsi://127.0.0.1:${tgtd.port}/${TARGET}/1`, { initiatorName: `${US}-clears` });
  await unit.registerAndIgnoreExistingKey({ newKey: 1n });
  await unit.clear({ key: 1n });
});

const find = (more: { readonly sessions?: number; readonly limits?: PathLimits } = {}): Promise<IscsiUnits> =>
  openIscsiUnits({
    // Asked by one way, tgtd offers that way alone.
    portals: portals.map((port) => ({ host: "127.0.0.1", port })),
    targets: [TARGET],
    initiatorName: US,
    sessions: more.sessions ?? 2,
    multipath: { limits: more.limits },
  });

test("discovery finds every unit, and every way to it; the controller is none", async () => {
  await using found = await find();
  expect(found.refused).toEqual([]);
  expect(found.units).toHaveLength(2);
  for (const unit of found.units) expect(unit.paths).toHaveLength(PORTALS * 2);
  const [first, second] = found.units as [MultipathUnit, MultipathUnit];
  expect(first.paths.every(({ name }) => name.includes("/1?isid="))).toBe(true);
  expect(second.paths.every(({ name }) => name.includes("/2?isid="))).toBe(true);
});

test("every session is registered, and one reservation is all of theirs", async () => {
  await using found = await find();
  const [unit] = found.units as [MultipathUnit];
  await unit.register({ newKey: 0xa1n });
  expect(await keys()).toEqual([0xa1n, 0xa1n, 0xa1n, 0xa1n]);
  await unit.reserve({ key: 0xa1n, type: RO });
  const data = new Uint8Array(512).fill(7);
  for (const path of unit.paths) await path.unit.write16({ lba: 0n, data });
  await using other = await open(`iscsi://127.0.0.1:${tgtd.port}/${TARGET}/1`, { initiatorName: `${US}-other` });
  await other.testUnitReady();
  await expect(other.write16({ lba: 0n, data })).rejects.toMatchObject({ code: "RESERVATION_CONFLICT" });
  await unit.release({ key: 0xa1n, type: RO });
  await unit.register({ key: 0xa1n, newKey: 0n });
  expect(await keys()).toEqual([]);
});

test("another host's pre-emption takes all paths at once, and one that then returns is not registered", async () => {
  await using found = await find();
  const [unit] = found.units as [MultipathUnit];
  await unit.register({ newKey: 0xa1n });
  await using other = await open(`iscsi://127.0.0.1:${tgtd.port}/${TARGET}/1`, { initiatorName: `${US}-other` });
  await other.register({ newKey: 0xb1n });
  await other.preempt({ key: 0xb1n, victimKey: 0xa1n, type: RO });
  expect(await keys()).toEqual([0xb1n]);
  await expect(unit.pathReturned(unit.paths[0]?.name ?? "")).resolves.toBe("not-registered");
  expect(await keys()).toEqual([0xb1n]);
});

test("paths of different units are refused, and so is nothing that is one", async () => {
  const url = (lun: number) => `iscsi://127.0.0.1:${tgtd.port}/${TARGET}/${lun}`;
  const way = async (lun: number, isid: bigint) => ({
    name: `lun ${lun}, ${isid}`,
    unit: await open(`${url(lun)}?isid=${isid.toString(16)}`, { initiatorName: US }),
  });
  await expect(openMultipathUnit([await way(1, 0x800000000001n), await way(2, 0x800000000002n)])).rejects.toMatchObject(
    {
      code: "UNSUITABLE_DEVICE",
      message: expect.stringContaining("lead to different logical units"),
    },
  );
  await using both = await openMultipathUnit([await way(1, 0x800000000001n), await way(1, 0x800000000002n)]);
  expect(both.paths).toHaveLength(2);
});

test("limits per target port hold for logging in, asking and registering", async () => {
  const limits = createPathLimits({ perTarget: 3, perUnit: 16 });
  await using found = await find({ sessions: 8, limits });
  await Promise.all(found.units.map((unit) => unit.register({ newKey: 0xa1n })));
  expect(limits.most).toBe(3);
  expect(await keys()).toHaveLength(PORTALS * 8);
});

test("sessions killed and restored while this host reads, writes and changes its key", async () => {
  await using found = await find();
  const [unit] = found.units as [MultipathUnit];
  await unit.register({ newKey: 0xa1n });
  await unit.reserve({ key: 0xa1n, type: RO });
  const seen = { writes: 0, killed: 0, changes: 0 };
  let over = false;
  const data = new Uint8Array(512).fill(9);

  async function load(): Promise<void> {
    while (!over) {
      try {
        await unit.perform(commands.write16({ lba: 1n, data }));
        seen.writes++;
      } catch (error) {
        if (!isScsiError(error)) throw error;
        // tgtd forgets a session's registration with the session: until the path has been brought up to date it conflicts.
        expect([
          "RESERVATION_CONFLICT",
          "CONNECTION_LOST",
          "NO_USABLE_PATH",
          "LOST_ANSWER",
          "UNIT_ATTENTION",
        ]).toContain(error.code);
      }
    }
  }

  async function kills(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      const sessions = await tgtd.admin("--op", "show", "--mode", "conn", "--tid", String(target));
      const [, sid] = /Session: (\d+)\s+Connection: \d+\s+Initiator: iqn\.2026-01\.test:us\n/.exec(sessions) ?? [];
      if (sid === undefined) continue;
      await tgtd.admin("--op", "delete", "--mode", "conn", "--tid", String(target), "--sid", sid, "--cid", "0");
      seen.killed++;
      for (const { name } of unit.paths) await unit.pathReturned(name);
    }
    over = true;
  }

  async function changes(): Promise<void> {
    for (let next = 0x1000n; !over; next++) {
      try {
        await unit.registerAndIgnoreExistingKey({ newKey: next });
        seen.changes++;
      } catch (error) {
        // A session that ends in the middle of it: what then is there is looked at when all is quiet.
        if (!isScsiError(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  await Promise.all([load(), kills(), changes()]);
  // Quiet again: every path has the key, and the applications' way is free.
  await unit.registerAndIgnoreExistingKey({ newKey: 0xfen });
  expect((await keys()).filter((key) => key === 0xfen)).toHaveLength(unit.paths.length);
  for (const path of unit.paths) await path.unit.write16({ lba: 1n, data });
  expect(seen.killed).toBeGreaterThan(2);
  expect(seen.changes).toBeGreaterThan(3);
  expect(seen.writes).toBeGreaterThan(100);
});

test("the holder's way is cut: suspended, pre-empted by its own key, registered, released, resumed", async () => {
  await using first = await openWay(tgtd.port);
  await using second = await openWay(tgtd.port);
  const map: string[] = [];
  let seen = "";
  await using found = await openIscsiUnits({
    portals: [first, second].map(({ port }) => `iscsi://127.0.0.1:${port}/${TARGET}`),
    discovery: false,
    luns: [1],
    initiatorName: US,
    loginTimeoutMs: 2000,
    multipath: {
      map: {
        async suspend() {
          map.push("suspend");
        },
        async resume() {
          map.push("resume");
        },
      },
    },
  });
  const [unit] = found.units as [MultipathUnit];
  await unit.register({ newKey: 0xa1n });
  const { account } = await unit.perform(commands.reserve({ key: 0xa1n, type: "write-exclusive" }));
  const holder = account.paths.find(({ reply }) => reply === "good")?.path ?? "";
  const way = [first, second].find(({ port }) => holder.includes(`:${port}/`));
  await way?.cut();
  const released = await unit.perform(commands.release({ key: 0xa1n, type: "write-exclusive" }));
  seen = released.account.steps
    .map(({ kind, sends }) => (kind === "send" ? sends.map(({ command }) => command).join("+") : kind))
    .filter((text) => text !== "look" && text !== "probe" && text !== "persistence")
    .join(", ");
  expect(seen).toMatch(/RELEASE.*suspend, PREEMPT.*resume, RELEASE$/);
  expect(map).toEqual(["suspend", "resume"]);
  await using other = await open(`iscsi://127.0.0.1:${tgtd.port}/${TARGET}/1`, { initiatorName: `${US}-other` });
  expect(await other.readReservation()).toMatchObject({ holder: "none" });
  expect((await other.readKeys()).keys).toEqual([0xa1n]);
  await way?.mend();
  await expect(unit.pathReturned(holder)).resolves.toBe("registered");
});

test("a multihost disk of two ways: RESERVE is one's, RELEASE both's; fail-fast hears of a fence through the way that is left", async () => {
  await using first = await openWay(tgtd.port);
  await using second = await openWay(tgtd.port);
  await using found = await openIscsiUnits({
    portals: [first, second].map(({ port }) => `iscsi://127.0.0.1:${port}/${TARGET}`),
    discovery: false,
    luns: [1],
    initiatorName: US,
    loginTimeoutMs: 2000,
  });
  const [unit] = found.units as [MultipathUnit];
  const disk = createMultihostDisk(unit);
  const [, way] = unit.paths;
  await using other = await open(`iscsi://127.0.0.1:${tgtd.port}/${TARGET}/1`, { initiatorName: `${US}-other` });
  await quickReserve(createMultihostDisk((way as (typeof unit.paths)[0]).unit));
  expect((await accessStatus(disk)).paths?.map(({ access }) => access)).toEqual([false, true]);
  await releaseOwnership(disk);
  await quickReserve(createMultihostDisk(other));
  await releaseOwnership(createMultihostDisk(other));
  await registerHost(disk, { oldKey: 0n, newKey: 0xa1n, aptpl: false });
  await other.register({ newKey: 0xb1n });
  const events: FailfastEvent[] = [];
  await using failfast = createFailfast({ intervalMs: 100, observer: (event) => events.push(event) });
  expect(await failfast.watch(unit, { kind: "registered", key: 0xa1n }).first).toBe(true);
  await first.cut();
  const { access, paths = [] } = await accessStatus(disk, { key: 0xa1n });
  const isCut = ({ path }: (typeof paths)[0]): boolean => path.includes(`:${first.port}/`);
  expect([access, ...paths.map((path) => isCut(path) === (path.access === undefined))]).toEqual([true, true, true]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(events).toEqual([]);
  await other.preempt({ key: 0xb1n, victimKey: 0xa1n, type: RO });
  await expect.poll(() => failfast.signal.aborted, { timeout: 10_000 }).toBe(true);
  expect(events).toMatchObject([{ type: "lost", loss: { reason: "not-registered", noticedBy: "probe" } }]);
});

test("libmpathpersist's calls: all six types, and nothing printed", async () => {
  await using found = await find();
  const [unit] = found.units as [MultipathUnit];
  const printed = (["log", "error", "warn", "info", "debug"] as const).map((name) => vi.spyOn(console, name));
  const told: string[] = [];
  const observer = (level: number, text: string): void => void told.push(`${level} ${text}`);
  const call = (serviceAction: number, type: number, key: bigint, serviceActionKey = 0n) =>
    mpathPersistentReserveOut(unit, {
      serviceAction,
      type,
      parameters: { key, serviceActionKey },
      verbose: 3,
      noisy: true,
      observer,
    });
  const { MPATH_PROUT_REG_SA, MPATH_PROUT_RES_SA, MPATH_PROUT_REL_SA } = mpathReserveOutActions;
  expect(await call(MPATH_PROUT_REG_SA, 0, 0n, 0xa1n)).toMatchObject({ code: 0 });
  for (const type of [1, 3, 5, 6, 7, 8]) {
    expect(await call(MPATH_PROUT_RES_SA, type, 0xa1n)).toMatchObject({ code: 0, result: "MPATH_PR_SUCCESS" });
    const { response } = await mpathPersistentReserveIn(unit, { serviceAction: 1 });
    expect(response).toMatchObject({ reservation: { typeCode: type } });
    expect(await call(MPATH_PROUT_REL_SA, type, 0xa1n)).toMatchObject({ code: 0 });
  }
  expect(told.length).toBeGreaterThan(20);
  for (const spy of printed) {
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  }
});

test("a unit without persistent reservations: 05/20/00 is MPATH_PR_SENSE_INVALID_OP", async () => {
  // tgtd's controller, LUN 0, knows no PERSISTENT RESERVE.
  const way = async (isid: string) => ({
    name: isid,
    unit: await open(`iscsi://127.0.0.1:${tgtd.port}/${TARGET}/0?isid=${isid}`, { initiatorName: US }),
  });
  await using unit = createMultipathUnit([await way("800000000001"), await way("800000000002")]);
  const asked = await mpathPersistentReserveIn(unit, { serviceAction: 0 });
  expect(asked).toMatchObject({ result: "MPATH_PR_SENSE_INVALID_OP", code: 7 });
  expect(asked.error).toMatchObject({ sense: { senseKey: 5, asc: 0x20, ascq: 0 } });
  const registered = await mpathPersistentReserveOut(unit, {
    serviceAction: mpathReserveOutActions.MPATH_PROUT_REG_SA,
    parameters: { serviceActionKey: 0xa1n },
  });
  expect(registered).toMatchObject({ result: "MPATH_PR_SENSE_INVALID_OP", code: 7 });
});

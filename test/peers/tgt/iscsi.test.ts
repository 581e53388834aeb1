/** The iSCSI initiator against a real tgtd: discovery, authentication, digests, data both ways, loss, and identity. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ScsiError } from "../../../src/errors.ts";
import type { Transport } from "../../../src/transport.ts";
import {
  connectIscsi,
  deriveIsid,
  discoverTargets,
  type IscsiConnectOptions,
  openIscsi,
} from "../../../transports/iscsi/index.ts";
import { rejection } from "../../rejection.ts";
import { startTgtd, type Tgtd } from "./tgtd.ts";

const DISK = "iqn.2026-01.test:disk";
const MANY = "iqn.2026-01.test:many";
const ONE_WAY = "iqn.2026-01.test:one-way";
const MUTUAL = "iqn.2026-01.test:mutual";
const DIGESTS = "iqn.2026-01.test:digests";
const BLOCK = 512;

let tgtd: Tgtd;
const numbers = new Map<string, number>();

beforeAll(async () => {
  tgtd = await startTgtd();
  for (const [name, count] of [
    [DISK, 1],
    [MANY, 20],
    [ONE_WAY, 1],
    [MUTUAL, 1],
    [DIGESTS, 1],
  ] as const) {
    numbers.set(name, await tgtd.createTarget(name, { count }));
  }
  await tgtd.addAccount(numbers.get(ONE_WAY) as number, "alice", "alicesecret12");
  await tgtd.addAccount(numbers.get(MUTUAL) as number, "carol", "carolsecret12");
  await tgtd.addAccount(numbers.get(MUTUAL) as number, "mutual", "targetsecret1", true);
  for (const name of ["HeaderDigest", "DataDigest"]) {
    await tgtd.setParameter(numbers.get(DIGESTS) as number, name, "CRC32C");
  }
});

afterAll(async () => {
  await tgtd[Symbol.asyncDispose]();
});

function connect(target: string, more: Partial<IscsiConnectOptions> = {}) {
  return connectIscsi({
    host: tgtd.host,
    port: tgtd.port,
    target,
    initiatorName: "iqn.2026-01.test:one",
    ...more,
  });
}

const testUnitReady = { cdb: new Uint8Array(6), dataInLength: 0 };

/** Waits until the unit is ready: the first command after a login is answered with a unit attention. */
async function ready(unit: Transport): Promise<Transport> {
  for (let tries = 0; tries < 5; tries++) if ((await unit.execute(testUnitReady)).status === 0) return unit;
  throw new Error(`${unit.name} does not get ready`);
}

function transfer(operationCode: number, block: number, blocks: number): Uint8Array {
  const cdb = new Uint8Array(10);
  const view = new DataView(cdb.buffer);
  view.setUint8(0, operationCode);
  view.setUint32(2, block);
  view.setUint16(7, blocks);
  return cdb;
}

function pattern(length: number, seed: number): Uint8Array {
  let state = seed >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

async function roundTrip(unit: Transport, length: number, seed: number): Promise<void> {
  const data = pattern(length, seed);
  const blocks = length / BLOCK;
  const written = await unit.execute({ cdb: transfer(0x2a, 0, blocks), dataOut: data, dataInLength: 0 });
  expect(written).toMatchObject({ status: 0, residual: 0 });
  const back = await unit.execute({ cdb: transfer(0x28, 0, blocks), dataInLength: length });
  expect(back).toMatchObject({ status: 0, residual: 0 });
  expect(Buffer.compare(back.dataIn, data)).toBe(0);
}

test("discovery lists every target with its portal", async () => {
  const targets = await discoverTargets({ host: tgtd.host, port: tgtd.port, initiatorName: "iqn.2026-01.test:one" });
  expect(targets.map(({ targetName }) => targetName).sort()).toEqual([DIGESTS, DISK, MANY, MUTUAL, ONE_WAY].sort());
  for (const { portals } of targets) expect(portals).toEqual([{ address: "127.0.0.1", port: tgtd.port, tpgt: 1 }]);
});

test("a target that does not exist is TARGET_NOT_FOUND", async () => {
  expect(await rejection(connect("iqn.2026-01.test:nothing"))).toMatchObject({
    code: "TARGET_NOT_FOUND",
    delivered: "no",
    message: expect.stringContaining("(0203h)"),
  });
});

test("one-way CHAP is accepted with the right secret, by URL too", async () => {
  await using session = await connect(ONE_WAY, { chap: { user: "alice", password: "alicesecret12" } });
  expect(session.authentication).toBe("chap");
  await ready(session.logicalUnit(1));
  const where = `iscsi://alice%alicesecret12@127.0.0.1:${tgtd.port}/${ONE_WAY}/1?initiator=iqn.2026-01.test:two`;
  await using unit = await openIscsi(where);
  expect(unit.name).toBe(`iscsi://127.0.0.1:${tgtd.port}/${ONE_WAY}/1`);
  await ready(unit);
});

test("a wrong secret, a wrong user and no credentials at all are refused as such", async () => {
  for (const [chap, who] of [
    [{ user: "alice", password: "wrongsecret12" }, "CHAP user alice"],
    [{ user: "mallory", password: "alicesecret12" }, "CHAP user mallory"],
    [undefined, "without credentials"],
  ] as const) {
    const error = await rejection(connect(ONE_WAY, { chap }));
    expect(error).toMatchObject({ code: "AUTHENTICATION_FAILED", delivered: "no" });
    expect(error.message).toContain(who);
    expect(error.message).not.toMatch(/wrongsecret12|alicesecret12/);
  }
});

test("mutual CHAP proves the target as well, and a target with another secret is refused by us", async () => {
  const own = { user: "carol", password: "carolsecret12" };
  await using session = await connect(MUTUAL, {
    chap: { ...own, target: { user: "mutual", password: "targetsecret1" } },
  });
  expect(session.authentication).toBe("mutual-chap");
  await ready(session.logicalUnit(1));
  const error = await rejection(
    connect(MUTUAL, { chap: { ...own, target: { user: "mutual", password: "othersecret12" } } }),
  );
  expect(error).toMatchObject({ code: "AUTHENTICATION_FAILED", delivered: "no" });
  expect(error.message).toContain("the target's secret for mutual is not the one expected (mutual CHAP)");
});

test("a target that cannot prove itself is refused where mutual CHAP is demanded", async () => {
  const chap = { user: "alice", password: "alicesecret12", target: { user: "mutual", password: "targetsecret1" } };
  expect(await rejection(connect(ONE_WAY, { chap }))).toMatchObject({ code: "AUTHENTICATION_FAILED", delivered: "no" });
});

test("both digests are negotiated, and 4 MiB go out and come back under them", async () => {
  await using session = await connect(DIGESTS, { headerDigest: "crc32c", dataDigest: "crc32c" });
  expect(session.parameters).toMatchObject({ headerDigest: true, dataDigest: true });
  const unit = await ready(session.logicalUnit(1));
  await roundTrip(unit, 4 * 1024 * 1024, 1);
  await roundTrip(unit, BLOCK, 2);
});

test("a digest that the target does not give, though it was demanded, is refused", async () => {
  const error = await rejection(connect(DISK, { headerDigest: "crc32c" }));
  expect(error.delivered).toBe("no");
  expect(error.message).toContain("HeaderDigest=None to an offer of HeaderDigest=CRC32C");
});

for (const initialR2t of ["Yes", "No"]) {
  for (const immediateData of ["Yes", "No"]) {
    test(`4 MiB go out and come back with InitialR2T=${initialR2t} and ImmediateData=${immediateData}`, async () => {
      const target = numbers.get(DISK) as number;
      await tgtd.setParameter(target, "InitialR2T", initialR2t);
      await tgtd.setParameter(target, "ImmediateData", immediateData);
      await using session = await connect(DISK);
      expect(session.parameters).toMatchObject({
        initialR2t: initialR2t === "Yes",
        immediateData: immediateData === "Yes",
      });
      const unit = await ready(session.logicalUnit(1));
      await roundTrip(unit, 4 * 1024 * 1024, 3);
      await roundTrip(unit, 100 * BLOCK, 4);
      await roundTrip(unit, BLOCK, 5);
    });
  }
}

test("residuals are exact both ways", async () => {
  await using session = await connect(DISK);
  const unit = await ready(session.logicalUnit(1));
  const cdb = Uint8Array.of(0x12, 0, 0, 0, 36, 0);
  const whole = await unit.execute({ cdb, dataInLength: 36 });
  expect([whole.dataIn.length, whole.residual]).toEqual([36, 0]);
  const under = await unit.execute({ cdb, dataInLength: 100 });
  expect([under.dataIn.length, under.residual]).toEqual([36, 64]);
  expect(under.dataIn).toEqual(whole.dataIn);
  const over = await unit.execute({ cdb: transfer(0x28, 0, 1), dataInLength: 500 });
  expect([over.dataIn.length, over.residual]).toEqual([500, -12]);
});

test("sense data arrives whole", async () => {
  await using session = await connect(DISK);
  const unit = await ready(session.logicalUnit(1));
  const response = await unit.execute({ cdb: transfer(0x28, 0xffff_fff0, 1), dataInLength: BLOCK });
  expect(response.status).toBe(2);
  // ILLEGAL REQUEST, LOGICAL BLOCK ADDRESS OUT OF RANGE.
  expect([response.sense[2], response.sense[12], response.sense[13]]).toEqual([5, 0x21, 0]);
});

test("many logical units share one session", async () => {
  await using session = await connect(MANY);
  const units = await Promise.all(Array.from({ length: 20 }, (_, index) => ready(session.logicalUnit(index + 1))));
  await Promise.all(
    units.map((unit, index) =>
      unit.execute({ cdb: transfer(0x2a, 0, 1), dataOut: pattern(BLOCK, index), dataInLength: 0 }),
    ),
  );
  const back = await Promise.all(units.map((unit) => unit.execute({ cdb: transfer(0x28, 0, 1), dataInLength: BLOCK })));
  for (const [index, { dataIn }] of back.entries()) expect(dataIn).toEqual(pattern(BLOCK, index));
});

test("a thousand commands at once are all answered, though the window is smaller", async () => {
  await using session = await connect(DISK);
  const unit = await ready(session.logicalUnit(1));
  await roundTrip(unit, 1000 * BLOCK, 6);
  const wanted = pattern(1000 * BLOCK, 6);
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, block) => unit.execute({ cdb: transfer(0x28, block, 1), dataInLength: BLOCK })),
  );
  const wrong = answers.filter(
    ({ dataIn }, block) => Buffer.compare(dataIn, wanted.subarray(block * BLOCK, (block + 1) * BLOCK)) !== 0,
  );
  expect(wrong).toEqual([]);
});

/** PERSISTENT RESERVE OUT, REGISTER AND IGNORE EXISTING KEY. */
function register(key: bigint) {
  const list = new Uint8Array(24);
  new DataView(list.buffer).setBigUint64(8, key);
  return { cdb: Uint8Array.of(0x5f, 6, 0, 0, 0, 0, 0, 0, 24, 0), dataOut: list, dataInLength: 0 };
}

const readKeys = { cdb: Uint8Array.of(0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0), dataInLength: 256 };

test("two initiator names are two I_T nexuses: each registers its own key", async () => {
  await using one = await connect(MANY, { initiatorName: "iqn.2026-01.test:one" });
  await using two = await connect(MANY, { initiatorName: "iqn.2026-01.test:two" });
  const [first, second] = [await ready(one.logicalUnit(7)), await ready(two.logicalUnit(7))];
  expect((await first.execute(register(0x11n))).status).toBe(0);
  expect((await second.execute(register(0x22n))).status).toBe(0);
  const { dataIn } = await first.execute(readKeys);
  const view = new DataView(dataIn.buffer, dataIn.byteOffset, dataIn.length);
  expect(view.getUint32(4)).toBe(16);
  expect([view.getBigUint64(8), view.getBigUint64(16)].sort()).toEqual([0x11n, 0x22n]);
  for (const unit of [first, second]) {
    for (let tries = 0; tries < 2 && (await unit.execute(register(0n))).status !== 0; tries++);
  }
});

test("two logins of one name and ISID both stand at tgtd, which does not reinstate sessions (RFC 7143 6.3.5)", async () => {
  await using first = await connect(DISK);
  await using second = await connect(DISK);
  expect(second.isid).toBe(first.isid);
  await Promise.all([ready(first.logicalUnit(1)), ready(second.logicalUnit(1))]);
  const shown = await tgtd.admin("--op", "show", "--mode", "conn", "--tid", String(numbers.get(DISK)));
  expect(shown.match(/Initiator: iqn\.2026-01\.test:one/g)).toHaveLength(2);
});

test("sessions of one name with two ISIDs stand side by side", async () => {
  const initiatorName = "iqn.2026-01.test:one";
  await using first = await connect(DISK, { initiatorName, isid: deriveIsid(initiatorName, 1) });
  await using second = await connect(DISK, { initiatorName, isid: deriveIsid(initiatorName, 2) });
  await Promise.all([ready(first.logicalUnit(1)), ready(second.logicalUnit(1))]);
  expect([first.state, second.state]).toEqual(["connected", "connected"]);
});

test("a connection that dies in the middle of a write tells what is not known, and the next command goes through", async () => {
  const target = numbers.get(DISK) as number;
  await using session = await connect(DISK);
  const unit = await ready(session.logicalUnit(1));
  const shown = await tgtd.admin("--op", "show", "--mode", "conn", "--tid", String(target));
  const sid = /Session: ([0-9]+)/.exec(shown)?.[1] ?? "";
  const cid = /Connection: ([0-9]+)/.exec(shown)?.[1] ?? "";
  const data = new Uint8Array(8 * 1024 * 1024);
  const writes = Array.from({ length: 16 }, () =>
    rejection(unit.execute({ cdb: transfer(0x2a, 0, data.length / BLOCK), dataOut: data, dataInLength: 0 })).catch(
      () => undefined,
    ),
  );
  await tgtd.admin("--op", "delete", "--mode", "conn", "--tid", String(target), "--sid", sid, "--cid", cid);
  const errors = (await Promise.all(writes)).filter((error) => error !== undefined);
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors) {
    expect(error.code).toBe("CONNECTION_LOST");
    expect(["no", "unknown"]).toContain(error.delivered);
  }
  expect(errors.some(({ delivered }) => delivered === "unknown")).toBe(true);
  await ready(unit);
});

test("a LOGICAL UNIT RESET is confirmed, and the session goes on", async () => {
  await using session = await connect(DISK);
  const unit = await ready(session.logicalUnit(1));
  await unit.reset?.("logical-unit");
  await ready(unit);
  expect(session.state).toBe("connected");
});

test("commands given up by their signal leave a session that works", async () => {
  await using session = await connect(DISK);
  const unit = await ready(session.logicalUnit(1));
  const controller = new AbortController();
  const reads = Array.from({ length: 64 }, () =>
    unit.execute({ cdb: transfer(0x28, 0, 2048), dataInLength: 2048 * BLOCK }, { signal: controller.signal }).then(
      () => "done",
      (error: ScsiError) => error.code,
    ),
  );
  setTimeout(() => controller.abort(), 5);
  const outcomes = new Set(await Promise.all(reads));
  expect(outcomes.has("ABORTED")).toBe(true);
  await roundTrip(unit, 64 * BLOCK, 9);
  expect(session.state).toBe("connected");
});

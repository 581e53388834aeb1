/** The library call: several targets and units, what outlives the server, what it tells, what it refuses. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogicalUnit, type LogicalUnit } from "../../src/index.ts";
import { openIscsi } from "../../transports/iscsi/index.ts";
import { open } from "../../transports/open.ts";
import { type ServedTargets, type ServeEvent, type ServeOptions, serve } from "../../transports/serve.ts";
import { openFileMedium } from "../../transports/served/file-medium.ts";
import { createDeviceServer } from "../../transports/simulated/index.ts";

const TARGET = "iqn.2026-01.test:disk";
const KEY = 0xabcn;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "scsi-persist-serve-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const start = (options: Partial<ServeOptions> = {}): Promise<ServedTargets> =>
  serve({ portal: { port: 0 }, targets: [{ name: TARGET }], graceMs: 20, ...options });

const unitOf = (served: ServedTargets, name = "a", lun = 0): Promise<LogicalUnit> =>
  open(served.url(undefined, lun), { initiatorName: `iqn.2026-01.test:${name}` });

describe("serve", () => {
  it("is found by its URL, whichever target and unit", async () => {
    await using served = await start({
      targets: [{ name: TARGET, units: [{}, { lun: 300 % 256, blockSize: 4096 }] }, { name: "iqn.2026-01.test:other" }],
    });
    await using first = await unitOf(served);
    expect(await first.readCapacity10()).toMatchObject({ blockLengthBytes: 512 });
    await using second = await unitOf(served, "a", 44);
    expect(await second.readCapacity10()).toMatchObject({ blockLengthBytes: 4096 });
    expect((await first.reportLuns()).luns).toHaveLength(2);
    await using other = await open(served.url("iqn.2026-01.test:other"));
    await other.testUnitReady();
  });

  it("says LOGICAL UNIT NOT SUPPORTED for a LUN that leads nowhere, but for INQUIRY", async () => {
    await using served = await start();
    const { host, port } = served.portals[0] as { host: string; port: number };
    await using unit = createLogicalUnit(await openIscsi({ host, port, target: TARGET, lun: 9 }));
    await expect(unit.testUnitReady()).rejects.toMatchObject({ sense: { asc: 0x25, ascq: 0 } });
    expect(await unit.inquiry()).toMatchObject({ peripheralQualifier: 3, peripheralDeviceType: 0x1f });
  });

  it("tells of what happens", async () => {
    const events: ServeEvent[] = [];
    const served = await start({ observer: (event) => events.push(event) });
    {
      await using unit = await unitOf(served);
      await unit.register({ newKey: KEY });
      await unit.reserve({ key: KEY, type: "exclusive-access" });
    }
    served.unit()?.reset();
    await served.close();
    expect(events.map(({ type }) => type)).toEqual(["login", "reservation", "reservation", "session-ended"]);
    expect(events[2]).toMatchObject({
      action: "RESERVE",
      lun: 0,
      now: { prGeneration: 1, registrations: [{ key: "0xabc" }], reservation: { type: "exclusive-access", holder: 0 } },
    });
  });

  it("an observer that throws is no matter", async () => {
    await using served = await start({
      observer: () => {
        throw new Error("no");
      },
    });
    await using unit = await unitOf(served);
    await unit.register({ newKey: KEY });
  });

  it.each([
    ["no target", { targets: [] }, TypeError],
    [
      "two targets of one name",
      { targets: [{ name: TARGET }, { name: TARGET.toUpperCase().replace("IQN", "iqn") }] },
      TypeError,
    ],
    ["a name that is none", { targets: [{ name: "disk" }] }, TypeError],
    ["two units of one LUN", { targets: [{ name: TARGET, units: [{ lun: 1 }, { lun: 1 }] }] }, TypeError],
    ["half a block", { targets: [{ name: TARGET, units: [{ sizeBytes: 700 }] }] }, RangeError],
    ["a port that is none", { portal: { port: 70_000 } }, RangeError],
    ["a limit of nothing", { limits: { commands: 0 } }, RangeError],
    ["no users", { targets: [{ name: TARGET, chap: { users: [] } }] }, TypeError],
  ])("refuses %s", async (_what, options, error) => {
    await expect(start(options)).rejects.toBeInstanceOf(error);
  });

  it("refuses a port that is taken, and leaves nothing open", async () => {
    await using served = await start();
    const port = served.portals[0]?.port as number;
    await expect(start({ portals: [{ port }] })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

describe("What outlives the server", () => {
  const options = (): Partial<ServeOptions> => ({
    targets: [{ name: TARGET, units: [{ sizeBytes: 2 ** 20, file: join(directory, "disk.img") }] }],
    aptplFile: join(directory, "reservations"),
  });

  it("the medium in its file, and reservations with APTPL", async () => {
    const data = new Uint8Array(1024).fill(0x5a);
    {
      await using served = await start(options());
      await using unit = await unitOf(served);
      await unit.write10({ lba: 3, data });
      await unit.register({ newKey: KEY, persistThroughPowerLoss: true });
      await unit.reserve({ key: KEY, type: "write-exclusive-registrants-only" });
    }
    await using served = await start(options());
    await using unit = await unitOf(served);
    expect(await unit.read10({ lba: 3, blocks: 2 })).toEqual(data);
    expect(await unit.readReservation()).toMatchObject({ holder: "one-nexus", key: KEY, prGeneration: 0 });
    await using other = await unitOf(served, "b");
    await expect(other.write10({ lba: 0, data })).rejects.toMatchObject({ code: "RESERVATION_CONFLICT" });
  });

  it("not reservations without APTPL, nor those given up", async () => {
    {
      await using served = await start(options());
      await using unit = await unitOf(served);
      await unit.register({ newKey: KEY, persistThroughPowerLoss: true });
      await unit.register({ key: KEY, newKey: KEY + 1n });
    }
    await using served = await start(options());
    await using unit = await unitOf(served);
    expect((await unit.readKeys()).keys).toEqual([]);
  });

  it("is refused where it is torn, damaged, or something else; never half read", async () => {
    {
      await using served = await start(options());
      await using unit = await unitOf(served);
      await unit.register({ newKey: KEY, persistThroughPowerLoss: true });
    }
    const path = join(directory, "reservations");
    const whole = readFileSync(path, "utf8");
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(path, whole.slice(0, length));
      await expect(start(options())).rejects.toThrow(/reservation file .* is refused/);
    }
    for (const other of [
      whole.replace("0xabc", "0xabd"),
      whole.replace('"version":1', '"version":2'),
      `${whole}x`,
      "{}\n",
    ]) {
      writeFileSync(path, other);
      await expect(start(options())).rejects.toThrow(/reservation file .* is refused/);
    }
    await expect(start({ ...options(), aptplFile: directory })).rejects.toThrow(
      /is refused: it cannot be read \(EISDIR/,
    );
    writeFileSync(path, whole);
    await using served = await start(options());
    await using unit = await unitOf(served);
    expect((await unit.readKeys()).keys).toEqual([KEY]);
  });

  /** The place where the file is written before it is put in its place: nothing can be written there now. */
  const preventWriting = { "a full disk": "/dev/full", "a path that is no file": "/dev/null/x" };
  it.each([
    ["a full disk", { asc: 0x55, ascq: 0x04, senseKey: 5 }],
    ["a path that is no file", { asc: 0x44, ascq: 0x00, senseKey: 4 }],
  ] as const)("with %s nothing changes, the session goes on, and the file is as it was", async (what, sense) => {
    const events: ServeEvent[] = [];
    const path = join(directory, "reservations");
    {
      await using served = await start({ ...options(), observer: (event) => void events.push(event) });
      await using unit = await unitOf(served);
      await using other = await unitOf(served, "b");
      await unit.register({ newKey: KEY, persistThroughPowerLoss: true });
      await other.register({ newKey: KEY + 1n, persistThroughPowerLoss: true });
      const before = [await unit.readFullStatus(), readFileSync(path, "utf8")];
      symlinkSync(preventWriting[what], `${path}.new`);
      await expect(unit.reserve({ key: KEY, type: "exclusive-access" })).rejects.toMatchObject({ sense });
      rmSync(`${path}.new`, { force: true });
      symlinkSync(preventWriting[what], `${path}.new`);
      await expect(other.preempt({ key: KEY + 1n, victimKey: KEY, type: "exclusive-access" })).rejects.toMatchObject({
        sense,
      });
      rmSync(`${path}.new`, { force: true });
      expect([await unit.readFullStatus(), readFileSync(path, "utf8")]).toEqual(before);
      await other.preempt({ key: KEY + 1n, victimKey: KEY, type: "exclusive-access" });
      await other.reserve({ key: KEY + 1n, type: "exclusive-access" });
      expect(served.sessions()).toHaveLength(2);
    }
    expect(events.filter(({ type }) => type === "file-failed")).toMatchObject([
      { file: "reservations", lun: 0 },
      { file: "reservations", lun: 0 },
    ]);
    await using served = await start(options());
    await using unit = await unitOf(served);
    expect(await unit.readReservation()).toMatchObject({ holder: "one-nexus", key: KEY + 1n });
  });

  it("a file that cannot be read or written is a MEDIUM ERROR", () => {
    const failures: string[] = [];
    const medium = openFileMedium(join(directory, "disk.img"), 2 ** 20, 512, ({ failed }) => failures.push(failed));
    const server = createDeviceServer({ medium });
    const nexus = server.nexus({ protocol: "iscsi", name: TARGET });
    medium.close();
    const send = (operationCode: number, dataOut?: Uint8Array) => {
      const { status, sense } = server.execute(nexus, Uint8Array.of(operationCode, 0, 0, 0, 0, 0, 0, 0, 1, 0), dataOut);
      return [status, sense[2], sense[12], sense[13]];
    };
    expect(send(0x28)).toEqual([2, 3, 0x11, 0]);
    expect(send(0x2a, new Uint8Array(512))).toEqual([2, 3, 0x0c, 0]);
    expect(send(0x35)).toEqual([2, 3, 0x0c, 0]);
    expect(failures).toEqual(["read", "write", "write"]);
  });

  it("a file that is longer than its unit is refused", async () => {
    writeFileSync(join(directory, "disk.img"), new Uint8Array(2 ** 20 + 512));
    await expect(start(options())).rejects.toBeInstanceOf(RangeError);
  });
});

it.each([undefined, [], "iqn.2026-01.test:disk"])(
  "targets %j name no target: refused before a port is opened",
  async (targets) => {
    await expect(serve({ portal: { port: 0 }, targets } as never)).rejects.toThrow(
      /targets must name at least one target/,
    );
  },
);

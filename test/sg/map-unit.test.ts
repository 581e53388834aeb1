/**
 * A map as a unit of several paths: what is asked of device mapper and told to multipathd, and when. Device mapper is imagined, down to the
 * calls on its control node; the disks are simulated. With real ones: test/lab/once/multipath.test.ts.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, it } from "vitest";
import {
  commands,
  createPathLimits,
  type MultipathUnit,
  noRetries,
  type ScsiError,
  transportError,
} from "../../src/index.ts";
import type { Threads } from "../../transports/sg/calls.ts";
import { openMapUnit } from "../../transports/sg/map/map-unit.ts";
import { CONTROL_LENGTH, Control, DATA_OFFSET, Operation, type ThreadMemory } from "../../transports/sg/memory.ts";
import { createSimulatedTarget } from "../../transports/simulated/index.ts";

const DM_DEV_SUSPEND = 0xc138fd06;
const DM_TABLE_STATUS = 0xc138fd0c;
const A = 0x123abcn;
const B = 0x456defn;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Device mapper with one map: what it was asked for, and what it says. */
function deviceMapper(status: () => string, happened: string[]): Threads {
  const shared = new SharedArrayBuffer(DATA_OFFSET + 128 * 1024);
  const memory: ThreadMemory = {
    control: new Int32Array(shared, 0, CONTROL_LENGTH / 4),
    view: new DataView(shared),
    bytes: new Uint8Array(shared),
    address: 0n,
  };
  const carryOut = (): number => {
    const { control, view, bytes } = memory;
    if (control[Control.OPERATION] !== Operation.IOCTL) return control[Control.OPERATION] === Operation.OPEN ? 3 : 0;
    const request = (control[Control.REQUEST] as number) >>> 0;
    if (request === DM_DEV_SUSPEND) {
      happened.push((view.getUint32(DATA_OFFSET + 28, true) & 2) !== 0 ? "suspend" : "resume");
      return 0;
    }
    if (request !== DM_TABLE_STATUS) return -25;
    const text = new TextEncoder().encode(`${status()}\0`);
    view.setUint32(DATA_OFFSET + 20, 1, true);
    bytes.set(new TextEncoder().encode("multipath\0"), DATA_OFFSET + 312 + 24);
    bytes.set(text, DATA_OFFSET + 312 + 40);
    view.setUint32(DATA_OFFSET + 312 + 20, 40 + text.length, true);
    return 0;
  };
  return {
    run: (_group, call, told) => {
      Promise.resolve()
        .then(() => {
          call.put(memory);
          return call.take(carryOut(), memory);
        })
        .then(
          (result) => told.done(result),
          (error) => told.failed(error),
        );
      return { abandon: () => true };
    },
  };
}

interface Imagined {
  readonly unit: MultipathUnit;
  /** What happened with device mapper and multipathd, in order. */
  readonly happened: string[];
  readonly keys: () => readonly bigint[];
  /** A command of another host. */
  as(serviceAction: number, key: bigint, newKey: bigint): void;
  /** Takes a disk out of use, or back. */
  set(path: number, state: "running" | "offline"): Promise<void>;
  /** Lets whoever asks for a disk's state wait, until what is returned is called: it is offline. */
  hangs(path: number): Promise<() => Promise<void>>;
  /** What opening the second disk comes to from now on. */
  second: "opens" | "does not open" | "opens another unit";
  /** How many disks are open. */
  open: number;
}

async function imagine(second: Imagined["second"] = "opens"): Promise<Imagined> {
  const folder = await mkdtemp(join(tmpdir(), "map-"));
  ends.push(() => rm(folder, { recursive: true }));
  const simulated = createSimulatedTarget({ targetPorts: [1, 2] }).unit();
  const another = createSimulatedTarget({ targetPorts: [1, 2] }).unit(1);
  const states = ["running", "running"];
  const world = { second, open: 0 };
  const happened: string[] = [];
  const nexus = (host: string, port: number, at = simulated) =>
    at.nexus({
      initiatorPort: `iqn.2026-01.com.example:${host},i,0x80000000000${port}`,
      relativeTargetPort: port,
    });
  const paths = [];
  for (const [index, name] of ["/dev/sda", "/dev/sdb"].entries()) {
    const scsiDevice = join(folder, String(index));
    await mkdir(scsiDevice);
    await writeFile(join(scsiDevice, "state"), "running\n");
    paths.push({ name, device: `8:${16 * index}`, scsiDevice, node: name });
  }
  const flag = (path: number) => (states[path] === "running" ? "A" : "F");
  const status = () => `2 0 0 0 1 1 A 0 2 2 8:0 ${flag(0)} 0 0 1 8:16 ${flag(1)} 0 0 1 `;
  const unit = await openMapUnit(
    {
      threads: deviceMapper(status, happened),
      map: { path: "/dev/mapper/paths", name: "paths", wwid: "3600", paths },
      async openPath({ name }) {
        const index = name === "/dev/sda" ? 0 : 1;
        const how = index === 1 ? world.second : "opens";
        if (how === "does not open") throw transportError("CONNECTION_FAILED", "no", "no such device or address");
        const way = nexus("own", index + 1, how === "opens" ? simulated : another);
        world.open++;
        return {
          ...way,
          name,
          async [Symbol.asyncDispose]() {
            world.open--;
          },
          execute(request, options) {
            if (states[index] !== "running")
              return Promise.reject(transportError("CONNECTION_FAILED", "no", "offline"));
            if (request.cdb[0] === 0x5f) happened.push(`${name} ${(request.cdb[1] as number) & 0x1f}`);
            return way.execute(request, options);
          },
        };
      },
    },
    {
      limits: createPathLimits({ perUnit: 1 }),
      ...(second === "opens" ? {} : { retry: noRetries }),
      askMultipathd: async (question) => {
        if (question === "show config local") return 'defaults {\n\treservation_key "file"\n}\n';
        happened.push(question);
        return question.startsWith("getprkey") ? "none\n" : "ok\n";
      },
    },
  );
  ends.push(() => unit[Symbol.asyncDispose]());
  const other = simulated.identify({ initiatorPort: "iqn.2026-01.com.example:other,i,0x1", relativeTargetPort: 1 });
  return Object.assign(world, {
    unit,
    happened,
    keys: () => simulated.server.snapshot().registrations.map(({ key }) => BigInt(key)),
    as(serviceAction: number, key: bigint, newKey: bigint) {
      const cdb = new Uint8Array(10);
      cdb.set([0x5f, serviceAction, 5, 0, 0, 0, 0, 0, 24]);
      const dataOut = new Uint8Array(24);
      new DataView(dataOut.buffer).setBigUint64(0, key);
      new DataView(dataOut.buffer).setBigUint64(8, newKey);
      simulated.server.execute(other, cdb, dataOut);
    },
    async hangs(path: number) {
      const file = join(folder, String(path), "state");
      await rm(file);
      await promisify(execFile)("mkfifo", [file]);
      return () => writeFile(file, "offline\n");
    },
    async set(path: number, state: "running" | "offline") {
      states[path] = state;
      await writeFile(join(folder, String(path), "state"), `${state}\n`);
    },
  });
}

it("the daemon has the key before it is registered, and knows afterwards that it is", async () => {
  const { unit, happened, keys } = await imagine();
  await unit.register({ newKey: A, persistThroughPowerLoss: true });
  expect(keys()).toEqual([A, A]);
  expect(happened).toEqual([
    "getprkey map paths",
    "setprkey map paths key 123abc:aptpl",
    "/dev/sda 0",
    "/dev/sdb 0",
    "setprstatus map paths",
  ]);
  happened.length = 0;
  await unit.clear({ key: A });
  expect(happened).toEqual(["/dev/sda 3", "unsetprstatus map paths", "unsetprkey map paths"]);
});

it("a registration that fails leaves the daemon with what it knew", async () => {
  const { unit, happened } = await imagine();
  await expect(unit.register({ key: B, newKey: A })).rejects.toMatchObject({ code: "RESERVATION_CONFLICT" });
  expect(happened.filter((each) => each.includes("pr"))).toEqual([
    "getprkey map paths",
    "setprkey map paths key 123abc",
    "unsetprkey map paths",
  ]);
});

it("a path that device mapper does not use, and whose disk is not running, gets nothing", async () => {
  const { unit, keys, set } = await imagine();
  await set(1, "offline");
  const { account } = await unit.perform(commands.register({ newKey: A }));
  expect(account.paths.map(({ reply }) => reply)).toEqual(["good", "not-sent"]);
  expect(keys()).toEqual([A]);
  await set(1, "running");
  expect(await unit.pathReturned("/dev/sdb")).toBe("registered");
  expect(keys()).toEqual([A, A]);
});

it("a path that is out of use stays so for those who are under way, while another one looks again", async () => {
  const { unit, set, hangs } = await imagine();
  await set(1, "offline");
  await unit.readKeys();
  expect(unit.paths.map((path) => path.usable?.())).toEqual([true, false]);
  const goOn = await hangs(1);
  const looking = unit.readKeys();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(unit.paths.map((path) => path.usable?.())).toEqual([true, false]);
  await goOn();
  await looking;
});

it("the holder's path is gone: the map is suspended before its registrations go, and resumed after they are back", async () => {
  const { unit, happened, set } = await imagine();
  await unit.register({ newKey: A });
  await unit.reserve({ key: A, type: "write-exclusive" });
  await set(0, "offline");
  happened.length = 0;
  await unit.release({ key: A, type: "write-exclusive" });
  expect((await unit.readReservation()).holder).toBe("none");
  const order = happened.filter((each) => /suspend|resume|sdb [24]/.test(each));
  expect(order).toEqual(["/dev/sdb 2", "suspend", "/dev/sdb 4", "resume", "/dev/sdb 2"]);
});

it("a host that is fenced while it registers: multipathd is to leave its paths alone", async () => {
  const { unit, happened, keys, as } = await imagine();
  as(6, 0n, 0xbn);
  let done = false;
  const failed = await unit
    .register({
      newKey: A,
      observer(_attempt, { name }) {
        if (name !== "REGISTER" || done) return;
        done = true;
        as(4, 0xbn, A);
      },
    })
    .catch((error: ScsiError) => error.code);
  expect(failed).toBe("PREEMPTED_MEANWHILE");
  expect(keys()).toEqual([0xbn]);
  expect(happened.slice(-2)).toEqual(["unsetprstatus map paths", "unsetprkey map paths"]);
});

it("a disk that could not be opened is tried again before the next change, and registered as the others are", async () => {
  const world = await imagine("does not open");
  const { unit, happened, keys } = world;
  await unit.register({ newKey: A });
  expect(keys()).toEqual([A]);
  world.second = "opens";
  happened.length = 0;
  await world.set(1, "offline");
  await unit.register({ key: A, newKey: A });
  expect(world.open).toBe(1);
  await world.set(1, "running");
  happened.length = 0;
  await unit.readKeys();
  expect([world.open, happened]).toEqual([1, []]);
  const { account } = await unit.perform(commands.reserve({ key: A, type: "write-exclusive-registrants-only" }));
  expect(happened).toEqual(["/dev/sdb 0", "/dev/sda 1"]);
  expect(account.paths.map(({ path, key }) => [path, key])).toEqual([
    ["/dev/sda", A],
    ["/dev/sdb", A],
  ]);
  expect([keys(), world.open]).toEqual([[A, A], 2]);
  await unit[Symbol.asyncDispose]();
  expect(world.open).toBe(0);
});

it("two changes at once open it once", async () => {
  const world = await imagine("does not open");
  world.second = "opens";
  await Promise.all([world.unit.register({ newKey: A }), world.unit.register({ newKey: A })]);
  expect([world.open, world.keys()]).toEqual([2, [A, A]]);
});

it("a disk that opens as another unit than the map's stays out of it", async () => {
  const world = await imagine("does not open");
  world.second = "opens another unit";
  await world.unit.register({ newKey: A });
  expect([world.open, world.keys()]).toEqual([1, [A]]);
  const { account } = await world.unit.perform(commands.register({ key: A, newKey: B }));
  expect(account.paths.map(({ path, reply }) => [path, reply])).toEqual([
    ["/dev/sda", "good"],
    ["/dev/sdb", "unreachable"],
  ]);
});

it("a host that was fenced meanwhile is not registered by a disk that opens again", async () => {
  const world = await imagine("does not open");
  await world.unit.register({ newKey: A });
  world.as(6, 0n, 0xbn);
  world.as(4, 0xbn, A);
  world.second = "opens";
  const type = "write-exclusive-registrants-only";
  await expect(world.unit.reserve({ key: A, type })).rejects.toMatchObject({ code: "RESERVATION_CONFLICT" });
  expect([world.open, world.keys()]).toEqual([2, [0xbn]]);
});

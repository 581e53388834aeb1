/**
 * The same commands, by sg_persist on one disk and by this library on another that is alike: each ends in the same way, leaves the same
 * unit attentions, and afterwards each reads the other's disk, byte for byte the same.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitCodeOf } from "../../cli/exit-codes.ts";
import {
  type Command,
  commands,
  type LogicalUnit,
  type ReservationType,
  reservationTypeNames,
  reservationTypes,
} from "../../src/index.ts";
import { readings, sgPersistIn, sgPersistOut } from "./sg-persist.ts";
import { attentions, clean, unitAt, units } from "./units.ts";

type Host = "A1" | "A2" | "B";
interface Step {
  readonly host: Host;
  readonly args: readonly string[];
  readonly command: Command<unknown>;
  /** The exit code, where the step is there for the sake of it. */
  readonly exit?: number;
}

const A1 = 0xa1n;
const A2 = 0xa2n;
const B = 0xb1n;
const [idA2, idB] = ([0xa2n, 0xb1n] as const).map((last) => ({
  protocol: "sas" as const,
  address: 0x6001405000000000n | last,
})) as [{ protocol: "sas"; address: bigint }, { protocol: "sas"; address: bigint }];

const keys = (key: bigint, serviceActionKey?: bigint): string[] => [
  `--param-rk=${key.toString(16)}`,
  ...(serviceActionKey === undefined ? [] : [`--param-sark=${serviceActionKey.toString(16)}`]),
];
const typed = (type: ReservationType): string => `--prout-type=${reservationTypes[type].toString(16)}`;

/** A command of another type than there is. */
function withTypeCode(command: Command<void>, code: number): Command<void> {
  const cdb = command.cdb.slice();
  cdb[2] = code;
  return { ...command, cdb };
}

const EXCLUSIVE = "exclusive-access-registrants-only";

const each = (type: ReservationType): Step[] => [
  { host: "A1", args: ["--reserve", ...keys(A1), typed(type)], command: commands.reserve({ key: A1, type }), exit: 0 },
  { host: "B", args: ["--reserve", ...keys(B), typed(type)], command: commands.reserve({ key: B, type }) },
  { host: "B", args: ["--release", ...keys(A1), typed(type)], command: commands.release({ key: A1, type }) },
  { host: "A1", args: ["--release", ...keys(A1), typed(type)], command: commands.release({ key: A1, type }), exit: 0 },
];

const steps: readonly Step[] = [
  // Unregistered.
  {
    host: "A1",
    args: ["--reserve", ...keys(A1), typed("write-exclusive")],
    command: commands.reserve({ key: A1, type: "write-exclusive" }),
    exit: 2,
  },
  { host: "A1", args: ["--clear", ...keys(A1)], command: commands.clear({ key: A1 }), exit: 2 },
  // Registering: with and without a key, with a wrong one, for good.
  { host: "A1", args: ["--register", ...keys(0n, A1)], command: commands.register({ newKey: A1 }), exit: 0 },
  { host: "A1", args: ["--register", ...keys(9n, A1)], command: commands.register({ key: 9n, newKey: A1 }), exit: 24 },
  {
    host: "A2",
    args: ["--register-ignore", ...keys(0n, A2)],
    command: commands.registerAndIgnoreExistingKey({ newKey: A2 }),
    exit: 0,
  },
  {
    host: "B",
    args: ["--register", "--param-aptpl", ...keys(0n, B)],
    command: commands.register({ newKey: B, persistThroughPowerLoss: true }),
    exit: 0,
  },
  // The six types, and one that is none.
  ...reservationTypeNames.flatMap(each),
  {
    host: "A1",
    args: ["--reserve", ...keys(A1), "--prout-type=2"],
    command: withTypeCode(commands.reserve({ key: A1, type: "write-exclusive" }), 2),
    exit: 5,
  },
  // From one nexus to the other.
  {
    host: "A1",
    args: ["--reserve", ...keys(A1), typed(EXCLUSIVE)],
    command: commands.reserve({ key: A1, type: EXCLUSIVE }),
    exit: 0,
  },
  {
    host: "A1",
    args: [
      "--register-move",
      "--unreg",
      ...keys(A1, 0xb2n),
      "--relative-target-port=3",
      "--transport-id=sas,60014050000000b1",
    ],
    command: commands.registerAndMove({
      key: A1,
      newKey: 0xb2n,
      transportId: idB,
      relativeTargetPort: 3,
      unregister: true,
    }),
    exit: 0,
  },
  // Pre-empting: a registration, nobody, from outside.
  {
    host: "B",
    args: ["--preempt", ...keys(0xb2n, A2), typed(EXCLUSIVE)],
    command: commands.preempt({ key: 0xb2n, victimKey: A2, type: EXCLUSIVE }),
    exit: 0,
  },
  {
    host: "B",
    args: ["--preempt", ...keys(0xb2n, 0n), typed(EXCLUSIVE)],
    command: commands.preempt({ key: 0xb2n, victimKey: 0n, type: EXCLUSIVE }),
    exit: 5,
  },
  {
    host: "A2",
    args: ["--preempt", ...keys(A2, 0xb2n), typed(EXCLUSIVE)],
    command: commands.preempt({ key: A2, victimKey: 0xb2n, type: EXCLUSIVE }),
    exit: 24,
  },
  { host: "A2", args: ["--clear", ...keys(A2)], command: commands.clear({ key: A2 }), exit: 24 },
  { host: "B", args: ["--clear", ...keys(0xb2n)], command: commands.clear({ key: 0xb2n }), exit: 0 },
  // For others besides, and through all ports.
  {
    host: "A1",
    args: ["--register", ...keys(0n, A1), "--transport-id=sas,60014050000000a2"],
    command: commands.register({ newKey: A1, initiatorPorts: [idA2] }),
  },
  {
    host: "B",
    args: ["--register", "--param-alltgpt", ...keys(0n, B)],
    command: commands.register({ newKey: B, allTargetPorts: true }),
  },
  {
    host: "B",
    args: ["--replace-lost", ...keys(0n, B), typed("write-exclusive")],
    command: commands.replaceLostReservation({ newKey: B, type: "write-exclusive" }),
    exit: 5,
  },
  { host: "A1", args: ["--clear", ...keys(A1)], command: commands.clear({ key: A1 }), exit: 0 },
];

/** sg_persist before 1.47 tells an invalid field in the parameter list (19) like any ILLEGAL REQUEST (5). */
const olderExit = (exit: number): number => (exit === 19 ? 5 : exit);

const serviceActions = {
  "--read-keys": 0,
  "--read-reservation": 1,
  "--report-capabilities": 2,
  "--read-full-status": 3,
};

/** A PERSISTENT RESERVE IN by this library: the bytes that arrived, cut to what they say they are, as sg_persist does. */
async function readOurs(unit: LogicalUnit, reading: (typeof readings)[number]): Promise<Uint8Array> {
  const serviceAction = serviceActions[reading];
  const cdb = Uint8Array.of(0x5e, serviceAction, 0, 0, 0, 0, 0, 0x20, 0, 0);
  const { status, dataIn } = await unit.transport.execute({ cdb, dataInLength: 8192 });
  expect(status).toBe(0);
  return reading === "--report-capabilities"
    ? dataIn.slice(0, 8)
    : dataIn.slice(0, 8 + new DataView(dataIn.buffer).getUint32(4));
}

describe("sg_persist on one disk, this library on another", () => {
  const theirs = {} as Record<Host, LogicalUnit>;
  const ours = {} as Record<Host, LogicalUnit>;
  /** Where the two disks' PRGENERATION stood at the start. */
  const start = { theirs: 0, ours: 0 };

  beforeAll(async () => {
    for (const host of ["A1", "A2", "B"] as const) {
      theirs[host] = await unitAt(units[host].sg);
      ours[host] = await unitAt(units[`TWIN_${host}`].sd);
    }
    await clean(...Object.values(theirs));
    await clean(...Object.values(ours));
    start.theirs = (await theirs.A1.readKeys()).prGeneration;
    start.ours = (await ours.A1.readKeys()).prGeneration;
  });
  afterAll(async () => {
    for (const unit of [...Object.values(theirs), ...Object.values(ours)]) await unit[Symbol.asyncDispose]();
  });

  /** PRGENERATION counted from the start. */
  function sinceStart(bytes: Uint8Array, from: number): Uint8Array {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(0, view.getUint32(0) - from);
    return bytes;
  }

  test.each(steps.map((step, index) => [index + 1, step.host, step.command.name, step] as const))(
    "step %i, %s: %s",
    async (_, host, __, { args, command, exit }) => {
      const theirExit = await sgPersistOut(units[host], args);
      const ourExit = await ours[host].execute(command).then(() => 0, exitCodeOf);
      expect(olderExit(ourExit)).toBe(olderExit(theirExit));
      if (exit !== undefined) expect(theirExit).toBe(exit);
      for (const each of ["A1", "A2", "B"] as const) {
        const told = async (unit: LogicalUnit) => (await attentions(unit)).map(({ asc, ascq }) => [asc, ascq]);
        expect(await told(ours[each])).toEqual(await told(theirs[each]));
      }
      for (const reading of readings) {
        const byUs = await readOurs(theirs.B, reading);
        const byThem = await sgPersistIn(units.TWIN_A1, reading);
        const generation = reading !== "--report-capabilities";
        expect(generation ? sinceStart(byUs, start.theirs) : byUs).toEqual(
          generation ? sinceStart(byThem, start.ours) : byThem,
        );
      }
    },
  );

  test("PREEMPT AND ABORT, over iSCSI: who is shut out, and what is left", async () => {
    const [a, b] = [await unitAt(units.ISCSI_A.sd), await unitAt(units.ISCSI_B.sd)];
    const results = [];
    for (const by of ["sg_persist", "us"]) {
      await clean(a, b);
      const from = (await a.readKeys()).prGeneration;
      await a.register({ newKey: A1 });
      await b.register({ newKey: B });
      await a.reserve({ key: A1, type: "write-exclusive" });
      const exit =
        by === "us"
          ? await b.preemptAndAbort({ key: B, victimKey: A1, type: "write-exclusive" }).then(() => 0, exitCodeOf)
          : await sgPersistOut(units.ISCSI_B, ["--preempt-abort", ...keys(B, A1), typed("write-exclusive")]);
      const told = (await attentions(a)).map(({ asc, ascq }) => [asc, ascq]);
      const state = [];
      for (const reading of ["--read-keys", "--read-reservation", "--read-full-status"] as const) {
        state.push(
          sinceStart(await readOurs(a, reading), from),
          sinceStart(await sgPersistIn(units.ISCSI_B, reading), from),
        );
      }
      results.push({ exit, told, state });
    }
    expect(results[0]).toEqual(results[1]);
    expect(results[0]).toMatchObject({ exit: 0, told: [[0x2a, 0x05]] });
    await clean(a, b);
    await a[Symbol.asyncDispose]();
    await b[Symbol.asyncDispose]();
  });

  test("the four readings with little room: as much as there is room for, and the whole length", async () => {
    for (const host of ["A1", "A2", "B"] as const) await ours[host].registerAndIgnoreExistingKey({ newKey: 7n });
    for (const serviceAction of [0, 1, 3]) {
      const read = (room: number) =>
        ours.A1.transport.execute({
          cdb: Uint8Array.of(0x5e, serviceAction, 0, 0, 0, 0, 0, room >> 8, room & 0xff, 0),
          dataInLength: room,
        });
      const whole = (await read(4096)).dataIn;
      for (const room of [8, 16, 20, 24]) {
        const { status, dataIn } = await read(room);
        expect(status).toBe(0);
        // COMPLIANCE.md, LIO of Linux 6.1: of READ FULL STATUS it tells only the length of what fits.
        if (serviceAction !== 3) expect(dataIn.subarray(0, 8)).toEqual(whole.subarray(0, 8));
        expect(dataIn.length).toBeLessThanOrEqual(room);
      }
      // Too little even for the length: LIO refuses.
      expect((await read(7)).status).toBe(2);
    }
    expect(await ours.B.readKeys({ allocationLengthBytes: 8 })).toMatchObject({ keys: [7n, 7n, 7n], truncated: false });
    await ours.A1.clear({ key: 7n });
    for (const host of ["A1", "A2", "B"] as const) await attentions(ours[host]);
  });
});

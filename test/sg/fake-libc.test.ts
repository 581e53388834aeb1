/**
 * The SG_IO transport over a C library with a disk in it, through every door that this runtime has: pointers, errno, statuses, files,
 * giving up and closing. Where there is no C compiler these tests are skipped; threads.test.ts and libc.test.ts need none.
 */
import { constants } from "node:os";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../src/transport.ts";
import type { Threads } from "../../transports/sg/calls.ts";
import type { DeviceNode } from "../../transports/sg/node-of.ts";
import { createThreads } from "../../transports/sg/threads.ts";
import { createSgTransport, type SgOptions } from "../../transports/sg/transport.ts";
import { rejection } from "../rejection.ts";
import { describeTransport } from "../transport-contract.ts";
import { buildFakeLibc, doors } from "./doors.ts";

const libc = await buildFakeLibc();
afterAll(() => libc?.remove());

const nodeAt = (path: string, kind: DeviceNode["kind"]): DeviceNode => ({
  path,
  kind,
  sysfs: undefined,
  scsiDevice: undefined,
  sgNode: "/dev/sg9",
  hint: undefined,
});

const command = (...cdb: number[]) => ({ cdb: Uint8Array.from(cdb), dataInLength: 0 });

interface Counters {
  readonly openFiles: number;
  readonly opensForWriting: number;
  readonly mostAtOnce: number;
  readonly commands: number;
}

describe.skipIf(libc === undefined).each(Object.entries(doors))(
  "the fake libc (needs a C compiler), through %s",
  (_, program) => {
    let threads: Threads;
    beforeAll(() => {
      threads = createThreads({ ...program, libc: libc?.path, idleMs: 500 });
    });

    const open = (path = "/dev/fake", kind: DeviceNode["kind"] = "disk", options: SgOptions = {}): Promise<Transport> =>
      createSgTransport({ threads, node: nodeAt(path, kind), initiatorPort: undefined }, options);

    /** Delays every TEST UNIT READY and INQUIRY from now on. */
    const delay = (transport: Transport, ms: number) => transport.execute(command(0xc3, ms >> 8, ms & 0xff, 0, 0, 0));

    /** Reads the counters, and sets them back if asked to. */
    async function counters(transport: Transport, reset = false): Promise<Counters> {
      const { dataIn } = await transport.execute({ ...command(0xc4, reset ? 1 : 0, 0, 0, 0, 0), dataInLength: 16 });
      const view = new DataView(dataIn.buffer);
      const [openFiles, opensForWriting, mostAtOnce, commands] = [0, 4, 8, 12].map((at) => view.getInt32(at, true));
      return { openFiles, opensForWriting, mostAtOnce, commands } as Counters;
    }

    describe.each(["disk", "sg", "bsg"] as const)("a node of kind %s", (kind) => {
      describeTransport("SG_IO", async () => {
        const transport = await open("/dev/fake", kind);
        const other = await open("/dev/fake", kind);
        return {
          transport,
          second: await open("/dev/fake", kind),
          writable: true,
          stall: async () => {
            await delay(other, 200);
          },
          async dispose() {
            await delay(other, 0);
            await other[Symbol.asyncDispose]();
          },
        };
      });

      test("CDB and data arrive byte for byte, whatever their length", async () => {
        await using transport = await open("/dev/fake", kind, { access: "read-write" });
        for (const [cdbLength, length] of [
          [6, 1],
          [10, 24],
          [16, 96],
          [32, 3840],
        ] as const) {
          const cdb = Uint8Array.from({ length: cdbLength }, (_, at) => (at === 0 ? 0xc5 : at * 7));
          const dataOut = Uint8Array.from({ length }, (_, at) => (at * 11 + length) & 0xff);
          expect((await transport.execute({ cdb, dataOut, dataInLength: 0 })).status).toBe(0);
          const { dataIn } = await transport.execute({ ...command(0xc6, 0, 0, 0, 0, 0), dataInLength: 4096 });
          expect(dataIn.subarray(0, 256)).toEqual(Uint8Array.from({ length: 256 }, (_, at) => cdb[at] ?? 0));
          expect(dataIn.subarray(256)).toEqual(Uint8Array.from({ length: 3840 }, (_, at) => dataOut[at] ?? 0));
        }
      });

      test("sense data come as long as the kernel says", async () => {
        await using transport = await open("/dev/fake", kind);
        for (const length of [0, 1, 18, 96, 252]) {
          const { status, sense } = await transport.execute(command(0xc1, 2, 0, 8, length, 0));
          expect(status).toBe(2);
          expect(sense).toEqual(Uint8Array.from({ length }, (_, at) => at + 1));
        }
      });

      test("a conflict is an answer, with a host status besides or without", async () => {
        await using transport = await open("/dev/fake", kind);
        expect((await transport.execute(command(0xc1, 0x18, 0, 0, 0, 0))).status).toBe(0x18);
        expect((await transport.execute(command(0xc1, 0x18, 0x11, 0, 0, 0))).status).toBe(0x18);
      });

      test("a residual shortens the data, an overflow does not lengthen them", async () => {
        await using transport = await open("/dev/fake", kind);
        const read = (residual: number) =>
          transport.execute({ ...command(0xc2, residual & 0xff, 0, 0, 0, 0), dataInLength: 10 });
        expect(await read(4)).toMatchObject({ residual: 4, dataIn: new Uint8Array(6).fill(0x77) });
        expect(await read(-4)).toMatchObject({ residual: -4, dataIn: new Uint8Array(10).fill(0x77) });
        expect((await read(10)).dataIn).toHaveLength(0);
        // open-iscsi counts an overflow as a positive number.
        expect(await read(11)).toMatchObject({ residual: -11, dataIn: new Uint8Array(10).fill(0x77) });
      });

      test("what a driver counts as transferred by a command that was not executed is not", async () => {
        await using transport = await open("/dev/fake", kind);
        // Sense key ILLEGAL REQUEST in the third byte, and no residual.
        const refused = await transport.execute({ ...command(0xc7, 2, 5, 0, 0, 0), dataInLength: 10 });
        expect(refused).toMatchObject({ status: 2, residual: 10, dataIn: new Uint8Array(0) });
        const recovered = await transport.execute({ ...command(0xc7, 2, 1, 0, 0, 0), dataInLength: 10 });
        expect(recovered).toMatchObject({ status: 2, residual: 0, dataIn: new Uint8Array(10).fill(0x77) });
        const conflict = await transport.execute({ ...command(0xc7, 0x18, 0, 0, 0, 0), dataInLength: 10 });
        expect(conflict).toMatchObject({ status: 0x18, residual: 10, dataIn: new Uint8Array(0) });
      });

      test.each([
        [1, "CONNECTION_FAILED", "unknown", "DID_NO_CONNECT (host status 01h)"],
        [3, "TIMEOUT", "unknown", "DID_TIME_OUT (host status 03h)"],
        [4, "TARGET_NOT_FOUND", "no", "DID_BAD_TARGET (host status 04h)"],
        [14, "CONNECTION_LOST", "unknown", "DID_TRANSPORT_DISRUPTED (host status 0Eh)"],
        [99, "CONNECTION_LOST", "unknown", "host status 63h"],
      ])("host status %i is %s, delivered %s", async (host, code, delivered, text) => {
        await using transport = await open("/dev/fake", kind);
        const error = await rejection(transport.execute(command(0xc1, 0, host, 0, 0, 0)));
        expect([error.code, error.delivered]).toEqual([code, delivered]);
        expect(error.message).toContain(text);
      });

      test("a driver status is named; with sense data it is an answer", async () => {
        await using transport = await open("/dev/fake", kind);
        const error = await rejection(transport.execute(command(0xc1, 0, 0, 6, 0, 0)));
        expect([error.code, error.delivered]).toEqual(["TIMEOUT", "unknown"]);
        expect(error.message).toContain("SG_ERR_DRIVER_TIMEOUT (driver status 06h)");
        expect((await transport.execute(command(0xc1, 0, 0, 8, 18, 0))).status).toBe(2);
        expect((await transport.execute(command(0xc1, 0, 0, 8, 0, 0))).status).toBe(0);
      });
    });

    test("a driver that fills in only the masked status is understood", async () => {
      await using transport = await open();
      expect((await transport.execute(command(0xc1, 0, 0, 0, 0, 0x0c))).status).toBe(0x18);
    });

    test("errno is right every time, in turn with commands that succeed", async () => {
      await using transport = await open();
      for (let count = 0; count < 500; count++) {
        const errno = 1 + (count % 120);
        const error = await rejection(transport.execute(command(0xc0, errno, 0, 0, 0, 0)));
        const named = /: (E[A-Z]+|errno \d+), /.exec(error.message)?.[1];
        expect(named).toBeDefined();
        if (named?.startsWith("errno")) expect(named).toBe(`errno ${errno}`);
        expect((await transport.execute(command(0, 0, 0, 0, 0, 0))).status).toBe(0);
      }
    });

    test.each([
      [1, "EPERM", "PERMISSION_DENIED", "no", /CAP_SYS_RAWIO.*run as root, or use \/dev\/sg9 with access "read-write"/],
      [5, "EIO", "CONNECTION_LOST", "unknown", /gave up/],
      [6, "ENXIO", "CONNECTION_FAILED", "no", /offline/],
      [16, "EBUSY", "CONNECTION_FAILED", "no", /busy/],
      [19, "ENODEV", "CONNECTION_LOST", "unknown", /removed/],
      [22, "EINVAL", "UNSUITABLE_DEVICE", "no", /too many bytes/],
      [13, "EACCES", "PERMISSION_DENIED", "no", /CAP_SYS_ADMIN/],
      [25, "ENOTTY", "UNSUITABLE_DEVICE", "no", /no device that takes it; scsi-persist list names/],
      // The sg driver's word for a CDB of less than 6 bytes, or of more than it has room for.
      [90, "EMSGSIZE", "UNSUITABLE_DEVICE", "no", /longer or shorter/],
    ])("errno %i of a command is %s, %s, delivered %s", async (errno, name, code, delivered, text) => {
      await using transport = await open();
      const error = await rejection(transport.execute(command(0xc0, errno, 0, 0, 0, 0)));
      expect([error.code, error.delivered]).toEqual([code, delivered]);
      expect(error.message).toContain(`${name}, `);
      expect(error.message).toMatch(text);
    });

    test.each([
      [1, "EPERM", "PERMISSION_DENIED", /run as root/],
      [2, "ENOENT", "TARGET_NOT_FOUND", /no such node/],
      [6, "ENXIO", "TARGET_NOT_FOUND", /the device behind it is not/],
      [13, "EACCES", "PERMISSION_DENIED", /group that owns the node/],
      [16, "EBUSY", "CONNECTION_FAILED", /exclusively/],
      [24, "EMFILE", "CONNECTION_FAILED", /ulimit -n/],
      [30, "EROFS", "PERMISSION_DENIED", /write protected; its node \/dev\/sg9/],
    ])("errno %i of open is %s, %s", async (errno, name, code, text) => {
      const error = await rejection(open(`/dev/errno-${errno}`));
      expect([error.code, error.delivered]).toEqual([code, "no"]);
      expect(error.message).toContain(`/dev/errno-${errno} for reading: ${name}, `);
      expect(error.message).toMatch(text);
    });

    test("a tape that somebody else has open is busy, and its sg node is named", async () => {
      const error = await rejection(open("/dev/errno-16", "tape"));
      expect(error).toMatchObject({ code: "CONNECTION_FAILED", delivered: "no" });
      expect(error.message).toMatch(/open once at a time.*fuser -v; its node \/dev\/sg9 can/);
    });

    test("a file for writing is opened by the first command that changes something, once, and all are closed", async () => {
      const other = await open("/dev/other");
      await counters(other, true);
      const transport = await open();
      await transport.execute(command(0x12, 0, 0, 0, 36, 0));
      await transport.execute({ ...command(0x5e, 0, 0, 0, 0, 0, 0, 0, 8, 0), dataInLength: 8 });
      await transport.execute({ ...command(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), dataInLength: 512 });
      await transport.execute({ ...command(0x3c, 2, 0, 0, 0, 0, 0, 0, 4, 0), dataInLength: 4 });
      // The counters' own opcode is one that nobody knows, and so counts as one that changes something.
      await using reading = await open("/dev/other", "disk");
      expect(await counters(reading)).toMatchObject({ openFiles: 3, opensForWriting: 1 });
      for (let count = 0; count < 3; count++) {
        await transport.execute({ ...command(0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0), dataOut: new Uint8Array(24) });
      }
      expect(await counters(reading)).toMatchObject({ openFiles: 4, opensForWriting: 2 });
      await transport[Symbol.asyncDispose]();
      expect(await counters(reading)).toMatchObject({ openFiles: 2, opensForWriting: 2 });
      await other[Symbol.asyncDispose]();
    });

    test("a tape, which its driver opens once, is opened once", async () => {
      const write = { ...command(0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0), dataOut: new Uint8Array(24) };
      for (const access of ["as-needed", "read-write"] as const) {
        await using tape = await open("/dev/nst0", "tape", { access });
        expect((await tape.execute({ ...command(0x12, 0, 0, 0, 36, 0), dataInLength: 36 })).status).toBe(0);
        // An unknown opcode: it was sent.
        expect((await tape.execute(write)).status).toBe(2);
      }
    });

    test("an opening that hangs is given up by timeout and by signal, and closed when the kernel is back", async () => {
      await using other = await open("/dev/other", "disk", { access: "read-write" });
      await counters(other, true);
      const late = await rejection(open("/dev/hang-3", "disk", { access: "read-write", timeoutMs: 50 }));
      expect([late.code, late.delivered]).toEqual(["TIMEOUT", "no"]);
      const controller = new AbortController();
      const opening = rejection(open("/dev/hang-3", "disk", { access: "read-write", signal: controller.signal }));
      controller.abort("enough");
      expect(await opening).toMatchObject({ code: "ABORTED", delivered: "no", cause: "enough" });
      expect((await rejection(open("/dev/fake", "disk", controller))).code).toBe("ABORTED");
      await expect.poll(() => counters(other), { timeout: 5000 }).toMatchObject({ openFiles: 0, opensForWriting: 2 });
      await expect(open("/dev/fake", "disk", { timeoutMs: 0 })).rejects.toThrow(RangeError);
    });

    test("what was given away before it could be sent is not sent, and holds up nothing", async () => {
      await using other = await open("/dev/other");
      await using transport = await open();
      await counters(other, true);
      const whole = () => ({ cdb: Uint8Array.of(0xc5, 0, 0, 0, 8, 0), dataOut: new Uint8Array(8), dataInLength: 0 });
      const giveAway = ({ buffer }: Uint8Array) => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
      const [one, two, three] = [whole(), whole(), whole()];
      // The file for writing has yet to be opened.
      const [first, second, third] = [one, two, three].map((request) => transport.execute(request));
      giveAway(one.cdb);
      giveAway(two.dataOut);
      await expect(first).rejects.toThrow(new TypeError("cdb had 6 bytes, and has 0 before it could be sent"));
      await expect(second).rejects.toThrow(new TypeError("dataOut had 8 bytes, and has 0 before it could be sent"));
      expect((await third)?.status).toBe(0);
      // The third, and this one.
      expect((await counters(other)).commands).toBe(2);
    });

    test("an sg node gets no more than 16 commands on one open file", async () => {
      await using other = await open("/dev/other", "disk", { access: "read-write" });
      await delay(other, 5);
      await counters(other, true);
      const transport = await open("/dev/fake", "sg");
      await Promise.all(Array.from({ length: 40 }, () => transport.execute(command(0, 0, 0, 0, 0, 0))));
      expect((await counters(other)).openFiles).toBe(3);
      await transport[Symbol.asyncDispose]();
      expect((await counters(other)).openFiles).toBe(0);
      await delay(other, 0);
    });

    test("however many commands wait at an sg node, it has no more files open than those under way need", async () => {
      await using other = await open("/dev/other", "disk", { access: "read-write" });
      await counters(other, true);
      const transport = await open("/dev/fake", "sg");
      const controller = new AbortController();
      const given = rejection(transport.execute(command(0, 0, 0, 0, 0, 0), controller)).catch(() => "answered");
      const calls = Array.from({ length: 1000 }, (_, index) =>
        transport.execute(command(0, 0, 0, 0, 0, 0), index % 2 === 0 ? controller : {}).then(
          ({ status }) => status,
          ({ code }) => code,
        ),
      );
      controller.abort();
      await given;
      const { openFiles } = await counters(other);
      expect(new Set((await Promise.all(calls)).filter((_, index) => index % 2 === 1))).toEqual(new Set([0]));
      // Four files have 64 commands; one more is spare.
      expect(Math.max(openFiles, (await counters(other)).openFiles)).toBeLessThanOrEqual(5);
      await transport[Symbol.asyncDispose]();
      expect((await counters(other)).openFiles).toBe(0);
    });

    describe("a device that hangs", () => {
      let quick: Transport;
      beforeEach(async () => {
        quick = await open("/dev/quick", "disk", { access: "read-write" });
        return async () => {
          await delay(quick, 0);
          await quick[Symbol.asyncDispose]();
        };
      });

      test("is given up on by signal and by timeout, and what was given to the kernel is unknown", async () => {
        await using transport = await open();
        // Two threads are there.
        await delay(quick, 30);
        await Promise.all([0, 1].map(() => transport.execute(command(0, 0, 0, 0, 0, 0))));
        await delay(quick, 500);
        const controller = new AbortController();
        const aborted = rejection(transport.execute(command(0, 0, 0, 0, 0, 0), { signal: controller.signal }));
        const late = rejection(transport.execute(command(0, 0, 0, 0, 0, 0), { timeoutMs: 150 }));
        setTimeout(() => controller.abort("enough"), 150);
        expect(await aborted).toMatchObject({ code: "ABORTED", delivered: "unknown", cause: "enough" });
        expect(await late).toMatchObject({ code: "TIMEOUT", delivered: "unknown" });
        // Another command passes by.
        expect((await transport.execute(command(0xc2, 0, 0, 0, 0, 0))).status).toBe(0);
      });

      test("what waits for a thread meanwhile can be given up too, and is never sent", async () => {
        await using transport = await open();
        await counters(quick, true);
        await delay(quick, 300);
        const hanging = Array.from({ length: 3 }, () => transport.execute(command(0, 0, 0, 0, 0, 0)));
        const controller = new AbortController();
        const waiting = Array.from({ length: 100 }, () =>
          rejection(transport.execute(command(0, 0, 0, 0, 0, 0), { signal: controller.signal })),
        );
        controller.abort();
        for (const each of waiting) expect(await each).toMatchObject({ code: "ABORTED", delivered: "no" });
        await Promise.all(hanging);
        // The three, and those that told the kernel what to do and counted.
        expect((await counters(quick)).commands).toBe(5);
      });

      test("keeps its memory: the kernel writes late, and nothing else is touched", async () => {
        await using transport = await open();
        // Much longer than until the abort: with a busy machine eight threads do not start at once.
        await delay(quick, 900);
        const controller = new AbortController();
        const abandoned = Array.from({ length: 8 }, () =>
          rejection(transport.execute({ ...command(0x12, 0, 0, 0, 36, 0), dataInLength: 36 }, controller)),
        );
        setTimeout(() => controller.abort(), 50);
        await Promise.all(abandoned);
        for (let count = 0; count < 400; count++) {
          const { dataIn } = await transport.execute({ ...command(0xc2, 0, 0, 0, 0, 0), dataInLength: 64 });
          expect(dataIn.every((byte) => byte === 0x77)).toBe(true);
        }
      });

      test("is closed when the kernel is back", async () => {
        const transport = await open();
        await counters(quick, true);
        await delay(quick, 300);
        const call = rejection(transport.execute(command(0, 0, 0, 0, 0, 0)));
        await expect.poll(async () => (await counters(quick)).mostAtOnce).toBe(2);
        await transport[Symbol.asyncDispose]();
        expect(await call).toMatchObject({ code: "CLOSED", delivered: "unknown" });
        expect((await counters(quick)).openFiles).toBe(-1);
      });

      test("is not waited for longer than closeTimeoutMs, and disposal says why", async () => {
        const transport = await open("/dev/fake", "disk", { closeTimeoutMs: 50 });
        await counters(quick, true);
        await delay(quick, 400);
        const call = rejection(transport.execute(command(0, 0, 0, 0, 0, 0)));
        await expect.poll(async () => (await counters(quick)).mostAtOnce).toBe(2);
        const error = await rejection(transport[Symbol.asyncDispose]());
        expect(error.code).toBe("TIMEOUT");
        expect(error.message).toMatch(/is not closed yet: the kernel has not come back from 1 calls/);
        expect((await call).code).toBe("CLOSED");
        await expect.poll(async () => (await counters(quick)).openFiles, { timeout: 5000 }).toBe(-1);
      });

      test("is waited for as long as it takes, if that is what was asked for; how long is checked when it is opened", async () => {
        const transport = await open("/dev/fake", "disk", { closeTimeoutMs: Infinity });
        await counters(quick, true);
        await delay(quick, 200);
        const call = rejection(transport.execute(command(0, 0, 0, 0, 0, 0)));
        await expect.poll(async () => (await counters(quick)).mostAtOnce).toBe(2);
        await transport[Symbol.asyncDispose]();
        await transport[Symbol.asyncDispose]();
        expect((await counters(quick)).openFiles).toBe(-1);
        expect((await call).code).toBe("CLOSED");
        for (const closeTimeoutMs of [Number.NaN, -1]) {
          await expect(open("/dev/fake", "disk", { closeTimeoutMs })).rejects.toThrow(RangeError);
        }
      });
    });

    test("a thread gets no signal but those of its own doing: after one, the kernel would send the command again", async () => {
      await using transport = await open();
      const { dataIn } = await transport.execute({ ...command(0xca, 0, 0, 0, 0, 0), dataInLength: 8 });
      const held = new DataView(dataIn.buffer).getBigUint64(0, true);
      const gets = Object.entries(constants.signals).filter(([, number]) => ((held >> BigInt(number - 1)) & 1n) === 0n);
      // Nobody can hold these two.
      const always = ["SIGKILL", "SIGSTOP"];
      const own = ["SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGIOT", "SIGPWR", "SIGSEGV", "SIGSYS", "SIGTRAP"];
      expect(
        gets
          .map(([name]) => name)
          .filter((name) => name !== "SIGUNUSED")
          .sort(),
      ).toEqual([...own, ...always].sort());
    });

    test("a logical unit reset is one, and does not escalate; no file is opened for writing", async () => {
      await using other = await open("/dev/other", "disk", { access: "read-write" });
      await counters(other, true);
      await using transport = await open();
      await transport.reset?.("logical-unit");
      expect((await rejection(transport.reset?.("bus") ?? Promise.resolve())).code).toBe("UNSUITABLE_DEVICE");
      expect((await counters(other)).opensForWriting).toBe(0);
    });

    test.each([
      ["an empty CDB", { cdb: new Uint8Array(0), dataInLength: 0 }],
      ["a CDB longer than a header can say", { cdb: new Uint8Array(256), dataInLength: 0 }],
      ["data both ways", { cdb: new Uint8Array(6), dataInLength: 1, dataOut: new Uint8Array(1) }],
      ["a negative length", { cdb: new Uint8Array(6), dataInLength: -1 }],
    ])("%s is refused, and nothing is sent", async (_, request) => {
      await using transport = await open();
      const before = await counters(transport, true);
      expect(before.commands).toBeGreaterThan(0);
      await expect(transport.execute(request)).rejects.toThrow(/CDB|one way|dataInLength/);
      expect((await counters(transport)).commands).toBe(1);
    });
  },
);

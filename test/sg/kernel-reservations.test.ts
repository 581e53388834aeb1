/** The kernel's reservations over the fake libc: the structures byte for byte, and what each result means. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isScsiError, reservationTypeNames, type Transport } from "../../src/index.ts";
import { createKernelReservations, type KernelReservations } from "../../transports/sg/kernel-reservations.ts";
import { kernelFailure } from "../../transports/sg/kernel-results.ts";
import type { DeviceNode } from "../../transports/sg/node-of.ts";
import { createThreads } from "../../transports/sg/threads.ts";
import { createSgTransport } from "../../transports/sg/transport.ts";
import { buildFakeLibc, doors } from "./doors.ts";

const libc = await buildFakeLibc();
afterAll(() => libc?.remove());

const node: DeviceNode = {
  path: "/dev/fake",
  kind: "disk",
  sysfs: undefined,
  scsiDevice: undefined,
  sgNode: undefined,
  hint: undefined,
};
const [name, program] = Object.entries(doors)[0] as [string, (typeof doors)[string]];

describe.skipIf(libc === undefined)(`the fake libc (needs a C compiler), through ${name}`, () => {
  let disk: KernelReservations;
  let transport: Transport;
  beforeAll(async () => {
    const threads = createThreads({ ...program, libc: libc?.path });
    disk = await createKernelReservations(threads, node);
    transport = await createSgTransport({ threads, node, initiatorPort: undefined });
    return async () => {
      await disk[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
    };
  });

  /** The structure that the kernel was given, the ioctl's number, and whether the file was open for writing. */
  async function given(): Promise<{ words: bigint[]; number: number; writing: boolean }> {
    const { dataIn } = await transport.execute({ cdb: Uint8Array.of(0xc8, 0, 0, 0, 0, 0), dataInLength: 32 });
    const view = new DataView(dataIn.buffer);
    const words = [0, 8, 16].map((at) => view.getBigUint64(at, true));
    return { words, number: view.getUint8(24), writing: view.getUint8(25) === 1 };
  }

  const HIGH = 0xfedc_ba98_0000_0000n;

  test("REGISTER: old key, new key, flags", async () => {
    await disk.register({ key: HIGH, newKey: 0x1234_5678_9abc_def0n });
    expect(await given()).toEqual({ words: [HIGH, 0x1234_5678_9abc_def0n, 0n], number: 200, writing: false });
    await disk.register({ newKey: 5n });
    expect((await given()).words).toEqual([0n, 5n, 0n]);
    await disk.registerAndIgnoreExistingKey({ newKey: 6n });
    expect(await given()).toMatchObject({ words: [0n, 6n, 1n], number: 200 });
  });

  test.each(reservationTypeNames.map((type, index) => [type, BigInt(index + 1)] as const))(
    "RESERVE, RELEASE and PREEMPT of type %s: Linux' number %i",
    async (type, code) => {
      await disk.reserve({ key: HIGH, type });
      expect(await given()).toMatchObject({ words: [HIGH, code, 0n], number: 201 });
      await disk.release({ key: HIGH, type });
      expect(await given()).toMatchObject({ words: [HIGH, code, 0n], number: 202 });
      await disk.preempt({ key: HIGH, victimKey: 9n, type });
      expect(await given()).toMatchObject({ words: [HIGH, 9n, code], number: 203 });
      await disk.preemptAndAbort({ key: HIGH, victimKey: 9n, type });
      expect(await given()).toMatchObject({ words: [HIGH, 9n, code], number: 204 });
    },
  );

  test("CLEAR: the key", async () => {
    await disk.clear({ key: HIGH });
    expect(await given()).toMatchObject({ words: [HIGH, 0n, 0n], number: 205 });
  });

  test("READ KEYS asks again where there are more than there was room for", async () => {
    const { prGeneration, keys, truncated } = await disk.readKeys();
    expect([prGeneration, keys.length, keys[0], keys[2999], truncated]).toEqual([7, 3000, 1n, 3000n, false]);
  });

  test("READ KEYS of more than the driver asks for tells those, and that there are more", async () => {
    const there = (count: number, most: number): Promise<unknown> =>
      transport.execute({
        cdb: Uint8Array.of(0xcb, count >> 16, (count >> 8) & 0xff, count & 0xff, most >> 8, most & 0xff),
        dataInLength: 0,
      });
    await there(10_000, 8190);
    const { keys, truncated } = await disk.readKeys({ timeoutMs: 5000 });
    expect([keys.length, keys[8189], truncated]).toEqual([8190, 8190n, true]);
    // One that takes no more than at first has no READ KEYS at all.
    await there(10_000, 1000);
    await expect(disk.readKeys()).rejects.toMatchObject({ code: "UNSUITABLE_DEVICE", delivered: "no" });
    await there(70_000, 0xffff);
    expect((await disk.readKeys()).keys.length).toBe(8190);
    await there(3000, 0xffff);
  });

  test.each([
    ["write-exclusive", { holder: "one-nexus", key: HIGH, typeCode: 1 }],
    ["exclusive-access-registrants-only", { holder: "one-nexus", key: HIGH, typeCode: 6 }],
    ["exclusive-access-all-registrants", { holder: "all-registrants", typeCode: 8 }],
  ] as const)("READ RESERVATION of type %s", async (type, expected) => {
    await disk.reserve({ key: HIGH, type });
    expect(await disk.readReservation()).toEqual({ type, scope: 0, prGeneration: 8, truncated: false, ...expected });
  });

  test("READ RESERVATION where there is none", async () => {
    await disk.clear({ key: HIGH });
    expect(await disk.readReservation()).toEqual({ holder: "none", prGeneration: 8, truncated: false });
  });

  const failing = (result: number): Promise<unknown> =>
    disk.clear({ key: HIGH | BigInt.asUintN(32, BigInt(result)) }).then(
      () => expect.fail("it succeeded"),
      (error: unknown) => error,
    );

  test.each([
    [0x18, "RESERVATION_CONFLICT", "yes"],
    [0x118, "RESERVATION_CONFLICT", "yes"],
    [2, "NO_SENSE", "unknown"],
    [0x0802_0002, "NO_SENSE", "unknown"],
    [0x10000, "CONNECTION_LOST", "unknown"],
    [0xe0000, "CONNECTION_LOST", "unknown"],
    [0xf0000, "CONNECTION_LOST", "unknown"],
    [0x08, "UNEXPECTED_STATUS", "unknown"],
    [-22, "ILLEGAL_REQUEST", "yes"],
    [-95, "UNSUITABLE_DEVICE", "no"],
    [-25, "UNSUITABLE_DEVICE", "no"],
    [-5, "CONNECTION_LOST", "unknown"],
  ])("result %i is %s, delivered %s", async (result, code, delivered) => {
    expect(await failing(result)).toMatchObject({ code, delivered });
  });

  test("without the right to it on a file for reading, one for writing is tried", async () => {
    expect(await failing(-1)).toMatchObject({ code: "PERMISSION_DENIED", delivered: "no" });
    expect((await given()).writing).toBe(true);
  });

  test("arguments are checked before anything is sent", async () => {
    await disk.clear({ key: HIGH });
    await expect(disk.reserve({ key: 0n, type: "write-exclusive" })).rejects.toThrow(RangeError);
    await expect(disk.reserve({ key: 1n, type: "shared" as never })).rejects.toThrow(RangeError);
    await expect(disk.preempt({ key: 1n, victimKey: -1n, type: "write-exclusive" })).rejects.toThrow(RangeError);
    await expect(disk.register({ newKey: 1 as never })).rejects.toThrow(TypeError);
    expect(await given()).toMatchObject({ words: [HIGH, 0n, 0n], number: 205 });
  });
});

test("PR_STS_* of linux/pr.h are understood of an NVMe namespace too", () => {
  for (const path of [0x10000, 0xe0000, 0xf0000]) {
    expect(kernelFailure({ ...node, kind: "nvme" }, "RESERVE", path)).toMatchObject({
      code: "CONNECTION_LOST",
      delivered: "unknown",
    });
  }
  // PR_STS_IOERR: until Linux 6.4 it would have been INVALID_FIELD, but for the bit that says not to retry.
  expect(kernelFailure({ ...node, kind: "nvme" }, "RESERVE", 2)).toMatchObject({
    code: "UNEXPECTED_STATUS",
    delivered: "unknown",
  });
});

test("NVMe's own status for a conflict is one", () => {
  const error = kernelFailure({ ...node, kind: "nvme" }, "RESERVE", 0x4083);
  expect(isScsiError(error) && error.code).toBe("RESERVATION_CONFLICT");
  expect(kernelFailure({ ...node, kind: "nvme" }, "RESERVE", 0x4006).code).toBe("UNEXPECTED_STATUS");
  for (const rejected of [0x4001, 0x4002, 0x400b, 0x4180]) {
    expect(kernelFailure({ ...node, kind: "nvme" }, "RESERVE", rejected).code).toBe("ILLEGAL_REQUEST");
  }
});

/** The kernel's own reservations, on a disk and on a multipath mapping, with SG_IO and sg_persist looking on. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isScsiError, type LogicalUnit, reservationTypeNames, reservationTypes } from "../../src/index.ts";
import { type KernelReservations, listDevices, openKernelReservations } from "../../transports/sg/index.ts";
import { sgPersistIn } from "./sg-persist.ts";
import { attentions, clean, connect, mapping, namespace, unitAt, units } from "./units.ts";

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (error: unknown) => (isScsiError(error) ? error.code : String(error)),
  );

describe("on a disk", () => {
  let ours: KernelReservations;
  let theirs: KernelReservations;
  let a: LogicalUnit;
  let b: LogicalUnit;

  beforeEach(async () => {
    [a, b] = [await unitAt(units.A1.sg), await unitAt(units.B.sg)];
    await clean(a, b);
    [ours, theirs] = [await openKernelReservations(units.A1.sd), await openKernelReservations(units.B.sd)];
    return async () => {
      await clean(a, b);
      for (const each of [ours, theirs, a, b]) await each[Symbol.asyncDispose]();
    };
  });

  test.each(reservationTypeNames)("%s: taken, respected, given up, as SG_IO and sg_persist see it", async (type) => {
    await ours.register({ newKey: 0x11n });
    await theirs.register({ newKey: 0x22n });
    expect((await b.readKeys()).keys).toEqual([0x11n, 0x22n]);
    await ours.reserve({ key: 0x11n, type });
    expect(await b.readReservation()).toMatchObject({ type, typeCode: reservationTypes[type] });
    expect((await sgPersistIn(units.B, "--read-reservation"))[21]).toBe(reservationTypes[type]);
    const other = type === "write-exclusive" ? "exclusive-access" : "write-exclusive";
    expect(await code(theirs.reserve({ key: 0x22n, type: other }))).toBe("RESERVATION_CONFLICT");
    expect(await code(theirs.register({ key: 0x99n, newKey: 0x33n }))).toBe("RESERVATION_CONFLICT");
    await ours.release({ key: 0x11n, type });
    await attentions(b);
    expect((await b.readReservation()).holder).toBe("none");
  });

  test("PREEMPT takes the victim's place; the key of the caller comes first", async () => {
    await ours.register({ newKey: 0x11n });
    await theirs.register({ newKey: 0x22n });
    await ours.reserve({ key: 0x11n, type: "write-exclusive" });
    await theirs.preempt({ key: 0x22n, victimKey: 0x11n, type: "exclusive-access" });
    expect(await b.readReservation()).toMatchObject({ key: 0x22n, type: "exclusive-access" });
    expect((await b.readKeys()).keys).toEqual([0x22n]);
    // The victim is told; the kernel of 6.1 does not say so, only that something was wrong.
    expect(await code(ours.register({ newKey: 0x11n }))).toBe("NO_SENSE");
    expect(await code(ours.register({ newKey: 0x11n }))).toBe("done");
    await theirs.clear({ key: 0x22n });
    expect((await b.readKeys()).keys).toEqual([]);
  });

  test("a key is changed by its owner, replaced whatever it was, and taken away", async () => {
    await ours.register({ newKey: 0x11n });
    await ours.register({ key: 0x11n, newKey: 0x12n });
    await ours.registerAndIgnoreExistingKey({ newKey: 0x13n });
    expect((await b.readKeys()).keys).toEqual([0x13n]);
    // The kernel always asks for persistence through power loss.
    expect(await b.reportCapabilities()).toMatchObject({ persistThroughPowerLossActive: true });
    await ours.register({ key: 0x13n, newKey: 0n });
    expect((await b.readKeys()).keys).toEqual([]);
  });

  test("this kernel cannot read keys, and that is said", async () => {
    await expect(ours.readKeys()).rejects.toMatchObject({ code: "UNSUITABLE_DEVICE", delivered: "no" });
    await expect(ours.readReservation()).rejects.toThrow(/only since Linux 6\.19/);
  });
});

test("a disk without PERSISTENT RESERVE", async () => {
  await using disk = await openKernelReservations(units.DEBUG.sd);
  expect(await code(disk.register({ newKey: 1n }))).toMatch(/^(NO_SENSE|ILLEGAL_REQUEST)$/);
});

test("an NVMe namespace: it is asked in its own words; nvmet of Linux 6.1 has no reservations, and SG_IO is refused with advice", async () => {
  await using disk = await openKernelReservations(namespace);
  const refusals = [
    disk.register({ newKey: 1n }),
    disk.reserve({ key: 1n, type: "write-exclusive" }),
    disk.preemptAndAbort({ key: 1n, victimKey: 2n, type: "exclusive-access" }),
    disk.clear({ key: 1n }),
  ];
  for (const refusal of refusals) expect(await code(refusal)).toBe("ILLEGAL_REQUEST");
  expect(await code(disk.readKeys())).toBe("UNSUITABLE_DEVICE");
  await using transport = await connect(namespace);
  const refused = transport.execute({ cdb: new Uint8Array(6), dataInLength: 0 });
  await expect(refused).rejects.toMatchObject({ code: "UNSUITABLE_DEVICE", delivered: "no" });
  await expect(refused).rejects.toThrow(/openKernelReservations/);
});

describe("on a multipath mapping", () => {
  let paths: LogicalUnit[];
  beforeEach(async () => {
    paths = [await unitAt(units.MULTI_1.sg), await unitAt(units.MULTI_2.sg)];
    await clean(...paths);
  });
  afterEach(async () => {
    await clean(...paths);
    for (const each of paths) await each[Symbol.asyncDispose]();
  });

  test("a registration is made on every path, a reservation once", async () => {
    await using disk = await openKernelReservations(mapping);
    await disk.register({ newKey: 0x44n });
    expect((await (paths[0] as LogicalUnit).readKeys()).keys).toEqual([0x44n, 0x44n]);
    // Of the other types release is a unit attention for the second path, over which Linux 6.1 stumbles.
    await disk.reserve({ key: 0x44n, type: "write-exclusive" });
    expect(await (paths[1] as LogicalUnit).readReservation()).toMatchObject({
      key: 0x44n,
      type: "write-exclusive",
    });
    await disk.release({ key: 0x44n, type: "write-exclusive" });
    for (const path of paths) await attentions(path);
    expect((await (paths[0] as LogicalUnit).readReservation()).holder).toBe("none");
  });

  test("it is what the unit's identity means, and where udev's links lead", async () => {
    const unit = (await listDevices()).find(({ multipath }) => multipath?.node === mapping);
    await using disk = await openKernelReservations(unit?.identity as string);
    expect(disk.name).toBe(mapping);
    expect(unit?.links.filter((name) => name.startsWith("/dev/disk/by-id/"))).not.toEqual([]);
  });

  test("SG_IO reaches the unit through it too", async () => {
    const unit = await unitAt(mapping);
    await attentions(unit);
    expect(await unit.readKeys()).toMatchObject({ keys: [] });
    await unit[Symbol.asyncDispose]();
  });
});

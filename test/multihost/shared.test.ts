/** Disks that several hosts share: every call of the manual with its lists and its errors, and the rule against mixing. */
import { describe, expect, test } from "vitest";
import {
  accessStatus,
  clearShared,
  inKeys,
  inReservations,
  mhd,
  preemptAndAbortShared,
  preemptShared,
  quickReserve,
  registerHost,
  registerHostAndIgnoreKey,
  releaseOwnership,
  reserveShared,
  type ScsiRequest,
  takeOwnership,
} from "../../src/index.ts";
import { createWorld, failure, settle, type World } from "./world.ts";

const quick = { minimumOwnershipDelayMs: 40, maximumOwnershipDelayMs: 400, reinstate: false };
const WERO = "write-exclusive-registrants-only";

async function registered(world: World, ...names: string[]) {
  return Promise.all(
    names.map(async (name, index) => {
      const disk = world.disk(name);
      await registerHost(disk, { oldKey: 0n, newKey: BigInt(0x11 * (index + 1)), aptpl: true });
      return disk;
    }),
  );
}

describe("lists", () => {
  test("of keys: the room, the number that exist, the smaller of both, the generation", async () => {
    const world = createWorld();
    const disks = await registered(world, "a", "b", "c");
    const disk = disks[0] as NonNullable<(typeof disks)[0]>;
    for (const [listSize, list] of [
      [0, []],
      [1, [0x11n]],
      [2, [0x11n, 0x22n]],
      [3, [0x11n, 0x22n, 0x33n]],
      [50, [0x11n, 0x22n, 0x33n]],
      [100_000, [0x11n, 0x22n, 0x33n]],
    ] as const) {
      expect(await inKeys(disk, { listSize })).toEqual({ generation: 3, listSize, listLength: 3, list });
    }
    await expect(inKeys(disk, { listSize: -1 })).rejects.toThrow(RangeError);
  });

  test("ask with the caller's room and no more, and once", async () => {
    const world = createWorld();
    const [a] = await registered(world, "a", "b", "c");
    const seen: number[] = [];
    world.unit.hooks.push({ before: ({ dataInLength }: ScsiRequest) => void seen.push(dataInLength) });
    await inKeys(a as NonNullable<typeof a>, { listSize: 2 });
    await inReservations(a as NonNullable<typeof a>, { listSize: 0 });
    expect(seen).toEqual([8 + 2 * 8, 8]);
  });

  test("of reservations: none, or one with key, type and scope; key 0 where all registrants hold", async () => {
    const world = createWorld();
    const [a, b] = (await registered(world, "a", "b")) as [ReturnType<World["disk"]>, ReturnType<World["disk"]>];
    expect(await inReservations(b, { listSize: 4 })).toEqual({ generation: 2, listSize: 4, listLength: 0, list: [] });
    await reserveShared(a, { key: 0x11n, type: WERO, scope: 0 });
    const one = { key: 0x11n, type: WERO, typeCode: 5, scope: 0, scopeSpecificAddress: 0 };
    expect(await inReservations(b, { listSize: 4 })).toEqual({
      generation: 2,
      listSize: 4,
      listLength: 1,
      list: [one],
    });
    expect(await inReservations(b, { listSize: 0 })).toEqual({ generation: 2, listSize: 0, listLength: 1, list: [] });
    await preemptShared(b, {
      reservation: { key: 0x22n, type: "exclusive-access-all-registrants" },
      victimKey: 0x11n,
    });
    expect((await inReservations(b, { listSize: 1 })).list).toMatchObject([{ key: 0n, typeCode: 8 }]);
  });
});

describe("calls", () => {
  test("register, change the key, unregister; EACCES for a wrong old key", async () => {
    const world = createWorld();
    const a = world.disk("a");
    await registerHost(a, { oldKey: 0n, newKey: 1n, aptpl: true });
    expect(await a.unit.reportCapabilities()).toMatchObject({ persistThroughPowerLossActive: true });
    await registerHost(a, { oldKey: 1n, newKey: 2n, aptpl: false });
    expect(await a.unit.reportCapabilities()).toMatchObject({ persistThroughPowerLossActive: false });
    expect(await failure(registerHost(a, { oldKey: 1n, newKey: 3n, aptpl: false }))).toMatchObject({
      code: "RESERVATION_CONFLICT",
      errno: "EACCES",
      status: 0x18,
    });
    await registerHostAndIgnoreKey(a, { newKey: 4n, aptpl: false });
    expect((await inKeys(a, { listSize: 9 })).list).toEqual([4n]);
    await registerHost(a, { oldKey: 4n, newKey: 0n, aptpl: false });
    expect(await inKeys(a, { listSize: 9 })).toMatchObject({ listLength: 0, list: [] });
    expect(a.shared).toBeUndefined();
  });

  test("reserve: EACCES while another holds, ENOTSUP for a scope that the disk does not have", async () => {
    const world = createWorld();
    const [a, b] = (await registered(world, "a", "b")) as [ReturnType<World["disk"]>, ReturnType<World["disk"]>];
    // Scope is honoured: it is on the wire, and the disk judges it.
    const scopes: number[] = [];
    world.unit.hooks.push({
      before: ({ cdb }) => void (cdb[0] === 0x5f && scopes.push((cdb[2] as number) >> 4)),
    });
    expect(await failure(reserveShared(a, { key: 0x11n, type: "write-exclusive", scope: 2 }))).toMatchObject({
      code: "ILLEGAL_REQUEST",
      errno: "ENOTSUP",
      field: { name: "SCOPE" },
    });
    await reserveShared(a, { key: 0x11n, type: "write-exclusive" });
    expect(await failure(reserveShared(b, { key: 0x22n, type: "write-exclusive" }))).toMatchObject({ errno: "EACCES" });
    expect(await failure(reserveShared(a, { key: 0x99n, type: "write-exclusive" }))).toMatchObject({ errno: "EACCES" });
    expect(scopes).toEqual([2, 0, 0, 0]);
    await expect(reserveShared(a, { key: 1n, type: "write-exclusive", scope: 16 })).rejects.toThrow(RangeError);
  });

  test("PREEMPT, which the manual says is not implemented, and PREEMPT AND ABORT", async () => {
    const world = createWorld();
    const [a, b] = (await registered(world, "a", "b")) as [ReturnType<World["disk"]>, ReturnType<World["disk"]>];
    await reserveShared(a, { key: 0x11n, type: "write-exclusive" });
    await preemptShared(b, { reservation: { key: 0x22n, type: "write-exclusive" }, victimKey: 0x11n });
    expect(await inKeys(b, { listSize: 9 })).toMatchObject({ list: [0x22n] });
    await settle(a.unit);
    await registerHost(a, { oldKey: 0n, newKey: 0x11n, aptpl: true });
    expect(
      await failure(preemptAndAbortShared(a, { reservation: { key: 0x99n, type: WERO }, victimKey: 0x22n })),
    ).toMatchObject({ errno: "EACCES" });
    await preemptAndAbortShared(a, { reservation: { key: 0x11n, type: WERO }, victimKey: 0x22n });
    expect((await inReservations(a, { listSize: 1 })).list).toMatchObject([{ key: 0x11n, type: WERO }]);
    await settle(b.unit);
    expect(await accessStatus(b)).toMatchObject({ access: false });
    expect(await accessStatus(a)).toMatchObject({ access: true });
  });

  test("clear: EACCES for one who is not registered", async () => {
    const world = createWorld();
    const [a] = (await registered(world, "a", "b")) as [ReturnType<World["disk"]>];
    expect(await failure(clearShared(world.disk("c"), { key: 0x11n }))).toMatchObject({ errno: "EACCES" });
    await clearShared(a, { key: 0x11n });
    expect(await inKeys(a, { listSize: 1 })).toMatchObject({ listLength: 0, generation: 3 });
  });

  test("status: every type, registered and not, holder and not", async () => {
    const world = createWorld();
    const [a, b] = (await registered(world, "a", "b")) as [ReturnType<World["disk"]>, ReturnType<World["disk"]>];
    const c = world.disk("c");
    for (const [type, others] of [
      ["write-exclusive", false],
      ["exclusive-access", false],
      ["write-exclusive-registrants-only", true],
      ["exclusive-access-registrants-only", true],
      ["write-exclusive-all-registrants", true],
      ["exclusive-access-all-registrants", true],
    ] as const) {
      await settle(a.unit, b.unit, c.unit);
      expect(await accessStatus(c)).toMatchObject({ access: true });
      await reserveShared(a, { key: 0x11n, type });
      expect((await accessStatus(a)).access, type).toBe(true);
      expect((await accessStatus(b)).access, type).toBe(others);
      expect((await accessStatus(c)).access, type).toBe(false);
      expect((await accessStatus(world.disk("c"), { key: 0x22n })).access, type).toBe(others);
      await a.unit.release({ key: 0x11n, type });
    }
  });
});

describe("the two families are not mixed", () => {
  test("on a disk that this host has by RESERVE nothing is registered", async () => {
    const world = createWorld();
    const a = world.disk("a");
    await quickReserve(a);
    const error = await failure(registerHost(a, { oldKey: 0n, newKey: 1n, aptpl: true }));
    expect(error).toMatchObject({ code: "FAMILIES_MIXED", errno: "ENOTSUP", delivered: "no" });
    expect(error.message).toMatch(
      /^Cannot REGISTER: this host has the disk by RESERVE; release it first\. SCSI does not permit/,
    );
    await releaseOwnership(a);
    await registerHost(a, { oldKey: 0n, newKey: 1n, aptpl: true });
  });

  test("on a disk where this host is registered nothing is reserved by RESERVE", async () => {
    const world = createWorld();
    const [a] = (await registered(world, "a")) as [ReturnType<World["disk"]>];
    for (const call of [quickReserve, takeOwnership, releaseOwnership]) {
      expect(await failure(call(a))).toMatchObject({ code: "FAMILIES_MIXED", errno: "ENOTSUP" });
    }
    // PERSISTENT RESERVE IN only asks.
    expect(await inKeys(a, { listSize: 1 })).toMatchObject({ listLength: 1 });
  });

  test("nor where other hosts are registered: the disk is asked", async () => {
    const world = createWorld();
    await registered(world, "a", "b");
    const error = await failure(takeOwnership(world.disk("c"), quick));
    expect(error).toMatchObject({ code: "FAMILIES_MIXED", delivered: "no" });
    expect(error.message).toContain("hosts are registered on it, with 0x11, 0x22");
    // Quick reserve is one RESERVE, simply and only: there the disk itself says no.
    expect(await failure(quickReserve(world.disk("c")))).toMatchObject({ errno: "EACCES" });
  });

  test("PERSISTENT RESERVE IN is never refused here, though the disk may", async () => {
    const world = createWorld();
    const a = world.disk("a");
    await quickReserve(a);
    expect(await failure(inKeys(a, { listSize: 1 }))).toMatchObject({ code: "RESERVATION_CONFLICT", errno: "EACCES" });
  });
});

test("the manual's names: every call, with its structures", async () => {
  const world = createWorld();
  const [a, b] = [world.host("a"), world.host("b")];
  await mhd.MHIOCQRESERVE(a);
  expect([await mhd.MHIOCSTATUS(a), await mhd.MHIOCSTATUS(b)]).toEqual([0, 1]);
  expect(await failure(mhd.MHIOCGRP_REGISTER(a, { oldkey: 0n, newkey: 1n, aptpl: true }))).toMatchObject({
    code: "FAMILIES_MIXED",
  });
  await mhd.MHIOCRELEASE(a);
  const owned = await mhd.MHIOCTKOWN(a, {
    reinstate_resv_delay: 50,
    min_ownership_delay: 40,
    max_ownership_delay: 400,
  });
  expect(owned.tookMs).toBeGreaterThanOrEqual(40);
  await mhd.MHIOCRELEASE(a);

  await mhd.MHIOCGRP_REGISTER(a, { oldkey: 0n, newkey: 0xan, aptpl: true });
  await mhd.MHIOCGRP_REGISTERANDIGNOREKEY(b, { newkey: 0xbn, aptpl: true });
  const k = { generation: 0, li: { listsize: 1, listlen: 0, list: [] as bigint[] } };
  await mhd.MHIOCGRP_INKEYS(a, k);
  expect(k).toEqual({ generation: 2, li: { listsize: 1, listlen: 2, list: [0xan] } });
  await mhd.MHIOCGRP_RESERVE(a, { key: 0xan, type: WERO, scope: 0, scope_specific_addr: 0 });
  const r: mhd.mhioc_inresvs_t = { generation: 0, li: { listsize: 1, listlen: 0, list: [] } };
  await mhd.MHIOCGRP_INRESV(b, r);
  expect(r.li).toMatchObject({ listlen: 1, list: [{ key: 0xan, type: WERO, scope: 0 }] });
  await mhd.MHIOCGRP_PREEMPT(a, { resvdesc: { key: 0xan, type: WERO }, victim_key: 0xbn });
  await settle(b);
  await mhd.MHIOCGRP_REGISTER(b, { oldkey: 0n, newkey: 0xbn, aptpl: true });
  await mhd.MHIOCGRP_PREEMPTANDABORT(b, { resvdesc: { key: 0xbn, type: WERO }, victim_key: 0xan });
  expect([await mhd.MHIOCSTATUS(b), await mhd.MHIOCSTATUS(a)]).toEqual([0, 1]);
  await mhd.MHIOCGRP_CLEAR(b, 0xbn);
  await settle(a);
  expect(await mhd.MHIOCSTATUS(a)).toBe(0);
});

/** Disks that one host uses at a time: every call, every documented error, and what becomes of a host that dies half way. */
import { describe, expect, test } from "vitest";
import {
  accessStatus,
  createLogicalUnit,
  createMultihostDisk,
  type OwnershipStep,
  persistentSupport,
  quickReserve,
  registerHost,
  releaseOwnership,
  type ScsiRequest,
  type Transport,
  takeOwnership,
  transportError,
} from "../../src/index.ts";
import { createWorld, failure, refuse, settle, type World } from "./world.ts";

const quick = { minimumOwnershipDelayMs: 100, maximumOwnershipDelayMs: 1000, reinstateDelayMs: 50 };

describe("take ownership", () => {
  test("of a free disk takes the minimum ownership delay, and shuts the other host out", async () => {
    const world = createWorld();
    const [a, b] = [world.disk("a"), world.disk("b")];
    const ownership = await world.settled(takeOwnership(a));
    expect(ownership).toMatchObject({ reset: undefined, lostToResets: 0 });
    expect(ownership.tookMs).toBeGreaterThanOrEqual(6000);
    expect(ownership.tookMs).toBeLessThanOrEqual(6500);
    expect(a.reserved).toBe("owned");
    expect(await failure(quickReserve(b))).toMatchObject({
      code: "RESERVATION_CONFLICT",
      errno: "EACCES",
      status: 0x18,
    });
    expect(await accessStatus(a)).toMatchObject({ access: true });
    expect(await accessStatus(b)).toMatchObject({ access: false });
    await releaseOwnership(a);
    expect(a.reserved).toBe("no");
    expect(await accessStatus(b)).toMatchObject({ access: true });
    expect(world.clock.idle).toBe(true);
  });

  test("from a live owner, who notices", async () => {
    const world = createWorld();
    const [a, b] = [world.disk("a"), world.disk("b")];
    await quickReserve(a);
    const steps: OwnershipStep[] = [];
    const ownership = await world.settled(takeOwnership(b, { ...quick, observer: (step) => steps.push(step) }));
    expect(ownership.reset).toBe("logical-unit");
    expect(steps.slice(0, 3)).toEqual([
      { step: "reserve", result: "conflict" },
      { step: "reset", scope: "logical-unit", result: "good" },
      { step: "reserve", result: "good" },
    ]);
    await settle(a.unit);
    expect(await accessStatus(a)).toMatchObject({ access: false });
    expect(await failure(a.unit.read10({ lba: 0, blocks: 1 }))).toMatchObject({
      code: "RESERVATION_CONFLICT",
    });
    await releaseOwnership(b);
  });

  test.each([
    ["target", ["logical-unit"]],
    ["bus", ["logical-unit", "target"]],
  ] as const)("by a reset of the %s where narrower ones cannot be made", async (scope, missing) => {
    const world = createWorld();
    const [a, b] = [world.disk("a"), world.disk("b")];
    await quickReserve(a);
    const can: Transport = {
      ...b.unit.transport,
      reset: (which, options) =>
        (missing as readonly string[]).includes(which)
          ? Promise.reject(transportError("TASK_MANAGEMENT_FAILED", "no", `no reset of the ${which}`))
          : (b.unit.transport.reset as NonNullable<Transport["reset"]>)(which, options),
    };
    const disk = createMultihostDisk(createLogicalUnit(can), { clock: world.clock });
    expect(await world.settled(takeOwnership(disk, quick))).toMatchObject({ reset: scope });
    await releaseOwnership(disk);
  });

  test("EIO if the transport can reset nothing, and the owner stays", async () => {
    const world = createWorld();
    const [a, b] = [world.disk("a"), world.disk("b")];
    await quickReserve(a);
    const { reset: _, ...without } = b.unit.transport;
    const disk = createMultihostDisk(createLogicalUnit(without), { clock: world.clock });
    const error = await failure(world.settled(takeOwnership(disk, quick)));
    expect(error).toMatchObject({ code: "RESERVATION_CONFLICT", errno: "EIO", status: 0x18 });
    expect(error.message).toContain("no reset could be made");
    expect(await accessStatus(a)).toMatchObject({ access: true });
  });

  test("EACCES if the other host reserves again after every reset", async () => {
    const world = createWorld();
    const [a, b] = [world.disk("a"), world.disk("b")];
    await quickReserve(a);
    const { transport } = b.unit;
    const contested: Transport = {
      ...transport,
      async reset(scope, options) {
        await transport.reset?.(scope, options);
        await quickReserve(a);
      },
    };
    const disk = createMultihostDisk(createLogicalUnit(contested), { clock: world.clock });
    expect(await failure(world.settled(takeOwnership(disk, quick)))).toMatchObject({ errno: "EACCES" });
    expect(await accessStatus(a)).toMatchObject({ access: true });
  });

  test("EACCES if another host takes the disk while it is being held", async () => {
    const world = createWorld();
    const [a, b] = [world.disk("a"), world.disk("b")];
    const taking = takeOwnership(a, { minimumOwnershipDelayMs: 1000, maximumOwnershipDelayMs: 5000 });
    await world.clock.advance(300);
    world.target.reset("target");
    await quickReserve(b);
    expect(await failure(world.settled(taking))).toMatchObject({ code: "RESERVATION_CONFLICT", errno: "EACCES" });
    expect(a.reserved).toBe("no");
    expect(await accessStatus(b)).toMatchObject({ access: true });
  });

  test("counts from the beginning when a third resets the disk, and gives up at the maximum", async () => {
    const world = createWorld();
    const a = world.disk("a");
    const taking = world.settled(
      takeOwnership(a, { ...quick, minimumOwnershipDelayMs: 400, maximumOwnershipDelayMs: 2000 }),
    );
    await world.clock.advance(250);
    world.target.reset("bus");
    const ownership = await taking;
    expect(ownership.lostToResets).toBe(1);
    expect(ownership.tookMs).toBeGreaterThanOrEqual(650);
    await releaseOwnership(a);

    const again = takeOwnership(a, { ...quick, minimumOwnershipDelayMs: 400, maximumOwnershipDelayMs: 2000 });
    again.catch(() => undefined);
    for (let i = 0; i < 12; i++) {
      await world.clock.advance(200);
      world.target.reset("target");
    }
    const error = await failure(world.settled(again));
    expect(error).toMatchObject({ errno: "EACCES" });
    expect(error.message).toContain("has not stood for 400 ms within 2000 ms");
  });

  test("reinstates after resets until it is released, and no longer", async () => {
    const world = createWorld();
    const [a, b] = [world.disk("a"), world.disk("b")];
    await world.settled(takeOwnership(a, quick));
    for (const scope of ["logical-unit", "target", "bus"] as const) {
      world.target.reset(scope);
      await world.clock.advance(60);
      await settle(b.unit);
      expect(await failure(quickReserve(b))).toMatchObject({ errno: "EACCES" });
    }
    world.target.powerCycle();
    await world.clock.advance(60);
    expect(await failure(quickReserve(b))).toMatchObject({ errno: "EACCES" });
    await releaseOwnership(a);
    world.target.reset("target");
    await world.clock.advance(500);
    await quickReserve(b);
  });

  test("does not reinstate a quick reserve", async () => {
    const world = createWorld();
    const [a, b] = [world.disk("a"), world.disk("b")];
    await quickReserve(a);
    world.target.reset("target");
    await world.clock.advance(20_000);
    await quickReserve(b);
    // But take ownership afterwards does, as the manual says: it first takes the disk back, from b.
    expect(await world.settled(takeOwnership(a, quick))).toMatchObject({ reset: "logical-unit" });
    await releaseOwnership(a);
  });

  test("the delays are those of each disk", async () => {
    const world = createWorld();
    const other = createWorld();
    const [a, c] = [world.disk("a"), other.disk("a")];
    await world.settled(takeOwnership(a, { ...quick, reinstateDelayMs: 5000 }));
    await other.settled(takeOwnership(c, { ...quick, reinstateDelayMs: 20 }));
    world.target.reset("target");
    other.target.reset("target");
    await other.clock.advance(30);
    await world.clock.advance(30);
    expect(await failure(quickReserve(other.disk("b")))).toMatchObject({ errno: "EACCES" });
    await quickReserve(world.disk("b"));
    await Promise.all([releaseOwnership(a), releaseOwnership(c)]);
  });

  test("refuses delays that cannot be, and stops when it is told to", async () => {
    const world = createWorld();
    const a = world.disk("a");
    await expect(takeOwnership(a, { minimumOwnershipDelayMs: -1 })).rejects.toThrow(RangeError);
    await expect(takeOwnership(a, { minimumOwnershipDelayMs: 10, maximumOwnershipDelayMs: 5 })).rejects.toThrow(
      /below/,
    );
    const controller = new AbortController();
    const taking = takeOwnership(a, { ...quick, signal: controller.signal });
    await world.clock.advance(30);
    controller.abort();
    expect(await failure(taking)).toMatchObject({ code: "ABORTED" });
  });
});

describe("release", () => {
  test("by a host that does not have the disk has no effect", async () => {
    const world = createWorld();
    const [a, b] = [world.disk("a"), world.disk("b")];
    await quickReserve(a);
    await releaseOwnership(b);
    expect(await accessStatus(b)).toMatchObject({ access: false });
  });

  test("that fails leaves the disk with this host", async () => {
    const world = createWorld();
    const a = world.disk("a");
    await quickReserve(a);
    world.unit.hooks.push({ before: () => Promise.reject(transportError("PERMISSION_DENIED", "no", "not root")) });
    expect(await failure(releaseOwnership(a))).toMatchObject({ errno: "EPERM" });
    expect(a.reserved).toBe("quick");
  });
});

describe("devices that are not so", () => {
  test("without RESERVE (6) are given RESERVE (10), with neither it is ENOTSUP", async () => {
    const world = createWorld();
    refuse(world.unit, 0x16, 0x17);
    const a = world.disk("a");
    await quickReserve(a);
    expect(a.longForm).toBe(true);
    await releaseOwnership(a);
    refuse(world.unit, 0x56);
    expect(await failure(quickReserve(a))).toMatchObject({ code: "ILLEGAL_REQUEST", errno: "ENOTSUP", status: 2 });
    expect(await failure(takeOwnership(a))).toMatchObject({ errno: "ENOTSUP", sense: { asc: 0x20 } });
  });

  test("without PERSISTENT RESERVE are owned all the same; support is found the documented way", async () => {
    const world = createWorld();
    const a = world.disk("a");
    expect(await persistentSupport(a)).toEqual({ persistent: true, keys: [] });
    await quickReserve(world.disk("b"));
    expect(await persistentSupport(a)).toEqual({ persistent: "reserved" });
    refuse(world.unit, 0x5e, 0x5f);
    expect(await persistentSupport(a)).toEqual({ persistent: false });
    await world.settled(takeOwnership(a, quick));
    expect(await accessStatus(a)).toMatchObject({ access: true });
    expect(await failure(registerHost(world.disk("c"), { oldKey: 0n, newKey: 1n, aptpl: false }))).toMatchObject({
      errno: "ENOTSUP",
    });
    await releaseOwnership(a);
  });

  test("that do not answer: status is EIO", async () => {
    const world = createWorld();
    world.unit.hooks.push({ before: () => Promise.reject(transportError("CONNECTION_LOST", "unknown", "gone")) });
    expect(await failure(accessStatus(world.disk("a")))).toMatchObject({ errno: "EIO", code: "CONNECTION_LOST" });
  });
});

describe("a host that dies while it takes a disk", () => {
  /** A way that ends for good after so many commands and resets: before the last one is executed, or after. */
  function mortal(transport: Transport, steps: number, last: "not-executed" | "executed"): Transport {
    let left = steps;
    const dead = () => transportError("CLOSED", "unknown", "the host has died");
    const step = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      left--;
      if (left < 0 || (left === 0 && last === "not-executed")) throw dead();
      const result = await work();
      if (left === 0) throw dead();
      return result;
    };
    return {
      ...transport,
      execute: (request: ScsiRequest, options) => step(() => transport.execute(request, options)),
      reset: (scope, options) => step(() => (transport.reset as NonNullable<Transport["reset"]>)(scope, options)),
    };
  }

  /** How many commands and resets a take-over has, if nothing happens to it. */
  async function stepsOf(prepare: (world: World) => Promise<void>): Promise<number> {
    const world = createWorld();
    await prepare(world);
    const { transport } = world.host("b");
    let steps = 0;
    const counting: Transport = {
      ...transport,
      execute: (request, options) => {
        steps++;
        return transport.execute(request, options);
      },
      reset: (scope, options) => {
        steps++;
        return (transport.reset as NonNullable<Transport["reset"]>)(scope, options);
      },
    };
    const disk = createMultihostDisk(createLogicalUnit(counting), { clock: world.clock });
    await world.settled(takeOwnership(disk, { ...quick, reinstate: false }));
    return steps;
  }

  const starts: [string, (world: World) => Promise<void>][] = [
    ["a free disk", async () => undefined],
    ["another host's", async (world) => quickReserve(world.disk("a"))],
    [
      "another host's, after a reset",
      async (world) => {
        world.target.reset("target");
        await quickReserve(world.disk("a"));
      },
    ],
  ];

  test.each(starts)("%s: after every single step the next call gets to the end", async (_name, prepare) => {
    const steps = await stepsOf(prepare);
    expect(steps).toBeGreaterThanOrEqual(6);
    for (let step = 1; step <= steps; step++) {
      for (const last of ["not-executed", "executed"] as const) {
        for (const nexusLost of [false, true]) {
          const world = createWorld();
          await prepare(world);
          const dying = createMultihostDisk(createLogicalUnit(mortal(world.host("b").transport, step, last)), {
            clock: world.clock,
          });
          const outcome = await world.settled(
            takeOwnership(dying, { ...quick, reinstate: false }).then(
              () => "done",
              () => "died",
            ),
          );
          expect(outcome).toBe("died");
          // A process that dies keeps its nexus over SG_IO, and loses it over iSCSI.
          if (nexusLost) world.unit.loseNexus({ initiatorPort: "iqn.2026-01.test:b,i,0x1" });
          const next = world.disk("b");
          await world.settled(takeOwnership(next, { ...quick, reinstate: false }));
          const where = `step ${step}, ${last}, nexus ${nexusLost ? "lost" : "kept"}`;
          await settle(world.disk("a").unit);
          expect(await accessStatus(world.disk("a")), where).toMatchObject({ access: false });
          expect(await accessStatus(next), where).toMatchObject({ access: true });
          // And a third host can take it from there.
          const third = world.disk("c");
          await world.settled(takeOwnership(third, { ...quick, reinstate: false }));
          expect(await accessStatus(third), where).toMatchObject({ access: true });
        }
      }
    }
  });
});

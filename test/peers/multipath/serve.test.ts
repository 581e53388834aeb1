/**
 * One unit through four sessions at a target of ours, over ways that are cut and mended while applications write and reservations
 * change. What is true is read from the served device server itself.
 */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commands, isScsiError, type MultipathUnit, open } from "../../../transports/index.ts";
import { type IscsiUnits, openIscsiUnits } from "../../../transports/iscsi/index.ts";
import { type ServedTargets, serve } from "../../../transports/serve.ts";
import { createRandom } from "../../../transports/simulated/random.ts";
import { openWay, type Way } from "./way.ts";

const TARGET = "iqn.2026-01.test:disk";
const US = "iqn.2026-01.test:us";
const PATHS = 4;
const D = 0xd1n;
const RO = "write-exclusive-registrants-only";

let served: ServedTargets;
let ways: Way[];
let found: IscsiUnits;
let unit: MultipathUnit;

beforeEach(async () => {
  const groups = Array.from({ length: PATHS }, (_, index) => ({ port: 0, portalGroupTag: index + 1 }));
  served = await serve({
    portals: groups,
    targets: [{ name: TARGET, units: [{ sizeBytes: 1 << 20 }, { sizeBytes: 1 << 20 }] }],
  });
  ways = await Promise.all(served.portals.map(({ port }) => openWay(port)));
  found = await openIscsiUnits({
    portals: ways.map(({ port }) => `iscsi://127.0.0.1:${port}/${TARGET}`),
    discovery: false,
    luns: [0],
    initiatorName: US,
    loginTimeoutMs: 2000,
    multipath: { deadlineMs: 20_000 },
  });
  unit = found.units[0] as MultipathUnit;
});

afterEach(async () => {
  await found[Symbol.asyncDispose]();
  await Promise.all(ways.map((way) => way[Symbol.asyncDispose]()));
  await served[Symbol.asyncDispose]();
});

/** The key of each path, as the device server has it. */
function keysOfPaths(): bigint[] {
  const registrations = served.unit(TARGET, 0)?.snapshot().registrations ?? [];
  return unit.paths.map(({ relativeTargetPort }) => {
    const own = registrations.filter(
      (each) => each.initiatorPort.startsWith(US) && each.relativeTargetPort === relativeTargetPort,
    );
    expect(own.length).toBeLessThan(2);
    return BigInt(own[0]?.key ?? 0);
  });
}
/** By relative target port: which way a path takes. */
const wayOf = (path: number): Way => ways[(unit.paths[path]?.relativeTargetPort ?? 0) - 1] as Way;
const othersKey = (): bigint =>
  BigInt(
    served
      .unit(TARGET, 0)
      ?.snapshot()
      .registrations.find((each) => !each.initiatorPort.startsWith(US))?.key ?? 0,
  );

test("discovery finds both units, each with a path through every portal, and session by session an ISID of its own", async () => {
  await using all = await openIscsiUnits({
    portals: [`iscsi://127.0.0.1:${served.portals[0]?.port}`, "iscsi://127.0.0.1:1"],
    initiatorName: US,
    sessions: 2,
  });
  expect(all.units.map(({ paths }) => paths.length)).toEqual([8, 8]);
  expect(all.refused).toMatchObject([{ path: "iscsi://127.0.0.1:1", error: { code: "CONNECTION_FAILED" } }]);
  const ports = all.units[0]?.paths.map(({ unit: way, relativeTargetPort }) => {
    const { initiatorPort } = way.transport;
    return `${initiatorPort?.protocol === "iscsi" ? initiatorPort.isid : ""} ${relativeTargetPort}`;
  });
  expect(new Set(ports).size).toBe(8);
  const sessions = new Set(served.sessions().map(({ isid }) => isid));
  // Two for each portal, and the four of the other tests' unit: units share sessions.
  expect(sessions.size).toBe(8 + PATHS);
  const [first, second] = all.units as [MultipathUnit, MultipathUnit];
  await first.register({ newKey: 0xa1n });
  expect(served.unit(TARGET, 0)?.snapshot().registrations).toHaveLength(8);
  expect(served.unit(TARGET, 1)?.snapshot().registrations).toHaveLength(0);
  await second[Symbol.asyncDispose]();
  await expect(first.testUnitReady()).resolves.toBeUndefined();
});

test("the README's example, with portals of its own", async () => {
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  const [, example] = /```js\n(await using found = await openIscsiUnits[\s\S]*?)```/.exec(readme) ?? [];
  expect(example).toContain("openIscsiUnits({ portals: [");
  const AsyncFunction = (async () => undefined).constructor as new (
    ...texts: string[]
  ) => (use: unknown) => Promise<void>;
  const run = new AsyncFunction("openIscsiUnits", (example ?? "").replace("await using found", "const found"));
  let opened: IscsiUnits | undefined;
  await run(async (options: Parameters<typeof openIscsiUnits>[0]) => {
    const portals = served.portals.slice(0, 2).map(({ port }) => ({ host: "127.0.0.1", port }));
    opened = await openIscsiUnits({ ...options, portals, initiatorName: `${US}3` });
    return opened;
  });
  expect(served.unit(TARGET, 0)?.snapshot().registrations).toHaveLength(2 * PATHS);
  await opened?.[Symbol.asyncDispose]();
});

test("the same ISIDs again after a restart: the registrations are still this host's", async () => {
  const options = { portals: [`iscsi://127.0.0.1:${served.portals[0]?.port}`], initiatorName: `${US}2`, luns: [0] };
  {
    await using before = await openIscsiUnits(options);
    await before.units[0]?.register({ newKey: 0xa5n });
  }
  await using after = await openIscsiUnits(options);
  const again = after.units[0] as MultipathUnit;
  await again.register({ key: 0xa5n, newKey: 0xa6n });
  const { registrations } = served.unit(TARGET, 0)?.snapshot() ?? { registrations: [] };
  expect(registrations.map(({ key }) => key)).toEqual(Array.from({ length: PATHS }, () => "0xa6"));
});

test("the holder's way is cut: RELEASE through another path, and the cut one finds itself wiped", async () => {
  await unit.register({ newKey: 0xa1n });
  await unit.reserve({ key: 0xa1n, type: "write-exclusive" });
  const holder = served.unit(TARGET, 0)?.snapshot().reservation?.holder;
  const port = served.unit(TARGET, 0)?.snapshot().registrations[holder ?? 0]?.relativeTargetPort;
  const path = unit.paths.findIndex(({ relativeTargetPort }) => relativeTargetPort === port);
  await wayOf(path).cut();
  await unit.release({ key: 0xa1n, type: "write-exclusive" });
  expect(served.unit(TARGET, 0)?.snapshot().reservation).toBeNull();
  expect(keysOfPaths()).toEqual(unit.paths.map((_, index) => (index === path ? 0n : 0xa1n)));
  await wayOf(path).mend();
  await expect(unit.pathReturned(unit.paths[path]?.name ?? "")).resolves.toBe("registered");
  expect(keysOfPaths()).toEqual(unit.paths.map(() => 0xa1n));
});

test.each([1, 2, 3])("cut and mended under load, seed %i", { timeout: 60_000 }, async (seed) => {
  const random = createRandom(seed);
  await using other = await open(served.url(TARGET, 0), { initiatorName: "iqn.2026-01.test:other" });
  await other.register({ newKey: D });
  const wrong: string[] = [];
  const seen = { changes: 0, failures: 0, writes: 0, cuts: 0, returned: 0 };
  let key = 0xa1n;
  await unit.register({ newKey: key });
  await unit.reserve({ key, type: RO });
  const until = performance.now() + 4000;
  const goesOn = (): boolean => performance.now() < until;
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  /** Applications write through whatever path there is. Nobody fences this host: a path that was never cut never conflicts. */
  async function writes(block: number): Promise<void> {
    const data = new Uint8Array(512).fill(block);
    const calm = ways.map(({ cuts }) => cuts);
    while (goesOn()) {
      try {
        await unit.perform(commands.write16({ lba: BigInt(block), data }));
        seen.writes++;
      } catch (error) {
        if (!isScsiError(error)) throw error;
        const [used] = error.attempts.slice(-1);
        if (error.code === "RESERVATION_CONFLICT" && ways.every(({ cuts }, index) => cuts === calm[index])) {
          wrong.push(`a write conflicts although no path was ever cut: ${used?.command}`);
        }
      }
      await pause(1);
    }
  }

  /** Ways are cut and mended, never all at once. */
  async function cuts(): Promise<void> {
    while (goesOn()) {
      await pause(20 + random.below(150));
      const up = ways.filter((way) => way.up);
      const down = ways.filter((way) => !way.up);
      if (down.length > 0 && (up.length < 2 || random.chance(0.5))) {
        const way = random.pick(down);
        await way.mend();
        const name = unit.paths.find((_, index) => wayOf(index) === way)?.name ?? "";
        await unit.pathReturned(name).then(
          (result) => {
            seen.returned++;
            if (result !== "registered") wrong.push(`${name} came back as ${result}, and nobody fenced this host`);
          },
          (error: unknown) => {
            if (!isScsiError(error)) throw error;
            if (error.code === "PREEMPTED_MEANWHILE") wrong.push(`${name} came back: ${error.message}`);
          },
        );
      } else {
        await random.pick(up).cut();
        seen.cuts++;
      }
    }
    for (const way of ways) await way.mend();
  }

  async function changes(): Promise<void> {
    for (let next = 0x1000n; goesOn(); next++) {
      const before = ways.map((way) => (way.up ? way.cuts : -1));
      const action = random.below(3);
      try {
        const { account } =
          action === 0
            ? await unit.perform(commands.register({ key, newKey: next }))
            : action === 1
              ? await unit.perform(commands.release({ key, type: RO }))
              : await unit.perform(commands.reserve({ key, type: RO }));
        if (action === 0) key = next;
        seen.changes++;
        const truth = keysOfPaths();
        for (const [path, { key: said }] of account.paths.entries()) {
          // A way that was there all the time is a live path, and REGISTER speaks for all of those.
          const way = wayOf(path);
          const alive = way.up && before[ways.indexOf(way)] === way.cuts;
          if (action === 0 && alive && truth[path] !== key)
            wrong.push(`success, but path ${path}, which lives, has ${truth[path]}`);
          if (said !== undefined && said !== truth[path]) {
            wrong.push(`path ${path} is said to have ${said}, and has ${truth[path]}`);
          }
        }
      } catch (error) {
        if (!isScsiError(error)) throw error;
        seen.failures++;
        if (error.code === "PREEMPTED_MEANWHILE" || error.code === "KEY_SHARED") wrong.push(error.message);
        // What was reached is not known from here: all paths are brought to one key again.
        if (action === 0) key = keysOfPaths().find((each) => each !== 0n) ?? key;
      }
      if (othersKey() !== D) wrong.push("the other host's registration is gone");
      await pause(5);
    }
  }

  await Promise.all([writes(1), writes(2), cuts(), changes()]);
  // All ways are mended: one more change reaches every path.
  await unit.registerAndIgnoreExistingKey({ newKey: 0xfen });
  expect(keysOfPaths()).toEqual(unit.paths.map(() => 0xfen));
  expect(wrong).toEqual([]);
  expect(othersKey()).toBe(D);
  expect(seen.changes).toBeGreaterThan(10);
  expect(seen.cuts).toBeGreaterThan(5);
  expect(seen.returned).toBeGreaterThan(3);
  expect(seen.writes).toBeGreaterThan(100);
});

/**
 * A target that does not tell which registration is whose: the answer of a REGISTER is lost, and another host fences this one before
 * the next path is through. Only PRGENERATION shows it. Nothing may stay registered, whatever else goes wrong meanwhile.
 */
import { describe, expect, test } from "vitest";
import { scenarios, tryOut } from "./scenarios.ts";
import { COMPETITOR, createWorld, type FaultName, K, N, type Planned } from "./world.ts";

const first: FaultName[] = ["competitor-preempts-new", "competitor-clears"];
const change: FaultName[] = ["competitor-preempts-old", "competitor-preempts-new", "competitor-clears"];
const cases = [
  ["register for the first time, ports unknown", first],
  ["register and ignore, ports unknown", first],
  ["change the key, ports unknown", change],
  ["change the key while holding, ports unknown", change],
] as const;

describe.each(cases)("%s", (name, competitors) => {
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);

  test.each(competitors)("the first path's answer is lost, then %s", async (competitor) => {
    const { wrong, succeeded, trace, idle } = await tryOut(scenario, 2, [
      [4, "lost-after-once"],
      [5, competitor],
    ]);
    expect(idle).toBe(false);
    expect(trace.slice(3, 5).map((each) => each.includes(" 5f/"))).toEqual([true, true]);
    expect(wrong).toEqual([]);
    expect(succeeded).toBe(false);
  });

  test("a lost answer alone is not taken for being fenced", async () => {
    const { wrong, succeeded } = await tryOut(scenario, 2, [[4, "lost-after-once"]]);
    expect(wrong).toEqual([]);
    expect(succeeded).toBe(true);
  });

  test("nor is another host that registers meanwhile", async () => {
    const { wrong, succeeded } = await tryOut(scenario, 2, [
      [4, "lost-after-once"],
      [5, "competitor-registers"],
    ]);
    expect(wrong).toEqual([]);
    expect(succeeded).toBe(true);
  });
});

/** The old key is fenced where a path that still has it tries again, and where the answer that would tell is lost. */
const races: readonly (readonly Planned[])[] = (
  [
    ["lost-before-once", 4],
    ["conflict-once", 4],
    ["lost-before-once", 5],
    ["conflict-once", 5],
  ] as const
)
  .map(([fault, at]): readonly Planned[] => [
    [at, fault],
    [9, "competitor-preempts-old"],
  ])
  .concat(
    [5, 6].flatMap((at) =>
      (["lost-after-once", "lost-after-for-good"] as const).map((fault): readonly Planned[] => [
        [5, "competitor-preempts-old"],
        [at, fault],
      ]),
    ),
  );

test.each(races)("the old key is pre-empted during a change: %j and %j", async (...faults) => {
  for (const name of ["change the key", "change the key while holding"]) {
    const scenario = scenarios.find((each) => each.name === `${name}, ports unknown`);
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
    const { wrong, succeeded } = await tryOut(scenario, 2, faults);
    expect(wrong).toEqual([]);
    expect(succeeded).toBe(false);
  }
});

test("the code says that this host was fenced, and no path is registered, under the new key or the old one", async () => {
  const world = createWorld({ paths: 3, anonymous: true, key: K, holds: false });
  world.as(COMPETITOR, 6, 0n, 0xc1n);
  for (const path of [0, 1, 2]) world.through(path, 6, 0n, K);
  world.arm([
    [4, "lost-after-once"],
    [5, "competitor-preempts-new"],
    [6, "lost-before-once"],
  ]);
  await expect(world.unit.register({ key: K, newKey: N })).rejects.toMatchObject({ code: "PREEMPTED_MEANWHILE" });
  expect(world.fencedAt).toBe(5);
  expect(world.truth().keys).toEqual([0n, 0n, 0n]);
});

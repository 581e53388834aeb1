/**
 * Every step of every algorithm interrupted by every fault, with two paths and with four; and two faults in one run, with two paths.
 * Here are some of them, always the same; `npm run test:interruptions` tries all.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { somePairs } from "./pairs.ts";
import { scenarios, tryOut } from "./scenarios.ts";
import { faultNames, type Planned } from "./world.ts";

const everySoManieth = process.env.INTERRUPTIONS === "all" ? 1 : 47;
const cases = scenarios.map((scenario, index) => [scenario.name, scenario, index] as const);

// Nobody reads the stacks of errors that are meant to be.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe.each([2, 4])("one fault, with %i paths", (paths) => {
  test.each(cases)("%s", async (_, scenario, offset) => {
    const calm = await tryOut(scenario, paths, []);
    expect(calm.wrong).toEqual([]);
    expect(calm.succeeded).toBe(true);
    const faults = Array.from({ length: calm.commands }, (_each, at) =>
      faultNames.map((fault): Planned => [at + 1, fault]),
    ).flat();
    const wrong: string[] = [];
    for (let at = offset % everySoManieth; at < faults.length; at += everySoManieth) {
      wrong.push(...(await tryOut(scenario, paths, [faults[at] as Planned])).wrong);
    }
    expect(wrong).toEqual([]);
  });
});

test.each(cases)("two faults, with two paths: %s", async (_, scenario, seed) => {
  expect(await somePairs(scenario, 6, seed)).toEqual([]);
});

/** Each is what one rule is there for: without it this goes wrong, and little else does. */
test.each<[rule: string, scenario: string, ...faults: Planned[]]>([
  ["what is taken back is tried again", "change the key", [5, "competitor-preempts-old"], [11, "lost-before-once"]],
  [
    "a path that lives and did not take it is looked at once more",
    "change the key",
    [4, "busy-for-good"],
    [86, "competitor-preempts-old"],
  ],
  [
    "PRGENERATION tells of a registration that was made and taken away unseen",
    "register for the first time",
    [4, "lost-after-once"],
    [5, "competitor-preempts-new"],
  ],
  [
    "a key that nobody has any more is not ignored",
    "change the key, ports unknown",
    [3, "competitor-preempts-old"],
    [10, "lost-after-once"],
  ],
  ["paths that were taken for dead are registered again", "release", [4, "lost-before-once"], [9, "lost-before-once"]],
  ["who is not registered has not released", "release", [3, "competitor-clears"], [9, "lost-after-once"]],
  [
    "a RELEASE that is settled by looking is looked at for a fence",
    "release of what a missing path holds",
    [26, "competitor-preempts-old"],
    [26, "lost-on-the-way-once"],
  ],
  [
    "the aborts of a PREEMPT AND ABORT cannot be seen",
    "preempt who does not hold, and abort",
    [2, "competitor-preempts-bystander"],
    [7, "lost-on-the-way-once"],
  ],
  [
    "PREEMPT of what missing paths have left is tried again",
    "unregister with a missing path registered",
    [11, "lost-before-once"],
  ],
])("%s (%s)", async (_, name, ...faults) => {
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  expect((await tryOut(scenario, 2, faults)).wrong).toEqual([]);
});

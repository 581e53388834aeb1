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

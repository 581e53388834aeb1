/**
 * Every step of every algorithm interrupted by every fault: each alone, with two paths and with four; and every two of them, with two
 * paths. The quick suite tries some of them, always the same; `npm run test:interruptions` tries all.
 */
import { describe, expect, test } from "vitest";
import { scenarios, tryOut } from "./scenarios.ts";
import { faultNames, type Planned } from "./world.ts";

const all = process.env.INTERRUPTIONS === "all";
/** The quick suite takes every so manieth: primes, so that every fault and every step has its turn. */
const STEP = all ? 1 : 13;
const PAIR_STEP = all ? Number(process.env.INTERRUPTIONS_STEP ?? 1) : 1999;

/** Every fault at every command. */
const singles = (commands: number): Planned[] =>
  Array.from({ length: commands }, (_, index) => faultNames.map((fault): Planned => [index + 1, fault])).flat();

const limit = { timeout: all ? 3_600_000 : 20_000 };

describe.each([2, 4])("one fault, with %i paths", (paths) => {
  test.each(scenarios.map((scenario, index) => [scenario.name, scenario, index] as const))(
    "%s",
    limit,
    async (_, scenario, offset) => {
      const calm = await tryOut(scenario, paths, []);
      expect(calm.wrong).toEqual([]);
      expect(calm.succeeded).toBe(true);
      const wrong: string[] = [];
      const faults = singles(calm.commands);
      for (let at = offset % STEP; at < faults.length; at += STEP) {
        wrong.push(...(await tryOut(scenario, paths, [faults[at] as Planned])).wrong);
      }
      expect(wrong).toEqual([]);
    },
  );
});

describe("two faults, with two paths", () => {
  test.each(scenarios.map((scenario, index) => [scenario.name, scenario, index] as const))(
    "%s",
    limit,
    async (_, scenario, offset) => {
      const calm = await tryOut(scenario, 2, []);
      // The first fault makes it longer: what it leads to is interrupted too.
      const faults = singles(calm.commands + 8);
      const wrong: string[] = [];
      let pair = offset;
      for (const first of faults) {
        for (const second of faults) {
          if (second[0] <= first[0] || ++pair % PAIR_STEP !== 0) continue;
          wrong.push(...(await tryOut(scenario, 2, [first, second])).wrong);
        }
      }
      expect(wrong).toEqual([]);
    },
  );
});

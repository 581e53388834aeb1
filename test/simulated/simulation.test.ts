/** The simulation, briefly: no promise is broken, every planted fault is noticed, and the seed decides everything. */
import { describe, expect, it } from "vitest";
import { runCluster, runScript } from "../simulation/cluster.ts";
import { mutants } from "../simulation/mutants.ts";
import { describeStep, writeScript } from "../simulation/script.ts";
import { shrink } from "../simulation/shrink.ts";

describe("A simulated cluster", () => {
  it.each([1, 2, 3, 4, 5, 6])("keeps every promise, seed %i", async (seed) => {
    const { violation, executed } = await runCluster({ seed, steps: 2000 });
    expect(violation).toBeUndefined();
    expect(executed).toBeGreaterThan(1000);
  });

  it("does the same again for the same seed", async () => {
    const run = () => runCluster({ seed: 42, steps: 1000 });
    expect(await run()).toEqual(await run());
  });
});

/** Seeds that meet what is rare; another would do, and take longer. */
const quickSeeds: Readonly<Record<string, number>> = {
  "APTPL is lost": 38,
  "power loss forgets nothing": 32,
  "a reset ends the reservation": 27,
  "a lost nexus is unregistered": 10,
  "REGISTER without APTPL leaves APTPL as it was": 32,
  "a WRITE is lost": 18,
  "PREEMPT AND ABORT aborts nothing": 26,
};

describe("A planted fault is noticed", () => {
  it.each(Object.entries(mutants))("%s", async (name, mutate) => {
    const seeds = [quickSeeds[name] ?? 1, ...Array.from({ length: 60 }, (_, index) => index + 1)];
    for (const seed of seeds) {
      const { violation } = await runCluster({ seed, steps: 1500, mutate });
      if (violation !== undefined) return;
    }
    expect.unreachable("nothing was noticed");
  });
});

describe("A run that fails", () => {
  it("shrinks to the few steps that it needs, none of which can be left out", async () => {
    const mutate = mutants["RELEASE tells nobody"] as NonNullable<Parameters<typeof runScript>[2]>;
    const fails = async (script: ReturnType<typeof writeScript>, steps: readonly number[]) =>
      (await runScript(script, steps, mutate)).violation;
    for (const seed of [4, 1, 2, 3]) {
      const script = writeScript(seed, 1500);
      const violation = await fails(script, [...script.steps.keys()]);
      if (violation === undefined) continue;
      const until = Array.from({ length: violation.step + 1 }, (_, step) => step);
      const needed = await shrink(until, async (steps) => (await fails(script, steps)) !== undefined);
      const told = needed.map((step) => describeStep(script, step));
      expect(needed.length, told.join("\n")).toBeLessThanOrEqual(10);
      expect(await fails(script, needed)).toBeDefined();
      for (const step of needed) {
        const without = needed.filter((other) => other !== step);
        expect(await fails(script, without), `without ${describeStep(script, step)}`).toBeUndefined();
      }
      expect(told.some((line) => line.includes(": release 5f02"))).toBe(true);
      return;
    }
    expect.unreachable("nothing failed");
  });

  it("shrinks any list to what is needed", async () => {
    const steps = Array.from({ length: 500 }, (_, step) => step);
    const needs = [3, 250, 251, 499];
    const shrunk = await shrink(steps, async (some) => needs.every((step) => some.includes(step)));
    expect(shrunk).toEqual(needs);
  });
});

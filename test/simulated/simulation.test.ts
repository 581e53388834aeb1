/** The simulation, briefly: no promise is broken, every planted fault is noticed, and the seed decides everything. */
import { describe, expect, it } from "vitest";
import { runCluster } from "../simulation/cluster.ts";
import { mutants } from "../simulation/mutants.ts";

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

describe("A planted fault is noticed", () => {
  it.each(Object.entries(mutants))("%s", async (_name, mutate) => {
    for (let seed = 1; seed <= 60; seed++) {
      const { violation } = await runCluster({ seed, steps: 1500, mutate });
      if (violation !== undefined) return;
    }
    expect.unreachable("nothing was noticed");
  });
});

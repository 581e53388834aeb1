/**
 * The simulation, from the command line: cluster after cluster until the steps are done or a promise is broken. It
 * prints the one command that shows the failure again, with as few steps as show it.
 *
 *     npm run simulate -- [--seed S] [--steps N] [--each N]
 */
import { runCluster } from "./simulation/cluster.ts";

const argument = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? otherwise : Number(process.argv[at + 1]);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`--${name} is a whole number`);
  return value;
};

const seed = argument("seed", Date.now() % 2 ** 31);
const steps = argument("steps", 100_000);
const each = Math.max(1, argument("each", 20_000));
const totals = { steps: 0, executed: 0, faults: 0, clusters: 0 };
const started = performance.now();
console.log(`seed ${seed}, ${steps} steps`);
while (totals.steps < steps) {
  const clusterSeed = (seed + totals.clusters) % 2 ** 31;
  const result = await runCluster({ seed: clusterSeed, steps: Math.min(each, steps - totals.steps) });
  totals.clusters++;
  totals.steps += result.steps;
  totals.executed += result.executed;
  totals.faults += result.faults;
  if (result.violation === undefined) continue;
  const { step, promise } = result.violation;
  const needed = step + 1;
  console.error(`Broken: ${promise}`);
  console.error(`${result.hosts} hosts, ${result.paths} paths, step ${step}. Again with:`);
  console.error(`npm run simulate -- --seed ${clusterSeed} --steps ${needed} --each ${needed}`);
  process.exitCode = 1;
  break;
}
const seconds = (performance.now() - started) / 1000;
console.log(
  `${totals.steps} steps in ${totals.clusters} clusters: ${totals.executed} commands executed, ${totals.faults} faults, ${seconds.toFixed(1)} s`,
);

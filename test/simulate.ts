/**
 * The simulation, from the command line: cluster after cluster until the steps are done or a promise is broken. It
 * prints the one command that shows the failure again, with as few steps as show it.
 *
 *     npm run simulate -- [--seed S] [--steps N] [--each N] [--only STEP,STEP…] [--mutant NAME]
 */
import { runScript } from "./simulation/cluster.ts";
import { mutants } from "./simulation/mutants.ts";
import { describeStep, writeScript } from "./simulation/script.ts";
import { shrink } from "./simulation/shrink.ts";

/** `--only 3,17`: these steps alone. */
function onlySteps(): number[] | undefined {
  const at = process.argv.indexOf("--only");
  if (at < 0) return undefined;
  const steps = (process.argv[at + 1] ?? "").split(",").map(Number);
  if (steps.some((step) => !Number.isSafeInteger(step) || step < 0)) throw new RangeError("--only is a list of steps");
  return steps;
}

const argument = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? otherwise : Number(process.argv[at + 1]);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`--${name} is a whole number`);
  return value;
};

const seed = argument("seed", Date.now() % 2 ** 31);
const steps = argument("steps", 100_000);
const each = Math.max(1, argument("each", 20_000));
const only = onlySteps();
/** A planted fault, to see what a failure looks like. */
const mutantAt = process.argv.indexOf("--mutant");
const mutantName = mutantAt < 0 ? undefined : process.argv[mutantAt + 1];
const mutate = mutantName === undefined ? undefined : mutants[mutantName];
if (mutantName !== undefined && mutate === undefined)
  throw new RangeError(`--mutant is one of: ${Object.keys(mutants)}`);
const totals = { steps: 0, executed: 0, faults: 0, clusters: 0 };
const started = performance.now();
console.log(`seed ${seed}, ${steps} steps`);
while (totals.steps < steps) {
  const clusterSeed = (seed + totals.clusters) % 2 ** 31;
  const length = Math.min(each, steps - totals.steps);
  const script = writeScript(clusterSeed, length);
  const result = await runScript(script, only, mutate);
  totals.clusters++;
  totals.steps += length;
  totals.executed += result.executed;
  totals.faults += result.faults;
  if (result.violation === undefined) continue;
  const { step, promise } = result.violation;
  const until = (only ?? [...script.steps.keys()]).filter((index) => index <= step);
  console.error(`Broken: ${promise}`);
  console.error(`${result.hosts} hosts, ${result.paths} paths, step ${step}; looking for the steps that it needs.`);
  const needed = await shrink(until, async (some) => (await runScript(script, some, mutate)).violation !== undefined);
  for (const index of needed) console.error(`  ${describeStep(script, index)}`);
  console.error("Again with:");
  const mutant = mutantName === undefined ? "" : ` --mutant ${JSON.stringify(mutantName)}`;
  console.error(
    `npm run simulate -- --seed ${clusterSeed} --steps ${length} --each ${length} --only ${needed.join(",")}${mutant}`,
  );
  process.exitCode = 1;
  break;
}
const seconds = (performance.now() - started) / 1000;
console.log(
  `${totals.steps} steps in ${totals.clusters} clusters: ${totals.executed} commands executed, ${totals.faults} faults, ${seconds.toFixed(1)} s`,
);

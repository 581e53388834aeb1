/**
 * Every two faults in every algorithm for several paths, from the command line: all of them, or one of N parts (the first unless P says
 * which, from 1); or the faults that are named, with every command. Each failure is printed with what shows it again.
 *
 *     npm run test:interruptions -- [--each N [--part P]] [--workers N] [--only SCENARIO [--faults FAULT@COMMAND,…] [--paths N]]
 */
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { allPairs } from "./multipath/pairs.ts";
import { scenarios, tryOut } from "./multipath/scenarios.ts";
import { faultNames, type Planned } from "./multipath/world.ts";

/** What a worker tells. */
type Message =
  | { readonly done: string; readonly count: number; readonly ms: number }
  | { readonly scenario: string; readonly faults: string; readonly wrong: readonly string[] };

const argument = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
function number(name: string, otherwise: number): number {
  const value = Number(argument(name) ?? otherwise);
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`--${name} is a whole number from 1`);
  return value;
}

function readFaults(text: string): Planned[] {
  return text.split(",").map((each): Planned => {
    const [name, at] = each.split("@");
    const fault = faultNames.find((known) => known === name);
    if (fault === undefined) throw new RangeError(`faults are ${faultNames.join(", ")}`);
    return [Number(at), fault];
  });
}
const only = argument("only");
const chosen = scenarios.filter(({ name }) => only === undefined || name === only);
// Nobody reads the stacks of errors that are meant to be.
Error.stackTraceLimit = 0;

/** One worker's share of all. */
async function work(port: NonNullable<typeof parentPort>): Promise<void> {
  const { index, of } = workerData as { readonly index: number; readonly of: number };
  const tell = (message: Message): void => port.postMessage(message);
  for (const scenario of chosen) {
    const started = performance.now();
    const count = await allPairs(scenario, { index, of }, ({ faults, wrong }) =>
      tell({
        scenario: scenario.name,
        faults: faults.map(([at, fault]) => `${fault}@${at}`).join(","),
        wrong,
      }),
    );
    tell({ done: scenario.name, count, ms: performance.now() - started });
  }
}

/** Shares the work out, and prints what comes back. */
async function share(): Promise<void> {
  const workers = number("workers", availableParallelism());
  const each = number("each", 1);
  const part = number("part", 1);
  if (part > each) throw new RangeError("--part is at most --each");
  const started = performance.now();
  const counts = new Map<string, { count: number; ms: number }>();
  let failures = 0;
  const run = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), {
        argv: process.argv.slice(2),
        workerData: { index: index + workers * (part - 1), of: workers * each },
      });
      worker.on("message", (message: Message) => {
        if ("done" in message) {
          const { count, ms } = counts.get(message.done) ?? { count: 0, ms: 0 };
          counts.set(message.done, { count: count + message.count, ms: ms + message.ms });
          return;
        }
        failures += 1;
        for (const text of message.wrong) console.error(text);
        console.error(
          `  npm run test:interruptions -- --only ${JSON.stringify(message.scenario)} --faults ${message.faults}`,
        );
      });
      worker.on("error", reject);
      worker.on("exit", () => resolve());
    });
  await Promise.all(Array.from({ length: workers }, (_, index) => run(index)));
  let total = 0;
  for (const [name, { count, ms }] of counts) {
    total += count;
    console.log(`${String(count).padStart(7)}  ${name}, ${(ms / Math.max(count, 1)).toFixed(2)} ms each`);
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(`${total} pairs, ${failures} failed, ${seconds.toFixed(0)} s, ${workers} workers`);
  if (failures > 0 || counts.size < chosen.length || total === 0) process.exitCode = 1;
}

/** One run, command by command. */
async function show(faults: readonly Planned[], paths: number): Promise<void> {
  for (const scenario of chosen) {
    const { wrong, trace } = await tryOut(scenario, paths, faults);
    console.log([scenario.name, ...trace, ...wrong].join("\n"));
    if (wrong.length > 0) process.exitCode = 1;
  }
}

const faults = argument("faults");
if (chosen.length === 0) throw new RangeError(`--only is one of: ${scenarios.map(({ name }) => name).join("; ")}`);
if (!isMainThread && parentPort !== null) await work(parentPort);
else if (faults !== undefined) await show(readFaults(faults), number("paths", 2));
else await share();

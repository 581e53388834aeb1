/**
 * The bench: one run on one machine, everything side by side. Starts what is measured and what it is measured against, prints
 * each row as it is done and the tables at the end. It judges nothing: no figure makes it fail.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { argv, exit, stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { type Measured, measureRow } from "./measure.ts";
import { readOptions, usage } from "./options.ts";
import { compilePrograms } from "./processes.ts";
import { json, line, markdown } from "./report.ts";
import { iscsiRows, groups as network, startTarget } from "./suites/iscsi.ts";
import { codecRows, sgRows, unitRows } from "./suites/process.ts";
import { createServings, groups as served, servedRows } from "./suites/served.ts";

const here = dirname(fileURLToPath(import.meta.url));
/** From build/bench/bench. */
const root = join(here, "../../..");

/** Both digests with the newest libiscsi, 64 KiB reads at depth 32, measured once on a machine of the kind that README.md names. */
const NOTED_FLOOR_MB = 205;

const notes = {
  [served.memory]:
    "libiscsi's commands against both. Processor time here is the target's. serve keeps its disk in memory, tgtd in a file.",
  [served.file]: "Processor time here is the target's.",
  [network.digests]:
    "libiscsi 1.19 has no data digest: its column has the header's alone. tgtd computes digests at some 500 MB/s, which bounds " +
    "what any initiator can read from it.",
  [network.ready]: `Noted, not measured here: the newest libiscsi with both digests reads 64 KiB blocks at ${NOTED_FLOOR_MB} MB/s, about 3 100 per second, from tgtd.`,
};

async function main(): Promise<void> {
  const options = readOptions(argv.slice(2), root);
  if (options === undefined) {
    stdout.write(usage);
    return;
  }
  const programs = await compilePrograms(root);
  const client = join(here, "client.js");
  let target: ReturnType<typeof startTarget> | undefined;
  const startOnce = (): ReturnType<typeof startTarget> => {
    target ??= startTarget();
    return target;
  };
  const servings = createServings({
    cli: join(root, "dist/cli.js"),
    bare: join(root, "build/bench/bench/clients/bare-target.js"),
  });
  const surroundings = { options, programs, client, tgtd: startOnce };
  const rows = [
    ...codecRows(options, programs, client),
    ...unitRows(options, client),
    ...sgRows(options, programs, client),
    ...iscsiRows(surroundings),
    ...servedRows(surroundings, servings),
  ].filter(
    ({ group, name }) => options.only.length === 0 || options.only.some((text) => `${group}: ${name}`.includes(text)),
  );
  if (rows.length === 0) throw new Error(`No row is called so\n\n${usage}`);

  const processors = cpus();
  const about = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${processors.length} × ${processors[0]?.model ?? "unknown processor"}, ${process.platform} ${process.arch}`,
    /** Of the last minute before anything was measured: what else the machine was doing. */
    load: (loadavg()[0] as number).toFixed(1),
    runtimes: options.runtimes.map(({ name }) => name),
    rounds: options.rounds,
    secondsEach: options.measureMs / 1000,
    ratio: "how many times as fast the row's first column is",
  };
  const measured: Measured[] = [];
  try {
    for (const row of rows) {
      const result = await measureRow(row, options.rounds);
      measured.push(result);
      (options.markdown ? stderr : stdout).write(`${line(result)}\n`);
    }
  } finally {
    await servings[Symbol.asyncDispose]();
    await (await target)?.[Symbol.asyncDispose]();
  }
  const explanation =
    `${about.date}, ${about.machine}, load ${about.load} before; ${about.runtimes.join(", ")}; ${about.rounds} rounds of ${about.secondsEach} s ` +
    "(codec and units two fifths of that), contenders in turn. Median (least–most); processor time of the measuring process per " +
    `operation; in bold ${about.ratio}, as median (least–most) of the rounds.`;
  if (options.markdown) stdout.write(`${explanation}\n\n${markdown(measured, notes)}`);
  else stdout.write(`\n${explanation}\n${Object.values(notes).join("\n")}\n`);
  if (options.json !== undefined) writeFileSync(options.json, json(about, measured));
}

await main().catch((error: unknown) => {
  stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  exit(1);
});

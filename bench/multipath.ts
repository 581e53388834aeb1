/**
 * Many units through many paths: one process of ours beside a process for each command and path, at the same target; and how the
 * time grows with units and with paths. Prints tables; judges nothing.
 *
 *     npm run bench:multipath -- [--units N] [--rounds N] [--growth] [--beside]
 */
import { spawn } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { argv, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createLogicalUnit } from "../src/index.ts";
import { connectIscsi } from "../transports/iscsi/index.ts";
import { type ServedTargets, serve } from "../transports/serve.ts";
import { type ManyTimes, manyPaths, VICTIM } from "./clients/many-paths.ts";
import { spread } from "./measure.ts";
import { compilePrograms } from "./processes.ts";

const here = dirname(fileURLToPath(import.meta.url));
const TARGET = "iqn.2026-01.test:many";
const PATHS = 4;
const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    units: { type: "string", default: "256" },
    rounds: { type: "string", default: "3" },
    growth: { type: "boolean", default: false },
    beside: { type: "boolean", default: false },
  },
});
const units = Number(values.units);
const rounds = Number(values.rounds);
const ms = (value: number): string => `${Math.round(value)} ms`;

/** Runs a program to its end; how long it took, in milliseconds. */
function run(command: string, args: readonly string[], allowed: readonly number[] = [0]): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", allowed.length > 1 ? "ignore" : "inherit"] });
    child.once("error", reject);
    child.once("close", (code) => {
      if (allowed.includes(code ?? -1)) resolve(performance.now() - started);
      else reject(new Error(`${command} ${args.join(" ")} ended with ${code}`));
    });
  });
}

/** A target with all units, through a port for each path, on each unit a victim that holds. */
async function target(): Promise<ServedTargets> {
  const portals = Array.from({ length: PATHS }, (_, index) => ({ port: 0, portalGroupTag: index + 1 }));
  const all = Array.from({ length: units }, () => ({ sizeBytes: 1 << 16 }));
  const served = await serve({ portals, targets: [{ name: TARGET, units: all }], limits: { commands: 1024 } });
  const { host, port } = served.portals[0] as { readonly host: string; readonly port: number };
  await using session = await connectIscsi({ host, port, target: TARGET, initiatorName: "iqn.2026-01.test:victim" });
  for (let lun = 0; lun < units; lun++) {
    await createLogicalUnit(session.logicalUnit(lun)).register({ newKey: VICTIM });
  }
  return served;
}

/** All units as they are to be afterwards: each path registered, the victim gone, the host holding. */
function check(served: ServedTargets): void {
  for (let lun = 0; lun < units; lun++) {
    const { registrations = [], reservation = null } = served.unit(TARGET, lun)?.snapshot() ?? {};
    if (registrations.length !== PATHS || registrations.some(({ key }) => key !== "0xa1") || reservation === null) {
      throw new Error(`unit ${lun} is not as it should be`);
    }
  }
}

const contenders: Readonly<Record<string, (served: ServedTargets, oneCommand: string) => Promise<number>>> = {
  "one process of ours": async (served) => {
    const url = `iscsi://127.0.0.1:${served.portals[0]?.port}`;
    const args = [join(here, "clients/one-host.js"), "iqn.2026-01.test:host", String(PATHS), String(units), url];
    const took = await run(execPath, args);
    check(served);
    return took;
  },
  "libiscsi, a process for each command and path": async (served, oneCommand) => {
    const started = performance.now();
    const one = (path: number, lun: number, action: number, key: string, actionKey: string) =>
      run(oneCommand, [
        `127.0.0.1:${served.portals[path]?.port}`,
        ...[TARGET, String(lun), "iqn.2026-01.test:host", String(path), String(action), "5", key, actionKey],
      ]);
    for (let lun = 0; lun < units; lun++) {
      for (let path = 0; path < PATHS; path++) await one(path, lun, 0, "0", "0xa1");
      await one(0, lun, 1, "0xa1", "0");
      await one(0, lun, 4, "0xa1", "0xb1");
    }
    const took = performance.now() - started;
    check(served);
    return took;
  },
  "sg_persist at /dev/null: starting as often, no command": async () => {
    const started = performance.now();
    for (let count = 0; count < units * (PATHS + 2); count++) {
      await run("sg_persist", ["--out", "--register", "--param-sark=a1", "/dev/null"], [5, 15, 35, 72, 75, 99]);
    }
    return performance.now() - started;
  },
};

async function beside(): Promise<void> {
  const { oneCommand } = await compilePrograms(join(here, "../../.."));
  const samples = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of Object.entries(contenders)) {
      const served = await target();
      try {
        samples.set(name, [...(samples.get(name) ?? []), await work(served, oneCommand)]);
      } finally {
        await served[Symbol.asyncDispose]();
      }
    }
  }
  const [ours = []] = samples.values();
  console.log(
    `\n| ${units} units × ${PATHS} paths registered, reserved, pre-empted | time (least–most) | ours is so many times as fast |`,
  );
  console.log("| --- | --- | --- |");
  for (const [name, times] of samples) {
    const { median, least, most } = spread(times);
    const ratio = spread(times.map((time, round) => time / (ours[round] as number)));
    const shown =
      times === ours ? "" : `${ratio.median.toFixed(1)} × (${ratio.least.toFixed(1)}–${ratio.most.toFixed(1)})`;
    console.log(`| ${name} | ${ms(median)} (${ms(least)}–${ms(most)}) | ${shown} |`);
  }
}

const sizes = [
  [64, 4],
  [256, 4],
  [1024, 4],
  [64, 16],
  [256, 16],
  [1024, 16],
] as const;

async function growth(): Promise<void> {
  console.log(
    "\n| units × paths, 1 ms a command, 32 at once per target port | registered | reserved | pre-empted | commands | processor time | most at one port |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  for (const [count, paths] of sizes) {
    const runs: ManyTimes[] = [];
    for (let round = 0; round < rounds; round++) {
      runs.push(await manyPaths({ units: count, paths, latencyMs: 1, perTarget: 32 }));
    }
    const cell = (pick: (times: ManyTimes) => number): string => {
      const { median, least, most } = spread(runs.map(pick));
      return `${ms(median)} (${ms(least)}–${ms(most)})`;
    };
    const last = runs.at(-1) as ManyTimes;
    console.log(
      `| ${count} × ${paths} | ${cell(({ registerMs }) => registerMs)} | ${cell(({ reserveMs }) => reserveMs)} | ${cell(({ preemptMs }) => preemptMs)} | ${last.commands} | ${cell(({ cpuMs }) => cpuMs)} | ${last.most} |`,
    );
  }
}

const [processor] = cpus();
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${processor?.model}, Node ${process.versions.node}, load ${(loadavg()[0] as number).toFixed(1)} before; median of ${rounds} (least–most)`,
);
if (values.growth || !values.beside) await growth();
if (values.beside || !values.growth) await beside();

/**
 * Rows of targets beside each other: libiscsi's commands against `serve` and against tgtd, which have the same keys and a disk of the
 * same size. What is measured is the rate; processor time is the target's.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Tgtd } from "../../test/peers/tgt/tgtd.ts";
import type { Operation, Sample } from "../jobs.ts";
import type { Contender, Row } from "../measure.ts";
import { type Runtime, runtimeSuffix } from "../options.ts";
import { move, pinText, processorsOf, sampleOf } from "../processes.ts";
import { KEYS, type Surroundings, targets } from "./contenders.ts";
import { registerKeys } from "./iscsi.ts";

export const groups = {
  memory: "Targets, beside each other",
  file: "Targets, beside each other, both with a file",
} as const;

const DEPTHS = [1, 32] as const;
/** As large as tgtd's disks here. */
const SIZE = "16MiB";
/** What the kernel counts processor time in: USER_HZ, which is 100 on every Linux. */
const TICK_US = 10_000;

const operations: readonly { name: string; operation: Operation; bytes?: number }[] = [
  { name: `READ KEYS, ${KEYS} keys`, operation: "keys" },
  { name: "TEST UNIT READY", operation: "tur" },
  { name: "READ (10), 4 KiB", operation: "read:4096", bytes: 4096 },
  { name: "WRITE (10), 4 KiB", operation: "write:4096", bytes: 4096 },
];

/** A `serve` under way. */
export interface Serving extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

/** What is served: `scsi-persist serve` with a unit in memory or in a file, or the bare server, which answers logins alone. */
type Served = "memory" | "file" | "bare";

/** Programs in JavaScript that serve. */
export interface ServingPrograms {
  /** The command line. */
  readonly cli: string;
  /** clients/bare-target.ts. */
  readonly bare: string;
}

/** Starts one, with a unit like tgtd's, LUN 1. */
async function start({ cli, bare }: ServingPrograms, runtime: Runtime, what: Served): Promise<Serving> {
  const directory = await mkdtemp(join(tmpdir(), "scsi-persist-bench-"));
  const unit = `lun=1,size=${SIZE}${what === "file" ? `,file=${join(directory, "disk.img")}` : ""}`;
  const serve = [cli, "serve", "--portal", "127.0.0.1:0", "--target", targets.plain, "--unit", unit];
  const [program, ...args] = [...runtime.command, ...(what === "bare" ? [bare] : serve)];
  const child = spawn(program as string, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const port = await portOf(child);
    if (what !== "bare") await registerKeys("127.0.0.1", port, targets.plain);
    return {
      pid: child.pid as number,
      port,
      async [Symbol.asyncDispose]() {
        const closed = new Promise((resolve) => child.once("close", resolve));
        child.kill("SIGINT");
        await closed;
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

/** The port that it says it serves at. What it says after that is read, and dropped. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`serve ended with ${code} and does not serve`)));
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => {
      const port = /^serving +iscsi:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
      if (port === undefined) return;
      resolve(Number(port));
      lines.close();
      child.stdout?.resume();
    });
  });
}

/** Processor time of a process so far, all its threads and the kernel's work for them, in microseconds. */
async function cpuUs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // Behind the name, which is in parentheses and may hold anything: fields 3 and on.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** What is started once and stopped at the end: every `serve`, by what it is run on. */
export interface Servings extends AsyncDisposable {
  of(runtime: Runtime, what: Served): Promise<Serving>;
}

export function createServings(programs: ServingPrograms): Servings {
  const started = new Map<string, Promise<Serving>>();
  return {
    of(runtime, what) {
      const key = `${runtime.name} ${what}`;
      const serving = started.get(key) ?? start(programs, runtime, what);
      started.set(key, serving);
      return serving;
    },
    async [Symbol.asyncDispose]() {
      for (const serving of started.values()) await (await serving)[Symbol.asyncDispose]();
    },
  };
}

/** The rows of this file. */
export function servedRows({ options, programs, tgtd }: Surroundings, servings: Servings): Row[] {
  const { warmupMs, measureMs } = options;
  const rows: Row[] = [];
  for (const runtime of options.runtimes) {
    for (const pin of options.pins) {
      const measure = (
        target: () => Promise<Pick<Tgtd, "pid" | "port">>,
        operation: Operation,
        depth: number,
      ): Contender["measure"] =>
        async function measured(): Promise<Sample> {
          const { pid, port } = await target();
          const { client, peer } = processorsOf(pin);
          await move(pid, peer);
          const numbers = [depth, warmupMs, measureMs, 0, KEYS].map(String);
          const before = await cpuUs(pid);
          const command = [programs.libiscsi, `127.0.0.1:${port}`, targets.plain, operation, ...numbers];
          const { value, operations = 1 } = await sampleOf(command, client);
          return { value, cpuUs: ((await cpuUs(pid)) - before) / operations };
        };
      const both = (operation: Operation, depth: number, what: Served): Contender[] => [
        { name: "serve", measure: measure(() => servings.of(runtime, what), operation, depth) },
        { name: "tgtd", measure: measure(tgtd, operation, depth) },
      ];
      const where = `${pinText[pin]}${runtimeSuffix(options, runtime)}`;
      for (const { name, operation, bytes } of operations) {
        for (const depth of DEPTHS) {
          const row = { name: `${name}, depth ${depth}, ${where}`, unit: "rate", bytes } as const;
          rows.push({ ...row, group: groups.memory, contenders: both(operation, depth, "memory") });
          if (bytes !== undefined)
            rows.push({ ...row, group: groups.file, contenders: both(operation, depth, "file") });
        }
      }
      const login = { name: `login and logout, ${where}`, unit: "rate" } as const;
      const bare = {
        name: "bare socket, fixed text",
        measure: measure(() => servings.of(runtime, "bare"), "login", 1),
      };
      rows.push({ ...login, group: groups.memory, contenders: [...both("login", 1, "memory"), bare] });
    }
  }
  return rows;
}

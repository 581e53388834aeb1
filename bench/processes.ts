/**
 * The processes of a measurement: C programs compiled, children started on the processors they are to run on, their one line
 * of JSON read. Nothing is measured here.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Sample } from "./jobs.ts";

const run = promisify(execFile);

/** Where client and target run: wherever the kernel likes, both on processor 0, or on processors 0 and 1. */
export const pins = ["none", "same", "split"] as const;
export type Pin = (typeof pins)[number];

export const pinText: Readonly<Record<Pin, string>> = {
  none: "unpinned",
  same: "same core",
  split: "a core each",
};

/** Processors of the client and of its peer; undefined: any. */
export function processorsOf(pin: Pin): { client?: string; peer?: string } {
  if (pin === "none") return {};
  if (pin === "split" && cpus().length < 2) throw new Error("A core each needs two processors");
  return { client: "0", peer: pin === "same" ? "0" : "1" };
}

const all = `0-${cpus().length - 1}`;

/** Moves a running process, all its threads. */
export async function move(pid: number, processors: string = all): Promise<void> {
  await run("taskset", ["-acp", processors, String(pid)]).catch((cause) => {
    throw new Error(`Cannot pin a process; taskset is in the Debian package util-linux: ${cause}`, { cause });
  });
}

/** The C programs, ready to be started. */
export interface Programs {
  readonly libiscsi: string;
  readonly codec: string;
  readonly echo: string;
  readonly target: string;
  readonly oneCommand: string;
  readonly sgLibc: string;
  readonly sgLoop: string;
}

/** Compiles the C programs that have changed. Fails, and does not skip, where that is not possible. */
export async function compilePrograms(root: string): Promise<Programs> {
  const out = join(root, "build/bench/native");
  mkdirSync(out, { recursive: true });
  const compile = async (name: string, ...libraries: string[]): Promise<string> => {
    const source = join(root, "bench", `${name}.c`);
    const binary = join(out, name);
    const made = statSync(binary, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (made > statSync(source).mtimeMs) return binary;
    try {
      await run("cc", ["-O2", "-Wall", "-Wextra", "-o", binary, source, ...libraries]);
    } catch (cause) {
      throw new Error(`Cannot compile bench/${name}.c; Debian packages: gcc, libc6-dev, libiscsi-dev\n${cause}`, {
        cause,
      });
    }
    return binary;
  };
  const sgLibc = await compile("sg-libc", "-shared", "-fPIC");
  return {
    sgLibc,
    sgLoop: await compile("sg-loop", sgLibc, `-Wl,-rpath,${out}`),
    libiscsi: await compile("libiscsi", "-liscsi"),
    codec: await compile("codec", "-liscsi"),
    echo: await compile("echo"),
    target: await compile("target"),
    oneCommand: await compile("one-command", "-liscsi"),
  };
}

function start(command: readonly string[], processors: string | undefined): ChildProcess {
  const [program, ...args] = processors === undefined ? command : ["taskset", "-c", processors, ...command];
  return spawn(program as string, args, { stdio: ["ignore", "pipe", "inherit"] });
}

/** The first line that a process prints; it must not end before. */
async function firstLine(child: ChildProcess, name: string): Promise<string> {
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`${name} ended with ${code} and has printed nothing`)));
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  return await Promise.race([new Promise<string>((resolve) => lines.once("line", resolve)), failed]);
}

/** Runs a process to its end and returns the sample that it prints. */
export async function sampleOf(command: readonly string[], processors: string | undefined): Promise<Sample> {
  const child = start(command, processors);
  const ended = new Promise((resolve) => child.once("close", resolve));
  const line = await firstLine(child, command.join(" "));
  await ended;
  return JSON.parse(line) as Sample;
}

/** How long a peer of one connection lives at most, in seconds. */
const PEER_SECONDS = "60";

/** Starts echo.c or target.c, which end when their only connection does; resolves with the port. */
export async function startPeer(
  program: string,
  args: readonly number[],
  processors: string | undefined,
): Promise<number> {
  const child = start([program, ...args.map(String), PEER_SECONDS], processors);
  child.unref();
  return Number(await firstLine(child, program));
}

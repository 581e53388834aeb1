/** Compiles sgutils.c and has it read buffers by the hundred thousand. Fails, and does not skip, where libsgutils2-dev is missing. */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const source = fileURLToPath(new URL("sgutils.c", import.meta.url));

/** What the library makes of each buffer: one line each, its fields. */
export interface Sgutils {
  /** Each query is a letter and hexadecimal digits; see sgutils.c. */
  ask(queries: readonly string[]): Promise<string[][]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Compiles it. */
export async function sgutils(): Promise<Sgutils> {
  const folder = await mkdtemp(join(tmpdir(), "scsi-persist-sgutils-"));
  const program = join(folder, "sgutils");
  await promisify(execFile)("gcc", ["-O1", "-Wall", "-Werror", source, "-lsgutils2", "-o", program]);
  return {
    ask: (queries) =>
      new Promise((resolve, reject) => {
        const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
        const chunks: Buffer[] = [];
        child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
        child.on("error", reject);
        child.on("close", (code) => {
          const lines = Buffer.concat(chunks).toString("latin1").split("\n").slice(0, -1);
          if (code !== 0 || lines.length !== queries.length)
            reject(new Error(`${program} ended with ${code} after ${lines.length} of ${queries.length} buffers`));
          else resolve(lines.map((line) => line.split("\t")));
        });
        child.stdin.end(`${queries.join("\n")}\n`);
      }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Numbers that look random and are the same in every run (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Bytes as digits without spaces. */
export const digits = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

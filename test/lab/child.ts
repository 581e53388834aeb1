/** Starts child.mjs on the runtime that runs the tests, and reads what it says. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "./units.ts";

/** What became of a child. */
export interface ChildResult<Answer> {
  readonly answer: Answer;
  readonly exit: Promise<{ readonly code: number | null; readonly signal: string | null; readonly seconds: number }>;
  readonly process: ChildProcess;
}

const flags = {
  node: ["--expose-gc"],
  bun: [],
  deno: ["run", "-A", "--node-modules-dir=manual", "--v8-flags=--expose-gc"],
};

/**
 * Runs a verb of child.mjs.
 *
 * @param user the user to be, by number; the one that runs the tests if absent
 */
export function child<Answer>(
  verb: string,
  args: readonly (string | number)[],
  user?: number,
): Promise<ChildResult<Answer>> {
  const project = join(import.meta.dirname, "../..");
  if (!existsSync(join(project, "build/lab/dist/sg-node.js")))
    throw new Error("build/lab/dist/ is missing: run.sh copies dist/");
  const started = performance.now();
  const process_ = spawn(
    process.execPath,
    [...flags[runtime], join(import.meta.dirname, "child.mjs"), verb, ...args.map(String)],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, HOME: "/tmp", DENO_DIR: "/tmp/deno", NODE_OPTIONS: "" },
      ...(user === undefined ? {} : { uid: user, gid: user }),
    },
  );
  const exit = new Promise<{ code: number | null; signal: string | null; seconds: number }>((resolve) => {
    process_.on("exit", (code, signal) => resolve({ code, signal, seconds: (performance.now() - started) / 1000 }));
  });
  let stdout = "";
  let stderr = "";
  return new Promise((resolve, reject) => {
    process_.on("error", reject);
    process_.stderr.on("data", (chunk) => {
      stderr += String(chunk);
    });
    process_.stdout.on("data", (chunk) => {
      stdout += String(chunk);
      const end = stdout.indexOf("\n");
      if (end >= 0) resolve({ answer: JSON.parse(stdout.slice(0, end)) as Answer, exit, process: process_ });
    });
    process_.stdout.on("end", () => reject(new Error(`the child said nothing, but: ${stderr}`)));
  });
}

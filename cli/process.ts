/** The command line as a process: hands the process to run.ts, and its exit code back. Nothing else in cli/ touches the process. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { checkDiscover, checkOpen, discover, type OpenOptions, open } from "../transports/open.ts";
import { armed } from "../transports/watcher/ending.ts";
import { run } from "./run.ts";
import { start } from "./start.ts";

async function pathsOfMap(url: string): Promise<readonly string[] | undefined> {
  if (!url.startsWith("/")) return undefined;
  const { mapAt } = await import("../transports/sg/index.ts");
  return (await mapAt(url))?.paths.map(({ name }) => name);
}

function checkMapOptions({ initiatorName }: OpenOptions): void {
  if (initiatorName !== undefined) throw new TypeError("An initiator name cannot be chosen for a map");
}

/** Runs with these arguments, and leaves the exit code with the process. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });

  process.exitCode = await run(argv, {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    onInterrupt(listener) {
      process.once("SIGINT", listener);
      process.once("SIGTERM", listener);
      return () => {
        process.off("SIGINT", listener);
        process.off("SIGTERM", listener);
      };
    },
    read: (name) => readFile(name === "-" ? "/dev/stdin" : name),
    open,
    pathsOfMap,
    checkOpen: async (url, options) =>
      (await pathsOfMap(url)) === undefined ? checkOpen(url, options) : checkMapOptions(options),
    openMap: async (url, options) => {
      checkMapOptions(options);
      return (await import("../transports/sg/index.ts")).openMap(url, options);
    },
    discover,
    checkDiscover,
    start,
    panic: () => armed("panic", undefined),
    listDevices: async () => (await import("../transports/sg/index.ts")).listDevices(),
  });
}

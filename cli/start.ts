/** Starts a command in a process group of its own: one signal reaches it and all that it has started. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import type { Guarded } from "./io.ts";

const NOT_STARTED = 127;
const BY_SIGNAL = 128;

/** Starts it; whether that works shows in how it ends. */
export function start([program = "", ...args]: readonly string[]): Guarded {
  const child = spawn(program, args, { stdio: "inherit", detached: true });
  const ended = new Promise<number>((resolve) => {
    child.on("error", () => resolve(NOT_STARTED));
    child.on("exit", (code, signal) => resolve(code ?? BY_SIGNAL + (signal === null ? 0 : constants.signals[signal])));
  });
  return {
    kill(signal) {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        // It has ended already.
      }
    },
    ended,
  };
}

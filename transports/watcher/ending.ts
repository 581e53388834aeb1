/**
 * The end of the process or of the machine, as fail-fast wants it: at once, from whatever thread, with nothing flushed and no handler
 * run. What it needs is opened beforehand, so that a lack of rights shows when it is armed and not when it is too late.
 */
import { appendFileSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import type { Verdict } from "../../src/index.ts";
import type { LastAct } from "./messages.ts";

/** The kernel panics when `c` is written there (Linux, Documentation/admin-guide/sysrq). */
const SYSRQ_TRIGGER = "/proc/sysrq-trigger";
/** What is written there is on the console, and in what a panic leaves behind. */
const KERNEL_LOG = "/dev/kmsg";

/** The evidence in one line. */
const inOneLine = ({ losses }: Verdict): string =>
  `scsi-persist: fail-fast: ${losses.map(({ disk, because }) => `${disk}: ${because}`).join("; ")}\n`;

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // Nothing may keep the end from coming.
  }
}

/** Ends this process at once, from any thread of it. */
function kill(): void {
  process.kill(process.pid, "SIGKILL");
}

/**
 * What does the last act.
 *
 * @param lastWords a file to which the evidence is appended first; of a panic, the kernel's log unless given
 * @throws Error if this process may not do it: a panic needs root
 */
export function armed(act: LastAct, lastWords: string | undefined): (verdict: Verdict) => void {
  if (act === "report") return () => undefined;
  const words = lastWords ?? (act === "panic" ? KERNEL_LOG : undefined);
  const say = (verdict: Verdict): void => {
    if (words !== undefined) attempt(() => appendFileSync(words, inOneLine(verdict)));
  };
  if (act === "exit") {
    return (verdict) => {
      say(verdict);
      kill();
    };
  }
  const trigger = openSync(SYSRQ_TRIGGER, "w");
  return (verdict) => {
    say(verdict);
    attempt(() => writeSync(trigger, "c"));
    // Only where the kernel did not.
    kill();
  };
}

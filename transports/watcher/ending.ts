/**
 * The end of the process or of the machine, as fail-fast wants it: at once, from whatever thread, with nothing flushed and no handler
 * run. What it needs is opened beforehand, so that a lack of rights shows when it is armed and not when it is too late.
 */
import { openSync, writeSync } from "node:fs";
import process from "node:process";
import type { Loss, Verdict } from "../../src/index.ts";
import type { LastAct } from "./messages.ts";

/** The kernel panics when `c` is written there (Linux, Documentation/admin-guide/sysrq). */
const SYSRQ_TRIGGER = "/proc/sysrq-trigger";
/** What is written there is in what a panic leaves behind, and on the console. */
const KERNEL_LOG = "/dev/kmsg";
/** `action must be taken immediately` (include/linux/kern_levels.h): on the console of a quiet machine too. */
const KERNEL_ALERT = "<1>";
/** A longer record is refused as a whole (LOG_LINE_MAX of kernel/printk/printk.c is below 1024). */
const KERNEL_RECORD_BYTES = 900;

const evidence = ({ disk, because, noticedBy, lateMs, atEpochMs }: Loss): string =>
  `${disk}: ${because} (noticed by a ${noticedBy}, ${lateMs.toFixed(1)} ms late, at ${new Date(atEpochMs).toISOString()})`;

/** The evidence in one line; for the kernel's log one that it takes, however many disks are lost. */
export function inOneLine({ losses }: Verdict, forKernel: boolean): string {
  const line = `scsi-persist: fail-fast: ${losses.map(evidence).join("; ")}`;
  if (!forKernel) return `${line}\n`;
  const bytes = Buffer.from(KERNEL_ALERT + line);
  return bytes.length <= KERNEL_RECORD_BYTES ? `${bytes}\n` : `${bytes.subarray(0, KERNEL_RECORD_BYTES - 4)} ...\n`;
}

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
 * @throws Error if this process may not do it: a panic needs root; or may not write there
 */
export function armed(act: LastAct, lastWords: string | undefined): (verdict: Verdict) => void {
  if (act === "report") return () => undefined;
  const words = lastWords ?? (act === "panic" ? KERNEL_LOG : undefined);
  const file = words === undefined ? undefined : openSync(words, "a");
  const say = (verdict: Verdict): void => {
    if (file !== undefined) attempt(() => writeSync(file, inOneLine(verdict, words === KERNEL_LOG)));
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

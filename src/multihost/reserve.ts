/**
 * RESERVE and RELEASE as multihost disks need them: (6), or (10) where the device wants the longer form, repeated where that is
 * safe. RESERVE by the host that has the disk changes nothing, so a lost answer is no riddle: it is sent again.
 */
import { release6, release10, reserve6, reserve10 } from "../commands/reserve-release.ts";
import { isScsiError, type ScsiError, type ScsiErrorCode } from "../errors.ts";
import type { Unit } from "../logical-unit.ts";
import { noRetries } from "../retry.ts";
import type { SenseData } from "../sense.ts";
import { sleep } from "./clock.ts";
import type { MultihostDisk } from "./disk.ts";
import { waysTo } from "./several-paths.ts";

/** How to send. */
export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for one delivery. */
  readonly timeoutMs: number;
}

/** After these nothing has changed, or the same again changes nothing. */
const passing: ReadonlySet<ScsiErrorCode> = new Set<ScsiErrorCode>([
  "UNIT_ATTENTION",
  "BUSY",
  "TASK_SET_FULL",
  "ABORTED_COMMAND",
  "TASK_ABORTED",
  "NOT_READY",
  "CONNECTION_LOST",
  "CONNECTION_FAILED",
  "TIMEOUT",
]);

const TRIES = 8;
const PAUSE_MS = 50;

/** Was the device or the path reset (ASC 29h)? Then a RESERVE is gone. */
export const tellsReset = (sense: SenseData | undefined): boolean => sense?.asc === 0x29;

const isNoSuchCommand = (error: ScsiError): boolean =>
  error.code === "ILLEGAL_REQUEST" && error.sense?.asc === 0x20 && error.sense.ascq === 0x00;

/** Sends one of the two forms until it is answered for good; true if a reset was met on the way. */
async function send(
  disk: MultihostDisk,
  way: Unit,
  verb: "RESERVE" | "RELEASE",
  options: SendOptions,
): Promise<boolean> {
  let reset = false;
  for (let tries = 1; ; tries++) {
    // As it was sent: meanwhile another path may have found out.
    const { longForm } = disk;
    const [short, long] = verb === "RESERVE" ? [reserve6, reserve10] : [release6, release10];
    try {
      await way.execute((longForm ? long : short)(), { ...options, retry: noRetries });
      return reset;
    } catch (error) {
      if (!isScsiError(error)) throw error;
      reset ||= tellsReset(error.sense);
      if (!longForm && isNoSuchCommand(error)) {
        disk.longForm = true;
        continue;
      }
      if (!passing.has(error.code) || tries >= TRIES) throw error;
      if (error.code !== "UNIT_ATTENTION") await sleep(disk.clock, PAUSE_MS, options.signal);
    }
  }
}

/**
 * RESERVE.
 *
 * @returns whether a reset was met on the way: what was reserved before was lost, and is reserved now
 * @throws ScsiError RESERVATION_CONFLICT if another host has the disk
 */
export const reserveUnit = (disk: MultihostDisk, options: SendOptions): Promise<boolean> =>
  send(disk, disk.unit, "RESERVE", options);

/** RELEASE, through every path: GOOD, and no effect, for an I_T nexus that does not have the disk. Each must have been answered. */
export async function releaseUnit(disk: MultihostDisk, options: SendOptions): Promise<void> {
  const ended = await Promise.allSettled(waysTo(disk.unit).map((way) => send(disk, way, "RELEASE", options)));
  for (const one of ended) if (one.status === "rejected") throw one.reason;
}

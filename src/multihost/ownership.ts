/**
 * Disks that one host uses at a time (mhd(7I), "Non-shared multihost disks"): take ownership by force, release, quick reserve.
 *
 * Nothing about a take-over is written down anywhere but in the logical unit itself, and each of its steps (RESERVE, a reset) may
 * be done again by the host that did it. So a host that dies half way leaves one of three states: another host's RESERVE, nobody's,
 * or its own; and from each of them the next call gets to the end.
 */
import { isScsiError, ScsiError } from "../errors.ts";
import type { ResetScope } from "../transport.ts";
import { sleep } from "./clock.ts";
import { type MultihostDisk, refuseMixing, refuseRegistered } from "./disk.ts";
import { createFailfast } from "./failfast.ts";
import { withErrno } from "./failing.ts";
import { releaseUnit, reserveUnit, type SendOptions } from "./reserve.ts";
import { refuseSeveralPaths } from "./several-paths.ts";

/** What a take-over does, as it does it. */
export type OwnershipStep =
  | { readonly step: "reserve"; readonly result: "good" | "conflict" | "failed" }
  | { readonly step: "reset"; readonly scope: ResetScope; readonly result: "good" | "failed" }
  /** The reservation was lost while it was being held, and taken again: the delays begin anew. */
  | { readonly step: "lost-to-reset" };

/** Arguments of {@link takeOwnership}. The three delays are those of the manual's `struct mhioctkown`, and this disk's alone. */
export interface TakeOwnershipOptions {
  /** Milliseconds between looks whether a reset has ended the reservation, which is then made again. 0 or absent: 6000. */
  readonly reinstateDelayMs?: number | undefined;
  /** Milliseconds for which the reservation must hold before the disk counts as owned. 0 or absent: 6000. */
  readonly minimumOwnershipDelayMs?: number | undefined;
  /** Milliseconds after which it is given up. 0 or absent: 30 000. */
  readonly maximumOwnershipDelayMs?: number | undefined;
  /** Reinstate the reservation after resets, until the disk is released. Default true: mhd(7I) asks for it. */
  readonly reinstate?: boolean | undefined;
  /** Which resets may be tried against another host's reservation, in this order. Default: all three. */
  readonly resets?: readonly ResetScope[] | undefined;
  /** Gives up; what was reserved by then is released. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for one delivery of a command, or for one reset. Default 5000. */
  readonly timeoutMs?: number | undefined;
  /** Is told of each step. */
  readonly observer?: ((step: OwnershipStep) => void) | undefined;
}

/** What {@link takeOwnership} brought. */
export interface Ownership {
  /** The reset that ended another host's reservation; undefined if none was needed. */
  readonly reset: ResetScope | undefined;
  /** Milliseconds from the first RESERVE until the disk counted as owned. */
  readonly tookMs: number;
  /** How often the reservation was lost to a reset meanwhile. */
  readonly lostToResets: number;
}

const DEFAULTS = { reinstateDelayMs: 6000, minimumOwnershipDelayMs: 6000, maximumOwnershipDelayMs: 30_000 };
const TIMEOUT_MS = 5000;
/** While it is held, RESERVE is sent so often: at least four times, at most every half second (illumos' sd.c does the latter). */
const HOLDING_LOOKS = 4;
const LONGEST_LOOK_MS = 500;

function delay(name: keyof typeof DEFAULTS, options: TakeOwnershipOptions): number {
  const value = options[name] ?? 0;
  if (!(typeof value === "number" && value >= 0 && Number.isFinite(value))) {
    throw new RangeError(`${name} must be 0 or more milliseconds, got ${String(value)}`);
  }
  return value === 0 ? DEFAULTS[name] : value;
}

/**
 * The three delays of a take-over, in milliseconds, with the defaults filled in.
 *
 * @throws RangeError for a delay that cannot be, and for a maximum below the minimum
 */
export function delaysOf(
  options: TakeOwnershipOptions,
): readonly [reinstateMs: number, minimumMs: number, maximumMs: number] {
  const reinstateMs = delay("reinstateDelayMs", options);
  const minimumMs = delay("minimumOwnershipDelayMs", options);
  const maximumMs = delay("maximumOwnershipDelayMs", options);
  if (maximumMs < minimumMs) {
    throw new RangeError(
      `maximumOwnershipDelayMs (${maximumMs}) must not be below minimumOwnershipDelayMs (${minimumMs})`,
    );
  }
  return [reinstateMs, minimumMs, maximumMs];
}

const isConflict = (error: unknown): error is ScsiError => isScsiError(error) && error.code === "RESERVATION_CONFLICT";
/** Ended by the caller: not to be passed over. */
const isGivenUp = (error: unknown): boolean =>
  !isScsiError(error) || error.code === "ABORTED" || error.code === "CLOSED";

interface Taking {
  readonly disk: MultihostDisk;
  readonly send: SendOptions;
  readonly report: (step: OwnershipStep) => void;
}

/** RESERVE; false for a conflict. `lost` is told if a reset was met on the way. */
async function tryReserve({ disk, send, report }: Taking, lost: () => void = () => undefined): Promise<boolean> {
  try {
    if (await reserveUnit(disk, send)) lost();
    report({ step: "reserve", result: "good" });
    return true;
  } catch (error) {
    report({ step: "reserve", result: isConflict(error) ? "conflict" : "failed" });
    if (isConflict(error)) return false;
    throw error;
  }
}

/** Ends another host's reservation, by the narrowest reset that does, and takes its place. */
async function wrest(taking: Taking, scopes: readonly ResetScope[]): Promise<ResetScope> {
  const { disk, send, report } = taking;
  let worked = false;
  let last: unknown;
  for (const scope of scopes) {
    try {
      await disk.unit.reset(scope, send);
    } catch (error) {
      if (isGivenUp(error)) throw error;
      report({ step: "reset", scope, result: "failed" });
      last = error;
      continue;
    }
    report({ step: "reset", scope, result: "good" });
    worked = true;
    if (await tryReserve(taking)) return scope;
  }
  const message = worked
    ? "Cannot take ownership: another host reserves the disk again after every reset"
    : "Cannot take ownership: another host has reserved the disk, and no reset could be made";
  throw new ScsiError(message, {
    code: "RESERVATION_CONFLICT",
    command: "RESERVE (6)",
    unit: disk.unit.name,
    status: 0x18,
    cause: last,
    errno: worked ? "EACCES" : "EIO",
  });
}

/** Holds the reservation until it has stood for the minimum; how often it was lost to a reset meanwhile. */
async function hold(taking: Taking, began: number, minimumMs: number, maximumMs: number): Promise<number> {
  const { clock, unit } = taking.disk;
  const lookMs = Math.min(LONGEST_LOOK_MS, minimumMs / HOLDING_LOOKS);
  let since = clock.now();
  let lostToResets = 0;
  const lost = (): void => {
    taking.report({ step: "lost-to-reset" });
    lostToResets++;
    since = clock.now();
  };
  while (clock.now() - since < minimumMs) {
    if (clock.now() - began >= maximumMs) {
      throw new ScsiError(
        `Cannot take ownership: the reservation has not stood for ${minimumMs} ms within ${maximumMs} ms`,
        { code: "RESERVATION_CONFLICT", command: "RESERVE (6)", unit: unit.name, errno: "EACCES" },
      );
    }
    await sleep(clock, lookMs, taking.send.signal);
    // One more try, as sd.c has it.
    if ((await tryReserve(taking, lost)) || (await tryReserve(taking, lost))) continue;
    throw new ScsiError("Cannot take ownership: another host has taken the disk meanwhile", {
      code: "RESERVATION_CONFLICT",
      command: "RESERVE (6)",
      unit: unit.name,
      status: 0x18,
      errno: "EACCES",
    });
  }
  return lostToResets;
}

/** Stops what watches the disk. */
export async function stopKeeper(disk: MultihostDisk): Promise<void> {
  const { keeper } = disk;
  disk.keeper = undefined;
  await keeper?.[Symbol.asyncDispose]();
}

/**
 * Takes the disk for this host, by force (MHIOCTKOWN): RESERVE; against another host's reservation a reset of the logical unit,
 * then of the target, then of the bus, whichever the transport can do, and RESERVE again; then it holds the reservation for the
 * minimum ownership delay, and counts from the beginning if a reset ends it. Afterwards, until {@link releaseOwnership}, a timer
 * looks after it and reinstates it after resets; it keeps the process alive.
 *
 * Cut short at any point it leaves a state from which the next call gets to the end.
 *
 * @throws RangeError for a delay that cannot be
 * @throws ScsiError with `errno`: EACCES if another host takes the disk back or the maximum passes, EIO if no reset can be made and
 *   for whatever else target and path did, ENOTSUP if the disk knows no RESERVE, hosts are registered on it or it is reached through several paths, EPERM
 * @example
 * const { reset, tookMs } = await takeOwnership(createMultihostDisk(unit), { minimumOwnershipDelayMs: 2000 });
 */
export async function takeOwnership(disk: MultihostDisk, options: TakeOwnershipOptions = {}): Promise<Ownership> {
  const [intervalMs, minimumMs, maximumMs] = delaysOf(options);
  const { signal, timeoutMs = TIMEOUT_MS, resets = ["logical-unit", "target", "bus"], observer } = options;
  return withErrno(async () => {
    refuseSeveralPaths(disk.unit, "take ownership");
    refuseMixing(disk, "non-shared", "take ownership");
    await refuseRegistered(disk, "take ownership", signal);
    await stopKeeper(disk);
    const taking: Taking = { disk, send: { signal, timeoutMs }, report: (step) => observer?.(step) };
    const began = disk.clock.now();
    const reset = (await tryReserve(taking)) ? undefined : await wrest(taking, resets);
    disk.reserved = "quick";
    const lostToResets = await hold(taking, began, minimumMs, maximumMs).catch((error: unknown) => {
      if (isConflict(error)) disk.reserved = "no";
      throw error;
    });
    disk.reserved = "owned";
    if (options.reinstate !== false) {
      const keeper = createFailfast({ intervalMs, clock: disk.clock });
      keeper.watch(disk.unit, { kind: "reserved", reinstate: true, longForm: disk.longForm });
      disk.keeper = keeper;
    }
    return { reset, tookMs: disk.clock.now() - began, lostToResets };
  });
}

/**
 * Gives the disk free (MHIOCRELEASE): stops reinstating, sends RELEASE, through every path if there are several: whichever has it. GOOD,
 * and without effect, for a host that does not have it.
 *
 * @throws ScsiError with `errno`: EACCES on a conflict, ENOTSUP, EIO, EPERM; the disk then still counts as this host's
 */
export async function releaseOwnership(
  disk: MultihostDisk,
  options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined } = {},
): Promise<void> {
  await withErrno(async () => {
    refuseMixing(disk, "non-shared", "release");
    // First: what reinstates would take the disk again.
    await stopKeeper(disk);
    await releaseUnit(disk, { signal: options.signal, timeoutMs: options.timeoutMs ?? TIMEOUT_MS });
    disk.reserved = "no";
  });
}

/**
 * One RESERVE, simply and only (MHIOCQRESERVE): no reset before it, no holding, no reinstating after it. For quorum disks.
 *
 * @throws ScsiError with `errno`: EACCES if another host has the disk, ENOTSUP if it knows no RESERVE or is reached through several
 *   paths, EIO, EPERM
 */
export async function quickReserve(
  disk: MultihostDisk,
  options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined } = {},
): Promise<void> {
  await withErrno(async () => {
    refuseSeveralPaths(disk.unit, "quick reserve");
    refuseMixing(disk, "non-shared", "quick reserve");
    await reserveUnit(disk, { signal: options.signal, timeoutMs: options.timeoutMs ?? TIMEOUT_MS });
    if (disk.reserved === "no") disk.reserved = "quick";
  });
}

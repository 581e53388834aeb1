/**
 * A multihost disk: a logical unit, and what this host has done with it. mhd(7I) knows two families of calls, which must not
 * be mixed on one disk: RESERVE and RELEASE for disks that one host uses at a time, persistent reservations for disks that
 * several share. What is remembered here is remembered for each disk by itself.
 */
import { isScsiError, ScsiError } from "../errors.ts";
import type { Unit } from "../logical-unit.ts";
import type { ReservationType } from "../reservation.ts";
import { defaultRetryPolicy } from "../retry.ts";
import { type Clock, systemClock } from "./clock.ts";
import { failing } from "./failing.ts";

/** The two families: `non-shared` is RESERVE and RELEASE (SCSI-2), `shared` is PERSISTENT RESERVE OUT (SCSI-3). */
export type Family = "non-shared" | "shared";

/** What a {@link MultihostDisk} remembers of its persistent reservation. */
export interface SharedUse {
  /** The key under which this host is registered. */
  readonly key: bigint;
  /** APTPL with each registration. */
  readonly persistThroughPowerLoss: boolean;
  /** The type of the reservation that this host has made; undefined if none. */
  readonly type: ReservationType | undefined;
}

/** A logical unit, and what this host has done with it through the calls of this folder. */
export interface MultihostDisk<Of extends Unit = Unit> {
  /** The way to it, or the unit of several paths. */
  readonly unit: Of;
  /** What its delays are measured by. */
  readonly clock: Clock;
  /** RESERVE: not held as far as is known, held by quick reserve, or owned and kept. */
  reserved: "no" | "quick" | "owned";
  /** The registration, while there is one. */
  shared: SharedUse | undefined;
  /** Which of RESERVE (6) and RESERVE (10) the unit takes; (6) until it has said no. */
  longForm: boolean;
  /** What watches the disk on behalf of take ownership or of fail-fast: stopped by release. */
  keeper: AsyncDisposable | undefined;
}

/**
 * A multihost disk over a logical unit. Disposing the unit ends everything; the disk needs no end of its own but
 * {@link MultihostDisk.keeper}'s, if it has one.
 *
 * @param unit the way to it; more than one disk over one unit do not know of each other. Over several paths the calls for shared disks are
 *   src/multipath's, and {@link takeOwnership} and {@link quickReserve} are refused: RESERVE is one I_T nexus's
 * @param options `clock`: what delays are measured by; the real time unless given
 */
export function createMultihostDisk<Of extends Unit>(
  unit: Of,
  options: { readonly clock?: Clock } = {},
): MultihostDisk<Of> {
  return {
    unit,
    clock: options.clock ?? systemClock,
    reserved: "no",
    shared: undefined,
    longForm: false,
    keeper: undefined,
  };
}

const hexKeys = (keys: readonly bigint[]): string => keys.map((key) => `0x${key.toString(16)}`).join(", ");

function mixed(disk: MultihostDisk, what: string, because: string): ScsiError {
  return new ScsiError(
    `Cannot ${what}: ${because}. SCSI does not permit RESERVE and RELEASE to be mixed with persistent reservations on one disk`,
    { code: "FAMILIES_MIXED", unit: disk.unit.name, delivered: "no", errno: "ENOTSUP" },
  );
}

/**
 * Refuses a call of one family while this host uses the other; nothing is sent.
 *
 * @throws ScsiError `FAMILIES_MIXED`, errno ENOTSUP
 */
export function refuseMixing(disk: MultihostDisk, family: Family, what: string): void {
  if (family === "shared" && disk.reserved !== "no") {
    throw mixed(disk, what, "this host has the disk by RESERVE; release it first");
  }
  if (family === "non-shared" && disk.shared !== undefined) {
    throw mixed(disk, what, `this host is registered with key ${hexKeys([disk.shared.key])}; unregister it first`);
  }
}

/** What READ KEYS says about the families: the documented way to find out. */
export type Support =
  /** PERSISTENT RESERVE is there; these keys are registered. */
  | { readonly persistent: true; readonly keys: readonly bigint[] }
  /** The device does not know it. */
  | { readonly persistent: false }
  /** Somebody has the disk by RESERVE, under which even asking is forbidden (spc2r20 5.5.1). */
  | { readonly persistent: "reserved" };

/**
 * Does the disk support persistent reservations? The manual's way: MHIOCGRP_INKEYS fails with ENOTSUP where it does not.
 *
 * @throws ScsiError for everything else that target or path did, with `errno` EIO
 */
export async function persistentSupport(
  disk: MultihostDisk,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Support> {
  try {
    return { persistent: true, keys: (await disk.unit.readKeys({ ...options, retry: defaultRetryPolicy })).keys };
  } catch (error) {
    if (!isScsiError(error)) throw error;
    if (error.code === "ILLEGAL_REQUEST") return { persistent: false };
    if (error.code === "RESERVATION_CONFLICT") return { persistent: "reserved" };
    throw failing(error);
  }
}

/**
 * Refuses RESERVE on a disk on which hosts are registered: it asks the disk.
 *
 * @throws ScsiError `FAMILIES_MIXED`, errno ENOTSUP
 */
export async function refuseRegistered(disk: MultihostDisk, what: string, signal?: AbortSignal): Promise<void> {
  const support = await persistentSupport(disk, { signal });
  if (support.persistent !== true || support.keys.length === 0) return;
  throw mixed(disk, what, `hosts are registered on it, with ${hexKeys(support.keys)}`);
}

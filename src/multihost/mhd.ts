/**
 * The calls of mhd(7I) by their names in <sys/mhd.h>, for those who port code: a line or two each over the functions of this folder.
 * `-1` with an `errno` is a rejection with a ScsiError that has `errno`. As the driver does, they remember each disk by itself: what
 * belongs to a logical unit is found by it, and forgotten with it.
 */
import { ScsiError } from "../errors.ts";
import type { Unit } from "../logical-unit.ts";
import type { ReservationType } from "../reservation.ts";
import { createMultihostDisk, type MultihostDisk } from "./disk.ts";
import type { Expectation } from "./expectation.ts";
import { createFailfast, type Failfast, type FailfastOptions } from "./failfast.ts";
import {
  type Ownership,
  quickReserve,
  releaseOwnership,
  stopKeeper,
  type TakeOwnershipOptions,
  takeOwnership,
} from "./ownership.ts";
import {
  clearShared,
  inKeys,
  inReservations,
  preemptAndAbortShared,
  preemptShared,
  type ReservationDescriptor,
  registerHost,
  registerHostAndIgnoreKey,
  reserveShared,
} from "./shared.ts";
import { accessStatus } from "./status.ts";

const disks = new WeakMap<Unit, MultihostDisk>();

/** What these calls remember of a unit. */
export function multihostDiskOf(unit: Unit): MultihostDisk {
  let disk = disks.get(unit);
  if (disk === undefined) {
    disk = createMultihostDisk(unit);
    disks.set(unit, disk);
  }
  return disk;
}

/** `struct mhioctkown`: milliseconds; 0 is the default. */
export interface mhioctkown {
  /** After a reset, until the reservation is made again; milliseconds. */
  readonly reinstate_resv_delay?: number;
  /** How long the disk must be held before it counts as owned; milliseconds. */
  readonly min_ownership_delay?: number;
  /** How long taking ownership may last in all; milliseconds. */
  readonly max_ownership_delay?: number;
}

/** `mhioc_key_list_t`: the caller's room, the number that exist, the keys. Filled in. */
export interface mhioc_key_list_t {
  /** Room for so many keys. */
  readonly listsize: number;
  /** Filled in: how many exist. */
  listlen: number;
  /** Filled in: as many as there is room for. */
  list: bigint[];
}

/** `mhioc_inkeys_t`. Filled in. */
export interface mhioc_inkeys_t {
  /** Filled in: PRGENERATION. */
  generation: number;
  /** The caller's room, and what is put there. */
  readonly li: mhioc_key_list_t;
}

/** `mhioc_resv_desc_t`. */
export interface mhioc_resv_desc_t {
  /** The reservation key. */
  readonly key: bigint;
  /** The type of the reservation. */
  readonly type: ReservationType;
  /** 0: the logical unit. */
  readonly scope?: number;
  /** Obsolete, and not sent. */
  readonly scope_specific_addr?: number;
}

/** `mhioc_inresvs_t`. Filled in. */
export interface mhioc_inresvs_t {
  /** Filled in: PRGENERATION. */
  generation: number;
  /** The caller's room, and what is put there. */
  readonly li: { readonly listsize: number; listlen: number; list: ReservationDescriptor[] };
}

/** `mhioc_register_t`. */
export interface mhioc_register_t {
  /** The key under which this host is registered; 0n if it is not. */
  readonly oldkey: bigint;
  /** The key to register; 0n unregisters. */
  readonly newkey: bigint;
  /** APTPL: keep it through a loss of power. */
  readonly aptpl: boolean;
}

/** `mhioc_registerandignorekey_t`. */
export interface mhioc_registerandignorekey_t {
  /** The key to register; 0n unregisters. */
  readonly newkey: bigint;
  /** APTPL: keep it through a loss of power. */
  readonly aptpl: boolean;
}

/** `mhioc_preemptandabort_t`. */
export interface mhioc_preemptandabort_t {
  /** This host's key, and the type of the reservation that is wanted. */
  readonly resvdesc: mhioc_resv_desc_t;
  /** The key of those that are to be shut out. */
  readonly victim_key: bigint;
}

/** Takes the disk by force: {@link takeOwnership}. EACCES, EIO, ENOTSUP, EPERM. */
export const MHIOCTKOWN = (
  unit: Unit,
  delays: mhioctkown = {},
  options: Pick<TakeOwnershipOptions, "signal" | "observer"> = {},
): Promise<Ownership> =>
  takeOwnership(multihostDiskOf(unit), {
    ...options,
    reinstateDelayMs: delays.reinstate_resv_delay,
    minimumOwnershipDelayMs: delays.min_ownership_delay,
    maximumOwnershipDelayMs: delays.max_ownership_delay,
  });

/** Gives the disk free: {@link releaseOwnership}. */
export const MHIOCRELEASE = (unit: Unit): Promise<void> => releaseOwnership(multihostDiskOf(unit));

/** 0 if this host has access, 1 if it does not: {@link accessStatus}. EIO if that could not be found out. */
export const MHIOCSTATUS = async (unit: Unit): Promise<0 | 1> =>
  (await accessStatus(multihostDiskOf(unit))).access ? 0 : 1;

/** One RESERVE: {@link quickReserve}. EACCES, ENOTSUP, EIO. */
export const MHIOCQRESERVE = (unit: Unit): Promise<void> => quickReserve(multihostDiskOf(unit));

/** The registered keys into `k`: {@link inKeys}. ENOTSUP where the disk has no persistent reservations. */
export async function MHIOCGRP_INKEYS(unit: Unit, k: mhioc_inkeys_t): Promise<void> {
  const { generation, listLength, list } = await inKeys(multihostDiskOf(unit), { listSize: k.li.listsize });
  k.generation = generation;
  k.li.listlen = listLength;
  k.li.list = [...list];
}

/** The reservations into `r`: {@link inReservations}. */
export async function MHIOCGRP_INRESV(unit: Unit, r: mhioc_inresvs_t): Promise<void> {
  const { generation, listLength, list } = await inReservations(multihostDiskOf(unit), { listSize: r.li.listsize });
  r.generation = generation;
  r.li.listlen = listLength;
  r.li.list = [...list];
}

/** Registers, changes the key, unregisters: {@link registerHost}. EACCES on a conflict. */
export const MHIOCGRP_REGISTER = (unit: Unit, r: mhioc_register_t): Promise<void> =>
  registerHost(multihostDiskOf(unit), { oldKey: r.oldkey, newKey: r.newkey, aptpl: r.aptpl });

/** Registers whatever the present key is: {@link registerHostAndIgnoreKey}. */
export const MHIOCGRP_REGISTERANDIGNOREKEY = (unit: Unit, r: mhioc_registerandignorekey_t): Promise<void> =>
  registerHostAndIgnoreKey(multihostDiskOf(unit), { newKey: r.newkey, aptpl: r.aptpl });

/** Reserves: {@link reserveShared}. EACCES on a conflict. */
export const MHIOCGRP_RESERVE = (unit: Unit, r: mhioc_resv_desc_t): Promise<void> =>
  reserveShared(multihostDiskOf(unit), r);

/** Fences another host: {@link preemptAndAbortShared}. EACCES on a conflict. */
export const MHIOCGRP_PREEMPTANDABORT = (unit: Unit, r: mhioc_preemptandabort_t): Promise<void> =>
  preemptAndAbortShared(multihostDiskOf(unit), { reservation: r.resvdesc, victimKey: r.victim_key });

/** The same without aborting; the manual says that it is not implemented, here it is: {@link preemptShared}. */
export const MHIOCGRP_PREEMPT = (unit: Unit, r: mhioc_preemptandabort_t): Promise<void> =>
  preemptShared(multihostDiskOf(unit), { reservation: r.resvdesc, victimKey: r.victim_key });

/** Removes all registrations: {@link clearShared}. */
export const MHIOCGRP_CLEAR = (unit: Unit, key: bigint): Promise<void> => clearShared(multihostDiskOf(unit), { key });

/** What this host expects, by what it has done through these calls. */
export function expectedAccess(disk: MultihostDisk): Expectation | undefined {
  if (disk.shared !== undefined) {
    const { key, type, persistThroughPowerLoss } = disk.shared;
    return { kind: "registered", key, type, persistThroughPowerLoss };
  }
  if (disk.reserved === "no") return undefined;
  return { kind: "reserved", reinstate: disk.reserved === "owned", longForm: disk.longForm };
}

/**
 * Probes the disk every `millisecs`; 0 ends that (MHIOCENFAILFAST). What is expected is what this host has done: taken the disk,
 * reserved it, registered. Where the driver panics, the result's signal fires, and `onLoss` is called with the evidence; ending the
 * process or the machine is a choice of those who call (see `scsi-persist/failfast`).
 *
 * @param millisecs whole milliseconds, 0 to 2^32 - 1; 2^31 - 1, as in the driver: no probes, only conflicts of commands count
 * @returns the watch; undefined for 0
 * @throws ScsiError with `errno` EACCES if no access is expected: neither taken, nor reserved, nor registered
 */
export async function MHIOCENFAILFAST(
  unit: Unit,
  millisecs: number,
  options: Omit<FailfastOptions, "intervalMs" | "clock"> = {},
): Promise<Failfast | undefined> {
  const disk = multihostDiskOf(unit);
  await stopKeeper(disk);
  if (millisecs === 0) return undefined;
  const expectation = expectedAccess(disk);
  if (expectation === undefined) {
    throw new ScsiError("Cannot enable fail-fast: this host expects no access; take, reserve or register first", {
      code: "ACCESS_LOST",
      unit: unit.name,
      delivered: "no",
      errno: "EACCES",
    });
  }
  const intervalMs = millisecs === 2 ** 31 - 1 ? Number.POSITIVE_INFINITY : millisecs;
  const failfast = createFailfast({ ...options, intervalMs, clock: disk.clock });
  failfast.watch(unit, expectation);
  disk.keeper = failfast;
  return failfast;
}

/** Multihost disk control and fail-fast, after mhd(7I): re-exports only. */
export type { MultihostErrno } from "../conversions.ts";
export type { Clock } from "./clock.ts";
export {
  createMultihostDisk,
  type Family,
  type MultihostDisk,
  persistentSupport,
  type SharedUse,
  type Support,
} from "./disk.ts";
export type { Expectation, LossReason } from "./expectation.ts";
export {
  createFailfast,
  type DiskWatch,
  type Failfast,
  type FailfastEvent,
  type FailfastOptions,
  type Lateness,
} from "./failfast.ts";
export type { Loss, LossRule, Verdict } from "./loss.ts";
/** The calls of mhd(7I) by their names in <sys/mhd.h>. */
export * as mhd from "./mhd.ts";
export {
  type Ownership,
  type OwnershipStep,
  quickReserve,
  releaseOwnership,
  type TakeOwnershipOptions,
  takeOwnership,
} from "./ownership.ts";
export {
  clearShared,
  inKeys,
  inReservations,
  type PreemptSharedOptions,
  preemptAndAbortShared,
  preemptShared,
  type RegisterHostOptions,
  type ReservationDescriptor,
  type ReservationWanted,
  type RoomyList,
  registerHost,
  registerHostAndIgnoreKey,
  reserveShared,
  type SharedOptions,
} from "./shared.ts";
export { type AccessStatus, accessStatus, type PathAccess, type StatusOptions } from "./status.ts";

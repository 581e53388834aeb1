/**
 * The numbers that other interfaces have for the same things, one table each: reservation types of Linux' block layer and of
 * NVMe, libmpathpersist's results, the errno values of mhd(7I). Pure tables and look-ups.
 */
import type { ScsiError, ScsiErrorCode } from "./errors.ts";
import type { ReservationType } from "./reservation.ts";

/**
 * Reservation types in Linux (`enum pr_type` of linux/pr.h) and in NVMe (RTYPE, NVM Express Base Specification 2.0, Reservation
 * Acquire). The two number them alike, and otherwise than SCSI.
 */
export const blockReservationTypes: Readonly<Record<ReservationType, number>> = {
  "write-exclusive": 1,
  "exclusive-access": 2,
  "write-exclusive-registrants-only": 3,
  "exclusive-access-registrants-only": 4,
  "write-exclusive-all-registrants": 5,
  "exclusive-access-all-registrants": 6,
};

const namesByBlockCode = new Map(
  Object.entries(blockReservationTypes).map(([name, code]) => [code, name as ReservationType]),
);

/** The type that a number of Linux' block layer or of NVMe means, or undefined if it means none. */
export function blockReservationTypeName(code: number): ReservationType | undefined {
  return namesByBlockCode.get(code);
}

/** libmpathpersist's results (mpath_persist.h), by name. */
export const mpathPersistResults = {
  MPATH_PR_SUCCESS: 0,
  MPATH_PR_SYNTAX_ERROR: 1,
  MPATH_PR_SENSE_NOT_READY: 2,
  MPATH_PR_SENSE_MEDIUM_ERROR: 3,
  MPATH_PR_SENSE_HARDWARE_ERROR: 4,
  MPATH_PR_ILLEGAL_REQ: 5,
  MPATH_PR_SENSE_UNIT_ATTENTION: 6,
  MPATH_PR_SENSE_INVALID_OP: 7,
  MPATH_PR_SENSE_ABORTED_COMMAND: 8,
  MPATH_PR_NO_SENSE: 9,
  MPATH_PR_SENSE_MALFORMED: 10,
  MPATH_PR_RESERV_CONFLICT: 11,
  MPATH_PR_FILE_ERROR: 12,
  MPATH_PR_DMMP_ERROR: 13,
  MPATH_PR_THREAD_ERROR: 14,
  MPATH_PR_OTHER: 15,
} as const;

/** The name of one of libmpathpersist's results. */
export type MpathPersistResult = keyof typeof mpathPersistResults;

const resultsByCode: Partial<Record<ScsiErrorCode, MpathPersistResult>> = {
  NOT_READY: "MPATH_PR_SENSE_NOT_READY",
  MEDIUM_ERROR: "MPATH_PR_SENSE_MEDIUM_ERROR",
  HARDWARE_ERROR: "MPATH_PR_SENSE_HARDWARE_ERROR",
  ILLEGAL_REQUEST: "MPATH_PR_ILLEGAL_REQ",
  UNIT_ATTENTION: "MPATH_PR_SENSE_UNIT_ATTENTION",
  ABORTED_COMMAND: "MPATH_PR_SENSE_ABORTED_COMMAND",
  NO_SENSE: "MPATH_PR_NO_SENSE",
  MALFORMED_SENSE: "MPATH_PR_SENSE_MALFORMED",
  MALFORMED_RESPONSE: "MPATH_PR_SENSE_MALFORMED",
  RESERVATION_CONFLICT: "MPATH_PR_RESERV_CONFLICT",
  CONNECTION_FAILED: "MPATH_PR_FILE_ERROR",
  TARGET_NOT_FOUND: "MPATH_PR_FILE_ERROR",
  PERMISSION_DENIED: "MPATH_PR_FILE_ERROR",
  // A map without a path is device mapper's matter; a device that is no map is too.
  NO_USABLE_PATH: "MPATH_PR_DMMP_ERROR",
  UNSUITABLE_DEVICE: "MPATH_PR_DMMP_ERROR",
  PREEMPTED_MEANWHILE: "MPATH_PR_RESERV_CONFLICT",
  KEY_SHARED: "MPATH_PR_RESERV_CONFLICT",
};

const isInvalidOperationCode = (error: ScsiError): boolean =>
  error.code === "ILLEGAL_REQUEST" && error.sense?.asc === 0x20 && error.sense.ascq === 0x00;

/**
 * What mpath_persistent_reserve_out(3) would return for this error. MPATH_PR_SENSE_INVALID_OP is documented there for 05h, 20h/00h;
 * the library itself never returns it, this does.
 */
export function mpathPersistResult(error: ScsiError): MpathPersistResult {
  if (isInvalidOperationCode(error)) return "MPATH_PR_SENSE_INVALID_OP";
  return resultsByCode[error.code] ?? "MPATH_PR_OTHER";
}

/** An errno of mhd(7I). */
export type MultihostErrno = "EPERM" | "EACCES" | "EIO" | "ENOTSUP";

const errnoByCode: Partial<Record<ScsiErrorCode, MultihostErrno>> = {
  RESERVATION_CONFLICT: "EACCES",
  ILLEGAL_REQUEST: "ENOTSUP",
  FAMILIES_MIXED: "ENOTSUP",
  PERMISSION_DENIED: "EPERM",
};

/**
 * The errno that mhd(7I) documents for this error: EACCES for a conflict, ENOTSUP (EOPNOTSUP) for what the device does not have,
 * EPERM where the operating system wants another user, else EIO.
 */
export function multihostErrno(error: ScsiError): MultihostErrno {
  return errnoByCode[error.code] ?? "EIO";
}

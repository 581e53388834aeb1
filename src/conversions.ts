/**
 * The numbers that other interfaces have for the same things, one table each: reservation types of Linux' block layer and of
 * NVMe; what libmpathpersist, mhd(7I) and sg3_utils say of every error. Pure tables and look-ups.
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

/** An errno of mhd(7I). */
export type MultihostErrno = "EPERM" | "EACCES" | "EIO" | "ENOTSUP";

/** What an error is elsewhere: a result of libmpathpersist, an errno of mhd(7I), an exit code of sg3_utils. */
export interface Elsewhere {
  /** The result that libmpathpersist would give. */
  readonly mpath: MpathPersistResult;
  /** EACCES for a conflict, ENOTSUP (EOPNOTSUP) for what the device does not have, EPERM where another user is needed, else EIO. */
  readonly errno: MultihostErrno;
  /** As sg3_utils(8) and its sg_lib.h number them. */
  readonly sg3: number;
}

const is = (sg3: number, mpath: MpathPersistResult = "MPATH_PR_OTHER", errno: MultihostErrno = "EIO"): Elsewhere => ({
  mpath,
  errno,
  sg3,
});

/** Every error. */
const elsewhereByCode: Readonly<Record<ScsiErrorCode, Elsewhere>> = {
  RESERVATION_CONFLICT: is(24, "MPATH_PR_RESERV_CONFLICT", "EACCES"),
  BUSY: is(26),
  TASK_SET_FULL: is(27),
  ACA_ACTIVE: is(28),
  TASK_ABORTED: is(29),
  UNEXPECTED_STATUS: is(99),
  NO_SENSE: is(20, "MPATH_PR_NO_SENSE"),
  NOT_READY: is(2, "MPATH_PR_SENSE_NOT_READY"),
  MEDIUM_ERROR: is(3, "MPATH_PR_SENSE_MEDIUM_ERROR"),
  HARDWARE_ERROR: is(3, "MPATH_PR_SENSE_HARDWARE_ERROR"),
  ILLEGAL_REQUEST: is(5, "MPATH_PR_ILLEGAL_REQ", "ENOTSUP"),
  UNIT_ATTENTION: is(6, "MPATH_PR_SENSE_UNIT_ATTENTION"),
  DATA_PROTECT: is(7),
  BLANK_CHECK: is(3),
  VENDOR_SPECIFIC: is(98),
  COPY_ABORTED: is(10),
  ABORTED_COMMAND: is(11, "MPATH_PR_SENSE_ABORTED_COMMAND"),
  VOLUME_OVERFLOW: is(98),
  MISCOMPARE: is(14),
  MALFORMED_SENSE: is(98, "MPATH_PR_SENSE_MALFORMED"),
  MALFORMED_RESPONSE: is(97, "MPATH_PR_SENSE_MALFORMED"),
  CONNECTION_FAILED: is(35, "MPATH_PR_FILE_ERROR"),
  LOGIN_FAILED: is(15),
  AUTHENTICATION_FAILED: is(15),
  TARGET_NOT_FOUND: is(15, "MPATH_PR_FILE_ERROR"),
  PERMISSION_DENIED: is(15, "MPATH_PR_FILE_ERROR", "EPERM"),
  // A map without a path is device mapper's matter; a device that is no map is too.
  UNSUITABLE_DEVICE: is(15, "MPATH_PR_DMMP_ERROR"),
  CONNECTION_LOST: is(35),
  PROTOCOL_ERROR: is(35),
  TIMEOUT: is(33),
  ABORTED: is(99),
  CLOSED: is(35),
  TASK_MANAGEMENT_FAILED: is(99),
  LOST_ANSWER: is(35),
  FAMILIES_MIXED: is(31, "MPATH_PR_OTHER", "ENOTSUP"),
  ACCESS_LOST: is(99),
  NO_USABLE_PATH: is(35, "MPATH_PR_DMMP_ERROR"),
  PATHS_DIFFER: is(99),
  KEY_SHARED: is(24, "MPATH_PR_RESERV_CONFLICT"),
  PREEMPTED_MEANWHILE: is(24, "MPATH_PR_RESERV_CONFLICT"),
};

/** A narrower case: only with this additional sense code, and with this qualifier where one is named, or only with this status. */
interface Narrower extends Partial<Elsewhere> {
  readonly code: ScsiErrorCode;
  readonly asc?: number;
  readonly ascq?: number;
  readonly status?: number;
}

const narrower: readonly Narrower[] = [
  { code: "NOT_READY", asc: 0x04, ascq: 0x0b, sg3: 12 },
  { code: "NOT_READY", asc: 0x04, ascq: 0x0c, sg3: 13 },
  // mpath_persistent_reserve_out(3) documents MPATH_PR_SENSE_INVALID_OP for this; the library itself never returns it.
  { code: "ILLEGAL_REQUEST", asc: 0x20, ascq: 0x00, sg3: 9, mpath: "MPATH_PR_SENSE_INVALID_OP" },
  { code: "ILLEGAL_REQUEST", asc: 0x21, ascq: 0x00, sg3: 22 },
  { code: "ILLEGAL_REQUEST", asc: 0x26, ascq: 0x00, sg3: 19 },
  { code: "ABORTED_COMMAND", asc: 0x10, sg3: 40 },
  { code: "UNEXPECTED_STATUS", status: 0x04, sg3: 25 },
];

/**
 * What an error is to libmpathpersist, to mhd(7I) and to sg3_utils.
 *
 * @example elsewhere(error) // { mpath: "MPATH_PR_RESERV_CONFLICT", errno: "EACCES", sg3: 24 }
 */
export function elsewhere(error: Pick<ScsiError, "code" | "sense" | "status">): Elsewhere {
  const narrow = narrower.find(
    ({ code, asc, ascq, status }) =>
      code === error.code &&
      (asc === undefined || asc === error.sense?.asc) &&
      (ascq === undefined || ascq === error.sense?.ascq) &&
      (status === undefined || status === error.status),
  );
  const wide = elsewhereByCode[error.code];
  return { mpath: narrow?.mpath ?? wide.mpath, errno: narrow?.errno ?? wide.errno, sg3: narrow?.sg3 ?? wide.sg3 };
}

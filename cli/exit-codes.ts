/**
 * The exit codes: one table, used for every exit and shown in the help. The numbers are those of sg3_utils(8), so that scripts
 * written for sg_persist understand them.
 */
import { isScsiError, type ScsiError, type ScsiErrorCode } from "../src/index.ts";

interface ExitCode {
  readonly exit: number;
  readonly meaning: string;
  /** The errors that end so. */
  readonly codes?: readonly ScsiErrorCode[];
  /** Narrower than `codes`: only with this additional sense code and qualifier. Such rows come before others. */
  readonly sense?: readonly [asc: number, ascq: number];
  /** Narrower than `codes`: only with this SCSI status. */
  readonly status?: number;
}

/** The table. A narrow row stands before the wide row of the same code. */
export const exitCodes: readonly ExitCode[] = [
  { exit: 0, meaning: "success" },
  { exit: 1, meaning: "the command line is wrong; nothing was sent" },
  { exit: 12, meaning: "not ready: target port in standby state", codes: ["NOT_READY"], sense: [0x04, 0x0b] },
  { exit: 13, meaning: "not ready: target port unavailable", codes: ["NOT_READY"], sense: [0x04, 0x0c] },
  { exit: 2, meaning: "the unit is not ready", codes: ["NOT_READY"] },
  {
    exit: 3,
    meaning: "medium or hardware error, blank medium",
    codes: ["MEDIUM_ERROR", "HARDWARE_ERROR", "BLANK_CHECK"],
  },
  { exit: 9, meaning: "the unit does not know this command", codes: ["ILLEGAL_REQUEST"], sense: [0x20, 0x00] },
  { exit: 19, meaning: "invalid field in parameter list", codes: ["ILLEGAL_REQUEST"], sense: [0x26, 0x00] },
  { exit: 5, meaning: "illegal request: the unit rejects the command", codes: ["ILLEGAL_REQUEST"] },
  { exit: 6, meaning: "unit attention: look first, then try again", codes: ["UNIT_ATTENTION"] },
  { exit: 7, meaning: "data protect", codes: ["DATA_PROTECT"] },
  { exit: 10, meaning: "copy aborted", codes: ["COPY_ABORTED"] },
  { exit: 11, meaning: "aborted command", codes: ["ABORTED_COMMAND"] },
  { exit: 14, meaning: "miscompare", codes: ["MISCOMPARE"] },
  {
    exit: 15,
    meaning: "no such target or device, or it refuses this user",
    codes: ["TARGET_NOT_FOUND", "LOGIN_FAILED", "AUTHENTICATION_FAILED", "PERMISSION_DENIED", "UNSUITABLE_DEVICE"],
  },
  { exit: 20, meaning: "check condition without a reason (no sense)", codes: ["NO_SENSE"] },
  {
    exit: 24,
    meaning: "RESERVATION CONFLICT; fenced meanwhile; a key that another host has",
    codes: ["RESERVATION_CONFLICT", "PREEMPTED_MEANWHILE", "KEY_SHARED"],
  },
  { exit: 25, meaning: "status CONDITION MET", codes: ["UNEXPECTED_STATUS"], status: 0x04 },
  { exit: 26, meaning: "status BUSY", codes: ["BUSY"] },
  { exit: 27, meaning: "status TASK SET FULL", codes: ["TASK_SET_FULL"] },
  { exit: 28, meaning: "status ACA ACTIVE", codes: ["ACA_ACTIVE"] },
  { exit: 29, meaning: "status TASK ABORTED", codes: ["TASK_ABORTED"] },
  { exit: 31, meaning: "RESERVE and persistent reservations mixed on one disk", codes: ["FAMILIES_MIXED"] },
  { exit: 33, meaning: "no answer in time", codes: ["TIMEOUT"] },
  {
    exit: 35,
    meaning: "transport: no connection, connection or answer lost",
    codes: ["CONNECTION_FAILED", "CONNECTION_LOST", "PROTOCOL_ERROR", "CLOSED", "LOST_ANSWER", "NO_USABLE_PATH"],
  },
  { exit: 37, meaning: "access to a disk was lost (mhd failfast)", codes: ["ACCESS_LOST"] },
  { exit: 97, meaning: "an answer that makes no sense", codes: ["MALFORMED_RESPONSE"] },
  {
    exit: 98,
    meaning: "sense data that fit nothing above",
    codes: ["MALFORMED_SENSE", "VENDOR_SPECIFIC", "VOLUME_OVERFLOW"],
  },
  {
    exit: 99,
    meaning: "anything else: a demo step that went wrong, paths that differ",
    codes: ["UNEXPECTED_STATUS", "TASK_MANAGEMENT_FAILED", "PATHS_DIFFER"],
  },
  { exit: 130, meaning: "interrupted (SIGINT)", codes: ["ABORTED"] },
];

/** Success. */
export const EXIT_SUCCESS = 0;
/** The command line is wrong. */
export const EXIT_USAGE = 1;
/** What no row names. */
export const EXIT_OTHER = 99;

function matches(row: ExitCode, error: ScsiError): boolean {
  if (row.codes?.includes(error.code) !== true) return false;
  if (row.sense !== undefined && (row.sense[0] !== error.sense?.asc || row.sense[1] !== error.sense.ascq)) return false;
  return row.status === undefined || row.status === error.status;
}

/** The exit code for what target or path did. */
export function exitCodeOf(error: unknown): number {
  if (!isScsiError(error)) return EXIT_OTHER;
  return exitCodes.find((row) => matches(row, error))?.exit ?? EXIT_OTHER;
}

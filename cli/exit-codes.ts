/**
 * The exit codes: what each means, used for every exit and shown in the help. The numbers are those of sg3_utils(8), so that scripts
 * written for sg_persist understand them; which error has which is in src/conversions.ts, but for those that sg3_utils has no word for.
 */
import { elsewhere } from "../src/explain.ts";
import { isScsiError, type ScsiErrorCode } from "../src/index.ts";

interface ExitCode {
  readonly exit: number;
  readonly meaning: string;
}

/** The meanings. */
export const exitCodes: readonly ExitCode[] = [
  { exit: 0, meaning: "success" },
  { exit: 1, meaning: "the command line is wrong; nothing was sent" },
  { exit: 2, meaning: "the unit is not ready" },
  { exit: 3, meaning: "medium or hardware error, blank medium" },
  { exit: 5, meaning: "illegal request: the unit rejects the command" },
  { exit: 6, meaning: "unit attention: look first, then try again" },
  { exit: 7, meaning: "data protect" },
  { exit: 9, meaning: "the unit does not know this command" },
  { exit: 10, meaning: "copy aborted" },
  { exit: 11, meaning: "aborted command" },
  { exit: 12, meaning: "not ready: target port in standby state" },
  { exit: 13, meaning: "not ready: target port unavailable" },
  { exit: 14, meaning: "miscompare" },
  { exit: 15, meaning: "no such target or device, or it refuses this user" },
  { exit: 19, meaning: "invalid field in parameter list" },
  { exit: 20, meaning: "check condition without a reason (no sense)" },
  { exit: 22, meaning: "logical block address out of range" },
  { exit: 24, meaning: "RESERVATION CONFLICT; fenced meanwhile; a key that another host has" },
  { exit: 25, meaning: "status CONDITION MET" },
  { exit: 26, meaning: "status BUSY" },
  { exit: 27, meaning: "status TASK SET FULL" },
  { exit: 28, meaning: "status ACA ACTIVE" },
  { exit: 29, meaning: "status TASK ABORTED" },
  { exit: 31, meaning: "RESERVE and persistent reservations mixed on one disk" },
  { exit: 33, meaning: "no answer in time" },
  { exit: 35, meaning: "transport: no connection, connection or answer lost" },
  { exit: 37, meaning: "access to a disk was lost (mhd failfast)" },
  { exit: 40, meaning: "aborted command: protection information" },
  { exit: 97, meaning: "an answer that makes no sense" },
  { exit: 98, meaning: "sense data that fit nothing above" },
  { exit: 99, meaning: "anything else: a demo step that went wrong, paths that differ" },
  { exit: 130, meaning: "interrupted (SIGINT)" },
];

/** Success. */
export const EXIT_SUCCESS = 0;
/** The command line is wrong. */
export const EXIT_USAGE = 1;
/** What no row names. */
export const EXIT_OTHER = 99;

/** What sg3_utils does not know. */
const own: Partial<Record<ScsiErrorCode, number>> = { ACCESS_LOST: 37, ABORTED: 130 };

/** The exit code for what target or path did. */
export function exitCodeOf(error: unknown): number {
  if (!isScsiError(error)) return EXIT_OTHER;
  return own[error.code] ?? elsewhere(error).sg3;
}

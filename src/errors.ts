/**
 * Everything that a target or a path can do to a command: one class, one closed list of codes.
 * Bad arguments are not here: they throw TypeError or RangeError before anything is sent.
 */

import type { MultihostErrno } from "./conversions.ts";
import type { scsiErrorCodes } from "./error-codes.ts";
import type { LostAnswerEvidence } from "./lost-answer.ts";
import type { MultipathAccount } from "./multipath/account.ts";
import type { Attempt, Delivery } from "./retry.ts";
import type { FieldName, SenseData, UnreadableSense } from "./sense.ts";

/** The closed set of codes. */
export type ScsiErrorCode = keyof typeof scsiErrorCodes;

/** What a {@link ScsiError} is made of. */
export interface ScsiErrorDetails {
  /** One of the closed set of codes: tell errors apart by it. */
  readonly code: ScsiErrorCode;
  /** The command's name in the standard's words, e.g. `RESERVE`, `READ KEYS`. */
  readonly command?: string | undefined;
  /** The transport's name. */
  readonly unit?: string | undefined;
  /** The SCSI status byte, if there was an answer. */
  readonly status?: number | undefined;
  /** The decoded sense data, if any. */
  readonly sense?: SenseData | undefined;
  /** With `MALFORMED_SENSE`: what arrived in the place of sense data, byte for byte. */
  readonly unreadableSense?: UnreadableSense | undefined;
  /** The field that the sense data's field pointer names, looked up in the command that was sent. */
  readonly field?: FieldName | undefined;
  /** May the command have been executed? `"yes"` for every answered command. */
  readonly delivered?: Delivery | undefined;
  /** Every delivery that was tried, the last one being the one reported. */
  readonly attempts?: readonly Attempt[] | undefined;
  /** With `LOST_ANSWER`: what was seen on the target afterwards. */
  readonly evidence?: LostAnswerEvidence | undefined;
  /** From the calls for multihost disks: the errno that mhd(7I) documents for it. */
  readonly errno?: MultihostErrno | undefined;
  /** Of a unit with several paths: what happened on each. */
  readonly account?: MultipathAccount | undefined;
  /** What lies behind it, if anything: an error of the platform, or the reason of a signal. */
  readonly cause?: unknown;
}

const brand = Symbol.for("scsi-persist.ScsiError");

/** The properties that are not known of every error. */
const sometimesKnown = [
  "command",
  "unit",
  "status",
  "sense",
  "unreadableSense",
  "field",
  "evidence",
  "errno",
  "account",
] as const;

/** What a target or a path did. Tell errors apart by `code`, never by message. */
export class ScsiError extends Error {
  /** `ScsiError`. */
  override readonly name = "ScsiError";
  /** What happened: one of the closed set of codes. */
  readonly code: ScsiErrorCode;
  /** The command's name in the standard's words; undefined where none was under way. */
  declare readonly command: string | undefined;
  /** The transport's name. */
  declare readonly unit: string | undefined;
  /** The SCSI status byte, if there was an answer. */
  declare readonly status: number | undefined;
  /** The decoded sense data, if any. */
  declare readonly sense: SenseData | undefined;
  /** With `MALFORMED_SENSE`: what arrived in the place of sense data. */
  declare readonly unreadableSense: UnreadableSense | undefined;
  /** The field of the command that the sense data's field pointer names. */
  declare readonly field: FieldName | undefined;
  /** May the command have been executed? */
  readonly delivered: Delivery;
  /** Every delivery that was tried, the last one being the one reported. */
  readonly attempts: readonly Attempt[];
  /** With `LOST_ANSWER`: what was seen on the target afterwards. */
  declare readonly evidence: LostAnswerEvidence | undefined;
  /** From the calls for multihost disks: the errno of mhd(7I). */
  declare readonly errno: MultihostErrno | undefined;
  /** Of a unit with several paths: what happened on each. */
  declare readonly account: MultipathAccount | undefined;

  /**
   * What happened to a command, or on the way to it.
   *
   * @param message one sentence
   * @param details what is known
   */
  constructor(message: string, details: ScsiErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.delivered = details.delivered ?? "yes";
    this.attempts = details.attempts ?? [];
    // An error that nobody caught is printed with what is known, and not with a list of what is not.
    for (const name of sometimesKnown) {
      const value = details[name];
      Object.defineProperty(this, name, { value, enumerable: value !== undefined });
    }
    Object.defineProperty(this, brand, { value: true });
  }
}

/**
 * True for a ScsiError of any copy of this library, in any realm.
 *
 * @param value anything, usually what a `catch` caught
 */
export function isScsiError(value: unknown): value is ScsiError {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}

/** The codes with which a transport rejects: no answer was had. */
export type TransportErrorCode =
  | "CONNECTION_FAILED"
  | "LOGIN_FAILED"
  | "AUTHENTICATION_FAILED"
  | "TARGET_NOT_FOUND"
  | "PERMISSION_DENIED"
  | "UNSUITABLE_DEVICE"
  | "CONNECTION_LOST"
  | "PROTOCOL_ERROR"
  | "TIMEOUT"
  | "ABORTED"
  | "CLOSED"
  | "TASK_ABORTED"
  | "TASK_MANAGEMENT_FAILED";

/**
 * The error with which a transport rejects.
 *
 * @param code what happened to the path
 * @param delivered `"no"` if the command certainly did not reach the device server, otherwise `"unknown"`
 * @param message one sentence: what was tried, with what, and what came instead
 * @param cause the underlying error, or the signal's reason
 */
export function transportError(
  code: TransportErrorCode,
  delivered: "no" | "unknown",
  message: string,
  cause?: unknown,
): ScsiError {
  return new ScsiError(message, { code, delivered, cause });
}

/**
 * A SCSI command as a value: bytes to send, and how to read the answer. Nothing is sent by making one, so a dry run, an
 * explanation, a trace and a replay need nothing more than this.
 */
import { dataIn as dataInWindow, dataSize } from "./core/index.ts";
import { type ScsiError, ScsiError as ScsiErrorClass } from "./errors.ts";
import type { ReservationIntent } from "./lost-answer.ts";
import type { StructureName } from "./structures.ts";

/** What a command may change. Decides what may be repeated when an answer is lost (retry.ts). */
export type Effect = "none" | "medium" | "reservation";

/** One command, ready to be sent any number of times. */
export interface Command<Result> {
  /** In the standard's words; of commands with service actions, the service action: `READ KEYS`, `PREEMPT AND ABORT`. */
  readonly name: string;
  /** The command descriptor block. */
  readonly cdb: Uint8Array;
  /** The parameter list or the data, if the command sends any. */
  readonly dataOut?: Uint8Array | undefined;
  /** The most bytes that it accepts; 0 for none. */
  readonly dataInLength: number;
  /** What it may change. */
  readonly effect: Effect;
  /** How CDB and parameter list are laid out: for naming their fields. */
  readonly layout: { readonly cdb: StructureName; readonly dataOut?: StructureName | undefined };
  /** Reads a GOOD answer. Throws ScsiError `MALFORMED_RESPONSE`. */
  read(dataIn: Uint8Array): Result;
  /** The same command with more room, if this answer says that more exists and more can be asked for. */
  again?(dataIn: Uint8Array): Command<Result> | undefined;
  /** Of PERSISTENT RESERVE OUT: what it wants to achieve, so that a lost answer can be settled by looking. */
  readonly intent?: ReservationIntent | undefined;
}

/** The error for data that cannot be what they are said to be. */
export function malformed(command: string, dataIn: Uint8Array, expected: string): ScsiError {
  const got =
    dataIn.length === 0
      ? "no data"
      : `${dataIn.length} bytes: ${hex(dataIn.subarray(0, 16))}${dataIn.length > 16 ? " …" : ""}`;
  return new ScsiErrorClass(`Cannot read the answer to ${command}: expected ${expected}, got ${got}`, {
    code: "MALFORMED_RESPONSE",
    command,
    status: 0,
  });
}

/** Puts an answer into the core's data window; one that is longer than any answer can be is malformed. */
export function answerIn(command: string, dataIn: Uint8Array): void {
  if (dataIn.length > dataSize) throw malformed(command, dataIn, `at most ${dataSize} bytes`);
  dataInWindow(dataIn);
}

/** Bytes as two hexadecimal digits each, separated by spaces. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/**
 * How a broken rule of the protocol is reported: one kind of error that says what arrived and where. It may not act.
 */
import { type ScsiError, transportError } from "../../src/errors.ts";
import { Field, get32, RESERVED_TAG } from "./pdu.ts";
import { hex, opcodeName } from "./words.ts";

/** The error for a peer that broke the protocol. */
export function protocolError(message: string, cause?: unknown): ScsiError {
  return transportError("PROTOCOL_ERROR", "unknown", message, cause);
}

/** Names a received PDU: its operation and its initiator task tag. */
export function describePdu(header: Uint8Array, at: number): string {
  const tag = get32(header, at + Field.INITIATOR_TASK_TAG);
  const task = tag === RESERVED_TAG ? "no task" : `initiator task tag ${hex(tag, 8)}`;
  return `${opcodeName((header[at] as number) & 0x3f)}, ${task}`;
}

/**
 * What the codes of iSCSI mean, in words for messages (RFC 7143 clause 11). Tables and look-ups; no logic.
 */
import { Opcode } from "./pdu.ts";

/** Status-Class and Status-Detail of a Login Response (RFC 7143 11.13.5). */
export const loginStatusWords: Readonly<Record<number, string>> = {
  0: "success",
  257: "the target has moved temporarily",
  258: "the target has moved permanently",
  512: "the initiator made an error that the target does not specify",
  513: "authentication failed: unknown user, wrong secret, or a method that this target does not accept",
  514: "authorization failed: this initiator may not use the target",
  515: "not found: no such target there, or not for this initiator name",
  516: "the target has been removed and no new address is known",
  517: "unsupported iSCSI version",
  518: "too many connections in this session",
  519: "missing parameter, such as InitiatorName or TargetName",
  520: "this connection cannot be included in the session",
  521: "the session type is not supported",
  522: "the session does not exist",
  523: "the request is invalid during login",
  768: "the target has a hardware or software error",
  769: "the service is unavailable for now",
  770: "the target is out of resources",
};

/** Reasons of a Reject (RFC 7143 11.17.1). */
export const rejectWords: Readonly<Record<number, string>> = {
  2: "data digest error",
  3: "SNACK reject",
  4: "protocol error",
  5: "command not supported",
  6: "immediate command reject: too many immediate commands",
  7: "task in progress",
  8: "invalid data acknowledgement",
  9: "invalid PDU field",
  10: "long operation reject: out of resources for task management",
  11: "deprecated reason (negotiation reset)",
  12: "waiting for logout",
};

/** Responses to a task management function (RFC 7143 11.6.1). */
export const taskManagementResponseWords: Readonly<Record<number, string>> = {
  0: "function complete",
  1: "task does not exist",
  2: "LUN does not exist",
  3: "task still allegiant",
  4: "task allegiance reassignment not supported",
  5: "task management function not supported",
  6: "function authorization failed",
  255: "function rejected",
};

/** Task management functions (RFC 7143 11.5.1). */
export const taskManagementFunctionWords: Readonly<Record<number, string>> = {
  1: "ABORT TASK",
  5: "LOGICAL UNIT RESET",
  6: "TARGET WARM RESET",
  7: "TARGET COLD RESET",
};

/** Events of an Asynchronous Message (RFC 7143 11.9.1). */
export const asyncEventWords: Readonly<Record<number, string>> = {
  0: "SCSI asynchronous event",
  1: "the target requests logout",
  2: "the target drops the connection",
  3: "the target drops all connections of the session",
  4: "the target requests parameter negotiation",
  5: "the target terminates all tasks of a logical unit",
  255: "vendor specific event",
};

const opcodeWords = new Map<number, string>(
  Object.entries(Opcode).map(([name, code]) => [code, name.toLowerCase().replaceAll("_", " ")]),
);

/** A code as the standards print it, e.g. `25h`. */
export function hex(value: number, digits = 2): string {
  return `${value.toString(16).toUpperCase().padStart(digits, "0")}h`;
}

/** The name of an operation code with its number, e.g. `data in (25h)`. */
export function opcodeName(opcode: number): string {
  return `${opcodeWords.get(opcode) ?? "unknown operation"} (${hex(opcode)})`;
}

/** A word of one of the tables above with its code; unknown codes say so. */
export function describeCode(table: Readonly<Record<number, string>>, code: number, digits = 2): string {
  return `${table[code] ?? "a code that RFC 7143 does not define"} (${hex(code, digits)})`;
}

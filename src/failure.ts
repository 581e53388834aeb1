/** From a status and sense data to the one error that says what happened: codes, field names, messages. */
import type { Command } from "./command.ts";
import { SenseKey, Status } from "./core/generated/codes.ts";
import { ScsiError, type ScsiErrorCode } from "./errors.ts";
import { decodeSense, type FieldName, formatSense, type SenseData, unreadableSense } from "./sense.ts";
import { fieldNameAt } from "./structures.ts";
import type { ScsiResponse } from "./transport.ts";

const statusCodes: Readonly<Record<number, ScsiErrorCode>> = {
  [Status.RESERVATION_CONFLICT]: "RESERVATION_CONFLICT",
  [Status.BUSY]: "BUSY",
  [Status.TASK_SET_FULL]: "TASK_SET_FULL",
  [Status.ACA_ACTIVE]: "ACA_ACTIVE",
  [Status.TASK_ABORTED]: "TASK_ABORTED",
};

/** Sense keys whose CHECK CONDITION is no failure: the command was completed. */
export const completedSenseKeys: ReadonlySet<number> = new Set([SenseKey.RECOVERED_ERROR, SenseKey.COMPLETED]);

const senseCodes: Readonly<Record<number, ScsiErrorCode>> = {
  [SenseKey.NO_SENSE]: "NO_SENSE",
  [SenseKey.NOT_READY]: "NOT_READY",
  [SenseKey.MEDIUM_ERROR]: "MEDIUM_ERROR",
  [SenseKey.HARDWARE_ERROR]: "HARDWARE_ERROR",
  [SenseKey.ILLEGAL_REQUEST]: "ILLEGAL_REQUEST",
  [SenseKey.UNIT_ATTENTION]: "UNIT_ATTENTION",
  [SenseKey.DATA_PROTECT]: "DATA_PROTECT",
  [SenseKey.BLANK_CHECK]: "BLANK_CHECK",
  [SenseKey.VENDOR_SPECIFIC]: "VENDOR_SPECIFIC",
  [SenseKey.COPY_ABORTED]: "COPY_ABORTED",
  [SenseKey.ABORTED_COMMAND]: "ABORTED_COMMAND",
  [SenseKey.VOLUME_OVERFLOW]: "VOLUME_OVERFLOW",
  [SenseKey.MISCOMPARE]: "MISCOMPARE",
};

const statusNames = new Map<number, string>(
  Object.entries(Status).map(([name, code]) => [code, name.replaceAll("_", " ")]),
);

/** A status in the standard's words, or its number. */
export function statusName(status: number): string {
  return statusNames.get(status) ?? `status ${status.toString(16).padStart(2, "0")}h`;
}

/** The field that sense data point at, named as the command's layout has it. */
export function fieldMeant(command: Command<unknown>, sense: SenseData): FieldName | undefined {
  const pointer = sense.fieldPointer;
  if (pointer === undefined) return undefined;
  const structure = pointer.in === "cdb" ? command.layout.cdb : command.layout.dataOut;
  const name = structure === undefined ? undefined : fieldNameAt(structure, pointer.byte, pointer.bit);
  return { ...pointer, name };
}

/** `TYPE (CDB byte 2, bit 3)`. */
function fieldText(field: FieldName): string {
  const bit = field.bit === undefined ? "" : `, bit ${field.bit}`;
  const place = `${field.in === "cdb" ? "CDB" : "parameter list"} byte ${field.byte}${bit}`;
  return field.name === undefined ? place : `${field.name} (${place})`;
}

/** The error for an answer that is not GOOD. */
export function failureOf(command: Command<unknown>, unit: string, response: ScsiResponse): ScsiError {
  const { status } = response;
  const sense = status === Status.CHECK_CONDITION ? decodeSense(response.sense) : undefined;
  const details = { command: command.name, unit, status, sense };
  const cannot = `Cannot ${command.name}:`;
  if (status !== Status.CHECK_CONDITION) {
    const code = statusCodes[status] ?? "UNEXPECTED_STATUS";
    return new ScsiError(`${cannot} the target answered ${statusName(status)}`, { ...details, code });
  }
  if (sense === undefined) {
    const what = response.sense.length === 0 ? "no sense data" : "sense data of an unknown form";
    return new ScsiError(`${cannot} the target answered CHECK CONDITION with ${what}`, {
      ...details,
      unreadableSense: unreadableSense(response.sense),
      code: "MALFORMED_SENSE",
    });
  }
  const field = fieldMeant(command, sense);
  const where = field === undefined ? "" : `; the field meant is ${fieldText(field)}`;
  return new ScsiError(`${cannot} the target answered ${formatSense(sense)}${where}`, {
    ...details,
    field,
    code: senseCodes[sense.senseKey] ?? "UNEXPECTED_STATUS",
  });
}

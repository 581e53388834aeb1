/** What a verb would send, byte by byte and field by field. Opens nothing and sends nothing. */
import { type DescribedBytes, type DescribedCommand, describeCommand } from "../src/explain.ts";
import {
  type Command,
  decodeTransportId,
  encodeTransportId,
  type Field,
  formatTransportId,
  persistentReserveInNames,
  persistentReserveOutNames,
  reservationTypeName,
} from "../src/index.ts";
import { bytes, type Json } from "./json.ts";
import { type Cell, count, hexDump, type Paint, table, wrap } from "./output.ts";

/** `byte 2 bits 3-0`, `bytes 5-8`. */
function place({ byte, bit, width }: Field): string {
  if (width < 8 && bit - width + 1 >= 0) {
    return width === 1 ? `byte ${byte} bit ${bit}` : `byte ${byte} bits ${bit}-${bit - width + 1}`;
  }
  return width <= 8 ? `byte ${byte}` : `bytes ${byte}-${byte + Math.ceil(width / 8) - 1}`;
}

/** `0x` and as many digits as the field is wide; a single bit is a bit. */
const valueText = ({ value, width }: Field): string =>
  width === 1 ? String(value) : `0x${value.toString(16).padStart(Math.ceil(width / 4), "0")}`;

/** What a value means, where there is a word for it. */
function meaning(field: Field, structure: string): string | undefined {
  const code = Number(field.value);
  switch (field.name) {
    case "SERVICE ACTION":
      if (structure === "PersistentReserveOutCdb") return persistentReserveOutNames[code];
      return structure === "PersistentReserveInCdb" ? persistentReserveInNames[code] : undefined;
    case "TYPE":
      return reservationTypeName(code);
    default:
      return field.name.endsWith(" LENGTH") ? count(code, "byte") : undefined;
  }
}

/** The TransportIDs that follow the fields of a parameter list that has a length for them. */
function transportIdsIn({ bytes: content, fields }: DescribedBytes): string[] {
  const length = fields.at(-1);
  if (length?.name !== "TRANSPORTID PARAMETER DATA LENGTH") return [];
  const ids: string[] = [];
  for (let at = length.byte + length.width / 8; at < content.length; ) {
    const id = decodeTransportId(content.subarray(at));
    ids.push(formatTransportId(id));
    at += encodeTransportId(id).length;
  }
  return ids;
}

function bytesLines(title: string, described: DescribedBytes, paint: Paint): string[] {
  const { bytes: content, fields, structure } = described;
  const rows = fields.map((field): Cell[] => [
    ["dim", place(field)],
    field.name,
    [valueText(field), meaning(field, structure) ?? ""].join(" ").trimEnd(),
  ]);
  const ports = transportIdsIn(described).map((id): Cell[] => [["dim", "then"], "TRANSPORTID", id]);
  return [
    `${title}, ${count(content.length, "byte")}`,
    ...hexDump(content),
    "",
    ...table(rows, paint),
    ...table(ports, paint),
  ];
}

/**
 * The lines of a dry run.
 *
 * @param unit the URL, without credentials; null for verbs without
 * @param commands what would be sent, in order
 * @param effect what that would change, in words
 */
export function dryRunLines(
  unit: string | null,
  commands: readonly Command<unknown>[],
  effect: string,
  paint: Paint,
): string[] {
  const lines = [`Dry run: nothing is sent${unit === null ? "" : ` to ${unit}`}.`, ...wrap(effect)];
  for (const command of commands) {
    const described = describeCommand(command);
    lines.push("", paint("bold", described.name), ...commandLines(described, paint));
  }
  return lines;
}

/** The bytes of one command, field by field. */
export function commandLines(described: DescribedCommand, paint: Paint): string[] {
  const lines = bytesLines("CDB", described.cdb, paint);
  if (described.parameterList !== undefined) {
    lines.push("", ...bytesLines("Parameter list", described.parameterList, paint));
  }
  if (described.dataInLength > 0) lines.push("", `At most ${count(described.dataInLength, "byte")} are accepted.`);
  return lines;
}

function describedJson(described: DescribedBytes): Json {
  const { bytes: content, fields, structure } = described;
  return {
    bytes: bytes(content),
    transportIds: transportIdsIn(described),
    fields: fields.map((field) => ({
      name: field.name,
      byte: field.byte,
      bit: field.bit,
      width: field.width,
      value: valueText({ ...field, width: Math.max(field.width, 2) }),
      meaning: meaning(field, structure) ?? null,
    })),
  };
}

/** One command, as a result has it. */
export function describedCommandJson(command: Command<unknown>): Json {
  const described = describeCommand(command);
  return {
    name: described.name,
    effect: described.effect,
    cdb: describedJson(described.cdb),
    parameterList: described.parameterList === undefined ? null : describedJson(described.parameterList),
    dataInLength: described.dataInLength,
  };
}

/** The same as a result. */
export const dryRunJson = (
  commands: readonly Command<unknown>[],
  effect: string,
): { readonly [name: string]: Json } => ({
  dryRun: true,
  effect,
  commands: commands.map(describedCommandJson),
});

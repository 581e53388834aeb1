/** Sense data as one paragraph that a person can act on. Text only: nothing is decided by it. */

import { additionalSenseText } from "./additional-sense.ts";
import { type Command, hex } from "./command.ts";
import { statusName } from "./failure.ts";
import { layoutOf } from "./layout.ts";
import { decodeSense, formatSense, type SenseData, senseCodeText, senseKeyName, unreadableSense } from "./sense.ts";
import { senseAdvice } from "./sense-advice.ts";
import type { SenseDescriptor } from "./sense-descriptors.ts";
import { fieldNameAt, fieldsOf, type StructureName } from "./structures.ts";

/** What was sent: a Command, or a CDB and perhaps its parameter list. */
export type Sent = Pick<Command<unknown>, "cdb" | "dataOut"> | Uint8Array;

interface Named {
  readonly name: string;
  readonly cdb: readonly [StructureName, Uint8Array] | undefined;
  readonly dataOut: readonly [StructureName, Uint8Array | undefined] | undefined;
}

/** What was sent, with its layout: the Command's own, or the one that the CDB's bytes have. */
function named(sent: Sent): Named {
  const command = sent instanceof Uint8Array ? { cdb: sent, dataOut: undefined } : sent;
  const layout = layoutOf(command.cdb);
  const name = layout?.name ?? `operation code ${(command.cdb[0] ?? 0).toString(16).padStart(2, "0").toUpperCase()}h`;
  return {
    name,
    cdb: layout === undefined ? undefined : [layout.cdb, command.cdb],
    dataOut: layout?.dataOut === undefined ? undefined : [layout.dataOut, command.dataOut],
  };
}

/** Where a parameter list's TransportIDs begin, by its structure. */
const transportIdsFrom: Partial<Record<StructureName, number>> = {
  SpecifyInitiatorPortsList: 28,
  RegisterAndMoveList: 24,
};

/** ` TYPE (CDB byte 2, bit 3), which was 0x4`. */
function placeText(pointer: NonNullable<SenseData["fieldPointer"]>, sent: Named | undefined): string {
  const [structure, bytes] = (pointer.in === "cdb" ? sent?.cdb : sent?.dataOut) ?? [];
  const bit = pointer.bit === undefined ? "" : `, bit ${pointer.bit}`;
  const place = `${pointer.in === "cdb" ? "CDB" : "parameter list"} byte ${pointer.byte}${bit}`;
  if (structure === undefined) return place;
  const name = fieldNameAt(structure, pointer.byte, pointer.bit);
  if (name === undefined) {
    const from = pointer.in === "data-out" ? transportIdsFrom[structure] : undefined;
    if (from !== undefined && pointer.byte >= from)
      return `the TransportIDs, at their byte ${pointer.byte - from} (${place})`;
    return `${place}, a place that is reserved`;
  }
  const field = bytes === undefined ? undefined : fieldsOf(structure, bytes).find((one) => one.name === name);
  const value = field === undefined ? "" : `, which was 0x${field.value.toString(16)}`;
  return `${name} (${place})${value}`;
}

const percent = (share: number): string => `${Math.floor(share * 100)} %`;

/** What a descriptor adds that is said nowhere else. */
function descriptorText(one: SenseDescriptor): string[] {
  switch (one.kind) {
    case "ata-status-return":
      return [
        `The ATA device behind it answered status 0x${one.status.toString(16)}, error 0x${one.error.toString(16)}, at LBA 0x${one.lba.toString(16)}.`,
      ];
    case "another-progress": {
      const text = additionalSenseText(one.asc, one.ascq);
      const what = [senseKeyName(one.senseKey), ...(text === undefined ? [] : [text])].join(", ");
      return [`Another operation, ${what} (${senseCodeText(one.asc, one.ascq)}), is ${percent(one.progress)} done.`];
    }
    case "forwarded-sense": {
      const inner = decodeSense(one.sense);
      const said = inner === undefined ? "sense data that cannot be read" : formatSense(inner);
      return [`A device that it copied from or to had answered ${statusName(one.status)} with ${said}.`];
    }
    case "vendor-specific":
      return [`The vendor adds ${hex(one.bytes)}.`];
    default:
      return [];
  }
}

function details(sense: SenseData, sent: Named | undefined): string[] {
  const lines: string[] = [];
  if (sense.fieldPointer !== undefined) lines.push(`The field meant is ${placeText(sense.fieldPointer, sent)}.`);
  if (sense.segmentPointer !== undefined) {
    const { inSegmentDescriptor, byte, bit } = sense.segmentPointer;
    const place = `byte ${byte}${bit === undefined ? "" : `, bit ${bit}`}`;
    lines.push(`It points at ${place} of ${inSegmentDescriptor ? "the segment descriptor" : "the parameter list"}.`);
  }
  if (sense.progress !== undefined) lines.push(`The operation is ${percent(sense.progress)} done.`);
  if (sense.retryCount !== undefined) lines.push(`It tried ${sense.retryCount} times.`);
  if (sense.unitAttentionOverflow === true) lines.push("Other conditions like it were lost: there were too many.");
  if (sense.information !== undefined) lines.push(`INFORMATION is 0x${sense.information.toString(16)}.`);
  if (sense.commandSpecific !== undefined)
    lines.push(`COMMAND-SPECIFIC INFORMATION is 0x${sense.commandSpecific.toString(16)}.`);
  if (sense.fieldReplaceableUnit !== undefined)
    lines.push(`The part that failed has the vendor's number 0x${sense.fieldReplaceableUnit.toString(16)}.`);
  const marks = [
    ...(sense.filemark ? ["a filemark"] : []),
    ...(sense.endOfMedium ? ["the end of the medium"] : []),
    ...(sense.incorrectLength ? ["a block of another length"] : []),
  ];
  if (marks.length > 0) lines.push(`It met ${marks.join(" and ")}.`);
  lines.push(...sense.descriptors.flatMap(descriptorText));
  if (sense.truncated) lines.push("There was more sense data than arrived.");
  return lines;
}

const whys = {
  empty: "no sense data",
  "too-short": "sense data that end before their sense key",
  "vendor-specific": "sense data of a format that only its vendor knows",
  reserved: "sense data of a format that no standard has",
} as const;

/**
 * What sense data say, which field they mean, and what can be done: one paragraph.
 *
 * @param sense sense data, decoded or not
 * @param sent the command that they answer, or its CDB: then the field that a pointer means is named, and with a command's
 *   parameter list its value is told too
 * @example
 * explainSense(bytes, commands.reserve({ key: 0xabcn, type: "write-exclusive" }));
 * // "The target answered ILLEGAL REQUEST, INVALID FIELD IN CDB (24h/00h) to RESERVE. The field meant is TYPE (…), which was 0x1. …"
 */
export function explainSense(sense: SenseData | Uint8Array, sent?: Sent): string {
  const about = sent === undefined ? undefined : named(sent);
  const to = about === undefined ? "" : ` to ${about.name}`;
  const decoded = sense instanceof Uint8Array ? decodeSense(sense) : sense;
  if (decoded === undefined) {
    const unreadable = unreadableSense(sense as Uint8Array);
    const kept = unreadable === undefined || unreadable.bytes.length === 0 ? "" : `: ${hex(unreadable.bytes)}`;
    return `The target answered ${whys[unreadable?.why ?? "empty"]}${to}${kept}.`;
  }
  const late = decoded.deferred
    ? `${about === undefined ? "The command that it answers" : about.name} is not meant, and was not executed: this is about an earlier one that had been answered already.`
    : "";
  return [
    `The target answered ${formatSense({ ...decoded, deferred: false })}${to}.`,
    late,
    ...details(decoded, decoded.deferred ? undefined : about),
    senseAdvice(decoded.senseKey, decoded.asc, decoded.ascq),
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}

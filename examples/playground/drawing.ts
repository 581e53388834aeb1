/**
 * Bytes, field by field, as the standard draws them: which field lies where, those of lists and descriptors included. No page here;
 * drawing-table.ts makes the table. Positions are those of the library's rows.
 */
import {
  decodeTransportId,
  type Field,
  fieldsOf,
  formatTransportId,
  persistentReserveInNames,
  persistentReserveOutNames,
  type SenseData,
  type StructureName,
  senseKeyName,
} from "../../transports/browser.ts";
import { keyText } from "./steps.ts";
import { typeTitles } from "./words.ts";

/** A field with what its value means, if there is a word for it. */
export interface DrawnField extends Field {
  readonly meaning: string | undefined;
  /** Nothing stands there: reserved, or obsolete. */
  readonly empty: boolean;
}

/** Bytes that belong together: the whole, or one entry of a list in it. */
export interface DrawnPart {
  /** `Registration 2`; undefined for what the structure begins with. */
  readonly title: string | undefined;
  readonly fields: readonly DrawnField[];
}

/** Some bytes, drawn. */
export interface Drawing {
  readonly title: string;
  readonly bytes: Uint8Array;
  readonly parts: readonly DrawnPart[];
}

/**
 * Bytes that the standard calls obsolete: spc4r36f 6.16.3 table 214, 6.15.3.2 table 204; smr-j 2.4.1.2 table 27. The others without a
 * field are reserved.
 */
const obsolete: Partial<Record<StructureName, readonly (readonly [first: number, last: number])[]>> = {
  PersistentReserveOutList: [
    [16, 19],
    [22, 23],
  ],
  SpecifyInitiatorPortsList: [
    [16, 19],
    [22, 23],
  ],
  ReadReservationData: [
    [16, 19],
    [22, 23],
  ],
  FixedSense: [[1, 1]],
};

/** Operation codes whose commands have service actions, by which they are called otherwise. */
const operationNames: Readonly<Record<number, string>> = {
  0: "TEST UNIT READY",
  18: "INQUIRY",
  40: "READ (10)",
  42: "WRITE (10)",
  94: "PERSISTENT RESERVE IN",
  95: "PERSISTENT RESERVE OUT",
};

function meaningOf({ name, value }: Field, structure: StructureName): string | undefined {
  const code = Number(value);
  switch (name) {
    case "SERVICE ACTION":
      if (structure === "PersistentReserveOutCdb") return persistentReserveOutNames[code];
      return structure === "PersistentReserveInCdb" ? persistentReserveInNames[code] : undefined;
    case "TYPE":
      return typeTitles[code] ?? (code === 0 ? undefined : "obsolete or reserved");
    case "SCOPE":
      return code === 0 ? "LU_SCOPE" : undefined;
    case "SENSE KEY":
      return senseKeyName(code);
    case "OPERATION CODE":
      return operationNames[code];
    default:
      return /\bLENGTH$/.test(name) && name !== "TRANSFER LENGTH"
        ? `${code} ${code === 1 ? "byte" : "bytes"}`
        : undefined;
  }
}

/** Of these the library has rows for what it uses alone: what lies between need not be reserved. */
const partly: readonly StructureName[] = ["InquiryCdb", "Read10Cdb", "Write10Cdb"];

const startOf = ({ byte, bit }: Pick<Field, "byte" | "bit">): number => byte * 8 + 7 - bit;

const emptyField = (name: string, from: number, width: number): DrawnField => ({
  name,
  byte: from >>> 3,
  bit: 7 - (from & 7),
  width,
  value: 0n,
  meaning: undefined,
  empty: true,
});

/** What lies between two fields: the rest of a byte, then whole bytes of one kind, then the beginning of a byte. */
function gap(from: number, to: number, structure: StructureName): DrawnField[] {
  const old = obsolete[structure] ?? [];
  const other = partly.includes(structure) ? "–" : "Reserved";
  const nameAt = (byte: number): string =>
    old.some(([first, last]) => first <= byte && byte <= last) ? "Obsolete" : other;
  const fields: DrawnField[] = [];
  for (let at = from; at < to; ) {
    const byte = at >>> 3;
    const name = nameAt(byte);
    let end = Math.min((byte + 1) * 8, to);
    if ((at & 7) === 0) while (end + 8 <= to && nameAt(end >>> 3) === name) end += 8;
    fields.push(emptyField(name, at, end - at));
    at = end;
  }
  return fields;
}

/** The structure's fields with what is between them, up to `end` bits, moved by `offset` bytes. */
function wholeFields(structure: StructureName, bytes: Uint8Array, offset = 0, end = bytes.length * 8): DrawnField[] {
  const fields: DrawnField[] = [];
  let at = 0;
  for (const field of fieldsOf(structure, bytes)) {
    const from = startOf(field);
    if (from < at || from + field.width > end) continue;
    fields.push(...gap(at, from, structure));
    fields.push({ ...field, meaning: meaningOf(field, structure), empty: false });
    at = from + field.width;
  }
  fields.push(...gap(at, end, structure));
  return fields.map((field) => ({ ...field, byte: field.byte + offset }));
}

const whole = (name: string, byte: number, length: number, meaning: string): DrawnField => ({
  name,
  byte,
  bit: 7,
  width: length * 8,
  value: 0n,
  meaning,
  empty: false,
});

/** One TransportID of an iSCSI initiator port at an offset. */
function transportIdPart(bytes: Uint8Array, offset: number, title: string): DrawnPart & { readonly length: number } {
  const rest = bytes.subarray(offset);
  const header = fieldsOf("IscsiTransportId", rest);
  const announced = header.find(({ name }) => name === "ADDITIONAL LENGTH");
  const length = 4 + Number(announced?.value ?? BigInt(rest.length - 4));
  const head = wholeFields("IscsiTransportId", rest.subarray(0, 4), offset);
  const name = whole(
    "ISCSI NAME",
    offset + 4,
    length - 4,
    formatTransportId(decodeTransportId(rest.subarray(0, length))),
  );
  return { title, fields: [...head, name], length };
}

/** TransportIDs from an offset to the end. */
function transportIdParts(bytes: Uint8Array, from: number): DrawnPart[] {
  const parts: DrawnPart[] = [];
  for (let at = from; at + 4 < bytes.length; ) {
    const part = transportIdPart(bytes, at, `TransportID ${parts.length + 1}`);
    parts.push(part);
    at += part.length;
  }
  return parts;
}

/** What each structure has after its own fields; where it begins, and what it is. */
const tails: Partial<Record<StructureName, readonly [from: number, parts: (bytes: Uint8Array) => DrawnPart[]]>> = {
  SpecifyInitiatorPortsList: [28, (bytes) => transportIdParts(bytes, 28)],
  RegisterAndMoveList: [24, (bytes) => transportIdParts(bytes, 24)],
  ReadKeysData: [
    8,
    (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const keys = Array.from({ length: Math.floor((bytes.length - 8) / 8) }, (_, index): DrawnField => {
        const value = view.getBigUint64(8 + index * 8);
        return { ...whole("RESERVATION KEY", 8 + index * 8, 8, ""), value, meaning: undefined };
      });
      return keys.length === 0 ? [] : [{ title: "Reservation key list", fields: keys }];
    },
  ],
  ReadFullStatusData: [
    8,
    (bytes) => {
      const parts: DrawnPart[] = [];
      for (let at = 8, index = 1; at + 24 < bytes.length; index++) {
        const head = wholeFields("FullStatusDescriptor", bytes.subarray(at, at + 24), at);
        const id = transportIdPart(bytes, at + 24, "");
        parts.push({ title: `Full status descriptor ${index}`, fields: [...head, ...id.fields] });
        at += 24 + id.length;
      }
      return parts;
    },
  ],
};

/** A structure in some bytes. */
export function draw(title: string, structure: StructureName, bytes: Uint8Array): Drawing {
  const [from, tail] = tails[structure] ?? [bytes.length, () => []];
  const head = wholeFields(structure, bytes.subarray(0, Math.min(from, bytes.length)));
  return { title, bytes, parts: [{ title: undefined, fields: head }, ...tail(bytes)] };
}

/** Fixed-format sense data, with what SENSE KEY SPECIFIC means where it points at a field. */
export function drawSense(sense: SenseData): Drawing {
  const { bytes } = sense;
  const pointing = sense.fieldPointer === undefined ? [] : wholeFields("SenseKeySpecific", bytes.subarray(15, 18), 15);
  const specific = pointing.map((field) => (field.name === "COMMAND DATA" ? { ...field, name: "C/D" } : field));
  const fields = wholeFields("FixedSense", bytes).flatMap((field): DrawnField[] => {
    if (specific.length > 0 && field.name === "SKSV") return specific;
    if (specific.length > 0 && field.name === "SENSE KEY SPECIFIC") return [];
    if (field.name === "ADDITIONAL SENSE CODE") return [{ ...field, meaning: sense.text }];
    return [field];
  });
  return { title: "Sense data", bytes, parts: [{ title: undefined, fields }] };
}

/** The value of a field as text: a bit is a bit, everything else hexadecimal in its full width. */
export function valueText({ value, width, name, meaning }: DrawnField): string {
  if (name === "ISCSI NAME") return meaning ?? "";
  if (width === 1) return String(value);
  if (width >= 64) return keyText(value);
  return `${value
    .toString(16)
    .toUpperCase()
    .padStart(Math.ceil(width / 4), "0")}h`;
}

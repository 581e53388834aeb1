/**
 * The wire structures by name, and what stands where in them: for naming the field that a sense pointer means, and for
 * showing a command field by field. Positions come from the generated rows; none is written here.
 */
import * as structures from "./core/generated/fields.ts";

/** The name of a structure in assembly/fields.ts. */
export type StructureName = keyof typeof structures;

/** One field of a structure in some bytes. */
export interface Field {
  /** In the standard's words: `SERVICE ACTION RESERVATION KEY`. */
  readonly name: string;
  /** Its first byte. */
  readonly byte: number;
  /** Its leftmost bit in that byte, 7 to 0. */
  readonly bit: number;
  /** Its width in bits. */
  readonly width: number;
  readonly value: bigint;
}

const rowsByStructure: Readonly<Record<StructureName, Readonly<Record<string, number>>>> = structures;

const byteOf = (row: number): number => row >>> 16;
const bitOf = (row: number): number => (row >>> 8) & 0xff;
const widthOf = (row: number): number => row & 0xff;
/** First bit after the field, counted from the structure's first bit. */
const endBit = (row: number): number => byteOf(row) * 8 + 7 - bitOf(row) + widthOf(row);
const startBit = (row: number): number => byteOf(row) * 8 + 7 - bitOf(row);

/** The standard writes these abbreviations with the underscore; everything else with spaces. */
const abbreviations =
  /^(SPEC_I_PT|ALL_TG_PT|R_HOLDER|RLR_C|SIP_C|ATP_C|PTPL_[AC]|(WR_EX|EX_AC)(_RO|_AR)?|SDAT_OVFL|P_TYPE|PROT_EN|NO_FLUSH|D_SENSE|TMF_ONLY|UA_INTLCK_CTRL|(T|O|LBD|U|S|AN|AO|ANC)_SUP)$/;
const spoken = (name: string): string => (abbreviations.test(name) ? name : name.replaceAll("_", " "));

function fieldValue(bytes: Uint8Array, row: number): bigint {
  let value = 0n;
  for (let bit = startBit(row); bit < endBit(row); bit++) {
    value = (value << 1n) | BigInt(((bytes[bit >>> 3] as number) >>> (7 - (bit & 7))) & 1);
  }
  return value;
}

/**
 * Every field of a structure that lies wholly within `bytes`, in the standard's order.
 *
 * @param structure the structure's name
 * @param bytes the structure; it may be shorter or longer than its fields
 */
export function fieldsOf(structure: StructureName, bytes: Uint8Array): Field[] {
  return Object.entries(rowsByStructure[structure])
    .filter(([, row]) => endBit(row) <= bytes.length * 8)
    .map(([name, row]) => ({
      name: spoken(name),
      byte: byteOf(row),
      bit: bitOf(row),
      width: widthOf(row),
      value: fieldValue(bytes, row),
    }));
}

/**
 * What the standard calls the place that a byte, or a byte and a bit, of a structure belongs to.
 *
 * @param structure the structure's name
 * @param byte counted from 0
 * @param bit 7 to 0; absent: the whole byte
 * @returns the field's name, several joined by `or` if the byte holds several, or undefined where there is none
 */
export function fieldNameAt(structure: StructureName, byte: number, bit?: number): string | undefined {
  const first = byte * 8 + (bit === undefined ? 0 : 7 - bit);
  const last = bit === undefined ? byte * 8 + 7 : first;
  const names = Object.entries(rowsByStructure[structure])
    .filter(([, row]) => startBit(row) <= last && endBit(row) > first)
    .map(([name]) => spoken(name));
  return names.length === 0 ? undefined : names.join(" or ");
}

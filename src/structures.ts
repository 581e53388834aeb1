/**
 * The wire structures by name, and what stands where in them: for naming the field that a sense pointer means, and for
 * showing a command field by field. Positions come from the generated rows; none is written here.
 */
import type * as structures from "./core/generated/fields.ts";
import type * as mediaStructures from "./core/generated/media-fields.ts";
import { structures as packedStructures } from "./core/generated/structures.ts";
import { unpackText } from "./core/unpack.ts";

/** The name of a structure in assembly/fields.ts, or of a media changer's command in assembly/media-fields.ts. */
export type StructureName =
  | keyof typeof structures
  | Extract<keyof typeof mediaStructures, "ReadElementStatusCdb" | "MoveMediumCdb">;

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
  /** What stands there, as an unsigned number. */
  readonly value: bigint;
}

/** One field: its name, and its row. */
type Named = readonly [name: string, row: number];

let loaded: ReadonlyMap<string, readonly Named[]> | undefined;

/** A structure's fields in the standard's order; scripts/generate.mjs says how the lines were made. */
function rowsOf(structure: StructureName): readonly Named[] {
  loaded ??= new Map(
    unpackText(packedStructures)
      .split("\n")
      .map((line) => {
        const [name, ...fields] = line.split(";") as [string, ...string[]];
        return [
          name,
          fields.map((field): Named => {
            const comma = field.lastIndexOf(",");
            return [field.slice(0, comma), Number.parseInt(field.slice(comma + 1), 36)];
          }),
        ];
      }),
  );
  return loaded.get(structure) ?? [];
}

const byteOf = (row: number): number => row >>> 16;
const bitOf = (row: number): number => (row >>> 8) & 0xff;
const widthOf = (row: number): number => row & 0xff;
/** First bit after the field, counted from the structure's first bit. */
const endBit = (row: number): number => byteOf(row) * 8 + 7 - bitOf(row) + widthOf(row);
const startBit = (row: number): number => byteOf(row) * 8 + 7 - bitOf(row);

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
  return rowsOf(structure)
    .filter(([, row]) => endBit(row) <= bytes.length * 8)
    .map(([name, row]) => ({
      name,
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
  const names = rowsOf(structure)
    .filter(([, row]) => startBit(row) <= last && endBit(row) > first)
    .map(([name]) => name);
  return names.length === 0 ? undefined : names.join(" or ");
}

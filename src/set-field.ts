/** One field of a structure in some bytes, set to any value that fits it, whatever the standard says. Nothing is checked but the width. */
import { fieldsOf, type StructureName } from "./structures.ts";

/**
 * Bytes with one field changed: for building what the library refuses to build.
 *
 * @param structure the structure's name
 * @param bytes the structure; they stay as they are
 * @param name the field's name in the standard's words, in capitals or not
 * @param value what to put there
 * @returns a copy with the field changed
 * @throws RangeError for a field that is not there and for a value that does not fit it
 * @example setField("PersistentReserveOutCdb", reserve.cdb, "TYPE", 15n)
 */
export function setField(structure: StructureName, bytes: Uint8Array, name: string, value: bigint): Uint8Array {
  const field = fieldsOf(structure, bytes).find((one) => one.name.toUpperCase() === name.toUpperCase());
  if (field === undefined) throw new RangeError(`There is no field ${name} in ${bytes.length} bytes of ${structure}`);
  if (value < 0n || value >> BigInt(field.width) !== 0n) {
    throw new RangeError(`${field.name} has ${field.width} bits: 0x${value.toString(16)} does not fit`);
  }
  const changed = new Uint8Array(bytes);
  for (let i = 0; i < field.width; i++) {
    const at = field.byte * 8 + 7 - field.bit + field.width - 1 - i;
    const mask = 0x80 >>> (at & 7);
    const old = changed[at >>> 3] as number;
    changed[at >>> 3] = (value >> BigInt(i)) & 1n ? old | mask : old & ~mask;
  }
  return changed;
}

/** Logical unit numbers: the eight bytes that SAM-5 makes of them, and the number that people use. */

/**
 * The number that people call a LUN by: of a single-level LUN in peripheral device or flat space addressing (SAM-5 4.7.7).
 *
 * @returns 0 to 16383, or undefined for LUNs of other kinds
 */
export function lunNumber(lun: bigint): number | undefined {
  if ((lun & 0xffff_ffff_ffffn) !== 0n) return undefined;
  const first = Number(lun >> 48n);
  if (first < 0x100) return first;
  return first >= 0x4000 && first < 0x8000 ? first - 0x4000 : undefined;
}

/**
 * The eight bytes, as one 64-bit value, of a LUN that people write as a number: peripheral device addressing below 256,
 * flat space addressing above (SAM-5 4.7.7).
 *
 * @param number 0 to 16383
 * @throws RangeError for other numbers
 */
export function lunOf(number: number): bigint {
  if (!Number.isInteger(number) || number < 0 || number > 0x3fff) {
    throw new RangeError(`A LUN must be 0 to 16383, got ${number}`);
  }
  return BigInt(number < 0x100 ? number : number + 0x4000) << 48n;
}

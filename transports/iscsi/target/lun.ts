/** The LUN field of a PDU as a number. Pure. */

/** The number of a single-level LUN (sam4r14 4.6.5), or -1. */
export function lunNumber(high: number, low: number): number {
  if (low !== 0 || (high & 0xffff) !== 0) return -1;
  const field = high >>> 16;
  if (field < 256) return field;
  return field >>> 14 === 1 ? field & 0x3fff : -1;
}

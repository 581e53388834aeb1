/** Sense data that the target makes itself, where no logical unit could: in fixed format (spc4r36f 4.5.3). */

/** @returns 18 bytes of current sense data */
export function fixedSense(senseKey: number, asc: number, ascq: number): Uint8Array {
  const sense = new Uint8Array(18);
  sense[0] = 0x70;
  sense[2] = senseKey;
  sense[7] = 10;
  sense[12] = asc;
  sense[13] = ascq;
  return sense;
}

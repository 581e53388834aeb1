/** The numbers of sense data without a single allocation, for those who look at very many. */
import { SenseFlag, SenseRecord as Slot } from "./core/generated/records.ts";
import { word } from "./core/index.ts";
import { isDeferred, loadSense } from "./sense.ts";

/** What {@link readSense} writes: the numbers that decide what is done, and nothing that has to be allocated. */
export interface SenseNumbers {
  /** RESPONSE CODE, 0x70 to 0x73. */
  responseCode: number;
  /** SENSE KEY, 0 to 15. */
  senseKey: number;
  /** ADDITIONAL SENSE CODE. */
  asc: number;
  /** ADDITIONAL SENSE CODE QUALIFIER. */
  ascq: number;
  /** It is about an earlier command. */
  deferred: boolean;
  /** Not all of it arrived. */
  truncated: boolean;
  /** SENSE KEY SPECIFIC, 23 bits, or -1 where it is not valid. */
  senseKeySpecific: number;
}

/**
 * Reads the numbers of sense data into an object that the caller keeps: for those who look at very many.
 *
 * @returns false, and `into` as it was, where {@link decodeSense} would return undefined
 * @example
 * const sense = { responseCode: 0, senseKey: 0, asc: 0, ascq: 0, deferred: false, truncated: false, senseKeySpecific: -1 };
 * if (readSense(bytes, sense) && sense.senseKey === 6) count++;
 */
export function readSense(bytes: Uint8Array, into: SenseNumbers): boolean {
  if (!loadSense(bytes)) return false;
  const flags = word(Slot.FLAGS);
  into.responseCode = word(Slot.RESPONSE_CODE);
  into.senseKey = word(Slot.SENSE_KEY);
  into.asc = word(Slot.ASC);
  into.ascq = word(Slot.ASCQ);
  into.deferred = isDeferred(into.responseCode);
  into.truncated = word(Slot.TRUNCATED) === 1 || (flags & SenseFlag.SDAT_OVFL) !== 0;
  into.senseKeySpecific = (flags & SenseFlag.SKSV) === 0 ? -1 : word(Slot.SENSE_KEY_SPECIFIC);
  return true;
}

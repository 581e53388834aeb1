/**
 * A tape cartridge: its label, and what is recorded on it. A recording is a list of logical objects: blocks as they were
 * written, and filemarks. It knows no drive and no command.
 */
import { checkInteger } from "../../../src/check.ts";

/** A logical object: a block's bytes, or null for a filemark. */
export type LogicalObject = Uint8Array | null;

/** One cartridge. */
export interface Cartridge {
  /** The barcode: 1 to 32 printable ASCII characters. */
  readonly barcode: string;
  /** How much it can hold. */
  readonly capacityBytes: number;
  /** From the beginning of the tape; its length is where the end of data is. */
  readonly objects: readonly LogicalObject[];
  /** Bytes that the blocks take. */
  readonly usedBytes: number;
  /** Puts an object at `position`; everything after it is gone. False if it does not fit. */
  record(position: number, object: LogicalObject): boolean;
  /** Everything from `position` on is gone. */
  erase(position: number): void;
}

const DEFAULT_CAPACITY_BYTES = 256 * 2 ** 20;

/**
 * A blank cartridge.
 *
 * @param capacityBytes 1 to 2^40; 256 MiB unless given. Memory is taken only for what is written
 */
export function createCartridge(barcode: string, capacityBytes: number = DEFAULT_CAPACITY_BYTES): Cartridge {
  if (!/^[\x21-\x7e]{1,32}$/.test(barcode)) {
    throw new RangeError(`A barcode is 1 to 32 printable ASCII characters, not ${JSON.stringify(barcode)}`);
  }
  checkInteger("capacityBytes", capacityBytes, 1, 2 ** 40);
  const objects: LogicalObject[] = [];
  let usedBytes = 0;
  function erase(position: number): void {
    for (const object of objects.splice(position)) usedBytes -= object?.length ?? 0;
  }
  return {
    barcode,
    capacityBytes,
    objects,
    get usedBytes() {
      return usedBytes;
    },
    erase,
    record(position, object) {
      erase(position);
      const bytes = object?.length ?? 0;
      if (usedBytes + bytes > capacityBytes) return false;
      usedBytes += bytes;
      objects.push(object);
      return true;
    },
  };
}

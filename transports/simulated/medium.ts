/**
 * The blocks of a disk in memory, allocated as they are written: what was never written reads as zeros. Offsets and
 * lengths are in bytes and have been checked by the caller.
 */

const CHUNK_BYTES = 65_536;

/** Bytes that can be read and written. */
export interface Medium {
  /** A copy of `length` bytes from `offset`. */
  read(offset: number, length: number): Uint8Array;
  /** Writes all of `bytes` from `offset`. */
  write(offset: number, bytes: Uint8Array): void;
  /** The parts that were ever written, by offset in bytes, in base64. */
  snapshot(): Record<string, string>;
  /** Puts back what {@link Medium.snapshot} gave; everything else is zeros. */
  restore(parts: Readonly<Record<string, string>>): void;
}

const toBase64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** An empty medium. */
export function createMedium(): Medium {
  const chunks = new Map<number, Uint8Array>();

  /**
   * Calls `each` with every piece of the range that lies in one chunk: the chunk's number, where in it, where in the
   * range, how long.
   */
  function pieces(
    offset: number,
    length: number,
    each: (chunk: number, at: number, from: number, size: number) => void,
  ) {
    for (let from = 0; from < length; ) {
      const chunk = Math.floor((offset + from) / CHUNK_BYTES);
      const at = (offset + from) % CHUNK_BYTES;
      const size = Math.min(CHUNK_BYTES - at, length - from);
      each(chunk, at, from, size);
      from += size;
    }
  }

  return {
    read(offset, length) {
      const bytes = new Uint8Array(length);
      pieces(offset, length, (number, at, from, size) => {
        const chunk = chunks.get(number);
        if (chunk !== undefined) bytes.set(chunk.subarray(at, at + size), from);
      });
      return bytes;
    },
    write(offset, bytes) {
      pieces(offset, bytes.length, (number, at, from, size) => {
        let chunk = chunks.get(number);
        if (chunk === undefined) {
          chunk = new Uint8Array(CHUNK_BYTES);
          chunks.set(number, chunk);
        }
        chunk.set(bytes.subarray(from, from + size), at);
      });
    },
    snapshot() {
      return Object.fromEntries(Array.from(chunks, ([number, chunk]) => [number * CHUNK_BYTES, toBase64(chunk)]));
    },
    restore(parts) {
      chunks.clear();
      for (const [offset, text] of Object.entries(parts)) chunks.set(Number(offset) / CHUNK_BYTES, fromBase64(text));
    },
  };
}

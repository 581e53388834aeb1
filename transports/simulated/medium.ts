/**
 * The blocks of a disk in memory, allocated as they are written: what was never written, or was discarded, reads as
 * zeros. Offsets and lengths are in bytes, whole blocks, and have been checked by the caller.
 */

const CHUNK_BYTES = 65_536;

/** What a medium throws that cannot read or write: the command ends in CHECK CONDITION, MEDIUM ERROR. */
export class MediumError extends Error {
  /** `MediumError`. */
  override readonly name = "MediumError";
  /** What was asked of it. */
  readonly failed: "read" | "write";

  /** @param cause why it cannot */
  /**
   * What a medium throws in the place of data.
   *
   * @param failed what was asked of it
   * @param cause why it cannot
   */
  constructor(failed: "read" | "write", cause: unknown) {
    super(`The medium cannot ${failed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.failed = failed;
  }
}

/**
 * Bytes that can be read and written, and that know which of them were. Where they cannot, they throw {@link MediumError}; of
 * what was to be written any part may be.
 */
export interface Medium {
  /** A copy of `length` bytes from `offset`. */
  read(offset: number, length: number): Uint8Array;
  /** Writes all of `bytes` from `offset`. */
  write(offset: number, bytes: Uint8Array): void;
  /** Forgets what was written there; it reads as zeros from then on. */
  discard(offset: number, length: number): void;
  /**
   * Was the block at `offset` written and not discarded; and how many bytes from there on are alike, at most `limit`?
   */
  extent(offset: number, limit: number): { readonly mapped: boolean; readonly length: number };
  /** Makes durable what was written, where that means anything. */
  flush?(): void;
  /** The parts that were written, by offset in bytes, in base64. */
  snapshot(): Record<string, string>;
  /** Puts back what {@link Medium.snapshot} gave; everything else is zeros. */
  restore(parts: Readonly<Record<string, string>>): void;
}

const toBase64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

interface Chunk {
  readonly bytes: Uint8Array;
  /** For each block 1 if it was written. */
  readonly mapped: Uint8Array;
  /** How many of them. */
  count: number;
}

/**
 * An empty medium.
 *
 * @param blockSize a power of two up to 65536
 */
export function createMedium(blockSize: number): Medium {
  const chunks = new Map<number, Chunk>();
  const blocksInChunk = CHUNK_BYTES / blockSize;

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

  /** Marks blocks of a chunk as written or not. */
  function mark(chunk: Chunk, at: number, size: number, value: 0 | 1): void {
    const end = Math.min(Math.ceil((at + size) / blockSize), blocksInChunk);
    for (let block = Math.floor(at / blockSize); block < end; block++) {
      chunk.count += value - (chunk.mapped[block] as number);
      chunk.mapped[block] = value;
    }
  }

  function isMapped(offset: number): boolean {
    const chunk = chunks.get(Math.floor(offset / CHUNK_BYTES));
    return chunk !== undefined && chunk.mapped[Math.floor((offset % CHUNK_BYTES) / blockSize)] === 1;
  }

  /** The first chunk after `number` that there is; infinity if there is none. */
  function nextChunk(number: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const other of chunks.keys()) if (other > number && other < next) next = other;
    return next;
  }

  function discardIn(number: number, at: number, size: number): void {
    const chunk = chunks.get(number);
    if (chunk === undefined) return;
    chunk.bytes.fill(0, at, at + size);
    mark(chunk, at, size, 0);
    if (chunk.count === 0) chunks.delete(number);
  }

  function write(offset: number, bytes: Uint8Array): void {
    pieces(offset, bytes.length, (number, at, from, size) => {
      let chunk = chunks.get(number);
      if (chunk === undefined) {
        chunk = { bytes: new Uint8Array(CHUNK_BYTES), mapped: new Uint8Array(blocksInChunk), count: 0 };
        chunks.set(number, chunk);
      }
      chunk.bytes.set(bytes.subarray(from, from + size), at);
      mark(chunk, at, size, 1);
    });
  }

  return {
    read(offset, length) {
      const bytes = new Uint8Array(length);
      pieces(offset, length, (number, at, from, size) => {
        const chunk = chunks.get(number);
        if (chunk !== undefined) bytes.set(chunk.bytes.subarray(at, at + size), from);
      });
      return bytes;
    },
    write,
    discard(offset, length) {
      // A range can be far larger than what was ever written.
      for (const number of [...chunks.keys()]) {
        const start = number * CHUNK_BYTES;
        const from = Math.max(offset, start);
        const end = Math.min(offset + length, start + CHUNK_BYTES);
        if (from < end) discardIn(number, from - start, end - from);
      }
    },
    extent(offset, limit) {
      const mapped = isMapped(offset);
      let end = offset + blockSize;
      while (end < offset + limit && isMapped(end) === mapped) {
        const number = Math.floor(end / CHUNK_BYTES);
        end = chunks.has(number) ? end + blockSize : nextChunk(number) * CHUNK_BYTES;
      }
      return { mapped, length: Math.min(end - offset, limit) };
    },
    snapshot() {
      const parts: Record<string, string> = {};
      for (const [number, { bytes, mapped }] of chunks) {
        for (let block = 0; block < blocksInChunk; ) {
          let end = block;
          while (end < blocksInChunk && mapped[end] === 1) end++;
          if (end > block) {
            parts[number * CHUNK_BYTES + block * blockSize] = toBase64(
              bytes.subarray(block * blockSize, end * blockSize),
            );
          }
          block = end + 1;
        }
      }
      return parts;
    },
    restore(parts) {
      chunks.clear();
      for (const [offset, text] of Object.entries(parts)) write(Number(offset), fromBase64(text));
    },
  };
}

/**
 * The blocks of a unit in a file: what was written is still there after a restart. Offsets and lengths are in bytes,
 * whole blocks, and have been checked by the caller.
 */
import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { type Medium, MediumError } from "../simulated/index.ts";

/** A medium in a file. */
export interface FileMedium extends Medium {
  /** Syncs and closes the file. */
  close(): void;
}

/** Blocks whose state is kept together. */
const GROUP_BLOCKS = 65_536;
const ZEROS_BYTES = 65_536;

/**
 * Opens the file, or makes it. Of a file that exists every block counts as written.
 *
 * @param sizeBytes the unit's size; a shorter file grows, a longer one is refused
 * @param failed is told of what could not be read or written, besides the command
 * @throws RangeError for a file that is longer; the system's error where it cannot be opened
 */
export function openFileMedium(
  path: string,
  sizeBytes: number,
  blockSize: number,
  failed: (error: MediumError) => void,
): FileMedium {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  let existed: boolean;
  try {
    const { size } = fstatSync(file);
    existed = size > 0;
    if (size > sizeBytes) throw new RangeError(`${path} is longer than its unit: ${size} bytes, not ${sizeBytes}`);
    if (size < sizeBytes) ftruncateSync(file, sizeBytes);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  let open = true;
  const groupBytes = GROUP_BLOCKS * blockSize;
  const zeros = new Uint8Array(ZEROS_BYTES);
  /** For each block that is not as the file was opened: 1 written, 0 discarded. */
  const groups = new Map<number, Uint8Array>();

  function mark(offset: number, length: number, value: 0 | 1): void {
    for (let block = offset / blockSize; block < (offset + length) / blockSize; block++) {
      const number = Math.floor(block / GROUP_BLOCKS);
      let group = groups.get(number);
      if (group === undefined) {
        group = new Uint8Array(GROUP_BLOCKS).fill(existed ? 1 : 0);
        groups.set(number, group);
      }
      group[block % GROUP_BLOCKS] = value;
    }
  }

  function isMapped(offset: number): boolean {
    const block = offset / blockSize;
    const group = groups.get(Math.floor(block / GROUP_BLOCKS));
    return group === undefined ? existed : group[block % GROUP_BLOCKS] === 1;
  }

  function put(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(file, bytes, done, bytes.length - done, offset + done);
    }
  }

  /** The file may be anywhere: on a disk that is full, or gone. */
  function trying<Result>(what: "read" | "write", act: () => Result): Result {
    try {
      return act();
    } catch (cause) {
      const error = new MediumError(what, cause);
      failed(error);
      throw error;
    }
  }

  return {
    read: (offset, length) =>
      trying("read", () => {
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length; ) {
          const count = readSync(file, bytes, done, length - done, offset + done);
          if (count === 0) break;
          done += count;
        }
        return bytes;
      }),
    write(offset, bytes) {
      trying("write", () => put(offset, bytes));
      mark(offset, bytes.length, 1);
    },
    discard(offset, length) {
      trying("write", () => {
        for (let at = offset; at < offset + length; at += ZEROS_BYTES) {
          put(at, zeros.subarray(0, Math.min(ZEROS_BYTES, offset + length - at)));
        }
      });
      mark(offset, length, 0);
    },
    extent(offset, limit) {
      const mapped = isMapped(offset);
      let end = offset + blockSize;
      while (end < offset + limit && isMapped(end) === mapped) {
        const group = Math.floor(end / groupBytes);
        end = groups.has(group) ? end + blockSize : (group + 1) * groupBytes;
      }
      return { mapped, length: Math.min(end - offset, limit) };
    },
    flush: () => trying("write", () => fsyncSync(file)),
    // The file itself is what outlives the process.
    snapshot: () => ({}),
    restore() {},
    close() {
      if (!open) return;
      open = false;
      fsyncSync(file);
      closeSync(file);
    },
  };
}

/**
 * The one door to the Wasm core: copies in, calls, copies out. Nothing else in the project touches its memory, and only
 * here do 64-bit values cross as bigint.
 *
 * Everything is synchronous and the windows are shared: whoever loads a window must be done with it before returning.
 */
import type { CoreExports } from "./generated/exports.ts";
import { wasm } from "./generated/wasm.ts";
import { unpack } from "./unpack.ts";

function instantiate(): CoreExports {
  return new WebAssembly.Instance(new WebAssembly.Module(unpack(wasm))).exports as unknown as CoreExports;
}

/** The core's functions, as assembly/ declares them. */
export const core: CoreExports = instantiate();

const memory = core.memory.buffer;
const recordsAddress = core.records.value as number;

/** Room for one parameter list or one response, in bytes. */
export const dataSize = core.dataSize.value as number;

/** The windows themselves. The memory never grows, so these views stay valid. */
export const cdbWindow: Uint8Array<ArrayBuffer> = new Uint8Array(
  memory as ArrayBuffer,
  core.cdb.value,
  core.cdbSize.value,
);
export const dataWindow: Uint8Array<ArrayBuffer> = new Uint8Array(memory as ArrayBuffer, core.data.value, dataSize);
const words = new Uint32Array(memory, recordsAddress, core.recordsSize.value >>> 2);
const longs = new BigUint64Array(memory, recordsAddress, core.recordsSize.value >>> 3);
/** Byte offset in the records window at which a list's rows begin. */
export const rowsOffset = core.rowsOffset.value as number;

/** A 32-bit slot of the records window; `slot` is a byte offset, as in generated/records.ts. */
export function word(slot: number): number {
  return words[slot >>> 2] as number;
}

const recordsView = new DataView(memory as ArrayBuffer, recordsAddress, core.recordsSize.value as number);

/**
 * A 64-bit slot of the records window. Engines as young as Float16Array read one fastest through a DataView (JavaScriptCore: seven
 * times as fast), older ones from the array (V8 before 13: four times).
 */
export const long: (slot: number) => bigint =
  "Float16Array" in globalThis ? (slot) => recordsView.getBigUint64(slot, true) : (slot) => longs[slot >>> 3] as bigint;

/** The `count` eight-byte rows of the records window, as a new array. */
export function longsOut(count: number): bigint[] {
  // A plain loop: Array.from of a typed array goes through its iterator, six to seventeen times as slow.
  const out = new Array<bigint>(count);
  for (let i = 0; i < count; i++) out[i] = long(rowsOffset + 8 * i);
  return out;
}

/** Copies the first `count` eight-byte rows of the records window into an array that has room for them. */
export function longsInto(into: BigUint64Array, count: number): void {
  const first = rowsOffset >>> 3;
  into.set(longs.subarray(first, first + count));
}

/**
 * Copies a CDB of 10 bytes, just made, into an array that has room for it. By hand and some at a time: of so few bytes that is
 * up to three times as fast as set() or a plain loop, and the runtime still compiles it into its caller.
 */
export function cdb10Into(into: Uint8Array): void {
  for (let i = 0; i < 10; i += 2) {
    into[i] = cdbWindow[i] as number;
    into[i + 1] = cdbWindow[i + 1] as number;
  }
}

/** As {@link cdb10Into}: the first 24 bytes of the data window, a basic parameter list. */
export function list24Into(into: Uint8Array): void {
  for (let i = 0; i < 24; i += 4) {
    into[i] = dataWindow[i] as number;
    into[i + 1] = dataWindow[i + 1] as number;
    into[i + 2] = dataWindow[i + 2] as number;
    into[i + 3] = dataWindow[i + 3] as number;
  }
}

/** Puts eight-byte rows into the records window, one by one: of few rows set() takes ten times as long. RangeError if there are more than fit. */
export function longsIn(values: Iterable<bigint>): void {
  let at = rowsOffset >>> 3;
  for (const value of values) {
    if (at === longs.length) throw new RangeError("There are more rows than fit the core");
    longs[at++] = value;
  }
}

/** Copies bytes to the start of the data window. RangeError if they do not fit. */
export function dataIn(bytes: Uint8Array): void {
  if (bytes.length > dataSize) throw new RangeError(`${bytes.length} bytes do not fit the core's ${dataSize}`);
  dataWindow.set(bytes);
}

/** A copy of the first `length` bytes of the data window. */
export function dataOut(length: number): Uint8Array<ArrayBuffer> {
  return dataWindow.slice(0, length);
}

/** Copies a CDB into the cdb window. RangeError if it is longer than the window. */
export function cdbIn(bytes: Uint8Array): void {
  if (bytes.length > cdbWindow.length)
    throw new RangeError(`A CDB of ${bytes.length} bytes does not fit the core's ${cdbWindow.length}`);
  cdbWindow.set(bytes);
}

/** A copy of the CDB that a builder has just made. */
export function cdbOut(length: number): Uint8Array<ArrayBuffer> {
  return cdbWindow.slice(0, length);
}

/**
 * CRC32C of `bytes`, continuing from `previous`.
 *
 * @param bytes any number of bytes; more than the core's window are given to it in pieces
 * @param previous the CRC of what came before, 0 at the start
 * @returns the CRC as an unsigned 32-bit number
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  if (bytes.length <= dataSize) {
    dataWindow.set(bytes);
    return core.crc32c(previous | 0, bytes.length | 0) >>> 0;
  }
  let crc = previous;
  for (let at = 0; at < bytes.length; at += dataSize) crc = crc32c(bytes.subarray(at, at + dataSize), crc);
  return crc;
}

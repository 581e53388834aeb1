/**
 * Any field of any structure, by its row: for a device server and for media changers, whose commands are many and whose hot
 * paths are few. A field that does not lie wholly within its window reads as 0 and is not written.
 */
import { end, get, put } from "./bits";
import { cdb, cdbSize, data, dataSize } from "./windows";

// @ts-ignore: decorator
@inline
function within(at: u32, row: u32): bool {
  return at <= dataSize && end(row) <= dataSize - at;
}

/** Of a row that is known only now nothing folds: one copy for all. */
function getAny(base: usize, row: u32): u64 {
  return get(base, row);
}

function putAny(base: usize, row: u32, value: u64): void {
  put(base, row, value);
}

/** A field of up to 32 bits of the CDB in the cdb window. */
export function cdbField(row: u32): u32 {
  return end(row) <= cdbSize ? <u32>getAny(cdb, row) : 0;
}

/** A field of up to 64 bits of the CDB in the cdb window. */
export function cdbLongField(row: u32): u64 {
  return end(row) <= cdbSize ? getAny(cdb, row) : 0;
}

/** Begins a CDB: the whole window is 0 but for its operation code. */
export function beginCdb(operationCode: u32): void {
  memory.fill(cdb, 0, cdbSize);
  store<u8>(cdb, <u8>operationCode);
}

/** Puts a value of up to 32 bits into a field of the CDB in the cdb window. */
export function putCdbField(row: u32, value: u32): void {
  if (end(row) <= cdbSize) putAny(cdb, row, value);
}

/** A field of up to 32 bits of the structure that begins at byte `at` of the data window. */
export function dataField(at: u32, row: u32): u32 {
  return within(at, row) ? <u32>getAny(data + at, row) : 0;
}

/** A field of up to 64 bits of the structure that begins at byte `at` of the data window. */
export function dataLongField(at: u32, row: u32): u64 {
  return within(at, row) ? getAny(data + at, row) : 0;
}

/** Puts a value of up to 32 bits into a field of the structure at byte `at` of the data window. */
export function putDataField(at: u32, row: u32, value: u32): void {
  if (within(at, row)) putAny(data + at, row, value);
}

/** Puts a value of up to 64 bits into a field of the structure at byte `at` of the data window. */
export function putDataLongField(at: u32, row: u32, value: u64): void {
  if (within(at, row)) putAny(data + at, row, value);
}

/**
 * The memory map: three static windows, the only memory that the core has. Whoever calls copies in, calls once, copies out.
 * Nothing is allocated, and nothing outside these windows is ever read or written.
 */

/** Room for one CDB. */
export const cdbSize: u32 = 32;
/** Room for one parameter list or one response. */
export const dataSize: u32 = 256 * 1024;
/** Room for one flat table of what was decoded, or of what is to be encoded. Eight-byte aligned, little-endian. */
export const recordsSize: u32 = 512 * 1024;

export const cdb: usize = memory.data(32, 16);
export const data: usize = memory.data(256 * 1024, 16);
export const records: usize = memory.data(512 * 1024, 16);

/** Where a table's rows begin in the records window; before it lie up to sixteen u32 that describe the whole. */
export const rowsOffset: u32 = 64;

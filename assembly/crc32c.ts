/** CRC32C (Castagnoli), the digest that iSCSI uses (rfc7143 13.1): sixteen bytes a step from sixteen tables. */
import { data, dataSize } from "./windows";

/** The polynomial 1EDC6F41h, bits reversed. */
const POLYNOMIAL: u32 = 0x82f63b78;
const tables: usize = memory.data(16 * 256 * 4, 16);
let ready = false;

function build(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >> 1) ^ POLYNOMIAL : value >> 1;
    store<u32>(tables + (byte << 2), value);
  }
  for (let table: u32 = 1; table < 16; table++) {
    for (let byte: u32 = 0; byte < 256; byte++) {
      const before = load<u32>(tables + ((((table - 1) << 8) + byte) << 2));
      store<u32>(tables + (((table << 8) + byte) << 2), (before >> 8) ^ load<u32>(tables + ((before & 0xff) << 2)));
    }
  }
  ready = true;
}

// @ts-ignore: decorator
@inline
function look(table: u32, byte: u32): u32 {
  return load<u32>(tables + (table << 10) + ((byte & 0xff) << 2));
}

/**
 * The CRC of the data window's first `length` bytes, continuing from `previous` (0 to begin). Bytes beyond the window do
 * not exist: longer data is given in pieces.
 */
export function crc32c(previous: u32, length: u32): u32 {
  if (!ready) build();
  let crc = ~previous;
  let at = data;
  const last = data + min<u32>(length, dataSize);
  while (at + 16 <= last) {
    const a = load<u32>(at) ^ crc;
    const b = load<u32>(at, 4);
    const c = load<u32>(at, 8);
    const d = load<u32>(at, 12);
    // What depends on the bytes before comes last: until then the processor need not wait for it.
    crc =
      look(3, d) ^ look(2, d >> 8) ^ look(1, d >> 16) ^ look(0, d >> 24) ^
      (look(7, c) ^ look(6, c >> 8) ^ look(5, c >> 16) ^ look(4, c >> 24)) ^
      (look(11, b) ^ look(10, b >> 8) ^ look(9, b >> 16) ^ look(8, b >> 24)) ^
      (look(15, a) ^ look(14, a >> 8) ^ look(13, a >> 16) ^ look(12, a >> 24));
    at += 16;
  }
  while (at < last) {
    crc = (crc >> 8) ^ look(0, crc ^ load<u8>(at));
    at++;
  }
  return ~crc;
}

/**
 * What a field is, and the only shifts in the project.
 *
 * A field is one number: `byte << 16 | leftmost bit << 8 | width in bits`, the way the standard's tables draw it.
 * Fields are big-endian. With a constant field each call below folds to a plain load or store.
 */

/** Bytes from the start of the structure up to and including the field. */
// @ts-ignore: decorator
@inline
export function end(field: u32): u32 {
  return (field >> 16) + ((7 - ((field >> 8) & 0xff) + (field & 0xff) + 7) >> 3);
}

/** Does the field lie wholly within the first `length` bytes? */
// @ts-ignore: decorator
@inline
export function has(length: u32, field: u32): bool {
  return end(field) <= length;
}

/** The field's value in the structure at `base`. The caller has made sure that it is there. */
// @ts-ignore: decorator
@inline
export function get(base: usize, field: u32): u64 {
  const at = base + (field >> 16);
  const top = (field >> 8) & 0xff;
  const width = field & 0xff;
  if (top == 7) {
    if (width == 8) return load<u8>(at);
    if (width == 16) return bswap<u16>(load<u16>(at));
    if (width == 32) return bswap<u32>(load<u32>(at));
    if (width == 64) return bswap<u64>(load<u64>(at));
  }
  if (width <= top + 1) return (load<u8>(at) >> <u8>(top + 1 - width)) & ((1 << width) - 1);
  return getAcrossBytes(at, top, width);
}

/** Puts a value into the field of the structure at `base`; the bits around it stay. Excess bits of `value` are dropped. */
// @ts-ignore: decorator
@inline
export function put(base: usize, field: u32, value: u64): void {
  const at = base + (field >> 16);
  const top = (field >> 8) & 0xff;
  const width = field & 0xff;
  if (top == 7 && width == 8) {
    store<u8>(at, <u8>value);
  } else if (top == 7 && width == 16) {
    store<u16>(at, bswap<u16>(<u16>value));
  } else if (top == 7 && width == 32) {
    store<u32>(at, bswap<u32>(<u32>value));
  } else if (top == 7 && width == 64) {
    store<u64>(at, bswap<u64>(value));
  } else if (width <= top + 1) {
    const mask: u32 = ((1 << width) - 1) << (top + 1 - width);
    store<u8>(at, (load<u8>(at) & ~mask) | ((<u32>value << (top + 1 - width)) & mask));
  } else {
    putAcrossBytes(at, top, width, value);
  }
}

/** A field that crosses bytes and ends at a byte's end: its first byte holds `top + 1` bits of it. */
function getAcrossBytes(at: usize, top: u32, width: u32): u64 {
  const bytes = (width + 14 - top) >> 3;
  let value: u64 = load<u8>(at) & ((1 << (top + 1)) - 1);
  for (let i: u32 = 1; i < bytes; i++) value = (value << 8) | load<u8>(at + i);
  return value;
}

function putAcrossBytes(at: usize, top: u32, width: u32, value: u64): void {
  const bytes = (width + 14 - top) >> 3;
  for (let i: u32 = bytes - 1; i > 0; i--) {
    store<u8>(at + i, <u8>value);
    value >>= 8;
  }
  const mask: u32 = (1 << (top + 1)) - 1;
  store<u8>(at, (load<u8>(at) & ~mask) | (<u32>value & mask));
}

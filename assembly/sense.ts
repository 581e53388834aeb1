/** Sense data: fixed and descriptor format, current and deferred, into one SenseRecord; and fixed format, written. */
import { get, has, put } from "./bits";
import { MALFORMED } from "./commands";
import { SenseDescriptorType, SenseResponseCode, Size } from "./codes";
import {
  CommandSpecificSenseDescriptor,
  DescriptorSense,
  DirectAccessBlockSenseDescriptor,
  FieldReplaceableUnitSenseDescriptor,
  FixedSense,
  InformationSenseDescriptor,
  SenseDescriptorHeader,
  SenseKeySpecific,
  SenseKeySpecificSenseDescriptor,
  StreamSenseDescriptor,
} from "./fields";
import { SenseDescriptorRow, SenseFlag, SenseRecord } from "./records";
import { data, dataSize, records, rowsOffset } from "./windows";

// @ts-ignore: decorator
@inline
function slot(at: u32, base: usize, field: u32): void {
  store<u32>(records + at, <u32>get(base, field));
}

/**
 * Sense data of `length` bytes in the data window into a SenseRecord. MALFORMED without a sense key: too short, or a
 * response code that no standard gives a form to (vendor formats among them: RESPONSE_CODE is there all the same).
 */
export function decodeSense(length: u32): i32 {
  memory.fill(records, 0, SenseRecord.SIZE);
  if (length > dataSize || !has(length, FixedSense.RESPONSE_CODE)) return MALFORMED;
  const responseCode = <u32>get(data, FixedSense.RESPONSE_CODE);
  store<u32>(records + SenseRecord.RESPONSE_CODE, responseCode);
  switch (responseCode) {
    case SenseResponseCode.FIXED_CURRENT:
    case SenseResponseCode.FIXED_DEFERRED:
      return decodeFixed(length);
    case SenseResponseCode.DESCRIPTOR_CURRENT:
    case SenseResponseCode.DESCRIPTOR_DEFERRED:
      return decodeDescriptors(length);
    default:
      return MALFORMED;
  }
}

function decodeFixed(length: u32): i32 {
  if (!has(length, FixedSense.SENSE_KEY)) return MALFORMED;
  let there = length;
  if (has(length, FixedSense.ADDITIONAL_SENSE_LENGTH)) {
    const whole: u32 = 8 + <u32>get(data, FixedSense.ADDITIONAL_SENSE_LENGTH);
    there = min<u32>(length, whole);
    store<u32>(records + SenseRecord.TRUNCATED, length < whole ? 1 : 0);
  }
  let flags: u32 = 0;
  slot(SenseRecord.SENSE_KEY, data, FixedSense.SENSE_KEY);
  if (get(data, FixedSense.FILEMARK)) flags |= SenseFlag.FILEMARK;
  if (get(data, FixedSense.EOM)) flags |= SenseFlag.EOM;
  if (get(data, FixedSense.ILI)) flags |= SenseFlag.ILI;
  if (get(data, FixedSense.SDAT_OVFL)) flags |= SenseFlag.SDAT_OVFL;
  if (get(data, FixedSense.VALID) && has(there, FixedSense.INFORMATION)) {
    store<u64>(records + SenseRecord.INFORMATION_U64, get(data, FixedSense.INFORMATION));
    flags |= SenseFlag.INFORMATION;
  }
  if (has(there, FixedSense.COMMAND_SPECIFIC_INFORMATION)) {
    const value = get(data, FixedSense.COMMAND_SPECIFIC_INFORMATION);
    store<u64>(records + SenseRecord.COMMAND_SPECIFIC_U64, value);
    if (value) flags |= SenseFlag.COMMAND_SPECIFIC;
  }
  if (has(there, FixedSense.ADDITIONAL_SENSE_CODE)) slot(SenseRecord.ASC, data, FixedSense.ADDITIONAL_SENSE_CODE);
  if (has(there, FixedSense.ADDITIONAL_SENSE_CODE_QUALIFIER)) {
    slot(SenseRecord.ASCQ, data, FixedSense.ADDITIONAL_SENSE_CODE_QUALIFIER);
  }
  if (has(there, FixedSense.FIELD_REPLACEABLE_UNIT_CODE) && get(data, FixedSense.FIELD_REPLACEABLE_UNIT_CODE)) {
    slot(SenseRecord.FRU, data, FixedSense.FIELD_REPLACEABLE_UNIT_CODE);
    flags |= SenseFlag.FRU;
  }
  if (has(there, FixedSense.SENSE_KEY_SPECIFIC) && get(data, FixedSense.SKSV)) {
    decodeSenseKeySpecific(data + Size.SENSE_KEY_SPECIFIC_OFFSET);
    flags |= SenseFlag.SKSV;
  }
  store<u32>(records + SenseRecord.FLAGS, flags);
  return 0;
}

/** The three bytes of SENSE KEY SPECIFIC, wherever the format has them. */
function decodeSenseKeySpecific(base: usize): void {
  slot(SenseRecord.COMMAND_DATA, base, SenseKeySpecific.COMMAND_DATA);
  store<i32>(
    records + SenseRecord.BIT_POINTER,
    get(base, SenseKeySpecific.BPV) ? <i32>get(base, SenseKeySpecific.BIT_POINTER) : -1,
  );
  slot(SenseRecord.FIELD_POINTER, base, SenseKeySpecific.FIELD_POINTER);
  slot(SenseRecord.SENSE_KEY_SPECIFIC, base - Size.SENSE_KEY_SPECIFIC_OFFSET, FixedSense.SENSE_KEY_SPECIFIC);
}

function decodeDescriptors(length: u32): i32 {
  if (!has(length, DescriptorSense.SENSE_KEY)) return MALFORMED;
  slot(SenseRecord.SENSE_KEY, data, DescriptorSense.SENSE_KEY);
  if (has(length, DescriptorSense.ADDITIONAL_SENSE_CODE)) slot(SenseRecord.ASC, data, DescriptorSense.ADDITIONAL_SENSE_CODE);
  if (has(length, DescriptorSense.ADDITIONAL_SENSE_CODE_QUALIFIER)) {
    slot(SenseRecord.ASCQ, data, DescriptorSense.ADDITIONAL_SENSE_CODE_QUALIFIER);
  }
  if (!has(length, DescriptorSense.ADDITIONAL_SENSE_LENGTH)) return 0;
  let flags: u32 = get(data, DescriptorSense.SDAT_OVFL) ? SenseFlag.SDAT_OVFL : 0;
  const whole: u32 = Size.DESCRIPTOR_SENSE_HEADER + <u32>get(data, DescriptorSense.ADDITIONAL_SENSE_LENGTH);
  const there = min<u32>(length, whole);
  store<u32>(records + SenseRecord.TRUNCATED, length < whole ? 1 : 0);
  let at: u32 = Size.DESCRIPTOR_SENSE_HEADER;
  let count: u32 = 0;
  while (has(there - at, SenseDescriptorHeader.ADDITIONAL_LENGTH)) {
    const base = data + at;
    const size: u32 = 2 + <u32>get(base, SenseDescriptorHeader.ADDITIONAL_LENGTH);
    if (size > there - at) {
      store<u32>(records + SenseRecord.TRUNCATED, 1);
      break;
    }
    const row = records + rowsOffset + count * SenseDescriptorRow.SIZE;
    store<u32>(row + SenseDescriptorRow.TYPE, <u32>get(base, SenseDescriptorHeader.DESCRIPTOR_TYPE));
    store<u32>(row + SenseDescriptorRow.OFFSET, at);
    store<u32>(row + SenseDescriptorRow.LENGTH, size);
    count++;
    flags |= decodeDescriptor(base, size);
    at += size;
  }
  store<u32>(records + SenseRecord.COUNT, count);
  store<u32>(records + SenseRecord.FLAGS, flags);
  return 0;
}

/** One descriptor of `size` bytes; what of it counts, as SenseFlag bits. Unknown and too short ones are passed over. */
function decodeDescriptor(base: usize, size: u32): u32 {
  switch (<u32>get(base, SenseDescriptorHeader.DESCRIPTOR_TYPE)) {
    case SenseDescriptorType.INFORMATION:
      if (!has(size, InformationSenseDescriptor.INFORMATION) || !get(base, InformationSenseDescriptor.VALID)) return 0;
      store<u64>(records + SenseRecord.INFORMATION_U64, get(base, InformationSenseDescriptor.INFORMATION));
      return SenseFlag.INFORMATION;
    case SenseDescriptorType.COMMAND_SPECIFIC:
      if (!has(size, CommandSpecificSenseDescriptor.COMMAND_SPECIFIC_INFORMATION)) return 0;
      store<u64>(
        records + SenseRecord.COMMAND_SPECIFIC_U64,
        get(base, CommandSpecificSenseDescriptor.COMMAND_SPECIFIC_INFORMATION),
      );
      return SenseFlag.COMMAND_SPECIFIC;
    case SenseDescriptorType.SENSE_KEY_SPECIFIC:
      if (!has(size, SenseKeySpecificSenseDescriptor.SENSE_KEY_SPECIFIC)) return 0;
      if (!get(base, SenseKeySpecificSenseDescriptor.SKSV)) return 0;
      decodeSenseKeySpecific(base + 4);
      return SenseFlag.SKSV;
    case SenseDescriptorType.FIELD_REPLACEABLE_UNIT:
      if (!has(size, FieldReplaceableUnitSenseDescriptor.FIELD_REPLACEABLE_UNIT_CODE)) return 0;
      slot(SenseRecord.FRU, base, FieldReplaceableUnitSenseDescriptor.FIELD_REPLACEABLE_UNIT_CODE);
      return SenseFlag.FRU;
    case SenseDescriptorType.STREAM_COMMANDS:
      if (!has(size, StreamSenseDescriptor.ILI)) return 0;
      return (
        (get(base, StreamSenseDescriptor.FILEMARK) ? SenseFlag.FILEMARK : 0) |
        (get(base, StreamSenseDescriptor.EOM) ? SenseFlag.EOM : 0) |
        (get(base, StreamSenseDescriptor.ILI) ? SenseFlag.ILI : 0)
      );
    case SenseDescriptorType.BLOCK_COMMANDS:
      if (!has(size, StreamSenseDescriptor.ILI)) return 0;
      return get(base, StreamSenseDescriptor.ILI) ? SenseFlag.ILI : 0;
    case SenseDescriptorType.DIRECT_ACCESS_BLOCK:
      return has(size, DirectAccessBlockSenseDescriptor.COMMAND_SPECIFIC_INFORMATION) ? decodeDirectAccessBlock(base) : 0;
    default:
      return 0;
  }
}

/** All of a block device in one descriptor: what types 00h to 03h and 05h have. */
function decodeDirectAccessBlock(base: usize): u32 {
  let flags: u32 = get(base, DirectAccessBlockSenseDescriptor.ILI) ? SenseFlag.ILI : 0;
  if (get(base, DirectAccessBlockSenseDescriptor.VALID)) {
    store<u64>(records + SenseRecord.INFORMATION_U64, get(base, DirectAccessBlockSenseDescriptor.INFORMATION));
    flags |= SenseFlag.INFORMATION;
  }
  const specific = get(base, DirectAccessBlockSenseDescriptor.COMMAND_SPECIFIC_INFORMATION);
  store<u64>(records + SenseRecord.COMMAND_SPECIFIC_U64, specific);
  if (specific) flags |= SenseFlag.COMMAND_SPECIFIC;
  if (get(base, DirectAccessBlockSenseDescriptor.FIELD_REPLACEABLE_UNIT_CODE)) {
    slot(SenseRecord.FRU, base, DirectAccessBlockSenseDescriptor.FIELD_REPLACEABLE_UNIT_CODE);
    flags |= SenseFlag.FRU;
  }
  if (get(base, DirectAccessBlockSenseDescriptor.SKSV)) {
    decodeSenseKeySpecific(base + 4);
    flags |= SenseFlag.SKSV;
  }
  return flags;
}

/** Fixed-format current sense data at the data window's start. Returns its length, 18. */
export function encodeSense(senseKey: u32, asc: u32, ascq: u32): u32 {
  memory.fill(data, 0, Size.FIXED_SENSE);
  put(data, FixedSense.RESPONSE_CODE, SenseResponseCode.FIXED_CURRENT);
  put(data, FixedSense.SENSE_KEY, senseKey);
  put(data, FixedSense.ADDITIONAL_SENSE_LENGTH, Size.FIXED_SENSE - 8);
  put(data, FixedSense.ADDITIONAL_SENSE_CODE, asc);
  put(data, FixedSense.ADDITIONAL_SENSE_CODE_QUALIFIER, ascq);
  return Size.FIXED_SENSE;
}

/**
 * Adds a field pointer to the sense data that encodeSense has just written: `byte` of the CDB (`inCdb` 1) or of the
 * parameter list (0), and its leftmost bit, or -1 for none.
 */
export function encodeFieldPointer(inCdb: u32, byte: u32, bit: i32): void {
  const base = data + Size.SENSE_KEY_SPECIFIC_OFFSET;
  put(base, SenseKeySpecific.SKSV, 1);
  put(base, SenseKeySpecific.COMMAND_DATA, inCdb);
  put(base, SenseKeySpecific.BPV, bit >= 0 ? 1 : 0);
  put(base, SenseKeySpecific.BIT_POINTER, bit >= 0 ? bit : 0);
  put(base, SenseKeySpecific.FIELD_POINTER, byte);
}

/**
 * Puts INFORMATION into the sense data that encodeSense has just written, and makes it VALID. A value of more than 32 bits
 * does not fit fixed format: it is left out.
 */
export function encodeInformation(value: u64): void {
  if (value > u32.MAX_VALUE) return;
  put(data, FixedSense.VALID, 1);
  put(data, FixedSense.INFORMATION, value);
}

/**
 * Responses in the data window, into flat records and back again. Nothing is read past the length given; what a length
 * field claims beyond it is reported as truncated. Each function returns 0, or MALFORMED where the bytes cannot be what
 * they are said to be.
 */
import { end, get, has, put } from "./bits";
import { MALFORMED } from "./commands";
import { Size } from "./codes";
import {
  DesignationDescriptor,
  FullStatusDescriptor,
  ReadCapacity10Data,
  ReadCapacity16Data,
  ReadFullStatusData,
  ReadKeysData,
  ReadReservationData,
  ReportCapabilitiesData,
  ReportLunsData,
  VpdHeader,
} from "./fields";
import {
  CapabilitiesRecord,
  CapacityRecord,
  DesignatorRow,
  ListRecord,
  RegistrationRow,
  ReservationRecord,
} from "./records";
import { readTransportId } from "./transport-id";
import { data, dataSize, records, recordsSize, rowsOffset } from "./windows";

/** Header length plus what it announces, without wrapping. */
// @ts-ignore: decorator
@inline
export function whole(header: u32, announced: u32): u32 {
  return announced > u32.MAX_VALUE - header ? u32.MAX_VALUE : header + announced;
}

/** A list of eight-byte values behind an eight-byte header: keys, LUNs. The values become u64 rows. */
function decodeList(length: u32, announced: u32, generation: u32): i32 {
  const wholeLength = whole(Size.PERSISTENT_RESERVE_IN_HEADER, announced);
  const there = min<u32>(length, wholeLength) - Size.PERSISTENT_RESERVE_IN_HEADER;
  if (announced & 7) return MALFORMED;
  const count = there >> 3;
  for (let i: u32 = 0; i < count; i++) {
    store<u64>(records + rowsOffset + (i << 3), bswap<u64>(load<u64>(data + Size.PERSISTENT_RESERVE_IN_HEADER + (i << 3))));
  }
  finishList(generation, wholeLength, count, count < announced >> 3);
  return 0;
}

export function finishList(generation: u32, wholeLength: u32, count: u32, truncated: bool): void {
  store<u32>(records + ListRecord.GENERATION, generation);
  store<u32>(records + ListRecord.WHOLE_LENGTH, wholeLength);
  store<u32>(records + ListRecord.COUNT, count);
  store<u32>(records + ListRecord.TRUNCATED, truncated ? 1 : 0);
}

export function decodeKeys(length: u32): i32 {
  if (length > dataSize || !has(length, ReadKeysData.ADDITIONAL_LENGTH)) return MALFORMED;
  return decodeList(length, <u32>get(data, ReadKeysData.ADDITIONAL_LENGTH), <u32>get(data, ReadKeysData.PRGENERATION));
}

export function decodeLuns(length: u32): i32 {
  if (length > dataSize || length < <u32>Size.REPORT_LUNS_HEADER) return MALFORMED;
  return decodeList(length, <u32>get(data, ReportLunsData.LUN_LIST_LENGTH), 0);
}

export function decodeReservation(length: u32): i32 {
  memory.fill(records, 0, 32);
  if (length > dataSize || !has(length, ReadReservationData.ADDITIONAL_LENGTH)) return MALFORMED;
  const announced = <u32>get(data, ReadReservationData.ADDITIONAL_LENGTH);
  // SPC-2 allowed a list of them; since SPC-3 there is at most one per logical unit, so 0 and 16 are all there can be.
  if (announced != 0 && announced != Size.RESERVATION_DESCRIPTOR) return MALFORMED;
  store<u32>(records + ReservationRecord.GENERATION, <u32>get(data, ReadReservationData.PRGENERATION));
  store<u32>(records + ReservationRecord.WHOLE_LENGTH, Size.PERSISTENT_RESERVE_IN_HEADER + announced);
  if (announced == 0) return 0;
  store<u32>(records + ReservationRecord.HELD, 1);
  if (!has(length, ReadReservationData.TYPE)) {
    store<u32>(records + ReservationRecord.TRUNCATED, 1);
    return 0;
  }
  store<u64>(records + ReservationRecord.KEY_U64, get(data, ReadReservationData.RESERVATION_KEY));
  store<u32>(records + ReservationRecord.SCOPE, <u32>get(data, ReadReservationData.SCOPE));
  store<u32>(records + ReservationRecord.TYPE, <u32>get(data, ReadReservationData.TYPE));
  return 0;
}

export function decodeCapabilities(length: u32): i32 {
  memory.fill(records, 0, 32);
  if (length > dataSize || !has(length, ReportCapabilitiesData.LENGTH)) return MALFORMED;
  const wholeLength = <u32>get(data, ReportCapabilitiesData.LENGTH);
  if (wholeLength < <u32>Size.REPORT_CAPABILITIES_DATA) return MALFORMED;
  store<u32>(records + CapabilitiesRecord.WHOLE_LENGTH, wholeLength);
  if (!has(length, ReportCapabilitiesData.EX_AC_AR)) {
    store<u32>(records + CapabilitiesRecord.TRUNCATED, 1);
    return 0;
  }
  store<u32>(records + CapabilitiesRecord.FLAGS, bswap<u16>(load<u16>(data, 2)));
  store<u32>(records + CapabilitiesRecord.TYPE_MASK, bswap<u16>(load<u16>(data, 4)));
  store<u32>(records + CapabilitiesRecord.ALLOW_COMMANDS, <u32>get(data, ReportCapabilitiesData.ALLOW_COMMANDS));
  return 0;
}

/** READ FULL STATUS into RegistrationRows, each TransportID included. A descriptor that is cut ends the list: truncated. */
export function decodeFullStatus(length: u32): i32 {
  if (length > dataSize || !has(length, ReadFullStatusData.ADDITIONAL_LENGTH)) return MALFORMED;
  const announced = <u32>get(data, ReadFullStatusData.ADDITIONAL_LENGTH);
  const wholeLength = whole(Size.PERSISTENT_RESERVE_IN_HEADER, announced);
  const limit = min<u32>(length, wholeLength);
  const complete = length >= wholeLength;
  let at: u32 = Size.PERSISTENT_RESERVE_IN_HEADER;
  let count: u32 = 0;
  let row = records + rowsOffset;
  while (at < limit) {
    const left = limit - at;
    const base = data + at;
    if (!has(left, FullStatusDescriptor.ADDITIONAL_DESCRIPTOR_LENGTH)) {
      if (complete) return MALFORMED;
      break;
    }
    const additional = <u32>get(base, FullStatusDescriptor.ADDITIONAL_DESCRIPTOR_LENGTH);
    if (additional > left - Size.FULL_STATUS_DESCRIPTOR_HEADER) {
      if (complete) return MALFORMED;
      break;
    }
    if (row + RegistrationRow.SIZE > records + recordsSize) break;
    store<u64>(row + RegistrationRow.KEY_U64, get(base, FullStatusDescriptor.RESERVATION_KEY));
    store<u32>(row + RegistrationRow.ALL_TG_PT, <u32>get(base, FullStatusDescriptor.ALL_TG_PT));
    store<u32>(row + RegistrationRow.R_HOLDER, <u32>get(base, FullStatusDescriptor.R_HOLDER));
    store<u32>(row + RegistrationRow.SCOPE, <u32>get(base, FullStatusDescriptor.SCOPE));
    store<u32>(row + RegistrationRow.TYPE, <u32>get(base, FullStatusDescriptor.TYPE));
    store<u32>(
      row + RegistrationRow.RELATIVE_TARGET_PORT,
      <u32>get(base, FullStatusDescriptor.RELATIVE_TARGET_PORT_IDENTIFIER),
    );
    const transportId = at + Size.FULL_STATUS_DESCRIPTOR_HEADER;
    store<u32>(row + RegistrationRow.TRANSPORTID_OFFSET, transportId);
    if (!readTransportId(row + RegistrationRow.TRANSPORTID, transportId, additional)) return MALFORMED;
    row += RegistrationRow.SIZE;
    count++;
    at = transportId + additional;
  }
  finishList(<u32>get(data, ReadFullStatusData.PRGENERATION), wholeLength, count, at < wholeLength);
  return 0;
}

/** A vital product data page's header: LENGTH into WHOLE_LENGTH, and the bytes of its contents that are there into COUNT. */
export function decodeVpdHeader(pageCode: u32, length: u32): i32 {
  if (length > dataSize || !has(length, VpdHeader.PAGE_LENGTH)) return MALFORMED;
  if (<u32>get(data, VpdHeader.PAGE_CODE) != pageCode) return MALFORMED;
  const wholeLength: u32 = Size.VPD_HEADER + <u32>get(data, VpdHeader.PAGE_LENGTH);
  finishList(0, wholeLength, min<u32>(length, wholeLength) - Size.VPD_HEADER, length < wholeLength);
  return 0;
}

/** VPD page 83h into DesignatorRows. */
export function decodeDesignators(pageCode: u32, length: u32): i32 {
  if (decodeVpdHeader(pageCode, length) == MALFORMED) return MALFORMED;
  const wholeLength = load<u32>(records + ListRecord.WHOLE_LENGTH);
  const complete = length >= wholeLength;
  const limit = min<u32>(length, wholeLength);
  let at: u32 = Size.VPD_HEADER;
  let count: u32 = 0;
  while (at < limit) {
    const left = limit - at;
    const base = data + at;
    const cut =
      !has(left, DesignationDescriptor.DESIGNATOR_LENGTH) ||
      <u32>get(base, DesignationDescriptor.DESIGNATOR_LENGTH) > left - Size.DESIGNATION_DESCRIPTOR_HEADER;
    if (cut) {
      if (complete) return MALFORMED;
      break;
    }
    const row = records + rowsOffset + count * DesignatorRow.SIZE;
    const piv = <u32>get(base, DesignationDescriptor.PIV);
    store<u32>(row + DesignatorRow.CODE_SET, <u32>get(base, DesignationDescriptor.CODE_SET));
    store<i32>(row + DesignatorRow.PROTOCOL, piv ? <i32>get(base, DesignationDescriptor.PROTOCOL_IDENTIFIER) : -1);
    store<u32>(row + DesignatorRow.ASSOCIATION, <u32>get(base, DesignationDescriptor.ASSOCIATION));
    store<u32>(row + DesignatorRow.TYPE, <u32>get(base, DesignationDescriptor.DESIGNATOR_TYPE));
    store<u32>(row + DesignatorRow.OFFSET, at + Size.DESIGNATION_DESCRIPTOR_HEADER);
    store<u32>(row + DesignatorRow.LENGTH, <u32>get(base, DesignationDescriptor.DESIGNATOR_LENGTH));
    count++;
    at += Size.DESIGNATION_DESCRIPTOR_HEADER + <u32>get(base, DesignationDescriptor.DESIGNATOR_LENGTH);
  }
  finishList(0, wholeLength, count, at < wholeLength);
  return 0;
}

export function decodeCapacity10(length: u32): i32 {
  memory.fill(records, 0, 40);
  if (length > dataSize || !has(length, ReadCapacity10Data.LOGICAL_BLOCK_LENGTH)) return MALFORMED;
  store<u64>(records + CapacityRecord.LAST_LBA_U64, get(data, ReadCapacity10Data.RETURNED_LOGICAL_BLOCK_ADDRESS));
  store<u32>(records + CapacityRecord.BLOCK_LENGTH, <u32>get(data, ReadCapacity10Data.LOGICAL_BLOCK_LENGTH));
  return 0;
}

export function decodeCapacity16(length: u32): i32 {
  memory.fill(records, 0, 40);
  if (length > dataSize || !has(length, ReadCapacity16Data.LOGICAL_BLOCK_LENGTH)) return MALFORMED;
  store<u64>(records + CapacityRecord.LAST_LBA_U64, get(data, ReadCapacity16Data.RETURNED_LOGICAL_BLOCK_ADDRESS));
  store<u32>(records + CapacityRecord.BLOCK_LENGTH, <u32>get(data, ReadCapacity16Data.LOGICAL_BLOCK_LENGTH));
  // Before SBC-3 the data ended after twelve bytes; what is not there reads as 0.
  if (!has(length, ReadCapacity16Data.LOWEST_ALIGNED_LOGICAL_BLOCK_ADDRESS)) return 0;
  store<u32>(records + CapacityRecord.PROTECTION_TYPE, <u32>get(data, ReadCapacity16Data.P_TYPE));
  store<u32>(records + CapacityRecord.PROTECTION_ENABLED, <u32>get(data, ReadCapacity16Data.PROT_EN));
  store<u32>(
    records + CapacityRecord.PHYSICAL_EXPONENT,
    <u32>get(data, ReadCapacity16Data.LOGICAL_BLOCKS_PER_PHYSICAL_BLOCK_EXPONENT),
  );
  store<u32>(records + CapacityRecord.THIN_PROVISIONED, <u32>get(data, ReadCapacity16Data.LBPME));
  store<u32>(records + CapacityRecord.UNMAPPED_READ_ZEROS, <u32>get(data, ReadCapacity16Data.LBPRZ));
  store<u32>(
    records + CapacityRecord.LOWEST_ALIGNED_LBA,
    <u32>get(data, ReadCapacity16Data.LOWEST_ALIGNED_LOGICAL_BLOCK_ADDRESS),
  );
  return 0;
}

// The other way, for a device server. Each returns the length of what now stands in the data window.

/** READ KEYS or, with `generation` ignored by its header, REPORT LUNS: `count` u64 rows of the records window. */
function encodeList(count: u32): u32 {
  const room = (dataSize - Size.PERSISTENT_RESERVE_IN_HEADER) >> 3;
  count = min<u32>(count, room);
  for (let i: u32 = 0; i < count; i++) {
    store<u64>(data + Size.PERSISTENT_RESERVE_IN_HEADER + (i << 3), bswap<u64>(load<u64>(records + rowsOffset + (i << 3))));
  }
  return count << 3;
}

export function encodeKeys(generation: u32, count: u32): u32 {
  const length = encodeList(count);
  put(data, ReadKeysData.PRGENERATION, generation);
  put(data, ReadKeysData.ADDITIONAL_LENGTH, length);
  return Size.PERSISTENT_RESERVE_IN_HEADER + length;
}

export function encodeLuns(count: u32): u32 {
  const length = encodeList(count);
  store<u64>(data, 0);
  put(data, ReportLunsData.LUN_LIST_LENGTH, length);
  return Size.REPORT_LUNS_HEADER + length;
}

export function encodeReservation(generation: u32, held: u32, key: u64, scope: u32, type: u32): u32 {
  memory.fill(data, 0, Size.PERSISTENT_RESERVE_IN_HEADER + Size.RESERVATION_DESCRIPTOR);
  put(data, ReadReservationData.PRGENERATION, generation);
  if (!held) return Size.PERSISTENT_RESERVE_IN_HEADER;
  put(data, ReadReservationData.ADDITIONAL_LENGTH, Size.RESERVATION_DESCRIPTOR);
  put(data, ReadReservationData.RESERVATION_KEY, key);
  put(data, ReadReservationData.SCOPE, scope);
  put(data, ReadReservationData.TYPE, type);
  return Size.PERSISTENT_RESERVE_IN_HEADER + Size.RESERVATION_DESCRIPTOR;
}

/** `flags` and `typeMask` as in CapabilitiesRecord. */
export function encodeCapabilities(flags: u32, typeMask: u32): u32 {
  store<u64>(data, 0);
  put(data, ReportCapabilitiesData.LENGTH, Size.REPORT_CAPABILITIES_DATA);
  store<u16>(data, bswap<u16>(<u16>flags), 2);
  store<u16>(data, bswap<u16>(<u16>typeMask), 4);
  return Size.REPORT_CAPABILITIES_DATA;
}

/**
 * One full status descriptor at `offset`, whose TransportID of `transportIdLength` bytes already stands from byte 24 of it.
 * Returns the offset of the next one, or MALFORMED if there is no room.
 */
export function encodeFullStatusDescriptor(
  offset: u32,
  key: u64,
  allTgPt: u32,
  holder: u32,
  scope: u32,
  type: u32,
  relativeTargetPort: u32,
  transportIdLength: u32,
): i32 {
  if (offset > dataSize || dataSize - offset < <u32>Size.FULL_STATUS_DESCRIPTOR_HEADER) return MALFORMED;
  if (transportIdLength > dataSize - offset - Size.FULL_STATUS_DESCRIPTOR_HEADER) return MALFORMED;
  const base = data + offset;
  memory.fill(base, 0, Size.FULL_STATUS_DESCRIPTOR_HEADER);
  put(base, FullStatusDescriptor.RESERVATION_KEY, key);
  put(base, FullStatusDescriptor.ALL_TG_PT, allTgPt);
  put(base, FullStatusDescriptor.R_HOLDER, holder);
  put(base, FullStatusDescriptor.SCOPE, scope);
  put(base, FullStatusDescriptor.TYPE, type);
  put(base, FullStatusDescriptor.RELATIVE_TARGET_PORT_IDENTIFIER, relativeTargetPort);
  put(base, FullStatusDescriptor.ADDITIONAL_DESCRIPTOR_LENGTH, transportIdLength);
  return offset + Size.FULL_STATUS_DESCRIPTOR_HEADER + transportIdLength;
}

/** The header before the descriptors, once their end is known. Returns `length`. */
export function encodeFullStatusHeader(generation: u32, length: u32): u32 {
  put(data, ReadFullStatusData.PRGENERATION, generation);
  put(data, ReadFullStatusData.ADDITIONAL_LENGTH, length - Size.PERSISTENT_RESERVE_IN_HEADER);
  return length;
}

/** A vital product data page's header before contents of `contentsLength` bytes. Returns the whole length. */
export function encodeVpdHeader(qualifier: u32, deviceType: u32, pageCode: u32, contentsLength: u32): u32 {
  put(data, VpdHeader.PERIPHERAL_QUALIFIER, qualifier);
  put(data, VpdHeader.PERIPHERAL_DEVICE_TYPE, deviceType);
  put(data, VpdHeader.PAGE_CODE, pageCode);
  put(data, VpdHeader.PAGE_LENGTH, contentsLength);
  return Size.VPD_HEADER + contentsLength;
}

/** One designation descriptor's header at `offset`; `protocol` -1 leaves PIV 0. Returns where its designator begins. */
export function encodeDesignatorHeader(
  offset: u32,
  codeSet: u32,
  protocol: i32,
  association: u32,
  type: u32,
  designatorLength: u32,
): i32 {
  if (offset > dataSize || dataSize - offset < <u32>Size.DESIGNATION_DESCRIPTOR_HEADER) return MALFORMED;
  const base = data + offset;
  store<u32>(base, 0);
  put(base, DesignationDescriptor.CODE_SET, codeSet);
  if (protocol >= 0) {
    put(base, DesignationDescriptor.PROTOCOL_IDENTIFIER, protocol);
    put(base, DesignationDescriptor.PIV, 1);
  }
  put(base, DesignationDescriptor.ASSOCIATION, association);
  put(base, DesignationDescriptor.DESIGNATOR_TYPE, type);
  put(base, DesignationDescriptor.DESIGNATOR_LENGTH, designatorLength);
  return offset + Size.DESIGNATION_DESCRIPTOR_HEADER;
}

export function encodeCapacity10(lastLba: u32, blockLength: u32): u32 {
  put(data, ReadCapacity10Data.RETURNED_LOGICAL_BLOCK_ADDRESS, lastLba);
  put(data, ReadCapacity10Data.LOGICAL_BLOCK_LENGTH, blockLength);
  return end(ReadCapacity10Data.LOGICAL_BLOCK_LENGTH);
}

export function encodeCapacity16(lastLba: u64, blockLength: u32): u32 {
  memory.fill(data, 0, Size.READ_CAPACITY_16_DATA);
  put(data, ReadCapacity16Data.RETURNED_LOGICAL_BLOCK_ADDRESS, lastLba);
  put(data, ReadCapacity16Data.LOGICAL_BLOCK_LENGTH, blockLength);
  return Size.READ_CAPACITY_16_DATA;
}

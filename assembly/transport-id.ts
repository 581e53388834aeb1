/**
 * TransportIDs, both ways, in the data window (spc4r17 7.5.4). Names arrive and leave as bytes: what they may say is the
 * caller's business.
 */
import { get, has, put } from "./bits";
import { MALFORMED } from "./commands";
import { ProtocolIdentifier, Size } from "./codes";
import {
  FcpTransportId,
  IscsiTransportId,
  SasTransportId,
  SbpTransportId,
  SopTransportId,
  SpiTransportId,
  SrpTransportId,
  TransportIdHeader,
} from "./fields";
import { TransportIdRecord } from "./records";
import { data, dataSize, records } from "./windows";

/**
 * Completes an iSCSI TransportID at `offset`, whose name of `nameLength` bytes (with format 1 also `,i,0x` and the ISID)
 * already stands from byte 4 of it: header, NUL and padding. Returns its whole length, or MALFORMED if it has no room.
 */
export function encodeIscsiTransportId(offset: u32, format: u32, nameLength: u32): i32 {
  // A NUL at least, then a multiple of four; 20 bytes are the least that the standard allows (spc4r17 7.5.4.6).
  const padded: u32 = max<u32>((nameLength + 4) & ~3, 20);
  const total: u32 = Size.TRANSPORTID_NAME_OFFSET + padded;
  if (nameLength > 0xffff || offset > dataSize || total > dataSize - offset) return MALFORMED;
  const base = data + offset;
  store<u32>(base, 0);
  put(base, IscsiTransportId.FORMAT_CODE, format);
  put(base, IscsiTransportId.PROTOCOL_IDENTIFIER, ProtocolIdentifier.ISCSI);
  put(base, IscsiTransportId.ADDITIONAL_LENGTH, padded);
  memory.fill(base + Size.TRANSPORTID_NAME_OFFSET + nameLength, 0, padded - nameLength);
  return total;
}

/**
 * Writes a TransportID of 24 bytes at `offset`: any kind but iSCSI's. `address` and `second` as in TransportIdRecord.
 * Returns 24, or MALFORMED if it has no room or the protocol has no such form.
 */
export function encodeTransportId(offset: u32, protocol: u32, address: u64, second: u64): i32 {
  if (offset > dataSize || <u32>Size.TRANSPORTID > dataSize - offset) return MALFORMED;
  const base = data + offset;
  memory.fill(base, 0, Size.TRANSPORTID);
  put(base, TransportIdHeader.PROTOCOL_IDENTIFIER, protocol);
  switch (protocol) {
    case ProtocolIdentifier.FCP:
      put(base, FcpTransportId.N_PORT_NAME, address);
      break;
    case ProtocolIdentifier.SPI:
      put(base, SpiTransportId.SCSI_ADDRESS, address);
      put(base, SpiTransportId.RELATIVE_TARGET_PORT_IDENTIFIER, second);
      break;
    case ProtocolIdentifier.SBP:
      put(base, SbpTransportId.EUI_64_NAME, address);
      break;
    case ProtocolIdentifier.SRP:
      put(base, SrpTransportId.INITIATOR_PORT_IDENTIFIER, address);
      put(base, SrpTransportId.INITIATOR_PORT_IDENTIFIER_LOW, second);
      break;
    case ProtocolIdentifier.SAS:
      put(base, SasTransportId.SAS_ADDRESS, address);
      break;
    case ProtocolIdentifier.SOP:
      put(base, SopTransportId.ROUTING_ID, address);
      break;
    default:
      return MALFORMED;
  }
  return Size.TRANSPORTID;
}

/** The address fields of a TransportID of 24 bytes into its record; false for protocols whose form is not known here. */
function readAddress(record: usize, base: usize, protocol: u32): bool {
  let address: u64 = 0;
  let second: u64 = 0;
  switch (protocol) {
    case ProtocolIdentifier.FCP:
      address = get(base, FcpTransportId.N_PORT_NAME);
      break;
    case ProtocolIdentifier.SPI:
      address = get(base, SpiTransportId.SCSI_ADDRESS);
      second = get(base, SpiTransportId.RELATIVE_TARGET_PORT_IDENTIFIER);
      break;
    case ProtocolIdentifier.SBP:
      address = get(base, SbpTransportId.EUI_64_NAME);
      break;
    case ProtocolIdentifier.SRP:
      address = get(base, SrpTransportId.INITIATOR_PORT_IDENTIFIER);
      second = get(base, SrpTransportId.INITIATOR_PORT_IDENTIFIER_LOW);
      break;
    case ProtocolIdentifier.SAS:
      address = get(base, SasTransportId.SAS_ADDRESS);
      break;
    case ProtocolIdentifier.SOP:
      address = get(base, SopTransportId.ROUTING_ID);
      break;
    default:
      return false;
  }
  store<u64>(record + TransportIdRecord.ADDRESS_U64, address);
  store<u64>(record + TransportIdRecord.SECOND_U64, second);
  return true;
}

/**
 * Reads the TransportID at `offset`, of which at most `length` bytes are there, into the record at `record` (an address).
 * Returns false if its length does not fit. A form that is not known here is kept whole: KNOWN stays 0.
 */
export function readTransportId(record: usize, offset: u32, length: u32): bool {
  memory.fill(record, 0, TransportIdRecord.SIZE);
  const base = data + offset;
  if (!has(length, TransportIdHeader.PROTOCOL_IDENTIFIER)) return false;
  const format = <u32>get(base, TransportIdHeader.FORMAT_CODE);
  const protocol = <u32>get(base, TransportIdHeader.PROTOCOL_IDENTIFIER);
  store<u32>(record + TransportIdRecord.PROTOCOL, protocol);
  store<u32>(record + TransportIdRecord.FORMAT, format);
  let total: u32 = Size.TRANSPORTID;
  if (protocol == ProtocolIdentifier.ISCSI) {
    if (!has(length, IscsiTransportId.ADDITIONAL_LENGTH)) return false;
    total = Size.TRANSPORTID_NAME_OFFSET + <u32>get(base, IscsiTransportId.ADDITIONAL_LENGTH);
  }
  if (total > length) return false;
  store<u32>(record + TransportIdRecord.LENGTH, total);
  if (protocol == ProtocolIdentifier.ISCSI && format <= 1) {
    const room: u32 = total - Size.TRANSPORTID_NAME_OFFSET;
    let nameLength: u32 = 0;
    while (nameLength < room && load<u8>(base + Size.TRANSPORTID_NAME_OFFSET + nameLength)) nameLength++;
    store<u32>(record + TransportIdRecord.NAME_OFFSET, offset + Size.TRANSPORTID_NAME_OFFSET);
    store<u32>(record + TransportIdRecord.NAME_LENGTH, nameLength);
    store<u32>(record + TransportIdRecord.KNOWN, nameLength > 0 ? 1 : 0);
  } else if (format == 0 && readAddress(record, base, protocol)) {
    store<u32>(record + TransportIdRecord.KNOWN, 1);
  }
  return true;
}

/** Reads one TransportID of at most `length` bytes at `offset` in the data window into the records window. */
export function decodeTransportId(offset: u32, length: u32): i32 {
  if (offset > dataSize || length > dataSize - offset) return MALFORMED;
  return readTransportId(records, offset, length) ? 0 : MALFORMED;
}

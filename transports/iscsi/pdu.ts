/**
 * The layout of iSCSI PDUs (RFC 7143 clause 11): operation codes, field offsets, and the one function that writes a
 * basic header segment. Bytes only: it knows no session and no rule. Initiator and target share it.
 */

/** Bytes of a basic header segment. */
export const BHS_LENGTH = 48;

/** The reserved value of task tags: no task, no transfer. */
export const RESERVED_TAG = 0xffff_ffff;

/** Operation codes (RFC 7143 11.2.1.2): 00h to 1Fh from the initiator, 20h to 3Fh from the target. */
export const Opcode = {
  NOP_OUT: 0x00,
  SCSI_COMMAND: 0x01,
  TASK_MANAGEMENT_REQUEST: 0x02,
  LOGIN_REQUEST: 0x03,
  TEXT_REQUEST: 0x04,
  DATA_OUT: 0x05,
  LOGOUT_REQUEST: 0x06,
  SNACK_REQUEST: 0x10,
  NOP_IN: 0x20,
  SCSI_RESPONSE: 0x21,
  TASK_MANAGEMENT_RESPONSE: 0x22,
  LOGIN_RESPONSE: 0x23,
  TEXT_RESPONSE: 0x24,
  DATA_IN: 0x25,
  LOGOUT_RESPONSE: 0x26,
  R2T: 0x31,
  ASYNC_MESSAGE: 0x32,
  REJECT: 0x3f,
} as const;

/** Where the fields that most PDUs share begin, in bytes from the start of the header. */
export const Field = {
  OPCODE: 0,
  FLAGS: 1,
  TOTAL_AHS_LENGTH: 4,
  DATA_SEGMENT_LENGTH: 5,
  LUN: 8,
  ISID: 8,
  TSIH: 14,
  INITIATOR_TASK_TAG: 16,
  TARGET_TRANSFER_TAG: 20,
  // From the initiator.
  EXPECTED_DATA_TRANSFER_LENGTH: 20,
  CMD_SN: 24,
  EXP_STAT_SN_OF_REQUEST: 28,
  CDB: 32,
  // From the target.
  STAT_SN: 24,
  EXP_CMD_SN: 28,
  MAX_CMD_SN: 32,
  DATA_SN: 36,
  BUFFER_OFFSET: 40,
  DESIRED_DATA_TRANSFER_LENGTH: 44,
  RESIDUAL_COUNT: 44,
} as const;

/** Byte 0: deliver at once, outside the CmdSN order. */
export const IMMEDIATE = 0x40;
/** Byte 1 of most PDUs: the last (or only) PDU of a sequence. */
export const FINAL = 0x80;
/** Byte 1 of login and text PDUs: the text continues in the next PDU. */
export const CONTINUE = 0x40;
/** Byte 1 of login PDUs: ready to go on to the next stage. */
export const TRANSIT = 0x80;

/** Byte 1 of a SCSI Command. */
export const CommandFlag = { READ: 0x40, WRITE: 0x20 } as const;
/** Task attributes SIMPLE and ACA (byte 1, bits 2 to 0 of a SCSI Command). */
export const ATTRIBUTE_SIMPLE = 0x01;
export const ATTRIBUTE_ACA = 0x04;
export const ATTRIBUTE_MASK = 0x07;

/** Byte 1 of SCSI Response and SCSI Data-In. STATUS is defined for Data-In alone. */
export const ResponseFlag = { OVERFLOW: 0x04, UNDERFLOW: 0x02, STATUS: 0x01 } as const;

/** Additional header segment types (RFC 7143 11.2.2.1). */
export const AHS_EXTENDED_CDB = 0x01;

/** Reads a 16-bit field. */
export function get16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** Reads a 24-bit field. */
export function get24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

/** Reads a 32-bit field as a number from 0 to 2^32 - 1. */
export function get32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** Writes a 32-bit field; what is above 32 bits is dropped. */
export function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Reads a 64-bit field, e.g. a LUN. */
export function get64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(get32(bytes, at)) << 32n) | BigInt(get32(bytes, at + 4));
}

/** The length that `length` bytes take on the wire: segments are padded to four bytes. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}

/**
 * Compares serial numbers (RFC 1982, as RFC 7143 4.2.2.1 wants): negative if `a` comes before `b`, 0 if they are equal.
 */
export function compareSerial(a: number, b: number): number {
  return (a - b) | 0;
}

/**
 * Writes a basic header segment. After the first sixteen bytes every iSCSI PDU is eight 32-bit words; `word20` is
 * the word at byte 20, and so on. All 48 bytes are written.
 */
export function putHeader(
  out: Uint8Array,
  at: number,
  opcode: number,
  flags: number,
  bytes2And3: number,
  totalAhsLength: number,
  dataSegmentLength: number,
  word8: number,
  word12: number,
  initiatorTaskTag: number,
  word20: number,
  word24: number,
  word28: number,
  word32: number,
  word36: number,
  word40: number,
  word44: number,
): void {
  out[at] = opcode;
  out[at + 1] = flags;
  out[at + 2] = bytes2And3 >>> 8;
  out[at + 3] = bytes2And3;
  put32(out, at + 4, ((totalAhsLength >>> 2) << 24) | dataSegmentLength);
  put32(out, at + 8, word8);
  put32(out, at + 12, word12);
  put32(out, at + 16, initiatorTaskTag);
  put32(out, at + 20, word20);
  put32(out, at + 24, word24);
  put32(out, at + 28, word28);
  put32(out, at + 32, word32);
  put32(out, at + 36, word36);
  put32(out, at + 40, word40);
  put32(out, at + 44, word44);
}

/** A whole PDU without digests: a header with a data segment behind it, padded. For PDUs that are rare. */
export function joinPdu(header: Uint8Array, data: Uint8Array): Uint8Array {
  const pdu = new Uint8Array(header.length + padded(data.length));
  pdu.set(header);
  pdu.set(data, header.length);
  return pdu;
}

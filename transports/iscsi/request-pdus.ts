/**
 * The PDUs that an initiator sends (RFC 7143 clause 11), written and read. Bytes only; no rule of a session lives here.
 * SCSI Command and Data-Out are written in place, because they are many; the others are returned as headers.
 */
import {
  AHS_EXTENDED_CDB,
  BHS_LENGTH,
  FINAL,
  Field,
  get16,
  get24,
  get32,
  get64,
  IMMEDIATE,
  Opcode,
  padded,
  putHeader,
} from "./pdu.ts";

/** Bytes of additional header segments that a CDB needs: those beyond sixteen, with four bytes of AHS header. */
export function ahsLengthOfCdb(cdbLength: number): number {
  return cdbLength > 16 ? 4 + padded(cdbLength - 16) : 0;
}

/** Writes a SCSI Command (11.3) with its additional header segment; returns the bytes written. */
export function putScsiCommand(
  out: Uint8Array,
  at: number,
  flags: number,
  dataSegmentLength: number,
  lunHigh: number,
  lunLow: number,
  initiatorTaskTag: number,
  expectedDataTransferLength: number,
  cmdSn: number,
  expStatSn: number,
  cdb: Uint8Array,
): number {
  const length = cdb.length;
  const ahsLength = ahsLengthOfCdb(length);
  putHeader(
    out,
    at,
    Opcode.SCSI_COMMAND,
    flags,
    0,
    ahsLength,
    dataSegmentLength,
    lunHigh,
    lunLow,
    initiatorTaskTag,
    expectedDataTransferLength,
    cmdSn,
    expStatSn,
    0,
    0,
    0,
    0,
  );
  const inHeader = Math.min(length, 16);
  for (let index = 0; index < inHeader; index++) out[at + Field.CDB + index] = cdb[index] as number;
  if (ahsLength > 0) {
    const ahs = at + BHS_LENGTH;
    out.fill(0, ahs, ahs + ahsLength);
    // AHSLength counts the reserved byte and the rest of the CDB, not the padding (11.2.2.3).
    out[ahs] = (length - 15) >>> 8;
    out[ahs + 1] = length - 15;
    out[ahs + 2] = AHS_EXTENDED_CDB;
    out.set(cdb.subarray(16), ahs + 4);
  }
  return BHS_LENGTH + ahsLength;
}

/** A SCSI Command as a target reads it. */
export interface ScsiCommandPdu {
  readonly immediate: boolean;
  readonly flags: number;
  readonly lun: bigint;
  readonly initiatorTaskTag: number;
  readonly expectedDataTransferLength: number;
  readonly cmdSn: number;
  readonly expStatSn: number;
  /** Sixteen bytes, or more with an extended CDB. */
  readonly cdb: Uint8Array;
}

/** Reads a SCSI Command, its additional header segments included. */
export function readScsiCommand(header: Uint8Array): ScsiCommandPdu {
  let cdb = header.slice(Field.CDB, BHS_LENGTH);
  if (header.length > BHS_LENGTH + 4 && header[BHS_LENGTH + 2] === AHS_EXTENDED_CDB) {
    const extra = Math.max(0, Math.min(get16(header, BHS_LENGTH) - 1, header.length - BHS_LENGTH - 4));
    const whole = new Uint8Array(16 + extra);
    whole.set(cdb);
    whole.set(header.subarray(BHS_LENGTH + 4, BHS_LENGTH + 4 + extra), 16);
    cdb = whole;
  }
  return {
    immediate: ((header[0] as number) & IMMEDIATE) !== 0,
    flags: header[Field.FLAGS] as number,
    lun: get64(header, Field.LUN),
    initiatorTaskTag: get32(header, Field.INITIATOR_TASK_TAG),
    expectedDataTransferLength: get32(header, Field.EXPECTED_DATA_TRANSFER_LENGTH),
    cmdSn: get32(header, Field.CMD_SN),
    expStatSn: get32(header, Field.EXP_STAT_SN_OF_REQUEST),
    cdb,
  };
}

/** Writes a SCSI Data-Out header (11.7). */
export function putDataOut(
  out: Uint8Array,
  at: number,
  flags: number,
  dataSegmentLength: number,
  lunHigh: number,
  lunLow: number,
  initiatorTaskTag: number,
  targetTransferTag: number,
  expStatSn: number,
  dataSn: number,
  bufferOffset: number,
): void {
  putHeader(
    out,
    at,
    Opcode.DATA_OUT,
    flags,
    0,
    0,
    dataSegmentLength,
    lunHigh,
    lunLow,
    initiatorTaskTag,
    targetTransferTag,
    0,
    expStatSn,
    0,
    dataSn,
    bufferOffset,
    0,
  );
}

/** A SCSI Data-Out header as a target reads it. */
export function readDataOut(header: Uint8Array) {
  return {
    final: ((header[Field.FLAGS] as number) & FINAL) !== 0,
    dataSegmentLength: get24(header, Field.DATA_SEGMENT_LENGTH),
    initiatorTaskTag: get32(header, Field.INITIATOR_TASK_TAG),
    targetTransferTag: get32(header, Field.TARGET_TRANSFER_TAG),
    dataSn: get32(header, Field.DATA_SN),
    bufferOffset: get32(header, Field.BUFFER_OFFSET),
  };
}

/** The fields of the requests below; what a request does not have is left out. */
export interface RequestFields {
  readonly immediate?: boolean;
  readonly flags: number;
  readonly dataSegmentLength?: number;
  readonly lunHigh?: number;
  readonly lunLow?: number;
  readonly initiatorTaskTag: number;
  /** The word at byte 20: target transfer tag, referenced task tag, or connection identifier. */
  readonly word20?: number;
  readonly cmdSn: number;
  readonly expStatSn: number;
  /** The word at byte 32: the RefCmdSN of a task management request. */
  readonly word32?: number;
}

function requestHeader(opcode: number, fields: RequestFields): Uint8Array {
  const out = new Uint8Array(BHS_LENGTH);
  putHeader(
    out,
    0,
    opcode | (fields.immediate === true ? IMMEDIATE : 0),
    fields.flags,
    0,
    0,
    fields.dataSegmentLength ?? 0,
    fields.lunHigh ?? 0,
    fields.lunLow ?? 0,
    fields.initiatorTaskTag,
    fields.word20 ?? 0,
    fields.cmdSn,
    fields.expStatSn,
    fields.word32 ?? 0,
    0,
    0,
    0,
  );
  return out;
}

/**
 * A Task Management Function Request header (11.5): `flags` is FINAL with the function, `word20` the referenced task
 * tag.
 */
export function taskManagementRequest(fields: RequestFields): Uint8Array {
  return requestHeader(Opcode.TASK_MANAGEMENT_REQUEST, fields);
}

/** A Text Request header (11.10): `word20` is the target transfer tag. */
export function textRequest(fields: RequestFields): Uint8Array {
  return requestHeader(Opcode.TEXT_REQUEST, fields);
}

/** A Logout Request header (11.14): `flags` is FINAL with the reason code, `word20` the CID in its upper half. */
export function logoutRequest(fields: RequestFields): Uint8Array {
  return requestHeader(Opcode.LOGOUT_REQUEST, fields);
}

/** A NOP-Out header (11.18): `word20` is the target transfer tag. */
export function nopOut(fields: RequestFields): Uint8Array {
  return requestHeader(Opcode.NOP_OUT, fields);
}

/** Reads what the requests other than SCSI Command, Data-Out and Login have in common. */
export function readRequest(header: Uint8Array) {
  return {
    opcode: (header[0] as number) & 0x3f,
    immediate: ((header[0] as number) & IMMEDIATE) !== 0,
    flags: header[Field.FLAGS] as number,
    lun: get64(header, Field.LUN),
    initiatorTaskTag: get32(header, Field.INITIATOR_TASK_TAG),
    word20: get32(header, 20),
    cmdSn: get32(header, Field.CMD_SN),
    expStatSn: get32(header, Field.EXP_STAT_SN_OF_REQUEST),
    word32: get32(header, 32),
  };
}

/** The fields of a Login Request (11.12). */
export interface LoginRequestFields {
  readonly transit: boolean;
  readonly continues: boolean;
  /** Current and next stage: 0 security, 1 operational, 3 full feature. The next counts only with `transit`. */
  readonly currentStage: number;
  readonly nextStage: number;
  /** 48 bits. */
  readonly isid: bigint;
  readonly tsih: number;
  readonly initiatorTaskTag: number;
  readonly cid: number;
  readonly cmdSn: number;
  readonly expStatSn: number;
  readonly dataSegmentLength: number;
}

/** A Login Request header. Login is always immediate; versions 00h are the only ones there are. */
export function loginRequest(fields: LoginRequestFields): Uint8Array {
  const out = new Uint8Array(BHS_LENGTH);
  putHeader(
    out,
    0,
    Opcode.LOGIN_REQUEST | IMMEDIATE,
    loginFlags(fields.transit, fields.continues, fields.currentStage, fields.nextStage),
    0,
    0,
    fields.dataSegmentLength,
    Number(fields.isid >> 16n),
    (Number(fields.isid & 0xffffn) << 16) | fields.tsih,
    fields.initiatorTaskTag,
    fields.cid << 16,
    fields.cmdSn,
    fields.expStatSn,
    0,
    0,
    0,
    0,
  );
  return out;
}

/** Byte 1 of login PDUs. */
export function loginFlags(transit: boolean, continues: boolean, currentStage: number, nextStage: number): number {
  return (transit ? 0x80 | nextStage : 0) | (continues ? 0x40 : 0) | (currentStage << 2);
}

/** Reads a Login Request. */
export function readLoginRequest(header: Uint8Array): LoginRequestFields {
  const flags = header[Field.FLAGS] as number;
  return {
    transit: (flags & 0x80) !== 0,
    continues: (flags & 0x40) !== 0,
    currentStage: (flags >> 2) & 3,
    nextStage: flags & 3,
    isid: get64(header, Field.ISID) >> 16n,
    tsih: get16(header, Field.TSIH),
    initiatorTaskTag: get32(header, Field.INITIATOR_TASK_TAG),
    cid: get16(header, 20),
    cmdSn: get32(header, Field.CMD_SN),
    expStatSn: get32(header, Field.EXP_STAT_SN_OF_REQUEST),
    dataSegmentLength: get24(header, Field.DATA_SEGMENT_LENGTH),
  };
}

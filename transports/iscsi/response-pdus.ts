/**
 * The PDUs that a target sends (RFC 7143 clause 11), written and read. Bytes only; no rule of a session lives here.
 * The session reads SCSI Response, Data-In and R2T field by field with the offsets of pdu.ts, because they are many.
 */
import { BHS_LENGTH, Field, get16, get32, get64, Opcode, putHeader, RESERVED_TAG } from "./pdu.ts";
import { loginFlags } from "./request-pdus.ts";

/** The serial numbers that every response carries. */
export interface ResponseNumbers {
  readonly statSn: number;
  readonly expCmdSn: number;
  readonly maxCmdSn: number;
}

/** The fields of a response other than its serial numbers; what a response does not have is left out. */
export interface ResponseFields extends ResponseNumbers {
  readonly flags?: number;
  /** Byte 2: Response, or the reason of a Reject. */
  readonly byte2?: number;
  /** Byte 3: SCSI status. */
  readonly byte3?: number;
  readonly dataSegmentLength?: number;
  readonly lunHigh?: number;
  readonly lunLow?: number;
  readonly initiatorTaskTag?: number;
  /** The word at byte 20: target transfer tag. */
  readonly targetTransferTag?: number;
  readonly word36?: number;
  readonly word40?: number;
  readonly word44?: number;
}

/** Any response header, by operation code. Tags that are left out are reserved (FFFFFFFFh). */
export function responseHeader(opcode: number, fields: ResponseFields): Uint8Array {
  const out = new Uint8Array(BHS_LENGTH);
  putHeader(
    out,
    0,
    opcode,
    fields.flags ?? 0x80,
    ((fields.byte2 ?? 0) << 8) | (fields.byte3 ?? 0),
    0,
    fields.dataSegmentLength ?? 0,
    fields.lunHigh ?? 0,
    fields.lunLow ?? 0,
    fields.initiatorTaskTag ?? RESERVED_TAG,
    fields.targetTransferTag ?? RESERVED_TAG,
    fields.statSn,
    fields.expCmdSn,
    fields.maxCmdSn,
    fields.word36 ?? 0,
    fields.word40 ?? 0,
    fields.word44 ?? 0,
  );
  return out;
}

/** The fields of a Login Response (11.13). */
export interface LoginResponseFields extends ResponseNumbers {
  readonly transit: boolean;
  readonly continues: boolean;
  readonly currentStage: number;
  readonly nextStage: number;
  readonly versionActive: number;
  readonly isid: bigint;
  readonly tsih: number;
  readonly initiatorTaskTag: number;
  /** Status-Class in the upper byte, Status-Detail in the lower, e.g. 0x0201. */
  readonly status: number;
  readonly dataSegmentLength: number;
}

/** A Login Response header. */
export function loginResponse(fields: LoginResponseFields): Uint8Array {
  const out = new Uint8Array(BHS_LENGTH);
  putHeader(
    out,
    0,
    Opcode.LOGIN_RESPONSE,
    loginFlags(fields.transit, fields.continues, fields.currentStage, fields.nextStage),
    fields.versionActive,
    0,
    fields.dataSegmentLength,
    Number(fields.isid >> 16n),
    (Number(fields.isid & 0xffffn) << 16) | fields.tsih,
    fields.initiatorTaskTag,
    0,
    fields.statSn,
    fields.expCmdSn,
    fields.maxCmdSn,
    fields.status << 16,
    0,
    0,
  );
  return out;
}

/** Reads a Login Response whose header begins at `at`. */
export function readLoginResponse(bytes: Uint8Array, at: number, dataSegmentLength: number): LoginResponseFields {
  const flags = bytes[at + Field.FLAGS] as number;
  return {
    transit: (flags & 0x80) !== 0,
    continues: (flags & 0x40) !== 0,
    currentStage: (flags >> 2) & 3,
    nextStage: flags & 3,
    versionActive: bytes[at + 3] as number,
    isid: get64(bytes, at + Field.ISID) >> 16n,
    tsih: get16(bytes, at + Field.TSIH),
    initiatorTaskTag: get32(bytes, at + Field.INITIATOR_TASK_TAG),
    statSn: get32(bytes, at + Field.STAT_SN),
    expCmdSn: get32(bytes, at + Field.EXP_CMD_SN),
    maxCmdSn: get32(bytes, at + Field.MAX_CMD_SN),
    status: get16(bytes, at + 36),
    dataSegmentLength,
  };
}

/** The fields of an Asynchronous Message (11.9) as an initiator reads them. */
export interface AsyncMessageFields {
  readonly lun: bigint;
  readonly event: number;
  readonly vendorCode: number;
  readonly parameter1: number;
  readonly parameter2: number;
  readonly parameter3: number;
}

/** Reads an Asynchronous Message whose header begins at `at`. */
export function readAsyncMessage(bytes: Uint8Array, at: number): AsyncMessageFields {
  return {
    lun: get64(bytes, at + Field.LUN),
    event: bytes[at + 36] as number,
    vendorCode: bytes[at + 37] as number,
    parameter1: get16(bytes, at + 38),
    parameter2: get16(bytes, at + 40),
    parameter3: get16(bytes, at + 42),
  };
}

/**
 * The two headers with which Linux takes SCSI commands, as 64-bit little-endian kernels lay them out: sg_io_hdr (88 bytes; scsi/sg.h), and
 * sg_io_v4 (160 bytes; linux/bsg.h), which is what /dev/bsg nodes take. Offsets, and bytes both ways; nothing is decided here.
 */
import { CDB_OFFSET, DATA_OFFSET, HEADER_OFFSET, SENSE_OFFSET, SENSE_ROOM, type ThreadMemory } from "./memory.ts";

/** SG_IO, the ioctl's request number. */
export const SG_IO = 0x2285;

/** A command, as the header needs it; its bytes lie in the same memory. */
export interface CommandHeader {
  readonly cdbLength: number;
  readonly dataOutLength: number;
  readonly dataInLength: number;
  /** Milliseconds after which the kernel aborts the command. */
  readonly timeoutMs: number;
}

/** What the kernel has filled in. */
export interface CommandOutcome {
  /** The SCSI status byte. */
  readonly status: number;
  readonly senseLength: number;
  readonly hostStatus: number;
  readonly driverStatus: number;
  /** Bytes asked for less bytes transferred. */
  readonly residual: number;
}

/** One form of header. */
export interface HeaderForm {
  encode(command: CommandHeader, memory: ThreadMemory): void;
  decode(memory: ThreadMemory): CommandOutcome;
}

/** struct sg_io_hdr; -1, -2 and -3 are SG_DXFER_NONE, SG_DXFER_TO_DEV and SG_DXFER_FROM_DEV. */
const V3 = {
  INTERFACE_ID: 0,
  DXFER_DIRECTION: 4,
  CMD_LEN: 8,
  MX_SB_LEN: 9,
  DXFER_LEN: 12,
  DXFERP: 16,
  CMDP: 24,
  SBP: 32,
  TIMEOUT: 40,
  STATUS: 64,
  MASKED_STATUS: 65,
  SB_LEN_WR: 67,
  HOST_STATUS: 68,
  DRIVER_STATUS: 70,
  RESID: 72,
  SIZE: 88,
} as const;

/** Nothing of an earlier command is left in the header. */
const clear = ({ bytes }: ThreadMemory, size: number): unknown => bytes.fill(0, HEADER_OFFSET, HEADER_OFFSET + size);

const CDB = BigInt(CDB_OFFSET);
const SENSE = BigInt(SENSE_OFFSET);
const DATA = BigInt(DATA_OFFSET);

export const headerV3: HeaderForm = {
  encode({ cdbLength, dataOutLength, dataInLength, timeoutMs }, memory) {
    const { view, address } = memory;
    const at = HEADER_OFFSET;
    clear(memory, V3.SIZE);
    const length = dataOutLength + dataInLength;
    view.setInt32(at + V3.INTERFACE_ID, "S".charCodeAt(0), true);
    view.setInt32(at + V3.DXFER_DIRECTION, dataOutLength > 0 ? -2 : dataInLength > 0 ? -3 : -1, true);
    view.setUint8(at + V3.CMD_LEN, cdbLength);
    view.setUint8(at + V3.MX_SB_LEN, SENSE_ROOM);
    view.setUint32(at + V3.DXFER_LEN, length, true);
    if (length > 0) view.setBigUint64(at + V3.DXFERP, address + DATA, true);
    view.setBigUint64(at + V3.CMDP, address + CDB, true);
    view.setBigUint64(at + V3.SBP, address + SENSE, true);
    view.setUint32(at + V3.TIMEOUT, timeoutMs, true);
  },
  decode({ view }) {
    const at = HEADER_OFFSET;
    return {
      // Some drivers fill in only the shifted form.
      status: view.getUint8(at + V3.STATUS) || view.getUint8(at + V3.MASKED_STATUS) << 1,
      senseLength: Math.min(view.getUint8(at + V3.SB_LEN_WR), SENSE_ROOM),
      hostStatus: view.getUint16(at + V3.HOST_STATUS, true),
      driverStatus: view.getUint16(at + V3.DRIVER_STATUS, true),
      residual: view.getInt32(at + V3.RESID, true),
    };
  },
};

/** struct sg_io_v4; protocol 0 and subprotocol 0 are SCSI commands. */
const V4 = {
  GUARD: 0,
  REQUEST_LEN: 12,
  REQUEST: 16,
  MAX_RESPONSE_LEN: 44,
  RESPONSE: 48,
  DOUT_XFER_LEN: 60,
  DIN_XFER_LEN: 68,
  DOUT_XFERP: 72,
  DIN_XFERP: 80,
  TIMEOUT: 88,
  DRIVER_STATUS: 108,
  TRANSPORT_STATUS: 112,
  DEVICE_STATUS: 116,
  RESPONSE_LEN: 132,
  DIN_RESID: 136,
  DOUT_RESID: 140,
  SIZE: 160,
} as const;

export const headerV4: HeaderForm = {
  encode({ cdbLength, dataOutLength, dataInLength, timeoutMs }, memory) {
    const { view, address } = memory;
    const at = HEADER_OFFSET;
    clear(memory, V4.SIZE);
    view.setInt32(at + V4.GUARD, "Q".charCodeAt(0), true);
    view.setUint32(at + V4.REQUEST_LEN, cdbLength, true);
    view.setBigUint64(at + V4.REQUEST, address + CDB, true);
    view.setUint32(at + V4.MAX_RESPONSE_LEN, SENSE_ROOM, true);
    view.setBigUint64(at + V4.RESPONSE, address + SENSE, true);
    view.setUint32(at + V4.DOUT_XFER_LEN, dataOutLength, true);
    view.setUint32(at + V4.DIN_XFER_LEN, dataInLength, true);
    if (dataOutLength > 0) view.setBigUint64(at + V4.DOUT_XFERP, address + DATA, true);
    if (dataInLength > 0) view.setBigUint64(at + V4.DIN_XFERP, address + DATA, true);
    view.setUint32(at + V4.TIMEOUT, timeoutMs, true);
  },
  decode({ view }) {
    const at = HEADER_OFFSET;
    return {
      status: view.getUint32(at + V4.DEVICE_STATUS, true) & 0xff,
      senseLength: Math.min(view.getUint32(at + V4.RESPONSE_LEN, true), SENSE_ROOM),
      hostStatus: view.getUint32(at + V4.TRANSPORT_STATUS, true) & 0xffff,
      driverStatus: view.getUint32(at + V4.DRIVER_STATUS, true) & 0xffff,
      residual: view.getInt32(at + V4.DIN_RESID, true) + view.getInt32(at + V4.DOUT_RESID, true),
    };
  },
};

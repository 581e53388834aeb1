/**
 * TransportIDs: how a SCSI initiator port is named in REGISTER, REGISTER AND MOVE and READ FULL STATUS (spc4r17 7.5.4).
 * The domain type, and its bytes both ways through the core; transport-id-text.ts has the text form.
 */
import { checkBytes, checkInteger, checkKey } from "./check.ts";
import { ProtocolIdentifier, Size } from "./core/generated/codes.ts";
import { TransportIdRecord as Slot } from "./core/generated/records.ts";
import { core, dataIn, dataOut, dataSize, dataWindow, long, rowsOffset, word } from "./core/index.ts";

/** The name of one SCSI initiator port. */
export type TransportId =
  | IscsiTransportId
  | FcpTransportId
  | SasTransportId
  | SrpTransportId
  | SbpTransportId
  | SpiTransportId
  | SopTransportId
  | OpaqueTransportId;

/** An iSCSI initiator: its node name (format 00b: all of its ports), or its node name and ISID (format 01b: one port). */
export interface IscsiTransportId {
  /** The protocol whose port it is. */
  readonly protocol: "iscsi";
  /** The iSCSI name, e.g. `iqn.2026-01.com.example:node-1`. At most 223 bytes of UTF-8 (rfc7143 4.2.7.1). */
  readonly name: string;
  /** The initiator session identifier, 48 bits (0 to 0xffff_ffff_ffff). Absent: the whole initiator device. */
  readonly isid?: bigint | undefined;
}

/** A SAS initiator port. */
export interface SasTransportId {
  /** The protocol whose port it is. */
  readonly protocol: "sas";
  /** The SAS address, 64 bits. */
  readonly address: bigint;
}

/** A Fibre Channel N_Port. */
export interface FcpTransportId {
  /** The protocol whose port it is. */
  readonly protocol: "fcp";
  /** N_PORT_NAME, 64 bits. */
  readonly portName: bigint;
}

/** An SRP (RDMA) initiator port. */
export interface SrpTransportId {
  /** The protocol whose port it is. */
  readonly protocol: "srp";
  /** INITIATOR PORT IDENTIFIER, 128 bits. */
  readonly portIdentifier: bigint;
}

/** An SBP (IEEE 1394) initiator port. */
export interface SbpTransportId {
  /** The protocol whose port it is. */
  readonly protocol: "sbp";
  /** EUI-64 NAME, 64 bits. */
  readonly eui64: bigint;
}

/** A parallel SCSI initiator port. */
export interface SpiTransportId {
  /** The protocol whose port it is. */
  readonly protocol: "spi";
  /** SCSI ADDRESS, 0 to 65535. */
  readonly scsiAddress: number;
  /** RELATIVE TARGET PORT IDENTIFIER, 0 to 65535. */
  readonly relativeTargetPort: number;
}

/** A SOP (SCSI over PCI Express) initiator port. */
export interface SopTransportId {
  /** The protocol whose port it is. */
  readonly protocol: "sop";
  /** ROUTING ID, 0 to 65535. */
  readonly routingId: number;
}

/** A TransportID of another kind, kept byte for byte. */
export interface OpaqueTransportId {
  /** The protocol whose port it is. */
  readonly protocol: "opaque";
  /** PROTOCOL IDENTIFIER, 0 to 15. */
  readonly protocolIdentifier: number;
  /** The whole TransportID, its first byte included. */
  readonly bytes: Uint8Array;
}

const MAX_NAME_BYTES = 223;
const MAX_ISID = 0xffff_ffff_ffffn;
const SEPARATOR = ",i,0x";

const toBytes = new TextEncoder();
/** Without `fatal`, which makes it half as fast on Deno: what is not UTF-8 becomes U+FFFD, and that is looked for. */
const toText = new TextDecoder("utf-8", { ignoreBOM: true });

/** What a name that can be sent does not have, U+FFFD and lone surrogates included: they would not come back as they went. */
const unfit = /[\0,\s\ufffd\p{Cs}]/u;

/** An ISID as iSCSI writes it: twelve hexadecimal digits. */
const isidText = (isid: bigint): string => isid.toString(16).padStart(12, "0");

/** An iSCSI initiator port as it stands in a TransportID: the name, and with an ISID `,i,0x` and its digits. */
export function iscsiPortName(id: IscsiTransportId): string {
  return id.isid === undefined ? id.name : `${id.name}${SEPARATOR}${isidText(id.isid)}`;
}

const upperHalf = (value: unknown): unknown => (typeof value === "bigint" ? value >> 64n : value);

/** Throws TypeError or RangeError unless the value is a TransportID that can be sent; returns it. */
export function checkTransportId(id: TransportId, argument = "transportId"): TransportId {
  switch (id?.protocol) {
    case "iscsi": {
      if (typeof id.name !== "string" || id.name === "") throw new TypeError(`${argument}.name must be an iSCSI name`);
      if (unfit.test(id.name)) {
        throw new RangeError(
          `${argument}.name must have no comma, space, NUL or U+FFFD, got ${JSON.stringify(id.name)}`,
        );
      }
      const length = toBytes.encode(id.name).length;
      if (length > MAX_NAME_BYTES) {
        throw new RangeError(`${argument}.name may have ${MAX_NAME_BYTES} bytes of UTF-8, got ${length}`);
      }
      if (id.isid !== undefined && checkKey(`${argument}.isid`, id.isid) > MAX_ISID) {
        throw new RangeError(`${argument}.isid has 48 bits, got 0x${id.isid.toString(16)}`);
      }
      return id;
    }
    case "sas":
      checkKey(`${argument}.address`, id.address);
      return id;
    case "fcp":
      checkKey(`${argument}.portName`, id.portName);
      return id;
    case "sbp":
      checkKey(`${argument}.eui64`, id.eui64);
      return id;
    case "srp":
      checkKey(`${argument}.portIdentifier >> 64n`, upperHalf(id.portIdentifier));
      return id;
    case "spi":
      checkInteger(`${argument}.scsiAddress`, id.scsiAddress, 0, 0xffff);
      checkInteger(`${argument}.relativeTargetPort`, id.relativeTargetPort, 0, 0xffff);
      return id;
    case "sop":
      checkInteger(`${argument}.routingId`, id.routingId, 0, 0xffff);
      return id;
    case "opaque": {
      checkInteger(`${argument}.protocolIdentifier`, id.protocolIdentifier, 0, 15);
      const bytes = checkBytes(`${argument}.bytes`, id.bytes);
      if (bytes.length < Size.TRANSPORTID || bytes.length % 4 !== 0) {
        throw new RangeError(`${argument}.bytes must be a multiple of 4 and at least 24, got ${bytes.length}`);
      }
      return id;
    }
    default:
      throw new TypeError(
        `${argument} must be a TransportId with protocol "iscsi", "fcp", "sas", "srp", "sbp", "spi", "sop" or "opaque"`,
      );
  }
}

/** What the core is told of a TransportID of 24 bytes: protocol, and the two values of its record. */
function addressOf(id: Exclude<TransportId, IscsiTransportId | OpaqueTransportId>): [number, bigint, bigint] {
  switch (id.protocol) {
    case "fcp":
      return [ProtocolIdentifier.FCP, id.portName, 0n];
    case "spi":
      return [ProtocolIdentifier.SPI, BigInt(id.scsiAddress), BigInt(id.relativeTargetPort)];
    case "sbp":
      return [ProtocolIdentifier.SBP, id.eui64, 0n];
    case "srp":
      return [ProtocolIdentifier.SRP, id.portIdentifier >> 64n, BigInt.asUintN(64, id.portIdentifier)];
    case "sas":
      return [ProtocolIdentifier.SAS, id.address, 0n];
    case "sop":
      return [ProtocolIdentifier.SOP, BigInt(id.routingId), 0n];
  }
}

/** The other way; undefined for a protocol whose form is not known. */
function addressed(protocolIdentifier: number, address: bigint, second: bigint): TransportId | undefined {
  switch (protocolIdentifier) {
    case ProtocolIdentifier.FCP:
      return { protocol: "fcp", portName: address };
    case ProtocolIdentifier.SPI:
      return { protocol: "spi", scsiAddress: Number(address), relativeTargetPort: Number(second) };
    case ProtocolIdentifier.SBP:
      return { protocol: "sbp", eui64: address };
    case ProtocolIdentifier.SRP:
      return { protocol: "srp", portIdentifier: (address << 64n) | second };
    case ProtocolIdentifier.SAS:
      return { protocol: "sas", address };
    case ProtocolIdentifier.SOP:
      return { protocol: "sop", routingId: Number(address) };
    default:
      return undefined;
  }
}

/**
 * Writes a checked TransportID into the core's data window. For the builders of parameter lists.
 *
 * @param offset where in the window
 * @returns its length in bytes
 */
export function putTransportId(id: TransportId, offset: number): number {
  let length = -1;
  if (id.protocol === "iscsi") {
    const name = toBytes.encode(iscsiPortName(id));
    if (offset + Size.TRANSPORTID_NAME_OFFSET + name.length < dataSize) {
      dataWindow.set(name, offset + Size.TRANSPORTID_NAME_OFFSET);
      length = core.encodeIscsiTransportId(offset, id.isid === undefined ? 0 : 1, name.length);
    }
  } else if (id.protocol !== "opaque") {
    const [protocolIdentifier, address, second] = addressOf(id);
    length = core.encodeTransportId(offset, protocolIdentifier, address, second);
  } else if (offset + id.bytes.length <= dataSize) {
    dataWindow.set(id.bytes, offset);
    length = id.bytes.length;
  }
  if (length < 0) throw new RangeError(`The TransportIDs do not fit a parameter list of ${dataSize} bytes`);
  return length;
}

/** A TransportID's bytes. */
export function encodeTransportId(id: TransportId): Uint8Array {
  return dataOut(putTransportId(checkTransportId(id), 0));
}

/**
 * A TransportID from its bytes.
 *
 * @throws RangeError if they are too short for what they say they are
 */
export function decodeTransportId(bytes: Uint8Array): TransportId {
  dataIn(bytes);
  if (core.decodeTransportId(0, bytes.length) !== 0) {
    throw new RangeError(`A TransportID of ${bytes.length} bytes is shorter than its first bytes say`);
  }
  return transportIdAt(0, 0);
}

/**
 * The TransportID that the core has just read. For the decoders of lists.
 *
 * @param record where its TransportIdRecord begins, a byte offset in the records window
 * @param offset where its bytes begin in the data window
 */
export function transportIdAt(record: number, offset: number): TransportId {
  const protocolIdentifier = word(record + Slot.PROTOCOL);
  if (word(record + Slot.KNOWN) === 1) {
    const id =
      protocolIdentifier === ProtocolIdentifier.ISCSI
        ? iscsiAt(record)
        : addressed(protocolIdentifier, long(record + Slot.ADDRESS_U64), long(record + Slot.SECOND_U64));
    if (id !== undefined) return id;
  }
  const length = word(record + Slot.LENGTH);
  return { protocol: "opaque", protocolIdentifier, bytes: dataWindow.slice(offset, offset + length) };
}

/** Undefined if the name is not UTF-8 or could not be sent, or the text after it is no ISID: such a TransportID is kept as bytes. */
function iscsiAt(record: number): IscsiTransportId | undefined {
  const from = word(record + Slot.NAME_OFFSET);
  const length = word(record + Slot.NAME_LENGTH);
  const text = toText.decode(dataWindow.subarray(from, from + length));
  const one = word(record + Slot.FORMAT) !== 0;
  const at = one ? text.lastIndexOf(SEPARATOR) : text.length;
  const name = text.slice(0, at);
  // What follows the name is ASCII, or it is no ISID.
  if (at < 1 || length - (text.length - at) > MAX_NAME_BYTES || unfit.test(name)) return undefined;
  if (!one) return { protocol: "iscsi", name };
  const digits = text.slice(at + SEPARATOR.length);
  if (!/^[0-9a-f]{1,12}$/i.test(digits)) return undefined;
  // 48 bits: exact as a number, and twice as fast as a BigInt made from text.
  return { protocol: "iscsi", name, isid: BigInt(Number.parseInt(digits, 16)) };
}

/** Offset of row `index` of a table whose rows have `size` bytes, in the records window. */
export const rowAt = (index: number, size: number): number => rowsOffset + index * size;

/**
 * TransportIDs: how a SCSI initiator port is named in REGISTER, REGISTER AND MOVE and READ FULL STATUS (spc4r17 7.5.4).
 * The domain type, its text form, and its bytes both ways through the core.
 */
import { checkBytes, checkInteger, checkKey } from "./check.ts";
import { ProtocolIdentifier, Size } from "./core/generated/codes.ts";
import { TransportIdRecord as Slot } from "./core/generated/records.ts";
import { core, dataIn, dataOut, dataSize, dataWindow, long, rowsOffset, word } from "./core/index.ts";

/** The name of one SCSI initiator port. */
export type TransportId = IscsiTransportId | SasTransportId | OpaqueTransportId;

/** An iSCSI initiator: its node name (format 00b: all of its ports), or its node name and ISID (format 01b: one port). */
export interface IscsiTransportId {
  readonly protocol: "iscsi";
  /** The iSCSI name, e.g. `iqn.2026-01.com.example:node-1`. At most 223 bytes of UTF-8 (rfc7143 4.2.7.1). */
  readonly name: string;
  /** The initiator session identifier, 48 bits (0 to 0xffff_ffff_ffff). Absent: the whole initiator device. */
  readonly isid?: bigint | undefined;
}

/** A SAS initiator port. */
export interface SasTransportId {
  readonly protocol: "sas";
  /** The SAS address, 64 bits. */
  readonly address: bigint;
}

/** A TransportID of another kind, kept byte for byte. */
export interface OpaqueTransportId {
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
const toText = new TextDecoder("utf-8", { fatal: true });

/** An ISID as iSCSI writes it: twelve hexadecimal digits. */
const isidText = (isid: bigint): string => isid.toString(16).padStart(12, "0");

/**
 * A TransportID as text: `iqn.…`, `iqn.…,i,0x…`, `sas,…`, or its bytes in hexadecimal for other kinds.
 *
 * @example formatTransportId({ protocol: "sas", address: 0x5000c50012345678n }) // "sas,5000c50012345678"
 */
export function formatTransportId(id: TransportId): string {
  switch (id.protocol) {
    case "iscsi":
      return id.isid === undefined ? id.name : `${id.name}${SEPARATOR}${isidText(id.isid)}`;
    case "sas":
      return `sas,${id.address.toString(16).padStart(16, "0")}`;
    case "opaque":
      return `hex,${Array.from(id.bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
}

/**
 * The TransportID that a text means. Accepts what {@link formatTransportId} writes, and an iSCSI name of any kind.
 *
 * @throws RangeError saying what is wrong with the text
 */
export function parseTransportId(text: string): TransportId {
  if (typeof text !== "string") throw new TypeError(`A TransportID must be text, got ${typeof text}`);
  const [kind, rest] =
    text.startsWith("sas,") || text.startsWith("hex,") ? [text.slice(0, 3), text.slice(4)] : ["", text];
  if (kind === "sas") {
    if (!/^(0x)?[0-9a-f]{16}$/i.test(rest))
      throw new RangeError(`A SAS address has 16 hexadecimal digits, got "${rest}"`);
    return { protocol: "sas", address: BigInt(`0x${rest.replace(/^0x/i, "")}`) };
  }
  if (kind === "hex") {
    if (!/^([0-9a-f]{2})+$/i.test(rest)) throw new RangeError(`hex, takes pairs of hexadecimal digits, got "${rest}"`);
    const bytes = Uint8Array.from(rest.match(/../g) as string[], (pair) => Number.parseInt(pair, 16));
    return decodeTransportId(bytes);
  }
  if (!/^(iqn|eui|naa)\./i.test(rest)) {
    throw new RangeError(
      `Not a TransportID: "${text}". Known forms: iqn.…, iqn.…,i,0xISID, eui.…, naa.…, sas,…, hex,…`,
    );
  }
  const at = rest.indexOf(",");
  if (at < 0) return checkTransportId({ protocol: "iscsi", name: rest });
  const isid = /^,i,0x([0-9a-f]{1,12})$/i.exec(rest.slice(at))?.[1];
  if (isid === undefined) {
    throw new RangeError(
      `After an iSCSI name comes ,i,0x and at most 12 hexadecimal digits of ISID, got "${rest.slice(at)}"`,
    );
  }
  return checkTransportId({ protocol: "iscsi", name: rest.slice(0, at), isid: BigInt(`0x${isid}`) });
}

/** Throws TypeError or RangeError unless the value is a TransportID that can be sent; returns it. */
export function checkTransportId(id: TransportId, argument = "transportId"): TransportId {
  switch (id?.protocol) {
    case "iscsi": {
      if (typeof id.name !== "string" || id.name === "") throw new TypeError(`${argument}.name must be an iSCSI name`);
      if (/[\0,\s]/.test(id.name)) {
        throw new RangeError(`${argument}.name must have no comma, space or NUL, got ${JSON.stringify(id.name)}`);
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
    case "opaque": {
      checkInteger(`${argument}.protocolIdentifier`, id.protocolIdentifier, 0, 15);
      const bytes = checkBytes(`${argument}.bytes`, id.bytes);
      if (bytes.length < Size.TRANSPORTID || bytes.length % 4 !== 0) {
        throw new RangeError(`${argument}.bytes must be a multiple of 4 and at least 24, got ${bytes.length}`);
      }
      return id;
    }
    default:
      throw new TypeError(`${argument} must be a TransportId with protocol "iscsi", "sas" or "opaque"`);
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
    const name = toBytes.encode(formatTransportId(id));
    if (offset + Size.TRANSPORTID_NAME_OFFSET + name.length < dataSize) {
      dataWindow.set(name, offset + Size.TRANSPORTID_NAME_OFFSET);
      length = core.encodeIscsiTransportId(offset, id.isid === undefined ? 0 : 1, name.length);
    }
  } else if (id.protocol === "sas") {
    length = core.encodeSasTransportId(offset, id.address);
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
    if (protocolIdentifier === ProtocolIdentifier.SAS)
      return { protocol: "sas", address: long(record + Slot.ADDRESS_U64) };
    const iscsi = iscsiAt(record);
    if (iscsi !== undefined) return iscsi;
  }
  const length = word(record + Slot.LENGTH);
  return { protocol: "opaque", protocolIdentifier, bytes: dataWindow.slice(offset, offset + length) };
}

/** Undefined if the name is not UTF-8, or the text after it is not an ISID: such a TransportID is kept as bytes. */
function iscsiAt(record: number): IscsiTransportId | undefined {
  const from = word(record + Slot.NAME_OFFSET);
  let text: string;
  try {
    text = toText.decode(dataWindow.subarray(from, from + word(record + Slot.NAME_LENGTH)));
  } catch {
    return undefined;
  }
  if (word(record + Slot.FORMAT) === 0) return { protocol: "iscsi", name: text };
  const at = text.lastIndexOf(SEPARATOR);
  const digits = text.slice(at + SEPARATOR.length);
  if (at < 1 || !/^[0-9a-f]{1,12}$/i.test(digits)) return undefined;
  return { protocol: "iscsi", name: text.slice(0, at), isid: BigInt(`0x${digits}`) };
}

/** Do two TransportIDs name the same initiator port? Names compare as iSCSI has them, without regard to case. */
export function sameTransportId(a: TransportId, b: TransportId): boolean {
  return formatTransportId(a).toLowerCase() === formatTransportId(b).toLowerCase();
}

/** Offset of row `index` of a table whose rows have `size` bytes, in the records window. */
export const rowAt = (index: number, size: number): number => rowsOffset + index * size;

/** Sense data, decoded: what a device server says about why a command did not end in GOOD (spc4r17 4.5). */
import { additionalSenseText } from "./additional-sense.ts";
import { SenseKey, SenseResponseCode } from "./core/generated/codes.ts";
import { SenseDescriptorRow as Row, SenseFlag, SenseRecord as Slot } from "./core/generated/records.ts";
import { core, dataIn, dataSize, dataWindow, long, rowsOffset, word } from "./core/index.ts";
import { type SenseDescriptor, senseDescriptor } from "./sense-descriptors.ts";

/** Where a field pointer points (spc4r17 4.5.2.4.2). */
export interface FieldPointer {
  /** `cdb`: into the command descriptor block; `data-out`: into the parameter list. */
  readonly in: "cdb" | "data-out";
  /** Which byte, from 0. */
  readonly byte: number;
  /** The leftmost bit of the field, 7 to 0, if the device server gave one. */
  readonly bit: number | undefined;
}

/** Where a segment pointer points: with COPY ABORTED (smr-j 2.4.1.1.4.5). */
export interface SegmentPointer {
  /** SD: relative to the start of the segment descriptor, not of the parameter list. */
  readonly inSegmentDescriptor: boolean;
  /** Which byte, from 0. */
  readonly byte: number;
  /** BIT POINTER: its leftmost bit, 7 to 0; undefined if the device does not say. */
  readonly bit: number | undefined;
}

/** A field pointer with the field's name in the command that was sent. */
export interface FieldName extends FieldPointer {
  /** In the standard's words, e.g. `TYPE`; undefined if no field stands there. */
  readonly name: string | undefined;
}

/** Decoded sense data. */
export interface SenseData {
  /** RESPONSE CODE: 70h and 71h fixed format, 72h and 73h descriptor format. */
  readonly responseCode: number;
  /** The sense key, 0 to 15. */
  readonly senseKey: number;
  /** Its name in the standard's words: `ILLEGAL REQUEST`. */
  readonly senseKeyName: string;
  /** ADDITIONAL SENSE CODE and its qualifier, 0 to 255 each. */
  readonly asc: number;
  /** ADDITIONAL SENSE CODE QUALIFIER. */
  readonly ascq: number;
  /** What the two mean, or undefined if that is not known here. */
  readonly text: string | undefined;
  /** True for an error of an earlier command that had already been answered (response codes 71h and 73h). */
  readonly deferred: boolean;
  /** INFORMATION, where it is valid. */
  readonly information: bigint | undefined;
  /** COMMAND-SPECIFIC INFORMATION, where there is any. */
  readonly commandSpecific: bigint | undefined;
  /** With ILLEGAL REQUEST: the field that is meant. */
  readonly fieldPointer: FieldPointer | undefined;
  /** With NO SENSE and NOT READY: how far an operation is, 0 to 1. */
  readonly progress: number | undefined;
  /** ACTUAL RETRY COUNT, with MEDIUM ERROR, HARDWARE ERROR and RECOVERED ERROR. */
  readonly retryCount: number | undefined;
  /** With COPY ABORTED: the place in a segment descriptor or the parameter list. */
  readonly segmentPointer: SegmentPointer | undefined;
  /** OVERFLOW, with UNIT ATTENTION: unit attention conditions were lost because there were too many. */
  readonly unitAttentionOverflow: boolean | undefined;
  /** All 23 bits of SENSE KEY SPECIFIC where they are valid, whatever the sense key makes of them. */
  readonly senseKeySpecific: number | undefined;
  /** FIELD REPLACEABLE UNIT CODE, where it is not 0. */
  readonly fieldReplaceableUnit: number | undefined;
  /** FILEMARK: a filemark or setmark was met. */
  readonly filemark: boolean;
  /** EOM: the end of the medium, or of the partition. */
  readonly endOfMedium: boolean;
  /** ILI: the block was of another length than was asked for. */
  readonly incorrectLength: boolean;
  /** The device server, or the transport, had more sense data than it sent. */
  readonly truncated: boolean;
  /** Of descriptor format: every descriptor, in the device server's order. */
  readonly descriptors: readonly SenseDescriptor[];
  /** The sense data as they arrived. */
  readonly bytes: Uint8Array;
}

/** In the order of the codes, which has no gap. */
const keyNames = Object.keys(SenseKey).map((name) => name.replaceAll("_", " "));

/** The name of a sense key, 0 to 15. */
export function senseKeyName(senseKey: number): string {
  return keyNames[senseKey & 0xf] as string;
}

/** Two codes as people write them: `24h/00h`. */
export function senseCodeText(asc: number, ascq: number): string {
  return [asc, ascq].map((code) => `${code.toString(16).padStart(2, "0").toUpperCase()}h`).join("/");
}

/** What SENSE KEY SPECIFIC means with a sense key (smr-j 2.4.1.1.4.1 table 18); each is undefined with every other key. */
const fieldPointer = (senseKey: number): FieldPointer | undefined =>
  senseKey === SenseKey.ILLEGAL_REQUEST
    ? { in: word(Slot.COMMAND_DATA) === 1 ? "cdb" : "data-out", byte: word(Slot.FIELD_POINTER), bit: bitPointer() }
    : undefined;
const progress = (senseKey: number): number | undefined =>
  senseKey === SenseKey.NO_SENSE || senseKey === SenseKey.NOT_READY ? word(Slot.FIELD_POINTER) / 65536 : undefined;
const retryCount = (senseKey: number): number | undefined =>
  senseKey === SenseKey.RECOVERED_ERROR || senseKey === SenseKey.MEDIUM_ERROR || senseKey === SenseKey.HARDWARE_ERROR
    ? word(Slot.FIELD_POINTER)
    : undefined;
const segmentPointer = (senseKey: number): SegmentPointer | undefined =>
  senseKey === SenseKey.COPY_ABORTED
    ? {
        inSegmentDescriptor: (word(Slot.SENSE_KEY_SPECIFIC) & SD) !== 0,
        byte: word(Slot.FIELD_POINTER),
        bit: bitPointer(),
      }
    : undefined;
const unitAttentionOverflow = (senseKey: number): boolean | undefined =>
  senseKey === SenseKey.UNIT_ATTENTION ? (word(Slot.SENSE_KEY_SPECIFIC) & OVERFLOW) !== 0 : undefined;

function bitPointer(): number | undefined {
  const bit = word(Slot.BIT_POINTER) | 0;
  return bit < 0 ? undefined : bit;
}

/** SD and OVERFLOW among the 23 bits: byte 0 bit 5 and byte 0 bit 0 (smr-j 2.4.1.1.4.5, 2.4.1.1.4.6). */
const SD = 0x200000;
const OVERFLOW = 0x010000;

const noDescriptors: readonly SenseDescriptor[] = Object.freeze([]);

function descriptors(): readonly SenseDescriptor[] {
  const count = word(Slot.COUNT);
  if (count === 0) return noDescriptors;
  return Array.from({ length: count }, (_, index) => {
    const row = rowsOffset + index * Row.SIZE;
    const offset = word(row + Row.OFFSET);
    return senseDescriptor(word(row + Row.TYPE), dataWindow.slice(offset, offset + word(row + Row.LENGTH)));
  });
}

/** Is it about an earlier command? */
export const isDeferred = (responseCode: number): boolean =>
  responseCode === SenseResponseCode.FIXED_DEFERRED || responseCode === SenseResponseCode.DESCRIPTOR_DEFERRED;

/** Decodes into the records window; false if there is no sense key. For this file and sense-numbers.ts. */
export function loadSense(bytes: Uint8Array): boolean {
  const counting = bytes.length > dataSize ? bytes.subarray(0, dataSize) : bytes;
  dataIn(counting);
  return core.decodeSense(counting.length) === 0;
}

/**
 * Decodes sense data of fixed or descriptor format.
 *
 * @param bytes the sense data, as long as they arrived
 * @returns undefined if they have no sense key: empty, cut too short, or of a format that only a vendor knows;
 *   {@link unreadableSense} then keeps what there is
 */
export function decodeSense(bytes: Uint8Array): SenseData | undefined {
  if (!loadSense(bytes)) return undefined;
  const senseKey = word(Slot.SENSE_KEY);
  const flags = word(Slot.FLAGS);
  const specific = (flags & SenseFlag.SKSV) !== 0;
  const responseCode = word(Slot.RESPONSE_CODE);
  const asc = word(Slot.ASC);
  const ascq = word(Slot.ASCQ);
  return {
    responseCode,
    senseKey,
    senseKeyName: senseKeyName(senseKey),
    asc,
    ascq,
    text: additionalSenseText(asc, ascq),
    deferred: isDeferred(responseCode),
    information: (flags & SenseFlag.INFORMATION) !== 0 ? long(Slot.INFORMATION_U64) : undefined,
    commandSpecific: (flags & SenseFlag.COMMAND_SPECIFIC) !== 0 ? long(Slot.COMMAND_SPECIFIC_U64) : undefined,
    fieldPointer: specific ? fieldPointer(senseKey) : undefined,
    progress: specific ? progress(senseKey) : undefined,
    retryCount: specific ? retryCount(senseKey) : undefined,
    segmentPointer: specific ? segmentPointer(senseKey) : undefined,
    unitAttentionOverflow: specific ? unitAttentionOverflow(senseKey) : undefined,
    senseKeySpecific: specific ? word(Slot.SENSE_KEY_SPECIFIC) : undefined,
    fieldReplaceableUnit: (flags & SenseFlag.FRU) !== 0 ? word(Slot.FRU) : undefined,
    filemark: (flags & SenseFlag.FILEMARK) !== 0,
    endOfMedium: (flags & SenseFlag.EOM) !== 0,
    incorrectLength: (flags & SenseFlag.ILI) !== 0,
    truncated: word(Slot.TRUNCATED) === 1 || (flags & SenseFlag.SDAT_OVFL) !== 0,
    descriptors: descriptors(),
    // A copy, as slice() would make it, a third faster.
    bytes: new Uint8Array(bytes),
  };
}

/** Sense data that have no sense key, kept as they are. */
export interface UnreadableSense {
  /** What keeps it from being read. */
  readonly why: "empty" | "too-short" | "vendor-specific" | "reserved";
  /** RESPONSE CODE, 0 to 127; undefined if there is not a byte. */
  readonly responseCode: number | undefined;
  /** What arrived, byte for byte. */
  readonly bytes: Uint8Array;
}

/** What {@link decodeSense} cannot read: why, and the bytes. Undefined for sense data that it can. */
export function unreadableSense(bytes: Uint8Array): UnreadableSense | undefined {
  if (loadSense(bytes)) return undefined;
  if (bytes.length === 0) return { why: "empty", responseCode: undefined, bytes: bytes.slice() };
  const responseCode = word(Slot.RESPONSE_CODE);
  const known =
    responseCode >= SenseResponseCode.FIXED_CURRENT && responseCode <= SenseResponseCode.DESCRIPTOR_DEFERRED;
  const vendors = responseCode === SenseResponseCode.VENDOR_SPECIFIC;
  return { why: known ? "too-short" : vendors ? "vendor-specific" : "reserved", responseCode, bytes: bytes.slice() };
}

/** One line: `ILLEGAL REQUEST, INVALID FIELD IN CDB (24h/00h)`, said to be deferred where it is. */
export function formatSense(sense: SenseData): string {
  const what = sense.text === undefined ? "" : `, ${sense.text}`;
  const late = sense.deferred ? ", deferred: about an earlier command" : "";
  return `${sense.senseKeyName}${what} (${senseCodeText(sense.asc, sense.ascq)})${late}`;
}

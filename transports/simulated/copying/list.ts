/**
 * An EXTENDED COPY(LID1) parameter list as it arrived, into what the copy manager carries out, or what is wrong with it before anything
 * is copied (spc4r36f 5.17.7.3): nothing here reads or writes a block, or knows which units there are.
 */
import { CopyDescriptorType, CopySize, CscdDescriptorId, ListIdUsage } from "../../../src/core/generated/copy-codes.ts";
import {
  IdentificationCscdDescriptor as Cscd,
  ExtendedCopyList as Header,
  BlockToBlockSegment as Segment,
} from "../../../src/core/generated/copy-fields.ts";
import { core, dataIn } from "../../../src/core/index.ts";
import { type Fault, faultAtListByte, faultInList, plainFault, type SenseCode, senseCodes } from "../sense.ts";
import { MAXIMUM_CSCD_DESCRIPTORS, MAXIMUM_DESCRIPTOR_BYTES, MAXIMUM_SEGMENTS } from "./limits.ts";

/** A copy source or copy destination. */
export interface CopyEnd {
  /** Its descriptor's first byte in the list; undefined if it is the logical unit that the command was sent to. */
  readonly byte: number | undefined;
  /** PERIPHERAL DEVICE TYPE. */
  readonly deviceType: number;
  /** CODE SET, ASSOCIATION, DESIGNATOR TYPE and the designator, as VPD page 83h has to show them. */
  readonly designation: {
    readonly codeSet: number;
    readonly association: number;
    readonly type: number;
    readonly designator: Uint8Array;
  };
  readonly pad: boolean;
  /** DISK BLOCK LENGTH; 0: the unit knows. */
  readonly blockLength: number;
}

/** One segment: so many blocks from here to there. */
export interface CopySegment {
  /** Its descriptor's first byte in the list. */
  readonly byte: number;
  /** DC: `blocks` are the destination's, not the source's. */
  readonly destinationCounts: boolean;
  /** CAT: what is left over goes into the next segment. */
  readonly concatenates: boolean;
  /** Undefined where the CSCD descriptor ID names none. */
  readonly source: CopyEnd | undefined;
  readonly destination: CopyEnd | undefined;
  readonly blocks: number;
  readonly sourceLba: bigint;
  readonly destinationLba: bigint;
}

const lengthError = plainFault(senseCodes.parameterListLengthError);
const thisUnit: CopyEnd = {
  byte: undefined,
  deviceType: 0,
  designation: { codeSet: 0, association: 0, type: 0, designator: new Uint8Array(0) },
  pad: false,
  blockLength: 0,
};

const unsupported = (code: SenseCode, byte: number): Fault => ({ ...faultAtListByte(byte), code });
/** INVALID FIELD IN PARAMETER LIST at a field of a descriptor that begins at a byte of the list. */
const faultIn = (byte: number, row: number): Fault => faultInList(row + byte * 0x1_0000);

/**
 * LIST IDENTIFIER, by which results are kept, of a list that may be wrong in everything else. Undefined of one that does not have its
 * header, and where LIST ID USAGE says that there is none.
 *
 * @param bytes as many as PARAMETER LIST LENGTH says, and not 0
 */
export function listIdentifierOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < CopySize.PARAMETER_LIST_HEADER) return undefined;
  dataIn(bytes.subarray(0, CopySize.PARAMETER_LIST_HEADER));
  if (core.dataField(0, Header.LIST_ID_USAGE) === ListIdUsage.NO_LIST_IDENTIFIER) return undefined;
  return core.dataField(0, Header.LIST_IDENTIFIER);
}

/** @param bytes as many as PARAMETER LIST LENGTH says, and not 0 */
export function decodeCopyList(bytes: Uint8Array): readonly CopySegment[] | Fault {
  const { length } = bytes;
  if (length < CopySize.PARAMETER_LIST_HEADER) return lengthError;
  const cscdBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint16(Header.CSCD_DESCRIPTOR_LIST_LENGTH >>> 16);
  // No more of it is of any interest, and it may be longer than the core's window.
  dataIn(bytes.subarray(0, CopySize.PARAMETER_LIST_HEADER + MAXIMUM_DESCRIPTOR_BYTES));
  const segmentBytes = core.dataField(0, Header.SEGMENT_DESCRIPTOR_LIST_LENGTH) >>> 0;
  const listIdentifier = core.dataField(0, Header.LIST_IDENTIFIER);
  const usage = core.dataField(0, Header.LIST_ID_USAGE);
  if (usage === ListIdUsage.RESERVED) return faultInList(Header.LIST_ID_USAGE);
  if (usage === ListIdUsage.NO_LIST_IDENTIFIER && listIdentifier !== 0) return faultInList(Header.LIST_IDENTIFIER);
  if (core.dataField(0, Header.INLINE_DATA_LENGTH) !== 0) return faultInList(Header.INLINE_DATA_LENGTH);
  const whole = CopySize.PARAMETER_LIST_HEADER + cscdBytes + segmentBytes;
  if (whole > length || cscdBytes + segmentBytes > MAXIMUM_DESCRIPTOR_BYTES) return lengthError;
  if (cscdBytes % CopySize.CSCD_DESCRIPTOR !== 0) return faultInList(Header.CSCD_DESCRIPTOR_LIST_LENGTH);
  const count = cscdBytes / CopySize.CSCD_DESCRIPTOR;
  if (count > MAXIMUM_CSCD_DESCRIPTORS) return plainFault(senseCodes.tooManyTargetDescriptors);
  // Descriptors of other types, which may be shorter, are an error of their own.
  if (segmentBytes > MAXIMUM_SEGMENTS * CopySize.BLOCK_TO_BLOCK_SEGMENT) {
    return plainFault(senseCodes.tooManySegmentDescriptors);
  }
  const ends: CopyEnd[] = [];
  for (let index = 0; index < count; index++) {
    const end = copyEndAt(bytes, CopySize.PARAMETER_LIST_HEADER + index * CopySize.CSCD_DESCRIPTOR);
    if ("code" in end) return end;
    ends.push(end);
  }
  const segments: CopySegment[] = [];
  for (let byte = CopySize.PARAMETER_LIST_HEADER + cscdBytes; byte < whole; byte += CopySize.BLOCK_TO_BLOCK_SEGMENT) {
    const segment = segmentAt(byte, whole, ends);
    if ("code" in segment) return segment;
    segments.push(segment);
  }
  return segments;
}

/** The list is in the core's data window. */
function copyEndAt(bytes: Uint8Array, byte: number): CopyEnd | Fault {
  if (core.dataField(byte, Cscd.DESCRIPTOR_TYPE_CODE) !== CopyDescriptorType.IDENTIFICATION) {
    return unsupported(senseCodes.unsupportedTargetDescriptorTypeCode, byte);
  }
  const length = core.dataField(byte, Cscd.DESIGNATOR_LENGTH);
  if (length > CopySize.MAXIMUM_DESIGNATOR) return faultIn(byte, Cscd.DESIGNATOR_LENGTH);
  const from = byte + CopySize.DESIGNATOR_OFFSET;
  return {
    byte,
    deviceType: core.dataField(byte, Cscd.PERIPHERAL_DEVICE_TYPE),
    designation: {
      codeSet: core.dataField(byte, Cscd.CODE_SET),
      association: core.dataField(byte, Cscd.ASSOCIATION),
      type: core.dataField(byte, Cscd.DESIGNATOR_TYPE),
      designator: bytes.slice(from, from + length),
    },
    pad: core.dataField(byte, Cscd.PAD) === 1,
    blockLength: core.dataField(byte, Cscd.DISK_BLOCK_LENGTH),
  };
}

function segmentAt(byte: number, whole: number, ends: readonly CopyEnd[]): CopySegment | Fault {
  if (core.dataField(byte, Segment.DESCRIPTOR_TYPE_CODE) !== CopyDescriptorType.BLOCK_TO_BLOCK) {
    return unsupported(senseCodes.unsupportedSegmentDescriptorTypeCode, byte);
  }
  if (byte + CopySize.BLOCK_TO_BLOCK_SEGMENT > whole) return faultInList(Header.SEGMENT_DESCRIPTOR_LIST_LENGTH);
  const length = core.dataField(byte, Segment.DESCRIPTOR_LENGTH);
  if (length !== CopySize.BLOCK_TO_BLOCK_SEGMENT - 4) return faultIn(byte, Segment.DESCRIPTOR_LENGTH);
  const named = (row: number): CopyEnd | undefined => {
    const id = core.dataField(byte, row);
    return id === CscdDescriptorId.THIS_LOGICAL_UNIT ? thisUnit : ends[id];
  };
  const lba = (row: number): bigint => BigInt.asUintN(64, core.dataLongField(byte, row));
  return {
    byte,
    destinationCounts: core.dataField(byte, Segment.DC) === 1,
    concatenates: core.dataField(byte, Segment.CAT) === 1,
    source: named(Segment.SOURCE_CSCD_DESCRIPTOR_ID),
    destination: named(Segment.DESTINATION_CSCD_DESCRIPTOR_ID),
    blocks: core.dataField(byte, Segment.BLOCK_DEVICE_NUMBER_OF_BLOCKS),
    sourceLba: lba(Segment.SOURCE_BLOCK_DEVICE_LOGICAL_BLOCK_ADDRESS),
    destinationLba: lba(Segment.DESTINATION_BLOCK_DEVICE_LOGICAL_BLOCK_ADDRESS),
  };
}

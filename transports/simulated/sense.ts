/**
 * Why a command fails: the additional sense codes that this device server uses, and faults that point at a field.
 * A fault is a value; only `encodeFault` turns one into sense data, through the core. Nothing here decides anything.
 */
import { SenseKey } from "../../src/core/generated/codes.ts";
import { FixedSense } from "../../src/core/generated/fields.ts";
import { core, dataIn, dataOut } from "../../src/core/index.ts";

/** A sense key with its ADDITIONAL SENSE CODE and qualifier. */
export interface SenseCode {
  /** SENSE KEY. */
  readonly senseKey: number;
  /** ADDITIONAL SENSE CODE. */
  readonly asc: number;
  /** ADDITIONAL SENSE CODE QUALIFIER. */
  readonly ascq: number;
}

const illegalRequest = (asc: number, ascq: number): SenseCode => ({ senseKey: SenseKey.ILLEGAL_REQUEST, asc, ascq });

/** Every sense code that a command can fail with here; unit attentions are in unit-attentions.ts. */
export const senseCodes = {
  parameterListLengthError: illegalRequest(0x1a, 0x00),
  invalidCommandOperationCode: illegalRequest(0x20, 0x00),
  logicalBlockAddressOutOfRange: illegalRequest(0x21, 0x00),
  invalidFieldInCdb: illegalRequest(0x24, 0x00),
  invalidFieldInParameterList: illegalRequest(0x26, 0x00),
  invalidReleaseOfPersistentReservation: illegalRequest(0x26, 0x04),
  tooManyTargetDescriptors: illegalRequest(0x26, 0x06),
  unsupportedTargetDescriptorTypeCode: illegalRequest(0x26, 0x07),
  tooManySegmentDescriptors: illegalRequest(0x26, 0x08),
  unsupportedSegmentDescriptorTypeCode: illegalRequest(0x26, 0x09),
  savingParametersNotSupported: illegalRequest(0x39, 0x00),
  invalidElementAddress: illegalRequest(0x21, 0x01),
  mediumDestinationElementFull: illegalRequest(0x3b, 0x0d),
  mediumSourceElementEmpty: illegalRequest(0x3b, 0x0e),
  mediumMagazineNotAccessible: illegalRequest(0x3b, 0x11),
  mediumRemovalPrevented: illegalRequest(0x53, 0x02),
  insufficientRegistrationResources: illegalRequest(0x55, 0x04),
  mediumNotPresent: { senseKey: SenseKey.NOT_READY, asc: 0x3a, ascq: 0x00 },
  logicalUnitSoftwareWriteProtected: { senseKey: SenseKey.DATA_PROTECT, asc: 0x27, ascq: 0x02 },
  writeError: { senseKey: SenseKey.MEDIUM_ERROR, asc: 0x0c, ascq: 0x00 },
  unrecoveredReadError: { senseKey: SenseKey.MEDIUM_ERROR, asc: 0x11, ascq: 0x00 },
  internalTargetFailure: { senseKey: SenseKey.HARDWARE_ERROR, asc: 0x44, ascq: 0x00 },
  miscompareDuringVerifyOperation: { senseKey: SenseKey.MISCOMPARE, asc: 0x1d, ascq: 0x00 },
  persistentReservationInformationLost: { senseKey: SenseKey.DATA_PROTECT, asc: 0x44, ascq: 0x01 },
} as const satisfies Record<string, SenseCode>;

/** One reason for CHECK CONDITION. */
export interface Fault {
  /** Sense key and additional sense codes. */
  readonly code: SenseCode;
  /** The field pointer: where, and in which bytes. `bit` -1: the field fills whole bytes, or none is meant. */
  readonly pointer?: { readonly inCdb: boolean; readonly byte: number; readonly bit: number };
  /** INFORMATION, e.g. the first invalid logical block address. */
  readonly information?: bigint;
  /** COMMAND-SPECIFIC INFORMATION. */
  readonly commandSpecific?: number;
  /** FILEMARK, EOM, ILI: of tapes. */
  readonly stream?: { readonly filemark?: true; readonly eom?: true; readonly ili?: true };
}

/** A fault without a field pointer. */
export const plainFault = (code: SenseCode): Fault => ({ code });

function faultAtRow(code: SenseCode, inCdb: boolean, row: number): Fault {
  // A row is byte << 16 | leftmost bit << 8 | width (assembly/bits.ts). Whole bytes get no bit pointer.
  const bit = (row & 0xff) < 8 ? (row >>> 8) & 0xff : -1;
  return { code, pointer: { inCdb, byte: row >>> 16, bit } };
}

/** INVALID FIELD IN CDB that points at a field; `row` is from core/generated/fields.ts. */
export const faultInCdb = (row: number): Fault => faultAtRow(senseCodes.invalidFieldInCdb, true, row);

/** INVALID FIELD IN PARAMETER LIST that points at a field of the list. */
export const faultInList = (row: number): Fault => faultAtRow(senseCodes.invalidFieldInParameterList, false, row);

/** INVALID FIELD IN PARAMETER LIST that points at a byte of the list: a TransportID has no row of its own. */
export const faultAtListByte = (byte: number): Fault => ({
  code: senseCodes.invalidFieldInParameterList,
  pointer: { inCdb: false, byte, bit: -1 },
});

/** Fixed-format sense data for a sense code, in memory of its own. */
export function encodeSenseCode(code: SenseCode): Uint8Array {
  return dataOut(core.encodeSense(code.senseKey, code.asc, code.ascq));
}

/** Fixed-format sense data for a fault, in memory of its own. */
export function encodeFault({ code, pointer, information, commandSpecific, stream = {} }: Fault): Uint8Array {
  const length = core.encodeSense(code.senseKey, code.asc, code.ascq);
  if (pointer !== undefined) core.encodeFieldPointer(pointer.inCdb ? 1 : 0, pointer.byte, pointer.bit);
  if (information !== undefined) core.encodeInformation(information);
  if (commandSpecific !== undefined) {
    core.putDataField(0, FixedSense.COMMAND_SPECIFIC_INFORMATION, commandSpecific);
  }
  core.putDataField(0, FixedSense.FILEMARK, stream.filemark === true ? 1 : 0);
  core.putDataField(0, FixedSense.EOM, stream.eom === true ? 1 : 0);
  core.putDataField(0, FixedSense.ILI, stream.ili === true ? 1 : 0);
  return dataOut(length);
}

/** Fixed-format sense data as descriptor format, in memory of its own. */
export function inDescriptorFormat(fixed: Uint8Array): Uint8Array {
  dataIn(fixed);
  core.decodeSense(fixed.length);
  return dataOut(core.encodeDescriptorSense());
}

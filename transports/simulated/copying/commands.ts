/**
 * EXTENDED COPY(LID1) and what tells of it afterwards: RECEIVE COPY STATUS(LID1), OPERATING PARAMETERS and FAILURE DETAILS(LID1), which
 * table 108 of spc4r36f makes mandatory with it. From the CDB to the copy manager and back to bytes.
 */
import { OperationCode, Status } from "../../../src/core/generated/codes.ts";
import {
  CopyCommandStatus,
  CopySize,
  ExtendedCopy,
  ReceiveCopyResults,
} from "../../../src/core/generated/copy-codes.ts";
import {
  CopyFailureDetailsData,
  CopyStatusData,
  ExtendedCopyCdb,
  OperatingParametersData as Parameters,
  ReceiveCopyOperatingParametersCdb,
  ReceiveCopyResultsCdb,
} from "../../../src/core/generated/copy-fields.ts";
import { core, dataOut, dataWindow } from "../../../src/core/index.ts";
import { Access } from "../access.ts";
import { type Answer, dataAnswer, faultAnswer, goodAnswer, senseAnswer, takenAnswer } from "../answer.ts";
import type { CommandRow } from "../command.ts";
import type { Nexus } from "../nexus.ts";
import { faultInCdb, plainFault, senseCodes } from "../sense.ts";
import type { UnitState } from "../unit-state.ts";
import { copyAbortedSense } from "./failure.ts";
import {
  CONCURRENT_COPIES,
  descriptorTypes,
  GRANULARITY,
  MAXIMUM_CSCD_DESCRIPTORS,
  MAXIMUM_DESCRIPTOR_BYTES,
  MAXIMUM_SEGMENT_BYTES,
  MAXIMUM_SEGMENTS,
} from "./limits.ts";
import { decodeCopyList, listIdentifierOf } from "./list.ts";
import { copySegments } from "./manager.ts";
import type { CopyResult } from "./results.ts";

/** EXTENDED COPY(LID1): 6.5. */
function extendedCopy(unit: UnitState, nexus: Nexus, bytes: Uint8Array): Answer {
  const length = core.cdbField(ExtendedCopyCdb.PARAMETER_LIST_LENGTH) >>> 0;
  if (length === 0) return goodAnswer;
  if (length > bytes.length) return faultAnswer(plainFault(senseCodes.parameterListLengthError));
  const parameterList = bytes.subarray(0, length);
  const listIdentifier = listIdentifierOf(parameterList);
  // That the command was received is enough (6.23 c, 6.25 b).
  if (listIdentifier !== undefined) unit.copyResults.discard(nexus, listIdentifier);
  const list = decodeCopyList(parameterList);
  if ("code" in list) return faultAnswer(list);
  const { segments, bytes: written, failure } = copySegments(unit, nexus, list);
  const sense = failure === undefined ? undefined : copyAbortedSense(failure, segments - 1, unit.mode.descriptorSense);
  if (listIdentifier !== undefined) {
    unit.copyResults.keep(nexus, listIdentifier, {
      status: { failed: sense !== undefined, segments, bytes: written },
      details: sense === undefined ? undefined : { status: Status.CHECK_CONDITION, sense },
    });
  }
  return sense === undefined ? takenAnswer(length) : senseAnswer(sense);
}

/** What is known of the copy that the CDB names. */
const resultOf = (unit: UnitState, nexus: Nexus): CopyResult | undefined =>
  unit.copyResults.find(nexus, core.cdbField(ReceiveCopyResultsCdb.LIST_IDENTIFIER));
const unknownCopy = faultInCdb(ReceiveCopyResultsCdb.LIST_IDENTIFIER);

const allocationLength = (): number => core.cdbField(ReceiveCopyResultsCdb.ALLOCATION_LENGTH) >>> 0;

/** RECEIVE COPY STATUS(LID1): 6.25. It tells once. */
function receiveCopyStatus(unit: UnitState, nexus: Nexus): Answer {
  const result = resultOf(unit, nexus);
  if (result?.status === undefined) return faultAnswer(unknownCopy);
  const { failed, segments, bytes } = result.status;
  result.status = undefined;
  const { COMPLETED, COMPLETED_WITH_ERRORS } = CopyCommandStatus;
  dataWindow.fill(0, 0, CopySize.COPY_STATUS);
  core.putDataField(0, CopyStatusData.AVAILABLE_DATA, CopySize.COPY_STATUS - CopySize.AVAILABLE_DATA);
  core.putDataField(0, CopyStatusData.COPY_COMMAND_STATUS, failed ? COMPLETED_WITH_ERRORS : COMPLETED);
  core.putDataField(0, CopyStatusData.SEGMENTS_PROCESSED, segments);
  // TRANSFER COUNT UNITS 00h: bytes.
  core.putDataField(0, CopyStatusData.TRANSFER_COUNT, bytes);
  return dataAnswer(dataOut(CopySize.COPY_STATUS), allocationLength());
}

/** RECEIVE COPY FAILURE DETAILS(LID1): 6.23. They go when they were sent whole, or nothing of them was wanted. */
function receiveCopyFailureDetails(unit: UnitState, nexus: Nexus): Answer {
  const result = resultOf(unit, nexus);
  if (result?.status === undefined && result?.details === undefined) return faultAnswer(unknownCopy);
  const wanted = allocationLength();
  if (result.details === undefined) return dataAnswer(new Uint8Array(CopySize.AVAILABLE_DATA), wanted);
  const { status, sense } = result.details;
  const whole = CopySize.FAILURE_DETAILS + sense.length;
  if (wanted === 0 || wanted >= whole) result.details = undefined;
  dataWindow.fill(0, 0, CopySize.FAILURE_DETAILS);
  core.putDataField(0, CopyFailureDetailsData.AVAILABLE_DATA, whole - CopySize.AVAILABLE_DATA);
  core.putDataField(0, CopyFailureDetailsData.EXTENDED_COPY_COMMAND_STATUS, status);
  core.putDataField(0, CopyFailureDetailsData.SENSE_DATA_LENGTH, sense.length);
  dataWindow.set(sense, CopySize.FAILURE_DETAILS);
  return dataAnswer(dataOut(whole), wanted);
}

/** RECEIVE COPY OPERATING PARAMETERS: 6.22. */
function receiveCopyOperatingParameters(): Answer {
  const whole = CopySize.OPERATING_PARAMETERS + descriptorTypes.length;
  dataWindow.fill(0, 0, whole);
  core.putDataField(0, Parameters.AVAILABLE_DATA, whole - CopySize.AVAILABLE_DATA);
  core.putDataField(0, Parameters.SNLID, 1);
  core.putDataField(0, Parameters.MAXIMUM_CSCD_DESCRIPTOR_COUNT, MAXIMUM_CSCD_DESCRIPTORS);
  core.putDataField(0, Parameters.MAXIMUM_SEGMENT_DESCRIPTOR_COUNT, MAXIMUM_SEGMENTS);
  core.putDataField(0, Parameters.MAXIMUM_DESCRIPTOR_LIST_LENGTH, MAXIMUM_DESCRIPTOR_BYTES);
  core.putDataField(0, Parameters.MAXIMUM_SEGMENT_LENGTH, MAXIMUM_SEGMENT_BYTES);
  core.putDataField(0, Parameters.TOTAL_CONCURRENT_COPIES, CONCURRENT_COPIES);
  core.putDataField(0, Parameters.MAXIMUM_CONCURRENT_COPIES, CONCURRENT_COPIES);
  core.putDataField(0, Parameters.DATA_SEGMENT_GRANULARITY, GRANULARITY);
  core.putDataField(0, Parameters.IMPLEMENTED_DESCRIPTOR_LIST_LENGTH, descriptorTypes.length);
  dataWindow.set(descriptorTypes, CopySize.OPERATING_PARAMETERS);
  return dataAnswer(dataOut(whole), allocationLength());
}

const receiving = { operationCode: OperationCode.RECEIVE_COPY_RESULTS, access: Access.unlessReserved } as const;

// biome-ignore format: one row per command
export const copyCommands: readonly CommandRow[] = [
  { operationCode: OperationCode.EXTENDED_COPY, serviceAction: ExtendedCopy.LID1, cdb: ExtendedCopyCdb, access: Access.writes, perform: extendedCopy },
  { ...receiving, serviceAction: ReceiveCopyResults.COPY_STATUS_LID1, cdb: ReceiveCopyResultsCdb, perform: receiveCopyStatus },
  { ...receiving, serviceAction: ReceiveCopyResults.OPERATING_PARAMETERS, cdb: ReceiveCopyOperatingParametersCdb, perform: receiveCopyOperatingParameters },
  { ...receiving, serviceAction: ReceiveCopyResults.FAILURE_DETAILS_LID1, cdb: ReceiveCopyResultsCdb, perform: receiveCopyFailureDetails },
];

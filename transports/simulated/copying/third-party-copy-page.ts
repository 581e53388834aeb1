/**
 * VPD page 8Fh, Third-party Copy (spc4r36f 7.8.17): what of third-party copies there is, with the figures of limits.ts. The descriptors are those
 * that table 645 makes mandatory with EXTENDED COPY(LID1), in ascending order.
 */
import { OperationCode, Size } from "../../../src/core/generated/codes.ts";
import { ThirdPartyCopyDescriptorType as Type } from "../../../src/core/generated/copy-codes.ts";
import {
  GeneralCopyOperationsDescriptor as General,
  CopyParameterDataDescriptor as Limits,
  ThirdPartyCopyDescriptor,
} from "../../../src/core/generated/copy-fields.ts";
import { core, dataWindow } from "../../../src/core/index.ts";
import type { UnitState } from "../unit-state.ts";
import {
  CONCURRENT_COPIES,
  cscdDescriptorIds,
  descriptorTypes,
  GRANULARITY,
  MAXIMUM_CSCD_DESCRIPTORS,
  MAXIMUM_DESCRIPTOR_BYTES,
  MAXIMUM_SEGMENT_BYTES,
  MAXIMUM_SEGMENTS,
} from "./limits.ts";

const HEADER = 4;

/** For each of the two operation codes: itself, how many service actions, and which. */
function supportedCommands({ commands }: UnitState): readonly number[] {
  return [OperationCode.EXTENDED_COPY, OperationCode.RECEIVE_COPY_RESULTS].flatMap((operationCode) => {
    const rows = commands.rows.filter((row) => row.operationCode === operationCode);
    return [operationCode, rows.length, ...rows.map(({ serviceAction = 0 }) => serviceAction)];
  });
}

/** Puts the page's contents into the data window, after the header's place, and returns their length. */
export function thirdPartyCopy(unit: UnitState): number {
  let at: number = Size.VPD_HEADER;
  /** A descriptor of a type, whole and zero; returns where it begins. */
  const start = (type: number, length: number): number => {
    const begins = at;
    at += HEADER + length;
    dataWindow.fill(0, begins, at);
    core.putDataField(begins, ThirdPartyCopyDescriptor.THIRD_PARTY_COPY_DESCRIPTOR_TYPE, type);
    core.putDataField(begins, ThirdPartyCopyDescriptor.THIRD_PARTY_COPY_DESCRIPTOR_LENGTH, length);
    return begins;
  };
  /** One that holds a list: its length first, zeros up to a multiple of four after it. */
  const list = (type: number, lengthBytes: 1 | 2, bytes: readonly number[]): void => {
    const begins = start(type, Math.ceil((lengthBytes + bytes.length) / 4) * 4);
    dataWindow.set([...(lengthBytes === 2 ? [0] : []), bytes.length, ...bytes], begins + HEADER);
  };

  list(Type.SUPPORTED_COMMANDS, 1, supportedCommands(unit));
  const parameters = start(Type.PARAMETER_DATA, 0x1c);
  core.putDataField(parameters, Limits.MAXIMUM_CSCD_DESCRIPTOR_COUNT, MAXIMUM_CSCD_DESCRIPTORS);
  core.putDataField(parameters, Limits.MAXIMUM_SEGMENT_DESCRIPTOR_COUNT, MAXIMUM_SEGMENTS);
  core.putDataField(parameters, Limits.MAXIMUM_DESCRIPTOR_LIST_LENGTH, MAXIMUM_DESCRIPTOR_BYTES);
  list(Type.SUPPORTED_DESCRIPTORS, 1, descriptorTypes);
  list(
    Type.SUPPORTED_CSCD_IDS,
    2,
    cscdDescriptorIds.flatMap((id) => [id >>> 8, id & 0xff]),
  );
  const general = start(Type.GENERAL_COPY_OPERATIONS, 0x20);
  core.putDataField(general, General.TOTAL_CONCURRENT_COPIES, CONCURRENT_COPIES);
  core.putDataField(general, General.MAXIMUM_IDENTIFIED_CONCURRENT_COPIES, CONCURRENT_COPIES);
  core.putDataField(general, General.MAXIMUM_SEGMENT_LENGTH, MAXIMUM_SEGMENT_BYTES);
  core.putDataField(general, General.DATA_SEGMENT_GRANULARITY, GRANULARITY);
  return at - Size.VPD_HEADER;
}

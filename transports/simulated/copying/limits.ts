/**
 * What the copy manager supports and how much of it (spc4r36f 6.22, 7.8.17): one place for the two commands and the page that tell
 * of it, and for the checks. Figures only.
 */
import { CopyDescriptorType, CopySize, CscdDescriptorId } from "../../../src/core/generated/copy-codes.ts";
import { MAXIMUM_TRANSFER_BYTES } from "../block-range.ts";

/** Most CSCD descriptors and segment descriptors in one parameter list. */
export const MAXIMUM_CSCD_DESCRIPTORS = 16;
export const MAXIMUM_SEGMENTS = 16;
/** Most bytes of both together. */
export const MAXIMUM_DESCRIPTOR_BYTES: number =
  MAXIMUM_CSCD_DESCRIPTORS * CopySize.CSCD_DESCRIPTOR + MAXIMUM_SEGMENTS * CopySize.BLOCK_TO_BLOCK_SEGMENT;
/** Most bytes that one segment may write: so one command moves no more than any other command may. */
export const MAXIMUM_SEGMENT_BYTES: number = MAXIMUM_TRANSFER_BYTES / MAXIMUM_SEGMENTS;
/** A copy is done when its command ends: there is never a second one under way. */
export const CONCURRENT_COPIES = 1;
/** DATA SEGMENT GRANULARITY, a power of two: no logical block is smaller. */
export const GRANULARITY = 9;

/** In ascending order. */
export const descriptorTypes: readonly number[] = [
  CopyDescriptorType.BLOCK_TO_BLOCK,
  CopyDescriptorType.IDENTIFICATION,
];

/** Those above 07FFh. */
export const cscdDescriptorIds: readonly number[] = [CscdDescriptorId.THIS_LOGICAL_UNIT];

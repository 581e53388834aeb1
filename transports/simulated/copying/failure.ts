/**
 * Why a copy ended in the middle, as sense data (spc4r36f 5.17.7.4): COPY ABORTED with the number of the segment, and what a copy source
 * or copy destination itself had to say. Nothing is decided here.
 */
import { SenseDescriptorType, SenseKey } from "../../../src/core/generated/codes.ts";
import { DescriptorSense, FixedSense } from "../../../src/core/generated/fields.ts";
import type { Answer } from "../answer.ts";
import { encodeFault, inDescriptorFormat } from "../sense.ts";

const aborted = (asc: number, ascq: number) => ({ senseKey: SenseKey.COPY_ABORTED, asc, ascq });

/** ADDITIONAL SENSE CODE and qualifier of each reason. */
export const abortCodes = {
  /** The clauses name no code for a segment that is wrong in itself. */
  noAdditionalSense: aborted(0x00, 0x00),
  unreachableCopyTarget: aborted(0x08, 0x04),
  thirdPartyDeviceFailure: aborted(0x0d, 0x01),
  copyTargetDeviceNotReachable: aborted(0x0d, 0x02),
  incorrectCopyTargetDeviceType: aborted(0x0d, 0x03),
  invalidFieldInParameterList: aborted(0x26, 0x00),
  unexpectedInexactSegment: aborted(0x26, 0x0a),
} as const;

/** One reason, and where. */
export interface CopyFailure {
  readonly reason: keyof typeof abortCodes;
  /** The byte of the parameter list that is wrong, or at which the CSCD descriptor of the failing unit begins. */
  readonly byte?: number | undefined;
  /** How a command of the copy manager ended at a copy source or copy destination. */
  readonly forwarded?: { readonly by: "source" | "destination"; readonly answer: Answer } | undefined;
}

/** SENSE DATA SOURCE (5.17.7.4 d and e). */
const SOURCE = { source: 1, destination: 2 } as const;
/** The first and second byte of COMMAND-SPECIFIC INFORMATION: where in the sense data the other's status and sense begin. */
const PLACE = { source: 2 ** 24, destination: 2 ** 16 } as const;

/**
 * Sense data in memory of its own.
 *
 * @param segment counted from 0
 * @param descriptors in descriptor format, where fixed format is not wanted
 */
export function copyAbortedSense(
  { reason, byte, forwarded }: CopyFailure,
  segment: number,
  descriptors: boolean,
): Uint8Array {
  const fault = {
    code: abortCodes[reason],
    ...(byte === undefined ? {} : { pointer: { inCdb: false, byte, bit: -1 } }),
  };
  const fixed = encodeFault({ ...fault, commandSpecific: segment });
  if (forwarded === undefined) return descriptors ? inDescriptorFormat(fixed) : fixed;
  const { by, answer } = forwarded;
  if (descriptors) {
    const { length } = answer.sense;
    const head = [SenseDescriptorType.FORWARDED_SENSE, 2 + length, SOURCE[by], answer.status];
    return appended(inDescriptorFormat(fixed), DescriptorSense.ADDITIONAL_SENSE_LENGTH, head, answer.sense);
  }
  const placed = encodeFault({ ...fault, commandSpecific: fixed.length * PLACE[by] + segment });
  return appended(placed, FixedSense.ADDITIONAL_SENSE_LENGTH, [answer.status], answer.sense);
}

/** Sense data with more after it. Both formats count their length from byte 8 on, in a byte of their own. */
function appended(sense: Uint8Array, lengthRow: number, head: readonly number[], more: Uint8Array): Uint8Array {
  const bytes = Uint8Array.of(...sense, ...head, ...more);
  bytes[lengthRow >>> 16] = bytes.length - 8;
  return bytes;
}

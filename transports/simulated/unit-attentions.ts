/**
 * Unit attention conditions: which there are, and the queue that each I_T nexus has. The queue is a plain array of
 * codes, the next one to be reported first. Nothing here knows why a condition arises.
 */
import { SenseKey } from "../../src/core/generated/codes.ts";
import { encodeSenseCode } from "./sense.ts";

/** ADDITIONAL SENSE CODE and qualifier of each condition, as one number: `asc << 8 | ascq`. */
export const UnitAttention = {
  POWER_ON_RESET_OR_BUS_DEVICE_RESET_OCCURRED: 0x2900,
  POWER_ON_OCCURRED: 0x2901,
  SCSI_BUS_RESET_OCCURRED: 0x2902,
  BUS_DEVICE_RESET_FUNCTION_OCCURRED: 0x2903,
  I_T_NEXUS_LOSS_OCCURRED: 0x2907,
  RESERVATIONS_PREEMPTED: 0x2a03,
  RESERVATIONS_RELEASED: 0x2a04,
  REGISTRATIONS_PREEMPTED: 0x2a05,
  MODE_PARAMETERS_CHANGED: 0x2a01,
  MEDIUM_MAY_HAVE_CHANGED: 0x2800,
  IMPORT_OR_EXPORT_ELEMENT_ACCESSED: 0x2801,
} as const;

/** ADDITIONAL SENSE CODE of resets and of lost nexuses. */
const RESET = 0x29;
/**
 * Resets from the highest to the lowest, which is their ascending order; all others are equal and last (sam4r14 5.14).
 * Among equals the elder comes first.
 */
const rank = (condition: number): number => (isReset(condition) ? condition & 0xff : 0x100);

/** Puts a condition in its place in a queue. One that is already there is not put a second time. */
export function establish(queue: number[], condition: number): void {
  if (queue.includes(condition)) return;
  let at = queue.length;
  while (at > 0 && rank(queue[at - 1] as number) > rank(condition)) at--;
  queue.splice(at, 0, condition);
}

/** Does the condition say that the device or the path was reset? Those are reported before RESERVATION CONFLICT. */
export const isReset = (condition: number): boolean => condition >>> 8 === RESET;

/** Fixed-format sense data that reports a condition, in memory of its own. */
export function attentionSense(condition: number): Uint8Array {
  return encodeSenseCode({ senseKey: SenseKey.UNIT_ATTENTION, asc: condition >>> 8, ascq: condition & 0xff });
}

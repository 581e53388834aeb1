/**
 * The retry policy: what may be repeated, how often, until when. It decides about failures and knows no transport.
 *
 * The rule behind the default: a command that changes state is repeated only where the target has said, or the transport
 * is certain, that it was not executed; and not even then where the reason is that reservations have just changed under us.
 */
import type { Command, Effect } from "./command.ts";
import type { ScsiError, ScsiErrorCode } from "./errors.ts";
import type { SenseData } from "./sense.ts";

/** Was a command executed? `"yes"`: the device server answered it; `"no"`: it never got there; `"unknown"`. */
export type Delivery = "yes" | "no" | "unknown";

/** One delivery of one command. */
export interface Attempt {
  /** The command's name. */
  readonly command: string;
  /** When it began, in milliseconds of `performance.now()`. */
  readonly startedMs: number;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** Was it executed? */
  readonly delivered: Delivery;
  /** The SCSI status, if there was an answer. */
  readonly status: number | undefined;
  /** The decoded sense data, if any. */
  readonly sense: SenseData | undefined;
  /** Why it did not succeed; undefined if it did. */
  readonly code: ScsiErrorCode | undefined;
}

/** What may be repeated. */
export interface RetryPolicy {
  /** Deliveries in all, the first included; 1 never repeats. */
  readonly maxAttempts: number;
  /** Milliseconds before the first repetition of what needs a pause; doubled each time. */
  readonly backoffMs: number;
  /** The longest pause. */
  readonly maxBackoffMs: number;
  /** May a command of this effect be repeated after this failure: at once, after a pause, or not at all? */
  decide(failure: ScsiError, effect: Effect): "at-once" | "after-pause" | "no";
}

const RESERVATIONS_PREEMPTED = 0x03;
const RESERVATIONS_RELEASED = 0x04;
const REGISTRATIONS_PREEMPTED = 0x05;

/** A unit attention that says: somebody has changed reservations or registrations (spc4r17 5.7, ASC 2Ah). */
function reservationsChanged(sense: SenseData | undefined): boolean {
  return (
    sense?.asc === 0x2a &&
    (sense.ascq === RESERVATIONS_PREEMPTED ||
      sense.ascq === RESERVATIONS_RELEASED ||
      sense.ascq === REGISTRATIONS_PREEMPTED)
  );
}

/** A unit attention after which a reservation that one counts on may be gone: also every kind of reset (ASC 29h). */
function reservationDoubtful(sense: SenseData | undefined): boolean {
  return reservationsChanged(sense) || sense?.asc === 0x29;
}

function decide(failure: ScsiError, effect: Effect): "at-once" | "after-pause" | "no" {
  switch (failure.code) {
    case "UNIT_ATTENTION": {
      // Keys are checked by the target, so PERSISTENT RESERVE OUT is safe to repeat after a reset; a write is not.
      const stop =
        effect === "medium"
          ? reservationDoubtful(failure.sense)
          : effect === "reservation" && reservationsChanged(failure.sense);
      return stop ? "no" : "at-once";
    }
    case "BUSY":
    case "TASK_SET_FULL":
      return "after-pause";
    case "NOT_READY":
      // In process of becoming ready, or in transition between asymmetric access states; nothing was executed.
      return failure.sense?.asc === 0x04 && (failure.sense.ascq === 0x01 || failure.sense.ascq === 0x0a)
        ? "after-pause"
        : "no";
    case "ABORTED_COMMAND":
    case "TASK_ABORTED":
      return effect === "none" ? "after-pause" : "no";
    case "CONNECTION_FAILED":
    case "CONNECTION_LOST":
    case "TIMEOUT":
      return effect === "none" || failure.delivered === "no" ? "after-pause" : "no";
    default:
      return "no";
  }
}

/** The default: see the rule at the head of this file. */
export const defaultRetryPolicy: RetryPolicy = { maxAttempts: 8, backoffMs: 10, maxBackoffMs: 1000, decide };

/** Every command is delivered once. */
export const noRetries: RetryPolicy = { maxAttempts: 1, backoffMs: 0, maxBackoffMs: 0, decide: () => "no" };

/**
 * How long to wait before the next delivery, or undefined to give up.
 *
 * @param attempts deliveries so far
 */
export function nextDelayMs(
  policy: RetryPolicy,
  command: Pick<Command<unknown>, "effect">,
  failure: ScsiError,
  attempts: number,
): number | undefined {
  if (attempts >= policy.maxAttempts) return undefined;
  const decision = policy.decide(failure, command.effect);
  if (decision === "no") return undefined;
  return decision === "at-once" ? 0 : Math.min(policy.backoffMs * 2 ** (attempts - 1), policy.maxBackoffMs);
}

/**
 * A RESERVATION CONFLICT in words: why the target refused this command, and what can be done. The status itself says nothing
 * but "no", so the reason is found by comparing what the command carried with what the target reports. Pure: the looking is
 * done by whoever asks.
 *
 * A reason is named only where what was seen shows it; everything else is `unexplained`, which is what a race looks like.
 */
import type { Command } from "./command.ts";
import {
  accessConflict,
  type Explained,
  type Facts,
  moveConflict,
  ownerUnknown,
  preemptConflict,
  registerConflict,
  registrationConflict,
  reserveConflict,
} from "./conflict-rules.ts";
import { PersistentReserveOut } from "./core/generated/codes.ts";
import type { LostAnswerEvidence } from "./lost-answer.ts";
import type { ReservationType } from "./reservation.ts";
import { fieldsOf } from "./structures.ts";
import type { TransportId } from "./transport-id.ts";
import { sameTransportId } from "./transport-id-text.ts";

/** Why a command met RESERVATION CONFLICT. */
export type ConflictReason =
  /** The I_T nexus is not registered, and the command needs that. */
  | "not-registered"
  /** The nexus is registered, under another key than the command carried. */
  | "registered-with-another-key"
  /** REGISTER without a key, though the nexus is registered. */
  | "already-registered"
  /** Nobody at all is registered with the key that the command carried. */
  | "key-not-registered"
  /** Somebody is registered with the key that the command carried, and the target does not tell who. */
  | "owner-unknown"
  /** RESERVE, and another nexus holds. */
  | "held-by-another"
  /** RESERVE, and this nexus holds already, with another type. */
  | "held-with-another-type"
  /** PREEMPT, and nobody is registered with the key to be removed. */
  | "victim-not-registered"
  /** REGISTER AND MOVE, and this nexus does not hold. */
  | "not-the-holder"
  /** REGISTER AND MOVE of an all-registrants reservation, which cannot be moved. */
  | "type-cannot-move"
  /** A read or write that the reservation forbids. */
  | "reservation-forbids"
  /** Another nexus holds the unit by RESERVE (6) or (10). */
  | "legacy-reservation"
  /** What was seen does not explain it. */
  | "unexplained";

/** Something that can be done about a conflict, with the arguments it takes. */
export type ConflictRemedy =
  | {
      readonly do: "register";
      readonly key?: bigint | undefined;
      readonly newKey?: bigint | undefined;
      readonly ignoreExistingKey?: boolean | undefined;
    }
  | { readonly do: "preempt"; readonly key: bigint; readonly victimKey: bigint; readonly type: ReservationType }
  | { readonly do: "ask-the-holder" | "use-key"; readonly key: bigint | undefined }
  | { readonly do: "try-again" };

/** A conflict, explained. */
export interface ConflictExplanation {
  /** Why, as a word that a program can tell from others. */
  readonly reason: ConflictReason;
  /** One or two sentences. */
  readonly because: string;
  /** What can be done, each with a sentence that says when it is right. */
  readonly remedies: readonly (ConflictRemedy & { readonly when: string })[];
}

/**
 * Why even PERSISTENT RESERVE IN meets RESERVATION CONFLICT. No persistent reservation forbids asking; the older RESERVE of
 * SPC-2 does (spc2r20 5.5.1).
 */
export const legacyReservationConflict: ConflictExplanation = {
  reason: "legacy-reservation",
  because:
    "Another host holds the unit by RESERVE, which is older than persistent reservations and forbids even asking about them.",
  remedies: [{ do: "try-again", when: "It ends when that host sends RELEASE or logs out, or the unit is reset." }],
};

/** What the target reported after the conflict. */
export type ConflictEvidence = Omit<LostAnswerEvidence, "verdict">;

/** The rule that applies to the command. */
function explain(command: Command<unknown>, facts: Facts, serviceAction: number): Explained {
  const { intent } = command;
  if (command.effect !== "reservation") return accessConflict(facts);
  // REPLACE LOST RESERVATION carries no key of ours, and nothing that can be seen decides about it.
  if (serviceAction === PersistentReserveOut.REPLACE_LOST_RESERVATION || intent === undefined) return undefined;
  if (intent.kind === "register") return registerConflict(facts, intent.newKey);
  const unregistered = registrationConflict(facts);
  if (unregistered !== undefined) return unregistered;
  switch (intent.kind) {
    case "reserve":
      return reserveConflict(facts, intent.type);
    case "preempt":
      return preemptConflict(facts, intent.victimKey);
    case "move":
      return moveConflict(facts);
    default:
      return undefined;
  }
}

/**
 * Why a command met RESERVATION CONFLICT.
 *
 * @param command the command that was refused
 * @param seen what the target reports now
 * @param initiatorPort our own initiator port, if the transport knows it: without, less can be said
 * @example
 * explainConflict(command, { keys, reservation, registrations }, unit.transport.initiatorPort).because
 */
export function explainConflict(
  command: Command<unknown>,
  seen: ConflictEvidence,
  initiatorPort?: TransportId,
): ConflictExplanation {
  const list = command.layout.dataOut;
  const fields = list === undefined || command.dataOut === undefined ? [] : fieldsOf(list, command.dataOut);
  const action = fieldsOf(command.layout.cdb, command.cdb).find(({ name }) => name === "SERVICE ACTION");
  const facts: Facts = {
    seen,
    given: fields.find(({ name }) => name === "RESERVATION KEY")?.value ?? 0n,
    mine:
      seen.registrations === undefined || initiatorPort === undefined
        ? undefined
        : seen.registrations.filter(({ transportId }) => sameTransportId(transportId, initiatorPort)),
  };
  const whole = !seen.keys.truncated && !seen.reservation.truncated;
  const explained = whole ? (explain(command, facts, Number(action?.value ?? -1n)) ?? ownerUnknown(facts)) : undefined;
  return (
    explained ?? {
      reason: "unexplained",
      because: "What the target reports now does not explain it: it may have changed since.",
      remedies: [{ do: "try-again", when: "Nothing was executed." }],
    }
  );
}

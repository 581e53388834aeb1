/**
 * A lost answer: PERSISTENT RESERVE OUT was sent, and whether it was executed is not known. PREEMPT twice is not PREEMPT
 * once, so nothing is repeated. Instead one looks, and this file says what can be concluded from what was seen. Pure: the
 * looking itself is done by logical-unit.ts.
 *
 * "achieved" is said only where the state that the command wanted is plainly there. What two hosts could both have brought
 * about, or what leaves no trace (the aborts of PREEMPT AND ABORT), stays undecided.
 */
import type { RegisteredKeys, Registration, ReservationState, ReservationType } from "./reservation.ts";
import { isAllRegistrants } from "./reservation.ts";
import { sameTransportId, type TransportId } from "./transport-id.ts";

/** What a PERSISTENT RESERVE OUT command wants to achieve. */
export type ReservationIntent =
  | { readonly kind: "register"; readonly newKey: bigint }
  | { readonly kind: "reserve"; readonly key: bigint; readonly type: ReservationType }
  | { readonly kind: "release"; readonly key: bigint }
  | { readonly kind: "clear"; readonly key: bigint }
  | { readonly kind: "preempt"; readonly key: bigint; readonly victimKey: bigint; readonly aborts: boolean }
  | { readonly kind: "move"; readonly newKey: bigint };

/** What was seen on the target after an answer was lost. */
export interface LostAnswerEvidence {
  readonly keys: RegisteredKeys;
  readonly reservation: ReservationState;
  /** From READ FULL STATUS, where the target has it. */
  readonly registrations: readonly Registration[] | undefined;
  readonly verdict: "achieved" | "not-achieved" | "undecided";
}

type Seen = Omit<LostAnswerEvidence, "verdict">;
type Verdict = LostAnswerEvidence["verdict"];

const verdictOf = (achieved: boolean): Verdict => (achieved ? "achieved" : "not-achieved");

/** Our own registrations, or undefined if the target or the transport does not tell which they are. */
function own(seen: Seen, initiatorPort: TransportId | undefined): readonly Registration[] | undefined {
  if (seen.registrations === undefined || initiatorPort === undefined) return undefined;
  return seen.registrations.filter(({ transportId }) => sameTransportId(transportId, initiatorPort));
}

function registered(newKey: bigint, seen: Seen, mine: readonly Registration[] | undefined): Verdict {
  if (mine !== undefined) {
    // One port may be registered through several target ports: only if all agree is it clear which one was meant.
    if (newKey === 0n) return mine.length === 0 ? "achieved" : mine.length === 1 ? "not-achieved" : "undecided";
    const changed = mine.filter(({ key }) => key === newKey).length;
    return changed === 0 ? "not-achieved" : changed === mine.length ? "achieved" : "undecided";
  }
  // Keys alone do not say whose they are.
  if (newKey === 0n) return seen.keys.keys.length === 0 ? "achieved" : "undecided";
  return seen.keys.keys.includes(newKey) ? "undecided" : "not-achieved";
}

function reserved(
  intent: { readonly key: bigint; readonly type: ReservationType },
  seen: Seen,
  mine: readonly Registration[] | undefined,
): Verdict {
  const { reservation } = seen;
  if (reservation.holder === "none" || reservation.type !== intent.type) return "not-achieved";
  if (mine !== undefined) return verdictOf(mine.some(({ holder }) => holder));
  if (isAllRegistrants(intent.type)) return verdictOf(seen.keys.keys.includes(intent.key));
  return verdictOf(reservation.holder === "one-nexus" && reservation.key === intent.key);
}

function preempted(
  intent: { readonly key: bigint; readonly victimKey: bigint; readonly aborts: boolean },
  seen: Seen,
): Verdict {
  const { keys } = seen.keys;
  const victims =
    intent.victimKey === 0n
      ? keys.some((key) => key !== intent.key)
      : intent.victimKey !== intent.key && keys.includes(intent.victimKey);
  if (victims) return "not-achieved";
  // Preempting one's own key leaves nothing to tell by; aborts leave none either; and without our key we were preempted too.
  if (intent.victimKey === intent.key || intent.aborts || !keys.includes(intent.key)) return "undecided";
  return "achieved";
}

/**
 * What can be concluded.
 *
 * @param intent what the command wanted
 * @param seen the state afterwards
 * @param initiatorPort our own initiator port, if the transport knows it
 */
export function judge(intent: ReservationIntent, seen: Seen, initiatorPort: TransportId | undefined): Verdict {
  if (seen.keys.truncated || seen.reservation.truncated) return "undecided";
  // Two questions, one moment: only if nobody changed registrations between them do the answers belong together.
  if (seen.keys.prGeneration !== seen.reservation.prGeneration) return "undecided";
  const mine = own(seen, initiatorPort);
  const { reservation } = seen;
  switch (intent.kind) {
    case "register":
      return registered(intent.newKey, seen, mine);
    case "reserve":
      return reserved(intent, seen, mine);
    case "release":
      if (reservation.holder === "all-registrants") return verdictOf(!seen.keys.keys.includes(intent.key));
      return verdictOf(reservation.holder === "none" || reservation.key !== intent.key);
    case "clear":
      if (seen.keys.keys.length === 0 && reservation.holder === "none") return "achieved";
      return seen.keys.keys.includes(intent.key) ? "not-achieved" : "undecided";
    case "preempt":
      return preempted(intent, seen);
    case "move":
      if (reservation.holder !== "one-nexus") return "undecided";
      return reservation.key === intent.newKey ? "achieved" : "not-achieved";
  }
}

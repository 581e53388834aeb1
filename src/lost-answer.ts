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
import type { TransportId } from "./transport-id.ts";
import { sameTransportId } from "./transport-id-text.ts";

/** What a PERSISTENT RESERVE OUT command wants to achieve. */
export type ReservationIntent =
  | {
      readonly kind: "register";
      readonly newKey: bigint;
      /** The nexus may have had this key before, and what else was asked for cannot be seen. */
      readonly traceless: boolean;
    }
  | { readonly kind: "reserve"; readonly key: bigint; readonly type: ReservationType }
  | { readonly kind: "release"; readonly key: bigint }
  | { readonly kind: "clear"; readonly key: bigint }
  | { readonly kind: "preempt"; readonly key: bigint; readonly victimKey: bigint; readonly aborts: boolean }
  | {
      readonly kind: "move";
      readonly key: bigint;
      readonly newKey: bigint;
      readonly transportId: TransportId;
      readonly relativeTargetPort: number;
    };

/** What was seen on the target after an answer was lost. */
export interface LostAnswerEvidence {
  /** READ KEYS, afterwards. */
  readonly keys: RegisteredKeys;
  /** READ RESERVATION, afterwards. */
  readonly reservation: ReservationState;
  /** From READ FULL STATUS, where the target has it. */
  readonly registrations: readonly Registration[] | undefined;
  /** Was what the command is for reached? */
  readonly verdict: "achieved" | "not-achieved" | "undecided";
}

type Seen = Omit<LostAnswerEvidence, "verdict">;
type Verdict = LostAnswerEvidence["verdict"];

const verdictOf = (achieved: boolean): Verdict => (achieved ? "achieved" : "not-achieved");

/** Does a device that leaves ISIDs out mean our port, perhaps? */
function perhapsOurs(reported: TransportId, initiatorPort: TransportId): boolean {
  return (
    reported.protocol === "iscsi" &&
    initiatorPort.protocol === "iscsi" &&
    (reported.isid === undefined) !== (initiatorPort.isid === undefined) &&
    reported.name.toLowerCase() === initiatorPort.name.toLowerCase()
  );
}

/** Our own registrations, or undefined if the target or the transport does not tell which they are. */
function own(seen: Seen, initiatorPort: TransportId | undefined): readonly Registration[] | undefined {
  if (seen.registrations === undefined || initiatorPort === undefined) return undefined;
  if (seen.registrations.some(({ transportId }) => perhapsOurs(transportId, initiatorPort))) return undefined;
  return seen.registrations.filter(({ transportId }) => sameTransportId(transportId, initiatorPort));
}

/** One port may be registered through several target ports: only if all agree is it clear which one was meant. */
function ofAll(mine: readonly Registration[], holds: (registration: Registration) => boolean): Verdict {
  const count = mine.filter(holds).length;
  return count === 0 ? "not-achieved" : count === mine.length ? "achieved" : "undecided";
}

function registered(
  intent: { readonly newKey: bigint; readonly traceless: boolean },
  seen: Seen,
  mine: readonly Registration[] | undefined,
): Verdict {
  const { newKey } = intent;
  if (mine !== undefined) {
    if (newKey === 0n) return mine.length === 0 ? "achieved" : mine.length === 1 ? "not-achieved" : "undecided";
    const verdict = ofAll(mine, ({ key }) => key === newKey);
    return verdict === "achieved" && intent.traceless ? "undecided" : verdict;
  }
  // Keys alone do not say whose they are.
  if (newKey === 0n) return seen.keys.keys.length === 0 ? "achieved" : "undecided";
  return seen.keys.keys.includes(newKey) ? "undecided" : "not-achieved";
}

/** Does our nexus hold, as far as the key tells? Two nexuses may have the same key. */
function heldByKey(key: bigint, seen: Seen): Verdict {
  if (seen.reservation.holder !== "one-nexus" || seen.reservation.key !== key) return "not-achieved";
  return seen.keys.keys.filter((each) => each === key).length === 1 ? "achieved" : "undecided";
}

function reserved(
  intent: { readonly key: bigint; readonly type: ReservationType },
  seen: Seen,
  mine: readonly Registration[] | undefined,
): Verdict {
  const { reservation } = seen;
  if (reservation.holder === "none" || reservation.type !== intent.type) return "not-achieved";
  if (mine !== undefined) return ofAll(mine, ({ holder }) => holder);
  if (isAllRegistrants(intent.type)) return verdictOf(seen.keys.keys.includes(intent.key));
  return heldByKey(intent.key, seen);
}

function preempted(
  intent: { readonly key: bigint; readonly victimKey: bigint; readonly aborts: boolean },
  seen: Seen,
  mine: readonly Registration[] | undefined,
): Verdict {
  const { keys } = seen.keys;
  const victims =
    intent.victimKey === 0n
      ? keys.some((key) => key !== intent.key)
      : intent.victimKey !== intent.key && keys.includes(intent.victimKey);
  if (victims) return "not-achieved";
  // Preempting one's own key leaves nothing to tell by; aborts leave none either; and without our key we were preempted too.
  if (intent.victimKey === intent.key || intent.aborts || !keys.includes(intent.key)) return "undecided";
  if (intent.victimKey === 0n) return keys.length === 1 ? "achieved" : "undecided";
  // That the victim is gone may be a third one's work, or its own. A race for its place is won by who holds it.
  const holds = mine === undefined ? heldByKey(intent.key, seen) : ofAll(mine, ({ holder }) => holder);
  return seen.reservation.holder === "one-nexus" && holds === "achieved" ? "achieved" : "undecided";
}

function moved(intent: Extract<ReservationIntent, { readonly kind: "move" }>, seen: Seen): Verdict {
  const { reservation, registrations } = seen;
  if (reservation.holder !== "one-nexus") return "undecided";
  if (reservation.key !== intent.newKey) return "not-achieved";
  if (registrations !== undefined) {
    return verdictOf(
      registrations.some(
        ({ holder, transportId, allTargetPorts, relativeTargetPort }) =>
          holder &&
          sameTransportId(transportId, intent.transportId) &&
          (allTargetPorts || relativeTargetPort === intent.relativeTargetPort),
      ),
    );
  }
  // With the same key the reservation looks alike before and after.
  return intent.key === intent.newKey ? "undecided" : "achieved";
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
      return registered(intent, seen, mine);
    case "reserve":
      return reserved(intent, seen, mine);
    case "release":
      if (reservation.holder === "all-registrants") return verdictOf(!seen.keys.keys.includes(intent.key));
      return verdictOf(reservation.holder === "none" || reservation.key !== intent.key);
    case "clear":
      if (seen.keys.keys.length === 0 && reservation.holder === "none") return "achieved";
      return seen.keys.keys.includes(intent.key) ? "not-achieved" : "undecided";
    case "preempt":
      return preempted(intent, seen, mine);
    case "move":
      return moved(intent, seen);
  }
}

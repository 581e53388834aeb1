/**
 * Rules of PERSISTENT RESERVE OUT that take registrations and reservations away: RELEASE, CLEAR, PREEMPT, PREEMPT AND
 * ABORT. Pure: they see the state and the request, and nothing else.
 *
 * Clauses are those of SPC-4 revision 36f (T10/1731-D).
 */
import { PersistentReserveOut } from "../../src/core/generated/codes.ts";
import { PersistentReserveOutList } from "../../src/core/generated/fields.ts";
import type { Nexus } from "./nexus.ts";
import {
  type Attention,
  advanceGeneration,
  concernsRegistrants,
  conflict,
  failed,
  good,
  isHolder,
  notifyRegistered,
  notifyReleased,
  type Outcome,
  type Reservation,
  type ReservationRules,
  type ReservationState,
  type ReserveOutRequest,
  removeRegistrations,
  reservationOf,
  scopeAndTypeFailure,
  scopeFailure,
  typeFailure,
} from "./reservations.ts";
import { faultInList, plainFault, senseCodes } from "./sense.ts";
import { UnitAttention } from "./unit-attentions.ts";

/** RELEASE: 5.13.11.2.2. */
export function release(state: ReservationState, rules: ReservationRules, request: ReserveOutRequest): Outcome {
  const { nexus, list, type } = request;
  const { deviations } = rules;
  const { reservation } = state;
  const key = state.registrations.get(nexus);
  if (key === undefined) return deviations.notRegistered ?? conflict;
  const { releaseKeyOf } = deviations;
  if (releaseKeyOf !== undefined && reservation === null) return good;
  if (releaseKeyOf === "holder" && !isHolder(state, nexus)) return good;
  if (list.reservationKey !== key) return conflict;
  if (list.specIPt) return failed(faultInList(PersistentReserveOutList.SPEC_I_PT));
  const another =
    deviations.releaseOfAnotherType ?? failed(plainFault(senseCodes.invalidReleaseOfPersistentReservation));
  // A scope that nobody implements is an error whoever names it (6.16.1); who looks at the key so late takes it for another.
  const scopeFails = scopeFailure(rules, request);
  if (scopeFails !== undefined) return releaseKeyOf === undefined ? scopeFails : another;
  if (reservation === null || !isHolder(state, nexus)) return good;
  if (reservation.type !== type) return another;
  state.reservation = null;
  const tells = concernsRegistrants(type) === (deviations.releaseTells === undefined);
  return tells ? { ...good, attentions: notifyReleased(state, rules, nexus) } : good;
}

/** CLEAR: 5.13.11.2.7. SCOPE and TYPE are ignored; APTPL stays as it was (5.13.5.1 does not name CLEAR). */
export function clear(state: ReservationState, rules: ReservationRules, { nexus, list }: ReserveOutRequest): Outcome {
  const own = state.registrations.get(nexus);
  if (own === undefined) return rules.deviations.notRegistered ?? conflict;
  if (list.reservationKey !== own) return conflict;
  if (list.specIPt) return failed(faultInList(PersistentReserveOutList.SPEC_I_PT));
  const attentions = notifyRegistered(state, nexus, UnitAttention.RESERVATIONS_PREEMPTED);
  state.registrations.clear();
  state.reservation = null;
  if (rules.deviations.clearEndsAptpl) state.persistsThroughPowerLoss = false;
  advanceGeneration(state);
  return { ...good, attentions };
}

/** PREEMPT and PREEMPT AND ABORT: 5.13.11.2.4 with table 72 and figure 9, 5.13.11.2.5, 5.13.11.2.6. */
export function preempt(state: ReservationState, rules: ReservationRules, request: ReserveOutRequest): Outcome {
  const { nexus, list } = request;
  if (list.reservationKey !== state.registrations.get(nexus)) return conflict;
  if (list.specIPt) return failed(faultInList(PersistentReserveOutList.SPEC_I_PT));
  const { deviations } = rules;
  const always = deviations.preemptChecks;
  const scopeFails = always?.includes("scope") ? scopeFailure(rules, request) : undefined;
  if (scopeFails !== undefined) return scopeFails;
  const typeFails = always?.includes("type") ? typeFailure(rules, request) : undefined;
  if (typeFails !== undefined) return typeFails;
  const key = list.serviceActionReservationKey;
  const before = state.reservation;
  if (key === 0n && before === null && deviations.preemptKeyZero !== undefined) return deviations.preemptKeyZero;
  const replaces = before !== null && identifiesHolder(state, before, key);
  if (replaces) {
    // Only then do they matter (5.13.11.2.5 b).
    const failure = scopeAndTypeFailure(rules, request);
    if (failure !== undefined) return failure;
  } else if (key === 0n && before !== null) {
    return failed(faultInList(PersistentReserveOutList.SERVICE_ACTION_RESERVATION_KEY));
  }
  // Key 0 gets this far only with an all registrants reservation, and then means everybody; or it matches nobody.
  const everybody = replaces && key === 0n;
  const named: Nexus[] = [];
  for (const [other, itsKey] of state.registrations) if (everybody || itsKey === key) named.push(other);
  if (named.length === 0) return conflict;

  const others = named.filter((other) => other !== nexus);
  const keepsSender = replaces || keeps(deviations, before);
  removeRegistrations(state, keepsSender ? others : named);
  const condition = deviations.preempted ?? UnitAttention.REGISTRATIONS_PREEMPTED;
  const attentions: Attention[] = others.map((other) => ({ nexus: other, condition }));
  if (replaces) {
    state.reservation = reservationOf(request.type, nexus);
    if (before.type !== request.type) {
      attentions.push(...notifyRegistered(state, nexus, UnitAttention.RESERVATIONS_RELEASED));
    }
  }
  advanceGeneration(state);
  const aborts = request.serviceAction === PersistentReserveOut.PREEMPT_AND_ABORT;
  return { ...good, attentions, aborted: aborts ? named : [] };
}

/** Does the sender stay registered although it names its own key, which is not the holder's? */
function keeps({ preemptKeepsSender }: ReservationRules["deviations"], reservation: Reservation | null): boolean {
  if (preemptKeepsSender === undefined) return false;
  if (reservation === null) return preemptKeepsSender.includes("no-reservation");
  return preemptKeepsSender.includes(reservation.holder === null ? "all-registrants" : "another-holder");
}

/** Does the key name who holds the reservation? Of all registrants only 0 does (table 72). */
function identifiesHolder({ registrations }: ReservationState, { holder }: Reservation, key: bigint): boolean {
  return holder === null ? key === 0n : registrations.get(holder) === key;
}

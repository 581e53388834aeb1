/**
 * Rules of PERSISTENT RESERVE OUT that take registrations and reservations away: RELEASE, CLEAR, PREEMPT, PREEMPT AND
 * ABORT. Pure: they see the state and the request, and nothing else.
 *
 * Clauses are those of SPC-4 revision 36f (T10/1731-D).
 */
import { PersistentReserveOut, Scope } from "../../src/core/generated/codes.ts";
import { PersistentReserveOutCdb, PersistentReserveOutList } from "../../src/core/generated/fields.ts";
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
  type Outcome,
  type Reservation,
  type ReservationRules,
  type ReservationState,
  type ReserveOutRequest,
  removeRegistrations,
  reservationOf,
  scopeAndTypeFault,
} from "./reservations.ts";
import { faultInCdb, faultInList, plainFault, senseCodes } from "./sense.ts";
import { UnitAttention } from "./unit-attentions.ts";

/** RELEASE: 5.13.11.2.2. */
export function release(state: ReservationState, _rules: ReservationRules, request: ReserveOutRequest): Outcome {
  const { nexus, list, scope, type } = request;
  if (list.reservationKey !== state.registrations.get(nexus)) return conflict;
  if (list.specIPt) return failed(faultInList(PersistentReserveOutList.SPEC_I_PT));
  // A scope that nobody implements is an error whoever names it (6.16.1).
  if (scope !== Scope.LOGICAL_UNIT) return failed(faultInCdb(PersistentReserveOutCdb.SCOPE));
  const { reservation } = state;
  if (reservation === null || !isHolder(state, nexus)) return good;
  if (reservation.type !== type) return failed(plainFault(senseCodes.invalidReleaseOfPersistentReservation));
  state.reservation = null;
  if (!concernsRegistrants(type)) return good;
  return { ...good, attentions: notifyRegistered(state, nexus, UnitAttention.RESERVATIONS_RELEASED) };
}

/** CLEAR: 5.13.11.2.7. SCOPE and TYPE are ignored; APTPL stays as it was (5.13.5.1 does not name CLEAR). */
export function clear(state: ReservationState, _rules: ReservationRules, { nexus, list }: ReserveOutRequest): Outcome {
  if (list.reservationKey !== state.registrations.get(nexus)) return conflict;
  if (list.specIPt) return failed(faultInList(PersistentReserveOutList.SPEC_I_PT));
  const attentions = notifyRegistered(state, nexus, UnitAttention.RESERVATIONS_PREEMPTED);
  state.registrations.clear();
  state.reservation = null;
  advanceGeneration(state);
  return { ...good, attentions };
}

/** PREEMPT and PREEMPT AND ABORT: 5.13.11.2.4 with table 72 and figure 9, 5.13.11.2.5, 5.13.11.2.6. */
export function preempt(state: ReservationState, rules: ReservationRules, request: ReserveOutRequest): Outcome {
  const { nexus, list } = request;
  if (list.reservationKey !== state.registrations.get(nexus)) return conflict;
  if (list.specIPt) return failed(faultInList(PersistentReserveOutList.SPEC_I_PT));
  const key = list.serviceActionReservationKey;
  const before = state.reservation;
  const replaces = before !== null && identifiesHolder(state, before, key);
  if (replaces) {
    // Only then do they matter (5.13.11.2.5 b).
    const fault = scopeAndTypeFault(rules, request);
    if (fault !== undefined) return failed(fault);
  } else if (key === 0n && before !== null) {
    return failed(faultInList(PersistentReserveOutList.SERVICE_ACTION_RESERVATION_KEY));
  }
  // Key 0 gets this far only with an all registrants reservation, and then means everybody; or it matches nobody.
  const everybody = replaces && key === 0n;
  const named: Nexus[] = [];
  for (const [other, itsKey] of state.registrations) if (everybody || itsKey === key) named.push(other);
  if (named.length === 0) return conflict;

  const others = named.filter((other) => other !== nexus);
  removeRegistrations(state, replaces ? others : named);
  const attentions: Attention[] = others.map((other) => ({
    nexus: other,
    condition: UnitAttention.REGISTRATIONS_PREEMPTED,
  }));
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

/** Does the key name who holds the reservation? Of all registrants only 0 does (table 72). */
function identifiesHolder({ registrations }: ReservationState, { holder }: Reservation, key: bigint): boolean {
  return holder === null ? key === 0n : registrations.get(holder) === key;
}

/**
 * The persistent reservation of one logical unit: its state, and what every rule asks of it or does to it. No clock, no
 * I/O, no bytes; the rules themselves are in registering.ts and releasing.ts.
 *
 * Clauses are those of SPC-4 revision 36f (T10/1731-D).
 */
import { ReservationType, Scope, Status } from "../../src/core/generated/codes.ts";
import { PersistentReserveOutCdb } from "../../src/core/generated/fields.ts";
import type { TransportId } from "../../src/transport-id.ts";
import type { Deviations } from "./deviations.ts";
import type { Nexus, NexusRegistry } from "./nexus.ts";
import { type Fault, faultInCdb } from "./sense.ts";
import { UnitAttention } from "./unit-attentions.ts";

/** A reservation. Its scope is always the logical unit (6.15.3.3). */
export interface Reservation {
  /** The type's code, 6.15.3.4 table 206. */
  readonly type: number;
  /** The holder; null where every registered I_T nexus is one (5.13.10). */
  readonly holder: Nexus | null;
}

/** All that the device server keeps about persistent reservations. */
export interface ReservationState {
  /** The reservation key of every registered I_T nexus, in order of registration. */
  registrations: Map<Nexus, bigint>;
  reservation: Reservation | null;
  /** PRGENERATION, 0 to 2^32 - 1. */
  generation: number;
  /** The last valid APTPL: does all this outlive a power loss? (5.13.5.1) */
  persistsThroughPowerLoss: boolean;
  /** A recoverable loss of persistent reservation information is to be dealt with (5.13.5.3.2). */
  lost: boolean;
}

/** What the device server is able to do, and what it is made of. */
export interface ReservationRules {
  /** Relative target port identifiers of all target ports of the SCSI target device, ascending. */
  readonly targetPorts: readonly number[];
  /** How many I_T nexuses can be registered at once. */
  readonly maximumRegistrations: number;
  /** The codes of the types that are supported. */
  readonly types: ReadonlySet<number>;
  readonly specifyInitiatorPorts: boolean;
  /** Is SPEC_I_PT valid with REGISTER AND IGNORE EXISTING KEY too? The standard says no (5.13.7 table 69 note a). */
  readonly specifyInitiatorPortsIgnoringKey: boolean;
  readonly allTargetPorts: boolean;
  readonly persistThroughPowerLoss: boolean;
  /** I_T nexuses as registrations see them. */
  readonly nexuses: Pick<NexusRegistry, "find" | "intern" | "all">;
  /** What the profile answers otherwise; the standard's answers stand in the rules. */
  readonly deviations: Deviations;
}

/**
 * A parameter list (6.16.3, 6.16.4), taken apart. Of a list of the other form its own fields are 0, false and empty.
 */
export interface ParameterList {
  readonly reservationKey: bigint;
  readonly serviceActionReservationKey: bigint;
  readonly specIPt: boolean;
  readonly allTgPt: boolean;
  readonly aptpl: boolean;
  readonly unreg: boolean;
  readonly relativeTargetPort: number;
  /** With SPEC_I_PT or REGISTER AND MOVE: each TransportID and the byte at which it begins. */
  readonly transportIds: readonly { readonly transportId: TransportId; readonly byte: number }[];
  /** What is wrong with the TransportIDs or their length; to be reported if they are needed. */
  readonly malformed: Fault | undefined;
}

/** One PERSISTENT RESERVE OUT. */
export interface ReserveOutRequest {
  readonly nexus: Nexus;
  readonly serviceAction: number;
  readonly scope: number;
  readonly type: number;
  readonly list: ParameterList;
}

/** A unit attention condition for one nexus. */
export interface Attention {
  readonly nexus: Nexus;
  readonly condition: number;
}

/** How a PERSISTENT RESERVE OUT ended. */
export interface Outcome {
  /** GOOD, CHECK CONDITION (then there is a fault), RESERVATION CONFLICT, or what a profile has instead. */
  readonly status: number;
  readonly fault?: Fault | undefined;
  /** Who is to get which unit attention condition, in the order in which they arise. */
  readonly attentions: readonly Attention[];
  /** PREEMPT AND ABORT: whose commands are to be aborted, this one excepted (5.13.11.2.6). */
  readonly aborted: readonly Nexus[];
}

/** GOOD, and nobody needs to know. */
export const good: Outcome = { status: Status.GOOD, attentions: [], aborted: [] };
/** RESERVATION CONFLICT. */
export const conflict: Outcome = { status: Status.RESERVATION_CONFLICT, attentions: [], aborted: [] };
/** CHECK CONDITION for a reason. */
export const failed = (fault: Fault): Outcome => ({
  status: Status.CHECK_CONDITION,
  fault,
  attentions: [],
  aborted: [],
});

/** No registrations, no reservation. */
export function createReservationState(): ReservationState {
  return { registrations: new Map(), reservation: null, generation: 0, persistsThroughPowerLoss: false, lost: false };
}

/** The state as it is now, which stays when the state goes on. */
export const copyOf = (state: ReservationState): ReservationState => ({
  ...state,
  registrations: new Map(state.registrations),
});

/** Is every registered I_T nexus a holder under this type? (5.13.10) */
export function isAllRegistrants(type: number): boolean {
  return (
    type === ReservationType.WRITE_EXCLUSIVE_ALL_REGISTRANTS ||
    type === ReservationType.EXCLUSIVE_ACCESS_ALL_REGISTRANTS
  );
}

/** Is the type registrants only or all registrants: does it concern more than its holder? */
export function concernsRegistrants(type: number): boolean {
  return type !== ReservationType.WRITE_EXCLUSIVE && type !== ReservationType.EXCLUSIVE_ACCESS;
}

/** Does the nexus hold the reservation, alone or as one of all registrants? (5.13.10) */
export function isHolder({ reservation, registrations }: ReservationState, nexus: Nexus): boolean {
  if (reservation === null) return false;
  return reservation.holder === null ? registrations.has(nexus) : reservation.holder === nexus;
}

/** The reservation that `nexus` makes with a type. */
export function reservationOf(type: number, nexus: Nexus): Reservation {
  return { type, holder: isAllRegistrants(type) ? null : nexus };
}

/** Counts a change; wraps at 2^32 (6.15.2). */
export function advanceGeneration(state: ReservationState, by = 1): void {
  state.generation = (state.generation + by) >>> 0;
}

/** A scope that nobody implements (6.16.1). */
export function scopeFailure({ deviations }: ReservationRules, { scope }: ReserveOutRequest): Outcome | undefined {
  return scope === Scope.LOGICAL_UNIT
    ? undefined
    : (deviations.scope ?? failed(faultInCdb(PersistentReserveOutCdb.SCOPE)));
}

/** A type that is not supported. */
export function typeFailure({ types }: ReservationRules, { type }: ReserveOutRequest): Outcome | undefined {
  return types.has(type) ? undefined : failed(faultInCdb(PersistentReserveOutCdb.TYPE));
}

/** What is wrong with SCOPE (6.16.1) or TYPE, where a rule uses them. */
export function scopeAndTypeFailure(rules: ReservationRules, request: ReserveOutRequest): Outcome | undefined {
  return scopeFailure(rules, request) ?? typeFailure(rules, request);
}

/** Gives a condition to every registered I_T nexus but one. */
export function notifyRegistered({ registrations }: ReservationState, except: Nexus, condition: number): Attention[] {
  const attentions: Attention[] = [];
  for (const nexus of registrations.keys()) if (nexus !== except) attentions.push({ nexus, condition });
  return attentions;
}

/** RESERVATIONS RELEASED, for those who are to be told: every registered I_T nexus but one. */
export function notifyReleased(state: ReservationState, rules: ReservationRules, except: Nexus): Attention[] {
  const condition = UnitAttention.RESERVATIONS_RELEASED;
  const right = notifyRegistered(state, except, condition);
  if (rules.deviations.releaseTellsOthers === undefined) return right;
  const wrong: Attention[] = [];
  for (const { nexus } of right) {
    for (const other of rules.nexuses.all()) if (other !== nexus) wrong.push({ nexus: other, condition });
  }
  return wrong;
}

/**
 * Removes registrations. The reservation is released with its holder's registration, or with the last one of all
 * registrants (5.13.10; 5.13.11.2.1 table 71).
 *
 * @returns the reservation that was released thereby, or null
 */
export function removeRegistrations(state: ReservationState, nexuses: Iterable<Nexus>): Reservation | null {
  for (const nexus of nexuses) state.registrations.delete(nexus);
  const { reservation } = state;
  if (reservation === null) return null;
  const held = reservation.holder === null ? state.registrations.size > 0 : state.registrations.has(reservation.holder);
  if (held) return null;
  state.reservation = null;
  return reservation;
}

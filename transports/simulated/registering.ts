/**
 * Rules of PERSISTENT RESERVE OUT that make or change registrations and reservations: REGISTER, REGISTER AND IGNORE
 * EXISTING KEY, RESERVE, REGISTER AND MOVE, REPLACE LOST RESERVATION. Pure: they see the state and the request, and
 * nothing else.
 *
 * Clauses are those of SPC-4 revision 36f (T10/1731-D).
 */
import { PersistentReserveOut, Status } from "../../src/core/generated/codes.ts";
import {
  PersistentReserveOutCdb,
  PersistentReserveOutList,
  RegisterAndMoveList,
} from "../../src/core/generated/fields.ts";
import type { TransportId } from "../../src/transport-id.ts";
import { type Nexus, nexusName } from "./nexus.ts";
import {
  advanceGeneration,
  concernsRegistrants,
  conflict,
  failed,
  good,
  isHolder,
  notifyReleased,
  type Outcome,
  type ReservationRules,
  type ReservationState,
  type ReserveOutRequest,
  removeRegistrations,
  reservationOf,
  scopeAndTypeFailure,
} from "./reservations.ts";
import { faultAtListByte, faultInCdb, faultInList, plainFault, senseCodes } from "./sense.ts";

/** REGISTER and REGISTER AND IGNORE EXISTING KEY: 5.13.7 with tables 67, 68 and 69; unregistering 5.13.11.2.3. */
export function register(state: ReservationState, rules: ReservationRules, request: ReserveOutRequest): Outcome {
  const { nexus, list } = request;
  const { deviations } = rules;
  const ignoresKey = request.serviceAction === PersistentReserveOut.REGISTER_AND_IGNORE_EXISTING_KEY;
  const registered = state.registrations.has(nexus);
  const ports = list.allTgPt && rules.allTargetPorts ? rules.targetPorts : [nexus.relativeTargetPort];
  // As if received individually through each target port (6.16.3 ALL_TG_PT); here all of them or none.
  if (!ignoresKey && !keyMatchesThrough(state, rules, request, ports)) return conflict;

  const invalid = registered || (ignoresKey && !rules.specifyInitiatorPortsIgnoringKey);
  if (list.specIPt && (invalid || !rules.specifyInitiatorPorts)) {
    const deviation = rules.specifyInitiatorPorts ? deviations.specIPtOfRegistered : deviations.unsupportedOption;
    return deviation ?? failed(faultInList(PersistentReserveOutList.SPEC_I_PT));
  }
  if (list.allTgPt && !rules.allTargetPorts) {
    return deviations.unsupportedOption ?? failed(faultInList(PersistentReserveOutList.ALL_TG_PT));
  }
  if (list.aptpl && !rules.persistThroughPowerLoss) {
    return deviations.unsupportedOption ?? failed(faultInList(PersistentReserveOutList.APTPL));
  }

  const key = list.serviceActionReservationKey;
  const before = state.reservation;
  const outcome = key === 0n ? unregister(state, rules, nexus, ports) : enroll(state, rules, request, ports);
  if (outcome.status !== Status.GOOD) return outcome;
  state.persistsThroughPowerLoss = list.aptpl;
  const counts = key === 0n && registered ? deviations.unregisteringCounts : undefined;
  advanceGeneration(state, state.reservation === before ? counts?.other : counts?.holder);
  return outcome;
}

function keyMatchesThrough(
  { registrations }: ReservationState,
  { nexuses }: ReservationRules,
  { nexus, list }: ReserveOutRequest,
  ports: readonly number[],
): boolean {
  for (const port of ports) {
    const through = port === nexus.relativeTargetPort ? nexus : nexuses.find(nexus.initiatorPort, port);
    const key = through === undefined ? undefined : registrations.get(through);
    if (list.reservationKey !== (key ?? 0n)) return false;
  }
  return true;
}

/** Unregisters the initiator port through each of the target ports; what was not registered stays so. */
function unregister(state: ReservationState, rules: ReservationRules, nexus: Nexus, ports: readonly number[]): Outcome {
  const { nexuses } = rules;
  const removed: Nexus[] = [];
  for (const port of ports) {
    const through = port === nexus.relativeTargetPort ? nexus : nexuses.find(nexus.initiatorPort, port);
    if (through !== undefined) removed.push(through);
  }
  const released = removeRegistrations(state, removed);
  const tells = released !== null && (concernsRegistrants(released.type) || rules.deviations.unregisterTells);
  return tells ? { ...good, attentions: notifyReleased(state, rules, nexus) } : good;
}

/** Registers every initiator port through every target port that the request names (table 69), or none of them. */
function enroll(
  state: ReservationState,
  rules: ReservationRules,
  { nexus, list }: ReserveOutRequest,
  ports: readonly number[],
): Outcome {
  if (!list.specIPt && !list.allTgPt) return enrollOne(state, rules, nexus, list.serviceActionReservationKey);
  if (list.specIPt && list.malformed !== undefined) return failed(list.malformed);

  const wanted = new Map<string, { readonly initiatorPort: TransportId; readonly port: number }>();
  const want = (initiatorPort: TransportId, port: number) =>
    wanted.set(nexusName(initiatorPort, port), { initiatorPort, port });
  for (const port of ports) want(nexus.initiatorPort, port);
  for (const { transportId, byte } of list.transportIds) {
    for (const port of ports) {
      const named = rules.nexuses.find(transportId, port);
      // Table 67 note b.
      if (named !== undefined && state.registrations.has(named)) return failed(faultAtListByte(byte));
      want(transportId, port);
    }
  }

  let additional = 0;
  for (const { initiatorPort, port } of wanted.values()) {
    const known = rules.nexuses.find(initiatorPort, port);
    if (known === undefined || !state.registrations.has(known)) additional++;
  }
  if (state.registrations.size + additional > rules.maximumRegistrations) return noResources(rules);
  for (const { initiatorPort, port } of wanted.values()) {
    state.registrations.set(rules.nexuses.intern(initiatorPort, port), list.serviceActionReservationKey);
  }
  return good;
}

const noResources = ({ deviations }: ReservationRules): Outcome =>
  deviations.noResources ?? failed(plainFault(senseCodes.insufficientRegistrationResources));

function enrollOne({ registrations }: ReservationState, rules: ReservationRules, nexus: Nexus, key: bigint): Outcome {
  if (registrations.size >= rules.maximumRegistrations && !registrations.has(nexus)) return noResources(rules);
  registrations.set(nexus, key);
  return good;
}

/** RESERVE: 5.13.9. */
export function reserve(state: ReservationState, rules: ReservationRules, request: ReserveOutRequest): Outcome {
  const { nexus, list } = request;
  const { deviations } = rules;
  const failure = scopeAndTypeFailure(rules, request);
  if (failure !== undefined && deviations.reserveTypeFirst) return failure;
  const key = state.registrations.get(nexus);
  if (key === undefined) return deviations.notRegistered ?? conflict;
  // The key is verified regardless of service action and scope (6.16.3).
  if (list.reservationKey !== key && !deviations.reserveIgnoresKey) return conflict;
  if (list.specIPt) return failed(faultInList(PersistentReserveOutList.SPEC_I_PT));
  if (failure !== undefined) return failure;
  if (state.reservation === null) {
    state.reservation = reservationOf(request.type, nexus);
    return good;
  }
  return isHolder(state, nexus) && state.reservation.type === request.type ? good : conflict;
}

/** REGISTER AND MOVE: 5.13.8 with table 70; 6.16.4. SCOPE and TYPE are ignored, as 5.13.8 b) has it. */
export function move(state: ReservationState, rules: ReservationRules, { nexus, list }: ReserveOutRequest): Outcome {
  const { deviations } = rules;
  const { moveByAnother } = deviations;
  if (moveByAnother !== undefined && state.registrations.has(nexus) && state.reservation?.holder !== nexus) {
    return moveByAnother;
  }
  if (list.reservationKey !== state.registrations.get(nexus)) return conflict;
  const { reservation } = state;
  if (reservation === null) return failed(faultInCdb(PersistentReserveOutCdb.SERVICE_ACTION));
  if (reservation.holder !== nexus) return conflict;
  if (list.serviceActionReservationKey === 0n) {
    return deviations.moveToKeyZero ?? failed(faultInList(RegisterAndMoveList.SERVICE_ACTION_RESERVATION_KEY));
  }
  if (list.aptpl && !rules.persistThroughPowerLoss) {
    return deviations.unsupportedOption ?? failed(faultInList(RegisterAndMoveList.APTPL));
  }
  if (list.malformed !== undefined) return failed(list.malformed);
  if (!rules.targetPorts.includes(list.relativeTargetPort)) {
    return failed(faultInList(RegisterAndMoveList.RELATIVE_TARGET_PORT_IDENTIFIER));
  }
  const [destination] = list.transportIds;
  if (destination === undefined) return failed(faultInList(RegisterAndMoveList.TRANSPORTID_PARAMETER_DATA_LENGTH));
  // The same initiator port, whatever the target port.
  const same = nexusName(destination.transportId, nexus.relativeTargetPort) === nexus.name;
  if (same) return failed(faultAtListByte(destination.byte));
  const known = rules.nexuses.find(destination.transportId, list.relativeTargetPort);
  const additional = known === undefined || !state.registrations.has(known);
  if (additional && state.registrations.size >= rules.maximumRegistrations) return noResources(rules);

  const holder = rules.nexuses.intern(destination.transportId, list.relativeTargetPort);
  state.registrations.set(holder, list.serviceActionReservationKey);
  state.reservation = { type: reservation.type, holder };
  if (list.unreg) removeRegistrations(state, [nexus]);
  state.persistsThroughPowerLoss = list.aptpl;
  advanceGeneration(state);
  return good;
}

/** REPLACE LOST RESERVATION: 5.13.11.3. */
export function replaceLost(state: ReservationState, rules: ReservationRules, request: ReserveOutRequest): Outcome {
  const { nexus, list } = request;
  if (!state.lost) return failed(plainFault(senseCodes.invalidReleaseOfPersistentReservation));
  // Not a RESERVATION CONFLICT while the information is lost (5.13.5.3.2 a).
  if (list.reservationKey !== 0n) return failed(faultInList(PersistentReserveOutList.RESERVATION_KEY));
  if (list.serviceActionReservationKey === 0n) {
    return failed(faultInList(PersistentReserveOutList.SERVICE_ACTION_RESERVATION_KEY));
  }
  if (list.specIPt) return failed(faultInList(PersistentReserveOutList.SPEC_I_PT));
  if (list.aptpl && !rules.persistThroughPowerLoss) return failed(faultInList(PersistentReserveOutList.APTPL));
  const failure = scopeAndTypeFailure(rules, request);
  if (failure !== undefined) return failure;

  state.registrations.clear();
  state.registrations.set(nexus, list.serviceActionReservationKey);
  state.reservation = reservationOf(request.type, nexus);
  state.persistsThroughPowerLoss = list.aptpl;
  state.lost = false;
  // 5.13.11.3 e), although 6.16.2 table 213 says that it is incremented; 6.15.2 does not name this service action.
  state.generation = 0;
  return good;
}

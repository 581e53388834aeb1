/**
 * Which commands a reservation lets through: the classes that the standards' tables have, as data, and the one look-up
 * that reads them. Which command is of which class stands in its row of the command table. Nothing here changes
 * anything.
 *
 *   spc4r36f 5.13.1 table 65, table 66; 5.13.3 (RESERVE and RELEASE in the presence of persistent reservations)
 *   sbc4     4.17 table 13
 *   spc2r20  5.5.1, table B.2 column [A] (in the presence of RESERVE)
 */
import { OperationCode, PersistentReserveOut, ReservationType } from "../../src/core/generated/codes.ts";
import type { Deviations } from "./deviations.ts";
import type { Nexus } from "./nexus.ts";
import { isHolder, type ReservationRules, type ReservationState } from "./reservations.ts";

/** Columns as bits: bit n is set if column n allows. */
const compile = (columns: string): number =>
  columns.split(/\s+/).reduce((mask, cell, column) => mask + (cell === "A" ? 2 ** column : 0), 0);

/**
 * The classes. A: allowed, C: conflict. The columns, left to right:
 *   WE  write exclusive, from any I_T nexus but the holder
 *   EA  exclusive access, likewise
 *   RR  any registrants only or all registrants type, from a registered I_T nexus
 *   wu  write exclusive, registrants only or all registrants, from an I_T nexus that is not registered
 *   eu  exclusive access, likewise
 *   Rs  the logical unit is reserved by another I_T nexus's RESERVE
 */
// biome-ignore format: the standards' columns
export const Access = {
  //                          WE EA RR wu eu Rs
  /** INQUIRY, REPORT LUNS, REQUEST SENSE, READ CAPACITY, RELEASE. */
  always:            compile("A  A  A  A  A  A"),
  /** TEST UNIT READY, PERSISTENT RESERVE IN; and those that `conflicts` judges by itself. */
  unlessReserved:    compile("A  A  A  A  A  C"),
  /** What only looks at the medium or the mode parameters. */
  reads:             compile("A  C  A  A  C  C"),
  /** What changes anything. */
  writes:            compile("C  C  A  C  C  C"),
} as const;

/**
 * PERSISTENT RESERVE OUT from an I_T nexus that does not hold the reservation: registered, not registered. The second
 * column holds without any reservation too (5.13.7).
 */
// biome-ignore format: the standards' columns
const serviceActions: readonly (readonly [serviceAction: number, columns: string])[] = [
  [PersistentReserveOut.CLEAR,                            "A C"],
  [PersistentReserveOut.PREEMPT,                          "A C"],
  [PersistentReserveOut.PREEMPT_AND_ABORT,                "A C"],
  [PersistentReserveOut.REGISTER,                         "A A"],
  [PersistentReserveOut.REGISTER_AND_IGNORE_EXISTING_KEY, "A A"],
  [PersistentReserveOut.REGISTER_AND_MOVE,                "C C"],
  [PersistentReserveOut.RELEASE,                          "A C"],
  [PersistentReserveOut.REPLACE_LOST_RESERVATION,         "A C"],
  [PersistentReserveOut.RESERVE,                          "C C"],
];

const serviceActionMasks = new Uint8Array(32);
for (const [serviceAction, columns] of serviceActions) serviceActionMasks[serviceAction] = compile(columns);

const WRITE_EXCLUSIVE = 1;
const EXCLUSIVE_ACCESS = 2;
const REGISTERED = 4;
const WRITE_EXCLUSIVE_UNREGISTERED = 8;
const EXCLUSIVE_ACCESS_UNREGISTERED = 16;
const RESERVED = 32;

function column(type: number, registered: boolean): number {
  if (type === ReservationType.WRITE_EXCLUSIVE) return WRITE_EXCLUSIVE;
  if (type === ReservationType.EXCLUSIVE_ACCESS) return EXCLUSIVE_ACCESS;
  if (registered) return REGISTERED;
  return type === ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY ||
    type === ReservationType.WRITE_EXCLUSIVE_ALL_REGISTRANTS
    ? WRITE_EXCLUSIVE_UNREGISTERED
    : EXCLUSIVE_ACCESS_UNREGISTERED;
}

function serviceActionConflicts(
  state: ReservationState,
  deviations: Deviations,
  nexus: Nexus,
  serviceAction: number,
): boolean {
  if (deviations.listFirst) return false;
  // While the information is lost nobody can be known as registered (5.13.5.3.2 a).
  if (state.lost && serviceAction === PersistentReserveOut.REPLACE_LOST_RESERVATION) return false;
  const mask = serviceActionMasks[serviceAction] as number;
  if (!state.registrations.has(nexus)) {
    return (mask & 2) === 0 && (deviations.notRegistered === undefined || state.reservation !== null);
  }
  if (serviceAction === PersistentReserveOut.REGISTER_AND_MOVE && deviations.moveByAnother !== undefined) return false;
  return state.reservation !== null && !isHolder(state, nexus) && (mask & 1) === 0;
}

/**
 * RESERVE or RELEASE while I_T nexuses are registered: a conflict (spc2r20 5.5.1), unless the device server has the
 * exceptions of 5.13.3 and the nexus holds the reservation or is among those whom a registrants type lets in. Then
 * GOOD, and nothing happens.
 */
function reserveConflicts(state: ReservationState, nexus: Nexus, compatible: boolean): boolean {
  if (state.registrations.size === 0) return false;
  if (!compatible || state.reservation === null) return true;
  if (isHolder(state, nexus)) return false;
  return column(state.reservation.type, state.registrations.has(nexus)) !== REGISTERED;
}

/** What {@link conflicts} looks at. */
export interface Reserved {
  readonly state: ReservationState;
  /** Who reserved the logical unit with RESERVE(6) or RESERVE(10), if anybody. */
  readonly reservedBy: Nexus | null;
  /** CRH: the exceptions of spc4r36f 5.13.3 are supported. */
  readonly compatibleReservationHandling: boolean;
  readonly rules: Pick<ReservationRules, "deviations">;
  /** The nexus by which a nexus is registered: itself, but where registrations are for initiator ports. */
  registrantOf(nexus: Nexus): Nexus;
}

/**
 * Must the command end in RESERVATION CONFLICT for who sends it and what is reserved? What depends on the parameter
 * list (a wrong reservation key) is judged later, by the service action's own rule.
 *
 * @param access the command's class, one of {@link Access}
 */
export function conflicts(
  reserved: Reserved,
  nexus: Nexus,
  operationCode: number,
  serviceAction: number,
  access: number,
): boolean {
  const { state, reservedBy } = reserved;
  if (reservedBy !== null) {
    // Regardless of initiator (spc2r20 5.5.1).
    if (operationCode === OperationCode.PERSISTENT_RESERVE_IN) return true;
    if (operationCode === OperationCode.PERSISTENT_RESERVE_OUT) return true;
    return reservedBy !== nexus && (access & RESERVED) === 0;
  }
  const registrant = reserved.registrantOf(nexus);
  switch (operationCode) {
    case OperationCode.PERSISTENT_RESERVE_OUT:
      return serviceActionConflicts(state, reserved.rules.deviations, registrant, serviceAction);
    case OperationCode.RESERVE_6:
    case OperationCode.RESERVE_10:
    case OperationCode.RELEASE_6:
    case OperationCode.RELEASE_10:
      return reserveConflicts(state, registrant, reserved.compatibleReservationHandling);
  }
  if (state.reservation === null || isHolder(state, registrant)) return false;
  return (access & column(state.reservation.type, state.registrations.has(registrant))) === 0;
}

/**
 * PERSISTENT RESERVE OUT (5Fh): register, reserve, release, clear, preempt, move. Every one of these changes the device's
 * state. Bytes: smr-j 3.14 (SPC-5), where smr-j is the Seagate SCSI Commands Reference Manual, Rev. J.
 *
 * What the standard forbids is refused here, before anything is sent.
 */
import { checkFlag, checkInteger, checkKey, checkNonZeroKey, checkOneOf } from "../check.ts";
import type { Command } from "../command.ts";
import { PersistentReserveOut, Scope, Size } from "../core/generated/codes.ts";
import { cdbOut, core, dataOut } from "../core/index.ts";
import type { ReservationIntent } from "../lost-answer.ts";
import {
  isAllRegistrants,
  persistentReserveOutNames,
  type ReservationType,
  reservationTypeNames,
  reservationTypes,
} from "../reservation.ts";
import { checkTransportId, putTransportId, type TransportId } from "../transport-id.ts";

/** What REGISTER and REGISTER AND IGNORE EXISTING KEY can ask for besides. */
export interface RegisterFlags {
  /** APTPL: registrations and reservation are to survive a loss of power. The last successful registration decides. */
  readonly persistThroughPowerLoss?: boolean | undefined;
  /** ALL_TG_PT: register through all target ports of the device, not only this one. */
  readonly allTargetPorts?: boolean | undefined;
  /**
   * SPEC_I_PT: register these initiator ports too, with the same key. All or none are registered. With REGISTER AND IGNORE EXISTING KEY
   * SPC-3 has it, and devices of that age take it; by SPC-4 it is ILLEGAL REQUEST there (spc4r36f 6.16.3). The device server judges.
   */
  readonly initiatorPorts?: readonly TransportId[] | undefined;
}

interface BasicList {
  readonly serviceAction: number;
  readonly type?: ReservationType;
  readonly key?: bigint;
  readonly serviceActionKey?: bigint;
  readonly flags?: RegisterFlags;
}

const noMeaning = (): void => undefined;

function command(
  serviceAction: number,
  cdbLength: number,
  listLength: number,
  list: "PersistentReserveOutList" | "SpecifyInitiatorPortsList" | "RegisterAndMoveList",
  intent: ReservationIntent | undefined,
): Command<void> {
  return {
    name: persistentReserveOutNames[serviceAction] as string,
    cdb: cdbOut(cdbLength),
    dataOut: dataOut(listLength),
    dataInLength: 0,
    effect: "reservation",
    layout: { cdb: "PersistentReserveOutCdb", dataOut: list },
    read: noMeaning,
    intent,
  };
}

/** All service actions but REGISTER AND MOVE (smr-j 3.14.3). Arguments have been checked. */
function basic(list: BasicList, intent: ReservationIntent | undefined): Command<void> {
  const initiatorPorts = list.flags?.initiatorPorts ?? [];
  const specified = list.flags?.initiatorPorts !== undefined;
  let transportIdsLength = 0;
  for (const id of initiatorPorts) {
    transportIdsLength += putTransportId(id, Size.SPECIFY_INITIATOR_PORTS_HEADER + transportIdsLength);
  }
  const cdbLength = core.persistentReserveOut(
    list.serviceAction,
    Scope.LOGICAL_UNIT,
    list.type === undefined ? 0 : reservationTypes[list.type],
    list.key ?? 0n,
    list.serviceActionKey ?? 0n,
    specified ? 1 : 0,
    list.flags?.allTargetPorts ? 1 : 0,
    list.flags?.persistThroughPowerLoss ? 1 : 0,
    transportIdsLength,
  );
  return command(
    list.serviceAction,
    cdbLength,
    specified ? Size.SPECIFY_INITIATOR_PORTS_HEADER + transportIdsLength : Size.PERSISTENT_RESERVE_OUT_LIST,
    specified ? "SpecifyInitiatorPortsList" : "PersistentReserveOutList",
    intent,
  );
}

function checkRegisterFlags(options: RegisterFlags): RegisterFlags {
  const { initiatorPorts } = options;
  if (initiatorPorts !== undefined && !Array.isArray(initiatorPorts)) {
    throw new TypeError("initiatorPorts must be an array of TransportIds");
  }
  initiatorPorts?.forEach((id, index) => {
    checkTransportId(id, `initiatorPorts[${index}]`);
  });
  return {
    persistThroughPowerLoss: checkFlag("persistThroughPowerLoss", options.persistThroughPowerLoss),
    allTargetPorts: checkFlag("allTargetPorts", options.allTargetPorts),
    initiatorPorts,
  };
}

/** Arguments of {@link register}. */
export interface RegisterOptions extends RegisterFlags {
  /** RESERVATION KEY: the key under which this nexus is registered now; 0n or absent if it is not. */
  readonly key?: bigint | undefined;
  /** SERVICE ACTION RESERVATION KEY: the key to register; 0n unregisters. */
  readonly newKey: bigint;
}

/**
 * REGISTER: registers this I_T nexus, changes its key, or unregisters it (smr-j 3.14.2, code 00h). The target answers
 * RESERVATION CONFLICT if `key` is not the key that it has for this nexus.
 *
 * @throws TypeError or RangeError for keys that are not 64-bit bigints or flags that are not boolean
 * @example
 * await unit.register({ newKey: 0xabcn });              // register
 * await unit.register({ key: 0xabcn, newKey: 0n });     // unregister
 */
export function register(options: RegisterOptions): Command<void> {
  const key = checkKey("key", options.key ?? 0n);
  const newKey = checkKey("newKey", options.newKey);
  const flags = checkRegisterFlags(options);
  return basic(
    { serviceAction: PersistentReserveOut.REGISTER, key, serviceActionKey: newKey, flags },
    { kind: "register", newKey, traceless: key === newKey },
  );
}

/** Arguments of {@link registerAndIgnoreExistingKey}. */
export interface RegisterAndIgnoreExistingKeyOptions extends RegisterFlags {
  /** SERVICE ACTION RESERVATION KEY: the key to register; 0n unregisters. */
  readonly newKey: bigint;
}

/**
 * REGISTER AND IGNORE EXISTING KEY: as {@link register}, whatever key this nexus has now (smr-j 3.14.2, code 06h).
 *
 * @throws TypeError or RangeError for a key that is not a 64-bit bigint or flags that are not boolean
 */
export function registerAndIgnoreExistingKey(options: RegisterAndIgnoreExistingKeyOptions): Command<void> {
  const newKey = checkKey("newKey", options.newKey);
  const flags = checkRegisterFlags(options);
  return basic(
    { serviceAction: PersistentReserveOut.REGISTER_AND_IGNORE_EXISTING_KEY, serviceActionKey: newKey, flags },
    // Perhaps it is registered already, and only the flags are new.
    { kind: "register", newKey, traceless: Object.values(flags).some((flag) => flag !== undefined && flag !== false) },
  );
}

/** Arguments of {@link reserve} and {@link release}. */
export interface ReserveOptions {
  /** RESERVATION KEY: the key under which this nexus is registered. */
  readonly key: bigint;
  /** TYPE: what others may still do; of RELEASE, that of the reservation. */
  readonly type: ReservationType;
}

const registeredKey = (name: string, value: unknown): bigint =>
  checkNonZeroKey(name, value, "a registered I_T nexus always has another key");

/**
 * RESERVE: takes a reservation of the whole logical unit (smr-j 3.14.2, code 01h). Asking again for what one already holds
 * is GOOD; a reservation of another nexus or type is a RESERVATION CONFLICT.
 *
 * @throws TypeError or RangeError for a key of 0 or a type that does not exist
 * @example
 * await unit.reserve({ key: 0xabcn, type: "write-exclusive-registrants-only" });
 */
export function reserve(options: ReserveOptions): Command<void> {
  const key = registeredKey("key", options.key);
  const type = checkOneOf("type", options.type, reservationTypeNames);
  return basic({ serviceAction: PersistentReserveOut.RESERVE, key, type }, { kind: "reserve", key, type });
}

/**
 * RELEASE: gives the reservation up (smr-j 3.14.2, code 02h). Type and scope must be those of the reservation. A nexus that
 * holds none gets GOOD, and nothing changes.
 *
 * @throws TypeError or RangeError for a key of 0 or a type that does not exist
 */
export function release(options: ReserveOptions): Command<void> {
  const key = registeredKey("key", options.key);
  const type = checkOneOf("type", options.type, reservationTypeNames);
  return basic({ serviceAction: PersistentReserveOut.RELEASE, key, type }, { kind: "release", key });
}

/** Arguments of {@link clear}. */
export interface ClearOptions {
  /** RESERVATION KEY: the key under which this nexus is registered. */
  readonly key: bigint;
}

/**
 * CLEAR: removes every registration and the reservation, everybody's (smr-j 3.14.2, code 03h).
 *
 * @throws TypeError or RangeError for a key of 0
 */
export function clear(options: ClearOptions): Command<void> {
  const key = registeredKey("key", options.key);
  return basic({ serviceAction: PersistentReserveOut.CLEAR, key }, { kind: "clear", key });
}

/** Arguments of {@link preempt} and {@link preemptAndAbort}. */
export interface PreemptOptions {
  /** RESERVATION KEY: the key under which this nexus is registered. */
  readonly key: bigint;
  /**
   * SERVICE ACTION RESERVATION KEY: the key whose registrations are to go. 0n means everybody else, and is allowed only
   * where the reservation is of an all-registrants type.
   */
  readonly victimKey: bigint;
  /** The type that the reservation has afterwards, if the victim held it. */
  readonly type: ReservationType;
}

function preemption(serviceAction: number, options: PreemptOptions): Command<void> {
  const key = registeredKey("key", options.key);
  const victimKey = checkKey("victimKey", options.victimKey);
  const type = checkOneOf("type", options.type, reservationTypeNames);
  return basic(
    { serviceAction, key, serviceActionKey: victimKey, type },
    {
      kind: "preempt",
      key,
      victimKey,
      aborts: serviceAction === PersistentReserveOut.PREEMPT_AND_ABORT,
    },
  );
}

/**
 * PREEMPT: removes the registrations of a key; if its owner held the reservation, takes it over (smr-j 3.14.2, code 04h).
 *
 * @throws TypeError or RangeError for keys that are not 64-bit bigints, an own key of 0, or a type that does not exist
 * @example
 * await unit.preempt({ key: 0xbn, victimKey: 0xan, type: "write-exclusive" });
 */
export function preempt(options: PreemptOptions): Command<void> {
  return preemption(PersistentReserveOut.PREEMPT, options);
}

/**
 * PREEMPT AND ABORT: as {@link preempt}, and aborts every task of the victims (smr-j 3.14.2, code 05h): once it has
 * answered GOOD, nothing that a victim sent before can still be written.
 *
 * @throws TypeError or RangeError for keys that are not 64-bit bigints, an own key of 0, or a type that does not exist
 */
export function preemptAndAbort(options: PreemptOptions): Command<void> {
  return preemption(PersistentReserveOut.PREEMPT_AND_ABORT, options);
}

/** Arguments of {@link registerAndMove}. */
export interface RegisterAndMoveOptions {
  /** RESERVATION KEY: the key under which this nexus, the holder, is registered. */
  readonly key: bigint;
  /** SERVICE ACTION RESERVATION KEY: the key to register for the other nexus; not 0. */
  readonly newKey: bigint;
  /** The initiator port that shall hold the reservation. */
  readonly transportId: TransportId;
  /** RELATIVE TARGET PORT IDENTIFIER of the port through which it shall, 1 to 65535. */
  readonly relativeTargetPort: number;
  /**
   * TYPE of the reservation that is moved. The standard lists it as a valid parameter of this service action; device
   * servers are known to ignore it. Absent: the field is 0.
   */
  readonly type?: ReservationType | undefined;
  /** UNREG: unregister this nexus at the same time. */
  readonly unregister?: boolean | undefined;
  /** APTPL: registrations and reservation are to survive a loss of power. */
  readonly persistThroughPowerLoss?: boolean | undefined;
}

/**
 * REGISTER AND MOVE: registers another I_T nexus and hands it the reservation that this one holds (smr-j 3.14.2, code 07h,
 * and 3.14.4). Not for all-registrants types: the target answers RESERVATION CONFLICT.
 *
 * @throws TypeError or RangeError for keys of 0 or a TransportID that cannot be sent
 */
export function registerAndMove(options: RegisterAndMoveOptions): Command<void> {
  const key = registeredKey("key", options.key);
  const newKey = checkNonZeroKey("newKey", options.newKey, "the other nexus cannot be registered with it");
  const transportId = checkTransportId(options.transportId);
  const relativeTargetPort = checkInteger("relativeTargetPort", options.relativeTargetPort, 1, 0xffff);
  const unregister = checkFlag("unregister", options.unregister);
  const persist = checkFlag("persistThroughPowerLoss", options.persistThroughPowerLoss);
  const type =
    options.type === undefined ? 0 : reservationTypes[checkOneOf("type", options.type, reservationTypeNames)];
  const transportIdLength = putTransportId(transportId, Size.PERSISTENT_RESERVE_OUT_LIST);
  const cdbLength = core.registerAndMove(
    Scope.LOGICAL_UNIT,
    type,
    key,
    newKey,
    relativeTargetPort,
    unregister ? 1 : 0,
    persist ? 1 : 0,
    transportIdLength,
  );
  return command(
    PersistentReserveOut.REGISTER_AND_MOVE,
    cdbLength,
    Size.PERSISTENT_RESERVE_OUT_LIST + transportIdLength,
    "RegisterAndMoveList",
    { kind: "move", key, newKey, transportId, relativeTargetPort },
  );
}

/** Arguments of {@link replaceLostReservation}. */
export interface ReplaceLostReservationOptions {
  /** SERVICE ACTION RESERVATION KEY: the key to register for this nexus; not 0. */
  readonly newKey: bigint;
  /** TYPE of the reservation that is made. */
  readonly type: ReservationType;
  /** APTPL: registrations and reservation are to survive a loss of power; false unless given (spc4r36f 5.13.5.1, 6.16.3). */
  readonly persistThroughPowerLoss?: boolean | undefined;
}

/**
 * REPLACE LOST RESERVATION: starts anew on a device that says it has lost its reservation information, sense 44h/01h
 * (smr-j 3.14.2, code 08h).
 *
 * @throws TypeError or RangeError for a key of 0, a type that does not exist, or a flag that is not boolean
 */
export function replaceLostReservation(options: ReplaceLostReservationOptions): Command<void> {
  const newKey = checkNonZeroKey("newKey", options.newKey, "a registered I_T nexus always has another key");
  const type = checkOneOf("type", options.type, reservationTypeNames);
  const flags = { persistThroughPowerLoss: checkFlag("persistThroughPowerLoss", options.persistThroughPowerLoss) };
  return basic(
    { serviceAction: PersistentReserveOut.REPLACE_LOST_RESERVATION, serviceActionKey: newKey, type, flags },
    isAllRegistrants(type) ? undefined : { kind: "reserve", key: newKey, type },
  );
}

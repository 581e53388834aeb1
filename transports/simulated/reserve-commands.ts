/**
 * PERSISTENT RESERVE IN and OUT, RESERVE and RELEASE as commands: from the decoded CDB to a rule and back to bytes. The
 * rules themselves are elsewhere; access.ts has let these commands through already.
 */
import {
  OperationCode,
  PersistentReserveIn,
  PersistentReserveOut,
  ReservationType,
  Scope,
  Size,
  Status,
} from "../../src/core/generated/codes.ts";
import {
  PersistentReserveInCdb,
  PersistentReserveOutCdb,
  ReportCapabilitiesData,
  Reserve6Cdb,
  Reserve10Cdb,
} from "../../src/core/generated/fields.ts";
import { ElementReservationCdb } from "../../src/core/generated/media-fields.ts";
import { CommandRecord } from "../../src/core/generated/records.ts";
import { core, dataOut, dataSize, dataWindow, longsIn, word } from "../../src/core/index.ts";
import { Access } from "./access.ts";
import { type Answer, conflictAnswer, dataAnswer, faultAnswer, goodAnswer, takenAnswer } from "./answer.ts";
import type { CommandRow } from "./command.ts";
import { sharing } from "./deviations.ts";
import type { Nexus } from "./nexus.ts";
import { decodeList } from "./parameter-list.ts";
import { copyOf, failed, isHolder, type Outcome, type ParameterList, type ReservationRules } from "./reservations.ts";
import { reserveOut } from "./reserve-out.ts";
import { type Fault, faultInCdb, plainFault, senseCodes } from "./sense.ts";
import { reservationsOf } from "./snapshot.ts";
import { establish } from "./unit-attentions.ts";
import type { Preserved, UnitState } from "./unit-state.ts";

/** PERSISTENT RESERVE OUT: spc4r36f 6.16. */
function persistentReserveOut(unit: UnitState, nexus: Nexus, dataOutBytes: Uint8Array): Answer {
  const serviceAction = word(CommandRecord.SERVICE_ACTION);
  const scope = word(CommandRecord.SCOPE);
  const type = word(CommandRecord.TYPE);
  const length = word(CommandRecord.LENGTH);
  const list = decodeList(serviceAction, dataOutBytes, length);
  const { deviations } = unit.rules;
  if (list === undefined) return answerOf(deviations.listLength ?? lengthError);
  const unsupported = deviations.listFirst ? unsupportedOption(unit.rules, serviceAction, list) : undefined;
  if (unsupported !== undefined) return answerOf(unsupported);
  const registrant = unit.registrantOf(nexus);
  const before = unit.preserve === undefined ? undefined : copyOf(unit.state);
  const outcome = reserveOut(unit.state, unit.rules, { nexus: registrant, serviceAction, scope, type, list });
  if (outcome.status !== Status.GOOD) return answerOf(outcome);
  if (before !== undefined) {
    const fault = notPreserved[unit.preserve?.(reservationsOf(unit)) ?? "kept"];
    if (fault !== undefined) {
      Object.assign(unit.state, before);
      return faultAnswer(fault);
    }
  }
  for (const { nexus: other, condition } of outcome.attentions) {
    for (const { attentions } of sharing(unit.nexuses, deviations, other)) {
      if (!deviations.repeatsAttentions) establish(attentions, condition);
      else if (attentions.length < MOST_ATTENTIONS) attentions.push(condition);
    }
  }
  // PREEMPT AND ABORT allows medium removal for those whom it preempts (5.13.11.2.6 h).
  if (outcome.aborted.length === 0) return takenAnswer(length);
  const aborted = outcome.aborted.flatMap((other) => sharing(unit.nexuses, deviations, other));
  for (const other of aborted) unit.preventedBy.delete(other);
  unit.robot?.abortOf(aborted);
  return takenAnswer(length, aborted);
}

/** More conditions than this do not wait for one nexus, where the same one waits more than once. */
const MOST_ATTENTIONS = 1024;

/** Memory that cannot keep what has changed: spc4r36f 6.16.1, 5.13.5.3.3 b. */
const notPreserved: Readonly<Record<Preserved, Fault | undefined>> = {
  kept: undefined,
  full: plainFault(senseCodes.insufficientRegistrationResources),
  failed: plainFault(senseCodes.internalTargetFailure),
};

/** An option that is not supported, where a device looks for it whatever the service action. */
function unsupportedOption(
  { specifyInitiatorPorts, allTargetPorts, persistThroughPowerLoss, deviations }: ReservationRules,
  serviceAction: number,
  list: ParameterList,
): Outcome | undefined {
  if (serviceAction === PersistentReserveOut.REGISTER_AND_MOVE) return undefined;
  const asks =
    (list.specIPt && !specifyInitiatorPorts) ||
    (list.allTgPt && !allTargetPorts) ||
    (list.aptpl && !persistThroughPowerLoss);
  return asks ? deviations.unsupportedOption : undefined;
}

const lengthError = failed(plainFault(senseCodes.parameterListLengthError));

/** The answer for an outcome that is not GOOD with its effects. */
function answerOf({ status, fault }: Outcome): Answer {
  if (fault !== undefined) return faultAnswer(fault);
  return status === Status.RESERVATION_CONFLICT ? conflictAnswer : { ...goodAnswer, status };
}

/** PERSISTENT RESERVE IN: spc4r36f 6.15. */
function persistentReserveIn(unit: UnitState): Answer {
  const serviceAction = word(CommandRecord.SERVICE_ACTION);
  const allocationLength = word(CommandRecord.LENGTH);
  if (allocationLength < (unit.rules.deviations.leastAllocationLength ?? 0)) return shortAllocation;
  return dataAnswer((readers[serviceAction] as Reader)(unit, allocationLength), allocationLength);
}

const shortAllocation = faultAnswer(plainFault(senseCodes.invalidFieldInCdb));

type Reader = (unit: UnitState, allocationLength: number) => Uint8Array;

const readers: Readonly<Record<number, Reader>> = {
  [PersistentReserveIn.READ_KEYS]: readKeys,
  [PersistentReserveIn.READ_RESERVATION]: readReservation,
  [PersistentReserveIn.REPORT_CAPABILITIES]: reportCapabilities,
  [PersistentReserveIn.READ_FULL_STATUS]: readFullStatus,
};

function readKeys({ state }: UnitState): Uint8Array {
  longsIn(state.registrations.values());
  return dataOut(core.encodeKeys(state.generation, state.registrations.size));
}

function readReservation({ state: { reservation, registrations, generation } }: UnitState): Uint8Array {
  if (reservation === null) return dataOut(core.encodeReservation(generation, 0, 0n, 0, 0));
  // All registrants hold it under no key: 0 (spc4r36f 5.13.10).
  const key = reservation.holder === null ? 0n : (registrations.get(reservation.holder) as bigint);
  return dataOut(core.encodeReservation(generation, 1, key, Scope.LOGICAL_UNIT, reservation.type));
}

/** A one-bit field of a two-byte group that ends with `lastByte`, as a bit of that group's value. */
const flag = (row: number, lastByte: number): number => 2 ** (8 * (lastByte - (row >>> 16)) + ((row >>> 8) & 0xff));

const typeFields: readonly (readonly [type: number, row: number])[] = [
  [ReservationType.WRITE_EXCLUSIVE, ReportCapabilitiesData.WR_EX],
  [ReservationType.EXCLUSIVE_ACCESS, ReportCapabilitiesData.EX_AC],
  [ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY, ReportCapabilitiesData.WR_EX_RO],
  [ReservationType.EXCLUSIVE_ACCESS_REGISTRANTS_ONLY, ReportCapabilitiesData.EX_AC_RO],
  [ReservationType.WRITE_EXCLUSIVE_ALL_REGISTRANTS, ReportCapabilitiesData.WR_EX_AR],
  [ReservationType.EXCLUSIVE_ACCESS_ALL_REGISTRANTS, ReportCapabilitiesData.EX_AC_AR],
];

/**
 * ALLOW COMMANDS 001b (spc4r36f 6.15.4 table 208): TEST UNIT READY always passes; the other commands named there do not
 * exist here.
 */
const ALLOW_COMMANDS = 1;

function reportCapabilities(unit: UnitState): Uint8Array {
  const { rules, state } = unit;
  let flags = flag(ReportCapabilitiesData.TMV, 3) | ((rules.deviations.allowCommands ?? ALLOW_COMMANDS) << 4);
  if (unit.replaceLostReservation) flags |= flag(ReportCapabilitiesData.RLR_C, 3);
  if (unit.compatibleReservationHandling) flags |= flag(ReportCapabilitiesData.CRH, 3);
  if (rules.specifyInitiatorPorts) flags |= flag(ReportCapabilitiesData.SIP_C, 3);
  if (rules.allTargetPorts) flags |= flag(ReportCapabilitiesData.ATP_C, 3);
  if (rules.persistThroughPowerLoss) flags |= flag(ReportCapabilitiesData.PTPL_C, 3);
  if (state.persistsThroughPowerLoss) flags |= flag(ReportCapabilitiesData.PTPL_A, 3);
  let typeMask = 0;
  for (const [type, row] of typeFields) if (rules.types.has(type)) typeMask |= flag(row, 5);
  return dataOut(core.encodeCapabilities(flags, typeMask));
}

/**
 * One descriptor for each I_T nexus; ALL_TG_PT stays 0, as 6.15.5 allows, but where a registration is for all target ports
 * of its initiator port.
 */
function readFullStatus({ state, rules: { deviations } }: UnitState, allocationLength: number): Uint8Array {
  const most = deviations.fullStatusAnnouncesWhatFits ? Math.min(allocationLength, dataSize) : Number.POSITIVE_INFINITY;
  const allTargetPorts = deviations.registrant === undefined ? 0 : 1;
  let end: number = Size.PERSISTENT_RESERVE_IN_HEADER;
  let length = end;
  for (const [nexus, key] of state.registrations) {
    const { transportId, relativeTargetPort } = nexus;
    const descriptorLength = Size.FULL_STATUS_DESCRIPTOR_HEADER + transportId.length;
    if (length + descriptorLength > most) break;
    length += descriptorLength;
    // ALLOCATION LENGTH has 16 bits: what lies beyond is counted, and never sent.
    if (length > dataSize) continue;
    const holds = isHolder(state, nexus);
    dataWindow.set(transportId, end + Size.FULL_STATUS_DESCRIPTOR_HEADER);
    const type = holds ? (state.reservation?.type as number) : 0;
    const held = holds ? 1 : 0;
    const port = relativeTargetPort;
    end = core.encodeFullStatusDescriptor(
      end,
      key,
      allTargetPorts,
      held,
      Scope.LOGICAL_UNIT,
      type,
      port,
      transportId.length,
    );
  }
  core.encodeFullStatusHeader(state.generation, length);
  return dataOut(end);
}

/** For a third party, or of an element of a changer: neither can be had. */
function notTheWholeUnit({ kind }: UnitState): Fault | undefined {
  if (word(CommandRecord.FLAG) !== 0) return faultInCdb(Reserve10Cdb.THIRD_PARTY);
  const element = kind.name === "changer" && core.cdbField(ElementReservationCdb.ELEMENT) === 1;
  return element ? faultInCdb(ElementReservationCdb.ELEMENT) : undefined;
}

/**
 * RESERVE(6) and RESERVE(10), from spc2r20. With registrations there it is the GOOD of spc4r36f 5.13.3, and nothing
 * happens.
 */
function reserveUnit(unit: UnitState, nexus: Nexus): Answer {
  const fault = notTheWholeUnit(unit);
  if (fault !== undefined) return faultAnswer(fault);
  if (unit.state.registrations.size === 0) unit.reservedBy = nexus;
  return goodAnswer;
}

/** RELEASE(6) and RELEASE(10): of another's reservation, or of none, it is no error and has no effect. */
function releaseUnit(unit: UnitState, nexus: Nexus): Answer {
  const fault = notTheWholeUnit(unit);
  if (fault !== undefined) return faultAnswer(fault);
  if (unit.reservedBy === nexus) unit.reservedBy = null;
  return goodAnswer;
}

const reserving = { access: Access.unlessReserved, perform: reserveUnit } as const;
const releasing = { access: Access.always, perform: releaseUnit } as const;

// biome-ignore format: one row per command
export const reserveCommands: readonly CommandRow[] = [
  { operationCode: OperationCode.RESERVE_6, cdb: Reserve6Cdb, ...reserving },
  { operationCode: OperationCode.RESERVE_10, cdb: Reserve10Cdb, ...reserving },
  { operationCode: OperationCode.RELEASE_6, cdb: Reserve6Cdb, ...releasing },
  { operationCode: OperationCode.RELEASE_10, cdb: Reserve10Cdb, ...releasing },
  ...Object.values(PersistentReserveIn).map((serviceAction): CommandRow => (
    { operationCode: OperationCode.PERSISTENT_RESERVE_IN, serviceAction, cdb: PersistentReserveInCdb, access: Access.unlessReserved, perform: persistentReserveIn }
  )),
  ...Object.values(PersistentReserveOut).map((serviceAction): CommandRow => (
    {
      operationCode: OperationCode.PERSISTENT_RESERVE_OUT, serviceAction, cdb: PersistentReserveOutCdb, access: Access.unlessReserved, perform: persistentReserveOut,
      ...(serviceAction === PersistentReserveOut.REPLACE_LOST_RESERVATION ? { existsIn: (unit) => unit.replaceLostReservation, allowedWhenLost: true } : {}),
    }
  )),
];

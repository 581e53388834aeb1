/**
 * The device server of one simulated logical unit: a CDB and data from an I_T nexus in, a status with data or sense
 * out. It decides in which order things are looked at, and leaves each to its own file. No clock, no randomness, no
 * I/O: the same calls give the same answers.
 *
 * The order, for every command (sam4r14 5.14; spc4r36f 5.13.1, 5.13.5.3.2):
 *   1. a unit attention condition that tells of a reset or of a lost nexus
 *   2. operation code and service action: is there such a command?
 *   3. lost persistent reservation information
 *   4. RESERVATION CONFLICT for who the nexus is
 *   5. any other unit attention condition
 *   6. the command itself, whose parameter list may still conflict
 */
import { OperationCode, PersistentReserveOut, ServiceActionIn16 } from "../../src/core/generated/codes.ts";
import { PersistentReserveOutCdb, type ReadCapacity16Cdb } from "../../src/core/generated/fields.ts";
import { CommandRecord } from "../../src/core/generated/records.ts";
import { cdbIn, cdbWindow, core, word } from "../../src/core/index.ts";
import type { TransportId } from "../../src/transport-id.ts";
import { conflicts } from "./access.ts";
import { type Answer, conflictAnswer, faultAnswer, senseAnswer } from "./answer.ts";
import { read10, read16, write10, write16 } from "./block-commands.ts";
import {
  inquiry,
  readCapacity10,
  readCapacity16,
  reportLuns,
  requestSense,
  testUnitReady,
} from "./inquiry-commands.ts";
import type { Nexus } from "./nexus.ts";
import {
  isReserveInServiceAction,
  persistentReserveIn,
  persistentReserveOut,
  releaseUnit,
  reserveUnit,
} from "./reserve-commands.ts";
import { isReserveOutServiceAction } from "./reserve-out.ts";
import { type Fault, faultInCdb, plainFault, senseCodes } from "./sense.ts";
import { applySnapshot, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { attentionSense, establish, isReset, UnitAttention } from "./unit-attentions.ts";
import { createUnitState, type DeviceServerOptions, type UnitState } from "./unit-state.ts";

/** One command of the dispatch table. */
interface Command {
  readonly perform: (unit: UnitState, nexus: Nexus, dataOut: Uint8Array) => Answer;
  /**
   * INQUIRY, REPORT LUNS, REQUEST SENSE: processed in spite of a unit attention condition, which stays (sam4r14 5.14 a,
   * b, e).
   */
  readonly ignoresAttentions?: true;
  /** Allowed while persistent reservation information is lost (spc4r36f 5.13.5.2). */
  readonly allowedWhenLost?: true;
  /** Of commands with service actions: does this one exist? */
  readonly hasServiceAction?: (unit: UnitState, serviceAction: number) => boolean;
}

const commands: Readonly<Record<number, Command>> = {
  [OperationCode.TEST_UNIT_READY]: { perform: testUnitReady },
  [OperationCode.REQUEST_SENSE]: { perform: requestSense, ignoresAttentions: true, allowedWhenLost: true },
  [OperationCode.INQUIRY]: { perform: inquiry, ignoresAttentions: true, allowedWhenLost: true },
  [OperationCode.REPORT_LUNS]: { perform: reportLuns, ignoresAttentions: true, allowedWhenLost: true },
  [OperationCode.READ_CAPACITY_10]: { perform: readCapacity10 },
  [OperationCode.SERVICE_ACTION_IN_16]: {
    perform: readCapacity16,
    hasServiceAction: (_unit, serviceAction) => serviceAction === ServiceActionIn16.READ_CAPACITY_16,
  },
  [OperationCode.READ_10]: { perform: read10 },
  [OperationCode.READ_16]: { perform: read16 },
  [OperationCode.WRITE_10]: { perform: write10 },
  [OperationCode.WRITE_16]: { perform: write16 },
  [OperationCode.RESERVE_6]: { perform: reserveUnit },
  [OperationCode.RESERVE_10]: { perform: reserveUnit },
  [OperationCode.RELEASE_6]: { perform: releaseUnit },
  [OperationCode.RELEASE_10]: { perform: releaseUnit },
  [OperationCode.PERSISTENT_RESERVE_IN]: {
    perform: persistentReserveIn,
    hasServiceAction: (_unit, serviceAction) => isReserveInServiceAction(serviceAction),
  },
  [OperationCode.PERSISTENT_RESERVE_OUT]: {
    perform: persistentReserveOut,
    hasServiceAction: (unit, serviceAction) =>
      isReserveOutServiceAction(serviceAction) &&
      (unit.replaceLostReservation || serviceAction !== PersistentReserveOut.REPLACE_LOST_RESERVATION),
  },
};

const byOperationCode: readonly (Command | undefined)[] = Array.from({ length: 256 }, (_, code) => commands[code]);

const noSuchCommand: Fault = {
  code: senseCodes.invalidCommandOperationCode,
  pointer: { inCdb: true, byte: 0, bit: -1 },
};
/** All commands with service actions have theirs in the same place. */
const noSuchServiceAction = faultInCdb(
  PersistentReserveOutCdb.SERVICE_ACTION satisfies typeof ReadCapacity16Cdb.SERVICE_ACTION,
);
const badCdb = plainFault(senseCodes.invalidFieldInCdb);
const informationLost = plainFault(senseCodes.persistentReservationInformationLost);

function perform(unit: UnitState, nexus: Nexus, cdb: Uint8Array, dataOut: Uint8Array): Answer {
  const operationCode = cdb[0] ?? -1;
  const command = byOperationCode[operationCode];
  const { attentions } = nexus;
  const attention = command?.ignoresAttentions === true ? undefined : attentions[0];
  if (attention !== undefined && isReset(attention)) return reportAttention(attentions);

  if (command === undefined) return faultAnswer(noSuchCommand);
  if (cdb.length > cdbWindow.length) return faultAnswer(badCdb);
  cdbIn(cdb);
  if (core.decodeCommand(cdb.length) !== 0) return faultAnswer(badCdb);
  const serviceAction = word(CommandRecord.SERVICE_ACTION);
  if (command.hasServiceAction?.(unit, serviceAction) === false) return faultAnswer(noSuchServiceAction);

  if (unit.state.lost && command.allowedWhenLost !== true && !replacesLost(operationCode, serviceAction)) {
    return faultAnswer(informationLost);
  }
  if (conflicts(unit, nexus, operationCode, serviceAction)) return conflictAnswer;
  if (attention !== undefined) return reportAttention(attentions);
  return command.perform(unit, nexus, dataOut);
}

const replacesLost = (operationCode: number, serviceAction: number): boolean =>
  operationCode === OperationCode.PERSISTENT_RESERVE_OUT &&
  serviceAction === PersistentReserveOut.REPLACE_LOST_RESERVATION;

/** Reports the first condition, and clears it (sam4r14 5.14). */
const reportAttention = (attentions: number[]): Answer => senseAnswer(attentionSense(attentions.shift() as number));

/** One logical unit. Everything happens at once: each call is done when it returns. */
export interface DeviceServer {
  /** Logical blocks, and the bytes in each. */
  readonly blocks: number;
  readonly blockSize: number;
  /** The I_T nexus between an initiator port and a target port of this unit; the same object for the same two. */
  nexus(initiatorPort: TransportId, relativeTargetPort?: number): Nexus;
  /**
   * Executes one command.
   *
   * @param nexus from {@link DeviceServer.nexus} of this unit
   * @param cdb the command descriptor block
   * @param dataOut all the data that the initiator sends
   */
  execute(nexus: Nexus, cdb: Uint8Array, dataOut?: Uint8Array): Answer;
  /**
   * Power goes, and comes back. Registrations and reservation are kept only if the last valid APTPL was 1; PRGENERATION
   * becomes 0 and RESERVE is forgotten either way (spc4r36f 5.13.5.1, 6.15.2). Every nexus finds POWER ON OCCURRED, and
   * nothing else.
   */
  powerCycle(): void;
  /**
   * A logical unit reset, or a wider one. Persistent reservations stay, RESERVE does not (spc4r36f 5.13.1).
   *
   * @param condition what every nexus finds; BUS DEVICE RESET FUNCTION OCCURRED unless given
   */
  reset(condition?: number): void;
  /** The nexus is lost: its RESERVE ends, its registration stays, and it finds I_T NEXUS LOSS OCCURRED. */
  loseNexus(nexus: Nexus): void;
  /**
   * The nonvolatile memory fails: a recoverable loss of persistent reservation information (spc4r36f 5.13.5.3.2).
   * RangeError if the unit has no REPLACE LOST RESERVATION.
   */
  loseReservations(): void;
  /** What outlives the process, as plain data. */
  snapshot(): Snapshot;
  /** Makes the unit what a snapshot says, PRGENERATION included. RangeError for a snapshot that cannot be. */
  restore(snapshot: Snapshot): void;
}

const nothing = new Uint8Array(0);

/**
 * A simulated logical unit: a disk in memory, with persistent reservations after SPC-4 and RESERVE and RELEASE after
 * SPC-2.
 *
 * @throws TypeError or RangeError for an option that cannot be
 */
export function createDeviceServer(options: DeviceServerOptions = {}): DeviceServer {
  const unit = createUnitState(options);
  const { state, rules } = unit;
  const forgetReservations = () => {
    state.registrations.clear();
    state.reservation = null;
  };
  return {
    blocks: unit.blocks,
    blockSize: unit.blockSize,
    nexus(initiatorPort, relativeTargetPort = rules.targetPorts[0] as number) {
      if (!rules.targetPorts.includes(relativeTargetPort)) {
        throw new RangeError(
          `There is no target port ${relativeTargetPort}; there are ${rules.targetPorts.join(", ")}`,
        );
      }
      return rules.nexuses.intern(initiatorPort, relativeTargetPort);
    },
    execute: (nexus, cdb, dataOut = nothing) => perform(unit, nexus, cdb, dataOut),
    powerCycle() {
      unit.reservedBy = null;
      state.generation = 0;
      if (!state.persistsThroughPowerLoss) forgetReservations();
      for (const { attentions } of rules.nexuses.all()) {
        attentions.length = 0;
        attentions.push(UnitAttention.POWER_ON_OCCURRED);
      }
    },
    reset(condition = UnitAttention.BUS_DEVICE_RESET_FUNCTION_OCCURRED) {
      unit.reservedBy = null;
      for (const { attentions } of rules.nexuses.all()) establish(attentions, condition);
    },
    loseNexus(nexus) {
      if (unit.reservedBy === nexus) unit.reservedBy = null;
      establish(nexus.attentions, UnitAttention.I_T_NEXUS_LOSS_OCCURRED);
    },
    loseReservations() {
      // Without RLR_C nothing may end in PERSISTENT RESERVATION INFORMATION LOST (spc4r36f 6.15.4).
      if (!unit.replaceLostReservation) throw new RangeError("A unit without REPLACE LOST RESERVATION cannot recover");
      forgetReservations();
      unit.reservedBy = null;
      state.lost = true;
    },
    snapshot: () => takeSnapshot(unit),
    restore: (snapshot) => applySnapshot(unit, snapshot),
  };
}

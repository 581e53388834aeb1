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
 *   6. is ACA asked for, is there a medium, and may it be written?
 *   7. the command itself, whose parameter list may still conflict
 */
import { SenseResponseCode } from "../../src/core/generated/codes.ts";
import { PersistentReserveOutCdb } from "../../src/core/generated/fields.ts";
import { CommandRecord } from "../../src/core/generated/records.ts";
import { cdbIn, cdbWindow, core, word } from "../../src/core/index.ts";
import type { TransportId } from "../../src/transport-id.ts";
import { conflicts } from "./access.ts";
import { type Answer, conflictAnswer, faultAnswer, senseAnswer } from "./answer.ts";
import type { DeviceType } from "./device-kind.ts";
import type { Drive } from "./media/drive.ts";
import type { Library } from "./media/library.ts";
import { defaultStreamSettings } from "./media/stream-mode.ts";
import { MediumError } from "./medium.ts";
import { defaultModeSettings } from "./mode-pages.ts";
import type { Nexus } from "./nexus.ts";
import { type Fault, faultInCdb, inDescriptorFormat, plainFault, senseCodes } from "./sense.ts";
import { applySnapshot, type Reservations, reservationsOf, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { attentionSense, establish, isReset, UnitAttention } from "./unit-attentions.ts";
import { createUnitState, type DeviceServerOptions, isReady, type UnitState } from "./unit-state.ts";

const noSuchCommand: Fault = {
  code: senseCodes.invalidCommandOperationCode,
  pointer: { inCdb: true, byte: 0, bit: -1 },
};
/** All commands with service actions have theirs in the same place. */
const noSuchServiceAction = faultInCdb(PersistentReserveOutCdb.SERVICE_ACTION);
const badCdb = plainFault(senseCodes.invalidFieldInCdb);
const informationLost = plainFault(senseCodes.persistentReservationInformationLost);
const noMedium = plainFault(senseCodes.mediumNotPresent);
const mediumFaults = {
  read: plainFault(senseCodes.unrecoveredReadError),
  write: plainFault(senseCodes.writeError),
} as const;
const writeProtected = plainFault(senseCodes.logicalUnitSoftwareWriteProtected);

/** NACA of the CONTROL byte: where NORMACA of INQUIRY is 0, as here, it cannot be 1. */
const NACA = 0x04;
const noAca = (control: number): Fault => ({
  code: senseCodes.invalidFieldInCdb,
  pointer: { inCdb: true, byte: control >>> 16, bit: 2 },
});

function perform(unit: UnitState, nexus: Nexus, cdb: Uint8Array, dataOut: Uint8Array): Answer {
  const operationCode = cdb[0] ?? -1;
  let command = unit.commands.byOperationCode[operationCode];
  const { attentions } = nexus;
  const attention = command?.ignoresAttentions === true ? undefined : attentions[0];
  const first = attention !== undefined && (isReset(attention) || unit.rules.deviations.attentionsFirst === true);
  if (first) return reportAttention(attentions);

  if (command === undefined) return faultAnswer(noSuchCommand);
  if (cdb.length > cdbWindow.length) return faultAnswer(badCdb);
  cdbIn(cdb);
  if (core.decodeCommand(cdb.length) !== 0) return faultAnswer(badCdb);
  const serviceAction = word(CommandRecord.SERVICE_ACTION);
  if (command.serviceAction !== undefined) {
    command = unit.commands.byServiceAction[operationCode]?.[serviceAction];
    if (command === undefined) return faultAnswer(noSuchServiceAction);
  }

  if (unit.state.lost && command.allowedWhenLost !== true) return faultAnswer(informationLost);
  const access = typeof command.access === "number" ? command.access : command.access(unit);
  if (conflicts(unit, nexus, operationCode, serviceAction, access)) return conflictAnswer;
  if (attention !== undefined) return reportAttention(attentions);
  const naca = command.cdb.CONTROL;
  if (naca !== undefined && ((cdb[naca >>> 16] as number) & NACA) !== 0) return faultAnswer(noAca(naca));
  if (command.medium !== undefined && !isReady(unit)) return faultAnswer(noMedium);
  if (command.medium === "write" && unit.mode.softwareWriteProtect) return faultAnswer(writeProtected);
  try {
    return command.perform(unit, nexus, dataOut);
  } catch (error) {
    if (error instanceof MediumError) return faultAnswer(mediumFaults[error.failed]);
    throw error;
  }
}

/** What a robot would take time for, at once. */
function withoutTime(answer: Answer): Answer {
  for (const step of answer.motion ?? []) {
    const fault = step();
    if (fault !== undefined) return faultAnswer(fault);
  }
  return answer.motion === undefined ? answer : { ...answer, motion: undefined };
}

/** As the Control mode page has it: D_SENSE. */
function inSenseFormat({ mode }: UnitState, answer: Answer): Answer {
  const { sense } = answer;
  // The copy manager makes its own.
  if (!mode.descriptorSense || sense.length === 0 || sense[0] === SenseResponseCode.DESCRIPTOR_CURRENT) return answer;
  return { ...answer, sense: inDescriptorFormat(sense) };
}

/** Reports the first condition, and clears it (sam4r14 5.14). */
const reportAttention = (attentions: number[]): Answer => senseAnswer(attentionSense(attentions.shift() as number));

/** One logical unit. Everything happens at once: each call is done when it returns. */
export interface DeviceServer {
  /** Logical blocks, and the bytes in each. */
  readonly blocks: number;
  /** Bytes in a logical block. */
  readonly blockSize: number;
  /**
   * The I_T nexus between an initiator port and a target port of this unit; the same object for the same two, as long as
   * somebody uses it.
   */
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
   * Executes one command in its time: most at once, those that wait for a changer's robot when it has done them. A promise
   * whose command is aborted, or lost with power or a reset, stays open for good; what the robot has done by then stays done.
   *
   * @param isWanted asked before the command begins and at each step of the robot: false ends it there
   */
  start(nexus: Nexus, cdb: Uint8Array, dataOut?: Uint8Array, isWanted?: () => boolean): Answer | Promise<Answer>;
  /** Would {@link DeviceServer.start} take its time for this command? */
  takesTime(cdb: Uint8Array): boolean;
  /** What kind of device it is. */
  readonly type: DeviceType;
  /** Of a changer: its library. */
  readonly library: Library | undefined;
  /** Of a tape: its drive. */
  readonly drive: Drive | undefined;
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
   * Whoever got the nexus from {@link DeviceServer.nexus} has no more use for it. A nexus that nobody uses, with neither
   * registration nor RESERVE, may be forgotten when there are many of them; who comes back then finds I_T NEXUS LOSS OCCURRED
   * in the place of all conditions that waited.
   */
  retireNexus(nexus: Nexus): void;
  /**
   * The nonvolatile memory fails: a recoverable loss of persistent reservation information (spc4r36f 5.13.5.3.2).
   * RangeError if the unit has no REPLACE LOST RESERVATION.
   */
  loseReservations(): void;
  /** TAS of the Control mode page: do commands that another I_T nexus aborts end with TASK ABORTED? */
  readonly taskAbortedStatus: boolean;
  /** The persistent reservations as they are now, as plain data. */
  reservations(): Reservations;
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
  const unit = createUnitState(options, () => server);
  const { state, rules } = unit;
  const forgetReservations = () => {
    state.registrations.clear();
    state.reservation = null;
  };
  /** What any reset ends: RESERVE, PREVENT, and mode parameters that were changed (none is ever saved). */
  const forgetVolatile = () => {
    unit.reservedBy = null;
    unit.preventedBy.clear();
    unit.copyResults.forget();
    Object.assign(unit.mode, defaultModeSettings());
    Object.assign(unit.stream, defaultStreamSettings());
  };
  const everybodyFinds = (condition: number) => {
    for (const { attentions } of unit.nexuses.all()) establish(attentions, condition);
  };
  if (unit.library !== undefined) {
    unit.library.isLocked = () => unit.preventedBy.size > 0;
    unit.library.onAccess = () => everybodyFinds(UnitAttention.IMPORT_OR_EXPORT_ELEMENT_ACCESSED);
  }
  if (unit.drive !== undefined) {
    const { vendor, product, serialNumber } = unit;
    unit.drive.identity = { vendor, product, serialNumber };
    unit.drive.preventsRemoval = () => unit.preventedBy.size > 0;
    unit.drive.onLoad = () => everybodyFinds(UnitAttention.MEDIUM_MAY_HAVE_CHANGED);
  }
  const execute = (nexus: Nexus, cdb: Uint8Array, dataOut: Uint8Array = nothing) =>
    inSenseFormat(unit, withoutTime(perform(unit, nexus, cdb, dataOut)));
  const server: DeviceServer = {
    blocks: unit.blocks,
    blockSize: unit.blockSize,
    nexus(initiatorPort, relativeTargetPort = rules.targetPorts[0] as number) {
      if (!rules.targetPorts.includes(relativeTargetPort)) {
        throw new RangeError(
          `There is no target port ${relativeTargetPort}; there are ${rules.targetPorts.join(", ")}`,
        );
      }
      return unit.nexuses.use(initiatorPort, relativeTargetPort);
    },
    type: unit.kind.name,
    library: unit.library,
    drive: unit.drive,
    execute,
    takesTime: (cdb) => unit.robot !== undefined && unit.commands.byOperationCode[cdb[0] ?? -1]?.usesRobot === true,
    start(nexus, cdb, dataOut = nothing, isWanted = always) {
      const { robot } = unit;
      if (robot === undefined || !server.takesTime(cdb)) return execute(nexus, cdb, dataOut);
      return new Promise((resolve) => {
        robot.submit({
          nexus,
          isWanted,
          begin: () => perform(unit, nexus, cdb, dataOut),
          settle: (answer) => resolve(inSenseFormat(unit, answer)),
        });
      });
    },
    powerCycle() {
      unit.robot?.stop();
      // A drive rewinds when it finds a tape at power on.
      if (unit.drive !== undefined) unit.drive.position = 0;
      forgetVolatile();
      state.generation = 0;
      if (!state.persistsThroughPowerLoss) forgetReservations();
      for (const { attentions } of rules.nexuses.all()) {
        attentions.length = 0;
        attentions.push(UnitAttention.POWER_ON_OCCURRED);
      }
    },
    reset(condition = UnitAttention.BUS_DEVICE_RESET_FUNCTION_OCCURRED) {
      unit.robot?.stop();
      forgetVolatile();
      for (const { attentions } of unit.nexuses.all()) establish(attentions, condition);
    },
    loseNexus(nexus) {
      if (unit.reservedBy === nexus) unit.reservedBy = null;
      unit.preventedBy.delete(nexus);
      unit.copyResults.forget(nexus);
      unit.robot?.abortOf([nexus]);
      establish(nexus.attentions, UnitAttention.I_T_NEXUS_LOSS_OCCURRED);
    },
    retireNexus: (nexus) => unit.nexuses.retire(nexus),
    loseReservations() {
      // Without RLR_C nothing may end in PERSISTENT RESERVATION INFORMATION LOST (spc4r36f 6.15.4).
      if (!unit.replaceLostReservation) throw new RangeError("A unit without REPLACE LOST RESERVATION cannot recover");
      forgetReservations();
      unit.reservedBy = null;
      state.lost = true;
    },
    get taskAbortedStatus() {
      return unit.mode.taskAbortedStatus;
    },
    reservations: () => reservationsOf(unit),
    snapshot: () => takeSnapshot(unit),
    restore: (snapshot) => applySnapshot(unit, snapshot),
  };
  return server;
}

const always = (): boolean => true;

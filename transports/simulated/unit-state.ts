/**
 * Everything that one simulated logical unit is and remembers, and the options that it is made from. No behaviour.
 */
import { checkFlag, checkInteger, checkOneOf } from "../../src/check.ts";
import { OperationCode, PersistentReserveOut } from "../../src/core/generated/codes.ts";
import { type Profile, type ProfileName, profileNames, profiles } from "../../src/profiles/index.ts";
import { type ReservationType, reservationTypeNames, reservationTypes } from "../../src/reservation.ts";
import type { Reserved } from "./access.ts";
import { type Clock, realClock } from "./clock.ts";
import { type CommandRow, type CommandSet, createCommandSet } from "./command.ts";
import type { CopyUnit } from "./copying/reach.ts";
import { type CopyResults, createCopyResults } from "./copying/results.ts";
import { readDeviations, registrantsOf } from "./deviations.ts";
import { type DeviceKind, type DeviceType, deviceKinds, deviceTypes } from "./device-kind.ts";
import { createCartridge } from "./media/cartridge.ts";
import { createDrive, type Drive } from "./media/drive.ts";
import { createLibrary, type Library } from "./media/library.ts";
import { createRobot, type Robot } from "./media/robot.ts";
import { defaultStreamSettings, type StreamSettings } from "./media/stream-mode.ts";
import { createMedium, type Medium } from "./medium.ts";
import { defaultModeSettings, type ModeSettings } from "./mode-pages.ts";
import { createNexusRegistry, type Nexus, type NexusRegistry } from "./nexus.ts";
import { createReservationState, type ReservationRules } from "./reservations.ts";
import type { Reservations } from "./snapshot.ts";
import { UnitAttention } from "./unit-attentions.ts";

/** How it went to make persistent reservations durable. */
export type Preserved = "kept" | "full" | "failed";

/** What a simulated logical unit is to be like. Everything has a default. */
export interface DeviceServerOptions {
  /** What it is: a disk unless given. */
  readonly type?: DeviceType | undefined;
  /** Of a changer: what it moves in; a small library of its own unless given. */
  readonly library?: Library | undefined;
  /** Of a tape: its drive, which may be one of a library's; a drive with a blank cartridge unless given. */
  readonly drive?: Drive | undefined;
  /** Of a changer: how long the robot takes for a command, in milliseconds; 0, at once, unless given. */
  readonly moveMs?: number | undefined;
  /** What the robot's time is measured by; the real time unless given. */
  readonly clock?: Clock | undefined;
  /** Logical blocks, 1 to 2^37; 2048 unless given. Memory is taken only for what is written. */
  readonly blocks?: number | undefined;
  /** Bytes in a logical block: a power of two from 512 to 65536; 512 unless given. */
  readonly blockSize?: number | undefined;
  /** What kind of device it is; `spc` unless given. Options that are given as well count for more. */
  readonly profile?: ProfileName | undefined;
  /** Can the medium be ejected? RMB; false unless given. */
  readonly removable?: boolean | undefined;
  /** Thin provisioned: UNMAP, GET LBA STATUS by block, WRITE SAME that unmaps; false unless given. */
  readonly thin?: boolean | undefined;
  /** Where the blocks are; in memory unless given. */
  readonly medium?: Medium | undefined;
  /** UNIT SERIAL NUMBER, and what the unit's NAA designator is made from; `SIM0` unless given. */
  readonly serialNumber?: string | undefined;
  /** Relative target port identifiers, 1 to 65535 each; one port with the identifier 1 unless given. */
  readonly targetPorts?: readonly number[] | undefined;
  /** Most I_T nexuses that can be registered at once, 1 to 32000; 1024 unless given. */
  readonly maximumRegistrations?: number | undefined;
  /** The reservation types that are supported; all six unless given. */
  readonly types?: readonly ReservationType[] | undefined;
  /** CRH: RESERVE and RELEASE as in spc4r36f 5.13.3; true unless given. */
  readonly compatibleReservationHandling?: boolean | undefined;
  /** SIP_C: SPEC_I_PT; true unless given. */
  readonly specifyInitiatorPorts?: boolean | undefined;
  /** ATP_C: ALL_TG_PT; true unless given. */
  readonly allTargetPorts?: boolean | undefined;
  /** PTPL_C: APTPL; true unless given. */
  readonly persistThroughPowerLoss?: boolean | undefined;
  /**
   * Makes persistent reservations durable: called with what a PERSISTENT RESERVE OUT leaves behind, before that ends in GOOD and
   * before anybody is told of it. Unless it is `kept`, the command ends in CHECK CONDITION and has changed nothing: `full`
   * is INSUFFICIENT REGISTRATION RESOURCES (spc4r36f 6.16.1), `failed` is HARDWARE ERROR, INTERNAL TARGET FAILURE
   * (5.13.5.3.3 b). Nothing is kept unless given: what a snapshot holds is the caller's to keep.
   */
  readonly preserve?: ((reservations: Reservations) => Preserved) | undefined;
  /** RLR_C: REPLACE LOST RESERVATION; true unless given. */
  readonly replaceLostReservation?: boolean | undefined;
  /** Does every new I_T nexus find POWER ON, RESET, OR BUS DEVICE RESET OCCURRED waiting? False unless given. */
  readonly powerOnUnitAttention?: boolean | undefined;
  /** The LUNs of the SCSI target device, for REPORT LUNS; LUN 0 alone unless given. */
  readonly luns?: (() => readonly number[]) | undefined;
  /** The device servers of the SCSI target device, for EXTENDED COPY from one to another; this one alone unless given. */
  readonly peers?: (() => readonly CopyUnit[]) | undefined;
}

/** One logical unit's insides. */
export interface UnitState extends Reserved {
  readonly kind: DeviceKind;
  /** T10 VENDOR IDENTIFICATION and PRODUCT IDENTIFICATION. */
  readonly vendor: string;
  readonly product: string;
  /** Of a changer. */
  readonly library: Library | undefined;
  /** Of a changer whose robot takes its time. */
  readonly robot: Robot | undefined;
  /** Of a tape. */
  readonly drive: Drive | undefined;
  readonly stream: StreamSettings;
  readonly sharedPrevention: boolean;
  readonly testUnitReadyConflicts: boolean;
  readonly blocks: number;
  readonly blockSize: number;
  readonly serialNumber: string;
  readonly rules: ReservationRules;
  /** The I_T nexuses that are remembered. */
  readonly nexuses: NexusRegistry;
  readonly replaceLostReservation: boolean;
  readonly preserve: DeviceServerOptions["preserve"];
  readonly medium: Medium;
  readonly thin: boolean;
  readonly removable: boolean;
  /** Is there a medium? Always, unless it can be ejected. */
  loaded: boolean;
  /** Who prevents its removal. */
  readonly preventedBy: Set<Nexus>;
  /** The mode parameters that can be changed. */
  readonly mode: ModeSettings;
  readonly commands: CommandSet;
  readonly luns: () => readonly number[];
  /** This logical unit, and all of its SCSI target device, as the copy manager sees them. */
  readonly self: () => CopyUnit;
  readonly peers: () => readonly CopyUnit[];
  readonly copyResults: CopyResults;
  reservedBy: Nexus | null;
}

const lunZero: readonly number[] = [0];
/** I_T nexuses without users and registrations that are remembered, at least. */
const IDLE_NEXUSES = 1024;

/** An option that is true unless it, or the profile, says otherwise. */
function yes(
  name:
    | "specifyInitiatorPorts"
    | "allTargetPorts"
    | "persistThroughPowerLoss"
    | "replaceLostReservation"
    | "compatibleReservationHandling",
  options: DeviceServerOptions,
  profile: Profile,
): boolean {
  const value = options[name];
  return value === undefined ? profile[name] !== false : checkFlag(name, value);
}

/** T10 VENDOR IDENTIFICATION of devices that are nobody's. */
const VENDOR = "SIMULATE";

/** Is there a medium that is ready? A changer needs none. */
export const isReady = ({ drive, loaded }: UnitState): boolean => drive?.loaded ?? loaded;

/**
 * @param self the device server that this is the state of
 * @throws TypeError or RangeError for an option that cannot be
 */
export function createUnitState(options: DeviceServerOptions, self: () => CopyUnit): UnitState {
  const blockSize = checkInteger("blockSize", options.blockSize ?? 512, 512, 65_536);
  if (!Number.isInteger(Math.log2(blockSize)))
    throw new RangeError(`blockSize must be a power of two, got ${blockSize}`);
  const serialNumber = options.serialNumber ?? "SIM0";
  if (!/^[\x21-\x7e]{1,64}$/.test(serialNumber)) {
    throw new RangeError(
      `serialNumber must be 1 to 64 printable ASCII characters, got ${JSON.stringify(serialNumber)}`,
    );
  }
  const targetPorts = [...new Set(options.targetPorts ?? [1])].sort((a, b) => a - b);
  if (targetPorts.length === 0) throw new RangeError("targetPorts must name at least one port");
  for (const port of targetPorts) checkInteger("targetPorts", port, 1, 0xffff);
  const profile: Profile = profiles[checkOneOf("profile", options.profile ?? "spc", profileNames)];
  const types = options.types ?? profile.types ?? reservationTypeNames;
  const kind = deviceKinds[checkOneOf("type", options.type ?? "disk", deviceTypes)];
  const inquiry = profile.inquiry?.deviceType === kind.deviceType ? profile.inquiry : undefined;
  const moveMs = checkInteger("moveMs", options.moveMs ?? 0, 0, 86_400_000);
  const powersOn = checkFlag("powerOnUnitAttention", options.powerOnUnitAttention);
  const deviations = readDeviations(profile.answers);
  const [firstPort = 1] = targetPorts;
  const maximumRegistrations = checkInteger("maximumRegistrations", options.maximumRegistrations ?? 1024, 1, 32_000);
  const state = createReservationState();
  const nexuses = createNexusRegistry({
    attentions: powersOn ? [UnitAttention.POWER_ON_RESET_OR_BUS_DEVICE_RESET_OCCURRED] : [],
    idle: maximumRegistrations + IDLE_NEXUSES,
    isNeeded: (nexus) => state.registrations.has(nexus) || hasAHold(nexus),
    afterForgetting: UnitAttention.I_T_NEXUS_LOSS_OCCURRED,
  });
  const hasAHold = (nexus: Nexus): boolean => whole.reservedBy === nexus || whole.preventedBy.has(nexus);
  const unit: UnitState = {
    kind,
    vendor: inquiry?.vendor ?? VENDOR,
    product: inquiry?.product ?? kind.product,
    library: kind.name === "changer" ? (options.library ?? createLibrary()) : undefined,
    robot: kind.name === "changer" && moveMs > 0 ? createRobot(options.clock ?? realClock, moveMs) : undefined,
    drive: kind.name === "tape" ? (options.drive ?? createDrive(createCartridge("SIM001L6"))) : undefined,
    stream: defaultStreamSettings(),
    sharedPrevention: profile.sharedPrevention === true,
    testUnitReadyConflicts: profile.testUnitReadyConflicts === true,
    blocks: checkInteger("blocks", options.blocks ?? 2048, 1, 2 ** 37),
    blockSize,
    serialNumber,
    rules: {
      targetPorts,
      maximumRegistrations,
      types: new Set(types.map((type) => reservationTypes[checkOneOf("types", type, reservationTypeNames)])),
      specifyInitiatorPorts: yes("specifyInitiatorPorts", options, profile),
      specifyInitiatorPortsIgnoringKey:
        profile.specifyInitiatorPortsWith?.includes(PersistentReserveOut.REGISTER_AND_IGNORE_EXISTING_KEY) === true,
      allTargetPorts: yes("allTargetPorts", options, profile),
      persistThroughPowerLoss: yes("persistThroughPowerLoss", options, profile),
      nexuses: registrantsOf(nexuses, deviations, firstPort),
      deviations,
    },
    nexuses,
    registrantOf:
      deviations.registrant === undefined
        ? (nexus) => nexus
        : ({ initiatorPort }) => nexuses.intern(initiatorPort, firstPort),
    replaceLostReservation: yes("replaceLostReservation", options, profile),
    compatibleReservationHandling: yes("compatibleReservationHandling", options, profile),
    preserve: options.preserve,
    thin: checkFlag("thin", options.thin),
    removable: kind.name !== "disk" || checkFlag("removable", options.removable),
    loaded: true,
    preventedBy: new Set(),
    mode: defaultModeSettings(),
    commands: createCommandSet([]),
    medium: options.medium ?? createMedium(blockSize),
    luns: options.luns ?? (() => lunZero),
    self,
    peers: options.peers ?? (() => [self()]),
    copyResults: createCopyResults(),
    state,
    reservedBy: null,
  };
  const there = kind.rows.filter((row) => row.existsIn?.(unit) !== false && !isAbsent(profile, row));
  const whole: UnitState = { ...unit, commands: createCommandSet(there) };
  return whole;
}

/** Does the profile say that there is no such command? */
function isAbsent(profile: Profile, { operationCode, serviceAction = 0 }: CommandRow): boolean {
  const { persistentReservations, absentIn = [], absentOut = [] } = profile;
  if (operationCode === OperationCode.PERSISTENT_RESERVE_IN) {
    return persistentReservations === false || absentIn.includes(serviceAction);
  }
  if (operationCode === OperationCode.PERSISTENT_RESERVE_OUT) {
    return persistentReservations === false || absentOut.includes(serviceAction);
  }
  return false;
}

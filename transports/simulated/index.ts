/**
 * The simulated target: a disk in memory with persistent reservations, for tests and for trying things out. Re-exports
 * only, but for the one host that `sim:` URLs share.
 */
import type { Transport } from "../../src/transport.ts";
import { createSimulatedHost, type OpenSimulatedOptions, openSimulatedIn, type SimulatedHost } from "./host.ts";

export type { DeviatingAnswers, Ending } from "../../src/profiles/index.ts";
export { type Profile, type ProfileName, profileNames, profiles } from "../../src/profiles/index.ts";
export type { Answer } from "./answer.ts";
export { type Clock, createVirtualClock, realClock, type VirtualClock } from "./clock.ts";
export type { CopyUnit } from "./copying/reach.ts";
export type { DeviceType } from "./device-kind.ts";
export { createDeviceServer, type DeviceServer } from "./device-server.ts";
export {
  type AnnouncedEvent,
  checkFaultPlan,
  createFaultDraw,
  type Fault,
  type FaultDraw,
  type FaultEvent,
  type FaultKind,
  type FaultPlan,
  FaultPlanError,
  type FaultRule,
  faultKinds,
} from "./fault-plan.ts";
export { createFaultPlan, faultStatuses, type RunningFaults, runFaults } from "./faults.ts";
export { createSimulatedHost, type OpenSimulatedOptions, type SimulatedHost } from "./host.ts";
export { type Cartridge, createCartridge, type LogicalObject } from "./media/cartridge.ts";
export { createDrive, type Drive } from "./media/drive.ts";
export { createLibrary, type Element, type Library, type LibraryOptions } from "./media/library.ts";
export { createMedium, type Medium, MediumError } from "./medium.ts";
export type { Nexus } from "./nexus.ts";
export { createRandom, type Random } from "./random.ts";
export type { Fault as SenseFault, SenseCode } from "./sense.ts";
export type { Reservations, Snapshot } from "./snapshot.ts";
export {
  createSimulatedTarget,
  type NexusOptions,
  type SimulatedTarget,
  type SimulatedTargetOptions,
  type SimulatedUnit,
} from "./target.ts";
export type { SimulatedTask } from "./task-set.ts";
export type { HookResult, SimulatedHook } from "./transport.ts";
export { attentionSense, establish, UnitAttention } from "./unit-attentions.ts";
export type { DeviceServerOptions, Preserved } from "./unit-state.ts";

/**
 * Where `sim:` URLs meet unless told otherwise: shared by everything in this process. The only state that a module here
 * has.
 */
export const simulatedHost: SimulatedHost = createSimulatedHost();

/**
 * Opens a simulated unit by URL: `sim:NAME[/LUN][?initiator=…&port=…&blocks=…&block-size=…]`. Within one process the
 * same name and LUN are the same unit, so that two initiators meet there.
 *
 * @param url LUN 0 unless given; `initiator` is a TransportID's text, `port` a relative target port identifier
 * @throws TypeError for a URL of another form, RangeError for a part of it that cannot be
 * @example
 * await using a = openSimulated("sim:disk?initiator=iqn.2026-01.com.example:a");
 * await using b = openSimulated("sim:disk?initiator=iqn.2026-01.com.example:b");
 */
export function openSimulated(url: string, options: OpenSimulatedOptions = {}): Transport {
  return openSimulatedIn(simulatedHost, url, options);
}

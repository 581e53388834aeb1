/**
 * A request against a profile, before it is sent: what of it the device does not take, in words. Pure: it looks at the
 * bytes, so that every way to make them is checked alike, and it sends nothing.
 */
import { PersistentReserveIn, PersistentReserveOut, Scope } from "../core/generated/codes.ts";
import { CommandRecord, ParameterListRecord } from "../core/generated/records.ts";
import { cdbIn, cdbWindow, core, dataIn, dataSize, word } from "../core/index.ts";
import {
  persistentReserveInNames,
  persistentReserveOutNames,
  type ReservationCapabilities,
  reservationTypeName,
  reservationTypeNames,
  reservationTypes,
} from "../reservation.ts";
import type { ScsiRequest } from "../transport.ts";
import type { Profile } from "./profile.ts";

/** One field that is outside a profile. */
export interface Objection {
  /** The field, in the standard's words. */
  readonly field: string;
  /** What the request has in it. */
  readonly value: string;
  /** What the device takes in its place. */
  readonly takes: string;
}

const PERSISTENT_RESERVE_IN = 0x5e;
const PERSISTENT_RESERVE_OUT = 0x5f;
/** The parameter list without TransportIDs (seed: "includes all fields, even when a field is not required"). */
const WHOLE_LIST = 24;

/** The service actions that use SCOPE and TYPE (spc4r36f 6.16.2 table 213). */
const usesType: ReadonlySet<number> = new Set([
  PersistentReserveOut.RESERVE,
  PersistentReserveOut.RELEASE,
  PersistentReserveOut.PREEMPT,
  PersistentReserveOut.PREEMPT_AND_ABORT,
  PersistentReserveOut.REPLACE_LOST_RESERVATION,
]);
/** Those with which APTPL is valid (spc4r36f 6.16.3, 6.16.4). */
const usesAptpl: ReadonlySet<number> = new Set([
  PersistentReserveOut.REGISTER,
  PersistentReserveOut.REGISTER_AND_IGNORE_EXISTING_KEY,
  PersistentReserveOut.REGISTER_AND_MOVE,
  PersistentReserveOut.REPLACE_LOST_RESERVATION,
]);

const coded = (name: string, code: number): string => `${name} (${code.toString(16)}h)`;
const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? "nothing") : `${words.slice(0, -1).join(", ")} or ${words[words.length - 1]}`;

/** The names of service actions that a profile leaves. */
function serviceActions(names: Readonly<Record<number, string>>, absent: readonly number[]): string {
  const there = Object.keys(names)
    .map(Number)
    .filter((code) => !absent.includes(code));
  return listed(there.map((code) => coded(names[code] as string, code)));
}

function objectionToServiceAction(
  names: Readonly<Record<number, string>>,
  absent: readonly number[],
  serviceAction: number,
): Objection[] {
  if (names[serviceAction] !== undefined && !absent.includes(serviceAction)) return [];
  const value = coded(names[serviceAction] ?? "an unknown one", serviceAction);
  return [{ field: "SERVICE ACTION", value, takes: serviceActions(names, absent) }];
}

function objectionsToType(profile: Profile, scope: number, type: number): Objection[] {
  const { types = reservationTypeNames } = profile;
  const objections: Objection[] = [];
  if (scope !== Scope.LOGICAL_UNIT) {
    objections.push({ field: "SCOPE", value: `${scope.toString(16)}h`, takes: "0h, the logical unit" });
  }
  const name = reservationTypeName(type);
  if (name === undefined || !types.includes(name)) {
    const takes = listed(types.map((one) => coded(one, reservationTypes[one])));
    objections.push({ field: "TYPE", value: coded(name ?? "an unknown one", type), takes });
  }
  return objections;
}

function objectionsToFlags(profile: Profile, serviceAction: number): Objection[] {
  const withPorts = profile.specifyInitiatorPortsWith ?? [PersistentReserveOut.REGISTER];
  const objections: Objection[] = [];
  if (word(ParameterListRecord.SPEC_I_PT) === 1) {
    const valid = profile.specifyInitiatorPorts !== false;
    if (!valid || !withPorts.includes(serviceAction)) {
      const takes = valid
        ? `1 with ${listed(withPorts.map((code) => persistentReserveOutNames[code] as string))}`
        : "0";
      objections.push({ field: "SPEC_I_PT", value: "1", takes });
    }
  }
  if (word(ParameterListRecord.ALL_TG_PT) === 1 && profile.allTargetPorts === false) {
    objections.push({ field: "ALL_TG_PT", value: "1", takes: "0" });
  }
  if (word(ParameterListRecord.APTPL) === 1) {
    if (profile.persistThroughPowerLoss === false) objections.push({ field: "APTPL", value: "1", takes: "0" });
    else if (!usesAptpl.has(serviceAction)) {
      const valid = [...usesAptpl].filter((code) => profile.absentOut?.includes(code) !== true);
      const takes = `1 with ${listed(valid.map((code) => persistentReserveOutNames[code] as string))}`;
      objections.push({ field: "APTPL", value: "1", takes });
    }
  }
  return objections;
}

function objectionsToOut(profile: Profile, dataOut: Uint8Array): Objection[] {
  const serviceAction = word(CommandRecord.SERVICE_ACTION);
  const [scope, type, length] = [word(CommandRecord.SCOPE), word(CommandRecord.TYPE), word(CommandRecord.LENGTH)];
  const absent = profile.absentOut ?? [];
  const objections = objectionToServiceAction(persistentReserveOutNames, absent, serviceAction);
  if (objections.length > 0) return objections;
  if (usesType.has(serviceAction)) objections.push(...objectionsToType(profile, scope, type));
  const list = dataOut.subarray(0, length);
  if (list.length >= WHOLE_LIST && list.length <= dataSize) {
    dataIn(list);
    const exact = core.decodeParameterList(serviceAction, list.length) === 0;
    objections.push(...objectionsToFlags(profile, serviceAction));
    if (exact) return objections;
  }
  const moves = serviceAction === PersistentReserveOut.REGISTER_AND_MOVE;
  const takes = moves ? "24 and the TransportID's length" : "24, or with SPEC_I_PT 28 and the TransportIDs' length";
  return [...objections, { field: "PARAMETER LIST LENGTH", value: String(list.length), takes }];
}

/**
 * What of a request a device of this kind does not take. Only PERSISTENT RESERVE IN and OUT are looked at.
 *
 * @param request CDB and parameter list
 * @param profile one of `profiles`, or one that was narrowed
 * @returns nothing if the device takes it
 */
export function objectionsTo({ cdb, dataOut }: Pick<ScsiRequest, "cdb" | "dataOut">, profile: Profile): Objection[] {
  const operationCode = cdb[0];
  if (operationCode !== PERSISTENT_RESERVE_IN && operationCode !== PERSISTENT_RESERVE_OUT) return [];
  if (cdb.length > cdbWindow.length) return [];
  if (profile.persistentReservations === false) {
    const value =
      operationCode === PERSISTENT_RESERVE_IN ? "PERSISTENT RESERVE IN (5Eh)" : "PERSISTENT RESERVE OUT (5Fh)";
    return [{ field: "OPERATION CODE", value, takes: "neither PERSISTENT RESERVE IN nor OUT" }];
  }
  cdbIn(cdb);
  if (core.decodeCommand(cdb.length) !== 0) return [];
  if (operationCode === PERSISTENT_RESERVE_OUT) return objectionsToOut(profile, dataOut ?? new Uint8Array(0));
  const serviceAction = word(CommandRecord.SERVICE_ACTION);
  return objectionToServiceAction(persistentReserveInNames, profile.absentIn ?? [], serviceAction);
}

/** Objections as one sentence. */
export function objectionText(device: string, objections: readonly Objection[]): string {
  const parts = objections.map(({ field, value, takes }) => `${field} is ${value}, and it takes ${takes}`);
  return `${device} does not take this request: ${parts.join("; ")}`;
}

/**
 * A profile with what the device says of itself: of both, the less.
 *
 * @param capabilities what REPORT CAPABILITIES answered
 */
export function narrowProfile(profile: Profile, capabilities: ReservationCapabilities): Profile {
  const { types: mine = reservationTypeNames } = profile;
  const { types } = capabilities;
  const no = (name: "specifyInitiatorPorts" | "allTargetPorts" | "persistThroughPowerLoss") =>
    capabilities[name] ? {} : { [name]: false as const };
  return {
    ...profile,
    ...(types === undefined ? {} : { types: mine.filter((type) => types.includes(type)) }),
    ...no("specifyInitiatorPorts"),
    ...no("allTargetPorts"),
    ...no("persistThroughPowerLoss"),
    source: `${profile.source}; narrowed by REPORT CAPABILITIES`,
  };
}

/** REPORT CAPABILITIES is one of the profile's service actions. */
export const canReportCapabilities = ({ persistentReservations, absentIn = [] }: Profile): boolean =>
  persistentReservations !== false && !absentIn.includes(PersistentReserveIn.REPORT_CAPABILITIES);

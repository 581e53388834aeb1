/**
 * The words of persistent reservations: types, scopes, service actions, holders, and what PERSISTENT RESERVE IN reports.
 * Types and names; nothing here does I/O or touches bytes.
 */
import { PersistentReserveIn, PersistentReserveOut, ReservationType as TypeCode } from "./core/generated/codes.ts";
import type { TransportId } from "./transport-id.ts";

/** What a reservation forbids to others (spc4r17 5.7.2; smr-j 3.13.3.4 table 82). */
export type ReservationType =
  | "write-exclusive"
  | "exclusive-access"
  | "write-exclusive-registrants-only"
  | "exclusive-access-registrants-only"
  | "write-exclusive-all-registrants"
  | "exclusive-access-all-registrants";

/** Each type's code on the wire, in ascending order. */
export const reservationTypes: Readonly<Record<ReservationType, number>> = {
  "write-exclusive": TypeCode.WRITE_EXCLUSIVE,
  "exclusive-access": TypeCode.EXCLUSIVE_ACCESS,
  "write-exclusive-registrants-only": TypeCode.WRITE_EXCLUSIVE_REGISTRANTS_ONLY,
  "exclusive-access-registrants-only": TypeCode.EXCLUSIVE_ACCESS_REGISTRANTS_ONLY,
  "write-exclusive-all-registrants": TypeCode.WRITE_EXCLUSIVE_ALL_REGISTRANTS,
  "exclusive-access-all-registrants": TypeCode.EXCLUSIVE_ACCESS_ALL_REGISTRANTS,
};

/** The six types by name. */
export const reservationTypeNames = Object.keys(reservationTypes) as readonly ReservationType[];

const namesByCode = new Map(reservationTypeNames.map((name) => [reservationTypes[name], name]));

/** The type that a code on the wire means, or undefined for obsolete and reserved codes. */
export function reservationTypeName(code: number): ReservationType | undefined {
  return namesByCode.get(code);
}

/** Is every registered I_T nexus a holder under this type? */
export function isAllRegistrants(type: ReservationType): boolean {
  return type === "write-exclusive-all-registrants" || type === "exclusive-access-all-registrants";
}

/** The service actions of PERSISTENT RESERVE IN, as the standard names them. */
export const persistentReserveInNames: Readonly<Record<number, string>> = {
  [PersistentReserveIn.READ_KEYS]: "READ KEYS",
  [PersistentReserveIn.READ_RESERVATION]: "READ RESERVATION",
  [PersistentReserveIn.REPORT_CAPABILITIES]: "REPORT CAPABILITIES",
  [PersistentReserveIn.READ_FULL_STATUS]: "READ FULL STATUS",
};

/** The service actions of PERSISTENT RESERVE OUT, as the standard names them. */
export const persistentReserveOutNames: Readonly<Record<number, string>> = {
  [PersistentReserveOut.REGISTER]: "REGISTER",
  [PersistentReserveOut.RESERVE]: "RESERVE",
  [PersistentReserveOut.RELEASE]: "RELEASE",
  [PersistentReserveOut.CLEAR]: "CLEAR",
  [PersistentReserveOut.PREEMPT]: "PREEMPT",
  [PersistentReserveOut.PREEMPT_AND_ABORT]: "PREEMPT AND ABORT",
  [PersistentReserveOut.REGISTER_AND_IGNORE_EXISTING_KEY]: "REGISTER AND IGNORE EXISTING KEY",
  [PersistentReserveOut.REGISTER_AND_MOVE]: "REGISTER AND MOVE",
  [PersistentReserveOut.REPLACE_LOST_RESERVATION]: "REPLACE LOST RESERVATION",
};

/** Who holds a reservation. Three cases, and never a key of 0 that means something else. */
export type ReservationHolder =
  | { readonly holder: "none" }
  | {
      readonly holder: "one-nexus";
      /** The holder's reservation key. */
      readonly key: bigint;
      /** The type, or undefined if the device reports a code that no standard names. */
      readonly type: ReservationType | undefined;
      readonly typeCode: number;
      /** 0: the logical unit. */
      readonly scope: number;
    }
  | {
      readonly holder: "all-registrants";
      readonly type: ReservationType;
      readonly typeCode: number;
      readonly scope: number;
    };

/** What READ KEYS answers. */
export interface RegisteredKeys {
  /** PRGENERATION: moves with every change of registrations; wraps at 2^32. */
  readonly prGeneration: number;
  /** One key for each registered I_T nexus, in the device server's order; the same key may stand several times. */
  readonly keys: readonly bigint[];
  /** True if more are registered than could be read. */
  readonly truncated: boolean;
}

/** What READ RESERVATION answers. */
export type ReservationState = ReservationHolder & {
  readonly prGeneration: number;
  /** True if a reservation exists but its descriptor did not arrive: the holder is then not known, whatever `holder` says. */
  readonly truncated: boolean;
};

/** What REPORT CAPABILITIES answers; names as in smr-j 3.13.4 table 83. */
export interface ReservationCapabilities {
  /** RLR_C: REPLACE LOST RESERVATION is supported. */
  readonly replaceLostReservation: boolean;
  /** CRH: RESERVE and RELEASE are compatible with persistent reservations. */
  readonly compatibleReservationHandling: boolean;
  /** SIP_C: SPEC_I_PT is supported. */
  readonly specifyInitiatorPorts: boolean;
  /** ATP_C: ALL_TG_PT is supported. */
  readonly allTargetPorts: boolean;
  /** PTPL_C: persistence through power loss is supported. */
  readonly persistThroughPowerLoss: boolean;
  /** PTPL_A: persistence through power loss is active now. */
  readonly persistThroughPowerLossActive: boolean;
  /** ALLOW COMMANDS, 0 to 7: 0 says nothing about which commands others may send. */
  readonly allowCommands: number;
  /** The types that the device accepts, or undefined if it does not say (TMV 0). */
  readonly types: readonly ReservationType[] | undefined;
}

/** One registered I_T nexus, as READ FULL STATUS describes it. */
export interface Registration {
  /** Its reservation key. */
  readonly key: bigint;
  /** The initiator port. */
  readonly transportId: TransportId;
  /** The registration counts for all target ports; `relativeTargetPort` then means nothing. */
  readonly allTargetPorts: boolean;
  /** RELATIVE TARGET PORT IDENTIFIER, 0 to 65535. */
  readonly relativeTargetPort: number;
  /** The nexus holds the reservation, or is one of those who do; then scope and type are there. */
  readonly holder: boolean;
  /** TYPE, of a holder; undefined otherwise, and for a code that no standard names. */
  readonly type?: ReservationType | undefined;
  /** TYPE as its code, of a holder. */
  readonly typeCode?: number | undefined;
  /** SCOPE, of a holder: 0 is the logical unit. */
  readonly scope?: number | undefined;
}

/** What READ FULL STATUS answers. */
export interface FullStatus {
  /** PRGENERATION. */
  readonly prGeneration: number;
  /** One for each I_T nexus that is registered. */
  readonly registrations: readonly Registration[];
  /** True if there are more registrations than could be read, or the last one was cut. */
  readonly truncated: boolean;
}

/**
 * Kinds of devices, as tables of what they have less than the standard offers: which service actions and options are
 * absent, each with its source. Data only: who simulates a device, or talks to one, reads them. A profile says nothing
 * about answers that differ; only what is listed differs.
 */
import { PersistentReserveIn, PersistentReserveOut } from "../core/generated/codes.ts";
import type { ReservationType } from "../reservation.ts";

/** What a kind of device lacks. Everything that is absent from it is as SPC-4 has it, and there. */
export interface Profile {
  /** Is there PERSISTENT RESERVE IN and OUT at all? True unless false. */
  readonly persistentReservations?: false;
  /** Service actions of PERSISTENT RESERVE IN that do not exist. */
  readonly absentIn?: readonly number[];
  /** Service actions of PERSISTENT RESERVE OUT that do not exist. */
  readonly absentOut?: readonly number[];
  /** The reservation types that exist; all unless given. */
  readonly types?: readonly ReservationType[];
  /** RLR_C, CRH, SIP_C, ATP_C, PTPL_C of REPORT CAPABILITIES, where they are 0. */
  readonly replaceLostReservation?: false;
  readonly compatibleReservationHandling?: false;
  readonly specifyInitiatorPorts?: false;
  readonly allTargetPorts?: false;
  readonly persistThroughPowerLoss?: false;
  /** Where it is known from. */
  readonly source: string;
}

/** The profiles, by name. */
export const profiles = {
  /** Everything that SPC-4 revision 36f has. */
  spc: { source: "SPC-4 revision 36f (T10/1731-D) 5.13, 6.15, 6.16" },
  /** The Linux kernel's target. */
  lio: {
    replaceLostReservation: false,
    source: "Linux drivers/target/target_core_pr.c, core_scsi3_pri_report_capabilities and core_scsi3_emulate_pro_*",
  },
  /** The user space target tgt. */
  tgt: {
    absentIn: [PersistentReserveIn.READ_FULL_STATUS],
    absentOut: [PersistentReserveOut.PREEMPT_AND_ABORT],
    replaceLostReservation: false,
    compatibleReservationHandling: false,
    specifyInitiatorPorts: false,
    allTargetPorts: false,
    persistThroughPowerLoss: false,
    source: "tgt 1.0.97 (f0dc199b) usr/spc.c; tgtd 1.0.85 asked over iSCSI",
  },
  /** Oracle's StorageTek SL150 library: no write exclusive types. */
  sl150: {
    types: ["exclusive-access", "exclusive-access-registrants-only", "exclusive-access-all-registrants"],
    replaceLostReservation: false,
    source: "Oracle SL150 Interface Reference, July 2017, PERSISTENT RESERVE OUT",
  },
  /** A device without persistent reservations: INVALID COMMAND OPERATION CODE. */
  none: {
    persistentReservations: false,
    source: "tgt 1.0.97 (f0dc199b) usr/ssc.c and usr/smc.c: its tapes and changers have neither command",
  },
} as const satisfies Record<string, Profile>;

/** The name of a profile. */
export type ProfileName = keyof typeof profiles;

/** All profiles' names. */
export const profileNames = Object.keys(profiles) as readonly ProfileName[];

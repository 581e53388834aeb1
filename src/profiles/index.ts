/**
 * Kinds of devices, as tables of what they have less than the standard offers: which service actions and options are
 * absent, each with its source. Data only: who simulates a device, or talks to one, reads them. A profile says nothing
 * about answers that differ; only what is listed differs.
 */
import { PersistentReserveIn, PersistentReserveOut } from "../core/generated/codes.ts";
import { libraries } from "./libraries.ts";
import type { Profile } from "./profile.ts";

export type { Profile } from "./profile.ts";

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
  ...libraries,
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

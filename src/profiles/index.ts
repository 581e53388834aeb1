/**
 * Kinds of devices, as tables of what they have less than the standard offers and of what they answer otherwise, each with
 * its source. Data only: who simulates a device, or talks to one, reads them. Only what is listed differs.
 */
import { PersistentReserveIn, PersistentReserveOut } from "../core/generated/codes.ts";
import { libraries } from "./libraries.ts";
import type { Profile } from "./profile.ts";

export type { DeviatingAnswers, Ending } from "./answers.ts";
export type { Profile } from "./profile.ts";

/** The profiles, by name. */
export const profiles = {
  /** Everything that SPC-4 revision 36f has. */
  spc: { source: "SPC-4 revision 36f (T10/1731-D) 5.13, 6.15, 6.16" },
  /** The Linux kernel's target. */
  lio: {
    replaceLostReservation: false,
    answers: {
      notRegistered: "02/08/00",
      scope: "05/26/00",
      releaseOfAnotherType: "conflict",
      reserveTypeFirst: true,
      releaseKeyOf: "holder",
      preemptChecks: ["scope"],
      preemptKeyZero: "05/26/00",
      preemptKeepsSender: ["all-registrants"],
      unregisteringCounts: { holder: 0, other: 0 },
      clearEndsAptpl: true,
      leastAllocationLength: 8,
      fullStatusAnnouncesWhatFits: true,
      attentionsFirst: true,
    },
    source:
      "Linux drivers/target/target_core_pr.c (brauner/linux 954b4ff2): core_scsi3_emulate_pro_register, core_scsi3_pro_reserve, core_scsi3_emulate_pro_release, core_scsi3_emulate_pro_clear, core_scsi3_pro_preempt, core_scsi3_pri_report_capabilities; target_core_transport.c, sense_detail_table; Linux 6.1 asked (READ FULL STATUS)",
  },
  /** The user space target tgt. */
  tgt: {
    absentIn: [PersistentReserveIn.READ_FULL_STATUS],
    absentOut: [PersistentReserveOut.PREEMPT_AND_ABORT, PersistentReserveOut.REPLACE_LOST_RESERVATION],
    replaceLostReservation: false,
    compatibleReservationHandling: false,
    specifyInitiatorPorts: false,
    allTargetPorts: false,
    persistThroughPowerLoss: false,
    answers: {
      listLength: "05/24/00",
      unsupportedOption: "05/24/00",
      listFirst: true,
      reserveIgnoresKey: true,
      reserveTypeFirst: true,
      releaseKeyOf: "holder",
      moveByAnother: "good",
      moveToKeyZero: "conflict",
      preemptKeepsSender: ["no-reservation", "all-registrants", "another-holder"],
      preempted: 0x2a03,
      releaseTells: "exclusive-types",
      unregisterTells: "all-types",
      releaseTellsOthers: true,
      unregisteringCounts: { holder: 2, other: 1 },
      leastAllocationLength: 8,
      allowCommands: 0,
      attentionsFirst: true,
      repeatsAttentions: true,
    },
    source:
      "tgt 1.0.97 (f0dc199b) usr/spc.c: check_pr_out_basic_parameter, spc_pr_*, __unregister_and_clean; tgtd 1.0.85 asked over iSCSI",
  },
  /** The SCSI target SCST. */
  scst: {
    replaceLostReservation: false,
    answers: {
      reserveTypeFirst: true,
      releaseKeyOf: "reservation",
      specIPtOfRegistered: "05/24/00",
      noResources: "busy",
      moveToKeyZero: "05/24/00",
      preemptChecks: ["type"],
      preemptKeepsSender: ["no-reservation", "all-registrants"],
      allowCommands: 4,
    },
    source:
      "SCST scst/src/scst_pres.c (00851a75): scst_pr_register, scst_pr_register_and_move, scst_pr_reserve, scst_pr_release, scst_pr_do_preempt, scst_pr_report_caps",
  },
  /** An array that knows hosts by their initiator ports: one registration for all paths of a port. */
  "per-hba": {
    answers: { registrant: "initiator-port" },
    source: "opensvc/opensvc issue 30 and its pull requests 78 and 628: what users saw of 3PAR arrays",
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

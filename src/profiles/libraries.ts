/**
 * Tape libraries, as tables. They are a family: exclusive access types only, the logical unit as the only scope, the
 * parameter list always whole. In what they differ, each table says, with the page where it is written.
 */
import { PersistentReserveIn, PersistentReserveOut } from "../core/generated/codes.ts";
import type { ReservationType } from "../reservation.ts";
import type { Profile } from "./profile.ts";

const MEDIUM_CHANGER = 8;

/** 3h, 6h. */
const exclusive = ["exclusive-access", "exclusive-access-registrants-only"] as const satisfies ReservationType[];
/** 3h, 6h, 8h. */
const exclusiveAll = [...exclusive, "exclusive-access-all-registrants"] as const satisfies ReservationType[];

/** Service actions 0 to 6, and 0 to 7. */
const noMove = [PersistentReserveOut.REGISTER_AND_MOVE, PersistentReserveOut.REPLACE_LOST_RESERVATION] as const;
const noReplacement = [PersistentReserveOut.REPLACE_LOST_RESERVATION] as const;

/** Tape libraries, by name. */
export const libraries = {
  /** Oracle StorageTek SL150: types 3h, 6h, 8h. */
  sl150: {
    absentOut: noReplacement,
    types: exclusiveAll,
    replaceLostReservation: false,
    compatibleReservationHandling: false,
    allTargetPorts: false,
    specifyInitiatorPortsWith: [PersistentReserveOut.REGISTER, PersistentReserveOut.REGISTER_AND_IGNORE_EXISTING_KEY],
    inquiry: { deviceType: MEDIUM_CHANGER, vendor: "STK", product: "SL150" },
    source:
      "Oracle SL150 Interface Reference Manual, July 2017, pages 39 (INQUIRY), 176 (service actions, scope, types), 177 (parameter list), 234 and 236 (RESERVE); Oracle E51473 (CRH)",
  },
  /** Sun StorageTek SL500: types 3h, 6h. */
  sl500: {
    absentIn: [PersistentReserveIn.READ_FULL_STATUS],
    absentOut: noMove,
    types: exclusive,
    replaceLostReservation: false,
    compatibleReservationHandling: false,
    specifyInitiatorPorts: false,
    allTargetPorts: false,
    testUnitReadyConflicts: true,
    source:
      "Sun SL500 Interface Reference Manual, revision F, July 2008, pages 83 (table 5-30: commands allowed; RESERVE and RELEASE conflict), 174 (types), 176 (service actions, scope)",
  },
  /** Oracle StorageTek SL4000: service actions 0 to 6; one prevent state for all initiators. */
  sl4000: {
    absentIn: [PersistentReserveIn.READ_FULL_STATUS],
    absentOut: noMove,
    replaceLostReservation: false,
    compatibleReservationHandling: false,
    specifyInitiatorPorts: false,
    allTargetPorts: false,
    sharedPrevention: true,
    source:
      "Oracle SL4000 SCSI Reference Guide E76472, Reservation Handling (CRH), PERSISTENT RESERVE IN (service actions 0 to 2), PERSISTENT RESERVE OUT (service actions 0 to 6); its types could not be read: REPORT CAPABILITIES tells",
  },
  /** Quantum SuperLoader 3, with drives that are not HP's. */
  superloader3: {
    absentOut: noMove,
    types: [
      "write-exclusive",
      "exclusive-access",
      "write-exclusive-registrants-only",
      "exclusive-access-registrants-only",
    ],
    replaceLostReservation: false,
    specifyInitiatorPorts: false,
    allTargetPorts: false,
    source:
      "Quantum SuperLoader 3 Software Interface Guide, pages 75 and 76, 79 and 80 (service actions), 88 (types; 7h to Fh reserved), 89 (parameter list: APTPL alone)",
  },
  /** Quantum SuperLoader 3 with HP drives: types 3h, 6h, 8h, and REGISTER AND MOVE. */
  "superloader3-hp": {
    absentOut: noReplacement,
    types: exclusiveAll,
    replaceLostReservation: false,
    specifyInitiatorPorts: false,
    allTargetPorts: false,
    source:
      "Quantum SuperLoader 3 Software Interface Guide, page 80 (HP drives: service action 07h), and its types for HP drives",
  },
  /** ADIC, then Quantum Scalar i2000: types 3h, 6h. */
  "scalar-i2000": {
    types: exclusive,
    replaceLostReservation: false,
    source: "Quantum Scalar i2000 SCSI Reference, PERSISTENT RESERVE OUT: types; of the rest nothing could be read",
  },
  /** Scalar i2000 where an HP drive is the changer's bridge: type 8h too. */
  "scalar-i2000-hp": {
    types: exclusiveAll,
    replaceLostReservation: false,
    source:
      "Quantum Scalar i2000 SCSI Reference, PERSISTENT RESERVE OUT (8h where the changer is hosted by an HP drive)",
  },
  /** Dell PowerVault ML6000, a Scalar i500: types 3h, 6h; nothing outlives a power cycle. */
  ml6000: {
    absentOut: noMove,
    types: exclusive,
    replaceLostReservation: false,
    specifyInitiatorPorts: false,
    allTargetPorts: false,
    persistThroughPowerLoss: false,
    source:
      "Dell PowerVault ML6000 SCSI Reference Guide, pages 50 to 52 (PERSISTENT RESERVE IN and OUT: service actions 0 to 6, scope, types, APTPL)",
  },
} as const satisfies Record<string, Profile>;

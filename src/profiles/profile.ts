/** What a profile is: the shape of the tables beside it. Types only. */
import type { ReservationType } from "../reservation.ts";
import type { DeviatingAnswers } from "./answers.ts";

/** What a kind of device lacks, and does otherwise. Everything that is absent from it is as SPC-4 has it, and there. */
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
  /** CRH. */
  readonly compatibleReservationHandling?: false;
  /** SIP_C. */
  readonly specifyInitiatorPorts?: false;
  /** ATP_C. */
  readonly allTargetPorts?: false;
  /** PTPL_C. */
  readonly persistThroughPowerLoss?: false;
  /** The service actions with which SPEC_I_PT is valid; REGISTER alone unless given (spc4r36f 5.13.7 table 69 note a). */
  readonly specifyInitiatorPortsWith?: readonly number[];
  /** One state of PREVENT ALLOW MEDIUM REMOVAL for all I_T nexuses: whoever allows, allows for everybody. */
  readonly sharedPrevention?: true;
  /** TEST UNIT READY conflicts like a command that reads. */
  readonly testUnitReadyConflicts?: true;
  /** What it answers otherwise than the standard. */
  readonly answers?: DeviatingAnswers;
  /** What its INQUIRY data say: how it is recognised, and what a simulated one says. */
  readonly inquiry?: { readonly deviceType: number; readonly vendor: string; readonly product: string };
  /** Where it is known from. */
  readonly source: string;
}

/**
 * Answers to PERSISTENT RESERVE IN and OUT in which devices differ from the standard: one row for each that a profile can
 * say something about. Types only; what a row's device does is in its profile, with the source.
 *
 * Clauses are those of SPC-4 revision 36f (T10/1731-D).
 */

/**
 * How a command ends: GOOD without any effect, RESERVATION CONFLICT, BUSY, or CHECK CONDITION with sense key, ADDITIONAL SENSE
 * CODE and qualifier in hexadecimal: `05/26/00`.
 */
export type Ending = "good" | "conflict" | "busy" | `${string}/${string}/${string}`;

/** What differs. What is absent is as the standard has it. */
export interface DeviatingAnswers {
  /** RESERVE, RELEASE and CLEAR from an I_T nexus that is not registered, without a reservation; a conflict (5.13.7). */
  readonly notRegistered?: Ending;
  /** A SCOPE that is not LU_SCOPE; 05/24/00 (6.16.1). */
  readonly scope?: Ending;
  /** A parameter list of a wrong length; 05/1A/00 (6.16.1). */
  readonly listLength?: Ending;
  /** SPEC_I_PT, ALL_TG_PT, APTPL where they are not supported; 05/26/00 (6.16.3). */
  readonly unsupportedOption?: Ending;
  /** SPEC_I_PT from an I_T nexus that is registered; 05/26/00 (5.13.7 table 69). */
  readonly specIPtOfRegistered?: Ending;
  /** There is no room for a registration; 05/55/04 (5.13.7). */
  readonly noResources?: Ending;
  /** RELEASE with another type than that of the reservation; 05/26/04 (5.13.11.2.2). */
  readonly releaseOfAnotherType?: Ending;
  /** REGISTER AND MOVE from a registered I_T nexus that does not hold the reservation; a conflict (5.13.8). */
  readonly moveByAnother?: Ending;
  /** REGISTER AND MOVE with a SERVICE ACTION RESERVATION KEY of 0; 05/26/00 (5.13.8 table 70). */
  readonly moveToKeyZero?: Ending;
  /** PREEMPT with a SERVICE ACTION RESERVATION KEY of 0 and no reservation; a conflict (5.13.11.2.4 figure 9). */
  readonly preemptKeyZero?: Ending;

  /** The parameter list's length and options are looked at before anything else, whatever the service action. */
  readonly listFirst?: true;
  /** RESERVE does not look at the reservation key (it has to be the registered one, 6.16.3). */
  readonly reserveIgnoresKey?: true;
  /** RESERVE looks at scope and type before the reservation key (the key is verified first, 6.16.3). */
  readonly reserveTypeFirst?: true;
  /** RELEASE looks at the reservation key only where there is something to release. */
  readonly releaseKeyOf?: "holder" | "reservation";
  /** PREEMPT looks at these even where they are to be ignored (5.13.11.2.5 b). */
  readonly preemptChecks?: readonly ("scope" | "type")[];
  /** PREEMPT leaves the sender registered that names its own key, in these cases too (5.13.11.2.5 a removes it). */
  readonly preemptKeepsSender?: readonly ("no-reservation" | "all-registrants" | "another-holder")[];
  /** What victims of PREEMPT find, `asc << 8 | ascq`; 2A/05 (5.13.11.2.4). */
  readonly preempted?: number;
  /** RELEASE and unregistering tell of reservations of these types; of registrants types (5.13.11.2.2, 5.13.11.2.3). */
  readonly releaseTells?: "exclusive-types";
  /** Whom unregistering the holder tells RESERVATIONS RELEASED: `all-types`, with every type of reservation. */
  readonly unregisterTells?: "all-types";
  /** Who is told then: every I_T nexus but the one that should be, once for each that should be. */
  readonly releaseTellsOthers?: true;
  /** A condition that waits for an I_T nexus already waits for it once more (sam4r14 5.14 reports it once). */
  readonly repeatsAttentions?: true;
  /** By how much unregistering moves PRGENERATION: of a holder whose reservation ends with it, of another; by 1 (6.15.2). */
  readonly unregisteringCounts?: { readonly holder: number; readonly other: number };
  /** CLEAR sets APTPL to 0 (5.13.5.1 does not name CLEAR). */
  readonly clearEndsAptpl?: true;
  /** PERSISTENT RESERVE IN with a smaller ALLOCATION LENGTH: 05/24/00 (it only cuts, 4.2.5.6). */
  readonly leastAllocationLength?: number;
  /** READ FULL STATUS announces only the descriptors that fitted (ADDITIONAL LENGTH is not altered by truncation, 6.15.5). */
  readonly fullStatusAnnouncesWhatFits?: true;
  /** ALLOW COMMANDS of REPORT CAPABILITIES; 001b (6.15.4). */
  readonly allowCommands?: number;
  /** Every unit attention condition is reported before RESERVATION CONFLICT and before what is wrong with a CDB. */
  readonly attentionsFirst?: true;
  /** Registrations are for an initiator port through all target ports, not for each I_T nexus (5.13.7). */
  readonly registrant?: "initiator-port";
}

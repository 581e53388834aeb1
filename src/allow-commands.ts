/** What ALLOW COMMANDS of REPORT CAPABILITIES says about commands of others, in words. */

/** The commands that ALLOW COMMANDS speaks of besides TEST UNIT READY and RECEIVE COPY RESULTS (spc4r36f 6.15.4 table 208). */
const SPOKEN_OF =
  "MODE SENSE, READ ATTRIBUTE, READ BUFFER, RECEIVE DIAGNOSTIC RESULTS, REPORT SUPPORTED OPERATION CODES, REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS and READ DEFECT DATA";

/** What each code of ALLOW COMMANDS says, in words (spc4r36f 6.15.4 table 208). */
const allowedCommands: readonly string[] = [
  "it does not say which commands reservations let others send",
  "TEST UNIT READY passes write exclusive and exclusive access reservations; whether others do is not said",
  `TEST UNIT READY passes write exclusive and exclusive access reservations, RECEIVE COPY RESULTS passes neither; ${SPOKEN_OF} do not pass write exclusive ones`,
  `TEST UNIT READY passes write exclusive and exclusive access reservations, RECEIVE COPY RESULTS passes neither; ${SPOKEN_OF} pass write exclusive ones`,
  `TEST UNIT READY and RECEIVE COPY RESULTS pass write exclusive and exclusive access reservations; ${SPOKEN_OF} pass write exclusive ones`,
];

/**
 * What the ALLOW COMMANDS field of REPORT CAPABILITIES says about commands of others.
 *
 * @param code 0 to 7; 5 to 7 are reserved
 */
export function allowCommandsText(code: number): string {
  return allowedCommands[code] ?? `code ${code}, which is reserved`;
}

/**
 * Where LIO (Linux 6.1) answers otherwise than the standard has it, as a table: when a difference is this one, what LIO does, what
 * the standard says and where. A difference without a row is a failure. COMPLIANCE.md lists the rows by their names.
 *
 * Clauses are those of SPC-4 revision 36f (T10/1731-D) unless another document is named.
 */
import { SA } from "../../simulated/lab.ts";
import type { Difference } from "./comparing.ts";
import { portText } from "./state.ts";

/** One explained difference. */
export interface Row {
  readonly name: string;
  readonly lio: string;
  readonly standard: string;
  readonly clause: string;
  when(difference: Difference): boolean;
  /** Are the two still in the same state, or does the sequence end here? */
  readonly goesOn: boolean;
}

const CONFLICT = "18";
const INVALID_CDB = "02 5/24/00";
const INVALID_LIST = "02 5/26/00";
const LIST_LENGTH = "02 5/1a/00";
const LEGACY = 0x18;

const isAnswer = ({ kind, ours, theirs }: Difference, our: readonly string[], their: readonly string[]): boolean =>
  kind === "answer" && our.includes(ours) && their.includes(theirs);
const isOut = ({ step }: Difference, ...serviceActions: readonly number[]): boolean =>
  step.out !== undefined && serviceActions.includes(step.out.serviceAction);
const hasRightKey = ({ sender, step }: Difference): boolean =>
  sender !== undefined && sender.key === (step.out?.key ?? 0n);
const allRegistrants = ({ reservationType }: Difference): boolean => reservationType === 7 || reservationType === 8;
const exclusiveAccess = ({ reservationType }: Difference): boolean => [3, 6, 8].includes(reservationType ?? 0);
const ofRegistrants = ({ reservationType }: Difference): boolean => [5, 6, 7, 8].includes(reservationType ?? 0);
const heldByAnother = ({ reservationType, sender }: Difference): boolean =>
  reservationType !== undefined && sender?.holder !== true;
const reserved = ({ before }: Difference): boolean => before.status === LEGACY;
const words = (text: string): string[] => text.split(" ").filter((word) => word !== "");
const preempts = [SA.PREEMPT, SA.PREEMPT_AND_ABORT];
const registers = [SA.REGISTER, SA.REGISTER_AND_IGNORE];

/** The parameter list of REGISTER AND MOVE is wrong in itself. */
const moveListIsWrong = ({ step, sender }: Difference): boolean => {
  const { serviceActionKey = 0n, relativeTargetPort, initiatorPorts = [] } = step.out ?? { serviceAction: 0 };
  const [destination] = initiatorPorts;
  const toItself = destination !== undefined && portText(destination) === sender?.port;
  return serviceActionKey === 0n || relativeTargetPort !== 1 || toItself;
};

export const rows: readonly Row[] = [
  {
    name: "unregistered-not-ready",
    lio: "PERSISTENT RESERVE OUT from an I_T nexus that is not registered: NOT READY, LOGICAL UNIT COMMUNICATION FAILURE",
    standard: "RESERVATION CONFLICT",
    clause: "5.13.7",
    when: (difference) =>
      isAnswer(difference, [CONFLICT], ["02 2/08/00"]) &&
      isOut(difference, SA.RESERVE, SA.RELEASE, SA.CLEAR, SA.REGISTER_AND_MOVE) &&
      difference.sender === undefined,
    goesOn: true,
  },
  {
    name: "parameters-before-key",
    lio: "length of the parameter list, TYPE, SCOPE and the service action reservation key are looked at before the reservation key, and of RESERVE before who holds",
    standard:
      "conflicts are checked when processing begins, and the reservation key is verified whatever service action and scope say",
    clause: "5.13.1 with table 66, 6.16.3",
    when: (difference) =>
      isAnswer(difference, [CONFLICT], [INVALID_CDB, INVALID_LIST, LIST_LENGTH]) &&
      difference.step.out !== undefined &&
      !isOut(difference, SA.REPLACE_LOST) &&
      (!hasRightKey(difference) || (isOut(difference, SA.RESERVE) && heldByAnother(difference))),
    goesOn: true,
  },
  {
    name: "preempt-zero-without-reservation",
    lio: "PREEMPT with a service action reservation key of 0 and no reservation: INVALID FIELD IN PARAMETER LIST",
    standard: "RESERVATION CONFLICT: the key matches no registration",
    clause: "5.13.11.2.4.1 figure 9, 5.13.11.2.5",
    when: (difference) =>
      isAnswer(difference, [CONFLICT], [INVALID_LIST]) &&
      isOut(difference, ...preempts) &&
      hasRightKey(difference) &&
      difference.step.out?.serviceActionKey === 0n &&
      difference.reservationType === undefined,
    goesOn: true,
  },
  {
    name: "move-list-before-holder",
    lio: "REGISTER AND MOVE with a wrong parameter list, and no reservation or another holder: INVALID FIELD IN PARAMETER LIST",
    standard:
      "INVALID FIELD IN CDB without a reservation, RESERVATION CONFLICT from others; which of two errors is told is left open",
    clause: "5.13.8",
    when: (difference) =>
      isAnswer(difference, [CONFLICT, INVALID_CDB], [INVALID_LIST]) &&
      isOut(difference, SA.REGISTER_AND_MOVE) &&
      moveListIsWrong(difference),
    goesOn: true,
  },
  {
    name: "scope-in-list",
    lio: "SCOPE other than LU_SCOPE: INVALID FIELD IN PARAMETER LIST",
    standard: "SCOPE is a field of the CDB: INVALID FIELD IN CDB",
    clause: "6.16.1",
    when: (difference) =>
      isAnswer(difference, [INVALID_CDB], [INVALID_LIST]) && (difference.step.out?.scope ?? 0) !== 0,
    goesOn: true,
  },
  {
    name: "unregistering-not-counted",
    lio: "PRGENERATION stays when a REGISTER unregisters, or registers nothing",
    standard: "it is incremented for every REGISTER and REGISTER AND IGNORE EXISTING KEY that ends in GOOD",
    clause: "6.15.2",
    when: (difference) =>
      difference.kind === "generation" &&
      difference.ours === "1" &&
      difference.theirs === "0" &&
      isOut(difference, ...registers) &&
      difference.step.out?.serviceActionKey === 0n,
    goesOn: true,
  },
  {
    name: "each-port-counted",
    lio: "REGISTER with SPEC_I_PT increments PRGENERATION once for every initiator port",
    standard: "once for the command",
    clause: "6.15.2",
    when: (difference) =>
      difference.kind === "generation" &&
      difference.ours === "1" &&
      Number(difference.theirs) > 1 &&
      isOut(difference, SA.REGISTER) &&
      Number(difference.theirs) <= 1 + (difference.step.out?.initiatorPorts?.length ?? 0),
    goesOn: true,
  },
  {
    name: "nexus-loss-not-told",
    lio: "no unit attention condition after logout and login",
    standard: "I_T NEXUS LOSS OCCURRED: a session that ends is a lost I_T nexus",
    clause: "RFC 7143 4.4.3.1",
    when: ({ kind, step, ours, theirs }) =>
      kind === "attentions" &&
      step.name === "logout" &&
      words(ours).includes("6/29/07") &&
      // What else waited is either the same, or the row below comes on top.
      words(theirs).every((word) => words(ours).includes(word)) &&
      words(theirs).length >= Math.min(1, words(ours).length - 1),
    goesOn: true,
  },
  {
    name: "only-one-attention",
    lio: "of several unit attention conditions that wait for an I_T nexus one is reported, and the others are dropped",
    standard: "each is reported",
    clause: "SAM-4 revision 14 5.14 (as LIO quotes it)",
    when: ({ kind, ours, theirs }) =>
      kind === "attentions" && words(ours).length > 1 && words(theirs).length === 1 && words(ours).includes(theirs),
    goesOn: true,
  },
  {
    name: "attention-before-conflict",
    lio: "a unit attention condition is reported before RESERVATION CONFLICT and before an unknown service action",
    standard: 'left open; see "Choices where the standard is open"',
    clause: "SAM-4 revision 14 5.14 (as LIO quotes it)",
    when: (difference) =>
      difference.kind === "answer" &&
      [CONFLICT, INVALID_CDB].includes(difference.ours) &&
      difference.theirs.startsWith("02 6/2a/"),
    goesOn: true,
  },
  {
    name: "own-port-twice",
    lio: "the sender's own TransportID in the list of SPEC_I_PT registers it a second time: READ FULL STATUS has it twice",
    standard: "a descriptor for each registered I_T nexus",
    clause: "6.15.5",
    when: (difference) =>
      difference.kind === "state" &&
      isOut(difference, SA.REGISTER) &&
      difference.step.out?.initiatorPorts !== undefined &&
      [...new Set(difference.theirs.split("; "))].join("; ") === difference.ours,
    goesOn: false,
  },
  {
    name: "registered-port-skipped",
    lio: "SPEC_I_PT with the TransportID of an I_T nexus that is registered: it is passed over, GOOD",
    standard: "CHECK CONDITION, and nothing is registered",
    clause: "5.13.7 table 67 note b",
    when: (difference) =>
      isAnswer(difference, [INVALID_LIST], ["00"]) &&
      isOut(difference, SA.REGISTER) &&
      (difference.step.out?.initiatorPorts ?? []).some((port) =>
        difference.before.registrations.some((each) => each.port === portText(port)),
      ),
    goesOn: false,
  },
  {
    name: "all-ports-for-good",
    lio: "what was registered with ALL_TG_PT can only be changed with ALL_TG_PT: INVALID FIELD IN CDB",
    standard: "ALL_TG_PT says through which ports this command registers",
    clause: "6.16.3",
    when: (difference) =>
      isAnswer(difference, ["00"], [INVALID_CDB]) &&
      isOut(difference, ...registers) &&
      difference.step.out?.allTargetPorts !== true &&
      difference.theirsBefore.registrations.some(
        ({ port, allTargetPorts }) => port === difference.sender?.port && allTargetPorts,
      ),
    goesOn: false,
  },
  {
    name: "release-of-another-type",
    lio: "RELEASE by the holder with another type or scope: RESERVATION CONFLICT",
    standard: "INVALID RELEASE OF PERSISTENT RESERVATION; of a scope that does not exist, INVALID FIELD IN CDB",
    clause: "5.13.11.2.2, 6.16.1",
    when: (difference) =>
      isAnswer(difference, ["02 5/26/04", INVALID_CDB], [CONFLICT]) &&
      isOut(difference, SA.RELEASE) &&
      hasRightKey(difference),
    goesOn: true,
  },
  {
    name: "release-without-key",
    lio: "RELEASE by an I_T nexus that holds nothing: GOOD with any reservation key, and any scope",
    standard: "RESERVATION CONFLICT for a wrong key",
    clause: "6.16.3",
    when: (difference) =>
      isAnswer(difference, [CONFLICT, INVALID_CDB], ["00"]) &&
      isOut(difference, SA.RELEASE) &&
      difference.sender !== undefined &&
      !difference.sender.holder,
    goesOn: true,
  },
  {
    name: "read-capacity-refused",
    lio: "READ CAPACITY (10) from others during an exclusive access reservation: RESERVATION CONFLICT",
    standard: "allowed",
    clause: "SBC-4 4.17 table 13",
    when: (difference) =>
      isAnswer(difference, ["00"], [CONFLICT]) &&
      difference.step.name.startsWith("READ CAPACITY") &&
      exclusiveAccess(difference),
    goesOn: true,
  },
  {
    name: "synchronize-cache-allowed",
    lio: "SYNCHRONIZE CACHE (10) from others is allowed under the write exclusive types",
    standard: "RESERVATION CONFLICT",
    clause: "SBC-4 4.17 table 13",
    when: (difference) =>
      isAnswer(difference, [CONFLICT], ["00"]) &&
      difference.step.name.startsWith("SYNCHRONIZE CACHE") &&
      heldByAnother(difference) &&
      [1, 5, 7].includes(difference.reservationType ?? 0),
    goesOn: true,
  },
  {
    name: "reserve-outlives-logout",
    lio: "RESERVE outlives the session: libiscsi's Reserve6.Logout and Reserve6.ITNexusLoss fail on it",
    standard: "RESERVE ends with the I_T nexus",
    clause: "RFC 7143 4.4.3.1",
    when: (difference) =>
      difference.kind === "state" &&
      difference.step.name === "logout" &&
      reserved(difference) &&
      difference.ours === "nobody",
    goesOn: false,
  },
  {
    name: "attention-of-the-shut-out",
    lio: "a unit attention condition is reported to an I_T nexus that another one's RESERVE shuts out",
    standard: 'left open; see "Choices where the standard is open": here it waits until something is allowed',
    clause: "SAM-4 revision 14 5.14 (as LIO quotes it)",
    when: ({ kind, step, before, ours, theirs }) =>
      kind === "attentions" &&
      (/^RESERVE \(/.test(step.name) || before.status === LEGACY) &&
      words(ours).every((word) => words(theirs).includes(word)) &&
      words(theirs).every((word) => word.startsWith("6/2a/") || words(ours).includes(word)),
    goesOn: false,
  },
  {
    name: "nothing-registered-aptpl",
    lio: "a REGISTER AND IGNORE EXISTING KEY that registers nothing leaves APTPL as it was",
    standard: "the last one that ended in GOOD decides",
    clause: "5.13.5.1",
    when: ({ kind, step, ours, theirs }) =>
      kind === "data" &&
      step.name === "REPORT CAPABILITIES" &&
      ours
        .replace('"replaceLostReservation":true', '"replaceLostReservation":false')
        .replace('"persistThroughPowerLossActive":false', '"persistThroughPowerLossActive":true') === theirs,
    goesOn: true,
  },
  {
    name: "mode-sense-of-registrants",
    lio: "MODE SENSE from a registered I_T nexus is allowed under exclusive access",
    standard: "RESERVATION CONFLICT from any I_T nexus but the holder",
    clause: "5.13.1 table 65",
    when: (difference) =>
      isAnswer(difference, [CONFLICT], ["00"]) &&
      difference.step.name.startsWith("MODE SENSE") &&
      difference.sender !== undefined &&
      difference.reservationType === 3,
    goesOn: true,
  },
  {
    name: "reserve-shuts-all-out",
    lio: "while another I_T nexus has RESERVE, only INQUIRY and RELEASE are allowed",
    standard: "REQUEST SENSE, REPORT LUNS and READ CAPACITY are too",
    clause: "SPC-2 revision 20 table B.2",
    when: (difference) =>
      isAnswer(difference, ["00"], [CONFLICT]) &&
      /^(REQUEST SENSE|REPORT LUNS|READ CAPACITY)/.test(difference.step.name) &&
      reserved(difference),
    goesOn: true,
  },
  {
    name: "conflict-before-service-action",
    lio: "RESERVATION CONFLICT is looked at before the service action",
    standard: 'left open; see "Choices where the standard is open"',
    clause: "6.15.1, 6.16.1",
    when: (difference) =>
      isAnswer(difference, [INVALID_CDB], [CONFLICT]) && difference.step.name.startsWith("PERSISTENT RESERVE"),
    goesOn: true,
  },
  {
    name: "no-replace-lost",
    lio: "no REPLACE LOST RESERVATION",
    standard: "optional; RLR_C says whether it is there",
    clause: "6.15.4",
    when: (difference) =>
      isAnswer(difference, [CONFLICT, "02 5/26/04", LIST_LENGTH], [INVALID_CDB, CONFLICT]) &&
      isOut(difference, SA.REPLACE_LOST),
    goesOn: true,
  },
  {
    name: "capabilities",
    lio: "RLR_C 0",
    standard: "there is no REPLACE LOST RESERVATION",
    clause: "6.15.4",
    when: ({ kind, step, ours, theirs }) =>
      kind === "data" &&
      step.name === "REPORT CAPABILITIES" &&
      ours.replace('"replaceLostReservation":true', '"replaceLostReservation":false') === theirs,
    goesOn: true,
  },
  {
    name: "clear-ends-aptpl",
    lio: "CLEAR ends APTPL",
    standard: "only the service actions that register decide about it",
    clause: "5.13.5.1",
    when: ({ kind, step, ours, theirs }) =>
      kind === "data" &&
      step.name === "REPORT CAPABILITIES" &&
      ours
        .replace('"replaceLostReservation":true', '"replaceLostReservation":false')
        .replace('"persistThroughPowerLossActive":true', '"persistThroughPowerLossActive":false') === theirs,
    goesOn: true,
  },
  {
    name: "preempt-one-of-all-registrants",
    lio: "PREEMPT of the key that the first of all registrants has takes the reservation over",
    standard: "with an all registrants reservation, a key other than 0 only removes registrations",
    clause: "5.13.11.2.4.1 table 72",
    when: (difference) =>
      (difference.kind === "state" || difference.kind === "attentions") &&
      isOut(difference, ...preempts) &&
      allRegistrants(difference) &&
      difference.step.out?.serviceActionKey !== 0n,
    goesOn: false,
  },
  {
    name: "preempt-looks-at-type",
    lio: "PREEMPT that only removes registrations, with a type or scope that cannot be: INVALID FIELD",
    standard: "SCOPE and TYPE are ignored",
    clause: "5.13.11.2.5 b",
    when: (difference) =>
      isAnswer(difference, ["00", CONFLICT], [INVALID_CDB, INVALID_LIST]) &&
      isOut(difference, ...preempts) &&
      hasRightKey(difference) &&
      !["1", "3", "5", "6", "7", "8"].includes(`${difference.step.out?.typeCode}`),
    goesOn: false,
  },
  {
    name: "reserve-of-registrants",
    lio: "RESERVE and RELEASE from a registered I_T nexus that is not the holder: RESERVATION CONFLICT under any type",
    standard: "GOOD, and nothing happens, during a registrants only or all registrants reservation",
    clause: "5.13.3",
    when: (difference) =>
      isAnswer(difference, ["00"], [CONFLICT]) &&
      /^RE(SERVE|LEASE) \(/.test(difference.step.name) &&
      difference.sender !== undefined &&
      ofRegistrants(difference),
    goesOn: true,
  },
];

/** The row that explains a difference. */
export const explanationOf = (difference: Difference): Row | undefined => rows.find((row) => row.when(difference));

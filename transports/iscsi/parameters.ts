/**
 * What a session agreed on: the offers made at login, and the result of their negotiation (RFC 7143 clause 13). Pure.
 */
import {
  agree,
  checkAnswer,
  type NegotiatedKey,
  negotiatedDefaults,
  negotiatedKeys,
  readNumber,
  type TextKeys,
} from "./text.ts";

/**
 * Whether PDUs carry a CRC32C: never, always (else the login fails), or as the target likes with a preference.
 */
export type DigestChoice = "none" | "crc32c" | "prefer-crc32c" | "prefer-none";

const digestLists = {
  none: "None",
  crc32c: "CRC32C",
  "prefer-crc32c": "CRC32C,None",
  "prefer-none": "None,CRC32C",
} as const satisfies Record<DigestChoice, string>;

/** The longest data segment that we accept, in bytes. */
export const MAX_RECEIVE_DATA_SEGMENT_LENGTH = 262_144;

/** What an initiator may choose before a login. */
export interface ParameterChoices {
  readonly headerDigest: DigestChoice;
  readonly dataDigest: DigestChoice;
  /** Offer to send data before the target asks for it (InitialR2T=No). */
  readonly unsolicitedData: boolean;
  /** Offer to send data within the command PDU (ImmediateData=Yes). */
  readonly immediateData: boolean;
}

/** What a session agreed on. Lengths in bytes, times in seconds. */
export interface SessionParameters {
  /** HeaderDigest: is a CRC32C sent with each header? */
  headerDigest: boolean;
  /** DataDigest: is a CRC32C sent with each data segment? */
  dataDigest: boolean;
  /** The longest data segment that the target accepts. */
  maxSendDataSegmentLength: number;
  /** MaxBurstLength. */
  maxBurstLength: number;
  /** FirstBurstLength: the most unsolicited data of one command. */
  firstBurstLength: number;
  /** InitialR2T: is all data but immediate data asked for by R2T? */
  initialR2t: boolean;
  /** ImmediateData: may data stand in the command PDU? */
  immediateData: boolean;
  /** MaxOutstandingR2T, of one command. */
  maxOutstandingR2t: number;
  /** DefaultTime2Wait. */
  time2Wait: number;
  /** DefaultTime2Retain. */
  time2Retain: number;
}

/** What holds, given how each key ended: for initiators and targets. */
export function sessionParameters(
  resultOf: (key: NegotiatedKey) => string,
  maxSendDataSegmentLength: number,
): SessionParameters {
  const maxBurstLength = Number(resultOf("MaxBurstLength"));
  return {
    headerDigest: resultOf("HeaderDigest") === "CRC32C",
    dataDigest: resultOf("DataDigest") === "CRC32C",
    maxSendDataSegmentLength,
    maxBurstLength,
    firstBurstLength: Math.min(Number(resultOf("FirstBurstLength")), maxBurstLength),
    initialR2t: resultOf("InitialR2T") === "Yes",
    immediateData: resultOf("ImmediateData") === "Yes",
    maxOutstandingR2t: Number(resultOf("MaxOutstandingR2T")),
    time2Wait: Number(resultOf("DefaultTime2Wait")),
    time2Retain: Number(resultOf("DefaultTime2Retain")),
  };
}

/** The offers of a normal session, or of a discovery session, which moves no SCSI data. */
export function offers(choices: ParameterChoices, discovery: boolean): Map<NegotiatedKey, string> {
  const digests: [NegotiatedKey, string][] = [
    ["HeaderDigest", digestLists[choices.headerDigest]],
    ["DataDigest", digestLists[choices.dataDigest]],
  ];
  const shared: [NegotiatedKey, string][] = [
    ["DefaultTime2Wait", "0"],
    ["DefaultTime2Retain", "0"],
    ["ErrorRecoveryLevel", "0"],
  ];
  if (discovery) return new Map([...digests, ...shared]);
  return new Map<NegotiatedKey, string>([
    ...digests,
    ["MaxConnections", "1"],
    ["InitialR2T", choices.unsolicitedData ? "No" : "Yes"],
    ["ImmediateData", choices.immediateData ? "Yes" : "No"],
    ["MaxBurstLength", "1048576"],
    ["FirstBurstLength", "262144"],
    ["MaxOutstandingR2T", "8"],
    ["DataPDUInOrder", "Yes"],
    ["DataSequenceInOrder", "Yes"],
    ...shared,
  ]);
}

/** A negotiation under way: takes the target's keys, gives what must be answered, and in the end the result. */
export interface Negotiation {
  /** The keys to send first. */
  readonly first: readonly (readonly [string, string])[];
  /** Takes the target's keys; returns the answers to what the target proposed itself. */
  receive(keys: TextKeys): [string, string][];
  /** The result, once the target has finished. */
  result(): SessionParameters;
}

/**
 * Begins the operational negotiation.
 *
 * @param choices what to offer
 * @param discovery whether it is a discovery session
 */
export function negotiate(choices: ParameterChoices, discovery: boolean): Negotiation {
  const offered = offers(choices, discovery);
  const agreed = new Map<NegotiatedKey, string>();
  let maxSend = 8192;

  function receive(keys: TextKeys): [string, string][] {
    const answers: [string, string][] = [];
    for (const [key, value] of keys) {
      if (key === "MaxRecvDataSegmentLength") {
        maxSend = readNumber(key, value, 512, 0xff_ffff);
      } else if (isNegotiated(key)) {
        const offer = offered.get(key);
        if (offer === undefined) {
          const answer = agree(key, value, negotiatedDefaults[key]);
          agreed.set(key, answer);
          answers.push([key, answer]);
        } else {
          agreed.set(key, checkAnswer(key, offer, value));
        }
      } else if (!informative.has(key)) {
        answers.push([key, "NotUnderstood"]);
      }
    }
    return answers;
  }

  function resultOf(key: NegotiatedKey): string {
    const value = agreed.get(key);
    if (value !== undefined) return value;
    const offer = offered.get(key);
    return offer === undefined
      ? negotiatedDefaults[key]
      : checkAnswer(key, offer, agree(key, negotiatedDefaults[key], offer));
  }

  const first: [string, string][] = [...offered, ["MaxRecvDataSegmentLength", String(MAX_RECEIVE_DATA_SEGMENT_LENGTH)]];
  return { first, receive, result: () => sessionParameters(resultOf, maxSend) };
}

/** Keys that a target declares and that need no answer. */
const informative: ReadonlySet<string> = new Set([
  "TargetAlias",
  "TargetAddress",
  "TargetPortalGroupTag",
  "TargetName",
  "AuthMethod",
]);

function isNegotiated(key: string): key is NegotiatedKey {
  return Object.hasOwn(negotiatedKeys, key);
}

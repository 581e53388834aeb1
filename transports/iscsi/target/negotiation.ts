/**
 * The operational negotiation as the target sees it (RFC 7143 clauses 6 and 13): the initiator's keys in, answers out,
 * and in the end what holds. Pure.
 */
import { type SessionParameters, sessionParameters } from "../parameters.ts";
import { agree, type NegotiatedKey, negotiatedDefaults, negotiatedKeys, readNumber, type TextKeys } from "../text.ts";
import type { DigestPolicy, TargetParameters } from "./options.ts";
import { LoginStatus, refuse } from "./refusal.ts";

/** A negotiation under way. */
export interface TargetNegotiation {
  /** Takes the initiator's keys; returns the target's answers and offers. Throws a refusal. */
  receive(keys: TextKeys): [string, string][];
  /** Nothing that the target offered waits for its answer. */
  settled(): boolean;
  /** What holds in the end. Throws a refusal where the target asks for more. */
  result(): SessionParameters;
}

/** Keys that an initiator declares, and that want no answer. */
const declared: ReadonlySet<string> = new Set([
  "InitiatorName",
  "InitiatorAlias",
  "TargetName",
  "TargetAlias",
  "SessionType",
  "AuthMethod",
]);

/** Keys of RFC 3720 and RFC 7144 with the one answer that this target has for them. */
const fixedAnswers: ReadonlyMap<string, string> = new Map([
  ["OFMarker", "No"],
  ["IFMarker", "No"],
  ["OFMarkInt", "Irrelevant"],
  ["IFMarkInt", "Irrelevant"],
  ["iSCSIProtocolLevel", "1"],
  ["TaskReporting", "RFC3720"],
]);

const digestLists: Readonly<Record<DigestPolicy, string>> = {
  accept: "None,CRC32C",
  refuse: "None",
  require: "CRC32C",
};

/** What the target says to each key. */
function ownValues(parameters: TargetParameters): Readonly<Record<NegotiatedKey, string>> {
  return {
    HeaderDigest: digestLists[parameters.headerDigest],
    DataDigest: digestLists[parameters.dataDigest],
    MaxConnections: "1",
    InitialR2T: parameters.initialR2t ? "Yes" : "No",
    ImmediateData: parameters.immediateData ? "Yes" : "No",
    MaxBurstLength: String(parameters.maxBurstLength),
    FirstBurstLength: String(parameters.firstBurstLength),
    DefaultTime2Wait: "0",
    DefaultTime2Retain: "0",
    MaxOutstandingR2T: String(parameters.maxOutstandingR2t),
    DataPDUInOrder: "Yes",
    DataSequenceInOrder: "Yes",
    ErrorRecoveryLevel: "0",
  };
}

/** Keys that are never offered where the initiator leaves them out: the times it may wait are its own affair. */
const neverOffered: ReadonlySet<string> = new Set(["DefaultTime2Wait", "DefaultTime2Retain"]);

/** How to begin negotiations with these parameters: what is the same for every login is worked out once. */
export function negotiationsWith(parameters: TargetParameters): () => TargetNegotiation {
  const own = ownValues(parameters);
  const tooMuch = (Object.keys(negotiatedKeys) as NegotiatedKey[]).filter(
    (key) => !neverOffered.has(key) && agree(key, negotiatedDefaults[key], own[key]) !== negotiatedDefaults[key],
  );
  return () => negotiate(parameters, own, tooMuch);
}

/** @param tooMuch keys of which the target bears no more than it says itself: it offers those that the initiator leaves out */
function negotiate(
  parameters: TargetParameters,
  own: Readonly<Record<NegotiatedKey, string>>,
  tooMuch: readonly NegotiatedKey[],
): TargetNegotiation {
  /** What was agreed on, or answered, for each key so far: Reject where nothing was. */
  const agreed = new Map<string, string>();
  /** What the target offered itself, until it is answered. */
  const offered = new Set<string>();
  let maxSend = 8192;
  let turns = 0;

  /** What comes of the initiator's value of a negotiated key, which must be one. */
  function negotiated(key: NegotiatedKey, value: string): string {
    const { rule } = negotiatedKeys[key];
    if ((rule === "and" || rule === "or") && value !== "Yes" && value !== "No") {
      throw refuse(LoginStatus.INITIATOR_ERROR, `${key} is neither Yes nor No`);
    }
    const result = agree(key, value, own[key], "the initiator");
    if (result === "Reject" && offered.has(key)) {
      throw refuse(LoginStatus.INITIATOR_ERROR, `the initiator does not agree to ${key}=${own[key]}`);
    }
    return result;
  }

  function answer(key: string, value: string): string | undefined {
    if (declared.has(key)) return undefined;
    if (agreed.has(key)) throw refuse(LoginStatus.INITIATOR_ERROR, `${key} is negotiated twice`);
    if (key === "MaxRecvDataSegmentLength") {
      maxSend = readNumber(key, value, 512, 0xff_ffff, "the initiator");
      agreed.set(key, value);
      return undefined;
    }
    const result = isNegotiated(key) ? negotiated(key, value) : (fixedAnswers.get(key) ?? "NotUnderstood");
    agreed.set(key, result);
    return offered.delete(key) ? undefined : result;
  }

  function resultOf(key: NegotiatedKey): string {
    const result = agreed.get(key);
    return result === undefined || result === "Reject" ? negotiatedDefaults[key] : result;
  }

  return {
    receive(keys) {
      const pairs: [string, string][] = [];
      for (const [key, value] of keys) {
        const said = answer(key, value);
        if (said !== undefined) pairs.push([key, said]);
      }
      if (turns++ > 0) return pairs;
      pairs.push(["MaxRecvDataSegmentLength", String(parameters.maxRecvDataSegmentLength)]);
      for (const key of tooMuch) {
        if (agreed.has(key)) continue;
        offered.add(key);
        pairs.push([key, own[key]]);
      }
      return pairs;
    },
    settled: () => offered.size === 0,
    result() {
      for (const key of ["HeaderDigest", "DataDigest"] as const) {
        const policy = key === "HeaderDigest" ? parameters.headerDigest : parameters.dataDigest;
        if (policy === "require" && resultOf(key) !== "CRC32C") {
          throw refuse(LoginStatus.INITIATOR_ERROR, `the initiator does not agree to ${key}=CRC32C`);
        }
      }
      return sessionParameters(resultOf, maxSend);
    },
  };
}

function isNegotiated(key: string): key is NegotiatedKey {
  return Object.hasOwn(negotiatedKeys, key);
}

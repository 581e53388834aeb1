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
const fixedAnswers: Readonly<Record<string, string>> = {
  OFMarker: "No",
  IFMarker: "No",
  OFMarkInt: "Irrelevant",
  IFMarkInt: "Irrelevant",
  iSCSIProtocolLevel: "1",
  TaskReporting: "RFC3720",
};

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

/** Begins the negotiation. */
export function negotiateAsTarget(parameters: TargetParameters): TargetNegotiation {
  const own = ownValues(parameters);
  const agreed = new Map<NegotiatedKey, string>();
  /** What the target offered itself, until it is answered. */
  const offered = new Set<NegotiatedKey>();
  const seen = new Set<string>();
  let maxSend = 8192;
  let turns = 0;

  /** The initiator's value of a negotiated key, which must be one. */
  function negotiated(key: NegotiatedKey, value: string): [string, string][] {
    const { rule } = negotiatedKeys[key];
    if ((rule === "and" || rule === "or") && value !== "Yes" && value !== "No") {
      throw refuse(LoginStatus.INITIATOR_ERROR, `${key} is neither Yes nor No`);
    }
    const result = agree(key, value, own[key], "the initiator");
    if (result === "Reject") {
      if (offered.has(key))
        throw refuse(LoginStatus.INITIATOR_ERROR, `the initiator does not agree to ${key}=${own[key]}`);
      return [[key, "Reject"]];
    }
    agreed.set(key, result);
    return offered.delete(key) ? [] : [[key, result]];
  }

  function answer(key: string, value: string): [string, string][] {
    if (declared.has(key)) return [];
    if (seen.has(key)) throw refuse(LoginStatus.INITIATOR_ERROR, `${key} is negotiated twice`);
    seen.add(key);
    if (key === "MaxRecvDataSegmentLength") {
      maxSend = readNumber(key, value, 512, 0xff_ffff, "the initiator");
      return [];
    }
    if (isNegotiated(key)) return negotiated(key, value);
    return [[key, Object.hasOwn(fixedAnswers, key) ? (fixedAnswers[key] as string) : "NotUnderstood"]];
  }

  /** Keys that the initiator left out, where what then holds is more than the target bears. */
  function offers(): [string, string][] {
    const pairs: [string, string][] = [];
    for (const key of Object.keys(negotiatedKeys) as NegotiatedKey[]) {
      if (agreed.has(key) || seen.has(key) || key === "DefaultTime2Wait" || key === "DefaultTime2Retain") continue;
      if (agree(key, negotiatedDefaults[key], own[key]) === negotiatedDefaults[key]) continue;
      offered.add(key);
      pairs.push([key, own[key]]);
    }
    return pairs;
  }

  const resultOf = (key: NegotiatedKey): string => agreed.get(key) ?? negotiatedDefaults[key];

  return {
    receive(keys) {
      const pairs = Array.from(keys).flatMap(([key, value]) => answer(key, value));
      if (turns++ > 0) return pairs;
      const own: [string, string] = ["MaxRecvDataSegmentLength", String(parameters.maxRecvDataSegmentLength)];
      return [...pairs, own, ...offers()];
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

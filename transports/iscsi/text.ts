/**
 * Text of login and text PDUs: key=value pairs, and the rules by which each key is negotiated (RFC 7143 clauses 6 and
 * 13). Pure functions over strings and bytes; whose turn it is, is not decided here.
 */
import { protocolError } from "./fault.ts";

/** Keys in the order in which they arrived. */
export type TextKeys = Map<string, string>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Encodes pairs, each ended by a zero byte. */
export function encodeText(pairs: Iterable<readonly [string, string]>): Uint8Array {
  let text = "";
  for (const [key, value] of pairs) text += `${key}=${value}\0`;
  return encoder.encode(text);
}

/**
 * Decodes the text of one side's turn. SendTargets answers repeat keys, so pairs are returned as a list.
 *
 * @throws ScsiError `PROTOCOL_ERROR` for bytes that are not UTF-8, and for text that is not pairs
 */
export function decodePairs(bytes: Uint8Array, peer = "the target"): [string, string][] {
  const pairs: [string, string][] = [];
  eachPair(bytes, peer, (key, value) => pairs.push([key, value]));
  return pairs;
}

function eachPair(bytes: Uint8Array, peer: string, take: (key: string, value: string) => void): void {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw protocolError(`Malformed text from ${peer}: it is not UTF-8`, cause);
  }
  let count = 0;
  for (const item of text.split("\0")) {
    if (item === "") continue;
    count++;
    const equals = item.indexOf("=");
    if (equals < 1 || equals > 63) {
      // The text may hold a CHAP response, so it is not quoted.
      throw protocolError(`Malformed text from ${peer}: pair ${count} is not of the form key=value`);
    }
    take(item.slice(0, equals), item.slice(equals + 1));
  }
}

/**
 * Decodes the text of a negotiation, where a key comes once at most.
 *
 * @throws ScsiError `PROTOCOL_ERROR` as {@link decodePairs}, and for a key that comes twice
 */
export function decodeText(bytes: Uint8Array, peer = "the target"): TextKeys {
  const keys: TextKeys = new Map();
  eachPair(bytes, peer, (key, value) => {
    if (keys.has(key)) throw protocolError(`Malformed text from ${peer}: the key ${key} comes twice`);
    keys.set(key, value);
  });
  return keys;
}

/**
 * How the result of a key is found (RFC 7143 6.2): the first common value of a list, the lesser or the greater number,
 * Yes only if both say so ("and") or if either does ("or").
 */
export type KeyRule =
  | { readonly rule: "list" }
  | { readonly rule: "minimum" | "maximum"; readonly from: number; readonly to: number }
  | { readonly rule: "and" | "or" };

/** The keys that are negotiated (RFC 7143 clause 13), in the order in which they are offered. */
export const negotiatedKeys = {
  HeaderDigest: { rule: "list" },
  DataDigest: { rule: "list" },
  MaxConnections: { rule: "minimum", from: 1, to: 65535 },
  InitialR2T: { rule: "or" },
  ImmediateData: { rule: "and" },
  MaxBurstLength: { rule: "minimum", from: 512, to: 0xff_ffff },
  FirstBurstLength: { rule: "minimum", from: 512, to: 0xff_ffff },
  DefaultTime2Wait: { rule: "maximum", from: 0, to: 3600 },
  DefaultTime2Retain: { rule: "minimum", from: 0, to: 3600 },
  MaxOutstandingR2T: { rule: "minimum", from: 1, to: 65535 },
  DataPDUInOrder: { rule: "or" },
  DataSequenceInOrder: { rule: "or" },
  ErrorRecoveryLevel: { rule: "minimum", from: 0, to: 2 },
} as const satisfies Record<string, KeyRule>;

/** A key that is negotiated. */
export type NegotiatedKey = keyof typeof negotiatedKeys;

/** What holds for a key that nobody mentions (RFC 7143 clause 13). */
export const negotiatedDefaults: Readonly<Record<NegotiatedKey, string>> = {
  HeaderDigest: "None",
  DataDigest: "None",
  MaxConnections: "1",
  InitialR2T: "Yes",
  ImmediateData: "Yes",
  MaxBurstLength: "262144",
  FirstBurstLength: "65536",
  DefaultTime2Wait: "2",
  DefaultTime2Retain: "20",
  MaxOutstandingR2T: "1",
  DataPDUInOrder: "Yes",
  DataSequenceInOrder: "Yes",
  ErrorRecoveryLevel: "0",
};

/**
 * Reads a number as keys write it: decimal, or hexadecimal after 0x.
 *
 * @throws ScsiError `PROTOCOL_ERROR` if it is no number from `from` to `to`
 */
export function readNumber(key: string, value: string, from: number, to: number, peer = "the target"): number {
  const number = /^(?:[0-9]{1,10}|0[xX][0-9a-fA-F]{1,8})$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= from && number <= to)) {
    throw protocolError(`Malformed key from ${peer}: ${key}=${quote(value)} is not a number from ${from} to ${to}`);
  }
  return number;
}

/** What the target sent, fit for a message: short, printable. */
export function quote(value: string): string {
  const printable = value.replace(/[^\x20-\x7e]/g, "?");
  return printable.length > 80 ? `${printable.slice(0, 80)}…` : printable;
}

/**
 * Checks the answer to an offer: it must lie within what was offered.
 *
 * @param offer what was sent: a list for lists, else one value
 * @param answer what came back
 * @returns the result of the negotiation
 * @throws ScsiError `PROTOCOL_ERROR` for an answer that the rule of the key does not allow
 */
export function checkAnswer(key: NegotiatedKey, offer: string, answer: string): string {
  const rule: KeyRule = negotiatedKeys[key];
  const refuse = (why: string) =>
    protocolError(
      `Negotiation failed: the target answered ${key}=${quote(answer)} to an offer of ${key}=${offer}: ${why}`,
    );
  if (answer === "Reject" || answer === "NotUnderstood" || answer === "Irrelevant") {
    if (answer === "Irrelevant") return offer.split(",")[0] as string;
    throw refuse("no common value");
  }
  switch (rule.rule) {
    case "list":
      if (!offer.split(",").includes(answer)) throw refuse("it was not offered");
      return answer;
    case "and":
    case "or": {
      if (answer !== "Yes" && answer !== "No") throw refuse("it must be Yes or No");
      return agree(key, offer, answer);
    }
    default: {
      const value = readNumber(key, answer, rule.from, rule.to);
      if (rule.rule === "minimum" ? value > Number(offer) : value < Number(offer)) {
        throw refuse(rule.rule === "minimum" ? "the lesser value counts" : "the greater value counts");
      }
      return String(value);
    }
  }
}

/**
 * The result for a key where both values are known: what a responder answers. Lists: `ours` holds what is acceptable.
 */
export function agree(key: NegotiatedKey, theirs: string, ours: string, peer = "the target"): string {
  const rule: KeyRule = negotiatedKeys[key];
  switch (rule.rule) {
    case "list": {
      const acceptable = ours.split(",");
      return theirs.split(",").find((value) => acceptable.includes(value)) ?? "Reject";
    }
    case "and":
      return theirs === "Yes" && ours === "Yes" ? "Yes" : "No";
    case "or":
      return theirs === "Yes" || ours === "Yes" ? "Yes" : "No";
    default: {
      const value = readNumber(key, theirs, rule.from, rule.to, peer);
      return String(rule.rule === "minimum" ? Math.min(value, Number(ours)) : Math.max(value, Number(ours)));
    }
  }
}

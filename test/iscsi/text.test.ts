/** Text: pairs, the rules of each key, and how an operational negotiation ends. */
import { expect, test } from "vitest";
import { negotiate, type ParameterChoices } from "../../transports/iscsi/parameters.ts";
import {
  agree,
  checkAnswer,
  decodePairs,
  decodeText,
  encodeText,
  type NegotiatedKey,
  readNumber,
} from "../../transports/iscsi/text.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const choices: ParameterChoices = {
  headerDigest: "prefer-none",
  dataDigest: "prefer-none",
  immediateData: true,
  unsolicitedData: true,
};

test("pairs are written with a zero byte behind each, and read back", () => {
  const bytes = encodeText([
    ["InitiatorName", "iqn.2026-01.test:é"],
    ["CHAP_N", "a=b"],
  ]);
  expect(bytes).toEqual(ascii("InitiatorName=iqn.2026-01.test:é\0CHAP_N=a=b\0"));
  expect(decodePairs(bytes)).toEqual([
    ["InitiatorName", "iqn.2026-01.test:é"],
    ["CHAP_N", "a=b"],
  ]);
});

test("padding and empty text are no pairs", () => {
  expect(decodePairs(ascii("A=1\0\0\0"))).toEqual([["A", "1"]]);
  expect(decodePairs(new Uint8Array(0))).toEqual([]);
});

test.each([
  ["novalue\0", "pair 1 is not of the form"],
  ["A=1\0=2\0", "pair 2 is not of the form"],
  [`${"k".repeat(64)}=1\0`, "pair 1 is not of the form"],
])("%j is refused without being quoted", (text, why) => {
  expect(() => decodePairs(ascii(text))).toThrow(why);
});

test("text that is not UTF-8 is refused", () => {
  expect(() => decodePairs(Uint8Array.of(0x41, 0x3d, 0xff, 0))).toThrow("not UTF-8");
});

test("a key that comes twice is refused", () => {
  expect(() => decodeText(ascii("A=1\0A=1\0"))).toThrow("the key A comes twice");
});

test.each([
  ["0", 0],
  ["0x10", 16],
  ["262144", 262_144],
])("the number %s is %i", (text, value) => {
  expect(readNumber("K", text, 0, 0xff_ffff)).toBe(value);
});

test.each(["", "-1", "1.5", "0x", "16777216", "1e3", " 1", "99999999999"])("%j is no number for a key", (text) => {
  expect(() => readNumber("K", text, 0, 0xff_ffff)).toThrow("is not a number from 0 to 16777215");
});

test.each<[NegotiatedKey, string, string, string]>([
  ["HeaderDigest", "CRC32C,None", "None", "None"],
  ["HeaderDigest", "CRC32C,None", "CRC32C", "CRC32C"],
  ["InitialR2T", "No", "Yes", "Yes"],
  ["InitialR2T", "No", "No", "No"],
  ["ImmediateData", "Yes", "No", "No"],
  ["MaxBurstLength", "262144", "65536", "65536"],
  ["MaxBurstLength", "262144", "0x10000", "65536"],
  ["DefaultTime2Wait", "0", "2", "2"],
  ["ErrorRecoveryLevel", "0", "0", "0"],
  ["FirstBurstLength", "65536", "Irrelevant", "65536"],
])("%s=%s answered with %s gives %s", (key, offer, answer, result) => {
  expect(checkAnswer(key, offer, answer)).toBe(result);
});

test.each<[NegotiatedKey, string, string, string]>([
  ["HeaderDigest", "CRC32C", "None", "it was not offered"],
  ["HeaderDigest", "CRC32C", "Reject", "no common value"],
  ["InitialR2T", "Yes", "No", ""],
  ["ImmediateData", "Yes", "Maybe", "it must be Yes or No"],
  ["MaxBurstLength", "65536", "262144", "the lesser value counts"],
  ["DefaultTime2Wait", "5", "2", "the greater value counts"],
  ["MaxBurstLength", "65536", "511", "is not a number from 512"],
  ["ErrorRecoveryLevel", "0", "2", "the lesser value counts"],
])("%s=%s answered with %s is settled against the peer", (key, offer, answer, why) => {
  if (why === "") expect(checkAnswer(key, offer, answer)).toBe("Yes");
  else expect(() => checkAnswer(key, offer, answer)).toThrow(why);
});

test.each<[NegotiatedKey, string, string, string]>([
  ["HeaderDigest", "None,CRC32C", "CRC32C", "CRC32C"],
  ["HeaderDigest", "None", "CRC32C", "Reject"],
  ["InitialR2T", "No", "No", "No"],
  ["InitialR2T", "No", "Yes", "Yes"],
  ["ImmediateData", "Yes", "No", "No"],
  ["MaxBurstLength", "1000", "2000", "1000"],
  ["DefaultTime2Wait", "3", "2", "3"],
])("a responder that is offered %s=%s and wants %s answers %s", (key, theirs, ours, answer) => {
  expect(agree(key, theirs, ours)).toBe(answer);
});

test("a negotiation ends with what both sides said", () => {
  const negotiation = negotiate({ ...choices, headerDigest: "prefer-crc32c" }, false);
  expect(new Map(negotiation.first).get("HeaderDigest")).toBe("CRC32C,None");
  const answers = negotiation.receive(
    new Map([
      ["HeaderDigest", "CRC32C"],
      ["DataDigest", "None"],
      ["InitialR2T", "No"],
      ["ImmediateData", "No"],
      ["MaxBurstLength", "65536"],
      ["FirstBurstLength", "131072"],
      ["MaxOutstandingR2T", "4"],
      ["DefaultTime2Wait", "3"],
      ["DefaultTime2Retain", "0"],
      ["MaxRecvDataSegmentLength", "4096"],
      ["TargetPortalGroupTag", "1"],
      ["TargetAlias", "x"],
    ]),
  );
  expect(answers).toEqual([]);
  expect(negotiation.result()).toEqual({
    headerDigest: true,
    dataDigest: false,
    maxSendDataSegmentLength: 4096,
    maxBurstLength: 65536,
    firstBurstLength: 65536,
    initialR2t: false,
    immediateData: false,
    maxOutstandingR2t: 4,
    time2Wait: 3,
    time2Retain: 0,
  });
});

test("keys that the target leaves out have their defaults, or less if less was offered", () => {
  expect(negotiate(choices, false).result()).toEqual({
    headerDigest: false,
    dataDigest: false,
    maxSendDataSegmentLength: 8192,
    maxBurstLength: 262_144,
    firstBurstLength: 65_536,
    initialR2t: true,
    immediateData: true,
    maxOutstandingR2t: 1,
    time2Wait: 2,
    time2Retain: 0,
  });
});

test("a demanded digest that the target leaves out ends the negotiation", () => {
  const negotiation = negotiate({ ...choices, headerDigest: "crc32c" }, false);
  negotiation.receive(new Map());
  expect(() => negotiation.result()).toThrow("HeaderDigest");
});

test("keys that nobody knows are answered with NotUnderstood", () => {
  const negotiation = negotiate(choices, false);
  expect(negotiation.receive(new Map([["X-com.example.Turbo", "9"]]))).toEqual([
    ["X-com.example.Turbo", "NotUnderstood"],
  ]);
});

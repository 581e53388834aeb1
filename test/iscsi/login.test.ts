/** The login state machine, fed by hand: what it asks, what it accepts, and how it says what went wrong. */
import { expect, test } from "vitest";
import { isScsiError } from "../../src/errors.ts";
import { type ChapAlgorithm, chapResponse, decodeBinary, encodeBinary } from "../../transports/iscsi/chap.ts";
import { createLogin, type Login, type LoginOptions, type LoginStep } from "../../transports/iscsi/login.ts";
import { deriveIsid } from "../../transports/iscsi/names.ts";
import { readLoginRequest } from "../../transports/iscsi/request-pdus.ts";
import { type LoginResponseFields, loginResponse } from "../../transports/iscsi/response-pdus.ts";
import { decodeText } from "../../transports/iscsi/text.ts";
import { loginStatusWords } from "../../transports/iscsi/words.ts";
import { INITIATOR_NAME, TARGET_NAME } from "./fake-target.ts";

const options: LoginOptions = {
  initiatorName: INITIATOR_NAME,
  targetName: TARGET_NAME,
  isid: deriveIsid(INITIATOR_NAME),
  algorithms: ["sha-256", "md5"],
  choices: { headerDigest: "none", dataDigest: "none", immediateData: true, unsolicitedData: true },
  ownChallenges: [],
};
const oneWay: LoginOptions = { ...options, chap: { user: "alice", password: "secret-of-alice" } };
const target = { user: "bob", password: "secret-of-bob" };
const mutual: LoginOptions = {
  ...options,
  chap: { user: "alice", password: "secret-of-alice", target },
  ownChallenges: [],
};

function parse(pdu: Uint8Array) {
  const request = readLoginRequest(pdu);
  return { ...request, keys: decodeText(pdu.subarray(48, 48 + request.dataSegmentLength)) };
}

/** Lets the login take a response; what is not given answers the way the request was asked. */
function reply(
  login: Login,
  request: Uint8Array,
  keys: Record<string, string> = {},
  fields: Partial<LoginResponseFields> = {},
): LoginStep {
  const asked = readLoginRequest(request);
  const text = Object.entries(keys)
    .map(([key, value]) => `${key}=${value}\0`)
    .join("");
  const data = new TextEncoder().encode(text);
  const header = loginResponse({
    transit: asked.transit,
    continues: false,
    currentStage: asked.currentStage,
    nextStage: asked.nextStage,
    versionActive: 0,
    isid: asked.isid,
    tsih: 1,
    initiatorTaskTag: asked.initiatorTaskTag,
    statSn: asked.expStatSn,
    expCmdSn: asked.cmdSn,
    maxCmdSn: asked.cmdSn + 7,
    status: 0,
    dataSegmentLength: data.length,
    ...fields,
  });
  return login.receive(header, 0, data);
}

function sent(step: LoginStep): Uint8Array {
  if (step.kind !== "send") throw new Error(`expected a request to be sent, got ${step.kind}`);
  return step.pdu;
}

function errorOf(action: () => unknown): { code: string; delivered: string; message: string } {
  try {
    action();
  } catch (error) {
    if (isScsiError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("without credentials the login takes one exchange", () => {
  const login = createLogin(options);
  const first = login.start();
  expect(parse(first)).toMatchObject({ transit: true, currentStage: 1, nextStage: 3, tsih: 0, isid: options.isid });
  expect(Object.fromEntries(parse(first).keys)).toMatchObject({
    InitiatorName: INITIATOR_NAME,
    TargetName: TARGET_NAME,
    SessionType: "Normal",
    HeaderDigest: "None",
    ErrorRecoveryLevel: "0",
  });
  const step = reply(login, first, { TargetPortalGroupTag: "3", TargetAlias: "disk" }, { statSn: 41, maxCmdSn: 99 });
  expect(step).toMatchObject({
    kind: "done",
    result: {
      tsih: 1,
      expStatSn: 42,
      cmdSn: 1,
      maxCmdSn: 99,
      targetPortalGroupTag: 3,
      targetAlias: "disk",
      authentication: "none",
    },
  });
});

test("a discovery login names no target and offers no SCSI parameters", () => {
  const login = createLogin({ ...options, targetName: undefined });
  const { keys } = parse(login.start());
  expect(keys.get("SessionType")).toBe("Discovery");
  expect(keys.has("TargetName")).toBe(false);
  expect(keys.has("MaxBurstLength")).toBe(false);
});

test("a target that is not ready is asked again, and its own proposals are answered", () => {
  const login = createLogin(options);
  const second = sent(reply(login, login.start(), { "X-a": "1" }, { transit: false }));
  expect(Object.fromEntries(parse(second).keys)).toEqual({ "X-a": "NotUnderstood" });
  expect(parse(second)).toMatchObject({ transit: true, currentStage: 1, nextStage: 3 });
  expect(reply(login, second)).toMatchObject({ kind: "done" });
});

test("text that continues is fetched to its end, and a key split between PDUs is put together", () => {
  const login = createLogin(options);
  const first = login.start();
  const asked = readLoginRequest(first);
  const part = (text: string, continues: boolean, statSn: number): LoginStep => {
    const data = new TextEncoder().encode(text);
    const header = loginResponse({
      ...asked,
      continues,
      transit: !continues,
      versionActive: 0,
      tsih: 1,
      statSn,
      expCmdSn: 1,
      maxCmdSn: 8,
      status: 0,
      dataSegmentLength: data.length,
    });
    return login.receive(header, 0, data);
  };
  const second = sent(part("MaxBurst", true, 0));
  expect(parse(second)).toMatchObject({ continues: false, dataSegmentLength: 0 });
  sent(part("Length=40", true, 1));
  const step = part("96\0", false, 2);
  expect(step).toMatchObject({ kind: "done", result: { parameters: { maxBurstLength: 4096 } } });
});

test("a target that goes on unasked is refused", () => {
  const login = createLogin(oneWay);
  expect(() => reply(login, login.start(), { AuthMethod: "CHAP" }, { transit: true, nextStage: 1 })).toThrow(
    "went on to the next login stage without being asked to",
  );
});

test("our text that is longer than 8192 bytes is sent in parts", () => {
  const user = "u".repeat(9000);
  const login = createLogin({ ...oneWay, chap: { user, password: "secret-of-alice" } });
  const second = sent(reply(login, login.start(), { AuthMethod: "CHAP" }));
  const third = sent(reply(login, second, { CHAP_A: "5", CHAP_I: "1", CHAP_C: "0x0102" }));
  expect(parseHeader(third)).toMatchObject({ continues: true, transit: false, dataSegmentLength: 8192 });
  const fourth = sent(reply(login, third));
  expect(parseHeader(fourth)).toMatchObject({ continues: false, transit: true });
  const text = new TextDecoder().decode(third.subarray(48)) + new TextDecoder().decode(fourth.subarray(48));
  expect(text).toContain(`CHAP_N=${user}\0CHAP_R=0x`);
});

function parseHeader(pdu: Uint8Array) {
  return readLoginRequest(pdu);
}

test("one-way CHAP proves the secret by the digest that the target chose", () => {
  const login = createLogin(oneWay);
  const first = login.start();
  expect(parse(first)).toMatchObject({ transit: false, currentStage: 0 });
  expect(parse(first).keys.get("AuthMethod")).toBe("CHAP,None");
  const second = sent(reply(login, first, { AuthMethod: "CHAP" }));
  expect(Object.fromEntries(parse(second).keys)).toEqual({ CHAP_A: "7,5" });
  const third = sent(reply(login, second, { CHAP_A: "7", CHAP_I: "9", CHAP_C: "0xdeadbeef" }));
  const response = chapResponse("sha-256", 9, "secret-of-alice", Uint8Array.of(0xde, 0xad, 0xbe, 0xef));
  expect(Object.fromEntries(parse(third).keys)).toEqual({ CHAP_N: "alice", CHAP_R: encodeBinary(response) });
  expect(parse(third)).toMatchObject({ transit: true, currentStage: 0, nextStage: 1 });
  const fourth = sent(reply(login, third));
  expect(parse(fourth)).toMatchObject({ transit: true, currentStage: 1, nextStage: 3 });
  expect(reply(login, fourth)).toMatchObject({ kind: "done", result: { authentication: "chap" } });
});

test("one-way CHAP lets a target do without", () => {
  const login = createLogin(oneWay);
  const second = sent(reply(login, login.start(), { AuthMethod: "None" }));
  expect(parse(second)).toMatchObject({ transit: true, currentStage: 0, nextStage: 1 });
  const third = sent(reply(login, second));
  expect(reply(login, third)).toMatchObject({ kind: "done", result: { authentication: "none" } });
});

/** Goes through mutual CHAP up to the target's proof. */
function upToProof(login: Login, algorithm: ChapAlgorithm = "md5") {
  const second = sent(reply(login, login.start(), { AuthMethod: "CHAP" }));
  const third = sent(
    reply(login, second, { CHAP_A: algorithm === "md5" ? "5" : "7", CHAP_I: "1", CHAP_C: "0x0102030405060708" }),
  );
  const { keys } = parse(third);
  const challenge = keys.get("CHAP_C") ?? "";
  return { third, keys, identifier: Number(keys.get("CHAP_I")), challenge: decodeBinary("CHAP_C", challenge) };
}

test("mutual CHAP accepts the target's own proof", () => {
  for (const algorithm of ["md5", "sha-256"] as const) {
    const login = createLogin(mutual);
    const { third, identifier, challenge } = upToProof(login, algorithm);
    const proof = encodeBinary(chapResponse(algorithm, identifier, "secret-of-bob", challenge));
    const fourth = sent(reply(login, third, { CHAP_N: "bob", CHAP_R: proof }));
    expect(reply(login, fourth)).toMatchObject({ kind: "done", result: { authentication: "mutual-chap" } });
  }
});

test("mutual CHAP does not offer to do without", () => {
  expect(parse(createLogin(mutual).start()).keys.get("AuthMethod")).toBe("CHAP");
});

test("mutual CHAP refuses a target that wants none, gives none, has another name or another secret", () => {
  const none = createLogin(mutual);
  expect(errorOf(() => reply(none, none.start(), { AuthMethod: "None" }))).toMatchObject({
    code: "AUTHENTICATION_FAILED",
    delivered: "no",
  });

  const silent = createLogin(mutual);
  const before = upToProof(silent);
  expect(errorOf(() => reply(silent, before.third)).message).toContain("did not prove its own identity");

  const renamed = createLogin(mutual);
  const other = upToProof(renamed);
  expect(errorOf(() => reply(renamed, other.third, { CHAP_N: "eve", CHAP_R: "0x00" })).message).toContain(
    "the target says it is eve, expected bob",
  );

  const wrong = createLogin(mutual);
  const { third, identifier, challenge } = upToProof(wrong);
  const proof = encodeBinary(chapResponse("md5", identifier, "wrong", challenge));
  expect(errorOf(() => reply(wrong, third, { CHAP_N: "bob", CHAP_R: proof })).message).toContain(
    "secret for bob is not the one",
  );
});

test("mutual CHAP refuses what we said ourselves: our response, and a challenge of ours", () => {
  const echo = createLogin(mutual);
  const { third, keys } = upToProof(echo);
  expect(errorOf(() => reply(echo, third, { CHAP_N: "bob", CHAP_R: keys.get("CHAP_R") ?? "" })).message).toContain(
    "our own response (a reflection attack)",
  );

  const ownChallenges: string[] = [];
  const first = createLogin({ ...mutual, ownChallenges });
  const ours = upToProof(first).keys.get("CHAP_C") ?? "";
  const second = createLogin({ ...mutual, ownChallenges });
  const request = sent(reply(second, second.start(), { AuthMethod: "CHAP" }));
  expect(
    errorOf(() => reply(second, request, { CHAP_A: "5", CHAP_I: "1", CHAP_C: ours.toUpperCase().replace("0X", "0x") })),
  ).toMatchObject({ code: "AUTHENTICATION_FAILED", message: expect.stringContaining("reflection") });
});

test("a second challenge is refused", () => {
  const login = createLogin(mutual);
  const { third } = upToProof(login);
  expect(errorOf(() => reply(login, third, { CHAP_A: "5", CHAP_I: "2", CHAP_C: "0x01" })).message).toContain(
    "a second challenge",
  );
});

test.each([
  [{}, "CHAP_A=nothing"],
  [{ CHAP_A: "6", CHAP_I: "1", CHAP_C: "0x00" }, "CHAP_A=6 of the offered 7,5"],
  [{ CHAP_A: "5", CHAP_I: "256", CHAP_C: "0x00" }, "CHAP_I=256 is not a number from 0 to 255"],
  [{ CHAP_A: "5", CHAP_I: "1" }, "CHAP_C is not a binary value"],
])("a challenge of %j is refused", (keys, why) => {
  const login = createLogin(oneWay);
  const second = sent(reply(login, login.start(), { AuthMethod: "CHAP" }));
  expect(() => reply(login, second, keys as Record<string, string>)).toThrow(why);
});

test("a method that was not offered is refused", () => {
  const login = createLogin(oneWay);
  expect(errorOf(() => reply(login, login.start(), { AuthMethod: "KRB5" }))).toMatchObject({
    code: "AUTHENTICATION_FAILED",
    message: expect.stringContaining("AuthMethod=KRB5 to an offer of CHAP,None"),
  });
});

for (const [code, words] of Object.entries(loginStatusWords)) {
  const status = Number(code);
  if (status < 0x0200) continue;
  test(`status ${status.toString(16)} is explained: ${words}`, () => {
    const login = createLogin(oneWay);
    const error = errorOf(() => reply(login, login.start(), {}, { status }));
    expect(error.code).toBe(
      status === 0x0201 ? "AUTHENTICATION_FAILED" : status === 0x0203 ? "TARGET_NOT_FOUND" : "LOGIN_FAILED",
    );
    expect(error.delivered).toBe("no");
    expect(error.message).toContain(words);
    expect(error.message).toContain("CHAP user alice");
    expect(error.message).not.toContain("secret-of-alice");
  });
}

test("a status that RFC 7143 does not define still fails, and says so", () => {
  const login = createLogin(options);
  expect(() => reply(login, login.start(), {}, { status: 0x0499 })).toThrow("does not define (0499h)");
});

test.each([
  [0x0101, false],
  [0x0102, true],
])("status %i redirects", (status, permanent) => {
  const login = createLogin(options);
  const step = reply(login, login.start(), { TargetAddress: "[::1]:3261,1" }, { status });
  expect(step).toEqual({ kind: "redirect", address: "[::1]:3261,1", permanent });
});

test("a redirection to nowhere is refused", () => {
  const login = createLogin(options);
  expect(() => reply(login, login.start(), {}, { status: 0x0101 })).toThrow("without a TargetAddress");
});

test.each<[string, Partial<LoginResponseFields>]>([
  ["the initiator task tag is 5", { initiatorTaskTag: 5 }],
  ["the ISID is 1", { isid: 1n }],
  ["Version-active is 1", { versionActive: 1 }],
  ["the current stage is 0", { currentStage: 0 }],
  ["the next stage is 1", { nextStage: 1 }],
  ["the TSIH of the new session is 0", { tsih: 0 }],
  ["both T and C are set", { continues: true }],
])("a response is refused because %s", (why, fields) => {
  const login = createLogin(options);
  expect(errorOf(() => reply(login, login.start(), {}, fields))).toMatchObject({
    code: "PROTOCOL_ERROR",
    message: expect.stringContaining(why),
  });
});

test("a target that never ends its login is cut off", () => {
  const login = createLogin(options);
  let request = login.start();
  expect(() => {
    for (let exchange = 0; exchange < 100; exchange++) {
      request = sent(reply(login, request, {}, { transit: false, statSn: exchange }));
    }
  }).toThrow("did not end after 32 exchanges");
});

test("a target that sends text without end is cut off", () => {
  const login = createLogin(options);
  let request = login.start();
  expect(() => {
    for (;;) {
      request = sent(reply(login, request, { A: "x".repeat(8000) }, { transit: false, continues: true }));
    }
  }).toThrow("more than 65536 bytes of text");
});

test("a PDU that is no login response is refused", () => {
  const login = createLogin(options);
  login.start();
  const header = new Uint8Array(48);
  header[0] = 0x25;
  expect(() => login.receive(header, 0, new Uint8Array(0))).toThrow("answered a login request with data in (25h)");
});

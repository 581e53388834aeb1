/**
 * The login phase of a connection (RFC 7143 6 and 11.12): a state machine, responses in and requests out. No I/O and no
 * clock; it is bounded, whatever the target says.
 */
import { type ScsiError, transportError } from "../../src/errors.ts";
import {
  type ChapAlgorithm,
  type ChapOptions,
  chapAlgorithm,
  chapChallenge,
  chapNumber,
  chapResponse,
  decodeBinary,
  encodeBinary,
  sameResponse,
} from "./chap.ts";
import { describePdu, protocolError } from "./fault.ts";
import { type Negotiation, negotiate, type ParameterChoices, type SessionParameters } from "./parameters.ts";
import { joinPdu, Opcode } from "./pdu.ts";
import { loginRequest } from "./request-pdus.ts";
import { type LoginResponseFields, readLoginResponse } from "./response-pdus.ts";
import { decodeText, encodeText, quote, readNumber, type TextKeys } from "./text.ts";
import { describeCode, loginStatusWords } from "./words.ts";

/** What a login needs to know. */
export interface LoginOptions {
  readonly initiatorName: string;
  /** Absent: a discovery session. */
  readonly targetName?: string | undefined;
  /** 48 bits. */
  readonly isid: bigint;
  readonly chap?: ChapOptions | undefined;
  /** The CHAP digests to offer, the preferred first. */
  readonly algorithms: readonly ChapAlgorithm[];
  readonly choices: ParameterChoices;
  /**
   * Challenges that this initiator issued in earlier logins; this login adds its own. A target that returns one is
   * reflecting it.
   */
  readonly ownChallenges: string[];
}

/** What a login came to. */
export interface LoginResult {
  readonly parameters: SessionParameters;
  readonly tsih: number;
  readonly expStatSn: number;
  readonly cmdSn: number;
  readonly maxCmdSn: number;
  readonly targetPortalGroupTag: number | undefined;
  readonly targetAlias: string | undefined;
  readonly authentication: "none" | "chap" | "mutual-chap";
}

/** What to do after a response. */
export type LoginStep =
  | { readonly kind: "send"; readonly pdu: Uint8Array }
  | { readonly kind: "done"; readonly result: LoginResult }
  | { readonly kind: "redirect"; readonly address: string; readonly permanent: boolean };

/** A login under way. */
export interface Login {
  /** The first request. */
  start(): Uint8Array;
  /** Takes a PDU; throws a ScsiError that says why the login failed. */
  receive(bytes: Uint8Array, at: number, data: Uint8Array): LoginStep;
}

const SECURITY = 0;
const OPERATIONAL = 1;
const FULL_FEATURE = 3;
/** A login takes three to five exchanges; a target that needs more than this never ends. */
const MAX_EXCHANGES = 32;
const MAX_TEXT_LENGTH = 65_536;
/** What a target must accept before it has declared a length. */
const MAX_REQUEST_TEXT = 8192;
const KNOWN_CHALLENGES = 16;
const INITIATOR_TASK_TAG = 0;
const FIRST_CMD_SN = 1;

type SecurityStep = "method" | "algorithm" | "response" | "done";

/** Begins a login. */
export function createLogin(options: LoginOptions): Login {
  const negotiation: Negotiation = negotiate(options.choices, options.targetName === undefined);
  // Without credentials there is nothing to say about security: the login begins one stage later (RFC 7143 6.1).
  let stage = options.chap === undefined ? OPERATIONAL : SECURITY;
  let securityStep: SecurityStep = "method";
  let authentication: LoginResult["authentication"] = "none";
  let expStatSn = 0;
  let exchanges = 0;
  let transitAsked = false;
  let unsent: Uint8Array = new Uint8Array(0);
  let textParts: Uint8Array[] = [];
  let textLength = 0;
  let proof: { algorithm: ChapAlgorithm; identifier: number; challenge: Uint8Array; response: Uint8Array } | undefined;
  let targetPortalGroupTag: number | undefined;
  let targetAlias: string | undefined;

  function request(text: Uint8Array, transit: boolean): Uint8Array {
    const continues = text.length > MAX_REQUEST_TEXT;
    const data = continues ? text.subarray(0, MAX_REQUEST_TEXT) : text;
    unsent = text.subarray(data.length);
    transitAsked = transit;
    const header = loginRequest({
      transit: transit && !continues,
      continues,
      currentStage: stage,
      nextStage: stage === SECURITY ? OPERATIONAL : FULL_FEATURE,
      isid: options.isid,
      tsih: 0,
      initiatorTaskTag: INITIATOR_TASK_TAG,
      cid: 0,
      cmdSn: FIRST_CMD_SN,
      expStatSn,
      dataSegmentLength: data.length,
    });
    return joinPdu(header, data);
  }

  function send(pairs: Iterable<readonly [string, string]>, transit: boolean): LoginStep {
    return { kind: "send", pdu: request(encodeText(pairs), transit) };
  }

  function start(): Uint8Array {
    const pairs: [string, string][] = [["InitiatorName", options.initiatorName]];
    if (options.targetName !== undefined) pairs.push(["TargetName", options.targetName]);
    pairs.push(["SessionType", options.targetName === undefined ? "Discovery" : "Normal"]);
    if (options.chap === undefined) return request(encodeText([...pairs, ...negotiation.first]), true);
    return request(encodeText([...pairs, ["AuthMethod", methodsOffered(options.chap)]]), false);
  }

  function receive(bytes: Uint8Array, at: number, data: Uint8Array): LoginStep {
    if (((bytes[at] as number) & 0x3f) !== Opcode.LOGIN_RESPONSE) {
      throw protocolError(`The target answered a login request with ${describePdu(bytes, at)}`);
    }
    const response = readLoginResponse(bytes, at, data.length);
    if (response.status !== 0) return failed(response, data);
    checkResponse(response);
    expStatSn = (response.statSn + 1) >>> 0;
    if (++exchanges > MAX_EXCHANGES) {
      throw protocolError(`The login did not end after ${MAX_EXCHANGES} exchanges`);
    }
    textLength += data.length;
    if (textLength > MAX_TEXT_LENGTH) {
      throw protocolError(`The target sent more than ${MAX_TEXT_LENGTH} bytes of text in one turn of the login`);
    }
    textParts.push(data.slice());
    if (response.continues) {
      if (response.transit) throw protocolError("Malformed login response: both T and C are set");
      return send([], transitAsked);
    }
    if (unsent.length > 0) return { kind: "send", pdu: request(unsent, transitAsked) };
    const keys = decodeText(joinParts(textParts, textLength));
    textParts = [];
    textLength = 0;
    declared(keys);
    return stage === SECURITY ? security(response, keys) : operational(response, keys);
  }

  function checkResponse(response: LoginResponseFields): void {
    const expect = (field: string, found: number | bigint, wanted: number | bigint) => {
      if (found !== wanted) throw protocolError(`Malformed login response: ${field} is ${found}, expected ${wanted}`);
    };
    expect("the initiator task tag", response.initiatorTaskTag, INITIATOR_TASK_TAG);
    expect("the ISID", response.isid, options.isid);
    expect("Version-active", response.versionActive, 0);
    expect("the current stage", response.currentStage, stage);
    if (response.transit) {
      if (!transitAsked) throw protocolError("The target went on to the next login stage without being asked to");
      expect("the next stage", response.nextStage, stage === SECURITY ? OPERATIONAL : FULL_FEATURE);
    }
  }

  function declared(keys: TextKeys): void {
    const tag = keys.get("TargetPortalGroupTag");
    if (tag !== undefined) targetPortalGroupTag = readNumber("TargetPortalGroupTag", tag, 0, 65535);
    targetAlias = keys.get("TargetAlias") ?? targetAlias;
  }

  function failed(response: LoginResponseFields, data: Uint8Array): LoginStep {
    const { status } = response;
    const words = describeCode(loginStatusWords, status, 4);
    if (status >> 8 === 1) {
      const address = decodeText(data).get("TargetAddress");
      if (address === undefined) throw protocolError(`The target answered ${words} without a TargetAddress`);
      return { kind: "redirect", address, permanent: status === 0x0102 };
    }
    const code = status === 0x0201 ? "AUTHENTICATION_FAILED" : status === 0x0203 ? "TARGET_NOT_FOUND" : "LOGIN_FAILED";
    const who =
      options.chap === undefined
        ? `initiator ${options.initiatorName}, without credentials`
        : `initiator ${options.initiatorName}, CHAP user ${quote(options.chap.user)}`;
    throw transportError(code, "no", `The target refuses the login (${who}): ${words}`);
  }

  function security(response: LoginResponseFields, keys: TextKeys): LoginStep {
    switch (securityStep) {
      case "method":
        return methodChosen(response, keys);
      case "algorithm":
        return challenged(keys);
      case "response":
        targetProved(keys);
        securityStep = "done";
        return afterSecurity(response);
      case "done":
        return afterSecurity(response);
    }
  }

  function methodChosen(response: LoginResponseFields, keys: TextKeys): LoginStep {
    const method = keys.get("AuthMethod") ?? "None";
    const chap = options.chap as ChapOptions;
    if (method === "CHAP") {
      securityStep = "algorithm";
      return send([["CHAP_A", options.algorithms.map(chapNumber).join(",")]], false);
    }
    if (method !== "None" || chap.target !== undefined) {
      throw denied(`the target answered AuthMethod=${quote(method)} to an offer of ${methodsOffered(chap)}`);
    }
    securityStep = "done";
    return afterSecurity(response);
  }

  function challenged(keys: TextKeys): LoginStep {
    const chap = options.chap as ChapOptions;
    const number = keys.get("CHAP_A");
    const algorithm = number === undefined ? undefined : chapAlgorithm(number);
    if (algorithm === undefined || !options.algorithms.includes(algorithm)) {
      throw denied(
        `the target chose CHAP_A=${quote(number ?? "nothing")} of the offered ${options.algorithms.map(chapNumber).join(",")}`,
      );
    }
    const identifier = readNumber("CHAP_I", keys.get("CHAP_I") ?? "", 0, 255);
    const challengeText = keys.get("CHAP_C") ?? "";
    const challenge = decodeBinary("CHAP_C", challengeText);
    if (options.ownChallenges.includes(encodeBinary(challenge))) {
      throw denied("the target's challenge is one that this initiator issued (a reflection attack)");
    }
    const response = chapResponse(algorithm, identifier, chap.password, challenge);
    const pairs: [string, string][] = [
      ["CHAP_N", chap.user],
      ["CHAP_R", encodeBinary(response)],
    ];
    authentication = "chap";
    if (chap.target !== undefined) {
      const own = chapChallenge(algorithm);
      proof = { algorithm, identifier: own.identifier, challenge: own.challenge, response };
      pairs.push(["CHAP_I", String(own.identifier)], ["CHAP_C", encodeBinary(own.challenge)]);
      options.ownChallenges.push(encodeBinary(own.challenge));
      if (options.ownChallenges.length > KNOWN_CHALLENGES) options.ownChallenges.shift();
    }
    securityStep = "response";
    return send(pairs, true);
  }

  function targetProved(keys: TextKeys): void {
    if (keys.has("CHAP_C") || keys.has("CHAP_A")) throw denied("the target issued a second challenge");
    const expected = options.chap?.target;
    if (expected === undefined || proof === undefined) return;
    const name = keys.get("CHAP_N");
    const text = keys.get("CHAP_R");
    if (name === undefined || text === undefined) {
      throw denied("the target did not prove its own identity, as mutual CHAP demands (no CHAP_N and CHAP_R)");
    }
    if (name !== expected.user) {
      throw denied(`the target says it is ${quote(name)}, expected ${quote(expected.user)}`);
    }
    const response = decodeBinary("CHAP_R", text);
    if (sameResponse(response, proof.response))
      throw denied("the target returned our own response (a reflection attack)");
    const wanted = chapResponse(proof.algorithm, proof.identifier, expected.password, proof.challenge);
    if (!sameResponse(response, wanted)) {
      throw denied(`the target's secret for ${quote(expected.user)} is not the one expected (mutual CHAP)`);
    }
    authentication = "mutual-chap";
  }

  function afterSecurity(response: LoginResponseFields): LoginStep {
    if (!response.transit) return send([], true);
    stage = OPERATIONAL;
    return send(negotiation.first, true);
  }

  function operational(response: LoginResponseFields, keys: TextKeys): LoginStep {
    const answers = negotiation.receive(keys);
    if (!response.transit) return send(answers, true);
    if (answers.length > 0) {
      throw protocolError(
        `The target ended the login with a key that it had yet to be answered: ${quote(answers[0]?.[0] ?? "")}`,
      );
    }
    if (response.tsih === 0) throw protocolError("Malformed login response: the TSIH of the new session is 0");
    return {
      kind: "done",
      result: {
        parameters: negotiation.result(),
        tsih: response.tsih,
        expStatSn,
        cmdSn: FIRST_CMD_SN,
        maxCmdSn: response.maxCmdSn,
        targetPortalGroupTag,
        targetAlias,
        authentication,
      },
    };
  }

  return { start, receive };
}

/** Where no proof is demanded of the target, it may choose to ask for none of us. */
function methodsOffered(chap: ChapOptions): string {
  return chap.target === undefined ? "CHAP,None" : "CHAP";
}

function denied(why: string): ScsiError {
  return transportError("AUTHENTICATION_FAILED", "no", `Authentication failed: ${why}`);
}

function joinParts(parts: readonly Uint8Array[], length: number): Uint8Array {
  const first = parts[0];
  if (parts.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * The login phase as the target sees it (RFC 7143 6 and 11.12): requests in, responses out. No I/O and no clock; it is
 * bounded, whatever the initiator says.
 */
import { isScsiError } from "../../../src/errors.ts";
import { checkIscsiName } from "../names.ts";
import type { SessionParameters } from "../parameters.ts";
import { Field, joinPdu, Opcode } from "../pdu.ts";
import { type LoginRequestFields, readLoginRequest } from "../request-pdus.ts";
import { loginResponse } from "../response-pdus.ts";
import { decodeText, encodeText, quote, type TextKeys } from "../text.ts";
import { type Authentication, authenticate } from "./authentication.ts";
import type { TargetNegotiation } from "./negotiation.ts";
import type { IscsiTargetDefinition, TargetAuthentication } from "./options.ts";
import { LoginRefusal, LoginStatus, refuse } from "./refusal.ts";

/** What a login came to. */
export interface LoginOutcome {
  /** Absent: a discovery session. */
  readonly target: IscsiTargetDefinition | undefined;
  readonly initiatorName: string;
  readonly isid: bigint;
  readonly cid: number;
  readonly parameters: SessionParameters;
  readonly authentication: ReturnType<Authentication["result"]>;
  /** The CmdSN of the first command. */
  readonly cmdSn: number;
  /** The StatSN of the next response. */
  readonly statSn: number;
}

/** What a login needs of the server. */
export interface LoginContext {
  readonly portalGroupTag: number;
  readonly discoveryChap: TargetAuthentication | undefined;
  /** Commands that the session may have under way. */
  readonly window: number;
  negotiate(): TargetNegotiation;
  findTarget(name: string): IscsiTargetDefinition | undefined;
  /** Makes room for the session, ending one of the same name and ISID; its TSIH. Throws a refusal. */
  admit(outcome: LoginOutcome): number;
  /** Is there a session with this TSIH? */
  hasSession(tsih: number): boolean;
}

/** What to do after a request. */
export interface LoginStep {
  readonly pdu: Uint8Array;
  /** The login is over, and this is what it came to. */
  readonly accepted?: { readonly outcome: LoginOutcome; readonly tsih: number };
  /** The login is over, and the connection ends after the response. */
  readonly refusal?: LoginRefusal;
}

/** A login under way. */
export interface TargetLogin {
  /** Once it is known. */
  initiatorName(): string | undefined;
  /** Takes a PDU. Throws a refusal where there is nothing to answer. */
  receive(header: Uint8Array, data: Uint8Array): LoginStep;
}

const SECURITY = 0;
const OPERATIONAL = 1;
const FULL_FEATURE = 3;
const MAX_EXCHANGES = 32;
const MAX_TEXT_LENGTH = 65_536;

/** Begins a login. */
export function createTargetLogin(context: LoginContext): TargetLogin {
  const negotiation = context.negotiate();
  let authentication: Authentication | undefined;
  let first: LoginRequestFields | undefined;
  let stage = OPERATIONAL;
  let statSn = 0;
  let exchanges = 0;
  let parts: Uint8Array[] = [];
  let textLength = 0;
  let initiatorName: string | undefined;
  let target: IscsiTargetDefinition | undefined;
  let saidPortalGroup = false;

  function respond(
    request: LoginRequestFields,
    pairs: Iterable<readonly [string, string]>,
    transit: boolean,
    tsih = 0,
    status = 0,
  ): Uint8Array {
    const data = encodeText(pairs);
    const header = loginResponse({
      transit,
      continues: false,
      currentStage: request.currentStage,
      nextStage: request.nextStage,
      versionActive: 0,
      isid: request.isid,
      tsih,
      initiatorTaskTag: request.initiatorTaskTag,
      statSn,
      expCmdSn: request.cmdSn,
      maxCmdSn: (request.cmdSn + context.window - 1) >>> 0,
      status,
      dataSegmentLength: data.length,
    });
    statSn = (statSn + 1) >>> 0;
    return joinPdu(header, data);
  }

  /** What may be wrong with a request before its text is looked at. */
  function checkRequest(header: Uint8Array, request: LoginRequestFields): void {
    const wrong = (why: string) => refuse(LoginStatus.INITIATOR_ERROR, why);
    if (++exchanges > MAX_EXCHANGES) throw wrong(`the login does not end after ${MAX_EXCHANGES} exchanges`);
    if ((header[3] as number) > 0) throw refuse(LoginStatus.UNSUPPORTED_VERSION, "the initiator wants a later version");
    if (request.transit && request.continues) throw wrong("both T and C are set");
    if (request.currentStage !== SECURITY && request.currentStage !== OPERATIONAL) {
      throw refuse(LoginStatus.INVALID_DURING_LOGIN, `there is no login stage ${request.currentStage}`);
    }
    if (request.transit && (request.nextStage <= request.currentStage || request.nextStage === 2)) {
      throw refuse(
        LoginStatus.INVALID_DURING_LOGIN,
        `no way from stage ${request.currentStage} to ${request.nextStage}`,
      );
    }
    if (first === undefined) {
      first = request;
      stage = request.currentStage;
      statSn = request.expStatSn;
      if (request.tsih === 0) return;
      if (context.hasSession(request.tsih)) {
        throw refuse(LoginStatus.TOO_MANY_CONNECTIONS, "a session has one connection here");
      }
      throw refuse(LoginStatus.SESSION_DOES_NOT_EXIST, `there is no session ${request.tsih}`);
    }
    if (request.isid !== first.isid || request.cid !== first.cid || request.tsih !== 0) {
      throw wrong("the request belongs to another login");
    }
    if (request.currentStage !== stage) throw wrong(`the login is in stage ${stage}, not ${request.currentStage}`);
  }

  /** Who logs in, and where to: the keys of the first request (RFC 7143 6.3.1). */
  function identify(keys: TextKeys): Authentication {
    const name = keys.get("InitiatorName");
    if (name === undefined) throw refuse(LoginStatus.MISSING_PARAMETER, "InitiatorName is missing");
    try {
      initiatorName = checkIscsiName("The initiator name", name);
    } catch {
      throw refuse(LoginStatus.INITIATOR_ERROR, `${quote(name)} is no iSCSI name`);
    }
    const type = keys.get("SessionType") ?? "Normal";
    if (type === "Discovery") return authenticate(context.discoveryChap);
    if (type !== "Normal") throw refuse(LoginStatus.SESSION_TYPE_NOT_SUPPORTED, `no session type ${quote(type)}`);
    const wanted = keys.get("TargetName");
    if (wanted === undefined) throw refuse(LoginStatus.MISSING_PARAMETER, "TargetName is missing");
    target = context.findTarget(wanted);
    if (target === undefined) throw refuse(LoginStatus.NOT_FOUND, `there is no target ${quote(wanted)}`);
    const allowed = target.initiators;
    if (allowed !== undefined && !allowed.some((one) => one.toLowerCase() === name.toLowerCase())) {
      throw refuse(LoginStatus.AUTHORIZATION_FAILURE, `this initiator may not use ${target.name}`);
    }
    return authenticate(target.chap);
  }

  function takeTurn(request: LoginRequestFields, keys: TextKeys): LoginStep {
    authentication ??= identify(keys);
    const pairs = stage === SECURITY ? authentication.receive(keys) : [];
    const mayGoOn = authentication.complete();
    if (stage === OPERATIONAL) {
      if (!mayGoOn) throw refuse(LoginStatus.AUTHENTICATION_FAILURE, "the initiator skips authentication");
      pairs.push(...negotiation.receive(keys));
    }
    if (target !== undefined && !saidPortalGroup) {
      saidPortalGroup = true;
      pairs.push(["TargetPortalGroupTag", String(context.portalGroupTag)]);
    }
    const transit = request.transit && mayGoOn && (stage === SECURITY || negotiation.settled());
    if (!transit) {
      if (request.transit && stage === SECURITY && pairs.length === 0) {
        throw refuse(LoginStatus.AUTHENTICATION_FAILURE, "the initiator skips authentication");
      }
      return { pdu: respond(request, pairs, false) };
    }
    stage = request.nextStage;
    if (stage !== FULL_FEATURE) return { pdu: respond(request, pairs, true) };
    const outcome: LoginOutcome = {
      target,
      initiatorName: initiatorName as string,
      isid: request.isid,
      cid: request.cid,
      parameters: negotiation.result(),
      authentication: authentication.result(),
      cmdSn: request.cmdSn,
      statSn: (statSn + 1) >>> 0,
    };
    const tsih = context.admit(outcome);
    return { pdu: respond(request, pairs, true, tsih), accepted: { outcome, tsih } };
  }

  return {
    initiatorName: () => initiatorName,
    receive(header, data) {
      if (((header[Field.OPCODE] as number) & 0x3f) !== Opcode.LOGIN_REQUEST) {
        throw refuse(LoginStatus.INVALID_DURING_LOGIN, "a PDU came that is no login request");
      }
      const request = readLoginRequest(header);
      try {
        checkRequest(header, request);
        textLength += data.length;
        if (textLength > MAX_TEXT_LENGTH) throw refuse(LoginStatus.INITIATOR_ERROR, "there is too much text");
        if (request.continues || parts.length > 0) parts.push(data.slice());
        if (request.continues) return { pdu: respond(request, [], false) };
        const text = parts.length > 0 ? joinParts(parts, textLength) : data;
        parts = [];
        textLength = 0;
        return takeTurn(request, decodeText(text, "the initiator"));
      } catch (error) {
        const refusal =
          error instanceof LoginRefusal
            ? error
            : isScsiError(error)
              ? refuse(LoginStatus.INITIATOR_ERROR, error.message)
              : undefined;
        if (refusal === undefined) throw error;
        return { pdu: respond(request, [], false, 0, refusal.status), refusal };
      }
    },
  };
}

/** Puts the parts of a text together. */
export function joinParts(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

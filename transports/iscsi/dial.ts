/**
 * From an address to a session in its full-feature phase: connecting, logging in, following redirections, all within
 * one limit of time. It decides nothing about commands.
 */
import { performance } from "node:perf_hooks";
import { clearTimeout, setTimeout } from "node:timers";
import { isScsiError, type ScsiError, type TransportErrorCode, transportError } from "../../src/errors.ts";
import { startKeepAlive, tick } from "./clock.ts";
import { type Connection, openConnection } from "./connection.ts";
import type { IscsiEvent } from "./events.ts";
import { createLogin, type LoginOptions, type LoginResult } from "./login.ts";
import { MAX_RECEIVE_DATA_SEGMENT_LENGTH } from "./parameters.ts";
import { createPhase, endPhase, type KeepAlive, lose, type Phase } from "./phase.ts";
import { formatAddress, parsePortal } from "./portal.ts";
import { createReceiver, type PduSink, type ReceiverRules } from "./receiver.ts";
import { createSink } from "./receiving.ts";
import { run } from "./sending.ts";
import { feed } from "./session.ts";
import { listen, unlisten } from "./signals.ts";

/** What is needed to dial. */
export interface DialOptions {
  readonly login: LoginOptions;
  readonly loginTimeoutMs: number;
  readonly abortTimeoutMs: number;
  readonly keepAlive: KeepAlive | undefined;
  report(event: IscsiEvent): void;
  /** Called once when the phase that was dialled has ended. */
  ended(phase: Phase, error: ScsiError): void;
}

/** Where to dial. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A session that stands. */
export interface Dialled {
  readonly phase: Phase;
  readonly result: LoginResult;
  /** Where the session is; another than was dialled after a redirection. */
  readonly address: Address;
  /** Whether a redirection on the way was permanent all along, so that the next dial should begin there. */
  readonly moved: boolean;
}

const MAX_REDIRECTIONS = 4;

type Arrival = { phase: Phase; result: LoginResult } | { redirect: string; permanent: boolean };

/**
 * Dials.
 *
 * @throws ScsiError with `delivered: "no"`: CONNECTION_FAILED, LOGIN_FAILED, AUTHENTICATION_FAILED, TARGET_NOT_FOUND,
 *   PROTOCOL_ERROR, TIMEOUT or ABORTED
 */
export async function dial(options: DialOptions, start: Address, signal: AbortSignal | undefined): Promise<Dialled> {
  const deadline = performance.now() + options.loginTimeoutMs;
  let address = start;
  let moved = true;
  for (let hops = 0; hops <= MAX_REDIRECTIONS; hops++) {
    const arrival = await arrive(options, address, deadline, signal);
    if ("phase" in arrival) return { ...arrival, address, moved };
    const portal = parsePortal(arrival.redirect);
    if (portal === undefined) {
      throw failure(options, address, "PROTOCOL_ERROR", "the target redirects to an address that cannot be read");
    }
    address = { host: portal.address, port: portal.port };
    if (!arrival.permanent) moved = false;
    options.report({ type: "redirected", host: address.host, port: address.port, permanent: arrival.permanent });
  }
  throw failure(options, start, "LOGIN_FAILED", `the target redirects more than ${MAX_REDIRECTIONS} times`);
}

function failure(
  options: DialOptions,
  address: Address,
  code: TransportErrorCode,
  why: string,
  cause?: unknown,
): ScsiError {
  const what = options.login.targetName ?? "discovery";
  return transportError(code, "no", `Cannot log in to ${what} at ${formatAddress(address)}: ${why}`, cause);
}

/** One connection, one login. */
function arrive(
  options: DialOptions,
  address: Address,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<Arrival> {
  return new Promise((resolve, reject) => {
    const peer = `${options.login.targetName ?? "the discovery session"} at ${formatAddress(address)}`;
    const login = createLogin(options.login);
    const rules: ReceiverRules = {
      headerDigest: false,
      dataDigest: false,
      maxDataSegmentLength: MAX_RECEIVE_DATA_SEGMENT_LENGTH,
      maxAhsLength: 0,
    };
    let phase: Phase | undefined;
    let stands = false;
    let settled = false;

    const settle = (): void => {
      settled = true;
      clearTimeout(timer);
      unlisten(signal, aborted);
    };
    const fail = (code: TransportErrorCode, why: string, cause?: unknown): void => {
      if (settled) return;
      settle();
      connection.destroy();
      reject(failure(options, address, code, why, cause));
    };
    const aborted = (): void => fail("ABORTED", "the caller gave it up", signal?.reason);
    const timer = setTimeout(
      () => fail("TIMEOUT", `no ${stands ? "end of the login" : "connection"} within ${options.loginTimeoutMs} ms`),
      Math.min(Math.max(0, deadline - performance.now()), 0x7fff_ffff),
    );

    const send = (pdu: Uint8Array): void => {
      const { output } = connection;
      const at = output.reserve(pdu.length);
      output.bytes.set(pdu, at);
      output.flush();
    };
    const loginSink: PduSink = {
      header: () => undefined,
      pdu(bytes, at, _headerLength, data, dataAt, dataLength) {
        const step = login.receive(bytes, at, data.subarray(dataAt, dataAt + dataLength));
        if (step.kind === "send") {
          send(step.pdu);
        } else if (step.kind === "redirect") {
          settle();
          connection.destroy();
          resolve({ redirect: step.address, permanent: step.permanent });
        } else {
          const { result } = step;
          rules.headerDigest = result.parameters.headerDigest;
          rules.dataDigest = result.parameters.dataDigest;
          phase = enterFullFeature(result);
          settle();
          resolve({ phase, result });
        }
      },
    };
    let sink = loginSink;
    const receiver = createReceiver(rules, {
      header: (bytes, at, dataLength) => sink.header(bytes, at, dataLength),
      pdu: (bytes, at, headerLength, data, dataAt, dataLength) =>
        sink.pdu(bytes, at, headerLength, data, dataAt, dataLength),
    });

    const enterFullFeature = (result: LoginResult): Phase => {
      const entered: Phase = createPhase({
        peer,
        output: connection.output,
        parameters: result.parameters,
        cmdSn: result.cmdSn,
        expStatSn: result.expStatSn,
        maxCmdSn: result.maxCmdSn,
        keepAlive: options.keepAlive,
        abortTimeoutMs: options.abortTimeoutMs,
        report: options.report,
        tick,
        ended(error) {
          connection.destroy();
          options.ended(entered, error);
        },
      });
      sink = createSink(entered);
      startKeepAlive(entered);
      return entered;
    };

    const connection: Connection = openConnection(
      address.host,
      address.port,
      () => {
        stands = true;
        if (!settled) send(login.start());
      },
      {
        data(chunk) {
          if (phase !== undefined) {
            feed(phase, receiver, chunk);
            return;
          }
          if (settled) return;
          try {
            receiver.push(chunk);
          } catch (cause) {
            if (phase !== undefined && isScsiError(cause)) endPhase(phase, cause);
            else if (isScsiError(cause)) fail(cause.code as TransportErrorCode, cause.message, cause.cause);
            else fail("PROTOCOL_ERROR", "what the target sent cannot be read", cause);
          }
        },
        drain() {
          if (phase !== undefined && phase.error === undefined) run(phase);
        },
        end(cause) {
          const reason = cause === undefined ? "the target closed the connection" : cause.message;
          if (phase !== undefined) {
            lose(phase, `${peer}: ${reason}`, cause);
          } else if (stands) {
            fail("CONNECTION_FAILED", `${reason} during the login`, cause);
          } else {
            fail("CONNECTION_FAILED", reason, cause);
          }
        },
      },
    );
    if (signal?.aborted) aborted();
    else listen(signal, aborted);
  });
}

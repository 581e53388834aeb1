/**
 * One connection from its first byte to its last: the login, then the session that came of it. It watches the clock for
 * both, and lets no error out.
 */
import type { Socket } from "node:net";
import type { TransportId } from "../../../src/transport-id.ts";
import { Field, Opcode } from "../pdu.ts";
import { createReceiver, type PduReceiver, type ReceiverRules } from "../receiver.ts";
import { announce } from "./announcing.ts";
import { arrive } from "./arriving.ts";
import { ping } from "./conversation.ts";
import { feedStarved, placeDataOut } from "./data-out.ts";
import type { SessionEnd } from "./events.ts";
import { executeReady, isCongested } from "./executing.ts";
import { createTargetLogin, type LoginContext, type LoginOutcome, type TargetLogin } from "./login.ts";
import type { TargetLimits } from "./options.ts";
import { LoginRefusal } from "./refusal.ts";
import { endSession, type Session, type SessionHost } from "./session.ts";
import { type TargetSocket, takeSocket } from "./socket.ts";

/** What a connection needs of the server. */
export interface ConnectionHost extends SessionHost {
  readonly limits: TargetLimits;
  /** What a login through a portal of this group needs. */
  loginContext(portalGroupTag: number): LoginContext;
  /** The session takes its place among the others. */
  started(session: Session, connection: TargetConnection, outcome: LoginOutcome): void;
  /** The connection is gone; its session, if there was one, has ended. */
  gone(connection: TargetConnection): void;
}

/**
 * A connection. What changes is a field or a function, here and in what it is made of: V8 gives each object with a getter that
 * it has closed over a hidden class of its own, which lives until all memory is gone through, and all that the getter sees with it.
 */
export interface TargetConnection {
  readonly socket: TargetSocket;
  readonly portalGroupTag: number;
  readonly session: Session | undefined;
  /** Does what is due: time is in milliseconds of the monotonic clock. */
  tick(now: number): void;
  /** Writes that waited for memory go on. */
  feed(): void;
  /** Ends session and connection, whatever they are doing. */
  close(end: SessionEnd, why: string): void;
}

/** The longest data segment of a login request (RFC 7143 13.12). */
const LOGIN_DATA_SEGMENT = 8192;
/** An extended CDB of 260 bytes with its header. */
const MAX_AHS_LENGTH = 252;

const clock = (): number => performance.now();

/** Takes charge of an accepted socket. */
export function createTargetConnection(
  accepted: Socket,
  portalGroupTag: number,
  host: ConnectionHost,
): TargetConnection {
  const acceptedAt = clock();
  const rules: ReceiverRules = {
    headerDigest: false,
    dataDigest: false,
    maxDataSegmentLength: LOGIN_DATA_SEGMENT,
    maxAhsLength: MAX_AHS_LENGTH,
  };
  let session: Session | undefined;
  let over = false;
  let paused = false;
  let takenBefore = 0;
  let takenAt = acceptedAt;

  const socket = takeSocket(accepted, {
    data(chunk) {
      guarded(() => receiver.push(chunk));
    },
    drain() {
      guarded(() => {
        if (session !== undefined) executeReady(session);
      });
    },
    end(cause) {
      close("connection-lost", cause?.message ?? "the initiator closed the connection");
    },
  });

  const connection = {
    socket,
    portalGroupTag,
    session: undefined as Session | undefined,
    tick,
    feed() {
      guarded(() => {
        if (session !== undefined) feedStarved(session, clock());
      });
    },
    close,
  } satisfies TargetConnection;
  const login: TargetLogin = createTargetLogin(host.loginContext(portalGroupTag));

  const receiver: PduReceiver = createReceiver(rules, {
    header(bytes, at, dataLength) {
      if (over || session === undefined) return undefined;
      if (((bytes[at + Field.OPCODE] as number) & 0x3f) !== Opcode.DATA_OUT) return undefined;
      return placeDataOut(session, bytes, at, dataLength);
    },
    pdu(bytes, at, headerLength, data, dataAt, dataLength) {
      if (over || session?.ended !== undefined) return;
      if (session === undefined) logIn(bytes.slice(at, at + headerLength), data.slice(dataAt, dataAt + dataLength));
      else arrive(session, { bytes, at, headerLength, data, dataAt, dataLength, now: clock() });
    },
  });

  /** Does something that may go wrong, sends what came of it, and stops reading where the peer does not. */
  function guarded(work: () => void): void {
    if (over) return;
    try {
      work();
    } catch (error) {
      close("protocol-error", error instanceof Error ? error.message : String(error));
      return;
    }
    if (over) return;
    if (session?.ended !== undefined) {
      leave();
      return;
    }
    socket.output.flush();
    const wait = session !== undefined && (session.ready.length > 0 || isCongested(session));
    if (wait === paused) return;
    paused = wait;
    if (wait) socket.pause();
    else socket.resume();
  }

  function logIn(header: Uint8Array, data: Uint8Array): void {
    try {
      const step = login.receive(header, data);
      socket.output.lend(step.pdu);
      if (step.refusal !== undefined) throw step.refusal;
      if (step.accepted !== undefined) start(step.accepted.outcome, step.accepted.tsih);
    } catch (error) {
      if (!(error instanceof LoginRefusal)) throw error;
      refused(error.status, error.message);
      leave();
      socket.finish();
    }
  }

  function start(outcome: LoginOutcome, tsih: number): void {
    const { parameters } = outcome;
    rules.headerDigest = parameters.headerDigest;
    rules.dataDigest = parameters.dataDigest;
    rules.maxDataSegmentLength = host.maxRecvDataSegmentLength;
    session = createSession(outcome, tsih);
    connection.session = session;
    host.started(session, connection, outcome);
  }

  function createSession(outcome: LoginOutcome, tsih: number): Session {
    const initiatorPort: TransportId = { protocol: "iscsi", name: outcome.initiatorName, isid: outcome.isid };
    return {
      host,
      connection: { output: socket.output, finish: () => finish(), destroy: () => destroy() },
      output: socket.output,
      identity: {
        target: outcome.target?.name,
        initiator: outcome.initiatorName,
        isid: outcome.isid,
        tsih,
        address: socket.address,
      },
      target: outcome.target,
      initiatorPort,
      cid: outcome.cid,
      relativeTargetPort: portalGroupTag,
      parameters: outcome.parameters,
      nexuses: new Map(),
      tasks: new Map(),
      waiting: new Map(),
      ready: [],
      starved: [],
      statSn: outcome.statSn,
      expCmdSn: outcome.cmdSn,
      active: 0,
      immediate: 0,
      bytes: 0,
      nextTransferTag: 0,
      text: undefined,
      heardAt: clock(),
      ping: undefined,
      logoutBy: undefined,
      ended: undefined,
    };
  }

  function refused(status: number, why: string): void {
    host.emit({ type: "login-failed", address: socket.address, initiator: login.initiatorName(), status, why });
  }

  function finish(): void {
    socket.finish();
    leave();
  }

  function destroy(): void {
    socket.destroy();
    leave();
  }

  function leave(): void {
    if (over) return;
    over = true;
    host.gone(connection);
  }

  function close(end: SessionEnd, why: string): void {
    if (over) return;
    if (session !== undefined) endSession(session, end, why);
    else if (end !== "shutdown") refused(0, why);
    destroy();
  }

  function tick(now: number): void {
    if (over) return;
    const { limits } = host;
    if (session === undefined) {
      if (now - acceptedAt > limits.loginTimeoutMs) close("timeout", "the login took too long");
      return;
    }
    const live = session;
    if (live.logoutBy !== undefined && now > live.logoutBy) {
      guarded(() => announce(live, { event: "connection-drop", seconds: 0 }));
      return;
    }
    const taken = socket.taken();
    if (taken !== takenBefore || socket.output.backlog() === 0) {
      takenBefore = taken;
      takenAt = now;
    } else if (now - takenAt > limits.outputTimeoutMs) {
      close("timeout", "the initiator takes no output");
      return;
    }
    for (const task of session.tasks.values()) {
      const awaited = task.unsolicitedOpen || task.bursts.length > 0;
      if (awaited && now - task.dataAt > limits.dataTimeoutMs) {
        close("timeout", "the initiator does not send the data that was asked for");
        return;
      }
    }
    keepAlive(session, now, limits);
  }

  function keepAlive(live: Session, now: number, limits: TargetLimits): void {
    if (paused) return;
    if (live.ping !== undefined) {
      if (live.heardAt > live.ping.since) live.ping = undefined;
      else if (now - live.ping.since > limits.keepAliveTimeoutMs) close("timeout", "the initiator is silent");
    } else if (now - live.heardAt > limits.keepAliveMs) {
      guarded(() => ping(live, now));
    }
  }

  return connection;
}

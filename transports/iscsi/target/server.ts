/**
 * The iSCSI target as a whole: it listens, knows every connection and session, keeps to the limits, and stops. What
 * happens within a connection is connection.ts's.
 */
import { createServer, type Server, type Socket } from "node:net";
import { formatAddress } from "../portal.ts";
import { type Announcement, announce } from "./announcing.ts";
import { type ConnectionHost, createTargetConnection, type TargetConnection } from "./connection.ts";
import type { SessionIdentity, TargetEvent } from "./events.ts";
import type { LoginContext, LoginOutcome } from "./login.ts";
import { negotiationsWith } from "./negotiation.ts";
import {
  checkAuthentication,
  checkLimits,
  checkParameters,
  checkPortal,
  checkTargets,
  type IscsiTargetOptions,
} from "./options.ts";
import { LoginStatus, refuse } from "./refusal.ts";
import type { Session } from "./session.ts";

/** Where a target listens. */
export interface ServedPortal {
  /** The address. */
  readonly host: string;
  /** The TCP port that it has, never 0. */
  readonly port: number;
  /** TargetPortalGroupTag. */
  readonly portalGroupTag: number;
}

/** A target under way. */
export interface IscsiTarget {
  readonly portals: readonly ServedPortal[];
  /** Who is logged in. */
  sessions(): readonly SessionIdentity[];
  /** Connections, those that are logging in included. */
  readonly connections: number;
  /**
   * Tells initiators something unasked.
   *
   * @param whom whose sessions; all unless given, and of a SCSI event no discovery sessions
   * @returns how many were told
   */
  announce(announcement: Announcement, whom?: (session: SessionIdentity) => boolean): number;
  /** Asks all initiators to log out, waits a little, closes everything. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How often the clock is looked at. */
const TICK_MS = 100;

/**
 * Serves targets over iSCSI.
 *
 * @throws TypeError or RangeError for options that cannot be; the system's own error where a portal cannot be opened
 */
export async function serveIscsi(options: IscsiTargetOptions): Promise<IscsiTarget> {
  checkTargets(options.targets);
  checkAuthentication(options.discoveryChap);
  const parameters = checkParameters(options.parameters);
  const limits = checkLimits(options.limits);
  const wanted = options.portals.map(checkPortal);
  const targets = new Map(options.targets.map((target) => [target.name.toLowerCase(), target]));
  const { observer, graceMs = 500 } = options;

  const connections = new Set<TargetConnection>();
  const sessions = new Map<Session, TargetConnection>();
  /** What logins need, by portal group tag. */
  const contexts = new Map<number, LoginContext>();
  const servers: { readonly server: Server; readonly portal: ServedPortal }[] = [];
  let nextTsih = 0;
  let feeding = false;
  let closing: Promise<void> | undefined;
  let whenEmpty: (() => void) | undefined;

  function emit(event: TargetEvent): void {
    try {
      observer?.(event);
    } catch {
      // An observer's errors are its own.
    }
  }

  const host: ConnectionHost = {
    limits,
    maxRecvDataSegmentLength: parameters.maxRecvDataSegmentLength,
    memory: { bytes: 0 },
    *peers({ target }) {
      for (const session of sessions.keys()) if (session.target === target) yield session;
    },
    memoryFreed() {
      if (feeding) return;
      feeding = true;
      queueMicrotask(() => {
        feeding = false;
        for (const [session, connection] of sessions) if (session.starved.length > 0) connection.feed();
      });
    },
    addresses: (session) => addressesFor(sessions.get(session)),
    targets: () => [...targets.values()],
    emit,
    loginContext,
    started(session, connection, { authentication, parameters: agreed }) {
      sessions.set(session, connection);
      const { headerDigest, dataDigest } = agreed;
      emit({ type: "login", session: session.identity, authentication, headerDigest, dataDigest });
    },
    gone(connection) {
      connections.delete(connection);
      if (connection.session !== undefined) sessions.delete(connection.session);
      if (sessions.size === 0) whenEmpty?.();
    },
  };

  function loginContext(portalGroupTag: number): LoginContext {
    let context = contexts.get(portalGroupTag);
    if (context === undefined) {
      context = {
        portalGroupTag,
        discoveryChap: options.discoveryChap,
        window: limits.commands,
        negotiate: negotiationsWith(parameters),
        findTarget: (name) => targets.get(name.toLowerCase()),
        hasSession,
        admit: (outcome) => admit(outcome, portalGroupTag),
      };
      contexts.set(portalGroupTag, context);
    }
    return context;
  }

  function hasSession(tsih: number): boolean {
    for (const { identity } of sessions.keys()) if (identity.tsih === tsih) return true;
    return false;
  }

  /** Ends the session that a login replaces (RFC 7143 6.3.5), and finds a TSIH. */
  function admit({ target, initiatorName, isid }: LoginOutcome, portalGroupTag: number): number {
    if (closing !== undefined) throw refuse(LoginStatus.SERVICE_UNAVAILABLE, "the target is shutting down");
    for (const [session, connection] of sessions) {
      const same =
        target !== undefined &&
        session.target === target &&
        session.identity.isid === isid &&
        session.relativeTargetPort === portalGroupTag &&
        session.identity.initiator.toLowerCase() === initiatorName.toLowerCase();
      if (same) connection.close("reinstated", "the same initiator port logged in again");
    }
    if (sessions.size >= limits.sessions) throw refuse(LoginStatus.OUT_OF_RESOURCES, "there are too many sessions");
    do nextTsih = (nextTsih % 0xffff) + 1;
    while (hasSession(nextTsih));
    return nextTsih;
  }

  /** Portals as this initiator can reach them: one that listens everywhere is where the connection came in. */
  function addressesFor(connection: TargetConnection | undefined): string[] {
    return servers.map(({ portal: { host: listening, port, portalGroupTag } }) => {
      const everywhere = listening === "0.0.0.0" || listening === "::";
      const address = everywhere ? (connection?.socket.localHost() ?? listening) : listening;
      return `${formatAddress({ host: address, port })},${portalGroupTag}`;
    });
  }

  function accept(socket: Socket, portalGroupTag: number): void {
    if (closing !== undefined || connections.size >= limits.connections) {
      const address = formatAddress({ host: socket.remoteAddress ?? "?", port: socket.remotePort ?? 0 });
      socket.on("error", () => {});
      socket.destroy();
      emit({ type: "connection-refused", address, why: `there are ${connections.size} connections already` });
      return;
    }
    connections.add(createTargetConnection(socket, portalGroupTag, host));
  }

  const timer = setInterval(() => {
    const now = performance.now();
    for (const connection of [...connections]) connection.tick(now);
  }, TICK_MS);
  timer.unref();

  async function close(): Promise<void> {
    const stopped = servers.map(({ server }) => new Promise<void>((resolve) => server.close(() => resolve())));
    if (sessions.size > 0 && graceMs > 0) {
      const empty = new Promise<void>((resolve) => {
        whenEmpty = resolve;
      });
      for (const session of [...sessions.keys()]) {
        announce(session, { event: "logout-request", seconds: Math.max(1, Math.ceil(graceMs / 1000)) });
        session.output.flush();
      }
      let patience: ReturnType<typeof setTimeout> | undefined;
      const enough = new Promise<void>((resolve) => {
        patience = setTimeout(resolve, graceMs);
      });
      await Promise.race([empty, enough]);
      clearTimeout(patience);
    }
    for (const connection of [...connections]) connection.close("shutdown", "the target is shutting down");
    clearInterval(timer);
    await Promise.all(stopped);
  }

  const target: IscsiTarget = {
    get portals() {
      return servers.map(({ portal }) => portal);
    },
    get connections() {
      return connections.size;
    },
    sessions: () => [...sessions.keys()].map(({ identity }) => identity),
    announce(announcement, whom = () => true) {
      // A discovery session has no units.
      const isMeant = ({ target }: SessionIdentity) => target !== undefined || announcement.event !== "scsi-event";
      const told = [...sessions.keys()].filter(
        ({ identity, ended }) => ended === undefined && isMeant(identity) && whom(identity),
      );
      for (const session of told) {
        announce(session, announcement);
        session.output.flush();
      }
      return told.length;
    },
    close() {
      closing ??= close();
      return closing;
    },
    [Symbol.asyncDispose]: () => target.close(),
  };

  try {
    for (const { host: where, port, portalGroupTag } of wanted) {
      const server = createServer({ pauseOnConnect: false }, (socket) => accept(socket, portalGroupTag));
      await listen(server, where, port);
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      servers.push({ server, portal: { host: where, port: bound, portalGroupTag } });
    }
  } catch (error) {
    await target.close();
    throw error;
  }
  return target;
}

/** Opens one portal. */
function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: 511 }, () => {
      server.off("error", reject);
      server.on("error", () => {});
      resolve();
    });
  });
}

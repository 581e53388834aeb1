/**
 * The iSCSI initiator: a session to one target that outlives its connections, and transports to the target's logical
 * units. It logs in again with the same initiator name and ISID, and never repeats a command.
 */
import { performance } from "node:perf_hooks";
import { isScsiError, transportError } from "../../src/errors.ts";
import type { ResetScope, ScsiRequest, ScsiResponse, Transport, TransportOptions } from "../../src/transport.ts";
import type { IscsiTransportId } from "../../src/transport-id.ts";
import { LOGOUT_TIMEOUT_MS, logout } from "./conversation.ts";
import { type Address, type Dialled, type DialOptions, dial } from "./dial.ts";
import type { IscsiEvent } from "./events.ts";
import { liveProperties } from "./live.ts";
import { ManagementFunction, manage } from "./management.ts";
import { lunField } from "./names.ts";
import { checkOptions, checkTime, type IscsiConnectOptions } from "./options.ts";
import type { SessionParameters } from "./parameters.ts";
import { endPhase, type Phase } from "./phase.ts";
import { endOwned, execute } from "./session.ts";
import { formatIscsiUrl, formatLun, parseIscsiUrl } from "./url.ts";
import { type Owner, sleep, type Waiter, within } from "./waiting.ts";

/** A session to one target. */
export interface IscsiSession {
  /** For people, without any secret, e.g. `iscsi://127.0.0.1:3260/iqn.2026-01.test:disk`. */
  readonly name: string;
  /** The initiator session identifier, 48 bits; the same after every reconnect. */
  readonly isid: bigint;
  /** The initiator port: how READ FULL STATUS lists this session. */
  readonly initiatorPort: IscsiTransportId;
  /** `connected`; `disconnected` after a loss, until the next command logs in again; `closed` after disposal. */
  readonly state: "connected" | "disconnected" | "closed";
  /** What the latest login agreed on. */
  readonly parameters: Readonly<SessionParameters>;
  /** How the latest login authenticated. */
  readonly authentication: "none" | "chap" | "mutual-chap";
  /**
   * A transport to a logical unit. Disposing it ends its own commands and leaves the session open.
   *
   * @param lun a number from 0 to 16383, or as a bigint the 64-bit LUN field itself
   */
  logicalUnit(lun: number | bigint): Transport;
  /** Resets the target: `"target"` is a TARGET WARM RESET, `"bus"` a TARGET COLD RESET, which ends all sessions. */
  reset(scope: "target" | "bus", options?: TransportOptions): Promise<void>;
  /** Ends every command under way with code CLOSED, logs out and closes the connection. Twice is once. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What changes in a session. */
const withStanding = liveProperties("state", "parameters", "authentication");

/** However long a target wants to be left alone before the next login, it is not waited longer than this. */
const MAX_WAIT_MS = 30_000;
/** RFC 7143's upper limit for an expected data transfer length. */
const MAX_TRANSFER = 0xffff_ffff;
const MAX_CDB_LENGTH = 260;

/**
 * Logs in to a target.
 *
 * When the connection is lost, commands under way reject with code CONNECTION_LOST, and the next command logs in again
 * with the same initiator name and ISID: the target then takes it for the same I_T nexus, as registrations need it.
 *
 * @throws TypeError, RangeError for bad options
 * @throws ScsiError CONNECTION_FAILED, LOGIN_FAILED, AUTHENTICATION_FAILED, TARGET_NOT_FOUND, PROTOCOL_ERROR, TIMEOUT,
 *   ABORTED
 * @example
 * await using session = await connectIscsi({ host: "127.0.0.1", target: "iqn.2026-01.test:disk" });
 * const unit = session.logicalUnit(1);
 */
export async function connectIscsi(options: IscsiConnectOptions): Promise<IscsiSession> {
  const checked = checkOptions(options);
  const { initiatorName, isid } = checked;
  let home: Address = { host: checked.host, port: checked.port };
  const name = formatIscsiUrl({ ...home, target: options.target });
  const initiatorPort: IscsiTransportId = Object.freeze({ protocol: "iscsi", name: initiatorName, isid });

  let dialled: Dialled;
  let phase: Phase | undefined;
  let endedAt = 0;
  let redial: Promise<Phase> | undefined;
  let closed: Promise<void> | undefined;
  const closing = new AbortController();
  const waiters = new Set<Waiter>();

  function report(event: IscsiEvent): void {
    try {
      options.observer?.(event);
    } catch {
      // An observer's trouble is its own.
    }
  }

  const dialOptions: DialOptions = {
    login: checked.login,
    loginTimeoutMs: checked.loginTimeoutMs,
    abortTimeoutMs: checked.abortTimeoutMs,
    keepAlive: checked.keepAlive,
    report,
    ended(ended) {
      if (phase === ended) endedAt = performance.now();
    },
  };

  async function logIn(relogin: boolean, signal: AbortSignal | undefined): Promise<Phase> {
    try {
      dialled = await dial(dialOptions, home, signal);
    } catch (error) {
      if (isScsiError(error)) report({ type: "login-failed", error });
      throw error;
    }
    if (dialled.moved) home = dialled.address;
    phase = dialled.phase;
    report({
      type: "connected",
      relogin,
      host: dialled.address.host,
      port: dialled.address.port,
      authentication: dialled.result.authentication,
      headerDigest: dialled.result.parameters.headerDigest,
      dataDigest: dialled.result.parameters.dataDigest,
    });
    return phase;
  }

  /** Waits as long as the target asked for, then logs in again. All who ask meanwhile share it. */
  function reconnect(): Promise<Phase> {
    redial ??= (async () => {
      const old = phase as Phase;
      await old.over;
      const waitMs = Math.min(old.time2Wait * 1000, MAX_WAIT_MS) - (performance.now() - endedAt);
      if (waitMs > 0) await sleep(waitMs, closing.signal);
      return await logIn(true, closing.signal);
    })().finally(() => {
      redial = undefined;
    });
    redial.catch(() => {});
    return redial;
  }

  function ready(): Phase | undefined {
    return phase !== undefined && phase.error === undefined && !phase.draining ? phase : undefined;
  }

  function closedError(what: string) {
    return transportError("CLOSED", "no", `${what} has been closed`);
  }

  /** Waits for a phase that is ready, within the limits of the call; what is left of its time is passed on. */
  async function later<Result>(
    owner: Owner,
    options: TransportOptions | undefined,
    go: (phase: Phase, timeoutMs: number) => Promise<Result>,
  ): Promise<Result> {
    const timeoutMs = options?.timeoutMs ?? Number.POSITIVE_INFINITY;
    const deadline = performance.now() + timeoutMs;
    const standing = await within(reconnect(), waiters, owner, options?.signal, timeoutMs);
    if (owner.closed()) throw closedError(owner.name);
    return go(standing, Math.max(1, deadline - performance.now()));
  }

  async function reset(
    scope: ResetScope,
    lun: { high: number; low: number },
    owner: Owner,
    options: TransportOptions | undefined,
  ): Promise<void> {
    const managementFunction = {
      "logical-unit": ManagementFunction.LOGICAL_UNIT_RESET,
      target: ManagementFunction.TARGET_WARM_RESET,
      bus: ManagementFunction.TARGET_COLD_RESET,
    }[scope];
    if (managementFunction === undefined) throw new TypeError(`Unknown reset scope ${JSON.stringify(scope)}`);
    const timeoutMs = checkTime("timeoutMs", options?.timeoutMs ?? Number.POSITIVE_INFINITY);
    if (owner.closed()) throw closedError(owner.name);
    if (options?.signal?.aborted) throw abortedError(owner.name, options.signal);
    const go = (current: Phase, left: number) =>
      manage(current, managementFunction, lun.high, lun.low, left, options?.signal);
    const current = ready();
    return current === undefined ? later(owner, options, go) : go(current, timeoutMs);
  }

  function logicalUnit(lun: number | bigint): Transport {
    const field = lunField(lun);
    const { high, low } = field;
    const owner = {
      name: `${name}/${formatLun(lun)}`,
      disposed: false,
      closed: () => owner.disposed || whole.closed(),
    };
    return {
      name: owner.name,
      initiatorPort,
      execute(request: ScsiRequest, options?: TransportOptions): Promise<ScsiResponse> {
        const wrong = checkRequest(request);
        if (wrong !== undefined) return Promise.reject(wrong);
        const timeoutMs = options?.timeoutMs ?? Number.POSITIVE_INFINITY;
        if (!(timeoutMs > 0)) return Promise.reject(new RangeError(`timeoutMs is above 0, not ${timeoutMs}`));
        if (owner.closed()) return Promise.reject(closedError(owner.name));
        const signal = options?.signal;
        if (signal?.aborted) return Promise.reject(abortedError(owner.name, signal));
        const current = ready();
        if (current !== undefined) return execute(current, owner, high, low, request, timeoutMs, signal);
        return later(owner, options, (standing, left) => execute(standing, owner, high, low, request, left, signal));
      },
      reset: (scope, options) => reset(scope, field, owner, options),
      async [Symbol.asyncDispose]() {
        if (owner.disposed) return;
        owner.disposed = true;
        endWaiters(owner);
        if (phase !== undefined) endOwned(phase, owner, `${owner.name} has been closed`);
      },
    };
  }

  const whole: Owner = { name, closed: () => closing.signal.aborted };

  /** Rejects those who wait for a connection: those of one owner, or all. */
  function endWaiters(owner: Owner | undefined): void {
    for (const waiter of waiters) {
      if (owner === undefined || waiter.owner === owner) waiter.end(closedError(waiter.owner.name));
    }
  }

  async function close(): Promise<void> {
    // A reason of its own, for without one the runtime makes an exception with a stack.
    closing.abort("closed");
    endWaiters(undefined);
    await redial?.catch(() => {});
    const last = phase;
    if (last === undefined || last.error !== undefined) return;
    endOwned(last, undefined, `${name} has been closed`);
    if (!last.loggingOut) await logout(last, LOGOUT_TIMEOUT_MS).catch(() => {});
    endPhase(last, transportError("CLOSED", "unknown", `${name} has been closed`));
  }

  await logIn(false, options.signal);

  const session: Omit<IscsiSession, "state" | "parameters" | "authentication"> = {
    name,
    isid,
    initiatorPort,
    logicalUnit,
    reset: (scope, options) => reset(scope, { high: 0, low: 0 }, whole, options),
    [Symbol.asyncDispose]() {
      closed ??= close();
      return closed;
    },
  };
  return withStanding(session, {
    state: () => (closed !== undefined ? "closed" : ready() === undefined ? "disconnected" : "connected"),
    parameters: () => dialled.result.parameters,
    authentication: () => dialled.result.authentication,
  });
}

/**
 * Opens one logical unit, with a session of its own: disposing the transport closes the session.
 *
 * @param where an iSCSI URL (see `parseIscsiUrl`), or options with a `lun`
 * @throws as {@link connectIscsi}
 * @example
 * await using transport = await openIscsi("iscsi://127.0.0.1:3260/iqn.2026-01.test:disk/1");
 */
export async function openIscsi(
  where: string | (IscsiConnectOptions & { readonly lun: number | bigint }),
  more: Partial<IscsiConnectOptions> = {},
): Promise<Transport> {
  const parts: Partial<IscsiConnectOptions> & { readonly lun?: number | bigint } =
    typeof where === "string" ? { ...parseIscsiUrl(where), ...more } : { ...where, ...more };
  const { host, target, lun } = parts;
  if (host === undefined || target === undefined || lun === undefined) {
    throw new TypeError("To open a logical unit, its host, target and LUN are needed: iscsi://host/target/lun");
  }
  lunField(lun);
  const session = await connectIscsi({ ...parts, host, target });
  const unit = session.logicalUnit(lun);
  return {
    ...unit,
    async [Symbol.asyncDispose]() {
      await unit[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
    },
  };
}

function checkRequest(request: ScsiRequest): Error | undefined {
  const { cdb, dataOut, dataInLength } = request;
  if (!(cdb instanceof Uint8Array)) return new TypeError("cdb is not a Uint8Array");
  if (cdb.length < 1 || cdb.length > MAX_CDB_LENGTH) {
    return new RangeError(`A CDB has 1 to ${MAX_CDB_LENGTH} bytes, not ${cdb.length}`);
  }
  if (dataOut !== undefined && !(dataOut instanceof Uint8Array)) return new TypeError("dataOut is not a Uint8Array");
  if (!Number.isInteger(dataInLength) || dataInLength < 0 || dataInLength > MAX_TRANSFER) {
    return new RangeError(`dataInLength is 0 to ${MAX_TRANSFER}, not ${dataInLength}`);
  }
  if (dataOut !== undefined && dataOut.length > 0 && dataInLength > 0) {
    return new TypeError("A command moves data one way: dataOut and dataInLength exclude each other");
  }
  return undefined;
}

function abortedError(what: string, signal: AbortSignal) {
  return transportError(
    "ABORTED",
    "no",
    `The caller's signal had fired before anything was sent to ${what}`,
    signal.reason,
  );
}

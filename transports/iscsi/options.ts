/**
 * What a caller may ask of a session, and the checks on it. Everything wrong throws here, before a connection is
 * opened; no message holds a secret.
 */
import { env } from "node:process";
import { type ChapAlgorithm, type ChapOptions, chapAlgorithms } from "./chap.ts";
import type { IscsiObserver } from "./events.ts";
import type { LoginOptions } from "./login.ts";
import { checkIscsiName, checkIsid, defaultInitiatorName, deriveIsid } from "./names.ts";
import type { DigestChoice } from "./parameters.ts";
import type { KeepAlive } from "./phase.ts";
import { ISCSI_PORT } from "./portal.ts";

/** Where a target is, and as whom to log in. */
export interface IscsiLoginOptions {
  /** Host name or address; IPv6 without brackets. */
  readonly host: string;
  /** 1 to 65535; 3260 if absent. */
  readonly port?: number | undefined;
  /**
   * The initiator's iSCSI name. If absent, the environment's `SCSI_PERSIST_INITIATOR`, else one made from the host's
   * name: `iqn.2026-01.io.github.scsi-persist:<host name>`.
   */
  readonly initiatorName?: string | undefined;
  /**
   * The initiator session identifier, 48 bits. If absent, derived from the initiator name (see `deriveIsid`), so that
   * it is the same after every reconnect and restart. Two sessions of one name and ISID to one target end each other.
   */
  readonly isid?: bigint | undefined;
  /**
   * CHAP credentials. With `target` the target must prove its identity too; without, a target that asks for none is
   * accepted.
   */
  readonly chap?: ChapOptions | undefined;
  /** The CHAP digests to offer, the preferred first; all four if absent. */
  readonly algorithms?: readonly ChapAlgorithm[] | undefined;
  /** `"prefer-none"` if absent: without, unless the target insists. */
  readonly headerDigest?: DigestChoice | undefined;
  /** `"prefer-none"` if absent. */
  readonly dataDigest?: DigestChoice | undefined;
  /** Milliseconds for connecting and logging in, redirections included; 15000 if absent. */
  readonly loginTimeoutMs?: number | undefined;
  /** Gives the login up: it rejects with code ABORTED. The session, once it stands, does not heed it. */
  readonly signal?: AbortSignal | undefined;
  /** Is told of logins, losses, redirections, asynchronous messages and rejects. */
  readonly observer?: IscsiObserver | undefined;
}

/** How to reach a target. */
export interface IscsiConnectOptions extends IscsiLoginOptions {
  /** The target's iSCSI name. */
  readonly target: string;
  /** Offer to send the first data within the command; true if absent. */
  readonly immediateData?: boolean | undefined;
  /** Offer to send data before the target asks for it; true if absent. */
  readonly unsolicitedData?: boolean | undefined;
  /**
   * How a silent connection is watched: after `intervalMs` without a PDU a NOP-Out is sent, and the connection is given
   * up if its answer takes longer than `timeoutMs`. 15000 each if absent; false for no watch.
   */
  readonly keepAlive?: Partial<KeepAlive> | false | undefined;
  /**
   * Milliseconds that the target may take to confirm the ABORT TASK of a command that was given up; then the session is
   * given up, so that the command cannot run later. 15000 if absent.
   */
  readonly abortTimeoutMs?: number | undefined;
}

/** Options that have been checked, all filled in. */
export interface CheckedOptions {
  readonly host: string;
  readonly port: number;
  readonly initiatorName: string;
  readonly isid: bigint;
  readonly loginTimeoutMs: number;
  readonly abortTimeoutMs: number;
  readonly keepAlive: KeepAlive | undefined;
  readonly login: LoginOptions;
}

const digestChoices: readonly unknown[] = ["none", "crc32c", "prefer-crc32c", "prefer-none"];

/**
 * Checks the options of a normal session, or of a discovery session if there is no target.
 *
 * @throws TypeError, RangeError
 */
export function checkOptions(options: IscsiLoginOptions & Partial<IscsiConnectOptions>): CheckedOptions {
  if (typeof options.host !== "string" || options.host === "") throw new TypeError("host is missing");
  const port = options.port ?? ISCSI_PORT;
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new RangeError(`port is 1 to 65535, not ${port}`);
  const initiatorName = checkIscsiName("The initiator name", options.initiatorName ?? defaultInitiatorName(env));
  const targetName = options.target === undefined ? undefined : checkIscsiName("The target name", options.target);
  const isid = checkIsid(options.isid ?? deriveIsid(initiatorName));
  const algorithms = options.algorithms ?? chapAlgorithms;
  if (algorithms.length === 0) throw new TypeError("algorithms is empty: CHAP needs one at least");
  for (const name of algorithms) {
    if (!chapAlgorithms.includes(name)) throw new TypeError(`Unknown CHAP algorithm ${JSON.stringify(name)}`);
  }
  checkChap(options.chap);
  return {
    host: options.host,
    port,
    initiatorName,
    isid,
    loginTimeoutMs: checkTime("loginTimeoutMs", options.loginTimeoutMs ?? 15_000),
    abortTimeoutMs: checkTime("abortTimeoutMs", options.abortTimeoutMs ?? 15_000),
    keepAlive:
      options.keepAlive === false || targetName === undefined
        ? undefined
        : {
            intervalMs: checkTime("keepAlive.intervalMs", options.keepAlive?.intervalMs ?? 15_000),
            timeoutMs: checkTime("keepAlive.timeoutMs", options.keepAlive?.timeoutMs ?? 15_000),
          },
    login: {
      initiatorName,
      targetName,
      isid,
      chap: options.chap,
      algorithms,
      choices: {
        headerDigest: checkDigest("headerDigest", options.headerDigest),
        dataDigest: checkDigest("dataDigest", options.dataDigest),
        immediateData: options.immediateData ?? true,
        unsolicitedData: options.unsolicitedData ?? true,
      },
      ownChallenges: [],
    },
  };
}

function checkChap(chap: ChapOptions | undefined): void {
  if (chap === undefined) return;
  for (const [what, credentials] of [
    ["chap", chap],
    ["chap.target", chap.target],
  ] as const) {
    if (credentials === undefined) continue;
    for (const field of ["user", "password"] as const) {
      const value = credentials[field];
      if (typeof value !== "string" || value === "") throw new TypeError(`${what}.${field} is missing`);
      if (value.includes("\0")) throw new TypeError(`${what}.${field} holds a zero character`);
    }
  }
  if (chap.target !== undefined && chap.target.password === chap.password) {
    throw new TypeError("chap.target.password must differ from chap.password (RFC 7143 12.1.3)");
  }
}

/** Checks a span of time in milliseconds. */
export function checkTime(what: string, milliseconds: number): number {
  if (typeof milliseconds !== "number" || !(milliseconds > 0)) {
    throw new RangeError(`${what} is a number of milliseconds above 0, not ${milliseconds}`);
  }
  return milliseconds;
}

function checkDigest(what: string, choice: DigestChoice | undefined): DigestChoice {
  if (choice === undefined) return "prefer-none";
  if (!digestChoices.includes(choice)) throw new TypeError(`${what} is one of ${digestChoices.join(", ")}`);
  return choice;
}

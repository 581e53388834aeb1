/** What an iSCSI target is to be like: its portals, targets, credentials and limits, checked. No behaviour. */
import type { ChapCredentials } from "../chap.ts";
import { checkIscsiName } from "../names.ts";
import type { ServedUnit } from "./device.ts";
import type { TargetObserver } from "./events.ts";

/** Whom a target believes, and what it proves itself. */
export interface TargetAuthentication {
  /** Initiators that may log in, by user name. */
  readonly users: readonly ChapCredentials[];
  /** What the target proves to initiators that ask (mutual CHAP); its secret must differ from those of all users. */
  readonly target?: ChapCredentials | undefined;
}

/** One iSCSI target. */
export interface IscsiTargetDefinition {
  /** Its iSCSI name. */
  readonly name: string;
  /** Its logical units by LUN, 0 to 16383. May change while it is served. */
  readonly units: ReadonlyMap<number, ServedUnit>;
  /** CHAP that initiators must pass; none is asked for if absent. */
  readonly chap?: TargetAuthentication | undefined;
  /** The initiators that may log in, by iSCSI name; all if absent. */
  readonly initiators?: readonly string[] | undefined;
}

/** Where to listen. */
export interface PortalOptions {
  /** An address of this machine, IPv6 without brackets; 127.0.0.1 if absent. */
  readonly host?: string | undefined;
  /** 0 for any that is free; 3260 if absent. */
  readonly port?: number | undefined;
  /** The target portal group tag, 1 to 65535, which is the relative target port identifier too; 1 if absent. */
  readonly portalGroupTag?: number | undefined;
}

/** What a target asks for in negotiations (RFC 7143 clause 13). The lesser or stricter value of both sides holds. */
export interface TargetParameterOptions {
  /** `"accept"` if absent: as the initiator prefers. `"require"` refuses initiators that do not offer CRC32C. */
  readonly headerDigest?: DigestPolicy | undefined;
  /** Likewise for data segments. */
  readonly dataDigest?: DigestPolicy | undefined;
  /** Ask for every byte with R2T; false if absent. */
  readonly initialR2t?: boolean | undefined;
  /** Accept data within the command; true if absent. */
  readonly immediateData?: boolean | undefined;
  /** Bytes, 512 to 16777215; 1048576 if absent. */
  readonly maxBurstLength?: number | undefined;
  /** Bytes, 512 to 16777215; 262144 if absent. */
  readonly firstBurstLength?: number | undefined;
  /** Bytes, 512 to 16777215; 262144 if absent. */
  readonly maxRecvDataSegmentLength?: number | undefined;
  /** 1 to 16; 4 if absent. */
  readonly maxOutstandingR2t?: number | undefined;
}

/** How a target stands to a digest. */
export type DigestPolicy = "accept" | "refuse" | "require";

/** What keeps one peer from taking everything. Times in milliseconds. */
export interface TargetLimits {
  /** Connections, those that are logging in included; 512. */
  readonly connections: number;
  /** Sessions; 256. */
  readonly sessions: number;
  /** Commands that one session may have under way; 128. */
  readonly commands: number;
  /** Bytes of data-out that one session may have under way; 64 MiB. */
  readonly sessionBytes: number;
  /** Bytes of data-out that all sessions may have under way; 512 MiB. */
  readonly totalBytes: number;
  /** For a login, from the connection on; 15000. */
  readonly loginTimeoutMs: number;
  /** For data that was asked for with R2T; 60000. */
  readonly dataTimeoutMs: number;
  /** For a peer that takes no output; 30000. */
  readonly outputTimeoutMs: number;
  /** Silence after which a NOP-In is sent, and how long its answer may take; 30000 each. */
  readonly keepAliveMs: number;
  /** How long the answer to that NOP-In may take. */
  readonly keepAliveTimeoutMs: number;
}

/** Options of `serveIscsi`. */
export interface IscsiTargetOptions {
  /** Where to listen. */
  readonly portals: readonly PortalOptions[];
  /** What is served. */
  readonly targets: readonly IscsiTargetDefinition[];
  /** What is asked for in negotiations. */
  readonly parameters?: TargetParameterOptions | undefined;
  /** CHAP for discovery sessions; none is asked for if absent. */
  readonly discoveryChap?: TargetAuthentication | undefined;
  /** What one peer may take at most. */
  readonly limits?: Partial<TargetLimits> | undefined;
  /** Is told of what happens. */
  readonly observer?: TargetObserver | undefined;
  /** Milliseconds that initiators get to log out when the target closes; 500 if absent. */
  readonly graceMs?: number | undefined;
}

/** The limits that hold where none are given. */
export const defaultLimits: TargetLimits = {
  connections: 512,
  sessions: 256,
  commands: 128,
  sessionBytes: 64 * 2 ** 20,
  totalBytes: 512 * 2 ** 20,
  loginTimeoutMs: 15_000,
  dataTimeoutMs: 60_000,
  outputTimeoutMs: 30_000,
  keepAliveMs: 30_000,
  keepAliveTimeoutMs: 30_000,
};

/** Parameters, all filled in. */
export type TargetParameters = {
  readonly [Name in keyof TargetParameterOptions]-?: NonNullable<TargetParameterOptions[Name]>;
};

/** A whole number in its range, or RangeError. */
function checkNumber(what: string, value: number, from: number, to: number): number {
  if (!Number.isInteger(value) || value < from || value > to) {
    throw new RangeError(`${what} is a whole number from ${from} to ${to}, not ${value}`);
  }
  return value;
}

/** @throws RangeError for a value that cannot be */
export function checkParameters(options: TargetParameterOptions = {}): TargetParameters {
  const length = (name: "maxBurstLength" | "firstBurstLength" | "maxRecvDataSegmentLength", fallback: number): number =>
    checkNumber(name, options[name] ?? fallback, 512, 0xff_ffff);
  const maxBurstLength = length("maxBurstLength", 1_048_576);
  return {
    headerDigest: options.headerDigest ?? "accept",
    dataDigest: options.dataDigest ?? "accept",
    initialR2t: options.initialR2t ?? false,
    immediateData: options.immediateData ?? true,
    maxBurstLength,
    firstBurstLength: Math.min(length("firstBurstLength", 262_144), maxBurstLength),
    maxRecvDataSegmentLength: length("maxRecvDataSegmentLength", 262_144),
    maxOutstandingR2t: checkNumber("maxOutstandingR2t", options.maxOutstandingR2t ?? 4, 1, 16),
  };
}

/** @throws RangeError for a limit below 1 */
export function checkLimits(options: Partial<TargetLimits> = {}): TargetLimits {
  const limits = { ...defaultLimits, ...options };
  for (const [name, value] of Object.entries(limits)) {
    if (!(value >= 1)) throw new RangeError(`limits.${name} is at least 1, not ${value}`);
  }
  return limits;
}

/** @throws TypeError or RangeError for names or credentials that cannot be */
export function checkTargets(targets: readonly IscsiTargetDefinition[]): void {
  if (targets.length === 0) throw new TypeError("There is no target to serve");
  const names = new Set<string>();
  for (const { name, chap, units } of targets) {
    checkIscsiName("The target name", name);
    if (names.has(name.toLowerCase())) throw new TypeError(`There are two targets named ${name}`);
    names.add(name.toLowerCase());
    for (const lun of units.keys()) checkNumber("A LUN", lun, 0, 16_383);
    checkAuthentication(chap);
  }
}

/** @throws TypeError for credentials that cannot be; no message holds a secret */
export function checkAuthentication(chap: TargetAuthentication | undefined): void {
  if (chap === undefined) return;
  if (chap.users.length === 0) throw new TypeError("chap.users is empty: nobody could log in");
  for (const { user, password } of [...chap.users, ...(chap.target === undefined ? [] : [chap.target])]) {
    if (typeof user !== "string" || user === "" || user.includes("\0")) throw new TypeError("A CHAP user has no name");
    if (typeof password !== "string" || password === "") throw new TypeError(`The CHAP user ${user} has no secret`);
    if (chap.target !== undefined && user !== chap.target.user && password === chap.target.password) {
      throw new TypeError("chap.target.password must differ from those of all users (RFC 7143 12.1.3)");
    }
  }
}

/** A portal, all filled in. @throws RangeError */
export function checkPortal(portal: PortalOptions): {
  readonly host: string;
  readonly port: number;
  readonly portalGroupTag: number;
} {
  return {
    host: portal.host ?? "127.0.0.1",
    port: checkNumber("port", portal.port ?? 3260, 0, 65_535),
    portalGroupTag: checkNumber("portalGroupTag", portal.portalGroupTag ?? 1, 1, 65_535),
  };
}

/**
 * iSCSI URLs, read as libiscsi reads them and written without a password:
 * `iscsi://[user[(%|:)password]@]host[:port][/target[/lun]][?argument=value&…]`. Text only.
 */
import { env } from "node:process";
import { type ChapAlgorithm, type ChapOptions, chapAlgorithms } from "./chap.ts";
import { checkIscsiName, checkIsid, lunField } from "./names.ts";
import type { DigestChoice } from "./parameters.ts";
import { formatAddress, parsePortal } from "./portal.ts";

/** What a URL says. The names are those of the options of `connectIscsi` and `discoverTargets`. */
export interface IscsiUrl {
  /** A name or address; of IPv6 without brackets. */
  readonly host: string;
  /** The TCP port; 3260 where the URL has none. */
  readonly port: number;
  /** Absent in a URL for discovery. */
  readonly target?: string;
  /** A number from 0 to 16383, or the 64-bit LUN field as a bigint. */
  readonly lun?: number | bigint;
  /** `?initiator=`: the iSCSI name to log in with. */
  readonly initiatorName?: string;
  /** `?isid=`: 48 bits. */
  readonly isid?: bigint;
  /** User and password, also of mutual CHAP. */
  readonly chap?: ChapOptions;
  /** `?chap=`: the CHAP digests to offer. */
  readonly algorithms?: readonly ChapAlgorithm[];
  /** `?header_digest=`. */
  readonly headerDigest?: DigestChoice;
  /** `?data_digest=`. */
  readonly dataDigest?: DigestChoice;
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads an iSCSI URL.
 *
 * User and password are taken as they stand, as libiscsi takes them: the user ends at the first `%`, or else at the
 * first `:`, and nothing before the `@` is percent-decoded. The target and the values of arguments are percent-decoded.
 * A user or password with `/`, `?` or `#` belongs into the environment: `LIBISCSI_CHAP_USERNAME`,
 * `LIBISCSI_CHAP_PASSWORD`, `LIBISCSI_CHAP_TARGET_USERNAME`, `LIBISCSI_CHAP_TARGET_PASSWORD`, each of which holds where
 * the URL does not say otherwise; so does `SCSI_PERSIST_INITIATOR`.
 *
 * Arguments: `target_user`, `target_password` (mutual CHAP), `header_digest` and `data_digest` (`crc32c` or `none`),
 * `auth` (`md5`, `sha1`, `sha-256` or `sha3-256`), `initiator` (a name), `isid` (12 hexadecimal digits). Any other is
 * an error.
 *
 * @param text the URL
 * @param environment the environment; the process's if absent
 * @throws TypeError for a URL that cannot be read; the message never holds a password
 * @example
 * parseIscsiUrl("iscsi://[::1]:3260/iqn.2026-01.test:disk/1", {})
 */
export function parseIscsiUrl(text: string, environment: Environment = env): IscsiUrl {
  const match = /^iscsi:\/\/(?:([^/?#]*)@)?([^/?#@]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(text);
  if (match === null)
    throw wrong("it is not of the form iscsi://[user[%password]@]host[:port]/target/lun[?argument=value]");
  // What follows a stray @ or : may be the rest of a password, so nothing of the text is shown from here on.
  if (/[/?].*@/.test(text.slice("iscsi://".length).replace(/^[^/?]*@/, ""))) {
    throw wrong(
      "an @ stands behind the host; a user or password with / or ? belongs into the environment, and other values write %40",
    );
  }
  const portal = parsePortal(match[2] as string);
  if (portal === undefined || portal.tpgt !== undefined) throw wrong("the host and port cannot be read");
  const path = (match[3] ?? "").split("/").filter((part, index, parts) => part !== "" || index < parts.length - 1);
  if (path.length > 2) throw wrong("the path is /target/lun, and nothing follows it");
  const given = readArguments(match[4]);
  const initiatorName = given.get("initiator") ?? nonEmpty(environment.SCSI_PERSIST_INITIATOR);
  const isid = given.get("isid");
  const chap = readChap(match[1], given, environment);
  const auth = given.get("auth");
  return {
    host: portal.address,
    port: portal.port,
    ...(path[0] === undefined ? {} : { target: checkIscsiName("The target in the URL", decode("target", path[0])) }),
    ...(path[1] === undefined ? {} : { lun: readLun(path[1]) }),
    ...(initiatorName === undefined ? {} : { initiatorName: checkIscsiName("The initiator name", initiatorName) }),
    ...(isid === undefined ? {} : { isid: readIsid(isid) }),
    ...(chap === undefined ? {} : { chap }),
    ...(auth === undefined ? {} : { algorithms: [oneOf("auth", auth, chapAlgorithms)] }),
    ...digest("headerDigest", "header_digest", given),
    ...digest("dataDigest", "data_digest", given),
  };
}

/** Writes a URL from its parts. A password is never written, nor is anything else of CHAP but the user's name. */
export function formatIscsiUrl(parts: IscsiUrl): string {
  const user = parts.chap === undefined ? "" : `${parts.chap.user}@`;
  let text = `iscsi://${user}${formatAddress(parts)}`;
  if (parts.target !== undefined) text += `/${encodeURIComponent(parts.target).replaceAll("%3A", ":")}`;
  if (parts.target !== undefined && parts.lun !== undefined) text += `/${formatLun(parts.lun)}`;
  const given: string[] = [];
  if (parts.initiatorName !== undefined)
    given.push(`initiator=${encodeURIComponent(parts.initiatorName).replaceAll("%3A", ":")}`);
  if (parts.isid !== undefined) given.push(`isid=${parts.isid.toString(16).padStart(12, "0")}`);
  if (parts.algorithms?.length === 1) given.push(`auth=${parts.algorithms[0]}`);
  for (const [name, choice] of [
    ["header_digest", parts.headerDigest],
    ["data_digest", parts.dataDigest],
  ] as const) {
    if (choice === "crc32c" || choice === "none") given.push(`${name}=${choice}`);
  }
  return given.length === 0 ? text : `${text}?${given.join("&")}`;
}

const argumentNames = [
  "target_user",
  "target_password",
  "header_digest",
  "data_digest",
  "auth",
  "initiator",
  "isid",
] as const;
type ArgumentName = (typeof argumentNames)[number];

function readArguments(text: string | undefined): Map<ArgumentName, string> {
  const given = new Map<ArgumentName, string>();
  const pairs = (text ?? "").split("&").filter((pair) => pair !== "");
  for (const [index, pair] of pairs.entries()) {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const known = argumentNames.find((candidate) => candidate === name);
    if (known === undefined) {
      // A password with an & that was not escaped would look like an argument.
      const shown = given.has("target_password") ? "" : ` ${JSON.stringify(name)}`;
      throw wrong(`the argument${shown} (number ${index + 1}) is unknown; known are ${argumentNames.join(", ")}`);
    }
    if (equals < 0 || equals === pair.length - 1) throw wrong(`the argument ${name} has no value`);
    if (given.has(known)) throw wrong(`the argument ${name} comes twice`);
    given.set(known, decode(`argument ${name}`, pair.slice(equals + 1)));
  }
  return given;
}

function readChap(
  userInfo: string | undefined,
  given: ReadonlyMap<ArgumentName, string>,
  environment: Environment,
): ChapOptions | undefined {
  const separator =
    userInfo === undefined ? -1 : userInfo.includes("%") ? userInfo.indexOf("%") : userInfo.indexOf(":");
  const user =
    (separator < 0 ? userInfo : userInfo?.slice(0, separator)) ?? nonEmpty(environment.LIBISCSI_CHAP_USERNAME);
  const password =
    (separator < 0 ? undefined : userInfo?.slice(separator + 1)) ?? nonEmpty(environment.LIBISCSI_CHAP_PASSWORD);
  const targetUser = given.get("target_user") ?? nonEmpty(environment.LIBISCSI_CHAP_TARGET_USERNAME);
  const targetPassword = given.get("target_password") ?? nonEmpty(environment.LIBISCSI_CHAP_TARGET_PASSWORD);
  if (user === undefined && password === undefined && targetUser === undefined && targetPassword === undefined) {
    return undefined;
  }
  if (user === undefined || user === "") throw wrong("CHAP has no user name");
  if (password === undefined || password === "") throw wrong("CHAP has a user name and no password");
  if ((targetUser === undefined) !== (targetPassword === undefined)) {
    throw wrong("mutual CHAP needs both the target's user name and its password");
  }
  return targetUser === undefined || targetPassword === undefined
    ? { user, password }
    : { user, password, target: { user: targetUser, password: targetPassword } };
}

function readLun(text: string): number | bigint {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 0x3fff) return Number(text);
  if (/^0x[0-9A-Fa-f]{16}$/.test(text)) return BigInt(text);
  throw wrong("the LUN is a number from 0 to 16383, or 0x and the 16 digits of the LUN field");
}

/** Writes a LUN as URLs have it. */
export function formatLun(lun: number | bigint): string {
  lunField(lun);
  return typeof lun === "number" ? String(lun) : `0x${lun.toString(16).padStart(16, "0")}`;
}

function readIsid(text: string): bigint {
  if (!/^(?:0x)?[0-9A-Fa-f]{1,12}$/.test(text)) throw wrong("the argument isid is up to 12 hexadecimal digits");
  return checkIsid(BigInt(text.startsWith("0x") ? text : `0x${text}`));
}

function digest(option: "headerDigest" | "dataDigest", name: ArgumentName, given: ReadonlyMap<ArgumentName, string>) {
  const value = given.get(name);
  return value === undefined ? {} : { [option]: oneOf(name, value.toLowerCase(), ["crc32c", "none"] as const) };
}

function oneOf<Choice extends string>(name: string, value: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw wrong(`the argument ${name} is one of ${choices.join(", ")}`);
  return choice;
}

function decode(what: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`the ${what} has a broken percent escape`);
  }
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function wrong(why: string): TypeError {
  return new TypeError(`Cannot read the iSCSI URL: ${why}`);
}

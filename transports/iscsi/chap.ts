/**
 * CHAP for iSCSI logins (RFC 1994; RFC 7143 12.1.3), both sides of it: what a response is, how values are written, and
 * what must never be accepted. It sends nothing, and no secret leaves it.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { protocolError } from "./fault.ts";

/**
 * The digests that CHAP knows here, with their CHAP_A numbers (IANA: 5, 6, 7, 8) and the names that node:crypto has for
 * them.
 */
const algorithms: Readonly<Record<ChapAlgorithm, { readonly number: number; readonly hash: string }>> = {
  md5: { number: 5, hash: "md5" },
  sha1: { number: 6, hash: "sha1" },
  "sha-256": { number: 7, hash: "sha256" },
  "sha3-256": { number: 8, hash: "sha3-256" },
};

/** The name of a CHAP digest. */
export type ChapAlgorithm = "md5" | "sha1" | "sha-256" | "sha3-256";

/**
 * All CHAP digests, in the order in which they are offered; a target takes the first that it knows. MD5 stands before
 * the older SHAs because tgtd takes number 7, which is SHA-256, for SHA-1: offered it earlier, it would refuse every
 * secret.
 */
export const chapAlgorithms: readonly ChapAlgorithm[] = ["sha3-256", "md5", "sha-256", "sha1"];

/** A user name and its secret. */
export interface ChapCredentials {
  /** CHAP_N: the name. */
  readonly user: string;
  /** The secret, 12 bytes or more as RFC 7143 9.2.1 asks. */
  readonly password: string;
}

/** How to authenticate: the initiator to the target, and with `target` the target to the initiator as well. */
export interface ChapOptions extends ChapCredentials {
  /** What the target must prove to be (mutual CHAP). Its secret must differ from ours (RFC 7143 12.1.3). */
  readonly target?: ChapCredentials | undefined;
}

/** The CHAP_A value for a digest. */
export function chapNumber(algorithm: ChapAlgorithm): number {
  return algorithms[algorithm].number;
}

/** The digest for a CHAP_A value. */
export function chapAlgorithm(number: string): ChapAlgorithm | undefined {
  return chapAlgorithms.find((name) => String(algorithms[name].number) === number);
}

/** The response to a challenge: the digest of identifier, secret and challenge (RFC 1994 4.1). */
export function chapResponse(
  algorithm: ChapAlgorithm,
  identifier: number,
  password: string,
  challenge: Uint8Array,
): Uint8Array {
  const hash = createHash(algorithms[algorithm].hash);
  hash.update(Uint8Array.of(identifier)).update(password, "utf8").update(challenge);
  return new Uint8Array(hash.digest());
}

/** A challenge of our own: an identifier, and as many random bytes as the digest has. */
export function chapChallenge(algorithm: ChapAlgorithm): { identifier: number; challenge: Uint8Array } {
  const length = algorithm === "md5" ? 16 : algorithm === "sha1" ? 20 : 32;
  const random = randomBytes(length + 1);
  return { identifier: random[0] as number, challenge: new Uint8Array(random.subarray(1)) };
}

/** Compares two responses in a time that does not depend on where they differ. */
export function sameResponse(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Writes a binary value: 0x and hexadecimal digits (RFC 7143 6.1). */
export function encodeBinary(bytes: Uint8Array): string {
  let text = "0x";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/**
 * Reads a binary value, hexadecimal (0x…) or base64 (0b…).
 *
 * @throws ScsiError `PROTOCOL_ERROR` if it is neither, empty, or longer than the 1024 bytes that CHAP allows; the
 *   message does not hold the value
 */
export function decodeBinary(key: string, text: string, peer = "the target"): Uint8Array {
  const digits = text.slice(2);
  let bytes: Uint8Array | undefined;
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) {
    bytes = Uint8Array.from((digits.length % 2 === 1 ? `0${digits}` : digits).match(/../g) ?? [], (pair) =>
      Number.parseInt(pair, 16),
    );
  } else if (/^0[bB][A-Za-z0-9+/]+={0,2}$/.test(text) && digits.length % 4 === 0) {
    bytes = Uint8Array.from(atob(digits), (character) => character.charCodeAt(0));
  }
  if (bytes === undefined || bytes.length > 1024) {
    throw protocolError(`Malformed key from ${peer}: ${key} is not a binary value of 1 to 1024 bytes`);
  }
  return bytes;
}

/** Checks of arguments, before anything is sent. Each names the argument, says what came and what would be right. */

const MAX_KEY = 0xffff_ffff_ffff_ffffn;

/** A name for a value that people recognise in a message. */
function shown(value: unknown): string {
  if (typeof value === "bigint") return `0x${value.toString(16)}`;
  if (typeof value === "string") return JSON.stringify(value);
  return String(value);
}

/** A reservation key: a bigint of 64 bits. */
export function checkKey(name: string, value: unknown): bigint {
  if (typeof value !== "bigint") {
    throw new TypeError(`${name} must be a bigint such as 0xabcn, got ${typeof value} ${shown(value)}`);
  }
  if (value < 0n || value > MAX_KEY) throw new RangeError(`${name} must be 0 to 2^64 - 1, got ${shown(value)}`);
  return value;
}

/** A reservation key that names a registration: not 0. */
export function checkNonZeroKey(name: string, value: unknown, why: string): bigint {
  const key = checkKey(name, value);
  if (key === 0n) throw new RangeError(`${name} must not be 0: ${why}`);
  return key;
}

/** A whole number within bounds, both included. */
export function checkInteger(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw new TypeError(`${name} must be a whole number, got ${typeof value} ${shown(value)}`);
  }
  if (value < least || value > most) throw new RangeError(`${name} must be ${least} to ${most}, got ${value}`);
  return value;
}

/** A 64-bit whole number, as a bigint or a safe number. */
export function checkLong(name: string, value: unknown): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value)) return checkKey(name, BigInt(value));
  return checkKey(name, value);
}

/** One of a list of words. */
export function checkOneOf<Word extends string>(name: string, value: unknown, words: readonly Word[]): Word {
  if (words.includes(value as Word)) return value as Word;
  const wording = `${name} must be one of ${words.join(", ")}; got ${shown(value)}`;
  throw typeof value === "string" ? new RangeError(wording) : new TypeError(wording);
}

/** A flag; absent is false. */
export function checkFlag(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false, got ${shown(value)}`);
  return value;
}

/** Bytes. */
export function checkBytes(name: string, value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array, got ${shown(value)}`);
  return value;
}

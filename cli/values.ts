/**
 * From the text of an option to its value. Nothing is guessed: what is not plainly right is refused, with what would be right.
 * No message repeats a text in which a password could stand.
 */
import { type ElementReference, parseElement } from "../src/changer/index.ts";
import { parseTransportId, type ReservationType, reservationTypeName, reservationTypeNames } from "../src/index.ts";
import { didYouMean } from "./nearest.ts";

/** The command line is wrong: exit code 1, nothing has been sent. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** The verb whose help would help. */
  readonly verb: string | undefined;

  constructor(message: string, verb?: string) {
    super(message);
    this.verb = verb;
  }
}

/** A text as it may be repeated: quoted, and without whatever may hold a password. */
export function shown(text: string): string {
  return JSON.stringify(redactUrl(text));
}

const urlParts =
  /^([a-z][a-z0-9+.-]*:)\/\/(?:([^/?#@%:]*)(?:[%:][^/?#]*)?@)?(\[[^\]/?#@]*\](?::[0-9]*)?|[^/?#@%]+)((?:\/[^?#@]*)?)(?:\?([^#@]*))?$/i;

/** What may hold credentials: a user, something before a `%`, an argument that is called so. */
const suspicious = /@|\/\/.*%|[?&][^=&]*password/i;

/** A URL without the credentials in it. One whose parts cannot be told apart is cut to its scheme. */
export function redactUrl(url: string): string {
  if (!suspicious.test(url)) return url;
  const parts = urlParts.exec(url);
  if (parts === null) return `${/^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0] ?? ""}…`;
  const [, scheme, user, host, path, query = ""] = parts;
  const kept = query.split("&").filter((pair) => pair !== "" && !/password/i.test(pair));
  return `${scheme}//${user === undefined ? "" : `${user}@`}${host}${path}${kept.length === 0 ? "" : `?${kept.join("&")}`}`;
}

/** A reservation key: `0x` and 1 to 16 hexadecimal digits. */
export function readKey(text: string): bigint {
  if (/^0x[0-9a-f]{1,16}$/i.test(text)) return BigInt(text);
  const digits = /^0x[0-9a-f]+$/i.test(text) ? text.length - 2 : 0;
  if (digits > 16) throw new RangeError(`a key has at most 16 hexadecimal digits, ${text} has ${digits}`);
  const form = "a key is 0x and up to 16 hexadecimal digits";
  const bare = /^(?:0x)?([0-9a-f]{1,16})[hn]?$/i.exec(text)?.[1];
  if (bare === undefined) throw new RangeError(`${form}, not ${shown(text)}`);
  if (/^[1-9][0-9]+$/.test(text)) {
    const decimal = BigInt(text).toString(16);
    throw new RangeError(`${form}; did you mean 0x${text}, or 0x${decimal} (which is ${text} in decimal)?`);
  }
  throw new RangeError(`${form}; did you mean 0x${bare.toLowerCase()}?`);
}

/** A reservation type: its name, or its code on the wire. */
export function readType(text: string): ReservationType {
  const lower = text.toLowerCase();
  const named = reservationTypeNames.find((name) => name === lower);
  const type = named ?? (/^[0-9]$/.test(text) ? reservationTypeName(Number(text)) : undefined);
  if (type !== undefined) return type;
  const known = reservationTypeNames.join(", ");
  throw new RangeError(`no such type: ${shown(text)}.${didYouMean(text, reservationTypeNames)} Types are ${known}`);
}

/** A span of time, in milliseconds: seconds, or with a unit, `ms` or `s`. */
export function readTime(text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)(ms|s)?$/.exec(text);
  const ms = match === null ? 0 : Number(match[1]) * (match[2] === "ms" ? 1 : 1000);
  if (!(ms > 0) || !Number.isFinite(ms)) {
    throw new RangeError(`a time is seconds above 0, or has a unit: 5, 2.5s, 500ms; not ${shown(text)}`);
  }
  return ms;
}

/** A relative target port identifier. */
export function readPort(text: string): number {
  if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(text)) throw new RangeError(`a target port is a number, not ${shown(text)}`);
  return Number(text);
}

/** A TransportID. */
export function readTransportId(text: string): ReturnType<typeof parseTransportId> {
  try {
    return parseTransportId(text);
  } catch (error) {
    // The message repeats the text.
    throw redactUrl(text) === text ? error : new RangeError(`not a TransportID: ${shown(text)}`);
  }
}

/** A field of a CDB or parameter list, in the standard's words, and what to put there. */
export interface FieldValue {
  readonly field: string;
  readonly value: bigint;
}

/** `TYPE=0xf`. */
export function readField(text: string): FieldValue {
  const [, field, value] = /^([^=]+)=(0x[0-9a-f]+|[0-9]+)$/i.exec(text) ?? [];
  if (field === undefined || value === undefined)
    throw new RangeError(`a field's name, = and a number, decimal or with 0x, not ${shown(text)}`);
  return { field: field.trim(), value: BigInt(value) };
}

/** Any text that is not empty. */
export function readText(text: string): string {
  if (text === "") throw new RangeError("the value is empty");
  return text;
}

/** An element of a media changer. */
export function readElement(text: string): ElementReference {
  parseElement(text);
  return text;
}

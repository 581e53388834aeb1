/** From the text of an option of `serve` to its value. No message repeats a secret. */
import type { PortalOptions, ServeUnitOptions } from "../transports/serve.ts";
import { readText, shown } from "./values.ts";

const suffixes: Readonly<Record<string, number>> = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** A size: bytes, or with KiB, MiB, GiB, TiB. */
function readSize(text: string): number {
  const match = /^([0-9]{1,15})(|KiB|MiB|GiB|TiB)$/.exec(text);
  const bytes = match === null ? 0 : Number(match[1]) * (suffixes[match[2] as string] as number);
  if (!(bytes > 0) || !Number.isSafeInteger(bytes)) {
    throw new RangeError(`a size is bytes, or has KiB, MiB, GiB or TiB: 64MiB; not ${shown(text)}`);
  }
  return bytes;
}

function readCount(name: string, text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new RangeError(`${name} is a whole number, not ${shown(text)}`);
  return Number(text);
}

/** A portal: `host:port`, `host`, or `:port`; an IPv6 address in brackets. */
export function readPortal(text: string): PortalOptions {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/@]*))(?::([0-9]{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? "";
  const port = match?.[3];
  if (match === null || (host === "" && port === undefined) || Number(port ?? 0) > 65_535) {
    throw new RangeError(`a portal is host:port, with an IPv6 address in brackets; not ${shown(text)}`);
  }
  return { ...(host === "" ? {} : { host }), ...(port === undefined ? {} : { port: Number(port) }) };
}

/** A unit: `size=64MiB,file=PATH,block-size=4096,lun=1,removable,thin`, in any order. */
export function readUnit(text: string): ServeUnitOptions {
  const unit: { -readonly [Name in keyof ServeUnitOptions]: ServeUnitOptions[Name] } = {};
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    const [name, value] = equals < 0 ? [part, undefined] : [part.slice(0, equals), part.slice(equals + 1)];
    if (name === "removable" && value === undefined) unit.removable = true;
    else if (name === "thin" && value === undefined) unit.thin = true;
    else if (name === "size" && value !== undefined) unit.sizeBytes = readSize(value);
    else if (name === "file" && value !== undefined) unit.file = readText(value);
    else if (name === "block-size" && value !== undefined) unit.blockSize = readCount(name, value);
    else if (name === "lun" && value !== undefined) unit.lun = readCount(name, value);
    else {
      throw new RangeError(`a unit is made of size=, file=, block-size=, lun=, removable and thin; not ${shown(part)}`);
    }
  }
  return unit;
}

/** Credentials: `user%password`. */
export function readCredentials(text: string): { readonly user: string; readonly password: string } {
  const at = text.indexOf("%");
  if (at < 1 || at === text.length - 1) throw new RangeError("credentials are user%password, with neither empty");
  return { user: text.slice(0, at), password: text.slice(at + 1) };
}

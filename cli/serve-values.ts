/** From the text of an option of `serve` to its value. No message repeats a secret. */
import type { ProfileChoice } from "../src/profiles/apply.ts";
import { type ProfileName, profileNames } from "../src/profiles/index.ts";
import type { PortalOptions, ServeUnitOptions } from "../transports/serve.ts";
import { readText, readTime, shown } from "./values.ts";

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

/**
 * A portal: `host:port`, `host`, or `:port`; an IPv6 address in brackets. With `,tag=2` it is another target portal group,
 * and so another target port.
 */
export function readPortal(text: string): PortalOptions {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/@,]*))(?::([0-9]{1,5}))?(?:,tag=([0-9]{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? "";
  const [port, tag] = [match?.[3], match?.[4]];
  if (match === null || (host === "" && port === undefined) || Number(port ?? 0) > 65_535) {
    throw new RangeError(`a portal is host:port, with an IPv6 address in brackets; not ${shown(text)}`);
  }
  if (tag !== undefined && (Number(tag) < 1 || Number(tag) > 65_535)) {
    throw new RangeError(`the tag of a portal group is 1 to 65535, not ${tag}`);
  }
  return {
    ...(host === "" ? {} : { host }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(tag === undefined ? {} : { portalGroupTag: Number(tag) }),
  };
}

/** A unit, and the target that has it. */
export interface UnitValue extends ServeUnitOptions {
  /** The first target if absent. */
  readonly target?: string | undefined;
}

/** What a unit is made of, each with how it is read. */
const unitParts: Readonly<Record<string, (value: string) => UnitValue>> = {
  size: (value) => ({ sizeBytes: readSize(value) }),
  file: (value) => ({ file: readText(value) }),
  "block-size": (value) => ({ blockSize: readCount("block-size", value) }),
  lun: (value) => ({ lun: readCount("lun", value) }),
  target: (value) => ({ target: readText(value) }),
  profile: (value) => ({ profile: readProfile(value) }),
};
/** Of changers and tapes. */
const libraryParts: Readonly<Record<string, (value: string) => UnitValue>> = {
  type: (value) => ({ type: readDeviceType(value) }),
  slots: (value) => ({ slots: readCount("slots", value) }),
  mailslots: (value) => ({ mailslots: readCount("mailslots", value) }),
  drives: (value) => ({ drives: readCount("drives", value) }),
  cartridges: (value) => ({ cartridges: readCount("cartridges", value) }),
  "move-time": (value) => ({ moveMs: readTime(value) }),
};
const unitFlags: Readonly<Record<string, UnitValue>> = { removable: { removable: true }, thin: { thin: true } };

const allParts: Readonly<Record<string, (value: string) => UnitValue>> = { ...unitParts, ...libraryParts };

/** What kind of device a unit is. */
function readDeviceType(text: string): "disk" | "tape" | "changer" {
  if (text === "disk" || text === "tape" || text === "changer") return text;
  throw new RangeError(`a unit's type is disk, tape or changer, not ${shown(text)}`);
}

/** A unit: `size=64MiB,file=PATH,block-size=4096,lun=1,target=NAME,profile=NAME,removable,thin`, in any order. */
export function readUnit(text: string): UnitValue {
  let unit: UnitValue = {};
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    const name = equals < 0 ? part : part.slice(0, equals);
    const read = equals < 0 || !Object.hasOwn(allParts, name) ? undefined : allParts[name];
    const flag = equals < 0 && Object.hasOwn(unitFlags, name) ? unitFlags[name] : undefined;
    if (read === undefined && flag === undefined) {
      const known = [...Object.keys(allParts).map((each) => `${each}=`), ...Object.keys(unitFlags)];
      throw new RangeError(`a unit is made of ${known.join(", ")}; not ${shown(part)}`);
    }
    unit = { ...unit, ...(flag ?? read?.(part.slice(equals + 1))) };
  }
  return unit;
}

/** The name of a profile. */
export function readProfile(text: string): ProfileName {
  if ((profileNames as readonly string[]).includes(text)) return text as ProfileName;
  throw new RangeError(`profiles are ${profileNames.join(", ")}; not ${shown(text)}`);
}

/** The name of a profile, or `auto`. */
export const readProfileChoice = (text: string): ProfileChoice => (text === "auto" ? text : readProfile(text));

/** Credentials: `user%password`. */
export function readCredentials(text: string): { readonly user: string; readonly password: string } {
  const at = text.indexOf("%");
  if (at < 1 || at === text.length - 1) throw new RangeError("credentials are user%password, with neither empty");
  return { user: text.slice(0, at), password: text.slice(at + 1) };
}

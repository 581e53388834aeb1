/**
 * A script as the part of a link after `#`, and back: `v1:2x1;A0,register,new=a;B0,write,text=hello`. What comes in a link was written
 * by nobody knows whom: every part must be one that is known here, or the whole is refused, with a sentence that says why.
 */
import { type ActionName, type ArgumentName, actionNames, actionOf } from "./actions.ts";
import {
  type Arguments,
  letterOf,
  limits,
  type PathStep,
  pathEvents,
  type Script,
  type Step,
  type UnitStep,
  unitEvents,
} from "./steps.ts";

const VERSION = 1;
/** Longer than any script of this page can be. */
const MAXIMUM_LENGTH = 32_768;

/** Why a link is not taken. The message is for people. */
export class LinkError extends Error {
  override name = "LinkError";
}

/** How each argument is spelled: its name in the link, and its value both ways. `read` gives undefined for what cannot be. */
interface Spelling {
  readonly as: string;
  write(given: Arguments): string | undefined;
  read(text: string, hosts: number): Partial<Arguments> | undefined;
}

const hexKey = (as: string, name: "key" | "newKey" | "victimKey"): Spelling => ({
  as,
  write: (given) => given[name]?.toString(16),
  read: (text) => (/^[0-9a-f]{1,16}$/.test(text) ? { [name]: BigInt(`0x${text}`) } : undefined),
});

const flag = (as: string, name: "aptpl" | "allTgPt" | "unreg"): Spelling => ({
  as,
  write: (given) => (given[name] === true ? "1" : undefined),
  read: (text) => (text === "1" ? { [name]: true } : undefined),
});

/** Hosts by their letters, each once. */
function hostsOf(letters: string, hosts: number): number[] | undefined {
  const found = [...letters].map((letter) => letter.charCodeAt(0) - 65);
  const possible = found.length > 0 && new Set(found).size === found.length;
  return possible && found.every((host) => host >= 0 && host < hosts) ? found : undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** Text that may be written to a block: short, and nothing that draws other than it reads. */
export const isWritable = (text: string): boolean => text.length <= limits.text && !unprintable.test(text);

function textIn(encoded: string): string | undefined {
  try {
    const text = decodeURIComponent(encoded);
    return isWritable(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

const spellings: Readonly<Record<ArgumentName, Spelling>> = {
  key: hexKey("key", "key"),
  newKey: hexKey("new", "newKey"),
  victimKey: hexKey("victim", "victimKey"),
  type: {
    as: "type",
    write: ({ type }) => type?.toString(16),
    read: (text) => (/^[0-9a-f]$/.test(text) ? { type: Number.parseInt(text, 16) } : undefined),
  },
  aptpl: flag("aptpl", "aptpl"),
  allTgPt: flag("all", "allTgPt"),
  unreg: flag("unreg", "unreg"),
  ports: {
    as: "ports",
    write: ({ ports = [] }) => (ports.length === 0 ? undefined : ports.map(letterOf).join("")),
    read: (text, hosts) => {
      const ports = hostsOf(text, hosts);
      return ports === undefined ? undefined : { ports };
    },
  },
  to: {
    as: "to",
    write: ({ to }) => (to === undefined ? undefined : letterOf(to)),
    read: (text, hosts) => {
      const [to, ...others] = hostsOf(text, hosts) ?? [];
      return to === undefined || others.length > 0 ? undefined : { to };
    },
  },
  text: {
    as: "text",
    write: ({ text }) => (text === undefined ? undefined : encodeURIComponent(text).replaceAll("'", "%27")),
    read: (text) => {
      const decoded = textIn(text);
      return decoded === undefined ? undefined : { text: decoded };
    },
  },
};

function writeStep(step: Step): string {
  if (step.kind === "unit") return `${step.unit},${step.event}`;
  const path = `${letterOf(step.host)}${step.unit}`;
  if (step.kind === "path") return `${path},${step.event}`;
  const given = actionOf(step.action).takes.flatMap((name) => {
    const value = spellings[name].write(step.arguments);
    return value === undefined ? [] : [`${spellings[name].as}=${value}`];
  });
  return [path, step.action, ...given].join(",");
}

/** The part of a link after `#`. */
export function writeLink({ hosts, units, steps }: Script): string {
  return [`v${VERSION}:${hosts}x${units}`, ...steps.map(writeStep)].join(";");
}

/** What was found where something else should be, short enough to be shown. */
const quoted = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

function readArguments(action: ActionName, parts: readonly string[], hosts: number, where: string): Arguments {
  const { takes, name } = actionOf(action);
  let given: Arguments = {};
  const seen = new Set<string>();
  for (const part of parts) {
    const [as = "", value = "", ...more] = part.split("=");
    const known = takes.find((one) => spellings[one].as === as);
    if (known === undefined) throw new LinkError(`${where}: ${name} has no argument ${quoted(as)}.`);
    if (seen.has(as)) throw new LinkError(`${where}: ${quoted(as)} is given twice.`);
    seen.add(as);
    const read = more.length > 0 ? undefined : spellings[known].read(value, hosts);
    if (read === undefined) throw new LinkError(`${where}: ${quoted(part)} is no value that ${name} takes.`);
    given = { ...given, ...read };
  }
  return given;
}

const oneOf = <Name extends string>(names: readonly Name[], text: string): Name | undefined =>
  names.find((name) => name === text);

function readStep(text: string, hosts: number, units: number, where: string): Step {
  const [place = "", what = "", ...parts] = text.split(",");
  const match = /^([A-D]?)([0-9])$/.exec(place);
  const host = match?.[1] === "" ? undefined : (match?.[1]?.charCodeAt(0) ?? 0) - 65;
  const unit = Number(match?.[2]);
  if (match === null || unit >= units || (host !== undefined && host >= hosts))
    throw new LinkError(`${where}: there is no host or unit ${quoted(place)} here.`);
  if (host === undefined) {
    const event: UnitStep["event"] | undefined = oneOf(unitEvents, what);
    if (event !== undefined && parts.length === 0) return { kind: "unit", unit, event };
  } else {
    const event: PathStep["event"] | undefined = oneOf(pathEvents, what);
    if (event !== undefined && parts.length === 0) return { kind: "path", host, unit, event };
    const action = oneOf(actionNames, what);
    if (action !== undefined)
      return { kind: "command", host, unit, action, arguments: readArguments(action, parts, hosts, where) };
  }
  throw new LinkError(`${where}: ${quoted(what)} is nothing that can happen here.`);
}

/**
 * The script that a link holds.
 *
 * @param hash what stands after `#`
 * @throws LinkError saying why it is refused
 */
export function readLink(hash: string): Script {
  const [, version, rest = ""] = /^v([0-9]{1,4}):(.*)$/s.exec(hash) ?? [];
  if (version === undefined) throw new LinkError("It does not begin as a link of this page does.");
  if (Number(version) !== VERSION)
    throw new LinkError(`It is of version ${Number(version)}, and this page reads version ${VERSION} only.`);
  if (hash.length > MAXIMUM_LENGTH) throw new LinkError(`It has ${hash.length} characters, more than any script here.`);
  const [size = "", ...texts] = rest.split(";");
  const [, hosts = 0, units = 0] = (/^([0-9])x([0-9])$/.exec(size) ?? []).map(Number);
  if (hosts < 2 || hosts > limits.hosts || units < 1 || units > limits.units)
    throw new LinkError(
      `It asks for ${quoted(size)}; there can be 2 to ${limits.hosts} hosts and 1 to ${limits.units} units.`,
    );
  if (texts.length > limits.steps) throw new LinkError(`It has ${texts.length} steps; ${limits.steps} are the most.`);
  return { hosts, units, steps: texts.map((text, index) => readStep(text, hosts, units, `Step ${index + 1}`)) };
}

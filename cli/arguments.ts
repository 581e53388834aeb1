/** From argv to a verb, a URL and values. Refuses what it does not know, with what was probably meant. */
import { parseArgs } from "node:util";
import { didYouMean } from "./nearest.ts";
import { allOptions, commonOptions, type Option, usageOf, type Values } from "./options.ts";
import { redactUrl, shown, UsageError } from "./values.ts";

/** What of a verb is needed to read its arguments. */
export interface Signature {
  readonly name: string;
  /** What its argument is; `none` if it takes none. Several of `unit` are paths to one unit. */
  readonly takes: "unit" | "units" | "portal" | "bytes" | "command" | "shell" | "none";
  readonly options: readonly (keyof Values)[];
  readonly required: readonly (keyof Values)[];
  /** Takes a command line after `--`. */
  readonly guards?: true;
  /** Of those that take a unit: it must be of a single path; why. */
  readonly singlePath?: string;
}

/** Arguments, read. */
export interface Parsed {
  /** Undefined if none was named. */
  readonly verb: string | undefined;
  /** Everything after the verb that is no option. */
  readonly rest: readonly string[];
  /** Everything after `--`. */
  readonly guarded: readonly string[];
  readonly values: Values;
  /** Which options were given, by property. */
  readonly given: ReadonlySet<keyof Values>;
}

const entries = Object.entries(allOptions) as [keyof Values, Option][];
const names = entries.flatMap(([, { name, alias }]) => (alias === undefined ? [name] : [name, alias]));

const config = Object.fromEntries(
  entries.flatMap(([, { name, alias, short, value }]) => {
    const type = value === undefined ? ("boolean" as const) : ("string" as const);
    return [
      [name, short === undefined ? { type } : { type, short }],
      ...(alias === undefined ? [] : [[alias, { type }]]),
    ] as [string, { type: "boolean" | "string"; short?: string }][];
  }),
);

/** Verbs with names of two words, `mhd takeown`: what the first words stand for. */
export const families: Readonly<Record<string, string>> = { mhd: "multihost disks", changer: "media changers" };

/** Is this the first word of a family of verbs? */
export const isFamily = (word: string | undefined): boolean => word !== undefined && Object.hasOwn(families, word);

/** The option with a name, or an error that says which it might be. */
function optionNamed(name: string, rawName: string): [keyof Values, Option] {
  const found = entries.find(([, option]) => option.name === name || option.alias === name);
  if (found === undefined)
    throw new UsageError(`Unknown option ${redactUrl(rawName)}.${didYouMean(name, names, "--")}`);
  return found;
}

function readValue(option: Option, text: string | undefined, inline: boolean, verb = ""): unknown {
  const rule = usageOf(option);
  const read = option.readFor?.[verb] ?? option.read;
  if (read === undefined) {
    if (text !== undefined) throw new UsageError(`--${option.name} takes no value`);
    return true;
  }
  if (text === undefined || (!inline && text.startsWith("-"))) throw new UsageError(`The value is missing: ${rule}`);
  try {
    return read(text);
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw new UsageError(`${rule}: ${error.message}`);
    throw error;
  }
}

/**
 * Reads argv. Whether the options belong to the verb is checked by {@link checkAgainst}.
 *
 * @throws UsageError
 */
export function parseArguments(argv: readonly string[]): Parsed {
  const { tokens } = parseArgs({
    args: [...argv],
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const positionals: string[] = [];
  const guarded: string[] = [];
  const end = tokens.find(({ kind }) => kind === "option-terminator")?.index ?? argv.length;
  const values = new Map<keyof Values, unknown>();
  for (const token of tokens) {
    if (token.kind === "positional") (token.index > end ? guarded : positionals).push(token.value);
  }
  const words = isFamily(positionals[0]) && positionals.length > 1 ? 2 : 1;
  const verb = positionals.length === 0 ? undefined : positionals.slice(0, words).join(" ");
  const rest = positionals.slice(words);
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const [property, option] = optionNamed(token.name, token.rawName);
    const value = readValue(option, token.value, token.inlineValue === true, verb);
    if (option.many === true) values.set(property, [...((values.get(property) as unknown[]) ?? []), value]);
    else if (values.has(property) && option.value !== undefined)
      throw new UsageError(`--${option.name} is given twice`);
    else values.set(property, value);
  }
  return { verb, rest, guarded, values: Object.fromEntries(values) as Values, given: new Set(values.keys()) };
}

const nouns = {
  unit: "URL or device path of a logical unit",
  units: "URLs or device paths of logical units",
  portal: "URL of a portal",
  bytes: "",
  command: "name of a command",
  shell: "name of a shell: bash, zsh or fish",
  none: "",
} as const;

const isWord = (takes: Signature["takes"]): boolean => takes === "command" || takes === "shell";

/** Checks that a verb got what it takes and nothing else. Returns its URL, or an empty text for verbs without. */
export function checkAgainst(parsed: Parsed, verb: Signature): string {
  const wrong = (message: string): UsageError => new UsageError(message, verb.name);
  for (const property of parsed.given) {
    if (property in commonOptions || verb.options.includes(property)) continue;
    const own = verb.options.map((name) => `--${allOptions[name].name}`);
    const known = own.length === 0 ? "" : `; its options are ${own.join(", ")}`;
    throw wrong(`${verb.name} has no option --${allOptions[property].name}${known}`);
  }
  const positional = verb.guards === true ? parsed.rest : [...parsed.rest, ...parsed.guarded];
  // Bytes may have spaces between them; without any they come from standard input.
  const [url, extra] =
    verb.takes === "none"
      ? ["", positional[0]]
      : verb.takes === "bytes"
        ? [positional.join(" "), undefined]
        : verb.takes === "units" || (verb.takes === "unit" && verb.singlePath === undefined)
          ? [positional[0], undefined]
          : positional;
  if (url === undefined) throw wrong(`${verb.name} needs the ${nouns[verb.takes]}`);
  if (extra !== undefined) {
    const rule = verb.takes === "none" ? "takes no argument" : `takes one ${isWord(verb.takes) ? verb.takes : "URL"}`;
    const why = verb.singlePath === undefined ? "" : `, for ${verb.singlePath}`;
    throw wrong(`${verb.name} ${rule}${why}; what is ${shown(extra)}?`);
  }
  const missing = verb.required.filter((property) => !parsed.given.has(property));
  if (missing.length > 0) {
    throw wrong(`${verb.name} needs ${missing.map((property) => usageOf(allOptions[property])).join(" and ")}`);
  }
  return url;
}

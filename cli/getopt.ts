/** Arguments as getopt_long reads them: long options may be cut short, short ones joined. For the command lines of other tools. */
import { UsageError } from "./values.ts";

/** A tool's options. */
export interface GetoptTable {
  /** The tool's name, which is the verb's. */
  readonly tool: string;
  /** The letter of each long option; `#` where it has no short form. */
  readonly names: Readonly<Record<string, string>>;
  /** Letters that take a value. */
  readonly withValue: ReadonlySet<string>;
  /** Letters that are another name of a letter. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** A long option by its name or by as much of it as tells. */
function longOption(text: string, { tool, names }: GetoptTable): string {
  const exact = Object.hasOwn(names, text) ? names[text] : undefined;
  if (exact !== undefined) return exact;
  const letters = new Set(Object.keys(names).flatMap((name) => (name.startsWith(text) ? [names[name] as string] : [])));
  if (letters.size > 1) throw new UsageError(`--${text} could be several options`, tool);
  const [letter] = letters;
  if (letter === undefined) throw new UsageError(`${tool} has no option --${text}`, tool);
  return letter;
}

/**
 * argv as pairs of a letter and its value, in order; the letter "" is for what is no option.
 *
 * @throws UsageError for options that the table does not have, and for values that are missing
 */
export function* getopt(
  argv: readonly string[],
  table: GetoptTable,
): Generator<readonly [letter: string, value: string]> {
  const { tool, names, withValue, aliases = {} } = table;
  const letters = new Set(Object.values(names));
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] as string;
    const argumentOf = (letter: string, inline: string | undefined): string => {
      if (!withValue.has(letter)) return "";
      const value = inline ?? argv[++at];
      if (value === undefined) throw new UsageError(`The value of ${word} is missing`, tool);
      return value;
    };
    if (word.startsWith("--") && word.length > 2) {
      const [name = "", ...rest] = word.slice(2).split("=");
      const letter = longOption(name, table);
      yield [letter, argumentOf(letter, rest.length === 0 ? undefined : rest.join("="))];
    } else if (/^-./.test(word)) {
      for (let place = 1; place < word.length; place++) {
        const written = word[place] as string;
        const letter = aliases[written] ?? written;
        if (!letters.has(letter) || letter === "#") throw new UsageError(`${tool} has no option -${letter}`, tool);
        const rest = word.slice(place + 1);
        yield [letter, argumentOf(letter, rest === "" ? undefined : rest)];
        if (withValue.has(letter)) break;
      }
    } else yield ["", word];
  }
}

/** A hexadecimal number with or without 0x, at most `most`. */
export function hexadecimal(tool: string, name: string, text: string, most: bigint): bigint {
  if (!/^(0x)?[0-9a-f]+$/i.test(text)) {
    throw new UsageError(`--${name} takes a hexadecimal number, not ${JSON.stringify(text)}`, tool);
  }
  const value = BigInt(`0x${text.replace(/^0x/i, "")}`);
  if (value > most) throw new UsageError(`--${name} is at most ${most.toString(16)} (hexadecimal)`, tool);
  return value;
}

/**
 * What additional sense codes mean: T10's whole list, from data/additional-sense-codes.tsv, which names its source and date.
 * Texts as the standard has them, in its capitals.
 */
import { digits, ranges, singles, texts, words } from "./core/generated/additional-sense.ts";

interface Range {
  readonly asc: number;
  readonly first: number;
  readonly last: number;
  readonly text: string;
}

const number = (hex: string): number => Number.parseInt(hex, 16);

/** Reads one packed text; scripts/additional-sense.mjs says how it was packed. */
function unpack(packed: string, from: number, vocabulary: readonly string[]): string {
  const text: string[] = [];
  for (let at = from; at < packed.length; at++) {
    let index = digits.indexOf(packed[at] as string);
    if (index >= singles) index = singles + (index - singles) * digits.length + digits.indexOf(packed[++at] as string);
    text.push(vocabulary[index] as string);
  }
  return text.join(" ");
}

function load(): { readonly exact: ReadonlyMap<number, string>; readonly ranges: readonly Range[] } {
  const vocabulary = words.split(" ");
  return {
    exact: new Map(texts.split(" ").map((entry) => [number(entry.slice(0, 4)), unpack(entry, 4, vocabulary)])),
    ranges: ranges.split(" ").map((entry) => ({
      asc: number(entry.slice(0, 2)),
      first: number(entry.slice(2, 4)),
      last: number(entry.slice(4, 6)),
      text: unpack(entry, 6, vocabulary),
    })),
  };
}

let loaded: ReturnType<typeof load> | undefined;

/**
 * The text of an additional sense code and qualifier.
 *
 * @param asc ADDITIONAL SENSE CODE, 0 to 255
 * @param ascq ADDITIONAL SENSE CODE QUALIFIER, 0 to 255
 * @returns the text; where the qualifier itself is part of the meaning (40h NN), followed by it; undefined if T10 has assigned none
 */
export function additionalSenseText(asc: number, ascq: number): string | undefined {
  loaded ??= load();
  const text = loaded.exact.get((asc << 8) | ascq);
  if (text !== undefined) return text;
  const range = loaded.ranges.find((one) => one.asc === asc && one.first <= ascq && ascq <= one.last);
  return range === undefined ? undefined : `${range.text} ${ascq.toString(16).padStart(2, "0").toUpperCase()}h`;
}

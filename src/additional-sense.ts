/**
 * What additional sense codes mean: T10's whole list, from data/additional-sense-codes.tsv, which names its source and date.
 * Texts as the standard has them, in its capitals.
 */
import { additionalSense } from "./core/generated/additional-sense.ts";
import { unpackText } from "./core/unpack.ts";

interface Range {
  readonly asc: number;
  readonly first: number;
  readonly last: number;
  readonly text: string;
}

const number = (hex: string): number => Number.parseInt(hex, 16);

/** Reads the list; scripts/additional-sense.mjs says how its lines were made. */
function load(): { readonly exact: ReadonlyMap<number, string>; readonly ranges: readonly Range[] } {
  const exact = new Map<number, string>();
  const ranges: Range[] = [];
  let asc = 0;
  let next = 0;
  for (const line of unpackText(additionalSense).split("\n")) {
    const [, code, ascq, text] = /^(.*?),(.*?),(.*)$/.exec(line) as unknown as [string, string, string, string];
    if (code !== "") [asc, next] = [number(code), 0];
    const [first, last] = ascq === "" ? [next] : (ascq.split("-").map(number) as [number, number?]);
    if (last === undefined) exact.set((asc << 8) | first, text);
    else ranges.push({ asc, first, last, text });
    next = (last ?? first) + 1;
  }
  return { exact, ranges };
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

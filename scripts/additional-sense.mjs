/**
 * data/additional-sense-codes.tsv into src/core/generated/additional-sense.ts: the texts share some nine hundred words, so each
 * text becomes one or two characters a word. src/additional-sense.ts reads them back.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** Printable ASCII without what a string literal would have to escape, nor the space that ends a text. */
const digits = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).filter(
  (c) => !`"'\\\`$`.includes(c),
);
/** So many of them stand for a word alone; each of the others, with any one after it, for one of the rarer words. */
const SINGLES = 36;

const rows = readFileSync("data/additional-sense-codes.tsv", "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => {
    const [asc, ascq, text] = line.split("\t");
    if (!/^[0-9a-f]{2}$/.test(asc) || !/^[0-9a-f]{2}(-[0-9a-f]{2})?$/.test(ascq) || !text)
      throw new Error(`Not a row: ${line}`);
    return { asc, ascq, words: text.split(" ") };
  });

const counts = new Map();
for (const { words } of rows) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
const words = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word);
const codes = new Map(
  words.map((word, index) => {
    if (index < SINGLES) return [word, digits[index]];
    const rest = index - SINGLES;
    const first = digits[SINGLES + Math.floor(rest / digits.length)];
    if (first === undefined) throw new Error(`${words.length} words are too many`);
    return [word, first + digits[rest % digits.length]];
  }),
);

const packed = (list) =>
  list.map(({ asc, ascq, words }) => `${asc}${ascq}${words.map((word) => codes.get(word)).join("")}`).join(" ");
const single = rows.filter(({ ascq }) => ascq.length === 2);
const ranges = rows.filter(({ ascq }) => ascq.length === 5).map((row) => ({ ...row, ascq: row.ascq.replace("-", "") }));
writeFileSync(
  "src/core/generated/additional-sense.ts",
  `// Generated from data/additional-sense-codes.tsv by scripts/additional-sense.mjs. Not in git; do not edit.

export const digits = "${digits.join("")}";
export const singles = ${SINGLES};
export const words = "${words.join(" ")}";
/** Each: code and qualifier in hexadecimal, then the words. */
export const texts =
  "${packed(single)}";
/** Each: code, first and last qualifier in hexadecimal, then the words. */
export const ranges =
  "${packed(ranges)}";
`,
);

/**
 * data/additional-sense-codes.tsv into src/core/generated/additional-sense.ts, packed: a line for each, without what follows from
 * the line before. src/additional-sense.ts reads it back.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { packed } from "./packed.mjs";

let last = "";
let next = 0;
const lines = readFileSync("data/additional-sense-codes.tsv", "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => {
    const [asc, ascq, text] = line.split("\t");
    if (!/^[0-9a-f]{2}$/.test(asc) || !/^[0-9a-f]{2}(-[0-9a-f]{2})?$/.test(ascq) || !/^[^a-z]/.test(text ?? ""))
      throw new Error(`Not a row: ${line}`);
    const code = asc === last ? "" : asc;
    const qualifier = ascq === (code === "" ? next : 0).toString(16).padStart(2, "0") ? "" : ascq;
    last = asc;
    next = Number.parseInt(ascq.slice(-2), 16) + 1;
    return `${code},${qualifier},${text}`;
  });

writeFileSync(
  "src/core/generated/additional-sense.ts",
  `// Generated from data/additional-sense-codes.tsv by scripts/additional-sense.mjs. Not in git; do not edit.

/** A line each: code (empty: the one before), qualifier or a range of them (empty: the next, or 0 of another code), text. Packed: src/core/unpack.ts. */
export const additionalSense =
  "${packed(lines.join("\n"))}";
`,
);

/** Text for people: colour where a terminal wants it, aligned columns, wrapped paragraphs. Knows nothing of SCSI. */
import type { Io, Output } from "./io.ts";

const codes = { bold: "1", dim: "2", red: "31", green: "32", yellow: "33", cyan: "36" } as const;

export type Style = keyof typeof codes;
/** Puts a style on a text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** No colour. */
export const plain: Paint = (_style, text) => text;

const coloured: Paint = (style, text) => (text === "" ? "" : `\u001b[${codes[style]}m${text}\u001b[0m`);

/** FORCE_COLOR decides first, then NO_COLOR (no-color.org), then whether a person is reading. */
export function paintFor(output: Output, env: Io["env"]): Paint {
  const force = env.FORCE_COLOR;
  if (force !== undefined && force !== "") return force === "0" || force === "false" ? plain : coloured;
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return plain;
  return output.isTTY === true && env.TERM !== "dumb" ? coloured : plain;
}

/** Writes lines; nothing if there are none. */
export function print(output: Output, lines: readonly string[]): void {
  if (lines.length > 0) output.write(lines.map((line) => `${line}\n`).join(""));
}

/** How wide lines may become: as wide as the terminal where there is one, and without limit for programs that read. */
export const widthOf = (output: Output): number =>
  output.isTTY === true ? (output.columns ?? 80) : Number.POSITIVE_INFINITY;

/** A cell: a text, or a text with its style. */
export type Cell = string | readonly [style: Style, text: string];

/** Names come from targets too: what would steer a terminal is shown as `?`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const harmless = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?");

const textOf = (cell: Cell): string => harmless(typeof cell === "string" ? cell : cell[1]);

/** Rows as lines of aligned columns, two spaces between them; the last column is not filled up. */
export function table(rows: readonly (readonly Cell[])[], paint: Paint, indent = "  "): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, textOf(cell).length);
    });
  }
  return rows.map((row) => {
    const last = row.reduce((at, cell, column) => (textOf(cell) === "" ? at : column), 0);
    const cells = row.slice(0, last + 1).map((cell, column) => {
      const text = textOf(cell);
      const fill = column === last ? "" : " ".repeat((widths[column] as number) - text.length);
      return (typeof cell === "string" ? text : paint(cell[0], text)) + fill;
    });
    return indent + cells.join("  ");
  });
}

/** As {@link table}; where that is too wide, the last column stands beneath the others, row by row. */
export function foldingTable(rows: readonly (readonly Cell[])[], paint: Paint, width: number): string[] {
  if (table(rows, plain).every((line) => line.length <= width)) return table(rows, paint);
  const above = table(
    rows.map((row) => row.slice(0, -1)),
    paint,
  );
  return rows.flatMap((row, index) => [above[index] as string, ...table([row.slice(-1)], paint, "      ")]);
}

/** A heading row for {@link table}. */
export const heading = (...names: string[]): Cell[] => names.map((name) => ["dim", name]);

/** A text in lines of at most `width` characters, where its words allow. */
export function wrap(text: string, width = 80, indent = ""): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of harmless(text).split(" ")) {
    const wider = line === indent ? line + word : `${line} ${word}`;
    if (wider.length > width && line !== indent) {
      lines.push(line);
      line = indent + word;
    } else line = wider;
  }
  return [...lines, line];
}

/** `1 key`, `2 keys`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** A key as people write it. */
export const keyText = (key: bigint): string => `0x${key.toString(16)}`;

/** Bytes in rows of 16, each with the place of its first byte. */
export function hexDump(bytes: Uint8Array, indent = "  "): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const digits = Array.from(bytes.subarray(at, at + 16), (byte) => byte.toString(16).padStart(2, "0"));
    const halves = [digits.slice(0, 8), digits.slice(8)].map((half) => half.join(" ")).filter((half) => half !== "");
    lines.push(`${indent}${at.toString(16).padStart(4, "0")}  ${halves.join("  ")}`);
  }
  return lines;
}

/** Bytes on one line. */
export const hexLine = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** Reads golden cases out of Markdown, as README.md describes them. What it does not understand, it throws. */

const kinds = [
  "call",
  "cdb",
  "data-out",
  "data-in",
  "result",
  "sense",
  "transport-id",
  "text",
  "bytes",
  "crc32c",
] as const;

/** What a fenced block is. */
export type Kind = (typeof kinds)[number];

/** A table of fields: a structure, where it begins, and the fields that are not 0. */
export interface FieldTable {
  readonly structure: string;
  readonly offset: number;
  readonly values: ReadonlyMap<string, bigint>;
}

/** One case. */
export interface Case {
  readonly file: string;
  readonly name: string;
  readonly source: string;
  /** Why there is no way back. */
  readonly decodeOnly: string | undefined;
  /** Why the bytes must be refused. */
  readonly rejected: string | undefined;
  readonly blocks: ReadonlyMap<Kind, string>;
  readonly tables: readonly FieldTable[];
}

/** Hexadecimal pairs; `12 × 00 0a` repeats the rest of its line. */
export function hexBytes(text: string): Uint8Array {
  const bytes = text.split("\n").flatMap((line) => {
    const [, times, pairs] = /^(?:(\d+) × )?((?:[0-9a-f]{2} ?)*)$/.exec(line) ?? [];
    if (pairs === undefined) throw new Error(`not hexadecimal pairs: "${line}"`);
    const once = (pairs.match(/../g) === null ? [] : pairs.trim().split(" ")).map((pair) => Number.parseInt(pair, 16));
    return times === undefined ? once : Array.from({ length: Number(times) }, () => once).flat();
  });
  return Uint8Array.from(bytes.filter((byte) => !Number.isNaN(byte)));
}

function fieldValue(text: string): bigint {
  if (/^[0-9A-F]+h$/.test(text)) return BigInt(`0x${text.slice(0, -1)}`);
  if (/^\d+$/.test(text)) return BigInt(text);
  throw new Error(`not a field's value: "${text}"`);
}

function fieldTable(lines: readonly string[]): FieldTable {
  const rows = lines.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
  const [head, rule, ...values] = rows;
  const [, structure, offset] = /^(\w+)(?: @ (\d+))?$/.exec(head?.[0] ?? "") ?? [];
  if (structure === undefined || head?.[1] !== "value" || !/^-+,-+$/.test(rule?.join() ?? "")) {
    throw new Error(`not a table of fields: ${lines.join(" ")}`);
  }
  return {
    structure,
    offset: Number(offset ?? 0),
    values: new Map(values.map(([name, value]) => [name as string, fieldValue(value as string)])),
  };
}

function parseCase(file: string, text: string): Case {
  const lines = text.split("\n");
  const name = (lines.shift() as string).trim();
  const blocks = new Map<Kind, string>();
  const tables: FieldTable[] = [];
  const said = new Map<string, string>();
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    if (line.startsWith("```")) {
      const kind = line.slice(3) as Kind;
      if (!kinds.includes(kind)) throw new Error(`no such kind of block: "${kind}"`);
      if (blocks.has(kind)) throw new Error(`two blocks of ${kind}`);
      const end = lines.indexOf("```");
      if (end < 0) throw new Error(`the block of ${kind} does not end`);
      blocks.set(
        kind,
        lines
          .splice(0, end + 1)
          .slice(0, -1)
          .join("\n"),
      );
    } else if (line.startsWith("|")) {
      const end = lines.findIndex((next) => !next.startsWith("|"));
      tables.push(fieldTable([line, ...lines.splice(0, end < 0 ? lines.length : end)]));
    } else if (line !== "") {
      const [, key, value] = /^(Source|Decode only|Rejected): (.+)$/.exec(line) ?? [];
      if (key === undefined || said.has(key)) throw new Error(`not understood: "${line}"`);
      said.set(key, value as string);
    }
  }
  const source = said.get("Source");
  if (source === undefined) throw new Error("no source");
  return { file, name, source, decodeOnly: said.get("Decode only"), rejected: said.get("Rejected"), blocks, tables };
}

/** Every case of one file. */
export function parseCases(file: string, text: string): Case[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      try {
        return parseCase(file, section);
      } catch (error) {
        throw new Error(`${file}, "${section.split("\n")[0]}": ${(error as Error).message}`);
      }
    });
}

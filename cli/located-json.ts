/**
 * JSON from a file that a person wrote: its value, and on which line each part of it stands, so that whatever is wrong
 * with it can be found. Knows nothing of what the parts mean.
 */

/** A text that is no JSON. */
export class JsonTextError extends RangeError {
  override readonly name = "JsonTextError";
  /** Counted from 1. */
  readonly line: number;

  constructor(line: number, why: string) {
    super(`line ${line}: ${why}`);
    this.line = line;
  }
}

/** A value with the lines of its parts. */
export interface LocatedJson {
  readonly value: unknown;
  /**
   * The line of a part, or of the nearest part around it that is there.
   *
   * @param path `rules[2].fault.ms`; empty for the whole
   */
  lineOf(path: string): number;
}

const MAXIMUM_DEPTH = 64;
const token = /[\s]*(?:([{}[\],:])|("(?:[^"\\\n]|\\.)*")|(-?\d[\d.eE+-]*|[a-z]+))/y;

/** @throws JsonTextError */
export function parseLocatedJson(text: string): LocatedJson {
  const lines = new Map<string, number>();
  let at = 0;
  /** Where the token that was read last begins. */
  let begin = 0;
  const lineAt = (offset: number) => text.slice(0, offset).split("\n").length;
  const wrong = (why: string) => new JsonTextError(lineAt(begin), why);

  function next(): string {
    token.lastIndex = at;
    const found = token.exec(text);
    const [whole = "", mark, string, word] = found ?? [];
    const read = mark ?? string ?? word;
    begin = at + whole.length - (read ?? "").length;
    if (read === undefined) {
      begin = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
      const rest = text.slice(begin, begin + 12);
      throw wrong(rest === "" ? "it ends too early" : `${JSON.stringify(rest)} is no JSON`);
    }
    at = token.lastIndex;
    return read;
  }

  function scalar(read: string): unknown {
    try {
      return JSON.parse(read);
    } catch {
      throw wrong(`${read} is no JSON value`);
    }
  }

  function value(path: string, read: string, depth: number): unknown {
    lines.set(path, lineAt(begin));
    if (depth > MAXIMUM_DEPTH) throw wrong("it is too deep");
    if (read === "{") return object(path, depth);
    if (read === "[") return array(path, depth);
    return scalar(read);
  }

  function object(path: string, depth: number): unknown {
    const members = new Map<string, unknown>();
    for (let read = next(); read !== "}"; ) {
      if (!read.startsWith('"')) throw wrong(`the name of a member has to stand here, not ${read}`);
      const name = scalar(read) as string;
      const line = lineAt(begin);
      if (members.has(name)) throw wrong(`${read} is there twice`);
      if (next() !== ":") throw wrong(`a colon has to follow ${read}`);
      const inner = path === "" ? name : `${path}.${name}`;
      members.set(name, value(inner, next(), depth + 1));
      lines.set(inner, line);
      read = next();
      if (read === "}") break;
      if (read !== ",") throw wrong(`a comma or } has to stand here, not ${read}`);
      read = next();
      if (read === "}") throw wrong("after a comma another member has to follow");
    }
    return Object.fromEntries(members);
  }

  function array(path: string, depth: number): unknown {
    const items: unknown[] = [];
    for (let read = next(); read !== "]"; ) {
      items.push(value(`${path}[${items.length}]`, read, depth + 1));
      read = next();
      if (read === "]") break;
      if (read !== ",") throw wrong(`a comma or ] has to stand here, not ${read}`);
      read = next();
      if (read === "]") throw wrong("after a comma another item has to follow");
    }
    return items;
  }

  const whole = value("", next(), 0);
  if (text.slice(at).trim() !== "") {
    next();
    throw wrong("something follows the end");
  }
  return {
    value: whole,
    lineOf(path) {
      for (let part = path; ; part = part.replace(/(\.[^.[]*|\[\d+\]|^[^.[]*)$/, "")) {
        const line = lines.get(part);
        if (line !== undefined) return line;
        if (part === "") return 1;
      }
    },
  };
}

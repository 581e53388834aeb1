/**
 * The rules by which the folders are built: who may import whom, what runs everywhere, what is documented. Read from the
 * source text, so that a new file is under them from its first day.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Source {
  /** From the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Without comments. */
  readonly code: string;
  /** What it imports: paths from the project's root for its own files, names for packages. */
  readonly imports: readonly string[];
}

/** Text without its comments; good enough for code that a formatter has been through. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

function sources(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
    .map((entry) => {
      const path = posix.join(entry.parentPath.slice(root.length).replaceAll("\\", "/"), entry.name);
      const text = readFileSync(join(root, path), "utf8");
      const code = withoutComments(text);
      const named = code.matchAll(/(?:^|[\s;}])(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g);
      const imports = [...named].map(([, name]) =>
        (name as string).startsWith(".") ? posix.join(posix.dirname(path), name as string) : (name as string),
      );
      return { path, text, code, imports };
    });
}

const src = sources("src");
const transports = sources("transports");
const cli = sources("cli");
const examples = sources("examples");
const everything = [...src, ...transports, ...cli];

/** `file imports what`, for every import that a rule forbids. */
const offences = (files: readonly Source[], forbidden: (imported: string, file: Source) => boolean): string[] =>
  files.flatMap((file) =>
    file.imports.filter((name) => forbidden(name, file)).map((name) => `${file.path} imports ${name}`),
  );

const isOwn = (name: string): boolean => /^(src|transports|cli|assembly|test|bench|scripts|build)\//.test(name);
const transportOf = (path: string): string | undefined => /^transports\/([^/]+)\//.exec(path)?.[1];

describe("imports point one way", () => {
  it("and every one of them is found here", () => {
    expect(src.length).toBeGreaterThan(20);
    expect(transports.length).toBeGreaterThan(20);
    expect(cli.length).toBeGreaterThan(5);
    expect(src.find(({ path }) => path === "src/logical-unit.ts")?.imports).toContain("src/retry.ts");
    const missing = offences(everything, (name) => isOwn(name) && !existsSync(join(root, name)));
    expect(missing).toEqual([]);
  });

  it("src imports src alone: no transport, no command line, no package", () => {
    expect(offences(src, (name) => !name.startsWith("src/"))).toEqual([]);
  });

  it("only src/core loads the compiled core", () => {
    const loads = everything.filter(({ imports }) => imports.includes("src/core/generated/wasm.ts"));
    expect(loads.map(({ path }) => path)).toEqual(["src/core/index.ts"]);
    expect(everything.filter(({ code }) => /\bnew WebAssembly\b/.test(code)).map(({ path }) => path)).toEqual([
      "src/core/index.ts",
    ]);
  });

  it("transports import src and themselves, and no sibling", () => {
    const forbidden = offences(transports, (name, { path }) => {
      if (!isOwn(name) || name.startsWith("src/")) return false;
      if (!name.startsWith("transports/")) return true;
      const from = transportOf(path);
      if (from === undefined || transportOf(name) === from) return false;
      // What is served is put together of others, by their front doors: an iSCSI target before simulated units.
      return !(from === "served" && name.endsWith("/index.ts"));
    });
    expect(forbidden).toEqual([]);
  });

  it("nobody imports the command line", () => {
    expect(offences([...src, ...transports], (name) => name.startsWith("cli/"))).toEqual([]);
  });

  it("nobody imports assembly: what is needed of it is generated", () => {
    expect(offences(everything, (name) => name.startsWith("assembly/"))).toEqual([]);
  });

  it("nobody imports tests, benches or scripts", () => {
    expect(offences(everything, (name) => /^(test|bench|scripts|build)\//.test(name))).toEqual([]);
  });

  it("examples import what the package offers, and themselves", () => {
    const offered = ["transports/browser.ts", "transports/simulated/index.ts", "src/explain.ts"];
    const page = examples.filter(({ path }) => path.startsWith("examples/playground/"));
    expect(page.length).toBeGreaterThan(10);
    expect(offences(page, (name) => !name.startsWith("examples/playground/") && !offered.includes(name))).toEqual([]);
  });

  it("imports of the project's own files end in .ts", () => {
    expect(offences(everything, (name) => isOwn(name) && !name.endsWith(".ts") && !name.endsWith(".json"))).toEqual([]);
  });
});

describe("src runs wherever JavaScript does", () => {
  it.each([
    ["Node's modules", /["']node:/],
    ["Bun's global", /\bBun\./],
    ["Deno's global", /\bDeno\./],
    ["Buffer", /\bBuffer\b/],
    ["process", /\bprocess\./],
    ["require", /\brequire\(/],
  ])("without %s", (_, pattern) => {
    expect(src.filter(({ code }) => pattern.test(code)).map(({ path }) => path)).toEqual([]);
  });
});

describe("a library does not print", () => {
  it("nothing in src or transports writes to the console", () => {
    const printing = [...src, ...transports].filter(({ code }) => /\bconsole\.\w+\(/.test(code));
    expect(printing.map(({ path }) => path)).toEqual([]);
  });
});

describe("every file", () => {
  it("opens with what it is", () => {
    const silent = [...everything, ...examples].filter(
      ({ path, text }) => !path.includes("/generated/") && !/^(#!.*\n)?\/\*\*/.test(text.trimStart()),
    );
    expect(silent.map(({ path }) => path)).toEqual([]);
  });
});

/** Exported declarations of a file that have no comment before them. */
function undocumented({ path, text }: Source): string[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const [, name] =
      /^export (?:declare )?(?:async )?(?:function|const|class|interface|type|enum) (\w+)/.exec(line) ?? [];
    if (name === undefined) return [];
    return (lines[index - 1] ?? "").trimEnd().endsWith("*/") ? [] : [`${path}: ${name}`];
  });
}

describe("everything that src/index.ts offers", () => {
  /** The files whose declarations the public surface re-exports, index files followed. */
  function surface(path: string, seen = new Set<string>()): Set<string> {
    const file = src.find((each) => each.path === path);
    if (file === undefined || seen.has(path)) return seen;
    seen.add(path);
    for (const [, name] of file.code.matchAll(/^export [\s\S]*?from\s*["']([^"']+)["']/gm)) {
      surface(posix.join(posix.dirname(path), name as string), seen);
    }
    return seen;
  }

  const files = [...surface("src/index.ts")];

  it("comes from files that are found here", () => {
    expect(files).toContain("src/commands/persistent-reserve-out.ts");
    expect(files).toContain("src/logical-unit.ts");
  });

  it("has a comment of its own", () => {
    const silent = src
      .filter(({ path }) => files.includes(path) && path !== "src/index.ts")
      // generated tables are documented where they are written, in assembly/
      .filter(({ path }) => !path.includes("/generated/"))
      .flatMap(undocumented);
    expect(silent).toEqual([]);
  });
});

describe("assembly", () => {
  const assembly = sources("assembly");
  it("has its shifts in bits.ts, and its field positions in the files of fields alone", () => {
    const shifting = assembly.filter(
      ({ path, code }) => /<< 16 \| /.test(code) && !/^assembly\/(media-|copy-)?fields\.ts$/.test(path),
    );
    expect(shifting.map(({ path }) => path)).toEqual([]);
    expect(sources("src").filter(({ path, code }) => !path.includes("/generated/") && /<< 16 \| /.test(code))).toEqual(
      [],
    );
  });

  it("imports itself alone", () => {
    expect(offences(assembly, (name) => !name.startsWith("assembly/"))).toEqual([]);
  });
});

describe("what names every entry of the package names the same ones", () => {
  const json = (file: string) => JSON.parse(readFileSync(join(root, file), "utf8"));
  /** Subpaths that are not one of the runtimes' own doors, and the source of each. */
  const subpaths = Object.keys(json("package.json").exports).filter((name) => !/^\.\/(package\.json|sg\/)/.test(name));

  it("deno.json", () => {
    expect(Object.keys(json("deno.json").exports).sort()).toEqual([...subpaths].sort());
  });

  it("typedoc.json, where SG_IO is shown by its door on Node", () => {
    const { exports } = json("deno.json") as { readonly exports: Readonly<Record<string, string>> };
    const files = Object.values(exports).map((file) => file.slice(2).replace("sg/deno.ts", "sg/node.ts"));
    expect([...json("typedoc.json").entryPoints].sort()).toEqual(files.sort());
  });
});

describe("the README's architecture", () => {
  const [, architecture = ""] = readFileSync(join(root, "README.md"), "utf8").split("\n## Architecture\n");
  const named = [...architecture.matchAll(/[\w./*-]+\.ts|[\w-]+\//g)].map(([name]) => name);
  const patterns = named.map((name) => new RegExp(`^${name.replaceAll(".", "\\.").replaceAll("*", ".*")}$`));

  it.each(["assembly", "src", "transports"])("names every file and folder at the top of %s", (folder) => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || (entry.name.endsWith(".ts") && entry.name !== "index.ts"))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
    expect(entries.length).toBeGreaterThan(5);
    expect(entries.filter((entry) => !patterns.some((pattern) => pattern.test(entry)))).toEqual([]);
  });

  it("names no file that there is not", () => {
    const there = new Set(
      [...everything, ...sources("assembly"), ...sources("test")].map(({ path }) => posix.basename(path)),
    );
    const plain = named
      .filter((name) => name.endsWith(".ts") && !name.includes("*"))
      .map((name) => posix.basename(name));
    expect(plain.filter((name) => !there.has(name))).toEqual([]);
  });
});

/**
 * What the pages of docs/ show is run. A program: its imports lead to the sources, and each `console.log` with a comment after it
 * must print just that. A command line: on a simulated unit as it stands, with any other as a dry run. The list of errors must be the whole list.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { formatWithOptions } from "node:util";
import { afterAll, describe, expect, test, vi } from "vitest";
import { scsiErrorCodes } from "../src/error-codes.ts";
import { cli } from "./cli/harness.ts";

const docs = new URL("../docs/", import.meta.url);
const folder = new URL("../build/docs-examples/", import.meta.url);
const pages = readdirSync(docs).filter((name) => name.endsWith(".md"));
const textOf = (page: string): string => readFileSync(new URL(page, docs), "utf8");
const blocks = (page: string, language: string): string[] =>
  [...textOf(page).matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    ([, code]) => code as string,
  );

/** Where the package's entries come from. */
const entries: Readonly<Record<string, string>> = {
  "scsi-persist": "../../transports/index.ts",
  "scsi-persist/changer": "../../src/changer/index.ts",
  "scsi-persist/explain": "../../src/explain.ts",
  "scsi-persist/failfast": "../../transports/failfast.ts",
  "scsi-persist/serve": "../../transports/serve.ts",
  "scsi-persist/simulated": "../../transports/simulated/index.ts",
};

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(pages)("%s", (page) => {
  test.each(blocks(page, "ts").map((code, index) => [index + 1, code] as const))("program %i", async (number, code) => {
    mkdirSync(folder, { recursive: true });
    const file = new URL(`${page.replace(".md", "")}-${number}.ts`, folder);
    writeFileSync(
      file,
      code.replaceAll(/(from |import\()"(scsi-persist[^"]*)"/g, (_, before: string, entry: string) => {
        const source = entries[entry];
        if (source === undefined) throw new Error(`${page} imports ${entry}, which this test does not know`);
        return `${before}"${source}"`;
      }),
    );
    const printed: string[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((...values) => {
      printed.push(formatWithOptions({ colors: false, breakLength: Number.POSITIVE_INFINITY }, ...values));
    });
    try {
      await import(/* @vite-ignore */ file.pathname);
    } finally {
      log.mockRestore();
    }
    const expected = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
    expect(printed).toEqual(expected);
    expect(printed.length).toBeGreaterThan(0);
  });

  const lines = blocks(page, "sh")
    .flatMap((block) => block.split("\n"))
    .filter((line) => line.startsWith("npx scsi-persist "));
  if (lines.length > 0) {
    test.each(lines)("%s", async (line) => {
      const command = line.replace("npx scsi-persist ", "").replace("URL", "sim:docs");
      const [options, guarded] = command.split(" -- ");
      const dry = line.includes("sim:") ? "" : " --dry-run";
      const ran = await cli(`${options}${dry}${guarded === undefined ? "" : ` -- ${guarded}`}`);
      expect(ran.err).toBe("");
      expect(ran.exit).toBe(0);
      expect(ran.out).not.toBe("");
    });
  }

  test("every link to a file of the project leads to one", () => {
    for (const [, target = ""] of textOf(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      expect(() => readFileSync(new URL(target, docs)), target).not.toThrow();
    }
  });
});

test("the list of errors has every code, in the words of the library", () => {
  const rows = [...textOf("errors.md").matchAll(/^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$/gm)].map(([, code, meaning]) => [
    code,
    meaning,
  ]);
  expect(rows).toEqual(Object.entries(scsiErrorCodes));
});

/** What the README shows is run: its example as a program, also over iSCSI, its command lines as dry runs. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, expect, test, vi } from "vitest";
import { serve } from "../transports/serve.ts";
import { cli } from "./cli/harness.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, code]) => code as string);

const folder = new URL("../build/readme/", import.meta.url);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the example with this argument, and returns what it prints. */
async function printedBy(url: string | undefined): Promise<unknown[][]> {
  const [example] = blocks("js");
  if (example === undefined) throw new Error("the README has no example");
  mkdirSync(folder, { recursive: true });
  const file = new URL(`example-${++runs}.mjs`, folder);
  writeFileSync(file, example.replace('"scsi-persist"', '"../../transports/index.ts"'));
  const printed: unknown[][] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...values) => {
    printed.push(values);
  });
  const { argv } = process;
  process.argv = ["node", file.pathname, ...(url === undefined ? [] : [url])];
  try {
    await import(/* @vite-ignore */ file.pathname);
  } finally {
    process.argv = argv;
    log.mockRestore();
  }
  expect(example).toContain("console.log(keys); // [ 2748n ]");
  return printed;
}
let runs = 0;
const shown = [[[2748n]], ["RESERVATION_CONFLICT", "yes", expect.stringMatching(/^Cannot PREEMPT: /)]];

test("the example runs, and prints what its comments say", async () => {
  expect(await printedBy(undefined)).toEqual(shown);
});

test("the same over iSCSI, and again: it leaves nothing behind", async () => {
  await using target = await serve({ portal: { port: 0 }, targets: [{ name: "iqn.2026-01.test:readme" }] });
  expect(await printedBy(target.url())).toEqual(shown);
  expect(await printedBy(target.url())).toEqual(shown);
});

test("the error that it shows is what the command line says", async () => {
  const [, quoted = ""] = /```\n(scsi-persist: Cannot RESERVE[\s\S]*?)```/.exec(readme) ?? [];
  await using target = await serve({ portal: { port: 0 }, targets: [{ name: "iqn.2026-01.test:readme" }] });
  const { err, exit } = await cli(`reserve ${target.url()} --key 0xdef --type write-exclusive`);
  expect(exit).toBe(24);
  const said = err.replaceAll(target.url(), "URL").split(/\s+/).join(" ");
  const rows = quoted.trim().split("\n");
  expect(rows).toHaveLength(4);
  for (const row of rows) expect(said).toContain(row.trim());
});

const lines = blocks("sh")
  .flatMap((block) => block.split("\n"))
  .filter((line) => line.startsWith("npx scsi-persist "));

test("there are command lines to be tried", () => {
  expect(lines.length).toBeGreaterThanOrEqual(5);
});

test.each(lines)("%s", async (line) => {
  const command = line.replace("npx scsi-persist ", "").replace("URL", "sim:readme");
  const ran = await cli(
    command === "help" ? command : `${command}${command.includes("--dry-run") ? "" : " --dry-run"}`,
  );
  expect(ran.err).toBe("");
  expect(ran.exit).toBe(0);
  expect(ran.out).not.toBe("");
});

test("the first two commands are the demo and the tests, each with its own set-up", () => {
  expect(blocks("sh").slice(0, 2)).toEqual(["npm install && npm run demo\n", "npm install && npm test\n"]);
});

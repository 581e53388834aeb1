/** What the README shows is run: its example as a program, its command lines as dry runs. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, expect, test, vi } from "vitest";
import { cli } from "./cli/harness.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, code]) => code as string);

const folder = new URL("../build/readme/", import.meta.url);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("the example runs, and prints what its comments say", async () => {
  const [example] = blocks("ts");
  if (example === undefined) throw new Error("the README has no example");
  mkdirSync(folder, { recursive: true });
  const file = new URL("example.ts", folder);
  writeFileSync(file, example.replace('"scsi-persist"', '"../../transports/index.ts"'));
  const printed: unknown[][] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...values) => {
    printed.push(values);
  });
  try {
    await import(/* @vite-ignore */ file.pathname);
  } finally {
    log.mockRestore();
  }
  expect(printed[0]).toEqual([[2748n], 1]);
  expect(example).toContain("// [ 2748n ] 1");
  expect(printed[1]?.slice(0, 2)).toEqual(["RESERVATION_CONFLICT", "yes"]);
  expect(printed[1]?.[2]).toMatch(/^Cannot PREEMPT: /);
  expect(printed).toHaveLength(2);
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

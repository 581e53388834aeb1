/** The help: it fits, it is whole, and its examples are command lines that are accepted. */
import { describe, expect, test } from "vitest";
import { families } from "../../cli/arguments.ts";
import { verbs } from "../../cli/verbs.ts";
import { cli } from "./harness.ts";

const names = verbs.map(({ name }) => name);

/** An example as argv: continued lines joined. */
function examplesIn(help: string): string[][] {
  const text = help.slice(help.indexOf("\nExamples\n")).replaceAll("\\\n", " ");
  return [...text.matchAll(/^ {2}scsi-persist (.*)$/gm)].map(([, line]) => (line as string).split(/ +/));
}

test("the general help lists every verb, and fits 80 columns", async () => {
  const { exit, out, err } = await cli("help");
  expect(exit).toBe(0);
  expect(err).toBe("");
  for (const name of names) expect(out).toMatch(new RegExp(`^ {2}${name} `, "m"));
  expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("all verbs are there", () => {
  expect([...names].sort()).toEqual([
    "capabilities",
    "changer inventory",
    "changer lock",
    "changer move",
    "changer unlock",
    "clear",
    "completion",
    "decode",
    "demo",
    "discover",
    "encode",
    "explain",
    "inquiry",
    "keys",
    "list",
    "luns",
    "map",
    "mhd clear",
    "mhd failfast",
    "mhd inkeys",
    "mhd inresv",
    "mhd preempt",
    "mhd preempt-abort",
    "mhd qreserve",
    "mhd register",
    "mhd register-ignore",
    "mhd release",
    "mhd reserve",
    "mhd status",
    "mhd takeown",
    "move",
    "mpath",
    "preempt",
    "register",
    "release",
    "replace-lost",
    "reservation",
    "reserve",
    "serve",
    "sg_persist",
    "status",
    "watch",
  ]);
});

describe.each(names)("help %s", (name) => {
  test("fits 80 columns, and is the same with --help", async () => {
    const { exit, out } = await cli(`help ${name}`);
    expect(exit).toBe(0);
    expect(out).toMatch(new RegExp(`^scsi-persist ${name}: `));
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect((await cli(`${name} --help`)).out).toBe(out);
    expect((await cli(`${name} -h sim:x`)).out).toBe(out);
  });

  test("has examples, each of which is accepted", async () => {
    const examples = examplesIn((await cli(`help ${name}`)).out);
    expect(examples.length).toBeGreaterThan(0);
    for (const argv of examples) {
      const { exit, err } = await cli([argv[0] as string, "--dry-run", ...argv.slice(1)]);
      expect(err, argv.join(" ")).toBe("");
      expect(exit, argv.join(" ")).toBe(0);
    }
  });
});

test.each(Object.keys(families))("help %s lists its verbs and the exit codes, and fits 80 columns", async (family) => {
  const { exit, out } = await cli(`help ${family}`);
  expect(exit).toBe(0);
  expect(out).toMatch(new RegExp(`^scsi-persist ${family}: `));
  for (const name of names)
    expect(new RegExp(`^ {2}${name} `, "m").test(out), name).toBe(name.startsWith(`${family} `));
  expect(out).toContain("24  RESERVATION CONFLICT");
  expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect((await cli(`${family} --help`)).out).toBe(out);
  const alone = await cli(family);
  expect(alone).toMatchObject({ exit: 1, out: "" });
  expect(alone.err).toContain(`See: scsi-persist help ${family}`);
});

test("a verb that guards a command says where that stands", async () => {
  expect((await cli("help mhd failfast")).out).toContain("[-- COMMAND [ARGUMENT…]]");
});

test("help of a verb that does not exist suggests one", async () => {
  const { exit, err } = await cli("help preemt");
  expect(exit).toBe(1);
  expect(err).toContain("Did you mean preempt?");
});

test("--help alone, and help help, are the general help", async () => {
  const { out } = await cli("help");
  expect((await cli("--help")).out).toBe(out);
  expect((await cli("help help")).out).toBe(out);
});

test("--version", async () => {
  const { exit, out } = await cli("--version");
  expect(exit).toBe(0);
  expect(out).toMatch(/^scsi-persist \S+\n$/);
});

/** What is refused in earnest without a target's having been asked is refused by a dry run too: with the same words and the same exit code. */
import { describe, expect, test } from "vitest";
import { cli, type World } from "./harness.ts";

/** Two maps, and nothing that may be opened. */
const world: World = {
  open: () => Promise.reject(new Error("something was opened")),
  openMap: () => Promise.reject(new Error("a map was opened")),
  discover: () => Promise.reject(new Error("a portal was asked")),
  pathsOfMap: async (url) => (url.startsWith("/dev/mapper/") ? [`${url}-sda`, `${url}-sdb`] : undefined),
};

/** Refused without a look at any target, in words with this among them. */
async function refused(line: string, words: string): Promise<void> {
  const earnest = await cli(line, world);
  const dry = await cli(`${line} --dry-run`, world);
  expect(earnest.err.replaceAll("\n", " ")).toContain(words);
  expect([dry.exit, dry.err, dry.out]).toEqual([1, earnest.err, ""]);
  expect(earnest.exit).toBe(1);
}

describe("what is RESERVEd is one path's", () => {
  test.each([
    ["mhd failfast sim:a sim:b", "mhd failfast takes one URL here, for RESERVE"],
    ["mhd failfast sim:a sim:b sim:c --reinstate", "mhd failfast takes one URL here, for RESERVE"],
    ["mhd failfast /dev/mapper/a", "/dev/mapper/a is a map of paths; mhd failfast takes one of them"],
    ["mhd takeown sim:a sim:b", "mhd takeown takes one URL, for RESERVE"],
    ["mhd takeown /dev/mapper/a", "/dev/mapper/a is a map of paths; mhd takeown takes one of them"],
    ["mhd qreserve /dev/mapper/a", "/dev/mapper/a is a map of paths; mhd qreserve takes one of them"],
  ])("%s", refused);
});

test("what is shared goes through several paths", async () => {
  for (const line of ["mhd failfast sim:a sim:b --key 0xa", "mhd failfast /dev/mapper/a --key 0xa"]) {
    expect(await cli(`${line} --dry-run`, world)).toMatchObject({ exit: 0, err: "" });
  }
});

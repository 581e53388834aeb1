/** What is refused in earnest without a target's having been asked is refused by a dry run too: with the same words and the same exit code. */
import { describe, expect, test } from "vitest";
import { open } from "../../transports/open.ts";
import { cli, type World } from "./harness.ts";

/** Two maps, and nothing that may be opened. */
const world: World = {
  open: () => Promise.reject(new Error("something was opened")),
  openMap: () => Promise.reject(new Error("a map was opened")),
  discover: () => Promise.reject(new Error("a portal was asked")),
  pathsOfMap: async (url) => (url.startsWith("/dev/mapper/") ? [`${url}-sda`, `${url}-sdb`] : undefined),
};

/** Refused without a look at any target, in words with this among them. */
async function refused(line: string, words: string, inEarnest = world): Promise<void> {
  const earnest = await cli(line, inEarnest);
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
  ])("%s", (line, words) => refused(line, words));
});

test("what is shared goes through several paths", async () => {
  for (const line of ["mhd failfast sim:a sim:b --key 0xa", "mhd failfast /dev/mapper/a --key 0xa"]) {
    expect(await cli(`${line} --dry-run`, world)).toMatchObject({ exit: 0, err: "" });
  }
});

describe("several paths that cannot be one unit", () => {
  const same = { ...world, open };
  test.each([
    "keys sim:same sim:same",
    "register sim:same sim:same --new-key 0xa",
    "changer lock sim:same sim:same",
    "mpath -i -k sim:same sim:same",
    "mpath -o -G -S abc sim:same sim:same",
  ])("%s", (line) => refused(line, "Cannot take these together: two paths have the same name", same));

  test.each([
    "keys sim:a /dev/mapper/a",
    "reserve sim:a /dev/mapper/a --key 0xa --type 1",
    "mhd status /dev/mapper/a sim:a",
    "mpath -i -k sim:a /dev/mapper/a",
  ])("%s", (line) => refused(line, "/dev/mapper/a is a map, which has its paths itself: give it alone", same));
});

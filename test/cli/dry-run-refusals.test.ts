/** What is refused in earnest without a target's having been asked is refused by a dry run too: with the same words and the same exit code. */
import { describe, expect, test } from "vitest";
import { discover, type OpenOptions, open } from "../../transports/open.ts";
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

describe("what cannot be opened at all", () => {
  const tcp = "iscsi://127.0.0.1:1";
  test.each([
    ["keys nonsense", "Not the URL of a logical unit"],
    ["register fc://x --new-key 0xa", 'Unknown scheme "fc:"'],
    ["mhd takeown nonsense", "Not the URL of a logical unit"],
    ["changer inventory sim:x?type=8", "type must be one of disk, tape, changer"],
    ["watch sim:x nonsense", "Not the URL of a logical unit"],
    ["map sim:x?bogus=1", 'Unknown parameter "bogus"'],
    ["keys sim:x/256", "lun must be 0 to 255"],
    [`keys ${tcp}`, "The iSCSI URL names no target"],
    [`keys ${tcp}/iqn.2026-01.test:disk`, "The iSCSI URL names no LUN"],
    [`luns ${tcp}`, "The iSCSI URL names no target"],
    [`keys ${tcp}/iqn.2026-01.test:disk/0 sim:x`, "The initiator name is not an iSCSI name", "--initiator nonsense"],
    ["keys sim:x", 'Not a TransportID: "nonsense"', "--initiator nonsense"],
    ["keys /dev/sg0", "An initiator name cannot be chosen for a device", "--initiator iqn.2026-01.test:me"],
    ["discover sim:x", "Cannot read the iSCSI URL"],
    [`discover ${tcp}`, "The initiator name is not an iSCSI name", "--initiator nonsense"],
    ["mpath -i -k nonsense", "Not the URL of a logical unit"],
    ["sg_persist -o -G -S abc sim:x?bogus=1", 'Unknown parameter "bogus"'],
    ["sg_persist -k nonsense", "Not the URL of a logical unit"],
  ])("%s", (line, words, options = "") => refused(`${line} ${options}`.trim(), words, { ...world, open, discover }));

  test("but REPORT LUNS needs no LUN", async () => {
    expect(await cli(`luns ${tcp}/iqn.2026-01.test:disk --dry-run`, world)).toMatchObject({ exit: 0, err: "" });
  });

  test("a dry run makes no simulated unit", async () => {
    const name = `sim:unmade-${Math.random()}`;
    expect(await cli(`keys ${name}?blocks=8 --dry-run`, world)).toMatchObject({ exit: 0, err: "" });
    expect((await cli(`keys ${name}?blocks=16`)).err).toBe("");
  });
});

describe("values that cannot be", () => {
  const real = { ...world, open };
  test.each([
    [
      "mhd takeown sim:a --min-ownership-delay 5s --max-ownership-delay 1s",
      "--max-ownership-delay (1000) must not be below --min-ownership-delay (5000)",
    ],
    ["mhd inkeys sim:a --list-size 4294967296", "--list-size must be 0 to 4294967295, got 4294967296"],
    ["mhd inresv sim:a --list-size 4294967296", "--list-size must be 0 to 4294967295, got 4294967296"],
  ])("%s", (line, words) => refused(line, words, real));

  test.each([
    // ALLOCATION LENGTH: 8 bytes of header, 8 for each key, 16 for each reservation (smr-j 3.13.2, 3.13.3).
    ["mhd inkeys sim:a --list-size 4", "5e000000000000002800"],
    ["mhd inresv sim:a --list-size 1", "5e010000000000001800"],
  ])("a dry run asks with the room that there is: %s", async (line, cdb) => {
    const asked: string[] = [];
    const dry = await cli(`${line} --dry-run --json`, world);
    expect(dry.json.result.commands[0].cdb.bytes).toBe(cdb);
    const listening = async (url: string, options: OpenOptions) => {
      const unit = await open(url, options);
      unit.observe((_attempt, command) => void asked.push(Buffer.from(command.cdb).toString("hex")));
      return unit;
    };
    await cli(line, { open: listening });
    expect(asked.at(-1)).toBe(cdb);
  });
});

describe("what a kind of device does not take", () => {
  test.each([
    ["reserve sim:a --key 0xa --type 1", "sl150", "TYPE is write-exclusive (1h)"],
    ["register sim:a --new-key 0xa --all-target-ports", "sl150", "ALL_TG_PT is 1, and it takes 0"],
  ])("%s --profile %s", async (line, profile, words) => {
    await refused(`${line} --profile ${profile}`, words, { ...world, open });
    for (const allowed of ["--profile auto", `--profile ${profile} --force`]) {
      expect(await cli(`${line} ${allowed} --dry-run`, world)).toMatchObject({ exit: 0, err: "" });
    }
  });
});

describe("mpath", () => {
  test.each([
    ["-o -R -T 5 sim:a", "MPATH_PR_SYNTAX_ERROR: key must not be 0"],
    ["-i -k -l 4 sim:a", "MPATH_PR_SYNTAX_ERROR: allocationLengthBytes must be 8 to"],
    ["-i -s -l 4 sim:a sim:b", "MPATH_PR_SYNTAX_ERROR: allocationLengthBytes must be 8 to"],
  ])("%s", async (options, words) => {
    const earnest = await cli(`mpath ${options}`.replace("sim:b", "sim:a?initiator=iqn.2026-01.test:second"));
    const dry = await cli(`mpath ${options} --dry-run`, world);
    expect(earnest).toMatchObject({ exit: 1, err: expect.stringContaining(words) });
    expect([dry.exit, dry.err, dry.out]).toEqual([earnest.exit, earnest.err, earnest.out]);
  });

  test.each([
    // What a service action does not use is not sent: RESERVE with neither APTPL nor ALL_TG_PT (spc4r36f 6.16.3).
    ["-o -R -K abc -T 5 -Z -Y", "5f 01 05 00 00 00 00 00  18 00", /APTPL +0\n/],
    ["-i -k -l 64", "5e 00 00 00 00 00 00 00  40 00", /ALLOCATION LENGTH +0x0040/],
  ])("a dry run of %s shows what is sent", async (options, cdb, field) => {
    const { out } = await cli(`mpath ${options} sim:a --dry-run`, world);
    expect(out).toContain(cdb);
    expect(out).toMatch(field);
  });
});

describe("verbs that ask nobody", () => {
  test.each([
    ["encode nonsense", "No such command"],
    ["encode register", "register needs --new-key KEY"],
    ["encode reserve --key 0x0 --type 1", "--key must not be 0"],
    ["decode zz", "neither pairs of hexadecimal digits nor a file"],
    ["decode 5e00 --as nonsense", "no such kind"],
    ["completion nonsense", "No such shell"],
  ])("%s", (line, words) => refused(line, words));

  test("what they would say is not said", async () => {
    const { exit, out } = await cli("encode register --new-key 0xa --raw --dry-run", world);
    expect([exit, out]).toEqual([0, expect.stringMatching(/^Dry run: nothing is sent/)]);
  });
});

describe("serve", () => {
  test.each([
    ["serve --mutual-chap alice%a-long-secret", "--mutual-chap needs --chap"],
    ["serve --target iqn.2026-01.test:a --unit target=iqn.2026-01.test:b", "and no --target names it"],
  ])("%s", (line, words) => refused(line, words));
});

/** Command lines that are wrong: refused with what would be right, exit code 1, and nothing opened. */
import { describe, expect, test } from "vitest";
import { cli } from "./harness.ts";

const nothing = {
  open: () => {
    throw new Error("something was opened");
  },
};

/** What is said about a wrong command line, on one line. */
async function complaint(line: string | readonly string[]): Promise<string> {
  const { exit, out, err } = await cli(line, nothing);
  expect(exit, err).toBe(1);
  expect(out).toBe("");
  for (const text of err.split("\n")) expect(text.length).toBeLessThanOrEqual(80);
  return err.replaceAll("\n", " ").trim();
}

describe("verbs and options that do not exist", () => {
  test.each([
    ["reserv sim:x", "Did you mean reserve?"],
    ["pre sim:x", "Did you mean preempt?"],
    ["regsiter sim:x", "Did you mean register?"],
    ["capabilites sim:x", "Did you mean capabilities?"],
    ["keys sim:x --jsno", "Unknown option --jsno. Did you mean --json?"],
    ["register sim:x --newkey 0x1", "Did you mean --new-key?"],
    ["register sim:x --initator-port x", "Did you mean --initiator-port?"],
    ["status sim:x -q", "Unknown option -q."],
    ["reserve sim:x --key 0x1 --type write-exlusive", "Did you mean write-exclusive?"],
  ])("%s", async (line, expected) => {
    expect(await complaint(line)).toContain(expected);
  });

  test("nothing is suggested for what resembles nothing", async () => {
    expect(await complaint("frobnicate sim:x")).toMatch(/No such verb: "frobnicate"\. Verbs are status,/);
  });
});

describe("what is missing or too much", () => {
  test.each([
    ["", "What is to be done?"],
    ["reserve", "reserve needs the URL or device path of a logical unit"],
    ["discover", "discover needs the URL of a portal"],
    ["completion", "completion needs the name of a shell: bash, zsh or fish"],
    ["reserve sim:x --type 1", "reserve needs --key KEY"],
    ["reserve sim:x", "reserve needs --key KEY and --type TYPE"],
    ["discover iscsi://x iscsi://y", 'discover takes one URL; what is "iscsi://y"?'],
    ["demo sim:x", "demo takes no argument"],
    ["keys sim:x --key 0x1", "keys has no option --key"],
    ["clear sim:x --key 0x1 --abort", "clear has no option --abort; its options are --key"],
    ["clear sim:x --key", "The value is missing: --key KEY"],
    ["reserve sim:x --key --type 1", "The value is missing: --key KEY"],
    ["clear sim:x --key 0x1 --key 0x2", "--key is given twice"],
    ["keys sim:x --json=yes", "--json takes no value"],
    ["register sim:x --ignore --key 0x1 --new-key 0x2", "--ignore takes no --key"],
  ])("%s", async (line, expected) => {
    expect(await complaint(line)).toContain(expected);
  });

  test("the complaint points to the verb's help", async () => {
    expect(await complaint("reserve sim:x")).toMatch(/See: scsi-persist help reserve$/);
  });
});

describe("keys are hexadecimal with 0x, and never guessed", () => {
  test.each([
    ["abc", "did you mean 0xabc?"],
    ["ABCh", "did you mean 0xabc?"],
    ["0xabcn", "did you mean 0xabc?"],
    ["5", "did you mean 0x5?"],
    ["123", "did you mean 0x123, or 0x7b (which is 123 in decimal)?"],
    ["0x12345678901234567", "at most 16 hexadecimal digits, 0x12345678901234567 has 17"],
    ["0xxyz", 'a key is 0x and up to 16 hexadecimal digits, not "0xxyz"'],
    ["0x", "up to 16 hexadecimal digits"],
    ["key", 'not "key"'],
  ])("%s", async (key, expected) => {
    expect(await complaint(`clear sim:x --key ${key}`)).toContain(expected);
  });

  test.each([
    "clear sim:x --key 0x0",
    "reserve sim:x --key 0x0 --type 1",
    "release sim:x --key 0x0 --type 1",
    "preempt sim:x --key 0x0 --victim-key 0x1 --type 1",
  ])("0 is refused: %s", async (line) => {
    expect(await complaint(line)).toContain("--key must not be 0");
  });

  test.each([
    "replace-lost sim:x --new-key 0x0 --type 1",
    "move sim:x --key 0x1 --new-key 0x0 --transport-id iqn.2026-01.a:b --relative-target-port 1",
  ])("a new key of 0 is refused: %s", async (line) => {
    expect(await complaint(line)).toContain("--new-key must not be 0");
  });

  test("16 digits, capitals and leading zeros are right", async () => {
    const { json } = await cli("clear sim:x --key 0x00ABCDEF00000001 --dry-run --json");
    expect(json.result.commands[0].parameterList.fields[0].value).toBe("0x00abcdef00000001");
  });
});

describe("other values", () => {
  test.each([
    ["reserve sim:x --key 0x1 --type 2", "no such type"],
    ["reserve sim:x --key 0x1 --type 0x5", "no such type"],
    ["keys sim:x --timeout 0", "a time is seconds above 0"],
    ["keys sim:x --timeout 5m", "a time is seconds above 0"],
    ["keys sim:x --deadline=-1", "a time is seconds above 0"],
    ["move sim:x --key 0x1 --new-key 0x2 --transport-id bogus --relative-target-port 1", "Not a TransportID"],
    ["move sim:x --key 0x1 --new-key 0x2 --transport-id iqn.2026-01.a:b --relative-target-port one", "is a number"],
    [
      "move sim:x --key 0x1 --new-key 0x2 --transport-id iqn.2026-01.a:b --relative-target-port 0",
      "--relative-target-port must be 1 to 65535",
    ],
  ])("%s", async (line, expected) => {
    expect(await complaint(line)).toContain(expected);
  });

  test.each([
    ["5", 5000],
    ["2.5s", 2500],
    ["500ms", 500],
  ])("--timeout %s is %i ms", async (text, ms) => {
    let seen: number | undefined;
    await cli(`keys sim:x --timeout ${text}`, {
      open: async (_url, options) => {
        seen = options.timeoutMs;
        throw new TypeError("enough");
      },
    });
    expect(seen).toBe(ms);
  });
});

describe("URLs", () => {
  const open = async (url: string) => cli(["keys", url]);

  test("an unknown scheme: those that there are", async () => {
    const { exit, err } = await open("fc://x");
    expect(exit).toBe(1);
    expect(err).toMatch(/Unknown scheme "fc:"; known are\s+\/dev\/….*iscsi:.*sim:/s);
  });

  test("a text without a scheme", async () => {
    expect((await open("disk")).err).toContain("Not the URL of a logical unit");
  });

  test("an iSCSI URL without target or LUN", async () => {
    expect((await open("iscsi://host")).err).toContain("names no target");
    expect((await open("iscsi://host/iqn.2026-01.a:b")).err).toContain("names no LUN");
  });
});

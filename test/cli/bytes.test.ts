/** decode and encode: every kind named and guessed, from digits, files and standard input; the bytes of every command. */
import { describe, expect, test } from "vitest";
import { kinds } from "../../cli/kinds.ts";
import { layoutRows } from "../../src/explain.ts";
import { fieldsOf } from "../../src/index.ts";
import { cli, hex } from "./harness.ts";

/** Bytes of each kind from the standard's tables and golden cases, and a part of what must be read. */
const samples: readonly (readonly [kind: string, bytes: string, part: unknown])[] = [
  ["sense", "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cb 00 02", { senseKeyName: "ILLEGAL REQUEST" }],
  ["cdb", "5f 01 05 00 00 00 00 00 18 00", { command: "RESERVE", TYPE: 5, "PARAMETER LIST LENGTH": 24 }],
  ["vpd-pages", "00 00 00 03 00 80 83", { pages: [0x00, 0x80, 0x83] }],
  ["serial-number", "00 80 00 04 41 42 43 20", { serialNumber: "ABC" }],
  [
    "device-id",
    "00 83 00 0c 01 03 00 08 50 00 c5 00 12 34 56 78",
    { designators: [{ name: "naa.5000c50012345678", association: "logical-unit" }] },
  ],
  [
    "transport-id",
    "06 00 00 00 50 00 c5 00 12 34 56 78 00 00 00 00 00 00 00 00 00 00 00 00",
    { transportId: "sas,5000c50012345678" },
  ],
  ["capabilities", "00 08 0c 81 02 00 00 00", { allowCommands: 0, types: ["write-exclusive"] }],
  ["keys", "00 00 00 01 00 00 00 08 00 00 00 00 00 00 0a bc", { keys: ["0x0000000000000abc"] }],
  [
    "reservation",
    "00 00 00 01 00 00 00 10 00 00 00 00 00 00 0a bc 00 00 00 00 00 05 00 00",
    { holder: "one-nexus", key: "0x0000000000000abc" },
  ],
  [
    "full-status",
    "00 00 00 01 00 00 00 30 00 00 00 00 00 00 0a bc 00 00 00 00 01 05 00 00 00 00 00 01 00 00 00 18 06 00 00 00 50 00 c5 00 12 34 56 78 00 00 00 00 00 00 00 00 00 00 00 00",
    { registrations: [{ key: "0x0000000000000abc", transportId: "sas,5000c50012345678", holder: true }] },
  ],
  [
    "list",
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 0a bc 00 00 00 00 05 00 00 00",
    { "SERVICE ACTION RESERVATION KEY": "0x0000000000000abc", ALL_TG_PT: true, APTPL: true },
  ],
  [
    "move-list",
    "00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 02 00 02 00 07 00 00 00 18 06 00 00 00 50 00 c5 00 12 34 56 78 00 00 00 00 00 00 00 00 00 00 00 00",
    { UNREG: true, "RELATIVE TARGET PORT IDENTIFIER": 7, TRANSPORTIDS: ["sas,5000c50012345678"] },
  ],
  [
    "inquiry",
    "00 00 06 02 1f 00 00 00 41 43 4d 45 20 20 20 20 44 49 53 4b 20 20 20 20 20 20 20 20 20 20 20 20 30 30 30 31",
    { vendor: "ACME", product: "DISK", revision: "0001" },
  ],
  ["luns", "00 00 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00", { truncated: false }],
  [
    "target-port-groups",
    "00 00 00 0c 00 0f 00 01 00 02 00 01 00 00 00 07",
    { groups: [{ group: 1, state: "active/optimized", relativeTargetPorts: [7] }] },
  ],
  [
    "supported-commands",
    "00 00 00 10 12 00 00 00 00 00 00 06 5e 00 00 01 00 01 00 0a",
    { commands: [{ operationCode: 0x12 }, { operationCode: 0x5e, serviceAction: 1, cdbLength: 10 }] },
  ],
];

describe.each(samples)("decode: %s", (kind, bytes, part) => {
  test("is guessed, and is the same when named", async () => {
    const guessed = await cli(["decode", "--json", ...bytes.split(" ")]);
    expect(guessed.err).toBe("");
    expect(guessed.exit).toBe(0);
    expect(guessed.json).toMatchObject({ unit: null, ok: true, result: { kind, guessed: true, value: part } });
    const named = await cli(["decode", "--json", "--as", kind, bytes.replaceAll(" ", "")]);
    expect(named.json.result).toEqual({ ...guessed.json.result, guessed: false });
  });

  test("is text for people", async () => {
    const { exit, out } = await cli(["decode", bytes]);
    expect(exit).toBe(0);
    expect(out.split("\n").filter((line) => line.length > 100)).toEqual([]);
    expect(out).toContain("as it seems");
  });
});

test("every kind has a sample", () => {
  expect(samples.map(([kind]) => kind).sort()).toEqual(kinds.map(({ name }) => name).sort());
});

test("decode says what ALLOW COMMANDS means", async () => {
  const { out } = await cli("decode 00 08 0c 91 02 00 00 00");
  expect(out.replaceAll(/\s+/g, " ")).toContain("ALLOW COMMANDS 1: TEST UNIT READY passes write exclusive");
});

test("decode reads files and standard input, as digits and as bytes", async () => {
  const sense = hex("70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cb 00 02");
  const digits = new TextEncoder().encode("0x70, 0x00 # sense\n05 00 00 00 00 0a 00 00 00 00 24 00 00 cb 00 02\n");
  const files = { "dump.bin": sense, "dump.txt": digits, "-": digits };
  for (const from of ["decode dump.bin", "decode dump.txt", "decode -", "decode"]) {
    const { out } = await cli(`${from} --json`, { files });
    expect(JSON.parse(out).result, from).toMatchObject({ kind: "sense", value: { asc: 0x24 } });
  }
});

test("decode says what a sense pointer means", async () => {
  const { out } = await cli(["decode", "70 00 06 00 00 00 00 0a 00 00 00 00 2a 05 00 00 00 00"]);
  expect(out.replaceAll("\n", " ")).toContain("do not simply register again");
});

test.each([
  [["decode", "zz"], "neither pairs of hexadecimal digits nor a file"],
  [["decode", "01 02"], "What are these 2 bytes?"],
  [["decode", "--as", "kees", "00"], "Did you mean keys?"],
  [["decode", "--as", "keys", "00 00"], "These 2 bytes are no keys"],
  [["decode", "--key", "0x1", "00"], "decode has no option --key"],
  [["encode"], "encode needs the name of a command"],
  [["encode", "resreve"], "Did you mean reserve?"],
  [["encode", "keys", "--key", "0x1"], "keys has no option --key"],
  [["encode", "reserve", "--key", "0x1"], "reserve needs --type TYPE"],
  [["encode", "reserve", "--key", "0x0", "--type", "5"], "must not be 0"],
])("%s is a mistake in the command line", async (argv, message) => {
  const { exit, err } = await cli(argv as string[]);
  expect(exit).toBe(1);
  expect(err).toContain(message);
});

describe("encode", () => {
  test("writes the CDB and the parameter list, a line each (smr-j 3.14 tables 88 and 90)", async () => {
    const { out } = await cli("encode reserve --key 0xabc --type 5");
    expect(out).toBe(
      "5f 01 05 00 00 00 00 00 18 00\n00 00 00 00 00 00 0a bc 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n",
    );
  });

  test("writes one line for a command without a list", async () => {
    expect((await cli("encode keys")).out).toBe("5e 00 00 00 00 00 00 20 00 00\n");
  });

  test("writes the bytes themselves with --raw", async () => {
    const { out } = await cli("encode test-unit-ready --raw");
    expect(out).toBe("\0\0\0\0\0\0");
  });

  test("has every field with --json", async () => {
    const { json } = await cli("encode register --new-key 0xabc --initiator-port sas,5000c50012345678 --json");
    expect(json.result).toMatchObject({ name: "REGISTER", parameterList: { transportIds: ["sas,5000c50012345678"] } });
  });

  test("puts into a field what it is told, in the CDB and in the parameter list, whatever the standard says", async () => {
    const { out } = await cli([
      ..."encode reserve --key 0xabc --type 5".split(" "),
      ...[
        "--set",
        "type=15",
        "--set",
        "PARAMETER LIST LENGTH=23",
        "--set",
        "SPEC_I_PT=1",
        "--set",
        "reservation key=0",
      ],
    ]);
    expect(out).toBe(`5f 01 0f 00 00 00 00 00 17 00\n${"00 ".repeat(20)}08 00 00 00\n`);
  });

  test.each([
    ["read-10 --set LOGICAL_BLOCK_ADDRESS=0x800 --set TRANSFER_LENGTH=8", "28 00 00 00 08 00 00 00 08 00"],
    ["read-16 --set TRANSFER_LENGTH=1 --set FUA=1", "88 08 00 00 00 00 00 00 00 00 00 00 00 01 00 00"],
    ["report-target-port-groups", "a3 0a 00 00 00 00 00 00 00 00 00 00"],
    ["synchronize-cache-10 --set IMMED=1", "35 02 00 00 00 00 00 00 00 00"],
    ["unmap --set PARAMETER_LIST_LENGTH=24", "42 00 00 00 00 00 00 00 18 00"],
    ["get-lba-status", "9e 12 00 00 00 00 00 00 00 00 00 00 00 00 00 00"],
    ["prevent-allow-medium-removal --set PREVENT=1", "1e 00 00 00 01 00"],
    ["move-medium --set SOURCE_ADDRESS=0x3e8 --set DESTINATION_ADDRESS=1", "a5 00 00 00 03 e8 00 01 00 00 00 00"],
    ["mode-sense-6 --set PAGE_CODE=0x3f --set ALLOCATION_LENGTH=252", "1a 00 3f 00 fc 00"],
  ])("makes any command of its fields: %s", async (line, cdb) => {
    expect((await cli(`encode ${line}`)).out).toBe(`${cdb}\n`);
  });

  test("every command has its bytes, and decode knows them again", async () => {
    for (const { name, cdb: structure } of layoutRows) {
      const verb = name.toLowerCase().replaceAll(/[()]/g, "").replaceAll(" ", "-");
      const made = (await cli(`encode ${verb} --json`)).json.result;
      const { json } = await cli(["decode", "--json", made.cdb.bytes]);
      expect(json.result, name).toMatchObject({ kind: "cdb", value: { command: name } });
      const whole = fieldsOf(structure, new Uint8Array(16)).map((field) => field.name);
      expect(made.cdb.fields.map((field: { name: string }) => field.name)).toEqual(whole);
    }
  });

  test.each([
    [["--set", "TYPE=16"], "TYPE has 4 bits: 0x10 does not fit"],
    [["--set", "TIPE=1"], 'RESERVE has no field "TIPE". Did you mean type?'],
    [["--set", "TYPE"], "a field's name, = and a number"],
    [["--set", "TYPE=five"], "a field's name, = and a number"],
  ])("refuses %j", async (more, message) => {
    const { exit, err } = await cli([..."encode reserve --key 0xabc --type 5".split(" "), ...more]);
    expect(exit).toBe(1);
    expect(err.replaceAll(/\s+/g, " ")).toContain(message);
  });

  test("what it writes, decode reads", async () => {
    for (const name of ["keys", "reservation", "capabilities", "full-status", "inquiry", "luns", "request-sense"]) {
      const { out } = await cli(`encode ${name}`);
      const { json } = await cli(["decode", "--json", out.trim()]);
      expect(json.result.kind, name).toBe("cdb");
    }
  });
});

/** Dry runs: bytes as the standard draws them, typed by hand, and nothing opened. */
import { describe, expect, test } from "vitest";
import { cli } from "./harness.ts";

const nothing = {
  open: () => {
    throw new Error("a dry run opened something");
  },
  discover: () => {
    throw new Error("a dry run asked a portal");
  },
  listDevices: () => {
    throw new Error("a dry run looked for devices");
  },
};

const ID = "iqn.2026-01.a:b,i,0x1";
/** TransportID of that port: format 01b, iSCSI; length 36; the name, "i" and the ISID; NUL and padding (spc4r17 7.5.4.6). */
const ID_BYTES = `45000024${Buffer.from("iqn.2026-01.a:b,i,0x000000000001").toString("hex")}00000000`;

/** Options, CDB, parameter list (smr-j 3.13.1, 3.14.1, 3.14.3, 3.14.4). */
const bytes: readonly (readonly [line: string, cdb: string, list: string | null])[] = [
  ["keys sim:x", "5e000000000000200000", null],
  ["reservation sim:x", "5e010000000000001800", null],
  ["capabilities sim:x", "5e020000000000000800", null],
  ["register sim:x --new-key 0xabc", "5f000000000000001800", "0000000000000000 0000000000000abc 00000000 00 000000"],
  [
    "register sim:x --key 0xdef --new-key 0x0 --persist --all-target-ports",
    "5f000000000000001800",
    "0000000000000def 0000000000000000 00000000 05 000000",
  ],
  [
    "register sim:x --ignore --new-key 0xffffffffffffffff",
    "5f060000000000001800",
    "0000000000000000 ffffffffffffffff 00000000 00 000000",
  ],
  [
    `register sim:x --new-key 0x1 --initiator-port ${ID}`,
    "5f000000000000004400",
    `0000000000000000 0000000000000001 00000000 08 000000 00000028 ${ID_BYTES}`,
  ],
  [
    "reserve sim:x --key 0xabc --type write-exclusive-registrants-only",
    "5f010500000000001800",
    "0000000000000abc 0000000000000000 00000000 00 000000",
  ],
  [
    "release sim:x --key 0xabc --type 8",
    "5f020800000000001800",
    "0000000000000abc 0000000000000000 00000000 00 000000",
  ],
  ["clear sim:x --key 0xabc", "5f030000000000001800", "0000000000000abc 0000000000000000 00000000 00 000000"],
  [
    "preempt sim:x --key 0xb --victim-key 0xa --type 1",
    "5f040100000000001800",
    "000000000000000b 000000000000000a 00000000 00 000000",
  ],
  [
    "preempt --abort sim:x --key 0xb --victim-key 0xa --type 3",
    "5f050300000000001800",
    "000000000000000b 000000000000000a 00000000 00 000000",
  ],
  [
    `move sim:x --key 0xa --new-key 0xb --transport-id ${ID} --relative-target-port 2 --unregister --persist`,
    "5f070000000000004000",
    `000000000000000a 000000000000000b 00 03 0002 00000028 ${ID_BYTES}`,
  ],
  [
    "replace-lost sim:x --new-key 0xabc --type 1",
    "5f080100000000001800",
    "0000000000000000 0000000000000abc 00000000 00 000000",
  ],
  [
    "replace-lost sim:x --new-key 0xabc --type 1 --persist",
    "5f080100000000001800",
    "0000000000000000 0000000000000abc 00000000 01 000000",
  ],
];

describe("the bytes of a dry run", () => {
  test.each(bytes)("%s", async (line, cdb, list) => {
    const { json, exit } = await cli(`${line} --dry-run --json`, nothing);
    expect(exit).toBe(0);
    expect(json.result.dryRun).toBe(true);
    expect(json.attempts).toEqual([]);
    const [command] = json.result.commands;
    expect(command.cdb.bytes).toBe(cdb);
    expect(command.parameterList?.bytes ?? null).toBe(list === null ? null : list.replaceAll(" ", ""));
  });
});

test("a dry run names every field, says what it would change, and sends nothing", async () => {
  const { out, exit, err } = await cli("reserve sim:x --key 0xabc --type 5 --dry-run", nothing);
  expect(exit).toBe(0);
  expect(err).toBe("");
  expect(out).toBe(`Dry run: nothing is sent to sim:x.
It would reserve the logical unit for the host with key 0xabc, as
write-exclusive-registrants-only.

RESERVE
CDB, 10 bytes
  0000  5f 01 05 00 00 00 00 00  18 00

  byte 0           OPERATION CODE         0x5f
  byte 1 bits 4-0  SERVICE ACTION         0x01 RESERVE
  byte 2 bits 7-4  SCOPE                  0x0
  byte 2 bits 3-0  TYPE                   0x5 write-exclusive-registrants-only
  bytes 5-8        PARAMETER LIST LENGTH  0x00000018 24 bytes
  byte 9           CONTROL                0x00

Parameter list, 24 bytes
  0000  00 00 00 00 00 00 0a bc  00 00 00 00 00 00 00 00
  0010  00 00 00 00 00 00 00 00

  bytes 0-7      RESERVATION KEY                 0x0000000000000abc
  bytes 8-15     SERVICE ACTION RESERVATION KEY  0x0000000000000000
  byte 20 bit 3  SPEC_I_PT                       0
  byte 20 bit 2  ALL_TG_PT                       0
  byte 20 bit 0  APTPL                           0
`);
});

test("a dry run fits 80 columns", async () => {
  for (const line of bytes.map(([command]) =>
    command.replace("--type 8", "--type exclusive-access-registrants-only"),
  )) {
    const { out } = await cli(`${line} --dry-run`, nothing);
    expect(out.split("\n").filter((text) => text.length > 80)).toEqual([]);
  }
});

test("TransportIDs are named after the fields", async () => {
  const { out } = await cli(`register sim:x --new-key 0x1 --initiator-port ${ID} --dry-run`, nothing);
  expect(out).toContain("then  TRANSPORTID  iqn.2026-01.a:b,i,0x000000000001\n");
});

test("a verb that asks says that it changes nothing, and inquiry shows all three commands", async () => {
  const { out } = await cli("inquiry sim:x --dry-run", nothing);
  expect(out).toContain("It only reads: it would change nothing.");
  expect(out.match(/^INQUIRY.*$/gm)).toEqual([
    "INQUIRY",
    "INQUIRY UNIT SERIAL NUMBER",
    "INQUIRY DEVICE IDENTIFICATION",
  ]);
});

test.each(["discover iscsi://10.0.0.5 --dry-run", "list --dry-run", "demo --dry-run"])(
  "%s connects to nothing",
  async (line) => {
    const { exit, out } = await cli(line, nothing);
    expect(exit).toBe(0);
    expect(out).toContain("Dry run: nothing is sent");
  },
);

test("arguments are checked in a dry run as in earnest", async () => {
  const { exit, err } = await cli("reserve sim:x --key 0x0 --type 1 --dry-run", nothing);
  expect(exit).toBe(1);
  expect(err).toContain("--key must not be 0");
});

test("credentials are not shown", async () => {
  const { out } = await cli("keys iscsi://user%secret@host/iqn.2026-01.a:b/0 --dry-run", nothing);
  expect(out).toContain("nothing is sent to iscsi://user@host/iqn.2026-01.a:b/0.");
  expect(out).not.toContain("secret");
});

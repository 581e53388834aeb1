/** The verbs for media changers: what they print, for people and as JSON, and how they end. */
import { describe, expect, test } from "vitest";
import { serve } from "../../transports/serve.ts";
import { cli } from "./harness.ts";

let libraries = 0;
/** A changer of its own, as two hosts have it. */
function changer() {
  const name = `sim:library-${++libraries}`;
  const host = (letter: string) => `${name}?type=changer&initiator=iqn.2026-01.com.example:${letter}`;
  return { a: host("a"), b: host("b") };
}

test("inventory, move, inventory again", async () => {
  const { a } = changer();
  const before = await cli(["changer", "inventory", a]);
  expect(before.exit).toBe(0);
  expect(before.out).toMatch(/^11 elements, 4 of them full\n/);
  expect(before.out).toMatch(/^ {2}slot 1 {6}1000 {5}SIM001L6$/m);
  expect(before.out).toMatch(/^ {2}drive 1 {5}500 {6}empty$/m);
  const moved = await cli(["changer", "move", "--from", "slot 1", "--to", "drive", a]);
  expect(moved.out).toBe(`Done: moved SIM001L6 from slot 1 to drive 1 on ${a}.\n`);
  expect((await cli(["changer", "inventory", a])).out).toMatch(/^ {2}drive 1 {5}500 {6}SIM001L6 {2}from slot 1$/m);
});

test("as JSON", async () => {
  const { a } = changer();
  const moved = await cli(["changer", "move", "--from=volume SIM002L6", "--to=mailslot", "--json", a]);
  expect(moved.json).toMatchObject({
    verb: "changer move",
    ok: true,
    result: {
      volumeTag: "SIM002L6",
      from: { address: 1001, type: "storage", number: 2, name: "slot 2" },
      to: { address: 10, type: "import-export", name: "mailslot 1", full: false },
      settledByLooking: false,
      unitAttentions: [],
    },
  });
  const { json } = await cli(["changer", "inventory", "--json", a]);
  expect(json.result).toMatchObject({ truncated: false, currentData: true });
  expect(json.result.elements).toHaveLength(11);
  expect(json.result.elements.find(({ address }: { address: number }) => address === 10)).toEqual({
    address: 10,
    type: "import-export",
    number: 1,
    name: "mailslot 1",
    full: true,
    accessible: true,
    exception: null,
    byOperator: false,
    importEnabled: true,
    exportEnabled: true,
    source: 1001,
    inverted: false,
    volumeTag: "SIM002L6",
    alternateVolumeTag: null,
    identifier: null,
  });
});

describe("what cannot be", () => {
  test("an element that there is not: a mistake in the command line, and nothing is moved", async () => {
    const { a } = changer();
    const { exit, err } = await cli(["changer", "move", "--from=slot9", "--to=drive", a]);
    expect(exit).toBe(1);
    expect(err).toContain('This changer has slot 1 to 8, and no "slot9"');
    expect((await cli(["changer", "move", "--from=shelf", "--to=drive", a])).err).toContain(
      "--from ELEMENT: An element is",
    );
  });

  test("from an empty slot: what the changer says, 5", async () => {
    const { a } = changer();
    const { exit, err } = await cli(["changer", "move", "--from=slot5", "--to=drive", a]);
    expect(exit).toBe(5);
    expect(err.replaceAll("\n", " ")).toContain("MEDIUM SOURCE ELEMENT EMPTY (3Bh/0Eh)");
  });

  test("a disk: it has no elements, 9", async () => {
    expect((await cli("changer inventory sim:no-changer")).exit).toBe(9);
  });
});

describe("under another host's reservation", () => {
  test("move and lock: 24, who holds, what can be done; inventory and unlock are allowed", async () => {
    const { a, b } = changer();
    await cli(`register ${a} --new-key 0xa`);
    await cli(`reserve ${a} --key 0xa --type exclusive-access-registrants-only`);
    const { exit, err } = await cli(["changer", "move", "--from=slot1", "--to=drive", b]);
    expect(exit).toBe(24);
    const words = err.replaceAll(/\s+/g, " ");
    expect(words).toContain("Cannot MOVE MEDIUM: the target answered RESERVATION CONFLICT");
    expect(words).toContain("held by key 0xa (iqn.2026-01.com.example:a");
    expect(words).toContain("Of a changer: only registered hosts may move media and lock the mailslot.");
    expect(words).toContain(`scsi-persist register '${b}' --new-key KEY`);
    const locked = await cli(["changer", "lock", "--json", b]);
    expect(locked.json.error).toMatchObject({ code: "RESERVATION_CONFLICT", command: "PREVENT MEDIUM REMOVAL" });
    expect(locked.json.error.explanation).toMatchObject({ reason: "reservation-forbids" });
    expect(await cli(["changer", "unlock", b])).toMatchObject({ exit: 0 });
    expect(await cli(["changer", "inventory", b])).toMatchObject({ exit: 0 });
    await cli(`register ${b} --new-key 0xb`);
    expect(await cli(["changer", "move", "--from=slot1", "--to=drive", b])).toMatchObject({ exit: 0 });
  });
});

test("lock and unlock; --hold unlocks when the time is over", async () => {
  const { a } = changer();
  expect((await cli(["changer", "lock", a])).out).toBe(`Done: locked the mailslot on ${a}.\n`);
  expect((await cli(["changer", "unlock", "--json", a])).json.result).toEqual({ locked: false });
  const held = await cli(["changer", "lock", "--hold=20ms", "--verbose", a]);
  expect(held.out).toBe(`Done: the mailslot was locked, and is unlocked on ${a}.\n`);
  expect(held.err).toMatch(/PREVENT MEDIUM REMOVAL[\s\S]*ALLOW MEDIUM REMOVAL/);
});

test("an interruption while it is held unlocks", async () => {
  const { a } = changer();
  let stop = () => {};
  const running = cli(["changer", "lock", "--hold=600", "--verbose", a], {
    interrupter: (interrupt) => {
      stop = interrupt;
    },
  });
  setTimeout(() => stop(), 50);
  expect((await running).err).toMatch(/ALLOW MEDIUM REMOVAL[^\n]*\n<- GOOD/);
});

test("--dry-run: addresses give the bytes, names say that they are looked up", async () => {
  const bytes = await cli(["changer", "move", "--from=1000", "--to=0x1f4", "--dry-run", "sim:x?type=changer"]);
  expect(bytes.out).toContain("  0000  a5 00 00 00 03 e8 01 f4  00 00 00 00\n");
  expect(bytes.out).toMatch(/bytes 4-5 +SOURCE ADDRESS +0x03e8/);
  const names = await cli([
    "changer",
    "move",
    "--from=slot1",
    "--to=drive",
    "--dry-run",
    "--json",
    "sim:x?type=changer",
  ]);
  expect(names.json.result.commands.map(({ name }: { name: string }) => name)).toEqual(["READ ELEMENT STATUS"]);
  expect(names.json.result.effect).toContain("find the addresses, and then move the medium from slot1 to drive");
  for (const [verb, cdb] of [
    ["lock", "1e0000000100"],
    ["unlock", "1e0000000000"],
  ] as const) {
    const { json } = await cli(["changer", verb, "--dry-run", "--json", "sim:x?type=changer"]);
    expect(json.result.commands.at(-1).cdb.bytes).toBe(cdb);
  }
});

test("the family: help, completion, what was probably meant", async () => {
  expect((await cli("changer")).exit).toBe(1);
  expect((await cli("help changer move")).out).toMatch(/^scsi-persist changer move: /);
  expect((await cli("changer mvoe sim:x")).err).toContain("changer move");
  for (const shell of ["bash", "zsh", "fish"]) {
    expect((await cli(`completion ${shell}`)).out).toMatch(/inventory.*(move|unlock)/s);
  }
});

describe("what a kind of device does not take is not sent", () => {
  test("by INQUIRY, as an SL150 says who it is; --force sends it, and the SL150 refuses", async () => {
    await using served = await serve({
      portal: { port: 0 },
      targets: [{ name: "iqn.2026-01.test:sl150", units: [{ type: "changer", profile: "sl150" }] }],
    });
    const url = `iscsi://127.0.0.1:${served.portals[0]?.port}/iqn.2026-01.test:sl150/0`;
    expect((await cli(`register ${url} --new-key 0xa`)).exit).toBe(0);
    const refused = await cli(`reserve ${url} --key 0xa --type write-exclusive`);
    expect(refused.exit).toBe(1);
    expect(refused.err.replaceAll("\n", " ")).toContain(
      "sl150 does not take this request: TYPE is write-exclusive (1h), and it takes exclusive-access (3h), exclusive-access-registrants-only (6h) or exclusive-access-all-registrants (8h). Nothing was sent; --force sends it all the same",
    );
    const json = await cli(`register ${url} --new-key 0xb --all-target-ports --json`);
    expect(json.json).toMatchObject({ ok: false, error: { code: "USAGE", exitCode: 1 }, attempts: [] });
    const forced = await cli(`register ${url} --ignore --new-key 0xb --all-target-ports --force --json`);
    // INVALID FIELD IN PARAMETER LIST.
    expect(forced.exit).toBe(19);
    expect(forced.json.attempts.map(({ command }: { command: string }) => command)).toEqual([
      // POWER ON OCCURRED first: each run is a session of its own.
      "REGISTER AND IGNORE EXISTING KEY",
      "REGISTER AND IGNORE EXISTING KEY",
    ]);
  });

  test("by name", async () => {
    const { a } = changer();
    await cli(`register ${a} --new-key 0xa`);
    const words = ["reserve", a, "--key=0xa", "--type=exclusive-access-all-registrants"];
    expect(await cli([...words, "--profile=sl500"])).toMatchObject({ exit: 1 });
    expect((await cli([...words, "--profile=sl999"])).err).toContain("profiles are spc");
    expect(await cli([...words, "--profile=sl500", "--force"])).toMatchObject({ exit: 0 });
  });
});

/** explain, watch and map: what they make of what the units report. */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { accessUnder, reservationTypeNames, reservationTypes } from "../../src/index.ts";
import { open } from "../../transports/open.ts";
import { cli, twoHosts } from "./harness.ts";

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ");

test.each(reservationTypeNames)("explain says of %s what reads and writes then meet", async (type) => {
  const { a, b } = twoHosts();
  await cli(`register ${a} --new-key 0xa`);
  await cli(`reserve ${a} --key 0xa --type ${type}`);
  for (const registered of [false, true]) {
    if (registered) await cli(`register ${b} --new-key 0xb`);
    const { json } = await cli(`explain ${b} --json`);
    await using unit = await open(b);
    const meets = async (what: Promise<unknown>) =>
      what.then(
        () => true,
        () => false,
      );
    expect([json.result.standing.read, json.result.standing.write]).toEqual([
      await meets(unit.read10({ lba: 0, blocks: 1 })),
      await meets(unit.write10({ lba: 0, data: new Uint8Array(512) })),
    ]);
    const conflict = json.result.standing.write === false;
    expect(json.result.explanation === null).toBe(!conflict);
  }
  expect((await cli(`explain ${a} --json`)).json.result.standing).toMatchObject({ read: true, write: true });
});

test("what cannot be said is not said", () => {
  const state = { prGeneration: 1, truncated: false, scope: 0, holder: "one-nexus", key: 1n } as const;
  const other = { registered: true, holder: false };
  expect(accessUnder({ ...state, type: undefined, typeCode: 9 }, other)).toBeUndefined();
  expect(accessUnder({ ...state, type: "write-exclusive", typeCode: 1, truncated: true }, other)).toBeUndefined();
  expect(Object.keys(reservationTypes)).toHaveLength(6);
});

test("explain names the holder, the remedy, and a session of this host under another ISID", async () => {
  const { a } = twoHosts();
  const [unit] = a.split("?");
  const again = `${unit}?initiator=iqn.2026-01.test:a,i,0x80000000000f`;
  await cli(`register ${a} --new-key 0xa`);
  await cli(`reserve ${a} --key 0xa --type 1`);
  const { exit, out } = await cli(`explain ${again} --key 0xa`);
  expect(exit).toBe(0);
  const text = oneLine(out);
  expect(text).toContain("Registered no");
  expect(text).toContain("Reading now GOOD");
  expect(text).toContain("Writing now RESERVATION CONFLICT");
  expect(text).toContain("Key 0xa is registered, but not for this initiator port.");
  expect(text).toContain("another session of this host, iqn.2026-01.test:a,i,0x80000000000a");
  expect(text).toContain("held by key 0xa");
});

test("explain --key says when a key is stale", async () => {
  const { a, b } = twoHosts();
  await cli(`register ${a} --new-key 0xa`);
  await cli(`register ${b} --new-key 0xb`);
  expect((await cli(`explain ${a} --key 0xa --json`)).json.result.standing.key).toBe("ours");
  expect((await cli(`explain ${a} --key 0xb --json`)).json.result.standing.key).toBe("another's");
  await cli(`preempt ${b} --key 0xb --victim-key 0xa --type 1`);
  await cli(`keys ${a}`);
  expect((await cli(`explain ${a} --key 0xa --json`)).json.result.standing.key).toBe("gone");
  expect(oneLine((await cli(`explain ${a} --key 0xa`)).out)).toContain("Key 0xa is stale");
});

test("watch tells what happens between its looks, one line each", async () => {
  const { a, b, portA } = twoHosts();
  let looks = 0;
  const steps = [
    `register ${a} --new-key 0xa`,
    `reserve ${a} --key 0xa --type 5`,
    `register ${b} --new-key 0xb`,
    `preempt ${b} --key 0xb --victim-key 0xa --type 6`,
    `release ${b} --key 0xb --type 6`,
  ];
  const watching: Parameters<typeof cli>[1] = {
    // Between two looks, one thing happens.
    async open(url, options) {
      const unit = await open(url, options);
      const readKeys = unit.readKeys.bind(unit);
      return {
        ...unit,
        async readKeys(given) {
          const step = steps[looks++ - 1];
          if (step !== undefined) expect((await cli(step)).exit).toBe(0);
          return readKeys(given);
        },
      };
    },
  };
  const [unit] = a.split("?");
  const { exit, out } = await cli(`watch ${unit} --interval 1ms --rounds 6`, watching);
  expect(exit).toBe(0);
  const lines = out
    .trimEnd()
    .split("\n")
    .map((line) => line.slice(9));
  expect(lines).toEqual([
    "Reservation none; Registrations none; PRGENERATION 0",
    `registered 0xa ${portA}`,
    "PRGENERATION 0 to 1",
    "reserved by 0xa, write-exclusive-registrants-only",
    "registered 0xb iqn.2026-01.test:b,i,0x80000000000b",
    "PRGENERATION 1 to 2",
    `unregistered 0xa ${portA}`,
    "holder 0xa to 0xb",
    "type write-exclusive-registrants-only to exclusive-access-registrants-only",
    "PRGENERATION 2 to 3",
    "released by 0xb, was exclusive-access-registrants-only",
  ]);
});

test("watch --json is one document a line; a unit that goes away is told once, and when it is back", async () => {
  const { a } = twoHosts();
  let opened = 0;
  const { exit, out } = await cli(`watch ${a} --interval 1ms --rounds 4 --json`, {
    async open(url, options) {
      const unit = await open(url, options);
      const readKeys = unit.readKeys.bind(unit);
      const broken = opened++ === 0;
      let looks = 0;
      return {
        ...unit,
        async readKeys(given) {
          if (broken && ++looks > 1) await unit[Symbol.asyncDispose]();
          return readKeys(given);
        },
      };
    },
  });
  expect(exit).toBe(0);
  const documents = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(documents.map(({ type }) => type)).toEqual(["state", "away", "back"]);
  expect(documents[1]).toMatchObject({ code: "CLOSED", unit: a });
  expect(documents[0].now.keys).toEqual([]);
});

test("watch on a terminal draws the screen anew, and ends when interrupted", async () => {
  const { a } = twoHosts();
  await cli(`register ${a} --new-key 0xa`);
  let stop = (): void => undefined;
  let screens = 0;
  const { exit, out } = await cli(`watch ${a} --interval 10ms`, {
    tty: true,
    columns: 100,
    interrupter(interrupt) {
      stop = interrupt;
    },
    watch: (text) => void (text.startsWith("\u001b[H\u001b[2J") && ++screens === 3 && stop()),
  });
  expect(exit).toBe(0);
  expect(screens).toBe(3);
  expect(out).toContain("this host");
});

test("map puts hosts and units together", async () => {
  const { a, b } = twoHosts();
  const other = twoHosts();
  for (const url of [a, other.a]) await cli(`register ${url} --new-key 0xa`);
  await cli(`register ${b} --new-key 0xb`);
  await cli(`register ${a.replace(/a$/, "c")} --new-key 0xa`);
  await cli(`reserve ${a} --key 0xa --type 5`);
  const { exit, out, json } = await cli(`map ${a} ${other.a} --json`);
  expect(exit).toBe(0);
  expect(json.result.hosts).toEqual([
    {
      name: "iqn.2026-01.test:a",
      units: [
        { keys: ["0x000000000000000a"], ports: 2, holder: true },
        { keys: ["0x000000000000000a"], ports: 1, holder: false },
      ],
    },
    { name: "iqn.2026-01.test:b", units: [{ keys: ["0x000000000000000b"], ports: 1, holder: false }, null] },
  ]);
  expect(out).not.toBe("");
  const text = (await cli(`map ${a} ${other.a}`)).out;
  expect(text).toContain("2 hosts, 2 units");
  expect(oneLine(text)).toContain("iqn.2026-01.test:a 0xa holds, 2 ports 0xa");
  const page = (await cli(`map ${a} ${other.a} --html`)).out;
  expect(page).toContain("<!doctype html>");
  expect(page).toContain("holds the reservation, 2 ports");
  expect(page).not.toMatch(/src=|href=|<script/);
});

test("map shows a unit that cannot be reached, and fails if none can be", async () => {
  const { a } = twoHosts();
  const away = "iscsi://127.0.0.1:1/iqn.2026-01.test:none/0";
  const { exit, json } = await cli(`map ${a} ${away} --json --no-retry`);
  expect(exit).toBe(0);
  expect(json.result.units[1]).toMatchObject({ now: null, error: { code: "CONNECTION_FAILED", exitCode: 35 } });
  expect((await cli(`map ${away} --no-retry`)).exit).toBe(35);
});

/** What bash offers for a line. */
function offered(script: string, line: string): string[] {
  const words = line.split(" ");
  const program = `${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _scsi_persist; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, status, stderr } = spawnSync("bash", ["-c", program], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout.trimEnd().split("\n");
}

test("completion: bash offers verbs, options and types", async () => {
  const { out } = await cli("completion bash");
  expect(offered(out, "scsi-persist re")).toEqual(["reservation", "register", "reserve", "release", "replace-lost"]);
  expect(offered(out, "scsi-persist preempt sim:x --v")).toEqual(["--victim-key", "--verbose", "--version"]);
  expect(offered(out, "scsi-persist reserve sim:x --type write-exclusive-")).toEqual([
    "write-exclusive-registrants-only",
    "write-exclusive-all-registrants",
  ]);
  expect(offered(out, "scsi-persist status is")).toEqual(["iscsi://"]);
  expect(offered(out, "scsi-persist mh")).toEqual(["mhd"]);
  expect(offered(out, "scsi-persist mhd re")).toEqual(["release", "register", "register-ignore", "reserve"]);
  expect(offered(out, "scsi-persist mhd failfast sim:x --on-")).toEqual(["--on-silence", "--on-loss"]);
});

test.each([
  ["zsh", ["-n"]],
  ["fish", ["--no-execute"]],
])("completion: %s reads its script, where it is installed", async (shell, args) => {
  const { out, exit } = await cli(`completion ${shell}`);
  expect(exit).toBe(0);
  expect(out).toContain("preempt");
  const file = join(tmpdir(), `scsi-persist-${process.pid}.${shell}`);
  writeFileSync(file, out);
  const { error, status, stderr } = spawnSync(shell, [...args, file], { encoding: "utf8" });
  rmSync(file);
  if (error !== undefined) {
    console.log(`${shell} is not installed: its script has been made and not read`);
    return;
  }
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

test("completion of another shell is a mistake in the command line", async () => {
  expect((await cli("completion tcsh")).exit).toBe(1);
});

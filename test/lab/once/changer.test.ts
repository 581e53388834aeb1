/**
 * A served SL150 and its tape drive, attached by Linux twice: as two hosts of open-iscsi, each with its own initiator name. Linux'
 * ch and st, mtx, mt, tar, sg_persist and sg_raw are those who ask; this file only serves, and looks at the library's doors.
 */
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createChanger } from "../../../src/changer/index.ts";
import { open } from "../../../transports/open.ts";
import { type ServedTargets, serve } from "../../../transports/serve.ts";
import type { Library } from "../../../transports/simulated/index.ts";
import { run } from "../units.ts";

const TARGET = "iqn.2026-11.lab:changer";
const PORT = 3270;
/** As on an SL150: LUN 0 is the drive, LUN 1 the library (Oracle E51473). */
const [TAPE, CHANGER] = [0, 1];
const CONFLICT = 24;
const ILLEGAL = 5;

interface Host {
  readonly name: string;
  /** SG_IO nodes of the drive and of the changer. */
  readonly tape: string;
  readonly changer: string;
  /** The drive as Linux' st has it, which does not rewind. */
  readonly nst: string;
}

let served: ServedTargets;
let library: Library;
let a: Host;
let b: Host;

const shell = async (script: string): Promise<string> => {
  const { exit, stdout, stderr } = await run("bash", "-c", `. test/lab/guest/units.sh; ${script}`);
  if (exit !== 0) throw new Error(`${script}: ${exit}: ${stderr}`);
  return stdout.trim();
};

async function login(name: string): Promise<Host> {
  const address = await shell(`iscsi_login ${TARGET} ${name} ${PORT}`);
  const at = (lun: number) => address.replace(/\d+$/, String(lun));
  const node = (lun: number) => shell(`node_of ${at(lun)} scsi_generic`);
  await shell("udevadm settle -t 20");
  const nodes = await readdir(`/sys/class/scsi_device/${at(TAPE)}/device/scsi_tape`);
  const nst = nodes.find((one) => /^nst\d+$/.test(one));
  return { name, tape: await node(TAPE), changer: await node(CHANGER), nst: `/dev/${nst}` };
}

beforeAll(async () => {
  served = await serve({
    portal: { port: PORT },
    targets: [{ name: TARGET, units: [{ type: "tape" }, { type: "changer", profile: "sl150" }] }],
  });
  library = served.unit(TARGET, CHANGER)?.library as Library;
  a = await login("changer-a");
  b = await login("changer-b");
}, 120_000);
afterAll(() => served?.close());

/** Nobody is registered, no attention waits, every cartridge is in its slot, the mailslot is shut and free. */
beforeEach(async () => {
  for (const lun of [TAPE, CHANGER]) served.unit(TARGET, lun)?.reset();
  for (const { changer, tape } of [a, b]) {
    for (const node of [changer, tape]) {
      await run("sg_turs", node);
      await run("sg_persist", "-n", "-o", "-I", "-S", "f", node);
      await run("sg_persist", "-n", "-o", "--clear", "-K", "f", node);
    }
  }
  library.closeMailslot();
  for (const { changer, tape } of [a, b])
    for (const node of [changer, tape]) for (let i = 0; i < 3; i++) await run("sg_turs", node);
}, 60_000);

const persist = (node: string, ...words: string[]) => run("sg_persist", "-n", ...words, node);
const out = async (node: string, ...words: string[]): Promise<number> => (await persist(node, "-o", ...words)).exit;
const raw = async (node: string, bytes: string, ...words: string[]): Promise<number> =>
  (await run("sg_raw", ...words, node, ...bytes.split(" "))).exit;
const calm = async (...hosts: Host[]) => {
  for (const { changer } of hosts) for (let i = 0; i < 3; i++) await run("sg_turs", changer);
};

describe("mtx, mt and tar", () => {
  it("see the library alike from both hosts", async () => {
    const inquiry = (await run("mtx", "-f", a.changer, "inquiry")).stdout;
    expect(inquiry).toContain("Vendor ID: 'STK     '");
    expect(inquiry).toContain("Product ID: 'SL150           '");
    const first = (await run("mtx", "-f", a.changer, "status")).stdout.replace(a.changer, "CHANGER");
    const second = (await run("mtx", "-f", b.changer, "status")).stdout.replace(b.changer, "CHANGER");
    expect(first).toBe(second);
    expect(first).toContain("CHANGER:1 Drives, 9 Slots ( 1 Import/Export )");
    expect(first).toMatch(/Data Transfer Element 0:Empty\n {6}Storage Element 1:Full :VolumeTag=SIM001L6/);
    expect(first).toContain("Storage Element 9 IMPORT/EXPORT:Empty");
  });

  it("load, write, read back, unload, and carry to the mailslot", async () => {
    expect((await run("mtx", "-f", a.changer, "load", "2", "0")).exit).toBe(0);
    expect((await run("mtx", "-f", b.changer, "status")).stdout).toContain(
      "Full (Storage Element 2 Loaded):VolumeTag = SIM002L6",
    );
    expect((await run("mt", "-f", a.nst, "status")).stdout).toContain("BOT ONLINE");
    expect((await run("tar", "-C", "/etc", "-cf", a.nst, "passwd", "hostname")).exit).toBe(0);
    expect((await run("tar", "-C", "/etc", "-cf", a.nst, "group")).exit).toBe(0);
    expect((await run("mt", "-f", a.nst, "asf", "1")).exit).toBe(0);
    expect((await run("tar", "-tf", a.nst)).stdout).toBe("group\n");
    expect((await run("mt", "-f", a.nst, "rewind")).exit).toBe(0);
    // What the first wrote, the second reads; it finds first that the medium may have changed.
    expect((await run("mt", "-f", b.nst, "rewind")).exit).toBe(0);
    expect((await run("tar", "-C", "/tmp", "-xf", b.nst)).exit).toBe(0);
    expect((await run("cmp", "/etc/passwd", "/tmp/passwd")).exit).toBe(0);
    expect((await run("mt", "-f", b.nst, "eod")).exit).toBe(0);
    expect((await run("mt", "-f", b.nst, "tell")).stdout).toMatch(/^At block \d+\.$/m);
    expect((await run("mt", "-f", a.nst, "offline")).exit).toBe(0);
    expect((await run("mtx", "-f", a.changer, "unload", "2", "0")).exit).toBe(0);
    expect((await run("mtx", "-f", a.changer, "transfer", "2", "9")).exit).toBe(0);
    expect(library.element(10)?.cartridge?.barcode).toBe("SIM002L6");
    expect((await run("mtx", "-f", b.changer, "transfer", "9", "2")).exit).toBe(0);
  }, 60_000);

  it("sg_raw shows why the robot cannot", async () => {
    const { exit, stderr } = await run("sg_raw", a.changer, ..."a5 00 00 00 03 ee 03 ef 00 00 00 00".split(" "));
    expect(exit).toBe(ILLEGAL);
    expect(stderr).toContain("Medium source element empty");
  });
});

describe("The library over Linux' SG_IO", () => {
  it("reads the inventory as mtx does, moves what mtx then finds, and is told who holds", async () => {
    await using unit = await open(b.changer);
    const changer = createChanger(unit);
    const { elements } = await changer.inventory();
    const { stdout } = await run("mtx", "-f", b.changer, "status");
    // mtx counts drives from 0, and the mailslot among the slots.
    const seen = [
      ...stdout.matchAll(/Element (\d+)( IMPORT\/EXPORT)?:(Empty|Full)(?: \(.*\))?(?: ?:VolumeTag ?= ?(\S*))?/g),
    ];
    const [drives, slots] = [seen.slice(0, 1), seen.slice(1)];
    const ours = (type: string) => elements.filter((element) => element.type === type);
    const line = ({ full, volumeTag }: (typeof elements)[number]) => `${full ? "Full" : "Empty"} ${volumeTag ?? ""}`;
    const theirs = ([, , , state, tag]: RegExpMatchArray) => `${state} ${tag ?? ""}`;
    expect([...ours("storage"), ...ours("import-export")].map(line)).toEqual(slots.map(theirs));
    expect(ours("data-transfer").map(line)).toEqual(drives.map(theirs));
    expect(ours("data-transfer")[0]?.identifier).toContain("PERSISTENT TAPE");
    await changer.move({ from: "volume SIM003L6", to: "mailslot" });
    expect((await run("mtx", "-f", a.changer, "status")).stdout).toMatch(/IMPORT\/EXPORT:Full :VolumeTag=SIM003L6/);
    expect((await run("mtx", "-f", a.changer, "transfer", "9", "3")).exit).toBe(0);
    await changer.lockMailslot();
    expect(library.openMailslot()).toBe(false);
    await changer.unlockMailslot();

    await out(a.changer, "--register", "-S", "a");
    await out(a.changer, "--reserve", "-K", "a", "-T", "6");
    await expect(changer.move({ from: "slot 1", to: "slot 5" })).rejects.toMatchObject({
      code: "RESERVATION_CONFLICT",
    });
    const why = await changer.explainConflict();
    expect(why.because).toContain(":changer-a");
    expect(why.registrants).toEqual(["other"]);
    expect(why.remedies.map((remedy) => remedy.do)).toEqual(["register"]);
    expect(library.element(1000)?.cartridge?.barcode).toBe("SIM001L6");
  }, 60_000);
});

describe("sg_persist on the changer", () => {
  it("reports what an SL150 has", async () => {
    const { stdout } = await persist(a.changer, "-c");
    expect(stdout).toContain("Compatible Reservation Handling(CRH): 0");
    expect(stdout).toContain("All Target Ports Capable(ATP_C): 0");
    for (const [type, there] of [
      ["Write Exclusive, all registrants", 0],
      ["Exclusive Access, registrants only", 1],
      ["Write Exclusive, registrants only", 0],
      ["Exclusive Access, all registrants", 1],
    ] as const) {
      expect(stdout).toContain(`${type}: ${there}`);
    }
  });

  it("goes through every service action", async () => {
    expect(await out(a.changer, "--register", "-S", "a")).toBe(0);
    expect(await out(b.changer, "-I", "-S", "b")).toBe(0);
    expect((await persist(b.changer, "-k")).stdout).toMatch(/2 registered reservation keys follow:\n\s+0xa\n\s+0xb/);
    expect(await out(a.changer, "--reserve", "-K", "a", "-T", "3")).toBe(0);
    expect((await persist(b.changer, "-r")).stdout).toMatch(/Key=0xa\n\s+scope: LU_SCOPE,\s+type: Exclusive Access$/m);
    expect(await out(b.changer, "--reserve", "-K", "b", "-T", "3")).toBe(CONFLICT);
    expect(await out(a.changer, "--release", "-K", "a", "-T", "3")).toBe(0);
    expect((await persist(b.changer, "-r")).stdout).toContain("there is NO reservation held");
    expect(await out(a.changer, "--reserve", "-K", "a", "-T", "6")).toBe(0);
    const { isid } = served.sessions().find(({ initiator }) => initiator.endsWith("changer-b")) ?? { isid: 0n };
    const transportId = `iqn.2026-11.lab:changer-b,i,0x${isid.toString(16).padStart(12, "0")}`;
    const to = ["-Q", "1", `--transport-id=${transportId}`];
    expect(await out(a.changer, "--register-move", "-K", "a", "-S", "b", ...to)).toBe(0);
    expect((await persist(a.changer, "-s")).stdout).toMatch(
      /Key=0xb\n\s+All target ports bit clear\n\s+Relative port address: 0x1\n\s+<< Reservation holder >>/,
    );
    expect(await out(a.changer, "--preempt", "-K", "a", "-S", "b", "-T", "8")).toBe(0);
    expect((await persist(a.changer, "-r")).stdout).toContain("Exclusive Access, all registrants");
    expect(await out(b.changer, "--register", "-S", "b")).toBe(6);
    expect(await out(b.changer, "--register", "-S", "b")).toBe(0);
    expect(await out(b.changer, "--preempt-abort", "-K", "b", "-S", "a", "-T", "8")).toBe(0);
    expect((await persist(b.changer, "-k")).stdout).toMatch(/1 registered reservation key follows:\n\s+0xb/);
    expect(await out(b.changer, "--clear", "-K", "b")).toBe(0);
    // REGISTRATIONS PREEMPTED, then the keys.
    expect((await persist(a.changer, "-k")).exit).toBe(6);
    expect((await persist(a.changer, "-k")).stdout).toContain("there are NO registered reservation keys");
  }, 60_000);

  it.each(["1", "5", "7"])("refuses type %sh", async (type) => {
    expect(await out(a.changer, "--register", "-S", "a")).toBe(0);
    expect(await out(a.changer, "--reserve", "-K", "a", "-T", type)).toBe(ILLEGAL);
  });

  it("refuses ALL_TG_PT, takes SPEC_I_PT with REGISTER AND IGNORE EXISTING KEY, and APTPL", async () => {
    expect(await out(a.changer, "--register", "-S", "a", "-Y")).toBe(ILLEGAL);
    expect(
      await out(a.changer, "-I", "-S", "a", "-Z", "--transport-id=iqn.2026-11.lab:changer-c,i,0x00023d000009"),
    ).toBe(0);
    expect((await persist(a.changer, "-k")).stdout).toContain("2 registered reservation keys");
    expect((await persist(a.changer, "-c")).stdout).toContain("Persist Through Power Loss Active(PTPL_A): 1");
  });
});

/** Columns: the holder; one who is registered under 3h, 6h, 8h; one who is not, under each. A is allowed, C is a conflict. */
// biome-ignore format: a table
const commands: readonly (readonly [name: string, cdb: string, words: readonly string[], cells: string])[] = [
  ["TEST UNIT READY",           "00 00 00 00 00 00",                   [],            "A AAA AAA"],
  ["INQUIRY",                   "12 00 00 00 24 00",                   ["-r", "36"],  "A AAA AAA"],
  ["REPORT LUNS",               "a0 00 00 00 00 00 00 00 00 40 00 00", ["-r", "64"],  "A AAA AAA"],
  ["LOG SENSE",                 "4d 00 40 00 00 00 00 00 40 00",       ["-r", "64"],  "A AAA AAA"],
  ["ALLOW MEDIUM REMOVAL",      "1e 00 00 00 00 00",                   [],            "A AAA AAA"],
  ["MODE SENSE",                "1a 08 1d 00 40 00",                   ["-r", "64"],  "A CAA CCC"],
  ["PREVENT MEDIUM REMOVAL",    "1e 00 00 00 01 00",                   [],            "A CAA CCC"],
  ["INITIALIZE ELEMENT STATUS", "07 00 00 00 00 00",                   [],            "A CAA CCC"],
  ["READ ELEMENT STATUS",       "b8 12 00 00 00 08 00 00 02 00 00 00", ["-r", "512"], "A CAA CCC"],
  ["POSITION TO ELEMENT",       "2b 00 00 00 03 e8 00 00 00 00",       [],            "A CAA CCC"],
  ["MOVE MEDIUM",               "a5 00 00 00 03 e8 03 ef 00 00 00 00", [],            "A CAA CCC"],
  ["RESERVE(6)",                "16 00 00 00 00 00",                   [],            "C CCC CCC"],
  ["RELEASE(6)",                "17 00 00 00 00 00",                   [],            "C CCC CCC"],
];

describe.each([
  ["3", 0],
  ["6", 1],
  ["8", 2],
] as const)("Under type %sh", (type, column) => {
  it("each command from the holder, from one who is registered, from one who is not", async () => {
    expect(await out(a.changer, "--register", "-S", "a")).toBe(0);
    expect(await out(a.changer, "--reserve", "-K", "a", "-T", type)).toBe(0);
    const seen: string[] = [];
    const cell = async (host: Host, cdb: string, words: readonly string[]): Promise<string> => {
      const exit = await raw(host.changer, cdb, ...words);
      // What moved goes back where it was, by somebody who may.
      if (exit === 0 && cdb.startsWith("a5")) await raw(host.changer, "a5 00 00 00 03 ef 03 e8 00 00 00 00");
      return exit === 0 ? "A" : exit === CONFLICT ? "C" : String(exit);
    };
    const columns: string[][] = [];
    columns.push(await each((cdb, words) => cell(a, cdb, words)));
    columns.push(await each((cdb, words) => cell(b, cdb, words)));
    expect(await out(b.changer, "--register", "-S", "b")).toBe(0);
    await calm(a, b);
    columns.push(await each((cdb, words) => cell(b, cdb, words)));
    for (const [row, [name]] of commands.entries()) {
      seen.push(`${name}: ${columns[0]?.[row]}${columns[2]?.[row]}${columns[1]?.[row]}`);
    }
    expect(seen).toEqual(
      commands.map(([name, , , cells]) => {
        const [holder, registered = "", unregistered = ""] = cells.split(" ");
        return `${name}: ${holder}${registered[column]}${unregistered[column]}`;
      }),
    );
  }, 120_000);

  it("mtx of the wrong host moves nothing", async () => {
    await out(a.changer, "--register", "-S", "a");
    await out(a.changer, "--reserve", "-K", "a", "-T", type);
    const { exit } = await run("mtx", "-f", b.changer, "transfer", "1", "5");
    expect(exit).not.toBe(0);
    expect(library.element(1000)?.cartridge?.barcode).toBe("SIM001L6");
    expect((await run("mtx", "-f", a.changer, "transfer", "1", "5")).exit).toBe(0);
    expect((await run("mtx", "-f", a.changer, "transfer", "5", "1")).exit).toBe(0);
  });

  it("PREEMPT AND ABORT frees the mailslot that the victim had locked", async () => {
    await out(a.changer, "--register", "-S", "a");
    await out(b.changer, "--register", "-S", "b");
    await out(a.changer, "--reserve", "-K", "a", "-T", type);
    const open = "1b 00 00 0a 00 00";
    expect((await run("sg_prevent", "-p", "1", a.changer)).exit).toBe(0);
    expect(library.openMailslot()).toBe(false);
    expect(await raw(a.changer, open)).toBe(ILLEGAL);
    expect(await out(b.changer, "--preempt", "-K", "b", "-S", "b", "-T", type)).toBe(0);
    expect(library.openMailslot()).toBe(false);
    expect(await out(b.changer, "--register", "-S", "b")).toBe(0);
    expect(await out(b.changer, "--preempt-abort", "-K", "b", "-S", "a", "-T", type)).toBe(0);
    expect((await persist(b.changer, "-k")).stdout).not.toMatch(/0xa$/m);
    // 8h is everybody's: with the last key but one gone the reservation stays with who is left.
    expect(await raw(b.changer, open)).toBe(0);
    expect(library.mailslotOpen).toBe(true);
  }, 60_000);
});

describe("The drive under 3h", () => {
  it("st of the wrong host neither reads nor writes nor rewinds", async () => {
    expect((await run("mtx", "-f", a.changer, "load", "1", "0")).exit).toBe(0);
    for (const { tape } of [a, b]) for (let i = 0; i < 3; i++) await run("sg_turs", tape);
    expect((await run("tar", "-C", "/etc", "-cf", a.nst, "hostname")).exit).toBe(0);
    expect(await out(a.tape, "--register", "-S", "a")).toBe(0);
    expect(await out(a.tape, "--reserve", "-K", "a", "-T", "3")).toBe(0);
    expect((await run("mt", "-f", b.nst, "rewind")).exit).not.toBe(0);
    expect((await run("tar", "-tf", b.nst)).exit).not.toBe(0);
    expect(await raw(b.tape, "0a 00 00 00 04 00", "-s", "4", "-i", "/etc/passwd")).toBe(CONFLICT);
    expect((await run("mt", "-f", a.nst, "rewind")).exit).toBe(0);
    expect((await run("tar", "-tf", a.nst)).stdout).toBe("hostname\n");
    expect(await out(a.tape, "--release", "-K", "a", "-T", "3")).toBe(0);
    expect((await run("mt", "-f", b.nst, "rewind")).exit).toBe(0);
    expect((await run("tar", "-tf", b.nst)).stdout).toBe("hostname\n");
    expect((await run("mtx", "-f", a.changer, "unload", "1", "0")).exit).toBe(0);
  }, 60_000);
});

/** One after the other. */
async function each(cell: (cdb: string, words: readonly string[]) => Promise<string>): Promise<string[]> {
  const cells: string[] = [];
  for (const [, cdb, words] of commands) cells.push(await cell(cdb, words));
  return cells;
}

/**
 * The tools themselves, sg_decode_sense and sg_vpd --inhex, beside what the larger comparisons ask of their library: a process for
 * each buffer, so hundreds and not hundreds of thousands.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands, decodeSense, isScsiError } from "../../../src/index.ts";
import { page } from "./designator-pages.ts";
import { makers } from "./sense-buffers.ts";
import { digits, type Sgutils, sgutils } from "./sgutils.ts";

let library: Sgutils;
let folder: string;
beforeAll(async () => {
  library = await sgutils();
  folder = await mkdtemp(join(tmpdir(), "scsi-persist-binaries-"));
});
afterAll(async () => {
  await library[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What a tool prints, whatever it thinks of the bytes; a tool that is missing is a failure. */
const output = (tool: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(tool, args, (error, stdout) => {
      if (error?.code === "ENOENT") reject(new Error(`${tool} is missing (Debian sg3-utils)`));
      else resolve(stdout);
    });
  });

const spaced = (bytes: Uint8Array): string[] => [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
const words = (text: string): string => text.replaceAll("|", " ").replaceAll(/\s+/g, " ").trim();

test("sg_decode_sense says of 900 buffers what its library says, and the sense key and code that we read", async () => {
  const buffers = Object.values(makers).flatMap((make) => Array.from({ length: 300 }, () => Uint8Array.from(make())));
  const lines = await library.ask(buffers.map((buffer) => `S${digits(buffer)}`));
  for (const [index, buffer] of buffers.entries()) {
    const text = words(await output("sg_decode_sense", spaced(buffer)));
    expect(text, digits(buffer)).toBe(words((lines[index] as string[]).slice(12).join(" ")));
    const sense = decodeSense(buffer);
    if (sense === undefined) continue;
    // Ch was EQUAL in SPC-2; since then it is reserved.
    const key = sense.senseKey === 0xc ? "EQUAL" : sense.senseKeyName.replaceAll(/[^A-Z]/g, "");
    const said = (text.split("Sense key: ")[1] ?? "").toUpperCase().replaceAll(/[^A-Z]/g, "");
    expect(said.startsWith(key), `${digits(buffer)}: ${text}`).toBe(true);
    expect(text.includes("<<<deferred>>>"), digits(buffer)).toBe(sense.deferred);
  }
});

/** How sg_vpd calls each designator type; 12 to 15 are reserved. */
const typeNames = [
  "vendor specific [0x0]",
  "T10 vendor identification",
  "EUI-64 based",
  "NAA",
  "Relative target port",
  "Target port group",
  "Logical unit group",
  "MD5 logical unit identifier",
  "SCSI name string",
  "Protocol specific port identifier",
  "UUID identifier",
];

test("sg_vpd --inhex shows the designators of 300 pages that we read", async () => {
  let shown = 0;
  for (let index = 0; index < 300; index++) {
    const bytes = page();
    const file = join(folder, "page.hex");
    await writeFile(file, `${spaced(bytes).join(" ")}\n`);
    const text = await output("sg_vpd", ["--page=0x83", `--inhex=${file}`]);
    let designators: ReturnType<ReturnType<typeof commands.deviceIdentification>["read"]>["designators"];
    try {
      designators = commands.deviceIdentification().read(bytes).designators;
    } catch (error) {
      // A page whose last descriptor is cut: refused here; sg_vpd shows what came before.
      if (isScsiError(error)) continue;
      throw error;
    }
    // By association, as it prints them.
    const ours = ["logical-unit", "target-port", "target-device"].flatMap((association) =>
      designators.filter((one) => one.association === association).map(({ type }) => typeNames[type] ?? "reserved"),
    );
    const theirs = [...text.matchAll(/designator type: (.*?), {2}code set/g)].map(([, name]) => name as string);
    expect(
      theirs.map((name) => (name.startsWith("Reserved") || name.startsWith("[") ? "reserved" : name)),
      digits(bytes),
    ).toEqual(ours);
    shown += ours.length;
  }
  expect(shown).toBeGreaterThan(300);
});

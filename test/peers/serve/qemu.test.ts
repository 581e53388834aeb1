/**
 * QEMU's iSCSI driver (libiscsi beneath; Debian's qemu-block-extra) on units that we serve: what a virtual machine does with its disk.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogicalUnit } from "../../../src/index.ts";
import { openIscsi } from "../../../transports/iscsi/index.ts";
import { type ServedTargets, serve } from "../../../transports/serve.ts";

const TARGET = "iqn.2026-01.test:disk";
const MIB = 2 ** 20;
let served: ServedTargets;
let folder: string;

beforeAll(async () => {
  served = await serve({
    portal: { port: 0 },
    targets: [{ name: TARGET, units: [{ sizeBytes: 16 * MIB }, { sizeBytes: 16 * MIB, thin: true }] }],
  });
  folder = await mkdtemp(join(tmpdir(), "qemu-"));
});

afterAll(async () => {
  await served?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a tool; its exit code and all that it says. */
const run = (tool: string, ...args: readonly string[]): Promise<{ code: unknown; text: string }> =>
  new Promise((resolve, reject) => {
    execFile(tool, args, { timeout: 50_000 }, (error, stdout, stderr) => {
      if (error !== null && error.code === "ENOENT") reject(new Error(`${tool} is missing (Debian qemu-utils)`));
      else resolve({ code: error === null ? 0 : (error.code ?? error.signal), text: stdout + stderr });
    });
  });

/** A unit as QEMU names it, as an initiator. */
const image = (lun: number, initiator = "iqn.2026-01.test:qemu"): string =>
  `json:${JSON.stringify({
    driver: "raw",
    file: {
      driver: "iscsi",
      transport: "tcp",
      portal: `127.0.0.1:${served.portals[0]?.port}`,
      target: TARGET,
      lun,
      "initiator-name": initiator,
    },
  })}`;

/** qemu-io with commands; the driver is a module of its own, whose absence has to be told from our failure. */
async function io(lun: number, ...commands: readonly string[]): Promise<{ code: unknown; text: string }> {
  const ran = await run("qemu-io", ...commands.flatMap((command) => ["-c", command]), image(lun));
  expect(ran.text, "QEMU has no iSCSI driver (Debian qemu-block-extra)").not.toContain("Unknown driver");
  return ran;
}

describe.each([
  ["thick", 0],
  ["thin", 1],
])("QEMU's iSCSI driver on a %s unit", (_, lun) => {
  it("sees its size", async () => {
    const { code, text } = await run("qemu-img", "info", "--output=json", image(lun));
    expect(text).toContain('"virtual-size": 16777216');
    expect(code).toBe(0);
  });

  it("writes, flushes, reads and finds it again", async () => {
    const { code, text } = await io(lun, "write -P 0x5a 64k 1M", "flush", "read -P 0x5a 64k 1M", "read -P 0 2M 64k");
    expect(text).toContain("wrote 1048576/1048576 bytes at offset 65536");
    expect(text).not.toMatch(/Pattern verification failed|rror/);
    expect(code).toBe(0);
    expect((await io(lun, "read -P 0x5a 64k 1M")).code).toBe(0);
  });

  it("writes zeros and discards", async () => {
    const { code, text } = await io(lun, "write -z 64k 256k", "discard 512k 256k", "read -P 0 64k 256k");
    expect(text).not.toMatch(/Pattern verification failed|rror/);
    expect(code).toBe(0);
  });

  it("qemu-img copies an image there, and it compares equal", async () => {
    const file = join(folder, "image");
    const bytes = new Uint8Array(16 * MIB);
    for (let at = 0; at < bytes.length; at += 4096) bytes[at + 7] = 1 + ((at >> 12) % 251);
    // A hole too: qemu-img leaves those out or writes zeros.
    bytes.fill(0, 4 * MIB, 8 * MIB);
    await writeFile(file, bytes);
    expect(await run("qemu-img", "convert", "-n", "-f", "raw", file, "-O", "raw", image(lun))).toMatchObject({
      code: 0,
    });
    expect((await run("qemu-img", "compare", "-f", "raw", file, image(lun))).text).toContain("Images are identical");
  });

  it("cannot write while another holds write exclusive, and can read", async () => {
    await using other = createLogicalUnit(await openIscsi(served.url(TARGET, lun)));
    await other.register({ newKey: 0xabcn });
    await other.reserve({ key: 0xabcn, type: "write-exclusive" });
    expect((await io(lun, "read 0 4k")).code).toBe(0);
    const refused = await io(lun, "write -P 1 0 4k");
    expect(refused.text).toContain("write failed");
    await other.clear({ key: 0xabcn });
    expect((await io(lun, "write -P 1 0 4k", "read -P 1 0 4k")).code).toBe(0);
  });
});

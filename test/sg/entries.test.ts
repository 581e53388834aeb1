/** `scsi-persist/sg` of the built package, installed without koffi: each runtime gets the door of its own, and Node.js is told what is missing. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";
const root = join(import.meta.dirname, "../..");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "scsi-persist-entries-"));
  const installed = join(folder, "node_modules/scsi-persist");
  await mkdir(installed, { recursive: true });
  // Copied, not linked: koffi is looked for beside the package.
  for (const name of ["package.json", "dist"]) await cp(join(root, name), join(installed, name), { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What becomes of opening a character device and sending it a command, by a runtime's entry; of what it says, the first line. */
async function tried(specifier: string, reading = true): Promise<string> {
  const script = join(folder, "try.js");
  await writeFile(
    script,
    `import { openSg } from ${JSON.stringify(specifier)};
try {
  const transport = await openSg("/dev/null");
  await transport.execute({ cdb: new Uint8Array(6), dataInLength: 0 });
} catch ({ code, message }) {
  console.log(code, message);
}
`,
  );
  // Node.js 20 and 22 have another name for it, with which they say that it is an experiment.
  const permission = process.allowedNodeEnvironmentFlags.has("--permission") ? "" : "experimental-";
  const limited = [`--${permission}permission`, `--allow-fs-read=${folder}/*`];
  const denos = reading
    ? ["-A"]
    : ["--no-prompt", "--allow-ffi", `--allow-read=${folder}`, "--allow-env", "--allow-sys"];
  const flags = runtime === "deno" ? ["run", ...denos] : reading ? [] : limited;
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script], { cwd: folder });
  return stdout.split("\n")[0] as string;
}

const missing =
  "CONNECTION_FAILED Devices are reached through the package koffi, which is not installed: npm install koffi";
const reached = /^UNSUITABLE_DEVICE \/dev\/null did not take opcode 00h: ENOTTY/;

describe.skipIf(process.platform !== "linux")("without koffi (Linux)", () => {
  test("scsi-persist/sg is the runtime's own: libc is reached on Bun and Deno, and Node.js says which package is missing", async () => {
    if (runtime === "node") expect(await tried("scsi-persist/sg")).toBe(missing);
    else expect(await tried("scsi-persist/sg")).toMatch(reached);
  });

  // Bun has no such limits.
  test.skipIf(runtime === "bun")(
    "a process that may not read /dev is told so: it could not know a partition (not on Bun)",
    async () => {
      expect(await tried("scsi-persist/sg", false)).toMatch(
        /^PERMISSION_DENIED This process may not read them: to know what/,
      );
    },
  );

  test("each door can be asked for by name", async () => {
    expect(await tried("scsi-persist/sg/node")).toBe(missing);
    if (runtime !== "node") expect(await tried(`scsi-persist/sg/${runtime}`)).toMatch(reached);
  });
});

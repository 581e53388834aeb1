/** The doors to libc that this runtime has, and a fake libc to open them on. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bunThread, denoThread, koffiThread } from "../../transports/sg/generated/threads.ts";
import type { ThreadProgram } from "../../transports/sg/threads.ts";

const run = promisify(execFile);

/** The doors by name; the runtime's own first. */
export const doors: Readonly<Record<string, ThreadProgram>> = {
  ...("Bun" in globalThis ? { "bun:ffi": { source: bunThread } } : {}),
  ...("Deno" in globalThis ? { "Deno.dlopen": { source: denoThread } } : {}),
  koffi: { source: koffiThread, koffi: createRequire(import.meta.url).resolve("koffi") },
};

/** Builds fake-libc.c; undefined where there is no C compiler. */
export async function buildFakeLibc(): Promise<{ path: string; remove(): Promise<void> } | undefined> {
  const directory = await mkdtemp(join(tmpdir(), "scsi-persist-libc-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  const path = join(directory, "fake-libc.so");
  try {
    const source = join(import.meta.dirname, "fake-libc.c");
    await run("cc", ["-O1", "-shared", "-fPIC", "-fno-builtin", "-Wall", "-o", path, source]);
  } catch (error) {
    await remove();
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
  return { path, remove };
}

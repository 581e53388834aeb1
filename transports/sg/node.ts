/**
 * SG_IO on Node.js and Electron, through koffi; on Bun and Deno too, where their own doors are not wanted. koffi is looked for
 * when the first device is opened, and loaded only in the threads.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { transportError } from "../../src/errors.ts";
import { koffiThread } from "./generated/threads.ts";
import { type SgEntry, sgEntry } from "./opener.ts";
import { createThreads } from "./threads.ts";

export * from "./public.ts";

/**
 * Where koffi is: beside this package, beside an Electron application, or beside a bundle that has been started here. What was
 * left out of an Electron archive comes first: those are real files, which a thread reads without Electron's help.
 */
function findKoffi(): string {
  const { resourcesPath } = process as { resourcesPath?: string };
  const electron = (name: string): string[] =>
    resourcesPath === undefined ? [] : [join(resourcesPath, name, "main.js")];
  const places = [
    ...electron("app.asar.unpacked"),
    import.meta.url,
    ...electron("app.asar"),
    ...electron("app"),
    join(process.cwd(), "main.js"),
  ];
  let cause: unknown;
  for (const place of places) {
    try {
      return createRequire(place).resolve("koffi");
    } catch (error) {
      cause ??= error;
    }
  }
  throw transportError(
    "CONNECTION_FAILED",
    "no",
    "Devices are reached through the package koffi, which is not installed: npm install koffi",
    cause,
  );
}

const entry = sgEntry(() => createThreads({ source: koffiThread, koffi: findKoffi() }));

/** Opens a SCSI device of this machine: see {@link SgEntry.openSg}. */
export const openSg: SgEntry["openSg"] = entry.openSg;

/** Opens a disk, namespace or mapping for the kernel's own reservations: see {@link SgEntry.openKernelReservations}. */
export const openKernelReservations: SgEntry["openKernelReservations"] = entry.openKernelReservations;

/** Opens a map of dm-multipath as a unit of several paths: see {@link SgEntry.openMap}. */
export const openMap: SgEntry["openMap"] = entry.openMap;

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

/** Where koffi is: beside this package, beside an Electron application, or beside a bundle that has been started here. */
function findKoffi(): string {
  const { resourcesPath } = process as { resourcesPath?: string };
  const electron =
    resourcesPath === undefined ? [] : ["app.asar", "app"].map((name) => join(resourcesPath, name, "main.js"));
  const places = [import.meta.url, ...electron, join(process.cwd(), "main.js")];
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

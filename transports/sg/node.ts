/**
 * SG_IO on Node.js and Electron, through koffi; on Bun and Deno too, where their own doors are not wanted. koffi is looked for
 * when the first device is opened, and loaded only in the threads.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { transportError } from "../../src/errors.ts";
import type { Transport } from "../../src/transport.ts";
import { koffiThread } from "./generated/threads.ts";
import { openNode } from "./opener.ts";
import { createThreads, type Threads } from "./threads.ts";
import type { SgOptions } from "./transport.ts";

export type { SgOptions } from "./transport.ts";

/** Threads are the process's, not a device's: all devices share them. */
let threads: Threads | undefined;

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

/**
 * Opens a SCSI device of this machine: /dev/sgN, /dev/sdX, /dev/bsg/…, /dev/mapper/…, a tape or a changer.
 *
 * @param path the device node, or a link to it
 * @throws TypeError for a path that is none
 * @throws ScsiError TARGET_NOT_FOUND, PERMISSION_DENIED, UNSUITABLE_DEVICE, CONNECTION_FAILED
 * @example
 * await using unit = createLogicalUnit(await openSg("/dev/sg1"));
 * console.log(await unit.readKeys());
 */
export async function openSg(path: string, options: SgOptions = {}): Promise<Transport> {
  threads ??= createThreads({ source: koffiThread, koffi: findKoffi() });
  return openNode(threads, path, options);
}

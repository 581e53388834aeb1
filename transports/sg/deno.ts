/** SG_IO on Deno, through Deno.dlopen (--allow-ffi, and --allow-read=/dev,/sys). */
import type { Transport } from "../../src/transport.ts";
import { denoThread } from "./generated/threads.ts";
import { openNode } from "./opener.ts";
import { createThreads, type Threads } from "./threads.ts";
import type { SgOptions } from "./transport.ts";

export type { SgOptions } from "./transport.ts";

/** Threads are the process's, not a device's: all devices share them. */
let threads: Threads | undefined;

/**
 * Opens a SCSI device of this machine: /dev/sgN, /dev/sdX, /dev/bsg/…, /dev/mapper/…, a tape or a changer.
 *
 * @param path the device node, or a link to it
 * @throws TypeError for a path that is none
 * @throws ScsiError TARGET_NOT_FOUND, PERMISSION_DENIED, UNSUITABLE_DEVICE, CONNECTION_FAILED
 */
export async function openSg(path: string, options: SgOptions = {}): Promise<Transport> {
  threads ??= createThreads({ source: denoThread });
  return openNode(threads, path, options);
}

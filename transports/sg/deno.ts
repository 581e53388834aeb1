/** SG_IO on Deno, through Deno.dlopen (-A: besides libc it needs /dev and /sys, which nothing less lets it read). */
import { denoThread } from "./generated/threads.ts";
import { type SgEntry, sgEntry } from "./opener.ts";
import { createThreads } from "./threads.ts";

export * from "./public.ts";

const entry = sgEntry(() => createThreads({ source: denoThread }));

/** Opens a SCSI device of this machine: see {@link SgEntry.openSg}. */
export const openSg: SgEntry["openSg"] = entry.openSg;

/** Opens a disk, namespace or mapping for the kernel's own reservations: see {@link SgEntry.openKernelReservations}. */
export const openKernelReservations: SgEntry["openKernelReservations"] = entry.openKernelReservations;

/** Opens a map of dm-multipath as a unit of several paths: see {@link SgEntry.openMap}. */
export const openMap: SgEntry["openMap"] = entry.openMap;

/** SG_IO on Deno, through Deno.dlopen (--allow-ffi, and --allow-read=/dev,/sys). */
import { denoThread } from "./generated/threads.ts";
import { sgEntry } from "./opener.ts";
import { createThreads } from "./threads.ts";

export * from "./public.ts";

export const { openSg, openKernelReservations } = sgEntry(() => createThreads({ source: denoThread }));

/** SG_IO on Bun, through bun:ffi. */
import { bunThread } from "./generated/threads.ts";
import { sgEntry } from "./opener.ts";
import { createThreads } from "./threads.ts";

export * from "./public.ts";

export const { openSg, openKernelReservations } = sgEntry(() => createThreads({ source: bunThread }));

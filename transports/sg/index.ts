/** SG_IO on whatever runtime this is. For `open`; those who know their runtime import its entry. */
import type { SgEntry } from "./opener.ts";

export * from "./public.ts";

const entry = (): Promise<SgEntry> =>
  "Bun" in globalThis ? import("./bun.ts") : "Deno" in globalThis ? import("./deno.ts") : import("./node.ts");

/** Opens a SCSI device of this machine: see {@link SgEntry.openSg}. */
export const openSg: SgEntry["openSg"] = async (...args) => (await entry()).openSg(...args);

/** Opens a disk, namespace or mapping for the kernel's own reservations: see {@link SgEntry.openKernelReservations}. */
export const openKernelReservations: SgEntry["openKernelReservations"] = async (...args) =>
  (await entry()).openKernelReservations(...args);

/** Opens a map of dm-multipath as a unit of several paths: see {@link SgEntry.openMap}. */
export const openMap: SgEntry["openMap"] = async (...args) => (await entry()).openMap(...args);

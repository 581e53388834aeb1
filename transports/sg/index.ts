/** SG_IO on whatever runtime this is. For `open`; those who know their runtime import its entry. */
import type { SgEntry } from "./opener.ts";

export * from "./public.ts";

const entry = (): Promise<SgEntry> =>
  "Bun" in globalThis ? import("./bun.ts") : "Deno" in globalThis ? import("./deno.ts") : import("./node.ts");

export const openSg: SgEntry["openSg"] = async (...args) => (await entry()).openSg(...args);

export const openKernelReservations: SgEntry["openKernelReservations"] = async (...args) =>
  (await entry()).openKernelReservations(...args);

/** SG_IO on whatever runtime this is. For `open`; those who know their runtime import its entry. */
import type { Transport } from "../../src/transport.ts";
import type { SgOptions } from "./transport.ts";

/** Opens a SCSI device of this machine: see `openSg` in node.ts. */
export async function openSg(path: string, options?: SgOptions): Promise<Transport> {
  const entry =
    "Bun" in globalThis ? import("./bun.ts") : "Deno" in globalThis ? import("./deno.ts") : import("./node.ts");
  return (await entry).openSg(path, options);
}

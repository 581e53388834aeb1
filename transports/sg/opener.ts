/** From a path to a transport: what the entries of all runtimes share. It calls no libc; it is given threads that do. */
import { transportError } from "../../src/errors.ts";
import type { Transport } from "../../src/transport.ts";
import { nexusOf } from "./nexus.ts";
import { nodeOf } from "./node-of.ts";
import type { Threads } from "./threads.ts";
import { createSgTransport, type SgOptions } from "./transport.ts";

/**
 * Opens a device node as a transport.
 *
 * @throws TypeError for a path that is none
 * @throws ScsiError as {@link createSgTransport}; UNSUITABLE_DEVICE for a partition
 */
export async function openNode(threads: Threads, path: string, options: SgOptions): Promise<Transport> {
  if (typeof path !== "string" || !path.startsWith("/") || path.includes("\0")) {
    throw new TypeError(`A device is named by an absolute path such as /dev/sg0, got ${JSON.stringify(path)}`);
  }
  const node = await nodeOf(path);
  if (node.kind === "partition") {
    throw transportError(
      "UNSUITABLE_DEVICE",
      "no",
      `Cannot open ${path}: ${node.hint}, and a reservation is always of the whole logical unit: open that instead`,
    );
  }
  const nexus = node.scsiDevice === undefined ? undefined : await nexusOf(node.scsiDevice);
  return createSgTransport({ threads, node, initiatorPort: nexus?.initiatorPort }, options);
}

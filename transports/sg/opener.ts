/** What the entries of all runtimes share: from a path or an identity to a device. It calls no libc; it is given threads that do. */
import { type ScsiError, transportError } from "../../src/errors.ts";
import type { MultipathUnit } from "../../src/multipath/unit.ts";
import type { Transport } from "../../src/transport.ts";
import type { Threads } from "./calls.ts";
import { blockNodeByIdentity, nodeByIdentity } from "./discovery.ts";
import { isIdentity } from "./identity.ts";
import {
  createKernelReservations,
  type KernelReservations,
  type KernelReservationsOptions,
} from "./kernel-reservations.ts";
import { type MapPath, mapAt } from "./map/find.ts";
import { type MapOptions, openMapUnit } from "./map/map-unit.ts";
import { nexusOf } from "./nexus.ts";
import { type DeviceNode, nodeOf } from "./node-of.ts";
import { createSgTransport, type SgOptions } from "./transport.ts";

/** What an entry offers. */
export interface SgEntry {
  /**
   * Opens a SCSI device of this machine.
   *
   * @param device a node or a link to one: /dev/sgN, /dev/sdX, /dev/bsg/…, /dev/mapper/…, a tape, a changer, /dev/disk/by-id/…; or
   * the unit's identity: `naa.…`, `eui.…`, `t10.…`, udev's `wwn-0x…` and `36…`
   * @throws TypeError for what is neither
   * @throws ScsiError TARGET_NOT_FOUND, PERMISSION_DENIED, UNSUITABLE_DEVICE (a partition), CONNECTION_FAILED, TIMEOUT, ABORTED
   * @example
   * await using unit = createLogicalUnit(await openSg("/dev/sg1"));
   * console.log(await unit.readKeys());
   */
  openSg(device: string, options?: SgOptions): Promise<Transport>;
  /**
   * Opens a disk, an NVMe namespace or a mapping for the kernel's own persistent reservations (linux/pr.h).
   *
   * @param device a node or a link to one: /dev/sdX, /dev/nvmeXnY, /dev/mapper/…; or the identity of a
   * SCSI disk, of which the mapping is taken where there is one
   * @throws as {@link openSg}
   * @example
   * await using disk = await openKernelReservations("/dev/nvme0n1");
   * await disk.register({ newKey: 0xabcn });
   */
  openKernelReservations(device: string, options?: KernelReservationsOptions): Promise<KernelReservations>;
  /**
   * Opens a map of dm-multipath as a unit of several paths: its disks. multipathd is kept informed of the key, as by mpathpersist.
   *
   * @param device the map's node or a link to it: /dev/mapper/…, /dev/dm-N, /dev/disk/by-id/…
   * @throws ScsiError UNSUITABLE_DEVICE for what is no such map, or where its disks are not one unit; TARGET_NOT_FOUND, PERMISSION_DENIED
   * @example
   * await using unit = await openMap("/dev/mapper/mpatha");
   * await unit.register({ newKey: 0xabcn }); // through every path
   */
  openMap(device: string, options?: MapOptions): Promise<MultipathUnit>;
}

/** The node that is meant, which is no partition. */
async function nodeMeant(device: string, byIdentity = nodeByIdentity): Promise<DeviceNode> {
  let path: string | undefined = device;
  if (typeof device === "string" && isIdentity(device)) {
    path = await byIdentity(device);
    if (path === undefined) throw refused("TARGET_NOT_FOUND", `This machine has no SCSI device ${device}`);
  }
  if (typeof path !== "string" || !path.startsWith("/") || path.includes("\0")) {
    const given = JSON.stringify(device);
    throw new TypeError(`A device is named by an absolute path such as /dev/sg0, or by its identity; got ${given}`);
  }
  const node = await nodeOf(path);
  if (node.kind !== "partition") return node;
  const instead = "and a reservation is always of the whole logical unit: open that instead";
  throw refused("UNSUITABLE_DEVICE", `Cannot open ${path}: ${node.hint}, ${instead}`);
}

const refused = (code: "TARGET_NOT_FOUND" | "UNSUITABLE_DEVICE", message: string): ScsiError =>
  transportError(code, "no", message);

/**
 * An entry.
 *
 * @param start makes the threads, when the first device is opened; all devices share them
 */
export function sgEntry(start: () => Threads): SgEntry {
  let threads: Threads | undefined;
  const shared = (): Threads => {
    threads ??= start();
    return threads;
  };
  return {
    async openSg(device, options = {}) {
      const node = await nodeMeant(device);
      const nexus = node.scsiDevice === undefined ? undefined : await nexusOf(node.scsiDevice);
      return createSgTransport({ threads: shared(), node, initiatorPort: nexus?.initiatorPort }, options);
    },
    async openKernelReservations(device, options = {}) {
      return createKernelReservations(shared(), await nodeMeant(device, blockNodeByIdentity), options);
    },
    async openMap(device, options) {
      const map = await mapAt(device);
      if (map === undefined) {
        const { kind } = await nodeMeant(device);
        const code = kind === "other" ? "TARGET_NOT_FOUND" : "UNSUITABLE_DEVICE";
        throw refused(code, `${device} is no map of dm-multipath`);
      }
      const openPath = async ({ node, scsiDevice }: MapPath) => {
        const nexus = await nexusOf(scsiDevice);
        const parts = { threads: shared(), node: await nodeOf(node), initiatorPort: nexus.initiatorPort };
        return createSgTransport(parts, { signal: options?.signal, timeoutMs: options?.timeoutMs });
      };
      return openMapUnit({ threads: shared(), map, openPath }, options);
    },
  };
}

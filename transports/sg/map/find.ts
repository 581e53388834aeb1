/** Which map of dm-multipath a node leads to, and which disks are its paths, as sysfs tells. Reads files only; needs no rights. */
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { isIdentity } from "../identity.ts";
import { entries, line, nodeOf } from "../node-of.ts";

/** One path of a map. */
export interface MapPath {
  /** The disk's node, /dev/sdX. */
  readonly name: string;
  /** `major:minor`. */
  readonly device: string;
  /** The directory of its SCSI device below /sys. */
  readonly scsiDevice: string;
  /** The node to send commands to: sg, which nobody is disturbed by, or the disk's own. */
  readonly node: string;
}

/** A map. */
export interface MultipathMapNode {
  /** As it was given. */
  readonly path: string;
  /** As device mapper and multipathd call it. */
  readonly name: string;
  /** By which multipathd knows the unit. */
  readonly wwid: string;
  /** In the order of the disks' names. */
  readonly paths: readonly MapPath[];
}

const UUID_PREFIX = "mpath-";

async function pathAt(directory: string, disk: string): Promise<MapPath | undefined> {
  const device = await line(directory, "dev");
  const scsiDevice = await realpath(join(directory, "device")).catch(() => undefined);
  if (device === undefined || scsiDevice === undefined) return undefined;
  const [sg] = await entries(join(scsiDevice, "scsi_generic"));
  const name = `/dev/${disk}`;
  return { name, device, scsiDevice, node: sg === undefined ? name : `/dev/${sg}` };
}

/**
 * The map that a node or a link to one leads to; undefined if it is none of dm-multipath's.
 *
 * @param root where sysfs is mounted
 */
export async function mapAt(path: string, root = "/sys"): Promise<MultipathMapNode | undefined> {
  if (!path.startsWith("/") || isIdentity(path)) return undefined;
  const { kind, sysfs } = await nodeOf(path, root);
  if (kind !== "mapper" || sysfs === undefined) return undefined;
  const [uuid, name] = [await line(sysfs, "dm/uuid"), await line(sysfs, "dm/name")];
  if (uuid?.startsWith(UUID_PREFIX) !== true || name === undefined) return undefined;
  const disks = await entries(join(sysfs, "slaves"));
  const paths = await Promise.all(disks.sort().map((disk) => pathAt(join(sysfs, "slaves", disk), disk)));
  return { path, name, wwid: uuid.slice(UUID_PREFIX.length), paths: paths.flatMap((one) => one ?? []) };
}

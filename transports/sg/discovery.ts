/**
 * Which SCSI disks, changers and tapes this machine has, as sysfs tells: their nodes, their identity, the I_T nexus of each path, and
 * which paths lead to one unit. Reads files only; needs no rights and sends nothing to any device.
 */
import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { deviceIdentification } from "../../src/commands/index.ts";
import { formatDesignator } from "../../src/designators.ts";
import { transportError } from "../../src/errors.ts";
import type { TransportId } from "../../src/transport-id.ts";
import { bareIdentity } from "./identity.ts";
import { nexusOf } from "./nexus.ts";
import { entries, line, runtimeRefused } from "./node-of.ts";

/** One path to a unit: one SCSI device of the kernel. */
export interface ScsiPath {
  /** host:channel:target:lun. */
  readonly address: string;
  /** `running`, `offline`, `blocked`, … as the kernel has it. */
  readonly state: string | undefined;
  /** Its nodes: `sg` takes every command, `node` is the disk, changer or tape itself (of a tape the one that does not rewind). */
  readonly nodes: { readonly node?: string; readonly sg?: string; readonly bsg?: string };
  /** `iscsi`, `sas`, `fcp`, or the name of the host's driver. */
  readonly protocol: string;
  /** This machine's port, as READ FULL STATUS names it, where it is known. */
  readonly initiatorPort: TransportId | undefined;
  /** The target's port, where it is known: an iSCSI name, an SAS address, a WWPN. */
  readonly targetPort: string | undefined;
}

/** One logical unit, with every path to it. */
export interface ScsiUnit {
  /** What kind of device it is. */
  readonly type: "disk" | "tape" | "changer";
  /** VENDOR IDENTIFICATION. */
  readonly vendor: string;
  /** PRODUCT IDENTIFICATION. */
  readonly model: string;
  /** PRODUCT REVISION LEVEL. */
  readonly revision: string;
  /** By which it is known everywhere, from VPD page 83h: `naa.…`, `eui.…`, `t10.…`; undefined if it does not say. */
  readonly identity: string | undefined;
  /** Of disks, in bytes. */
  readonly sizeBytes: number | undefined;
  /** The mapping that dm-multipath has made of its paths. */
  readonly multipath: { readonly name: string; readonly node: string } | undefined;
  /** Other names of its nodes, /dev/disk/by-id/… and the like. */
  readonly links: readonly string[];
  /** Every path to it. */
  readonly paths: readonly ScsiPath[];
}

/** Where to look. */
export interface DiscoveryOptions {
  /** Where sysfs is mounted. Default /sys. */
  readonly sysfs?: string | undefined;
  /** Where the nodes are. Default /dev. */
  readonly dev?: string | undefined;
}

/** PERIPHERAL DEVICE TYPE (SPC-5 6.7.2) of what is listed: simplified and zoned disks are disks too. */
const types: Readonly<Record<string, ScsiUnit["type"]>> = {
  0: "disk",
  1: "tape",
  8: "changer",
  14: "disk",
  20: "disk",
};
/** Where each kind's own node is found below a SCSI device. */
const nodeClasses: Readonly<Record<ScsiUnit["type"], string>> = {
  disk: "block",
  tape: "scsi_tape",
  changer: "scsi_changer",
};
/** Designator types that are unique in the world, the better ones first: NAA, EUI-64, SCSI name string, UUID, T10 vendor ID. */
const unique = [3, 2, 8, 10, 1];

interface Found extends Omit<ScsiUnit, "paths" | "links" | "multipath"> {
  readonly path: ScsiPath;
  readonly mapping: Mapping | undefined;
}

/** A mapping of dm-multipath, and the node that its name is a link to. */
interface Mapping {
  readonly name: string;
  readonly node: string;
  readonly dmNode: string;
}

/** Zeros or spaces alone are what devices report that have no name: all of them the same one. */
const says = (bytes: Uint8Array): boolean => bytes.some((byte) => byte !== 0 && byte !== 0x20);

/** The best designator of the unit in VPD page 83h, as the kernel has kept it. */
async function identityOf(device: string): Promise<string | undefined> {
  const page = await readFile(join(device, "vpd_pg83")).catch(() => undefined);
  if (page !== undefined) {
    try {
      const { designators } = deviceIdentification().read(new Uint8Array(page));
      const own = designators.filter(({ association, bytes }) => association === "logical-unit" && says(bytes));
      const best = unique.map((type) => own.find((each) => each.type === type)).find((each) => each !== undefined);
      if (best !== undefined) return formatDesignator(best);
    } catch {
      // A page that makes no sense is as good as none.
    }
  }
  const wwid = await line(device, "wwid");
  return wwid !== undefined && /^[a-z0-9]+\.[0\s]*$/.test(wwid) ? undefined : wwid;
}

/** The dm-multipath mapping that a disk belongs to. */
async function mappingOf(block: string | undefined, dev: string): Promise<Mapping | undefined> {
  if (block === undefined) return undefined;
  for (const holder of await entries(join(block, "holders"))) {
    const uuid = await line(block, "holders", holder, "dm/uuid");
    const name = await line(block, "holders", holder, "dm/name");
    if (uuid?.startsWith("mpath-") && name !== undefined) {
      return { name, node: join(dev, "mapper", name), dmNode: join(dev, holder) };
    }
  }
  return undefined;
}

async function look(device: string, dev: string): Promise<Found | undefined> {
  const type = types[(await line(device, "type")) ?? ""];
  if (type === undefined) return undefined;
  const names = (await entries(join(device, nodeClasses[type]))).sort();
  // Of a tape's many nodes the one that does not rewind it when it is closed.
  const own = type === "tape" ? names.find((name) => /^nst\d+$/.test(name)) : names[0];
  const sg = (await entries(join(device, "scsi_generic")))[0];
  const bsg = (await entries(join(device, "bsg")))[0];
  const block = type === "disk" && own !== undefined ? join(device, "block", own) : undefined;
  const blocks = block && (await line(block, "size"));
  const nexus = await nexusOf(device);
  return {
    type,
    vendor: (await line(device, "vendor")) ?? "",
    model: (await line(device, "model")) ?? "",
    revision: (await line(device, "rev")) ?? "",
    identity: await identityOf(device),
    // Whatever a logical block has, sysfs counts in units of 512 bytes.
    sizeBytes: blocks === undefined ? undefined : Number(blocks) * 512,
    mapping: await mappingOf(block, dev),
    path: {
      address: basename(device),
      state: await line(device, "state"),
      nodes: {
        ...(own === undefined ? {} : { node: join(dev, own) }),
        ...(sg === undefined ? {} : { sg: join(dev, sg) }),
        ...(bsg === undefined ? {} : { bsg: join(dev, "bsg", bsg) }),
      },
      protocol: nexus.protocol,
      initiatorPort: nexus.initiatorPort,
      targetPort: nexus.targetPort,
    },
  };
}

/** The links below /dev/disk and /dev/tape that lead to each node. */
async function linksByNode(dev: string): Promise<ReadonlyMap<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const folder of ["disk/by-id", "disk/by-path", "tape/by-id", "tape/by-path"]) {
    for (const name of await entries(join(dev, folder))) {
      const link = join(dev, folder, name);
      const target = await readlink(link).catch(() => undefined);
      if (target === undefined) continue;
      const node = resolve(dev, folder, target);
      found.set(node, [...(found.get(node) ?? []), link]);
    }
  }
  return found;
}

const byAddress = (a: ScsiPath, b: ScsiPath): number => a.address.localeCompare(b.address, "en", { numeric: true });

/** The kernel's SCSI devices by address. No such directory: none. One that may not be read is told: it must not look like a machine without devices. */
async function addressesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    const refused = runtimeRefused(error as NodeJS.ErrnoException) || code === "EACCES" || code === "EPERM";
    const problem = refused ? "PERMISSION_DENIED" : "CONNECTION_FAILED";
    throw transportError(problem, "no", `Cannot list the devices of this machine: ${message}`, error);
  }
}

/**
 * Every SCSI disk, changer and tape of this machine. Paths that report the same identity are one unit; a device that reports none
 * is a unit of its own.
 *
 * @throws ScsiError PERMISSION_DENIED where sysfs may not be read (Deno without -A), CONNECTION_FAILED where it cannot
 * @example
 * for (const { identity, paths } of await listDevices()) console.log(identity, paths.map(({ nodes }) => nodes.node));
 */
export async function listDevices({ sysfs = "/sys", dev = "/dev" }: DiscoveryOptions = {}): Promise<ScsiUnit[]> {
  const links = await linksByNode(dev);
  const groups = new Map<string, Found[]>();
  for (const address of await addressesIn(join(sysfs, "class/scsi_device"))) {
    // A device may go while it is looked at.
    const device = await realpath(join(sysfs, "class/scsi_device", address, "device")).catch(() => undefined);
    const found = device && (await look(device, dev));
    if (!found) continue;
    // A library may call its drive and its changer by one name.
    const group = found.identity === undefined ? address : `${found.type} ${found.identity}`;
    groups.set(group, [...(groups.get(group) ?? []), found]);
  }
  const units = [...groups.values()].map((group): ScsiUnit => {
    const paths = group.map(({ path }) => path).sort(byAddress);
    const { path: _, mapping, ...unit } = group.find(({ mapping }) => mapping !== undefined) ?? (group[0] as Found);
    // Where there is a mapping, udev has its links lead to it.
    const nodes = [
      ...paths.flatMap(({ nodes }) => nodes.node ?? []),
      ...(mapping === undefined ? [] : [mapping.dmNode]),
    ];
    return {
      ...unit,
      multipath: mapping && { name: mapping.name, node: mapping.node },
      links: nodes.flatMap((node) => links.get(node) ?? []).sort(),
      paths,
    };
  });
  return units.sort((a, b) => byAddress(a.paths[0] as ScsiPath, b.paths[0] as ScsiPath));
}

async function unitByIdentity(identity: string, options: DiscoveryOptions | undefined): Promise<ScsiUnit | undefined> {
  const wanted = bareIdentity(identity);
  const units = await listDevices(options);
  return units.find((each) => each.identity !== undefined && bareIdentity(each.identity) === wanted);
}

const bestPath = ({ paths }: ScsiUnit): ScsiPath =>
  paths.find(({ state }) => state === "running") ?? (paths[0] as ScsiPath);

/**
 * The node by which to reach the unit of this identity: of its first path that is running, the sg node, which disturbs nobody when
 * it is opened for writing; where there is none, the unit's own.
 *
 * @param identity as {@link listDevices} has it, or in udev's notation (`wwn-0x…`, `36…`)
 * @returns undefined if this machine has no such unit
 */
export async function nodeByIdentity(identity: string, options?: DiscoveryOptions): Promise<string | undefined> {
  const unit = await unitByIdentity(identity, options);
  const nodes = unit && bestPath(unit).nodes;
  return nodes?.sg ?? nodes?.node;
}

/** The same for the block layer's calls, which sg nodes do not take: its mapping, where dm-multipath has made one, or the disk of a path. */
export async function blockNodeByIdentity(identity: string, options?: DiscoveryOptions): Promise<string | undefined> {
  const unit = await unitByIdentity(identity, options);
  return unit && (unit.multipath?.node ?? bestPath(unit).nodes.node);
}

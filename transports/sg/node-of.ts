/**
 * What a device node is: which driver it leads to, as sysfs tells. Reads /dev and /sys, needs no rights and sends nothing to
 * the device. Where sysfs says nothing, nothing is assumed: the kernel then tells when it is asked.
 */
import { readdir, readFile, readlink, realpath, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { transportError } from "../../src/errors.ts";

/** A device node, and what is behind it. */
export interface DeviceNode {
  /** As it was given. */
  readonly path: string;
  readonly kind: "sg" | "bsg" | "disk" | "partition" | "mapper" | "tape" | "changer" | "nvme" | "other";
  /** Its directory below /sys, or undefined if sysfs does not know it. */
  readonly sysfs: string | undefined;
  /** The directory of the SCSI device behind it, e.g. `/sys/devices/…/2:0:0:1`. */
  readonly scsiDevice: string | undefined;
  /** The generic node of the same device, if there is one. */
  readonly sgNode: string | undefined;
  /** What else could be opened instead, if this node is of a kind that takes no SCSI commands. */
  readonly hint: string | undefined;
}

const kinds: Readonly<Record<string, DeviceNode["kind"]>> = {
  scsi_generic: "sg",
  bsg: "bsg",
  scsi_tape: "tape",
  scsi_changer: "changer",
};

/** A file's directory entries, or none if it cannot be read. */
export const entries = (directory: string): Promise<string[]> => readdir(directory).catch(() => []);

/** A file's only line, or undefined. */
export const line = (...path: string[]): Promise<string | undefined> =>
  readFile(join(...path), "utf8").then(
    (text) => text.trim() || undefined,
    () => undefined,
  );

/** Has the runtime itself refused to read a file: Deno without -A, Node.js with --permission? */
export const runtimeRefused = (error: NodeJS.ErrnoException): boolean =>
  error.name === "NotCapable" || error.code === "ERR_ACCESS_DENIED";

/** What the runtime does not let be read must not look like what is not there: nobody would know a partition. */
function notThere(error: NodeJS.ErrnoException): undefined {
  if (!runtimeRefused(error)) return;
  const needed = `to know what a device is, /dev and /sys are read (${error.message})`;
  throw transportError("PERMISSION_DENIED", "no", `This process may not read them: ${needed}`, error);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/**
 * What a node leads to; `root` is where sysfs is mounted.
 *
 * @throws ScsiError PERMISSION_DENIED where the runtime does not let it be read
 */
export async function nodeOf(path: string, root = "/sys"): Promise<DeviceNode> {
  const unknown: DeviceNode = {
    path,
    kind: "other",
    sysfs: undefined,
    scsiDevice: undefined,
    sgNode: undefined,
    hint: undefined,
  };
  const file = await stat(path).catch(notThere);
  if (file === undefined) return unknown;
  const block = file.isBlockDevice();
  if (!block && !file.isCharacterDevice()) return { ...unknown, hint: "it is a file, not a device node" };
  // dev_t as glibc splits it.
  const major = ((file.rdev / 2 ** 32) & 0xfffff000) | ((file.rdev >>> 8) & 0xfff);
  const minor = ((file.rdev / 2 ** 12) & 0xffffff00) | (file.rdev & 0xff);
  const entry = join(root, "dev", block ? "block" : "char", `${major}:${minor}`);
  const target = await readlink(entry).catch(notThere);
  if (target === undefined) return unknown;
  const sysfs = resolve(entry, "..", target);
  const device = await realpath(join(sysfs, "device")).catch(() => undefined);
  const scsiDevice = device !== undefined && (await exists(join(device, "scsi_device"))) ? device : undefined;
  const sg = scsiDevice === undefined ? undefined : (await entries(join(scsiDevice, "scsi_generic")))[0];
  const sgNode = sg === undefined ? undefined : `/dev/${sg}`;
  const node = { path, sysfs, scsiDevice, sgNode };
  if (!block) {
    const subsystem = await readlink(join(sysfs, "subsystem")).catch(() => "");
    return { ...node, kind: kinds[basename(subsystem)] ?? "other", hint: undefined };
  }
  const name = basename(sysfs);
  if (await exists(join(sysfs, "partition"))) {
    const disk = `/dev/${basename(resolve(sysfs, ".."))}`;
    return { ...node, kind: "partition", hint: `it is a partition of ${disk}` };
  }
  const mapping = await line(sysfs, "dm/uuid");
  // kpartx and udev make mappings of partitions: the kernel would pass commands of root on to the whole unit.
  if (mapping !== undefined && /^part\d+-/.test(mapping)) {
    const whole = await line(sysfs, "slaves", (await entries(join(sysfs, "slaves")))[0] ?? "", "dm/name");
    return { ...node, kind: "partition", hint: `it is a partition of ${whole ? `/dev/mapper/${whole}` : "a mapping"}` };
  }
  if (await exists(join(sysfs, "dm")))
    return {
      ...node,
      kind: "mapper",
      hint: "not every mapping leads to SCSI devices, and one of a part of a device takes commands only of root",
    };
  if (name.startsWith("nvme")) {
    return {
      ...node,
      kind: "nvme",
      hint: "it is an NVMe namespace: use the kernel's reservations (openKernelReservations)",
    };
  }
  return { ...node, kind: scsiDevice === undefined ? "other" : "disk", hint: undefined };
}

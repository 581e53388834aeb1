/**
 * What the kernel's refusals mean, and what to do about them. Numbers as Linux has them on x86, arm, riscv, ppc and s390
 * (asm-generic/errno-base.h, errno.h). Texts and one decision: whether a command may have been executed all the same.
 */
import { type ScsiError, type TransportErrorCode, transportError } from "../../src/errors.ts";
import type { DeviceNode } from "./node-of.ts";

/** The names of the numbers that opening a device or sending a command can give. */
const names: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  4: "EINTR",
  5: "EIO",
  6: "ENXIO",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  16: "EBUSY",
  19: "ENODEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  25: "ENOTTY",
  28: "ENOSPC",
  30: "EROFS",
  33: "EDOM",
  38: "ENOSYS",
  40: "ELOOP",
  52: "EBADE",
  61: "ENODATA",
  67: "ENOLINK",
  71: "EPROTO",
  75: "EOVERFLOW",
  84: "EILSEQ",
  90: "EMSGSIZE",
  95: "EOPNOTSUPP",
  107: "ENOTCONN",
  110: "ETIMEDOUT",
  121: "EREMOTEIO",
  123: "ENOMEDIUM",
};

/** A number's name, or the number. */
export function errnoName(errno: number): string {
  return names[errno] ?? `errno ${errno}`;
}

interface Explanation {
  readonly code: TransportErrorCode;
  readonly text: string;
}

const explain = (code: TransportErrorCode, text: string): Explanation => ({ code, text });

/** The error for a device that could not be opened. Nothing has been sent. */
export function openError(node: DeviceNode, writing: boolean, errno: number): ScsiError {
  const { code, text } = explainOpen(node, writing, errnoName(errno));
  const how = writing ? "for reading and writing" : "for reading";
  return transportError(code, "no", `Cannot open ${node.path} ${how}: ${errnoName(errno)}, ${text}`);
}

/** The sg node has none of the other drivers' scruples. */
const instead = ({ sgNode }: DeviceNode): string =>
  sgNode === undefined ? "" : `; its node ${sgNode} can be opened all the same`;

function explainOpen(node: DeviceNode, writing: boolean, errno: string): Explanation {
  switch (errno) {
    case "EPERM":
    case "EACCES":
      return explain(
        "PERMISSION_DENIED",
        "this user may not open it: run as root, or as a member of the group that owns the node (ls -l tells; disk, tape or cdrom as a rule)",
      );
    case "ENOENT":
    case "ENOTDIR":
    case "ELOOP":
      return explain(
        "TARGET_NOT_FOUND",
        "there is no such node: the device is gone, or the name is mistyped (scsi-persist list names what there is)",
      );
    case "ENXIO":
    case "ENODEV":
      return explain(
        "TARGET_NOT_FOUND",
        "the node is there and the device behind it is not, it is offline, or its driver is not loaded",
      );
    case "EBUSY":
      return explain(
        "CONNECTION_FAILED",
        node.kind === "tape"
          ? `a tape is open once at a time: find out by whom with fuser -v${instead(node)}`
          : "another process has it open exclusively: find out which with fuser -v",
      );
    case "EROFS":
      return explain("PERMISSION_DENIED", `the kernel holds it for write protected${instead(node)}`);
    case "ENOMEDIUM":
      return explain("CONNECTION_FAILED", "there is no medium in it");
    case "EMFILE":
    case "ENFILE":
      return explain("CONNECTION_FAILED", "too many files are open: raise the limit (ulimit -n)");
    default:
      return explain("CONNECTION_FAILED", `the kernel refuses to open it ${writing ? "for writing" : "at all"}`);
  }
}

/** Refusals that come before a command is sent, whatever the driver. */
const beforehand = new Set([1, 6, 9, 11, 12, 13, 16, 22, 25, 33, 38, 90, 95]);

/** The error for a command, or another request, that the kernel did not take, or did not give back. */
export function requestError(node: DeviceNode, what: string, errno: number): ScsiError {
  const delivered = beforehand.has(errno) ? "no" : "unknown";
  const { code, text } = explainRequest(node, what, errnoName(errno));
  return transportError(code, delivered, `${node.path} did not take ${what}: ${errnoName(errno)}, ${text}`);
}

function explainRequest(node: DeviceNode, what: string, errno: string): Explanation {
  switch (errno) {
    case "EACCES":
      // SG_SCSI_RESET.
      return explain("PERMISSION_DENIED", `${what} needs CAP_SYS_ADMIN and CAP_SYS_RAWIO: run as root`);
    case "EPERM":
      return explain(
        "PERMISSION_DENIED",
        `the kernel refuses ${what} to processes without CAP_SYS_RAWIO${
          node.kind === "sg"
            ? ' on a node opened for reading: open it with access "read-write", or run as root'
            : `: run as root${node.sgNode === undefined ? "" : `, or use ${node.sgNode} with access "read-write"`}`
        }`,
      );
    case "ENOTTY":
    case "ENOSYS":
    case "EOPNOTSUPP":
      return explain(
        "UNSUITABLE_DEVICE",
        `this is no device that takes it; ${node.hint ?? "scsi-persist list names those that do"}`,
      );
    case "EINVAL":
    case "EMSGSIZE":
      return explain(
        "UNSUITABLE_DEVICE",
        "the driver finds the request invalid: too many bytes for it at once, or a CDB longer or shorter than it takes",
      );
    case "EBUSY":
    case "EAGAIN":
      return explain("CONNECTION_FAILED", "the kernel is busy with this device, perhaps recovering it from an error");
    case "ENXIO":
      return explain("CONNECTION_FAILED", "the kernel has taken the device offline: see the system log");
    case "ENODEV":
      return explain(
        "CONNECTION_LOST",
        "the device has been removed (scsi-persist list tells whether it is back by another name)",
      );
    case "EDOM":
      return explain("CONNECTION_FAILED", "too many commands are under way on one open file");
    case "ENOMEM":
      return explain("CONNECTION_FAILED", "the kernel has no memory for it");
    default:
      return explain("CONNECTION_LOST", "the kernel gave up on the command");
  }
}

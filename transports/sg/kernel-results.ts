/**
 * The numbers with which the kernel's reservation ioctls end where they neither succeed nor fail with an errno. Until Linux 6.4 they
 * are whatever the driver had: SCSI's result word (status in bits 7 to 0, host status in bits 23 to 16), or NVMe's status. Since
 * then they are PR_STS_* of linux/pr.h, which were chosen to look like SCSI's. A table and one decision.
 */
import { Status } from "../../src/core/generated/codes.ts";
import { ScsiError, transportError } from "../../src/errors.ts";
import type { DeviceNode } from "./node-of.ts";

/** NVMe's status, as Linux' linux/nvme.h has it: NVME_SC_RESERVATION_CONFLICT. */
const NVME_RESERVATION_CONFLICT = 0x83;
/** NVME_SC_INVALID_OPCODE, INVALID_FIELD, INVALID_NS, BAD_ATTRIBUTES: what Linux since 6.4 tells as EINVAL. */
const nvmeRejections = new Set([0x01, 0x02, 0x0b, 0x180]);
const PR_STS_IOERR = 2;
/** Of NVMe's status, type and code: the bits above say whether to try again. */
const NVME_CODE = 0x7ff;

const hosts: Readonly<Record<number, string>> = {
  1: "PR_STS_PATH_FAILED, the device cannot be reached on this path",
  14: "PR_STS_RETRY_PATH_FAILURE, the path was disrupted",
  15: "PR_STS_PATH_FAST_FAILED, the path is down",
};

/** The error for a result that is above 0. */
export function kernelFailure(node: DeviceNode, command: string, result: number): ScsiError {
  const unit = node.path;
  const cannot = `Cannot ${command}:`;
  const shown = `0x${result.toString(16)}`;
  const status = result & 0xff;
  const nvme = node.kind === "nvme";
  if (status === Status.RESERVATION_CONFLICT || (nvme && (result & NVME_CODE) === NVME_RESERVATION_CONFLICT)) {
    return new ScsiError(`${cannot} the target answered RESERVATION CONFLICT`, {
      code: "RESERVATION_CONFLICT",
      command,
      unit,
      status: Status.RESERVATION_CONFLICT,
    });
  }
  // A bare 2 is PR_STS_IOERR, and no status of a controller: that has more bits (do not retry) beside INVALID_FIELD.
  if (nvme && result !== PR_STS_IOERR && nvmeRejections.has(result & NVME_CODE)) {
    return new ScsiError(`${cannot} the controller rejects the command or one of its fields (NVMe status ${shown})`, {
      code: "ILLEGAL_REQUEST",
      command,
      unit,
    });
  }
  const host = (result >> 16) & 0xff;
  if (status === 0 && host !== 0) {
    const what = hosts[host] ?? `host status ${host}`;
    return transportError("CONNECTION_LOST", "unknown", `${unit} gave no answer to ${command}: ${what} (${shown})`);
  }
  if (status === Status.CHECK_CONDITION && !nvme) {
    const advice = "a unit attention may be pending: send TEST UNIT READY, look, and try again";
    return new ScsiError(`${cannot} the kernel met a CHECK CONDITION or an error, and does not tell which; ${advice}`, {
      code: "NO_SENSE",
      command,
      unit,
      status: Status.CHECK_CONDITION,
      delivered: "unknown",
    });
  }
  return new ScsiError(`${cannot} the kernel says ${shown}`, {
    code: "UNEXPECTED_STATUS",
    command,
    unit,
    delivered: "unknown",
  });
}

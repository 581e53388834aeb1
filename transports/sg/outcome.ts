/**
 * What the kernel says became of a command, as an answer or as an error. The tables of host and driver statuses (scsi/scsi.h),
 * and the one question behind them: did the device server answer, did it never see the command, or is that not known?
 *
 * A status other than GOOD is an answer: only the device server gives one. Of the host statuses only DID_BAD_TARGET means that
 * there was nothing to send the command to. DID_NO_CONNECT does not: several drivers end with it what was under way when a
 * device or an adapter was lost.
 */
import { Status } from "../../src/core/generated/codes.ts";
import { type ScsiError, type TransportErrorCode, transportError } from "../../src/errors.ts";
import type { CommandOutcome } from "./header.ts";

interface Failure {
  readonly name: string;
  readonly meaning: string;
  readonly code: TransportErrorCode;
  readonly delivered: "no" | "unknown";
}

const failure = (
  name: string,
  meaning: string,
  code: TransportErrorCode = "CONNECTION_LOST",
  delivered: "no" | "unknown" = "unknown",
): Failure => ({ name, meaning, code, delivered });

const hostStatuses: Readonly<Record<number, Failure>> = {
  1: failure("DID_NO_CONNECT", "the device cannot be reached", "CONNECTION_FAILED"),
  2: failure("DID_BUS_BUSY", "the bus stayed busy"),
  3: failure("DID_TIME_OUT", "the device did not answer in time", "TIMEOUT"),
  4: failure("DID_BAD_TARGET", "there is no such target", "TARGET_NOT_FOUND", "no"),
  5: failure("DID_ABORT", "the command was aborted"),
  6: failure("DID_PARITY", "the data were damaged on the way"),
  7: failure("DID_ERROR", "the host adapter failed"),
  8: failure("DID_RESET", "a reset ended the command"),
  9: failure("DID_BAD_INTR", "the host adapter did something unexpected"),
  10: failure("DID_PASSTHROUGH", "the middle layer was told to let the command pass"),
  11: failure("DID_SOFT_ERROR", "the host adapter wants the command repeated"),
  12: failure("DID_IMM_RETRY", "the host adapter wants the command repeated at once"),
  13: failure("DID_REQUEUE", "the host adapter wants the command queued again"),
  14: failure("DID_TRANSPORT_DISRUPTED", "the transport was disrupted while the command was under way"),
  15: failure("DID_TRANSPORT_FAILFAST", "the transport is down, and has stopped waiting to come back"),
  16: failure("DID_TARGET_FAILURE", "the target failed for good"),
  17: failure("DID_NEXUS_FAILURE", "the I_T nexus failed"),
  18: failure("DID_ALLOC_FAILURE", "the device has no room"),
  19: failure("DID_MEDIUM_ERROR", "the medium is defective"),
  20: failure("DID_TRANSPORT_MARGINAL", "the transport works badly, and is kept free"),
};

const DRIVER_SENSE = 8;
const driverStatuses: Readonly<Record<number, Failure>> = {
  1: failure("SG_ERR_DRIVER_BUSY", "the driver is busy"),
  2: failure("SG_ERR_DRIVER_SOFT", "the driver met a passing error"),
  3: failure("SG_ERR_DRIVER_MEDIA", "the driver met a defect of the medium"),
  4: failure("SG_ERR_DRIVER_ERROR", "the driver failed"),
  5: failure("SG_ERR_DRIVER_INVALID", "the driver calls the command invalid"),
  6: failure("SG_ERR_DRIVER_TIMEOUT", "the device did not answer in time", "TIMEOUT"),
  7: failure("SG_ERR_DRIVER_HARD", "the driver met an error that will not pass"),
};

const hexByte = (value: number): string => `${value.toString(16).padStart(2, "0").toUpperCase()}h`;

function lost(device: string, source: string, value: number, known: Failure | undefined): ScsiError {
  const { name, meaning, code, delivered } = known ?? failure(`${source} status`, "no further meaning is known");
  const what = known === undefined ? `${name} ${hexByte(value)}` : `${name} (${source} status ${hexByte(value)})`;
  return transportError(code, delivered, `${device} gave no answer: ${what}, ${meaning}`);
}

/**
 * The status with which the device server answered.
 *
 * @param device the device's name, for the message
 * @returns the SCSI status byte
 * @throws ScsiError if it did not answer
 */
export function answeredStatus(outcome: CommandOutcome, device: string): number {
  const { status, hostStatus, senseLength } = outcome;
  const driverStatus = outcome.driverStatus & 0x0f;
  // Old kernels mark a conflict with a host status besides (DID_NEXUS_FAILURE): the status byte is what the device said.
  if (status !== Status.GOOD) return status;
  if (hostStatus !== 0) throw lost(device, "host", hostStatus, hostStatuses[hostStatus]);
  if (driverStatus === DRIVER_SENSE) return senseLength > 0 ? Status.CHECK_CONDITION : status;
  if (driverStatus !== 0) throw lost(device, "driver", driverStatus, driverStatuses[driverStatus]);
  return status;
}

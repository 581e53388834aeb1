/**
 * The copy manager as an application client of the logical units around it (spc4r36f 5.17.2): it finds one by what it shows in VPD page
 * 83h, and reads and writes it with the commands that anybody uses. So reservations, mode parameters and limits of a unit hold for copies too.
 */
import { OperationCode, ServiceActionIn16, Size, Status, VpdPage } from "../../../src/core/generated/codes.ts";
import type { TransportId } from "../../../src/transport-id.ts";
import type { Answer } from "../answer.ts";
import type { Nexus } from "../nexus.ts";
import type { CopyEnd } from "./list.ts";

/** A logical unit of the same SCSI target device, as the copy manager sees it. */
export interface CopyUnit {
  /** RangeError if it has no such target port. */
  nexus(initiatorPort: TransportId, relativeTargetPort: number): Nexus;
  /** Carries out a command that came through it. */
  execute(nexus: Nexus, cdb: Uint8Array, dataOut?: Uint8Array): Answer;
  /** Nobody uses it any more. */
  retireNexus(nexus: Nexus): void;
}

/** Sends one command to a unit that was found. */
export type Send = (cdb: Uint8Array, dataOut?: Uint8Array) => Answer;

/**
 * Calls `use` with a way to send commands to a unit, through the I_T nexus of the same ports as that of whom the copy is for. The unit
 * attention conditions of that nexus stay for the initiator, and hold up no copy.
 *
 * @returns undefined if the unit has no such target port
 */
export function through<T>(unit: CopyUnit, { initiatorPort, relativeTargetPort }: Nexus, use: (send: Send) => T) {
  let nexus: Nexus;
  try {
    nexus = unit.nexus(initiatorPort, relativeTargetPort);
  } catch {
    return undefined;
  }
  const { attentions } = nexus;
  const waiting = attentions.splice(0);
  try {
    return use((cdb, dataOut) => unit.execute(nexus, cdb, dataOut));
  } finally {
    attentions.unshift(...waiting);
    unit.retireNexus(nexus);
  }
}

const ALLOCATION_LENGTH = 0xffff;
const deviceIdentification = (): Uint8Array =>
  Uint8Array.of(OperationCode.INQUIRY, 1, VpdPage.DEVICE_IDENTIFICATION, ALLOCATION_LENGTH >>> 8, 0xff, 0);
/** ASSOCIATION: the logical unit. What names a port or a device names no unit. */
const LOGICAL_UNIT = 0;

/** Does the unit show the designation of a CSCD descriptor? */
export function shows(send: Send, { designation }: CopyEnd): boolean {
  const { codeSet, association, type, designator } = designation;
  const { status, dataIn } = send(deviceIdentification());
  if (status !== Status.GOOD || association !== LOGICAL_UNIT) return false;
  const wanted = [codeSet, type, 0, designator.length, ...designator];
  for (let at: number = Size.VPD_HEADER; at + wanted.length <= dataIn.length; at += 4 + (dataIn[at + 3] as number)) {
    // PROTOCOL IDENTIFIER, PIV and ASSOCIATION are 0 in descriptors of the logical unit itself.
    if (wanted.every((byte, index) => dataIn[at + index] === byte)) return true;
  }
  return false;
}

/** PERIPHERAL QUALIFIER and PERIPHERAL DEVICE TYPE. */
export const deviceTypeOf = (send: Send): number => send(deviceIdentification()).dataIn[0] ?? 0xff;

function cdb16(operationCode: number, lba: bigint, count: number): Uint8Array {
  const cdb = new Uint8Array(Size.CDB_16);
  const view = new DataView(cdb.buffer);
  cdb[0] = operationCode;
  view.setBigUint64(2, lba);
  view.setUint32(10, count);
  return cdb;
}

/** READ CAPACITY(16). */
export function readCapacity(send: Send): { readonly blocks: bigint; readonly blockSize: number } | Answer {
  const cdb = cdb16(OperationCode.SERVICE_ACTION_IN_16, 0n, Size.READ_CAPACITY_16_DATA);
  cdb[1] = ServiceActionIn16.READ_CAPACITY_16;
  const answer = send(cdb);
  if (answer.status !== Status.GOOD) return answer;
  const { buffer, byteOffset } = answer.dataIn;
  const view = new DataView(buffer, byteOffset);
  return { blocks: view.getBigUint64(0) + 1n, blockSize: view.getUint32(8) };
}

/** READ(16). */
export const read = (send: Send, lba: bigint, blocks: number): Answer =>
  send(cdb16(OperationCode.READ_16, lba, blocks));

/** WRITE(16) of whole blocks. */
export const write = (send: Send, lba: bigint, blocks: number, bytes: Uint8Array): Answer =>
  send(cdb16(OperationCode.WRITE_16, lba, blocks), bytes);

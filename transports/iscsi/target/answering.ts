/**
 * From a unit's answer to PDUs (RFC 7143 11.4, 11.7): Data-In in pieces that the initiator takes, status with residual
 * and sense. Sends nothing itself: it writes to the session's output.
 */
import { Status } from "../../../src/core/generated/codes.ts";
import { FINAL, Opcode, RESERVED_TAG, ResponseFlag } from "../pdu.ts";
import type { UnitAnswer } from "./device.ts";
import { putPdu } from "./output-pdus.ts";
import { type Session, takeStatSn } from "./session.ts";
import { removeTask, type Task } from "./task.ts";

const nothing = new Uint8Array(0);

/** Bytes that the command had or took, beyond what the initiator expected (positive) or short of it (negative). */
function excess(task: Task, { status, dataIn, dataOutLength }: UnitAnswer): number {
  if (task.reads || dataIn.length > 0) return dataIn.length - (task.reads ? task.expectedLength : 0);
  return status === Status.GOOD ? dataOutLength - (task.writes ? task.expectedLength : 0) : 0;
}

const residualFlag = (beyond: number): number =>
  beyond > 0 ? ResponseFlag.OVERFLOW : beyond < 0 ? ResponseFlag.UNDERFLOW : 0;

/** Writes the answer to a task, which is then over. */
export function answerTask(session: Session, task: Task, answer: UnitAnswer): void {
  removeTask(session, task);
  const beyond = excess(task, answer) - (answer.residualOffBy ?? 0);
  const length = task.reads ? Math.min(answer.dataIn.length, task.expectedLength) : 0;
  const collapses = answer.status === Status.GOOD && length > 0;
  const pdus = length > 0 ? putDataIn(session, task, answer.dataIn, length, collapses, beyond) : task.r2tSn;
  if (!collapses) putScsiResponse(session, task.initiatorTaskTag, answer.status, answer.sense, beyond, pdus);
}

/** Writes Data-In PDUs; the last one carries status GOOD if `collapses`. Returns how many there are. */
function putDataIn(
  session: Session,
  task: Task,
  data: Uint8Array,
  length: number,
  collapses: boolean,
  beyond: number,
): number {
  const { maxSendDataSegmentLength, maxBurstLength } = session.parameters;
  let dataSn = 0;
  let burstLeft = maxBurstLength;
  for (let offset = 0; offset < length; ) {
    const size = Math.min(maxSendDataSegmentLength, burstLeft, length - offset);
    const last = offset + size === length;
    burstLeft -= size;
    let flags = last || burstLeft === 0 ? FINAL : 0;
    const carriesStatus = last && collapses;
    if (carriesStatus) flags |= ResponseFlag.STATUS | residualFlag(beyond);
    putPdu(
      session,
      Opcode.DATA_IN,
      flags,
      carriesStatus ? Status.GOOD : 0,
      0,
      0,
      task.initiatorTaskTag,
      RESERVED_TAG,
      carriesStatus ? takeStatSn(session) : 0,
      dataSn++,
      offset,
      carriesStatus ? Math.abs(beyond) : 0,
      data,
      offset,
      size,
    );
    if (burstLeft === 0) burstLeft = maxBurstLength;
    offset += size;
  }
  return dataSn;
}

/**
 * Writes a SCSI Response.
 *
 * @param beyond bytes beyond what was expected, or short of it if negative
 * @param expDataSn how many Data-In and R2T PDUs there were
 * @param response 0: completed at the target; 1: target failure (RFC 7143 11.4.3)
 */
export function putScsiResponse(
  session: Session,
  initiatorTaskTag: number,
  status: number,
  sense: Uint8Array,
  beyond: number,
  expDataSn: number,
  response = 0,
): void {
  putPdu(
    session,
    Opcode.SCSI_RESPONSE,
    FINAL | residualFlag(beyond),
    (response << 8) | status,
    0,
    0,
    initiatorTaskTag,
    0,
    takeStatSn(session),
    expDataSn,
    0,
    Math.abs(beyond),
    sense.length > 0 ? withLength(sense) : nothing,
  );
}

/** Sense data with its length before it (RFC 7143 11.4.7). */
function withLength(sense: Uint8Array): Uint8Array {
  const data = new Uint8Array(2 + sense.length);
  data[0] = sense.length >>> 8;
  data[1] = sense.length;
  data.set(sense, 2);
  return data;
}

/**
 * Data-out of commands (RFC 7143 11.7, 11.8): what may come unasked, what is asked for with R2T, and where every byte
 * goes. Offsets, lengths and DataSN are checked before a byte is stored; what is wrong ends the session.
 */
import { protocolError } from "../fault.ts";
import { Field, get32, Opcode, RESERVED_TAG } from "../pdu.ts";
import { readDataOut } from "../request-pdus.ts";
import { whenComplete } from "./executing.ts";
import { putPdu } from "./output-pdus.ts";
import { type Session, takeTransferTag } from "./session.ts";
import { type Burst, charge, isAlive, type Task } from "./task.ts";

const wrong = (task: Task, what: string) =>
  protocolError(`Wrong Data-Out for initiator task tag ${task.initiatorTaskTag}: ${what}`);

const burstOf = (task: Task, transferTag: number): Burst => {
  const burst = task.bursts.find((one) => one.transferTag === transferTag);
  if (burst === undefined) throw wrong(task, "its target transfer tag is of no R2T");
  return burst;
};

/**
 * A Data-Out header has come: where its data goes. Data for a task that is gone is gathered, and forgotten.
 *
 * @throws ScsiError `PROTOCOL_ERROR` for data that was not asked for, or not so
 */
export function placeDataOut(session: Session, bytes: Uint8Array, at: number, length: number): Uint8Array | undefined {
  const task = session.tasks.get(get32(bytes, at + Field.INITIATOR_TASK_TAG));
  if (task === undefined || !task.writes) return undefined;
  const transferTag = get32(bytes, at + Field.TARGET_TRANSFER_TAG);
  const dataSn = get32(bytes, at + Field.DATA_SN);
  const offset = get32(bytes, at + Field.BUFFER_OFFSET);
  if (transferTag === RESERVED_TAG) {
    if (!task.unsolicitedOpen) throw wrong(task, "no unsolicited data is to come");
    if (dataSn !== task.unsolicitedDataSn) {
      throw wrong(task, `DataSN is ${dataSn}, expected ${task.unsolicitedDataSn}`);
    }
    if (offset !== task.received) throw wrong(task, `the offset is ${offset}, expected ${task.received}`);
    if (offset + length > task.unsolicitedLimit) throw wrong(task, "more than FirstBurstLength");
  } else {
    const burst = burstOf(task, transferTag);
    const expected = burst.offset + burst.received;
    if (dataSn !== burst.dataSn) throw wrong(task, `DataSN is ${dataSn}, expected ${burst.dataSn}`);
    if (offset !== expected) throw wrong(task, `the offset is ${offset}, expected ${expected}`);
    if (burst.received + length > burst.length) throw wrong(task, "more than the R2T asked for");
  }
  return task.buffer.subarray(offset, offset + length);
}

/** The data of a Data-Out PDU is where it belongs. */
export function takeDataOut(session: Session, header: Uint8Array, now: number): void {
  const { initiatorTaskTag, targetTransferTag, dataSegmentLength, final } = readDataOut(header);
  const task = session.tasks.get(initiatorTaskTag);
  if (task === undefined || !task.writes) return;
  task.dataAt = now;
  task.received += dataSegmentLength;
  if (targetTransferTag === RESERVED_TAG) {
    task.unsolicitedDataSn++;
    task.requested = task.received;
    if (final) task.unsolicitedOpen = false;
    else if (task.received === task.unsolicitedLimit) throw wrong(task, "FirstBurstLength is reached without F");
  } else {
    const burst = burstOf(task, targetTransferTag);
    burst.received += dataSegmentLength;
    burst.dataSn++;
    if (final !== (burst.received === burst.length)) {
      throw wrong(task, final ? "less than the R2T asked for" : "all that the R2T asked for, without F");
    }
    if (final) task.bursts.splice(task.bursts.indexOf(burst), 1);
  }
  advance(session, task, now);
}

/** Does what is next for a task: asks for data, or executes it. */
export function advance(session: Session, task: Task, now: number): void {
  if (!task.inOrder || task.unsolicitedOpen) return;
  if (task.received === task.wanted) {
    whenComplete(session, task);
    return;
  }
  if (task.requested === task.wanted) return;
  if (!makeRoom(session, task)) {
    session.starved.push(task);
    return;
  }
  while (task.requested < task.wanted && task.bursts.length < session.parameters.maxOutstandingR2t) {
    requestData(session, task, now);
  }
}

/** Gives the task a buffer for all of its data; false if there is no memory for it now. */
function makeRoom(session: Session, task: Task): boolean {
  if (task.buffer.length >= task.wanted) return true;
  if (!charge(session, task, task.wanted)) return false;
  const buffer = new Uint8Array(task.wanted);
  buffer.set(task.buffer.subarray(0, task.received));
  task.buffer = buffer;
  return true;
}

/** Writes that waited for memory go on. */
export function feedStarved(session: Session, now: number): void {
  for (const task of session.starved.splice(0)) if (isAlive(session, task)) advance(session, task, now);
}

function requestData(session: Session, task: Task, now: number): void {
  const burst: Burst = {
    transferTag: takeTransferTag(session),
    offset: task.requested,
    length: Math.min(session.parameters.maxBurstLength, task.wanted - task.requested),
    received: 0,
    dataSn: 0,
  };
  task.bursts.push(burst);
  task.requested += burst.length;
  task.dataAt = now;
  putPdu(
    session,
    Opcode.R2T,
    0x80,
    0,
    task.lunHigh,
    task.lunLow,
    task.initiatorTaskTag,
    burst.transferTag,
    session.statSn,
    task.r2tSn++,
    burst.offset,
    burst.length,
  );
}

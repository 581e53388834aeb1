/**
 * Data-out of commands (RFC 7143 11.7, 11.8): what may come unasked, what is asked for with R2T, and where every byte
 * goes. Offsets, lengths and DataSN are checked before a byte is stored; a command whose data is out of order fails.
 */
import { SenseKey, Status } from "../../../src/core/generated/codes.ts";
import { protocolError } from "../fault.ts";
import { Field, get32, Opcode, RESERVED_TAG } from "../pdu.ts";
import { readDataOut } from "../request-pdus.ts";
import { hex } from "../words.ts";
import { answerTask } from "./answering.ts";
import { whenComplete } from "./executing.ts";
import { putPdu } from "./output-pdus.ts";
import { fixedSense } from "./sense.ts";
import { type Session, takeTransferTag } from "./session.ts";
import { type Burst, charge, isAlive, type Task } from "./task.ts";

const nothing = new Uint8Array(0);

/** Where one Data-Out PDU belongs: to the unsolicited data, or to the answer to an R2T. */
type Place = Burst | "unsolicited";

function placeOf(task: Task, transferTag: number): Place {
  const place =
    transferTag === RESERVED_TAG ? "unsolicited" : task.bursts.find((one) => one.transferTag === transferTag);
  if (place === undefined || (place === "unsolicited" && !task.unsolicitedOpen)) {
    throw protocolError(`Data-Out for initiator task tag ${hex(task.initiatorTaskTag, 8)} that was not asked for`);
  }
  return place;
}

/** Is this what has to come next there? */
function follows(task: Task, place: Place, dataSn: number, offset: number, length: number): boolean {
  // A task that found no memory has no room; it is refused when its turn comes.
  if (offset + length > task.buffer.length) return false;
  if (place === "unsolicited") {
    return dataSn === task.unsolicitedDataSn && offset === task.received && offset + length <= task.unsolicitedLimit;
  }
  const within = place.received + length <= place.length;
  return dataSn === place.dataSn && offset === place.offset + place.received && within;
}

/**
 * A Data-Out header has come: where its data goes. Data that nobody wants is gathered, and forgotten: that of a task
 * which is gone, and that of one whose data did not come as it should, which fails when the rest has come.
 *
 * @throws ScsiError `PROTOCOL_ERROR` for data that was not asked for
 */
export function placeDataOut(session: Session, bytes: Uint8Array, at: number, length: number): Uint8Array | undefined {
  const task = session.tasks.get(get32(bytes, at + Field.INITIATOR_TASK_TAG));
  if (task === undefined || !task.writes) return undefined;
  const place = placeOf(task, get32(bytes, at + Field.TARGET_TRANSFER_TAG));
  const offset = get32(bytes, at + Field.BUFFER_OFFSET);
  if (!follows(task, place, get32(bytes, at + Field.DATA_SN), offset, length)) task.spoiled = true;
  return task.spoiled ? undefined : task.buffer.subarray(offset, offset + length);
}

/** The data of a Data-Out PDU is where it belongs. */
export function takeDataOut(session: Session, header: Uint8Array, now: number): void {
  const { initiatorTaskTag, targetTransferTag, dataSegmentLength, final } = readDataOut(header);
  const task = session.tasks.get(initiatorTaskTag);
  if (task === undefined || !task.writes) return;
  const place = placeOf(task, targetTransferTag);
  task.dataAt = now;
  task.received += dataSegmentLength;
  if (place === "unsolicited") {
    task.unsolicitedDataSn++;
    task.requested = task.received;
    if (final) task.unsolicitedOpen = false;
  } else {
    place.received += dataSegmentLength;
    place.dataSn++;
    if (final !== (place.received === place.length)) task.spoiled = true;
    if (final) task.bursts.splice(task.bursts.indexOf(place), 1);
  }
  advance(session, task, now);
}

/** The command's data did not come as it should: ABORTED COMMAND, PROTOCOL SERVICE CRC ERROR (RFC 7143 11.4.7.2). */
function failSpoiled(session: Session, task: Task): void {
  const sense = fixedSense(SenseKey.ABORTED_COMMAND, 0x47, 0x05);
  answerTask(session, task, { status: Status.CHECK_CONDITION, dataIn: nothing, sense, dataOutLength: 0, aborted: [] });
}

/** Does what is next for a task: asks for data, or executes it. */
export function advance(session: Session, task: Task, now: number): void {
  if (!task.inOrder || task.unsolicitedOpen) return;
  if (task.spoiled) {
    if (task.bursts.length === 0) failSpoiled(session, task);
    return;
  }
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

/**
 * What a full-feature phase sends: commands within the window, data, and rare requests (RFC 7143 4.2.2, 4.2.5). All of
 * it goes through one output; how much waits there is bounded.
 */
import { nextTick } from "node:process";
import { setImmediate } from "node:timers";
import { crc32c } from "../../src/core/index.ts";
import { ATTRIBUTE_SIMPLE, BHS_LENGTH, CommandFlag, FINAL, padded, put32, RESERVED_TAG } from "./pdu.ts";
import { type Phase, type Transfer, windowIsOpen } from "./phase.ts";
import { ahsLengthOfCdb, putDataOut, putScsiCommand } from "./request-pdus.ts";
import { NOTHING, type Task, TaskState } from "./task.ts";

/** While so many bytes wait to be sent, no command and no data is added. */
const HIGH_WATER = 1_048_576;
/** From so many tasks under way, sending waits for so many more turns of the event loop. */
const MANY_TASKS = 8;
const MORE_TURNS = 2;
/** Data up to this length is copied; more is lent to the socket. */
const COPY_LENGTH = 16_384;

/** Sends a command, or queues it behind those that wait for the window. */
export function submit(phase: Phase, task: Task): void {
  if (
    phase.queueHead === phase.queue.length &&
    phase.transfers.length === 0 &&
    maySend(phase) &&
    phase.tasks.add(task)
  ) {
    sendCommand(phase, task);
    // Alone on the line, it leaves at once; among others, all of one turn leave together.
    if (phase.tasks.size === 1 && phase.answeredInChunk < 2 && !phase.receiving) phase.output.flush();
    else scheduleFlush(phase);
  } else {
    phase.queue.push(task);
    // If the window is open, it is data that stands in the way: its end, or a drained socket, sends the queue on.
  }
}

function maySend(phase: Phase): boolean {
  return windowIsOpen(phase) && !phase.draining && phase.output.backlog() < HIGH_WATER;
}

/** Sends what can be sent, until nothing is left, the window is closed, or the socket takes no more. */
export function run(phase: Phase): void {
  do {
    while (fill(phase)) {
      // Every round adds one PDU.
    }
    phase.output.flush();
  } while (phase.error === undefined && fill(phase));
}

/** Adds one PDU to the output; false if there is none to add now. Data comes first: it belongs to earlier commands. */
function fill(phase: Phase): boolean {
  const transfer = phase.transfers[0];
  if (transfer !== undefined) {
    if (phase.output.backlog() >= HIGH_WATER) return false;
    if (transfer.task.state !== TaskState.SENT || sendData(phase, transfer)) {
      transfer.task.r2tCount--;
      phase.transfers.shift();
    }
    return true;
  }
  const { queue } = phase;
  while (phase.queueHead < queue.length) {
    const task = queue[phase.queueHead] as Task;
    if (task.state === TaskState.QUEUED) {
      if (!maySend(phase) || !phase.tasks.add(task)) return false;
      takeFromQueue(phase);
      sendCommand(phase, task);
      return true;
    }
    takeFromQueue(phase);
  }
  return false;
}

function takeFromQueue(phase: Phase): void {
  phase.queue[phase.queueHead++] = undefined;
  if (phase.queueHead === phase.queue.length) {
    phase.queue.length = 0;
    phase.queueHead = 0;
  } else if (phase.queueHead === 1024) {
    phase.queue.splice(0, 1024);
    phase.queueHead = 0;
  }
}

/**
 * Has everything collected leave when the present turn of the event loop has ended, its promises included. With many
 * tasks under way the target has work enough, and their answers are near: then it waits a few turns for the next of
 * them, so that one write carries more commands and the target is woken less often.
 */
export function scheduleFlush(phase: Phase): void {
  if (phase.flushScheduled || phase.receiving) return;
  phase.flushScheduled = true;
  if (phase.tasks.size < MANY_TASKS) nextTick(flushNow, phase);
  else setImmediate(flushAfter, phase, MORE_TURNS);
}

function flushAfter(phase: Phase, turns: number): void {
  if (turns === 0) flushNow(phase);
  else setImmediate(flushAfter, phase, turns - 1);
}

function flushNow(phase: Phase): void {
  phase.flushScheduled = false;
  if (phase.error === undefined) run(phase);
}

function sendCommand(phase: Phase, task: Task): void {
  const request = task.request as NonNullable<Task["request"]>;
  const { cdb } = request;
  const dataOut = request.dataOut ?? NOTHING;
  const { parameters } = phase;
  task.state = TaskState.SENT;
  task.cmdSn = phase.cmdSn;
  phase.cmdSn = (phase.cmdSn + 1) >>> 0;

  let flags: number = FINAL | ATTRIBUTE_SIMPLE;
  let immediate = 0;
  let unsolicited = 0;
  if (dataOut.length > 0) {
    flags |= CommandFlag.WRITE;
    const first = Math.min(dataOut.length, parameters.firstBurstLength);
    if (parameters.immediateData) immediate = Math.min(first, parameters.maxSendDataSegmentLength);
    if (!parameters.initialR2t) unsolicited = first - immediate;
    if (unsolicited > 0) flags &= ~FINAL;
    task.r2tOffset = immediate + unsolicited;
  } else if (request.dataInLength > 0) {
    flags |= CommandFlag.READ;
  }
  const length = BHS_LENGTH + ahsLengthOfCdb(cdb.length);
  const at = phase.output.reserve(parameters.headerDigest ? length + 4 : length);
  putScsiCommand(
    phase.output.bytes,
    at,
    flags,
    immediate,
    task.lunHigh,
    task.lunLow,
    task.tag,
    dataOut.length > 0 ? dataOut.length : request.dataInLength,
    task.cmdSn,
    phase.expStatSn,
    cdb,
  );
  endHeader(phase, at, length);
  if (immediate > 0) putData(phase, dataOut, 0, immediate);
  if (unsolicited > 0) {
    task.r2tCount++;
    phase.transfers.push({
      task,
      targetTransferTag: RESERVED_TAG,
      offset: immediate,
      end: immediate + unsolicited,
      dataSn: 0,
    });
    scheduleFlush(phase);
  }
}

/** Sends the next Data-Out of a sequence; true if it was the last. */
function sendData(phase: Phase, transfer: Transfer): boolean {
  const { task } = transfer;
  const length = Math.min(transfer.end - transfer.offset, phase.parameters.maxSendDataSegmentLength);
  const last = transfer.offset + length === transfer.end;
  const at = phase.output.reserve(phase.parameters.headerDigest ? BHS_LENGTH + 4 : BHS_LENGTH);
  putDataOut(
    phase.output.bytes,
    at,
    last ? FINAL : 0,
    length,
    task.lunHigh,
    task.lunLow,
    task.tag,
    transfer.targetTransferTag,
    phase.expStatSn,
    transfer.dataSn,
    transfer.offset,
  );
  endHeader(phase, at, BHS_LENGTH);
  putData(phase, task.request?.dataOut as Uint8Array, transfer.offset, length);
  transfer.offset += length;
  transfer.dataSn++;
  return last;
}

function endHeader(phase: Phase, at: number, length: number): void {
  if (phase.parameters.headerDigest) {
    const { bytes } = phase.output;
    putDigest(bytes, at + length, crc32c(bytes.subarray(at, at + length)));
  }
}

/** Appends a data segment with its padding and digest. */
function putData(phase: Phase, source: Uint8Array, offset: number, length: number): void {
  const { output, parameters } = phase;
  const padding = padded(length) - length;
  const trailer = padding + (parameters.dataDigest ? 4 : 0);
  const part = source.subarray(offset, offset + length);
  let at: number;
  if (length <= COPY_LENGTH) {
    at = output.reserve(length + trailer);
    output.bytes.set(part, at);
    at += length;
  } else {
    output.lend(part);
    if (trailer === 0) return;
    at = output.reserve(trailer);
  }
  const { bytes } = output;
  for (let index = 0; index < padding; index++) bytes[at + index] = 0;
  if (parameters.dataDigest) {
    const digest = crc32c(bytes.subarray(at, at + padding), crc32c(part));
    putDigest(bytes, at + padding, digest);
  }
}

/** Digests travel least significant byte first (RFC 7143 13.1). */
function putDigest(bytes: Uint8Array, at: number, digest: number): void {
  put32(bytes, at, (digest >>> 24) | ((digest >>> 8) & 0xff00) | ((digest << 8) & 0xff_0000) | (digest << 24));
}

/** Sends a rare PDU whose header is ready made. */
export function sendPdu(phase: Phase, header: Uint8Array, data: Uint8Array = NOTHING): void {
  const at = phase.output.reserve(phase.parameters.headerDigest ? BHS_LENGTH + 4 : BHS_LENGTH);
  phase.output.bytes.set(header, at);
  endHeader(phase, at, BHS_LENGTH);
  if (data.length > 0) putData(phase, data, 0, data.length);
  scheduleFlush(phase);
}

/**
 * What a full-feature phase does with the PDUs that the target sends (RFC 7143 clause 11): which is which, and what
 * commands are answered with. Every field is checked against what is expected; what cannot be right ends the connection
 * by an exception.
 */
import { Buffer } from "node:buffer";
import { broken, findTask, finish, takeStatSn } from "./checks.ts";
import { describePdu, protocolError } from "./fault.ts";
import { FINAL, Field, get16, get32, Opcode, RESERVED_TAG, ResponseFlag } from "./pdu.ts";
import { describeTask, detach, type Phase, rejectTask, updateWindow } from "./phase.ts";
import type { PduSink } from "./receiver.ts";
import { asyncMessage, logoutResponse, managementResponse, nopIn, reject, textResponse } from "./receiving-others.ts";
import { type Task, TaskKind, TaskState } from "./task.ts";
import { hex } from "./words.ts";

/** The sink of a connection in its full-feature phase. */
export function createSink(phase: Phase): PduSink {
  return {
    header: (bytes, at, dataLength) =>
      ((bytes[at] as number) & 0x3f) === Opcode.DATA_IN ? placeDataIn(phase, bytes, at, dataLength) : undefined,
    pdu(bytes, at, _headerLength, data, dataAt, dataLength) {
      // A PDU before it in the same chunk may have ended the phase.
      if (phase.error === undefined) receive(phase, bytes, at, data, dataAt, dataLength);
    },
  };
}

function receive(
  phase: Phase,
  bytes: Uint8Array,
  at: number,
  data: Uint8Array,
  dataAt: number,
  dataLength: number,
): void {
  phase.received++;
  updateWindow(phase, get32(bytes, at + Field.EXP_CMD_SN), get32(bytes, at + Field.MAX_CMD_SN));
  const opcode = (bytes[at] as number) & 0x3f;
  switch (opcode) {
    case Opcode.DATA_IN:
      dataIn(phase, bytes, at);
      break;
    case Opcode.SCSI_RESPONSE:
      scsiResponse(phase, bytes, at, data, dataAt, dataLength);
      break;
    case Opcode.R2T:
      readyToTransfer(phase, bytes, at);
      break;
    case Opcode.NOP_IN:
      nopIn(phase, bytes, at);
      break;
    case Opcode.TASK_MANAGEMENT_RESPONSE:
      managementResponse(phase, bytes, at);
      break;
    case Opcode.TEXT_RESPONSE:
      textResponse(phase, bytes, at, data, dataAt, dataLength);
      break;
    case Opcode.LOGOUT_RESPONSE:
      logoutResponse(phase, bytes, at);
      break;
    case Opcode.ASYNC_MESSAGE:
      asyncMessage(phase, bytes, at, data, dataAt, dataLength);
      break;
    case Opcode.REJECT:
      reject(phase, bytes, at, data, dataAt, dataLength);
      break;
    default:
      throw protocolError(`Unexpected PDU from ${phase.options.peer}: ${describePdu(bytes, at)}`);
  }
}

/** Checks a Data-In, and says where its data goes. */
function placeDataIn(phase: Phase, bytes: Uint8Array, at: number, length: number): Uint8Array | undefined {
  const task = findTask(phase, bytes, at, TaskKind.COMMAND);
  const dataSn = get32(bytes, at + Field.DATA_SN);
  if (dataSn !== task.dataSn) throw broken(phase, bytes, at, `DataSN is ${dataSn}, expected ${task.dataSn}`);
  const offset = get32(bytes, at + Field.BUFFER_OFFSET);
  if (length > 0 && offset !== task.received) {
    throw broken(phase, bytes, at, `Buffer Offset is ${offset}, expected ${task.received}`);
  }
  const request = task.request as NonNullable<Task["request"]>;
  const room = request.dataOut !== undefined && request.dataOut.length > 0 ? 0 : request.dataInLength;
  const end = task.received + length;
  if (end > room) throw broken(phase, bytes, at, `data up to byte ${end}, but the command has room for ${room}`);
  task.dataSn = (dataSn + 1) >>> 0;
  const start = task.received;
  task.received = end;
  if (length === 0 || task.state !== TaskState.SENT) return undefined;
  if (task.dataIn.length < end) {
    // The last PDU of a sequence is most often the last of all: then just what arrived is taken. Else room for more,
    // but never much more than has arrived, whatever was asked for.
    const whole = start === 0 && ((bytes[at + Field.FLAGS] as number) & FINAL) !== 0;
    const grown = freshMemory(whole ? length : Math.min(room, Math.max(end * 2, 1_048_576)));
    if (start > 0) grown.set(task.dataIn.subarray(0, start));
    task.dataIn = grown;
  }
  return start === 0 && task.dataIn.length === length ? task.dataIn : task.dataIn.subarray(start, end);
}

/** The same, for an answer without any: whoever gets it may give it away. From a list V8 makes it soonest. */
const noBytes = (): Uint8Array => new Uint8Array([]);

/** Memory of its own for one answer. Large ones are not zeroed: all that is handed out was written before. */
function freshMemory(length: number): Uint8Array {
  if (length < 8192) return new Uint8Array(length);
  const memory = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(memory.buffer, memory.byteOffset, length);
}

function dataIn(phase: Phase, bytes: Uint8Array, at: number): void {
  const flags = bytes[at + Field.FLAGS] as number;
  if ((flags & ResponseFlag.STATUS) === 0) return;
  if ((flags & FINAL) === 0) throw broken(phase, bytes, at, "it carries a status without being final");
  const task = phase.tasks.find(get32(bytes, at + Field.INITIATOR_TASK_TAG)) as Task;
  takeStatSn(phase, bytes, at);
  answer(phase, task, bytes, at, noBytes());
}

function scsiResponse(
  phase: Phase,
  bytes: Uint8Array,
  at: number,
  data: Uint8Array,
  dataAt: number,
  dataLength: number,
): void {
  const task = findTask(phase, bytes, at, TaskKind.COMMAND);
  takeStatSn(phase, bytes, at);
  const response = bytes[at + 2] as number;
  if (response !== 0) {
    finish(phase, task);
    if (task.state !== TaskState.SENT) return;
    rejectTask(
      task,
      "PROTOCOL_ERROR",
      `${phase.options.peer} could not complete ${describeTask(task)}: iSCSI response ${hex(response)}${response === 1 ? " (target failure)" : ""}`,
    );
    task.state = TaskState.DONE;
    return;
  }
  let sense = noBytes();
  if (dataLength > 0) {
    const length = dataLength < 2 ? 0 : get16(data, dataAt);
    if (dataLength < 2 || length + 2 > dataLength) {
      throw broken(phase, bytes, at, `SenseLength is ${length} in a data segment of ${dataLength} bytes`);
    }
    sense = new Uint8Array(length);
    sense.set(data.subarray(dataAt + 2, dataAt + 2 + length));
  }
  answer(phase, task, bytes, at, sense);
}

/** Resolves a command with its status, and frees its tag. */
function answer(phase: Phase, task: Task, bytes: Uint8Array, at: number, sense: Uint8Array): void {
  const flags = (bytes[at + Field.FLAGS] as number) & (ResponseFlag.OVERFLOW | ResponseFlag.UNDERFLOW);
  let residual = 0;
  if (flags !== 0) {
    const count = get32(bytes, at + Field.RESIDUAL_COUNT);
    if (flags === (ResponseFlag.OVERFLOW | ResponseFlag.UNDERFLOW)) {
      throw broken(phase, bytes, at, "both overflow and underflow are set");
    }
    residual = flags === ResponseFlag.UNDERFLOW ? count : -count;
  }
  finish(phase, task);
  if (task.state !== TaskState.SENT) return;
  task.state = TaskState.DONE;
  if (task.signal !== undefined) detach(task);
  const { received } = task;
  (task.resolve as (value: unknown) => void)({
    status: bytes[at + 3] as number,
    dataIn: received === 0 ? noBytes() : task.dataIn.length === received ? task.dataIn : task.dataIn.slice(0, received),
    sense,
    residual,
  });
}

function readyToTransfer(phase: Phase, bytes: Uint8Array, at: number): void {
  const task = findTask(phase, bytes, at, TaskKind.COMMAND);
  const total = task.request?.dataOut?.length ?? 0;
  const targetTransferTag = get32(bytes, at + Field.TARGET_TRANSFER_TAG);
  const r2tSn = get32(bytes, at + Field.DATA_SN);
  const offset = get32(bytes, at + Field.BUFFER_OFFSET);
  const length = get32(bytes, at + Field.DESIRED_DATA_TRANSFER_LENGTH);
  if (targetTransferTag === RESERVED_TAG) throw broken(phase, bytes, at, "the target transfer tag is reserved");
  if (r2tSn !== task.r2tSn) throw broken(phase, bytes, at, `R2TSN is ${r2tSn}, expected ${task.r2tSn}`);
  if (length === 0 || length > phase.parameters.maxBurstLength) {
    throw broken(phase, bytes, at, `${length} bytes are asked for; 1 to ${phase.parameters.maxBurstLength} may be`);
  }
  if (offset < task.r2tOffset || offset + length > total) {
    throw broken(
      phase,
      bytes,
      at,
      `bytes ${offset} to ${offset + length} are asked for; ${task.r2tOffset} to ${total} are left`,
    );
  }
  task.r2tSn = (r2tSn + 1) >>> 0;
  task.r2tOffset = offset + length;
  if (task.state !== TaskState.SENT) return;
  if (task.r2tCount >= phase.parameters.maxOutstandingR2t + 1) {
    throw broken(phase, bytes, at, `more than ${phase.parameters.maxOutstandingR2t} R2Ts are outstanding`);
  }
  task.r2tCount++;
  phase.transfers.push({ task, targetTransferTag, offset, end: offset + length, dataSn: 0 });
}

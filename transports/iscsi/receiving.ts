/**
 * What a full-feature phase does with each PDU that the target sends (RFC 7143 clause 11). Every field is checked against what is
 * expected; what cannot be right ends the connection by an exception.
 */
import { Buffer } from "node:buffer";
import { type ScsiError, transportError } from "../../src/errors.ts";
import { describePdu, protocolError } from "./fault.ts";
import {
  endTasks,
  logOutWhenIdle,
  ManagementFunction,
  managementMessage,
  renegotiate,
  sendText,
} from "./management.ts";
import {
  BHS_LENGTH,
  CONTINUE,
  compareSerial,
  FINAL,
  Field,
  get16,
  get32,
  Opcode,
  RESERVED_TAG,
  ResponseFlag,
} from "./pdu.ts";
import { describeTask, detach, endPhase, type Phase, rejectTask, updateWindow } from "./phase.ts";
import type { PduSink } from "./receiver.ts";
import { nopOut } from "./request-pdus.ts";
import { readAsyncMessage } from "./response-pdus.ts";
import { sendPdu } from "./sending.ts";
import { NOTHING, type Task, TaskKind, TaskState } from "./task.ts";
import {
  asyncEventWords,
  describeCode,
  hex,
  opcodeName,
  rejectWords,
  taskManagementFunctionWords,
  taskManagementResponseWords,
} from "./words.ts";

/** A text answer may be so long; a hostile one would never end. */
const MAX_TEXT_LENGTH = 8_388_608;
/** So much may wait to be sent when the target demands more, before it is clear that it does not read. */
const MAX_BACKLOG = 8_388_608;

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

function broken(phase: Phase, bytes: Uint8Array, at: number, what: string): ScsiError {
  return protocolError(`${phase.options.peer} broke the protocol (${describePdu(bytes, at)}): ${what}`);
}

/** Statuses are numbered without a gap; a gap is a lost answer. */
function takeStatSn(phase: Phase, bytes: Uint8Array, at: number): void {
  const statSn = get32(bytes, at + Field.STAT_SN);
  if (statSn !== phase.expStatSn) throw broken(phase, bytes, at, `StatSN is ${statSn}, expected ${phase.expStatSn}`);
  phase.expStatSn = (statSn + 1) >>> 0;
}

function findTask(phase: Phase, bytes: Uint8Array, at: number, kind: TaskKind): Task {
  const task = phase.tasks.find(get32(bytes, at + Field.INITIATOR_TASK_TAG));
  if (task === undefined) throw broken(phase, bytes, at, "no task has this tag");
  if (task.kind !== kind) throw broken(phase, bytes, at, "the task with this tag is of another kind");
  return task;
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
    // The last PDU of a sequence is most often the last of all: then no more memory is taken than arrived.
    const grown = freshMemory(((bytes[at + Field.FLAGS] as number) & FINAL) !== 0 && start === 0 ? length : room);
    if (start > 0) grown.set(task.dataIn.subarray(0, start));
    task.dataIn = grown;
  }
  return start === 0 && task.dataIn.length === length ? task.dataIn : task.dataIn.subarray(start, end);
}

/** Memory of its own for one answer. Large ones are not zeroed: all that is handed out was written before. */
function freshMemory(length: number): Uint8Array {
  return length < 8192 ? new Uint8Array(length) : new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

function dataIn(phase: Phase, bytes: Uint8Array, at: number): void {
  const flags = bytes[at + Field.FLAGS] as number;
  if ((flags & ResponseFlag.STATUS) === 0) return;
  if ((flags & FINAL) === 0) throw broken(phase, bytes, at, "it carries a status without being final");
  const task = phase.tasks.find(get32(bytes, at + Field.INITIATOR_TASK_TAG)) as Task;
  takeStatSn(phase, bytes, at);
  answer(phase, task, bytes, at, NOTHING);
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
  let sense = NOTHING;
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
    dataIn: task.dataIn.length === received ? task.dataIn : task.dataIn.slice(0, received),
    sense,
    residual,
  });
}

/** The target has said its last word on a command. A forsaken one keeps its tag until ABORT TASK is answered as well. */
function finish(phase: Phase, task: Task): void {
  phase.answeredInChunk++;
  if (task.state !== TaskState.FORSAKEN) phase.tasks.remove(task);
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

function nopIn(phase: Phase, bytes: Uint8Array, at: number): void {
  const targetTransferTag = get32(bytes, at + Field.TARGET_TRANSFER_TAG);
  if (get32(bytes, at + Field.INITIATOR_TASK_TAG) !== RESERVED_TAG) {
    const task = findTask(phase, bytes, at, TaskKind.PING);
    takeStatSn(phase, bytes, at);
    task.state = TaskState.DONE;
    phase.tasks.remove(task);
    return;
  }
  if (targetTransferTag === RESERVED_TAG) return;
  if (phase.output.backlog() > MAX_BACKLOG) {
    throw broken(phase, bytes, at, `it sends without reading: ${phase.output.backlog()} bytes wait for it`);
  }
  sendPdu(
    phase,
    nopOut({
      immediate: true,
      flags: FINAL,
      lunHigh: get32(bytes, at + Field.LUN),
      lunLow: get32(bytes, at + Field.LUN + 4),
      initiatorTaskTag: RESERVED_TAG,
      word20: targetTransferTag,
      cmdSn: phase.cmdSn,
      expStatSn: phase.expStatSn,
    }),
  );
}

function managementResponse(phase: Phase, bytes: Uint8Array, at: number): void {
  const task = findTask(phase, bytes, at, TaskKind.TASK_MANAGEMENT);
  takeStatSn(phase, bytes, at);
  const response = bytes[at + 2] as number;
  const words = describeCode(taskManagementResponseWords, response);
  const wanted = task.state === TaskState.SENT;
  phase.tasks.remove(task);
  task.state = TaskState.DONE;
  if (task.managementFunction === ManagementFunction.ABORT_TASK) {
    phase.options.report({ type: "task-aborted", response, words });
    // 0: ended now; 1 and 2: it does not exist any more. Anything else leaves it alive.
    if (response > 2) {
      const message = `Connection lost: ${phase.options.peer} refused an ABORT TASK: ${words}; the session was given up so that the command cannot run later`;
      endPhase(phase, transportError("CONNECTION_LOST", "unknown", message));
      return;
    }
    if (task.reference !== undefined) phase.tasks.remove(task.reference);
    return;
  }
  if (response === 0) {
    const one = task.managementFunction === ManagementFunction.LOGICAL_UNIT_RESET;
    const why = `a ${taskManagementFunctionWords[task.managementFunction]} of this session`;
    endTasks(phase, one ? task.lunHigh : undefined, task.lunLow, why);
    detach(task);
    if (wanted) (task.resolve as (value: unknown) => void)(undefined);
  } else if (wanted) {
    rejectTask(task, "TASK_MANAGEMENT_FAILED", managementMessage(phase, task, words));
  }
}

function textResponse(
  phase: Phase,
  bytes: Uint8Array,
  at: number,
  data: Uint8Array,
  dataAt: number,
  dataLength: number,
): void {
  const task = findTask(phase, bytes, at, TaskKind.TEXT);
  takeStatSn(phase, bytes, at);
  const flags = bytes[at + Field.FLAGS] as number;
  const targetTransferTag = get32(bytes, at + Field.TARGET_TRANSFER_TAG);
  if (dataLength === 0 && (flags & CONTINUE) !== 0) throw broken(phase, bytes, at, "it continues a text without text");
  if (task.received + dataLength > MAX_TEXT_LENGTH) {
    throw broken(phase, bytes, at, `the text is longer than ${MAX_TEXT_LENGTH} bytes`);
  }
  appendText(task, data, dataAt, dataLength);
  const last = (flags & FINAL) !== 0;
  if (last !== (targetTransferTag === RESERVED_TAG) || (last && (flags & CONTINUE) !== 0)) {
    throw broken(
      phase,
      bytes,
      at,
      `the flags ${hex(flags)} do not go with target transfer tag ${hex(targetTransferTag, 8)}`,
    );
  }
  if (!last) {
    // One empty turn each time: a target that sends nothing, and never ends, is cut off by the task's limit.
    sendText(phase, task, targetTransferTag, NOTHING);
    return;
  }
  phase.tasks.remove(task);
  const wanted = task.state === TaskState.SENT;
  task.state = TaskState.DONE;
  detach(task);
  if (wanted) (task.resolve as (value: unknown) => void)(task.dataIn.slice(0, task.received));
}

/** Text grows by doubling, in the task's own buffer. */
function appendText(task: Task, data: Uint8Array, dataAt: number, length: number): void {
  const end = task.received + length;
  if (end > task.dataIn.length) {
    const grown = new Uint8Array(Math.max(end, task.dataIn.length * 2));
    grown.set(task.dataIn.subarray(0, task.received));
    task.dataIn = grown;
  }
  task.dataIn.set(data.subarray(dataAt, dataAt + length), task.received);
  task.received = end;
}

function logoutResponse(phase: Phase, bytes: Uint8Array, at: number): void {
  const task = findTask(phase, bytes, at, TaskKind.LOGOUT);
  takeStatSn(phase, bytes, at);
  phase.time2Wait = get16(bytes, at + 40);
  phase.tasks.remove(task);
  task.state = TaskState.DONE;
  detach(task);
  (task.resolve as (value: unknown) => void)(bytes[at + 2] as number);
}

function asyncMessage(
  phase: Phase,
  bytes: Uint8Array,
  at: number,
  data: Uint8Array,
  dataAt: number,
  dataLength: number,
): void {
  takeStatSn(phase, bytes, at);
  const message = readAsyncMessage(bytes, at);
  const { event, parameter1, parameter2, parameter3 } = message;
  const words = describeCode(asyncEventWords, event);
  let sense = NOTHING;
  if (event === 0 && dataLength >= 2) {
    const length = Math.min(get16(data, dataAt), dataLength - 2);
    sense = new Uint8Array(length);
    sense.set(data.subarray(dataAt + 2, dataAt + 2 + length));
  }
  phase.options.report({
    type: "async-message",
    event,
    words,
    lun: message.lun,
    sense,
    parameters: [parameter1, parameter2, parameter3],
  });
  const lost = (time2Wait: number): void => {
    phase.time2Wait = time2Wait;
    endPhase(phase, transportError("CONNECTION_LOST", "unknown", `Connection lost: ${phase.options.peer}: ${words}`));
  };
  switch (event) {
    case 1:
      logOutWhenIdle(phase, parameter3);
      return;
    case 2:
      // Our only connection has CID 0.
      if (parameter1 === 0) lost(parameter2);
      return;
    case 3:
      lost(parameter2);
      return;
    case 4:
      renegotiate(phase, parameter3);
      return;
    case 5: {
      const lunHigh = get32(bytes, at + Field.LUN);
      const lunLow = get32(bytes, at + Field.LUN + 4);
      endTasks(phase, lunHigh, lunLow, "the target");
      sendPdu(
        phase,
        nopOut({
          immediate: true,
          flags: FINAL,
          lunHigh,
          lunLow,
          initiatorTaskTag: RESERVED_TAG,
          word20: RESERVED_TAG,
          cmdSn: phase.cmdSn,
          expStatSn: phase.expStatSn,
        }),
      );
      return;
    }
  }
}

function reject(
  phase: Phase,
  bytes: Uint8Array,
  at: number,
  data: Uint8Array,
  dataAt: number,
  dataLength: number,
): void {
  takeStatSn(phase, bytes, at);
  if (dataLength < BHS_LENGTH) {
    throw broken(phase, bytes, at, `it holds ${dataLength} bytes of the rejected PDU, not a whole header`);
  }
  const reason = bytes[at + 2] as number;
  const words = describeCode(rejectWords, reason);
  const opcode = (data[dataAt] as number) & 0x3f;
  phase.options.report({ type: "rejected", reason, words, opcode });
  const task = phase.tasks.find(get32(data, dataAt + Field.INITIATOR_TASK_TAG));
  // A rejected Data-Out is followed by a SCSI Response, which tells the command's fate (11.17.1).
  if (task === undefined || opcode === Opcode.DATA_OUT) return;
  const message = `${phase.options.peer} rejected a ${opcodeName(opcode)} PDU: ${words}`;
  if (task.kind === TaskKind.PING) {
    phase.tasks.remove(task);
  } else if (task.kind === TaskKind.TASK_MANAGEMENT && task.managementFunction === ManagementFunction.ABORT_TASK) {
    endPhase(
      phase,
      transportError("CONNECTION_LOST", "unknown", `Connection lost: ${message}; the aborted command could run later`),
    );
  } else if (task.kind === TaskKind.COMMAND && compareSerial(phase.expCmdSn, task.cmdSn) <= 0) {
    // Its CmdSN was not taken: the target would wait for it for ever.
    endPhase(phase, protocolError(message));
  } else {
    finish(phase, task);
    if (task.state !== TaskState.SENT) return;
    rejectTask(task, task.kind === TaskKind.TASK_MANAGEMENT ? "TASK_MANAGEMENT_FAILED" : "PROTOCOL_ERROR", message);
    task.state = TaskState.DONE;
  }
}

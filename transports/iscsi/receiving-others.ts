/**
 * What a full-feature phase does with the PDUs that answer no command: pings, task management, text, logout,
 * asynchronous messages and rejects (RFC 7143 clause 11). What cannot be right ends the connection by an exception.
 */
import { broken, findTask, finish, takeStatSn } from "./checks.ts";
import { logOutWhenIdle, renegotiate, sendText } from "./conversation.ts";
import { protocolError } from "./fault.ts";
import { endTasks, ManagementFunction, managementMessage } from "./management.ts";
import { BHS_LENGTH, CONTINUE, compareSerial, FINAL, Field, get16, get32, Opcode, RESERVED_TAG } from "./pdu.ts";
import { detach, endPhase, lose, type Phase, rejectTask } from "./phase.ts";
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

/** A NOP-In (11.19): the answer to our ping, or a ping of the target. */
export function nopIn(phase: Phase, bytes: Uint8Array, at: number): void {
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

/** A Task Management Function Response (11.6). */
export function managementResponse(phase: Phase, bytes: Uint8Array, at: number): void {
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
      lose(
        phase,
        `${phase.options.peer} refused an ABORT TASK: ${words}; the session was given up so that the command cannot run later`,
      );
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

/** A Text Response (11.11), in parts or whole. */
export function textResponse(
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

/** A Logout Response (11.15). */
export function logoutResponse(phase: Phase, bytes: Uint8Array, at: number): void {
  const task = findTask(phase, bytes, at, TaskKind.LOGOUT);
  takeStatSn(phase, bytes, at);
  phase.time2Wait = get16(bytes, at + 40);
  phase.tasks.remove(task);
  task.state = TaskState.DONE;
  detach(task);
  (task.resolve as (value: unknown) => void)(bytes[at + 2] as number);
}

/** An Asynchronous Message (11.9). */
export function asyncMessage(
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
    lose(phase, `${phase.options.peer}: ${words}`);
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

/** A Reject (11.17). */
export function reject(
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
    lose(phase, `${message}; the aborted command could run later`);
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

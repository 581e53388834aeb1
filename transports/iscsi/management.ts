/**
 * Giving tasks up, task management functions, pings, text and logout (RFC 7143 11.5, 11.10, 11.14, 11.18), and the one clock that
 * watches over all of them.
 */
import { isScsiError, type TransportErrorCode, transportError } from "../../src/errors.ts";
import { FINAL, RESERVED_TAG } from "./pdu.ts";
import { arm, describeTask, detach, endPhase, now, type Phase, rejectTask } from "./phase.ts";
import { logoutRequest, nopOut, taskManagementRequest, textRequest } from "./request-pdus.ts";
import { sendPdu } from "./sending.ts";
import { listen } from "./signals.ts";
import { createTask, NOTHING, type Task, TaskKind, type TaskSeed, TaskState } from "./task.ts";
import { decodeText, readNumber } from "./text.ts";
import { taskManagementFunctionWords } from "./words.ts";

/** Task management functions (RFC 7143 11.5.1). */
export const ManagementFunction = {
  ABORT_TASK: 1,
  LOGICAL_UNIT_RESET: 5,
  TARGET_WARM_RESET: 6,
  TARGET_COLD_RESET: 7,
} as const;

/** How long the target may take to answer a logout. */
export const LOGOUT_TIMEOUT_MS = 2000;

/** Lets the clock know of a task's limit. */
export function watch(phase: Phase, task: Task): void {
  if (task.timeoutMs === Number.POSITIVE_INFINITY) return;
  task.deadline = now() + task.timeoutMs;
  arm(phase, task.deadline, tick);
}

/** Starts the watch over an idle connection. */
export function startKeepAlive(phase: Phase): void {
  const { keepAlive } = phase.options;
  if (keepAlive === undefined) return;
  phase.keepAliveAt = now() + keepAlive.intervalMs;
  phase.receivedAtKeepAlive = phase.received;
  arm(phase, phase.keepAliveAt, tick);
}

/** What is due now: tasks past their limit, and the ping. */
function tick(phase: Phase): void {
  phase.timer = undefined;
  phase.timerAt = Number.POSITIVE_INFINITY;
  if (phase.error !== undefined) return;
  const time = now() + 1;
  let next = Number.POSITIVE_INFINITY;
  const look = (task: Task | undefined): void => {
    if (task === undefined || task.deadline === Number.POSITIVE_INFINITY) return;
    if (task.deadline <= time) expire(phase, task);
    else if (task.deadline < next) next = task.deadline;
  };
  for (const task of phase.tasks.slots.slice()) look(task);
  for (const task of phase.queue) look(task);
  if (phase.error !== undefined) return;
  if (phase.keepAliveAt <= time) {
    if (phase.received === phase.receivedAtKeepAlive) ping(phase);
    startKeepAlive(phase);
  }
  if (phase.logoutAt <= time) closeAsRequested(phase);
  arm(phase, Math.min(next, phase.keepAliveAt, phase.logoutAt), tick);
}

function expire(phase: Phase, task: Task): void {
  switch (task.kind) {
    case TaskKind.COMMAND:
      giveUp(
        phase,
        task,
        "TIMEOUT",
        `No answer to ${describeTask(task)} from ${phase.options.peer} within ${task.timeoutMs} ms`,
      );
      return;
    case TaskKind.TASK_MANAGEMENT:
      if (task.managementFunction !== ManagementFunction.ABORT_TASK) {
        rejectTask(task, "TIMEOUT", managementMessage(phase, task, `no answer within ${task.timeoutMs} ms`));
        task.state = TaskState.FORSAKEN;
        return;
      }
      lose(
        phase,
        `${phase.options.peer} did not confirm an ABORT TASK within ${task.timeoutMs} ms; the session was given up so that the command cannot run later`,
      );
      return;
    case TaskKind.PING:
      lose(phase, `${phase.options.peer} did not answer a NOP-Out within ${task.timeoutMs} ms`);
      return;
    default:
      lose(
        phase,
        `${phase.options.peer} did not answer a ${task.kind === TaskKind.TEXT ? "text" : "logout"} request within ${task.timeoutMs} ms`,
      );
  }
}

function lose(phase: Phase, message: string): void {
  endPhase(phase, transportError("CONNECTION_LOST", "unknown", `Connection lost: ${message}`));
}

/** The words around what became of a task management function. */
export function managementMessage(phase: Phase, task: Task, outcome: string): string {
  return `Cannot do a ${taskManagementFunctionWords[task.managementFunction]} at ${phase.options.peer}: ${outcome}`;
}

/**
 * Answers a command's caller without waiting for the target. A command that was sent is aborted, and its tag kept until the target
 * confirms that it will not be executed any more.
 */
export function giveUp(phase: Phase, task: Task, code: TransportErrorCode, why: string, cause?: unknown): void {
  if (task.state === TaskState.QUEUED) {
    rejectTask(task, code, `${why}; it had not been sent`, cause);
    task.state = TaskState.DONE;
    return;
  }
  if (task.state !== TaskState.SENT) return;
  rejectTask(task, code, `${why}; ABORT TASK follows it, and whether it was executed is not known`, cause);
  task.state = TaskState.FORSAKEN;
  if (phase.error !== undefined) return;
  const abort = createTask({
    kind: TaskKind.TASK_MANAGEMENT,
    lunHigh: task.lunHigh,
    lunLow: task.lunLow,
    managementFunction: ManagementFunction.ABORT_TASK,
    reference: task,
    timeoutMs: phase.options.abortTimeoutMs,
  });
  if (!sendManagement(phase, abort)) lose(phase, "no task tag is left to abort a command with");
}

/** Sends a task management request; false if no tag is left for it. */
function sendManagement(phase: Phase, task: Task): boolean {
  if (!begin(phase, task)) return false;
  sendPdu(
    phase,
    taskManagementRequest({
      immediate: true,
      flags: FINAL | task.managementFunction,
      lunHigh: task.lunHigh,
      lunLow: task.lunLow,
      initiatorTaskTag: task.tag,
      word20: task.reference?.tag ?? RESERVED_TAG,
      cmdSn: phase.cmdSn,
      expStatSn: phase.expStatSn,
      word32: task.reference?.cmdSn ?? 0,
    }),
  );
  return true;
}

function begin(phase: Phase, task: Task): boolean {
  if (!phase.tasks.add(task)) return false;
  task.state = TaskState.SENT;
  task.cmdSn = phase.cmdSn;
  watch(phase, task);
  return true;
}

/** A request whose answer is a promise; rejected at once if no tag is left. */
function ask<Answer>(phase: Phase, seed: TaskSeed, send: (task: Task) => void, signal?: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const task = createTask(seed);
    task.resolve = resolve as (value: never) => void;
    task.reject = reject;
    if (!begin(phase, task)) {
      reject(transportError("TASK_MANAGEMENT_FAILED", "no", `No task tag is left at ${phase.options.peer}`));
      return;
    }
    if (signal !== undefined) heed(phase, task, signal);
    send(task);
  });
}

/** Ties a task to a signal that has not fired yet. */
export function heed(phase: Phase, task: Task, signal: AbortSignal): void {
  task.signal = signal;
  task.onAbort = () => {
    if (task.kind === TaskKind.COMMAND) {
      giveUp(
        phase,
        task,
        "ABORTED",
        `The caller gave up ${describeTask(task)} at ${phase.options.peer}`,
        signal.reason,
      );
    } else if (task.state === TaskState.SENT) {
      rejectTask(task, "ABORTED", managementMessage(phase, task, "the caller gave it up"), signal.reason);
      task.state = TaskState.FORSAKEN;
    }
  };
  listen(signal, task.onAbort);
}

/** Carries out a reset, and resolves when the target has confirmed it. */
export function manage(
  phase: Phase,
  managementFunction: number,
  lunHigh: number,
  lunLow: number,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  // The LUN is reserved in functions that address the whole target (RFC 7143 11.5.2).
  const one = managementFunction === ManagementFunction.LOGICAL_UNIT_RESET;
  const seed: TaskSeed = {
    kind: TaskKind.TASK_MANAGEMENT,
    lunHigh: one ? lunHigh : 0,
    lunLow: one ? lunLow : 0,
    managementFunction,
    timeoutMs,
  };
  return ask<void>(
    phase,
    seed,
    (task) => {
      sendPdu(
        phase,
        taskManagementRequest({
          immediate: true,
          flags: FINAL | managementFunction,
          lunHigh: task.lunHigh,
          lunLow: task.lunLow,
          initiatorTaskTag: task.tag,
          word20: RESERVED_TAG,
          cmdSn: phase.cmdSn,
          expStatSn: phase.expStatSn,
        }),
      );
    },
    signal,
  );
}

/** Sends our ping. Its answer shows that the target is alive; if none comes, the connection is given up. */
function ping(phase: Phase): void {
  const task = createTask({ kind: TaskKind.PING, timeoutMs: phase.options.keepAlive?.timeoutMs ?? 0 });
  if (!begin(phase, task)) return;
  sendPdu(
    phase,
    nopOut({
      immediate: true,
      flags: FINAL,
      initiatorTaskTag: task.tag,
      word20: RESERVED_TAG,
      cmdSn: phase.cmdSn,
      expStatSn: phase.expStatSn,
    }),
  );
}

/** Sends one turn of text, and resolves with what the target sent in its turn, continued PDUs put together. */
export function exchangeText(
  phase: Phase,
  text: Uint8Array,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return ask<Uint8Array>(
    phase,
    { kind: TaskKind.TEXT, timeoutMs },
    (task) => sendText(phase, task, RESERVED_TAG, text),
    signal,
  );
}

/** Sends a text request of a text exchange: the first, or one that asks for more. */
export function sendText(phase: Phase, task: Task, targetTransferTag: number, text: Uint8Array): void {
  sendPdu(
    phase,
    textRequest({
      immediate: true,
      flags: FINAL,
      dataSegmentLength: text.length,
      initiatorTaskTag: task.tag,
      word20: targetTransferTag,
      cmdSn: phase.cmdSn,
      expStatSn: phase.expStatSn,
    }),
    text,
  );
}

/** Logs out, closing the session; resolves with the target's answer. */
export function logout(phase: Phase, timeoutMs: number): Promise<number> {
  phase.draining = true;
  phase.loggingOut = true;
  return ask<number>(phase, { kind: TaskKind.LOGOUT, timeoutMs }, (task) => {
    sendPdu(
      phase,
      logoutRequest({
        immediate: true,
        flags: FINAL,
        initiatorTaskTag: task.tag,
        cmdSn: phase.cmdSn,
        expStatSn: phase.expStatSn,
      }),
    );
  });
}

/** The target wants a logout within so many seconds: commands under way may finish first, new ones wait for the next login. */
export function logOutWhenIdle(phase: Phase, seconds: number): void {
  if (phase.draining) return;
  phase.draining = true;
  // Half of the time is left for the logout itself.
  phase.logoutAt = now() + seconds * 500;
  arm(phase, phase.logoutAt, tick);
}

/** Sends the logout that the target asked for, once no command is under way. */
export function closeIfIdle(phase: Phase): void {
  if (phase.loggingOut || phase.error !== undefined) return;
  for (const task of phase.tasks.slots) if (task?.kind === TaskKind.COMMAND) return;
  closeAsRequested(phase);
}

function closeAsRequested(phase: Phase): void {
  phase.logoutAt = Number.POSITIVE_INFINITY;
  const over = (): void => lose(phase, `${phase.options.peer} asked for a logout`);
  logout(phase, LOGOUT_TIMEOUT_MS).then(over, over);
}

/** The target wants to negotiate (RFC 7143 11.9.1, event 4): an empty text request gives it its turn. */
export function renegotiate(phase: Phase, seconds: number): void {
  if (phase.renegotiating) return;
  phase.renegotiating = true;
  exchangeText(phase, NOTHING, Math.max(1, seconds) * 1000)
    .then((text) => {
      phase.renegotiating = false;
      const length = decodeText(text).get("MaxRecvDataSegmentLength");
      // The only key of ours that may change in the full-feature phase; what else is proposed stays as it is.
      if (length !== undefined) {
        phase.parameters.maxSendDataSegmentLength = readNumber("MaxRecvDataSegmentLength", length, 512, 0xff_ffff);
      }
    })
    .catch((cause: unknown) => {
      if (isScsiError(cause)) endPhase(phase, cause);
    });
}

/** Ends the tasks of a logical unit (or of all, if `lunHigh` is undefined) that a reset has ended at the target. */
export function endTasks(phase: Phase, lunHigh: number | undefined, lunLow: number, why: string): void {
  for (const task of phase.tasks.slots.slice()) {
    if (task === undefined || task.kind !== TaskKind.COMMAND) continue;
    if (lunHigh !== undefined && (task.lunHigh !== lunHigh || task.lunLow !== lunLow)) continue;
    if (task.state === TaskState.SENT) {
      rejectTask(task, "ABORTED", `${describeTask(task)} at ${phase.options.peer} was ended by ${why}`);
    }
    task.state = TaskState.DONE;
    detach(task);
    phase.tasks.remove(task);
  }
}

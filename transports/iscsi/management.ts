/**
 * Task management (RFC 7143 11.5): commands that are given up are aborted, and logical units and targets are reset.
 */
import type { TransportErrorCode } from "../../src/errors.ts";
import { ask, begin } from "./asking.ts";
import { FINAL, RESERVED_TAG } from "./pdu.ts";
import { describeTask, detach, lose, type Phase, rejectTask } from "./phase.ts";
import { taskManagementRequest } from "./request-pdus.ts";
import { sendPdu } from "./sending.ts";
import { listen } from "./signals.ts";
import { createTask, type Task, TaskKind, type TaskSeed, TaskState } from "./task.ts";
import { taskManagementFunctionWords } from "./words.ts";

/** Task management functions (RFC 7143 11.5.1). */
export const ManagementFunction = {
  ABORT_TASK: 1,
  LOGICAL_UNIT_RESET: 5,
  TARGET_WARM_RESET: 6,
  TARGET_COLD_RESET: 7,
} as const;

/** The words around what became of a task management function. */
export function managementMessage(phase: Phase, task: Task, outcome: string): string {
  return `Cannot do a ${taskManagementFunctionWords[task.managementFunction]} at ${phase.options.peer}: ${outcome}`;
}

/**
 * Answers a command's caller without waiting for the target. A command that was sent is aborted, and its tag kept until
 * the target confirms that it will not be executed any more.
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
  if (begin(phase, abort)) sendManagement(phase, abort);
  else lose(phase, "no task tag is left to abort a command with");
}

function sendManagement(phase: Phase, task: Task): void {
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
}

/** Ties a command to a signal that has not fired yet. */
export function heed(phase: Phase, task: Task, signal: AbortSignal): void {
  task.signal = signal;
  task.onAbort = () => {
    const why = `The caller gave up ${describeTask(task)} at ${phase.options.peer}`;
    giveUp(phase, task, "ABORTED", why, signal.reason);
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
  const what = `a ${taskManagementFunctionWords[managementFunction]}`;
  return ask<void>(phase, what, seed, (task) => sendManagement(phase, task), signal);
}

/** Ends the tasks of a logical unit (or of all, if `lunHigh` is undefined) that a reset has ended at the target. */
export function endTasks(phase: Phase, lunHigh: number | undefined, lunLow: number, why: string): void {
  for (const task of phase.tasks.slots.slice()) {
    if (task === undefined || task.kind !== TaskKind.COMMAND) continue;
    if (lunHigh !== undefined && (task.lunHigh !== lunHigh || task.lunLow !== lunLow)) continue;
    if (task.state === TaskState.SENT) {
      rejectTask(task, "TASK_ABORTED", `${describeTask(task)} at ${phase.options.peer} was ended by ${why}`);
    }
    task.state = TaskState.DONE;
    detach(task);
    phase.tasks.remove(task);
  }
}

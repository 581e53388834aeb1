/**
 * The one clock of a full-feature phase: it watches over every task's limit, over silence, and over a logout that was
 * asked for.
 */
import { closeAsRequested, ping } from "./conversation.ts";
import { giveUp, ManagementFunction, managementMessage } from "./management.ts";
import { arm, describeTask, lose, now, type Phase, rejectTask } from "./phase.ts";
import { type Task, TaskKind, TaskState } from "./task.ts";

/** Starts the watch over an idle connection. */
export function startKeepAlive(phase: Phase): void {
  const { keepAlive } = phase.options;
  if (keepAlive === undefined) return;
  phase.keepAliveAt = now() + keepAlive.intervalMs;
  phase.receivedAtKeepAlive = phase.received;
  arm(phase, phase.keepAliveAt);
}

/** Does what is due now: tasks past their limit, the ping, the logout. */
export function tick(phase: Phase): void {
  phase.timer = undefined;
  phase.timerAt = Number.POSITIVE_INFINITY;
  if (phase.error !== undefined) return;
  // A timer may fire up to a millisecond early.
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
  arm(phase, Math.min(next, phase.keepAliveAt, phase.logoutAt));
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

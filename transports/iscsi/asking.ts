/**
 * Requests that are not commands: how one is begun, given its tag and its limit, and turned into a promise.
 */
import { transportError } from "../../src/errors.ts";
import { type Phase, rejectTask, watch } from "./phase.ts";
import { listen } from "./signals.ts";
import { createTask, type Task, type TaskSeed, TaskState } from "./task.ts";

/** Gives a task its tag and its limit; false if no tag is left. */
export function begin(phase: Phase, task: Task): boolean {
  if (!phase.tasks.add(task)) return false;
  task.state = TaskState.SENT;
  task.cmdSn = phase.cmdSn;
  watch(phase, task);
  return true;
}

/** A request whose answer is a promise; rejected at once if the phase has ended or no tag is left. */
export function ask<Answer>(
  phase: Phase,
  what: string,
  seed: TaskSeed,
  send: (task: Task) => void,
  signal?: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const task = createTask(seed);
    task.resolve = resolve as (value: never) => void;
    task.reject = reject;
    if (phase.error !== undefined) {
      reject(transportError("CONNECTION_LOST", "no", phase.error.message, phase.error));
    } else if (begin(phase, task)) {
      if (signal !== undefined) {
        task.signal = signal;
        task.onAbort = () => {
          if (task.state !== TaskState.SENT) return;
          rejectTask(task, "ABORTED", `The caller gave up ${what} at ${phase.options.peer}`, signal.reason);
          task.state = TaskState.FORSAKEN;
        };
        listen(signal, task.onAbort);
      }
      send(task);
    } else {
      reject(transportError("TASK_MANAGEMENT_FAILED", "no", `No task tag is left at ${phase.options.peer}`));
    }
  });
}

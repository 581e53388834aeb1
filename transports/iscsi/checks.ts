/**
 * What every received PDU of the full-feature phase is checked for: that it belongs to a task, and that no answer was
 * lost.
 */
import type { ScsiError } from "../../src/errors.ts";
import { describePdu, protocolError } from "./fault.ts";
import { Field, get32 } from "./pdu.ts";
import type { Phase } from "./phase.ts";
import { type Task, type TaskKind, TaskState } from "./task.ts";

/** The error for a PDU that breaks the protocol. */
export function broken(phase: Phase, bytes: Uint8Array, at: number, what: string): ScsiError {
  return protocolError(`${phase.options.peer} broke the protocol (${describePdu(bytes, at)}): ${what}`);
}

/** Statuses are numbered without a gap; a gap is a lost answer. */
export function takeStatSn(phase: Phase, bytes: Uint8Array, at: number): void {
  const statSn = get32(bytes, at + Field.STAT_SN);
  if (statSn !== phase.expStatSn) throw broken(phase, bytes, at, `StatSN is ${statSn}, expected ${phase.expStatSn}`);
  phase.expStatSn = (statSn + 1) >>> 0;
}

/** The task of a PDU, which must be of this kind. */
export function findTask(phase: Phase, bytes: Uint8Array, at: number, kind: TaskKind): Task {
  const task = phase.tasks.find(get32(bytes, at + Field.INITIATOR_TASK_TAG));
  if (task === undefined) throw broken(phase, bytes, at, "no task has this tag");
  if (task.kind !== kind) throw broken(phase, bytes, at, "the task with this tag is of another kind");
  return task;
}

/**
 * The target has said its last word on a command. A forsaken one keeps its tag until ABORT TASK is answered as well.
 */
export function finish(phase: Phase, task: Task): void {
  phase.answeredInChunk++;
  if (task.state !== TaskState.FORSAKEN) phase.tasks.remove(task);
}

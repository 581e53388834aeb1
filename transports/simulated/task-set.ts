/**
 * The commands under way to one logical unit: those that a hook holds up before the device server has seen them, and
 * those that wait for a robot. Who
 * aborts which is decided here after the standard; how an aborted one ends is for its transport.
 *
 *   sam4r14 5.6 (aborting commands), 7 (task management); spc4r36f 5.13.11.2.6 (PREEMPT AND ABORT)
 */
import type { ScsiRequest } from "../../src/transport.ts";
import type { Nexus } from "./nexus.ts";

/** A command that has arrived and has not been executed. */
export interface SimulatedTask {
  /** Through which it came. */
  readonly nexus: Nexus;
  /** What was asked for. */
  readonly request: ScsiRequest;
  /**
   * Ends it without executing it. Nothing happens if it has ended.
   *
   * @param how with TASK ABORTED status, without any answer, or with the loss of the path it came by
   */
  abort(how: "status" | "silently" | "path lost"): void;
}

/** All of them, of one logical unit. */
export interface TaskSet {
  /** In the order of their arrival. */
  readonly tasks: ReadonlySet<SimulatedTask>;
  add(task: SimulatedTask): void;
  remove(task: SimulatedTask): void;
  /** ABORT TASK SET of these nexuses by another one: with TASK ABORTED if TAS says so, otherwise without an answer. */
  abortOf(nexuses: readonly Nexus[], except?: SimulatedTask): void;
  /** The nexus is lost, or all are: nobody can be told anything. */
  lose(nexus?: Nexus): void;
}

/** @param taskAbortedStatus what TAS of the Control mode page says now */
export function createTaskSet(taskAbortedStatus: () => boolean): TaskSet {
  const tasks = new Set<SimulatedTask>();
  return {
    tasks,
    add: (task) => void tasks.add(task),
    remove: (task) => void tasks.delete(task),
    abortOf(nexuses, except) {
      const how = taskAbortedStatus() ? "status" : "silently";
      for (const task of [...tasks]) {
        if (task === except || !nexuses.includes(task.nexus)) continue;
        tasks.delete(task);
        task.abort(how);
      }
    },
    lose(nexus) {
      for (const task of [...tasks]) {
        if (nexus !== undefined && task.nexus !== nexus) continue;
        tasks.delete(task);
        task.abort("path lost");
      }
    },
  };
}

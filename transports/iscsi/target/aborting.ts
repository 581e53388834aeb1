/** Which commands end without an answer, when somebody aborts them. Decides nothing about why. */
import type { ServedUnit, UnitNexus } from "./device.ts";
import type { Session } from "./session.ts";
import { removeTask, type Task } from "./task.ts";

/** PREEMPT AND ABORT: the victims' commands to the unit end; the preempting command itself goes on. */
export function abortTasksOf(session: Session, by: Task, victims: readonly UnitNexus[]): void {
  for (const peer of session.host.peers(session)) {
    for (const task of [...peer.tasks.values()]) {
      if (task !== by && task.unit === by.unit && task.nexus !== undefined && victims.includes(task.nexus)) {
        removeTask(peer, task);
      }
    }
  }
}

/** Ends all commands of one session to a unit; how many there were. */
export function abortTasksTo(session: Session, unit: ServedUnit | undefined): number {
  let count = 0;
  for (const task of [...session.tasks.values()]) {
    if (task.unit !== unit) continue;
    removeTask(session, task);
    count++;
  }
  return count;
}

/**
 * Ends all commands of all sessions to a unit. With `tell`, the other nexuses that lost some find COMMANDS CLEARED BY
 * ANOTHER INITIATOR (sam4r14 5.14.1); a reset has a condition of its own instead.
 */
export function clearTaskSet(session: Session, unit: ServedUnit, tell: boolean): void {
  for (const peer of session.host.peers(session)) {
    const count = abortTasksTo(peer, unit);
    const nexus = peer.nexuses.get(unit);
    if (tell && count > 0 && peer !== session && nexus !== undefined) unit.commandsCleared(nexus);
  }
}

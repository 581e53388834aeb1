/** What befalls a command where failures are asked for. Decides nothing about when. */
import { putScsiResponse } from "./answering.ts";
import type { UnitMishap } from "./device.ts";
import { endAllSessions, resetTarget, resetUnit } from "./resetting.ts";
import { endSession, type Session } from "./session.ts";
import { removeTask, type Task } from "./task.ts";

const nothing = new Uint8Array(0);
/** RFC 7143 11.4.3. */
const TARGET_FAILURE = 1;
const WHY = "as planned";

/** Has it happen to a command that is under way. */
export function befall(session: Session, task: Task, mishap: UnitMishap): void {
  switch (mishap) {
    case "no-answer":
      // It stays under way until somebody aborts it or the session ends.
      return;
    case "target-failure":
      removeTask(session, task);
      putScsiResponse(session, task.initiatorTaskTag, 0, nothing, 0, task.r2tSn, TARGET_FAILURE);
      return;
    case "connection-lost":
      endSession(session, "connection-lost", WHY);
      session.connection.destroy();
      return;
    case "logical-unit-reset":
      if (task.unit !== undefined) resetUnit(session, task.unit);
      return;
    case "target-reset":
      resetTarget(session, false);
      return;
    case "power-loss":
      resetTarget(session, true);
      endAllSessions(session, `loss of power, ${WHY}`);
      return;
  }
}

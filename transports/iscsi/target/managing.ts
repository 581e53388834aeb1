/**
 * Task management (RFC 7143 11.5, 11.6): which tasks end, what a reset does to units and sessions, and the response.
 * Unit attention conditions are the units' own.
 */
import { compareSerial, FINAL, Field, get32, Opcode, RESERVED_TAG } from "../pdu.ts";
import { describeCode, taskManagementResponseWords } from "../words.ts";
import { abortTasksTo, clearTaskSet } from "./aborting.ts";
import { lunNumber } from "./lun.ts";
import { passWaiting } from "./order.ts";
import { putPdu } from "./output-pdus.ts";
import { endAllSessions, resetTarget, resetUnit } from "./resetting.ts";
import { type Session, takeStatSn } from "./session.ts";
import { removeTask } from "./task.ts";

/** Functions (RFC 7143 11.5.1). */
const functions: Readonly<Record<number, string>> = {
  1: "ABORT TASK",
  2: "ABORT TASK SET",
  3: "CLEAR ACA",
  4: "CLEAR TASK SET",
  5: "LOGICAL UNIT RESET",
  6: "TARGET WARM RESET",
  7: "TARGET COLD RESET",
  8: "TASK REASSIGN",
};

const Response = {
  COMPLETE: 0,
  NO_TASK: 1,
  NO_UNIT: 2,
  NO_REASSIGNMENT: 4,
  NOT_SUPPORTED: 5,
  REJECTED: 255,
} as const;

/** A Task Management Function Request. */
export function manageTasks(session: Session, header: Uint8Array): void {
  const code = (header[Field.FLAGS] as number) & 0x7f;
  const wholeTarget = code === 6 || code === 7;
  const lun = lunNumber(get32(header, Field.LUN), get32(header, Field.LUN + 4));
  const response = perform(session, header, code, lun);
  session.host.emit({
    type: "task-management",
    session: session.identity,
    function: functions[code] ?? `function ${code}`,
    lun: wholeTarget || lun < 0 ? undefined : lun,
    response: describeCode(taskManagementResponseWords, response),
  });
  putPdu(
    session,
    Opcode.TASK_MANAGEMENT_RESPONSE,
    FINAL,
    response << 8,
    0,
    0,
    get32(header, Field.INITIATOR_TASK_TAG),
    0,
    takeStatSn(session),
    0,
    0,
    0,
  );
  if (code === 7 && response === Response.COMPLETE) endAllSessions(session, "TARGET COLD RESET");
}

function perform(session: Session, header: Uint8Array, code: number, lun: number): number {
  const units = session.target?.units;
  if (units === undefined) return Response.REJECTED;
  if (code === 8) return Response.NO_REASSIGNMENT;
  if (code === 6 || code === 7) {
    resetTarget(session, code === 7);
    return Response.COMPLETE;
  }
  const unit = units.get(lun);
  if (unit === undefined) return Response.NO_UNIT;
  switch (code) {
    case 1:
      return abortTask(session, header);
    case 2:
      abortTasksTo(session, unit);
      return Response.COMPLETE;
    case 4:
      clearTaskSet(session, unit, true);
      return Response.COMPLETE;
    case 5:
      resetUnit(session, unit);
      return Response.COMPLETE;
    default:
      // NACA is not supported, so there is no ACA to clear.
      return Response.NOT_SUPPORTED;
  }
}

/** ABORT TASK: of a task that is here, or of one whose CmdSN is yet to come (RFC 7143 11.6.1). */
function abortTask(session: Session, header: Uint8Array): number {
  const tag = get32(header, 20);
  const task = session.tasks.get(tag);
  if (task !== undefined) {
    const sameLun = task.lunHigh === get32(header, Field.LUN) && task.lunLow === get32(header, Field.LUN + 4);
    if (!sameLun) return Response.NO_TASK;
    removeTask(session, task);
    return Response.COMPLETE;
  }
  const refCmdSn = get32(header, 32);
  const own = get32(header, Field.CMD_SN);
  if (tag === RESERVED_TAG || compareSerial(refCmdSn, session.expCmdSn) < 0 || compareSerial(refCmdSn, own) >= 0) {
    return Response.NO_TASK;
  }
  // The command is taken for received: when it comes it is a duplicate, and ignored.
  if (!session.waiting.has(refCmdSn)) session.waiting.set(refCmdSn, () => {});
  passWaiting(session);
  return Response.COMPLETE;
}

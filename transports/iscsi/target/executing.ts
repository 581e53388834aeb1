/**
 * From a whole command to its answer: hands it to its unit, one after the other, as long as the peer takes output. What
 * an answer looks like on the wire is answering.ts's.
 */
import { SenseKey, Status } from "../../../src/core/generated/codes.ts";
import { ATTRIBUTE_ACA } from "../pdu.ts";
import { abortTasksOf } from "./aborting.ts";
import { answerAbsentUnit } from "./absent-unit.ts";
import { announce } from "./announcing.ts";
import { answerTask, putScsiResponse } from "./answering.ts";
import type { UnitAnswer } from "./device.ts";
import { befall } from "./mishaps.ts";
import { fixedSense } from "./sense.ts";
import { endSession, type Session } from "./session.ts";
import { isAlive, removeTask, type Task } from "./task.ts";

/** So many bytes of output may wait for the peer before no more commands are executed for it. */
export const OUTPUT_HIGH_WATER = 1_048_576;

/** The longest time that setTimeout can wait. */
const MAXIMUM_TIMER_MS = 2 ** 31 - 1;
const nothing = new Uint8Array(0);

/** Is the peer slow to take what there is? Hands the output over first. */
export function isCongested({ output }: Session): boolean {
  if (output.backlog() <= OUTPUT_HIGH_WATER) return false;
  output.flush();
  return output.backlog() > OUTPUT_HIGH_WATER;
}

/** A command is complete and in order: executes it, or has it wait behind others. */
export function whenComplete(session: Session, task: Task): void {
  if (session.ready.length > 0 || isCongested(session)) session.ready.push(task);
  else execute(session, task);
}

/** Executes what waits, as far as the peer takes output. */
export function executeReady(session: Session): void {
  while (session.ready.length > 0 && !isCongested(session)) {
    const task = session.ready.shift() as Task;
    if (isAlive(session, task)) execute(session, task);
  }
}

/** A task attribute that cannot be where there is never an ACA condition: INVALID MESSAGE ERROR, as SCST answers it. */
const attributeRefused = (): UnitAnswer => ({
  status: Status.CHECK_CONDITION,
  dataIn: nothing,
  sense: fixedSense(SenseKey.ILLEGAL_REQUEST, 0x49, 0x00),
  dataOutLength: 0,
  aborted: [],
});

function execute(session: Session, task: Task): void {
  const { unit, nexus } = task;
  if (unit === undefined || nexus === undefined) {
    const luns = [...(session.target?.units.keys() ?? [])];
    answerTask(session, task, answerAbsentUnit(task.cdb, luns));
    return;
  }
  if (task.attribute === ATTRIBUTE_ACA) {
    answerTask(session, task, attributeRefused());
    return;
  }
  task.executing = true;
  const dataOut = task.received === 0 ? nothing : task.buffer.subarray(0, task.received);
  const answer = unit.execute(nexus, task.cdb, dataOut, () => session.ended === undefined && isAlive(session, task));
  if (answer instanceof Promise) {
    answer.then(
      (late) => {
        if (session.ended !== undefined) return;
        deliver(session, task, late);
        session.output.flush();
      },
      (error: unknown) => {
        if (session.ended !== undefined) return;
        endSession(session, "connection-lost", error instanceof Error ? error.message : String(error));
        session.connection.destroy();
      },
    );
    return;
  }
  deliver(session, task, answer);
}

/** The victims' commands end before the answer goes out, so that none can follow it. */
function deliver(session: Session, task: Task, answer: UnitAnswer): void {
  if (answer.aborted.length > 0) abortTasksOf(session, task, answer.aborted);
  if (!isAlive(session, task)) return;
  if (answer.announces !== undefined) announce(session, answer.announces);
  if (session.ended !== undefined) return;
  if (answer.mishap !== undefined) befall(session, task, answer.mishap);
  else if (answer.lateByMs === undefined) answerTask(session, task, answer);
  else answerLate(session, task, answer, answer.lateByMs);
}

function answerLate(session: Session, task: Task, answer: UnitAnswer, ms: number): void {
  setTimeout(
    () => {
      if (session.ended !== undefined || !isAlive(session, task)) return;
      answerTask(session, task, answer);
      session.output.flush();
    },
    Math.min(ms, MAXIMUM_TIMER_MS),
  ).unref();
}

/** Answers a command with a status of the target's own, without executing it: TASK SET FULL and its like. */
export function refuseTask(session: Session, task: Task, status: number): void {
  removeTask(session, task);
  putScsiResponse(session, task.initiatorTaskTag, status, nothing, 0, task.r2tSn);
}

/**
 * What initiator and target say to each other besides commands (RFC 7143 11.10, 11.14, 11.18): pings, text,
 * negotiation, logout.
 */
import { isScsiError } from "../../src/errors.ts";
import { ask, begin } from "./asking.ts";
import { FINAL, RESERVED_TAG } from "./pdu.ts";
import { arm, endPhase, lose, now, type Phase } from "./phase.ts";
import { logoutRequest, nopOut, textRequest } from "./request-pdus.ts";
import { sendPdu } from "./sending.ts";
import { createTask, NOTHING, type Task, TaskKind, type TaskSeed } from "./task.ts";
import { decodeText, readNumber } from "./text.ts";

/** How long the target may take to answer a logout. */
export const LOGOUT_TIMEOUT_MS = 2000;

/** Sends our ping. Its answer shows that the target is alive; if none comes, the connection is given up. */
export function ping(phase: Phase): void {
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
  const seed: TaskSeed = { kind: TaskKind.TEXT, timeoutMs };
  return ask<Uint8Array>(phase, "a text request", seed, (task) => sendText(phase, task, RESERVED_TAG, text), signal);
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
  return ask<number>(phase, "a logout", { kind: TaskKind.LOGOUT, timeoutMs }, (task) => {
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

/**
 * The target wants a logout within so many seconds: commands under way may finish first, new ones wait for the next
 * login.
 */
export function logOutWhenIdle(phase: Phase, seconds: number): void {
  if (phase.draining) return;
  phase.draining = true;
  // Half of the time is left for the logout itself.
  phase.logoutAt = now() + seconds * 500;
  arm(phase, phase.logoutAt);
}

/** Sends the logout that the target asked for, once no command is under way. */
export function closeIfIdle(phase: Phase): void {
  if (phase.loggingOut || phase.error !== undefined) return;
  for (const task of phase.tasks.slots) if (task?.kind === TaskKind.COMMAND) return;
  closeAsRequested(phase);
}

/** Sends the logout that the target asked for, whatever is under way. */
export function closeAsRequested(phase: Phase): void {
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

/**
 * The full-feature phase put together: what goes in as commands and received bytes, and how its parts follow each
 * other. No I/O of its own.
 */
import { isScsiError, transportError } from "../../src/errors.ts";
import type { ScsiRequest, ScsiResponse } from "../../src/transport.ts";
import { closeIfIdle } from "./conversation.ts";
import { giveUp, heed } from "./management.ts";
import { endPhase, type Phase, watch } from "./phase.ts";
import type { PduReceiver } from "./receiver.ts";
import { run, submit } from "./sending.ts";
import { createTask, type Task, TaskKind } from "./task.ts";

/** Takes bytes that arrived. What is wrong with them ends the phase; nothing is thrown. */
export function feed(phase: Phase, receiver: PduReceiver, chunk: Uint8Array): void {
  phase.receiving = true;
  phase.answeredInChunk = 0;
  try {
    receiver.push(chunk);
  } catch (cause) {
    endPhase(
      phase,
      isScsiError(cause)
        ? cause
        : transportError("PROTOCOL_ERROR", "unknown", `Cannot read what ${phase.options.peer} sent`, cause),
    );
  }
  phase.receiving = false;
  if (phase.error !== undefined) return;
  if (phase.draining) closeIfIdle(phase);
  run(phase);
}

// The executor of every command's promise is this one function: none is made per command.
let resolveCaptured: (value: ScsiResponse) => void;
let rejectCaptured: (reason: unknown) => void;
function capture(resolve: (value: ScsiResponse) => void, reject: (reason: unknown) => void): void {
  resolveCaptured = resolve;
  rejectCaptured = reject;
}

/**
 * Carries out one command in a phase that is ready. One that has ended rejects it, undelivered.
 *
 * @param owner by whom it can be ended together with others; see {@link endOwned}
 */
export function execute(
  phase: Phase,
  owner: object,
  lunHigh: number,
  lunLow: number,
  request: ScsiRequest,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<ScsiResponse> {
  if (phase.error !== undefined) {
    return Promise.reject(transportError("CONNECTION_LOST", "no", phase.error.message, phase.error));
  }
  const promise = new Promise<ScsiResponse>(capture);
  const task = createTask({ kind: TaskKind.COMMAND, owner, lunHigh, lunLow, request, timeoutMs });
  task.resolve = resolveCaptured as (value: never) => void;
  task.reject = rejectCaptured;
  if (signal !== undefined) heed(phase, task, signal);
  if (timeoutMs !== Number.POSITIVE_INFINITY) watch(phase, task);
  submit(phase, task);
  return promise;
}

/** Ends all commands of an owner with code CLOSED. */
export function endOwned(phase: Phase, owner: object | undefined, why: string): void {
  const end = (task: Task | undefined): void => {
    if (task?.kind === TaskKind.COMMAND && (owner === undefined || task.owner === owner)) {
      giveUp(phase, task, "CLOSED", why);
    }
  };
  for (const task of phase.tasks.slots.slice()) end(task);
  for (const task of phase.queue.slice()) end(task);
}

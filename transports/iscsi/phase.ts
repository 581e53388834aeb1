/**
 * The state of a connection's full-feature phase, and what all its parts do with it: numbers, deadlines, ending tasks,
 * ending the phase. What is sent and what is received is decided in sending.ts and receiving.ts.
 */
import { performance } from "node:perf_hooks";
import { clearTimeout, setTimeout } from "node:timers";
import { type ScsiError, type TransportErrorCode, transportError } from "../../src/errors.ts";
import type { IscsiEvent } from "./events.ts";
import type { Output } from "./output.ts";
import type { SessionParameters } from "./parameters.ts";
import { compareSerial } from "./pdu.ts";
import { unlisten } from "./signals.ts";
import { createTaskTable, type Task, TaskKind, TaskState, type TaskTable } from "./task.ts";
import { hex } from "./words.ts";

/** How an idle connection is watched: a NOP-Out after so long without a PDU, and the time that its answer may take. */
export interface KeepAlive {
  /** Milliseconds without a PDU after which it is sent. */
  readonly intervalMs: number;
  /** Milliseconds that its answer may take. */
  readonly timeoutMs: number;
}

/** What a phase needs from outside. */
export interface PhaseOptions {
  /** For messages: whom we talk to. */
  readonly peer: string;
  readonly output: Output;
  readonly parameters: SessionParameters;
  readonly cmdSn: number;
  readonly expStatSn: number;
  readonly maxCmdSn: number;
  readonly keepAlive: KeepAlive | undefined;
  /** How long the target may take to confirm an ABORT TASK before the connection is given up. */
  readonly abortTimeoutMs: number;
  report(event: IscsiEvent): void;
  /** Called once when the phase has ended; the connection must be closed then. */
  ended(error: ScsiError): void;
  /** Does what is due, whenever {@link arm} has it run. */
  tick(phase: Phase): void;
}

/** Output of one Data-Out sequence, unsolicited or for one R2T. */
export interface Transfer {
  readonly task: Task;
  readonly targetTransferTag: number;
  offset: number;
  readonly end: number;
  dataSn: number;
}

/** A full-feature phase. */
export interface Phase {
  readonly options: PhaseOptions;
  readonly output: Output;
  readonly parameters: SessionParameters;
  readonly tasks: TaskTable;
  /** Commands that have not been sent, the oldest at `queueHead`. */
  queue: (Task | undefined)[];
  queueHead: number;
  readonly transfers: Transfer[];
  cmdSn: number;
  maxCmdSn: number;
  expCmdSn: number;
  expStatSn: number;
  /** Tasks answered within the chunk being taken, or the last one. */
  answeredInChunk: number;
  receiving: boolean;
  flushScheduled: boolean;
  /** PDUs received so far; tells a live peer from a silent one. */
  received: number;
  /** No more commands are sent: the target wants this connection to end. */
  draining: boolean;
  /** Whether the logout that follows draining was sent, and when it must be at the latest. */
  loggingOut: boolean;
  logoutAt: number;
  /** Whether an answer to a renegotiation is awaited. */
  renegotiating: boolean;
  /** Seconds that the target wants to pass before the next login. */
  time2Wait: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  timerAt: number;
  keepAliveAt: number;
  receivedAtKeepAlive: number;
  error: ScsiError | undefined;
  /** Resolves when the phase has ended. */
  readonly over: Promise<void>;
  readonly resolveOver: () => void;
}

/** A phase that begins now. */
export function createPhase(options: PhaseOptions): Phase {
  let resolveOver = (): void => {};
  const over = new Promise<void>((resolve) => {
    resolveOver = resolve;
  });
  return {
    options,
    output: options.output,
    parameters: options.parameters,
    tasks: createTaskTable(),
    queue: [],
    queueHead: 0,
    transfers: [],
    cmdSn: options.cmdSn,
    maxCmdSn: options.maxCmdSn,
    expCmdSn: options.cmdSn,
    expStatSn: options.expStatSn,
    answeredInChunk: 0,
    receiving: false,
    flushScheduled: false,
    received: 0,
    draining: false,
    loggingOut: false,
    logoutAt: Number.POSITIVE_INFINITY,
    renegotiating: false,
    time2Wait: options.parameters.time2Wait,
    timer: undefined,
    timerAt: Number.POSITIVE_INFINITY,
    keepAliveAt: Number.POSITIVE_INFINITY,
    receivedAtKeepAlive: 0,
    error: undefined,
    over,
    resolveOver,
  };
}

/** The monotonic clock, in milliseconds. */
export function now(): number {
  return performance.now();
}

/** May one more non-immediate command be sent? (RFC 7143 4.2.2.1) */
export function windowIsOpen(phase: Phase): boolean {
  return compareSerial(phase.cmdSn, phase.maxCmdSn) <= 0;
}

/** Takes the command window from a received PDU; a window that is older or impossible is ignored. */
export function updateWindow(phase: Phase, expCmdSn: number, maxCmdSn: number): void {
  if (compareSerial(maxCmdSn, (expCmdSn - 1) >>> 0) < 0) return;
  if (compareSerial(maxCmdSn, phase.maxCmdSn) > 0) phase.maxCmdSn = maxCmdSn;
  if (compareSerial(expCmdSn, phase.expCmdSn) > 0) phase.expCmdSn = expCmdSn;
}

/**
 * Has the clock tick no later than `deadline`. One timer serves the whole phase; it does not keep the process alive.
 */
export function arm(phase: Phase, deadline: number): void {
  if (deadline >= phase.timerAt) return;
  if (phase.timer !== undefined) clearTimeout(phase.timer);
  phase.timerAt = deadline;
  // A longer delay than 2^31 - 1 ms would fire at once; the tick arms again.
  const delay = Math.min(Math.max(1, Math.ceil(deadline - now())), 0x7fff_ffff);
  phase.timer = setTimeout(phase.options.tick, delay, phase);
  phase.timer.unref();
}

/** Names the command of a task for a message: its operation code, and its service action where that is in byte 1. */
export function describeTask(task: Task): string {
  const cdb = task.request?.cdb;
  if (cdb === undefined) return "the request";
  const bytes = Array.from(cdb.subarray(0, 2), (byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
  return `the command (CDB ${bytes.join(" ")}…, initiator task tag ${task.tag < 0 ? "none yet" : hex(task.tag, 8)})`;
}

/** Lets go of what ties a task to its caller. */
export function detach(task: Task): void {
  if (task.onAbort !== undefined) unlisten(task.signal, task.onAbort);
  task.signal = undefined;
  task.onAbort = undefined;
  task.deadline = Number.POSITIVE_INFINITY;
}

/** Rejects a task's caller; the tag is not freed. */
export function rejectTask(task: Task, code: TransportErrorCode, message: string, cause?: unknown): void {
  const delivered = task.state === TaskState.QUEUED ? "no" : "unknown";
  detach(task);
  task.reject(transportError(code, delivered, message, cause));
}

/** Lets the clock know of a task's limit. */
export function watch(phase: Phase, task: Task): void {
  if (task.timeoutMs === Number.POSITIVE_INFINITY) return;
  task.deadline = now() + task.timeoutMs;
  arm(phase, task.deadline);
}

/** Ends the phase because the connection cannot be used any more. */
export function lose(phase: Phase, message: string, cause?: unknown): void {
  endPhase(phase, transportError("CONNECTION_LOST", "unknown", `Connection lost: ${message}`, cause));
}

/** Ends the phase: every task is rejected, nothing more is sent. Twice is once. */
export function endPhase(phase: Phase, error: ScsiError): void {
  if (phase.error !== undefined) return;
  phase.error = error;
  if (phase.timer !== undefined) clearTimeout(phase.timer);
  phase.timer = undefined;
  const code = error.code as TransportErrorCode;
  let unknown = 0;
  let unsent = 0;
  for (const task of phase.tasks.slots) {
    if (task === undefined || task.state !== TaskState.SENT) continue;
    if (task.kind === TaskKind.COMMAND) unknown++;
    rejectTask(task, code, error.message, error);
    task.state = TaskState.DONE;
  }
  for (const task of phase.queue) {
    if (task === undefined || task.state !== TaskState.QUEUED) continue;
    unsent++;
    rejectTask(task, code, `${error.message}; the command had not been sent`, error);
    task.state = TaskState.DONE;
  }
  phase.queue = [];
  phase.queueHead = 0;
  phase.transfers.length = 0;
  if (code !== "CLOSED") phase.options.report({ type: "connection-lost", error, unknown, unsent });
  phase.options.ended(error);
  phase.resolveOver();
}

/** Calls of the kernel, as those who make them describe them and those who carry them out see them. Types, a limit, and one error. */
import type { ThreadMemory } from "./memory.ts";

/** Calls that count together: those on one device. */
export interface CallGroup {
  /** Calls under way in the kernel. */
  running: number;
  /** Calls that have come back from the kernel; and how many there were when it was last asked. */
  returned: number;
  returnedBefore: number;
  /** Of a group with calls that wait for a thread: since when none has come back; and for how long they have waited, all together, since it last had a rest. */
  stalledSince: number;
  waitedMs: number;
  /** When the event loop was last to bring a result, in milliseconds. */
  announcedAt: number;
  /** How long a call takes, in microseconds, as far as the latest ones tell. */
  microseconds: number;
  /** How often in succession a call has been waited for on the spot in vain, and how many are therefore not waited for. */
  misses: number;
  rest: number;
}

/** Calls of one group that may be in the kernel at once: a device that hangs does not get every thread there could be. */
export const GROUP_LIMIT = 64;

/** A group without calls. */
export const callGroup = (): CallGroup => ({
  running: 0,
  returned: 0,
  returnedBefore: 0,
  stalledSince: 0,
  waitedMs: 0,
  announcedAt: -Infinity,
  microseconds: Infinity,
  misses: 0,
  rest: 0,
});

/** One call of the kernel. */
export interface KernelCall<Result> {
  /** Bytes of data that it needs room for. */
  readonly room: number;
  /** Writes the arguments; called when a thread is there for it. What it throws becomes the call's rejection: it is not made. */
  put(memory: ThreadMemory): void;
  /** Reads the results out; called when the kernel has returned. What it throws becomes the call's rejection. */
  take(result: number, memory: ThreadMemory): Result;
}

/**
 * Who is told what became of a call: once, as soon as the kernel has returned, even if nobody waits any more. That can be before `run` returns.
 */
export interface Told<Result> {
  done(result: Result): void;
  failed(error: unknown): void;
}

/** A call that has been asked for. */
export interface PendingCall {
  /**
   * Nobody waits any more. A call that has not been given to the kernel is dropped, and nobody is told.
   *
   * @returns true if the kernel has it already, and may execute it
   */
  abandon(): boolean;
}

/** A set of threads. */
export interface Threads {
  run<Result>(group: CallGroup, call: KernelCall<Result>, told: Told<Result>): PendingCall;
}

/** A call that nobody gives up. */
export const completed = <Result>(threads: Threads, group: CallGroup, call: KernelCall<Result>): Promise<Result> =>
  new Promise((done, failed) => {
    threads.run(group, call, { done, failed });
  });

/** No thread could be started; the call has not been made. */
export class ThreadStartError extends Error {
  override readonly name = "ThreadStartError";
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/**
 * A device that is open: calls of the kernel on it, each with a file and a thread, and how they are given up. What the calls mean
 * is not known here; nothing is ever repeated.
 */
import { transportError } from "../../src/errors.ts";
import type { TransportOptions } from "../../src/transport.ts";
import { callGroup, type KernelCall, type PendingCall, ThreadStartError, type Threads } from "./calls.ts";
import { openError } from "./errno.ts";
import { deviceFiles, type OpenFile } from "./files.ts";
import type { DeviceNode } from "./node-of.ts";

/** One call, as those who make it describe it. */
export interface DeviceCall<Result> {
  /** For messages: what is sent. */
  what(): string;
  /** Does it need a file that is open for writing? */
  readonly writing: boolean;
  /** Makes the call for a file; `timeLeftMs` tells, when the kernel gets it, how long the caller will still wait. */
  make(fd: number, timeLeftMs: () => number): KernelCall<Result>;
}

/** A device that is open. */
export interface OpenDevice {
  /**
   * Makes a call.
   *
   * @throws ScsiError TIMEOUT, ABORTED and CLOSED, at once, with what is known of the call's fate; otherwise what the call throws
   */
  send<Result>(call: DeviceCall<Result>, options: TransportOptions): Promise<Result>;
  /** Gives up every call, waits for those that the kernel has, and closes the files. Twice is once. */
  close(): Promise<void>;
}

/** The sg driver takes so many commands on one open file (SG_MAX_QUEUE). */
const SG_MAX_QUEUE = 16;
/** So many commands of an sg node have a file; more would not get a thread either (threads.ts), and wait without one. */
const SG_MOST = 64;
const LONGEST_TIMER_MS = 0x7fff_ffff;

/** A call of the device's user, until it is settled. */
interface Waiting {
  giveUp(code: "ABORTED" | "TIMEOUT" | "CLOSED", why: string, cause?: unknown): void;
}

/**
 * Opens a device.
 *
 * @param writing open it for writing now, and not only when a call needs it
 * @param closeTimeoutMs how long closing waits for calls that the kernel has
 * @param opening how long the opening may take: to open a device whose driver is recovering it can hang
 * @throws ScsiError TARGET_NOT_FOUND, PERMISSION_DENIED, CONNECTION_FAILED, TIMEOUT, ABORTED
 */
export async function openDevice(
  threads: Threads,
  node: DeviceNode,
  writing: boolean,
  closeTimeoutMs: number,
  opening: TransportOptions = {},
): Promise<OpenDevice> {
  const { path } = node;
  if (!(closeTimeoutMs >= 0)) throw new RangeError(`closeTimeoutMs is 0 or above, not ${closeTimeoutMs}`);
  checkTimeout(opening);
  const group = callGroup();
  const files = deviceFiles(threads, group, path, node.kind === "sg" ? SG_MAX_QUEUE : Infinity, (writing, errno) =>
    openError(node, writing, errno),
  );
  const waiting = new Set<Waiting>();
  /** What the kernel has, or is about to get, and when it was asked for. */
  const underway = new Map<PendingCall<unknown>, number>();
  let closed: Promise<void> | undefined;
  const most = node.kind === "sg" ? SG_MOST : Infinity;
  /** Calls that have a file, and those that wait for their turn to get one. */
  let having = 0;
  const queue: (() => void)[] = [];

  /** A thread that could not be started is a matter of this device for those who use it. */
  const told = (error: unknown): unknown =>
    error instanceof ThreadStartError
      ? transportError("CONNECTION_FAILED", "no", `No thread could be started for ${path}: ${error.message}`, error)
      : error;

  function send<Result>(asked: DeviceCall<Result>, options: TransportOptions): Promise<Result> {
    const { signal, timeoutMs = Infinity } = options;
    try {
      checkTimeout(options);
    } catch (error) {
      return Promise.reject(error);
    }
    if (closed !== undefined) return Promise.reject(transportError("CLOSED", "no", `${path} has been closed`));
    if (signal?.aborted) {
      return Promise.reject(
        transportError(
          "ABORTED",
          "no",
          `The caller's signal had fired before ${path} was sent ${asked.what()}`,
          signal.reason,
        ),
      );
    }
    const began = performance.now();
    return new Promise<Result>((resolve, reject) => {
      let file: OpenFile | undefined;
      let pending: PendingCall<Result> | undefined;
      let over = false;
      const timer = lateAfter(timeoutMs, () => call.giveUp("TIMEOUT", `no answer within ${timeoutMs} ms`));
      const aborted = (): void => call.giveUp("ABORTED", "the caller's signal fired", signal?.reason);
      const end = (): void => {
        over = true;
        clearTimeout(timer);
        signal?.removeEventListener("abort", aborted);
        waiting.delete(call);
      };
      const call: Waiting = {
        giveUp(code, why, cause) {
          if (over) return;
          end();
          const given = pending?.abandon() ?? false;
          if (pending !== undefined && !given) release(pending);
          const fate = given ? "the kernel has it, and may execute it" : "it had not been given to the kernel";
          reject(transportError(code, given ? "unknown" : "no", `${path}, ${asked.what()}: ${why}; ${fate}`, cause));
        },
      };
      const release = (done: PendingCall<unknown>): void => {
        underway.delete(done);
        giveBack();
      };
      const settle = (act: () => void): void => {
        if (over) return;
        end();
        act();
      };
      signal?.addEventListener("abort", aborted, { once: true });
      waiting.add(call);
      const giveBack = (): void => {
        files.giveBack(file as OpenFile);
        having--;
        while (having < most && queue.length > 0) queue.shift()?.();
      };
      const failed = (error: unknown): void => {
        giveBack();
        settle(() => reject(told(error)));
      };
      const begin = (fd: number): void => {
        if (over) {
          giveBack();
          return;
        }
        const timeLeftMs = (): number => timeoutMs - (timeoutMs === Infinity ? 0 : performance.now() - began);
        const started = threads.run(group, asked.make(fd, timeLeftMs));
        pending = started;
        underway.set(started, began);
        started.done.then(
          (result) => {
            release(started);
            settle(() => resolve(result));
          },
          (error) => {
            release(started);
            settle(() => reject(told(error)));
          },
        );
      };
      const start = (): void => {
        if (over) return;
        having++;
        // A tape's driver lets it be opened once, and no process without rights send anything: one file is enough.
        file = files.take(node.kind === "tape" ? writing : asked.writing);
        if (file.fd === undefined) file.opened.then(begin, failed);
        else begin(file.fd);
      };
      if (having < most) start();
      else queue.push(start);
    });
  }

  async function close(): Promise<void> {
    for (const call of [...waiting]) call.giveUp("CLOSED", "it has been closed");
    const since = Math.min(performance.now(), ...underway.values());
    const left = Promise.allSettled([...underway.keys()].map(({ done }) => done)).then(() => files.close());
    await within(left, closeTimeoutMs, () => {
      const seconds = Math.round((performance.now() - since) / 1000);
      const why = `the kernel has not come back from ${group.running} calls, the first of them made ${seconds} s ago`;
      return transportError(
        "TIMEOUT",
        "unknown",
        `${path} is not closed yet: ${why}. It is closed when they are back; a process cannot end before that either`,
      );
    });
  }

  // What is wrong with the device is said now, not by the first command.
  const { signal, timeoutMs = Infinity } = opening;
  const gaveUp = (code: "ABORTED" | "TIMEOUT", why: string): Error =>
    transportError(code, "no", `${path} is not open: ${why}`, signal?.reason);
  if (signal?.aborted) throw gaveUp("ABORTED", "the caller's signal had fired before");
  const first = files.take(writing);
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = lateAfter(timeoutMs, () =>
        reject(gaveUp("TIMEOUT", `the kernel did not open it within ${timeoutMs} ms`)),
      );
      const aborted = (): void =>
        reject(gaveUp("ABORTED", "the caller's signal fired while the kernel was opening it"));
      signal?.addEventListener("abort", aborted, { once: true });
      first.opened
        .then(() => resolve(), reject)
        .finally(() => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", aborted);
        });
    });
  } catch (error) {
    // If the kernel opens it after all, it is closed again.
    files.close().catch(() => undefined);
    throw told(error);
  } finally {
    files.giveBack(first);
  }

  return {
    send,
    close() {
      closed ??= close();
      return closed;
    },
  };
}

function checkTimeout({ timeoutMs = Infinity }: TransportOptions): void {
  if (!(timeoutMs > 0)) throw new RangeError(`timeoutMs is above 0, not ${timeoutMs}`);
}

/** A timer; none for what has no limit. */
const lateAfter = (milliseconds: number, late: () => void): ReturnType<typeof setTimeout> | undefined =>
  milliseconds === Infinity ? undefined : setTimeout(late, Math.min(milliseconds, LONGEST_TIMER_MS));

/** Waits no longer than this. */
function within(promise: Promise<void>, milliseconds: number, late: () => Error): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = lateAfter(milliseconds, () => reject(late()));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

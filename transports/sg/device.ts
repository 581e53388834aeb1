/** A device that is open: how it is opened, takes calls (sending.ts), and is closed. What the calls mean is not known here. */
import { transportError } from "../../src/errors.ts";
import type { TransportOptions } from "../../src/transport.ts";
import { callGroup, GROUP_LIMIT, type Threads } from "./calls.ts";
import { openError } from "./errno.ts";
import { deviceFiles } from "./files.ts";
import type { DeviceNode } from "./node-of.ts";
import { type DeviceCall, explained, lateAfter, Sending, sharedByCalls } from "./sending.ts";

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
  // A file takes few commands, so many that wait would need many files: those that cannot get a thread yet wait without one.
  const most = node.kind === "sg" ? GROUP_LIMIT : Infinity;
  // A tape's driver lets it be opened once, and no process without rights send anything: one file is enough.
  const alwaysWriting = node.kind === "tape" ? writing : undefined;
  const shared = sharedByCalls({ path, group, threads, files, most, alwaysWriting });
  const { all } = shared;
  let closed: Promise<void> | undefined;

  function send<Result>(asked: DeviceCall<Result>, options: TransportOptions): Promise<Result> {
    const { signal } = options;
    try {
      checkTimeout(options);
    } catch (error) {
      return Promise.reject(error);
    }
    if (closed !== undefined) return Promise.reject(transportError("CLOSED", "no", `${path} has been closed`));
    if (signal?.aborted) {
      const what = `The caller's signal had fired before ${path} was sent ${asked.what()}`;
      return Promise.reject(transportError("ABORTED", "no", what, signal.reason));
    }
    return new Promise<Result>((resolve, reject) => {
      new Sending(shared, asked, options, resolve, reject);
    });
  }

  async function close(): Promise<void> {
    for (const call of [...all]) call.giveUp("CLOSED", "it has been closed");
    const since = Math.min(performance.now(), ...[...all].filter(({ given }) => given).map(({ began }) => began));
    const back = new Promise<void>((resolve) => {
      shared.whenBack = resolve;
      if (all.size === 0) resolve();
    });
    const left = back.then(() => files.close());
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
    throw explained(error, path);
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

/** Waits no longer than this. */
function within(promise: Promise<void>, milliseconds: number, late: () => Error): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = lateAfter(milliseconds, () => reject(late()));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

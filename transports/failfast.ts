/**
 * Fail-fast in a thread of its own: units are opened there and watched there, so that the deadline is kept however busy the other
 * threads are. Everybody else uses the units by message, through the same nexus as the probes.
 */
import { Worker } from "node:worker_threads";
import {
  type ExecuteOptions,
  type FailfastEvent,
  type FailfastOptions,
  type Lateness,
  ScsiError,
  transportError,
  type Verdict,
} from "../src/index.ts";
import { accessLost } from "../src/multihost/loss.ts";
import { failfastThread } from "./watcher/generated/thread.ts";
import { type LastAct, type OpenRemoteOptions, type Port, revived, type WatcherSettings } from "./watcher/messages.ts";
import { createRemote, type RemoteUnit } from "./watcher/remote.ts";

export type { LastAct, OpenRemoteOptions } from "./watcher/messages.ts";
export type { RemoteUnit } from "./watcher/remote.ts";

/** Arguments of {@link startFailfast}. */
export interface StartFailfastOptions extends Pick<FailfastOptions, "intervalMs" | "deadlineMs" | "silence" | "rule"> {
  /**
   * What the thread does at once when access is lost. `report` (the default): sets {@link FailfastThread.lost}, fires the signal, calls
   * back. `exit`: ends the process with SIGKILL. `panic`: panics the machine, by Linux' sysrq; needs root.
   */
  readonly act?: LastAct | undefined;
  /** A file to which the thread appends the evidence before it exits or panics. Of a panic, the kernel's log unless given. */
  readonly lastWords?: string | undefined;
  /** Is called in this thread, as soon as it is free. */
  readonly onLoss?: ((verdict: Verdict) => void) | undefined;
  /** Is told of everything that happens to a watched disk. */
  readonly observer?: ((event: FailfastEvent) => void) | undefined;
}

/** A way to a watching thread. */
export interface FailfastUnits {
  /**
   * Opens a unit in the thread: URLs and devices as `open` takes them. Whatever is sent to it goes through the thread, and a
   * RESERVATION CONFLICT that it meets counts at once.
   *
   * @throws as `open`
   */
  open(url: string, options?: OpenRemoteOptions & ExecuteOptions): Promise<RemoteUnit>;
}

/** A watching thread. */
export interface FailfastThread extends FailfastUnits {
  /** True as soon as the thread knows that access is lost, even while this thread has been too busy to be told. */
  readonly lost: boolean;
  /** Fires when access is lost by the rule, or when the thread itself has died: with a ScsiError `ACCESS_LOST`. */
  readonly signal: AbortSignal;
  /** What was concluded; undefined as long as access is there. */
  readonly verdict: Verdict | undefined;
  /** How punctual the probes have been so far. */
  lateness(): Promise<Lateness>;
  /** A port with which another thread can use units of this one: see {@link attachFailfast}. To be transferred. */
  connect(): Promise<MessagePort>;
  /** Ends watching, closes the units, ends the thread. */
  [Symbol.asyncDispose](): Promise<void>;
}

const STOP_TIMEOUT_MS = 10_000;

/**
 * Starts a watching thread.
 *
 * @throws Error if the thread cannot be started, or may not panic the machine where it is to
 * @example
 * await using failfast = await startFailfast({ intervalMs: 1000, act: "exit" });
 * const unit = await failfast.open("/dev/sg1");
 * await unit.watch({ kind: "registered", key: 0xabcn });
 */
export async function startFailfast(options: StartFailfastOptions): Promise<FailfastThread> {
  const { intervalMs, deadlineMs, silence, rule, act = "report", lastWords, onLoss, observer } = options;
  const flag = new SharedArrayBuffer(4);
  const settings: WatcherSettings = {
    options: { intervalMs, deadlineMs, silence, rule },
    act,
    lastWords,
    flag,
    moduleUrl: import.meta.url,
  };
  const worker = new Worker(failfastThread, { eval: true, workerData: settings, name: "scsi-persist fail-fast" });
  const fired = new AbortController();
  let verdict: Verdict | undefined;
  let closing = false;
  let ready!: () => void;
  let failed!: (error: Error) => void;
  const started = new Promise<void>((resolve, reject) => {
    ready = resolve;
    failed = reject;
  });

  const remote = createRemote(worker as unknown as Port, (word) => {
    if ("ready" in word) ready();
    else if ("failed" in word) failed(revived(word.failed));
    else if ("event" in word) observer?.(word.event);
    else {
      verdict = word.verdict;
      try {
        onLoss?.(verdict);
      } finally {
        fired.abort(accessLost(verdict));
      }
    }
  });
  const ended = new Promise<void>((resolve) => {
    worker.on("error", failed);
    worker.on("exit", () => {
      failed(new Error("the watching thread has ended"));
      remote.end(transportError("CLOSED", "unknown", "The watching thread has ended"));
      // Nobody looks any more: that is no access that one could count on.
      if (!closing && !fired.signal.aborted) {
        Atomics.store(new Int32Array(flag), 0, 1);
        fired.abort(new ScsiError("The watching thread has ended: nobody watches the disks", { code: "ACCESS_LOST" }));
      }
      resolve();
    });
  });
  try {
    await started;
  } catch (error) {
    closing = true;
    await worker.terminate();
    throw error;
  }
  return {
    open: remote.open,
    get lost() {
      return Atomics.load(new Int32Array(flag), 0) === 1;
    },
    signal: fired.signal,
    get verdict() {
      return verdict;
    },
    lateness: () => remote.ask<Lateness>({ do: "lateness" }),
    connect: () => remote.ask<MessagePort>({ do: "connect" }),
    async [Symbol.asyncDispose]() {
      if (closing) return ended;
      closing = true;
      const limit = setTimeout(() => void worker.terminate(), STOP_TIMEOUT_MS);
      await remote.ask<void>({ do: "stop" }).catch(() => undefined);
      await worker.terminate();
      await ended;
      clearTimeout(limit);
    },
  };
}

/**
 * Uses a watching thread from a third thread.
 *
 * @param port from {@link FailfastThread.connect}, transferred
 * @param onLoss is called when access is lost
 */
export function attachFailfast(port: MessagePort, onLoss: (verdict: Verdict) => void = () => undefined): FailfastUnits {
  const remote = createRemote(port as unknown as Port, (word) => {
    if ("verdict" in word) onLoss(word.verdict);
  });
  return { open: remote.open };
}

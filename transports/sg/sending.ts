/** One call of the kernel on an open device: it gets a file and a thread, and can be given up. Nothing is ever repeated. */
import { transportError } from "../../src/errors.ts";
import type { TransportOptions } from "../../src/transport.ts";
import {
  type CallGroup,
  type KernelCall,
  type PendingCall,
  ThreadStartError,
  type Threads,
  type Told,
} from "./calls.ts";
import type { DeviceFiles, OpenFile } from "./files.ts";

/** One call, as those who make it describe it. */
export interface DeviceCall<Result> {
  /** For messages: what is sent. */
  what(): string;
  /** Does it need a file that is open for writing? */
  readonly writing: boolean;
  /** Makes the call for a file; `until` is when the caller will wait no longer, by performance.now(). */
  make(fd: number, until: number): KernelCall<Result>;
}

const LONGEST_TIMER_MS = 0x7fff_ffff;

/** A timer; none for what has no limit. */
export const lateAfter = (milliseconds: number, late: () => void): ReturnType<typeof setTimeout> | undefined =>
  milliseconds === Infinity ? undefined : setTimeout(late, Math.min(milliseconds, LONGEST_TIMER_MS));

/** A call, whatever its result. */
interface Underway {
  /** When it was asked for, by performance.now(). */
  readonly began: number;
  /** The kernel has it, or is about to get it. */
  readonly given: boolean;
  start(): void;
  giveUp(code: GivenUp, why: string, cause?: unknown): void;
}

type GivenUp = "ABORTED" | "TIMEOUT" | "CLOSED";

/** What all calls on a device share: what is given, and where they stand. */
interface Given {
  readonly path: string;
  readonly group: CallGroup;
  readonly threads: Threads;
  readonly files: DeviceFiles;
  /** So many may have a file at once; the others wait for their turn. */
  readonly most: number;
  /** Which file every call uses; if absent, each says itself whether it needs one for writing. */
  readonly alwaysWriting: boolean | undefined;
}

export interface SharedByCalls extends Given {
  /** Those whose callers wait, or that the kernel has. */
  readonly all: Set<Underway>;
  /** How many have a file; and those that wait for their turn. */
  having: number;
  readonly queue: Underway[];
  /** Those that wait are being started. */
  starting: boolean;
  /** Called when there is none any more. */
  whenBack: (() => void) | undefined;
}

export const sharedByCalls = (given: Given): SharedByCalls => ({
  ...given,
  all: new Set(),
  having: 0,
  queue: [],
  starting: false,
  whenBack: undefined,
});

/** A thread that could not be started is a matter of the device for those who use it. */
export const explained = (error: unknown, path: string): unknown =>
  error instanceof ThreadStartError
    ? transportError("CONNECTION_FAILED", "no", `No thread could be started for ${path}: ${error.message}`, error)
    : error;

/**
 * One call, from when it is asked for until its caller has been told and the kernel is back. A class, for there is one for every command:
 * functions of its own would take as long to make as all the rest.
 */
export class Sending<Result> implements Underway, Told<Result> {
  readonly began = performance.now();
  given = false;
  /** Its caller has been told. */
  over = false;
  file: OpenFile | undefined;
  pending: PendingCall | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  aborted: (() => void) | undefined;

  readonly device: SharedByCalls;
  readonly asked: DeviceCall<Result>;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;

  constructor(
    device: SharedByCalls,
    asked: DeviceCall<Result>,
    { signal, timeoutMs = Infinity }: TransportOptions,
    resolve: (result: Result) => void,
    reject: (error: unknown) => void,
  ) {
    this.device = device;
    this.asked = asked;
    this.signal = signal;
    this.timeoutMs = timeoutMs;
    this.resolve = resolve;
    this.reject = reject;
    device.all.add(this);
    if (timeoutMs !== Infinity) {
      this.timer = lateAfter(timeoutMs, () => this.giveUp("TIMEOUT", `no answer within ${timeoutMs} ms`));
    }
    if (signal !== undefined) {
      this.aborted = () => this.giveUp("ABORTED", "the caller's signal fired", signal.reason);
      signal.addEventListener("abort", this.aborted, { once: true });
    }
    if (device.having < device.most) this.start();
    else device.queue.push(this);
  }

  start(): void {
    if (this.over) return;
    const { device, asked } = this;
    device.having++;
    const file = device.files.take(device.alwaysWriting ?? asked.writing);
    this.file = file;
    if (file.fd !== undefined) this.begin(file.fd);
    else {
      file.opened.then(
        (fd) => this.begin(fd),
        (error) => this.failed(error),
      );
    }
  }

  begin(fd: number): void {
    if (this.over) {
      this.release();
      return;
    }
    const { threads, group } = this.device;
    this.given = true;
    const until = this.timeoutMs === Infinity ? Infinity : this.began + this.timeoutMs;
    this.pending = threads.run(group, this.asked.make(fd, until), this);
  }

  done(result: Result): void {
    if (!this.over) {
      this.end();
      this.resolve(result);
    }
    this.release();
  }

  failed(error: unknown): void {
    if (!this.over) {
      this.end();
      this.reject(explained(error, this.device.path));
    }
    this.release();
  }

  giveUp(code: GivenUp, why: string, cause?: unknown): void {
    if (this.over) return;
    this.end();
    const known = this.pending?.abandon() ?? false;
    if (this.pending !== undefined && !known) this.release();
    else if (this.file === undefined) this.forget();
    const fate = known ? "the kernel has it, and may execute it" : "it had not been given to the kernel";
    const what = `${this.device.path}, ${this.asked.what()}: ${why}; ${fate}`;
    this.reject(transportError(code, known ? "unknown" : "no", what, cause));
  }

  /** The caller waits no longer. */
  end(): void {
    this.over = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    if (this.aborted !== undefined) this.signal?.removeEventListener("abort", this.aborted);
  }

  /** The file is for others. */
  release(): void {
    const { device } = this;
    device.files.giveBack(this.file as OpenFile);
    device.having--;
    // One that starts can be over at once: however many wait, they do not start within each other.
    if (!device.starting) {
      device.starting = true;
      while (device.having < device.most && device.queue.length > 0) device.queue.shift()?.start();
      device.starting = false;
    }
    this.forget();
  }

  /** Nothing is left to be done about it. */
  forget(): void {
    const { all, whenBack } = this.device;
    all.delete(this);
    if (all.size === 0) whenBack?.();
  }
}

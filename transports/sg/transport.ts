/**
 * The SG_IO transport: one device node as a way to a logical unit. It takes a file and a thread for each command, and decides
 * only what the kernel's return means. It calls no libc itself, and repeats nothing.
 */
import { type ScsiError, transportError } from "../../src/errors.ts";
import type { ResetScope, ScsiRequest, ScsiResponse, Transport, TransportOptions } from "../../src/transport.ts";
import type { TransportId } from "../../src/transport-id.ts";
import { openError, requestError } from "./errno.ts";
import { type DeviceFiles, deviceFiles } from "./files.ts";
import { commandCall, resetCall, resets } from "./kernel-calls.ts";
import type { DeviceNode } from "./node-of.ts";
import { checkRequest, writes } from "./request.ts";
import { callGroup, type KernelCall, type PendingCall, ThreadStartError, type Threads } from "./threads.ts";

/** How to open a device. */
export interface SgOptions {
  /**
   * `as-needed`: for reading, and for writing besides only when the first command that changes something is sent.
   * `read-write`: for both from the start, as an unprivileged user of a /dev/sg node must. Default `as-needed`.
   */
  readonly access?: "as-needed" | "read-write" | undefined;
  /** Milliseconds that disposal waits for commands that the kernel still has. Default 10 000. */
  readonly closeTimeoutMs?: number | undefined;
}

/** What a transport is made of. */
export interface SgParts {
  readonly threads: Threads;
  readonly node: DeviceNode;
  readonly initiatorPort: TransportId | undefined;
}

/** The sg driver takes so many commands on one open file (SG_MAX_QUEUE). */
const SG_MAX_QUEUE = 16;
const CLOSE_TIMEOUT_MS = 10_000;
const LONGEST_TIMER_MS = 0x7fff_ffff;

/** One call of the transport's user, until it is settled. */
interface Waiting {
  giveUp(code: "ABORTED" | "TIMEOUT" | "CLOSED", why: string, cause?: unknown): void;
}

/**
 * A transport over a device node, which it opens.
 *
 * @throws ScsiError TARGET_NOT_FOUND, PERMISSION_DENIED, UNSUITABLE_DEVICE, CONNECTION_FAILED
 */
export async function createSgTransport(parts: SgParts, options: SgOptions = {}): Promise<Transport> {
  const { threads, node } = parts;
  const { path } = node;
  const always = options.access === "read-write";
  const group = callGroup();
  const files = deviceFiles(threads, group, path, node.kind === "sg" ? SG_MAX_QUEUE : Infinity, (writing, errno) =>
    openError(node, writing, errno),
  );
  const waiting = new Set<Waiting>();
  /** What the kernel has, or is about to get. */
  const underway = new Map<PendingCall<unknown>, number>();
  let closed: Promise<void> | undefined;

  function send<Result>(
    writing: boolean,
    what: string,
    options: TransportOptions,
    makeCall: (fd: number, timeLeftMs: () => number) => KernelCall<Result>,
  ): Promise<Result> {
    const { signal, timeoutMs = Infinity } = options;
    if (!(timeoutMs > 0)) return Promise.reject(new RangeError(`timeoutMs is above 0, not ${timeoutMs}`));
    if (closed !== undefined) return Promise.reject(transportError("CLOSED", "no", `${path} has been closed`));
    if (signal?.aborted) {
      return Promise.reject(
        transportError("ABORTED", "no", `The caller's signal had fired before ${path} was sent ${what}`, signal.reason),
      );
    }
    const deadline = performance.now() + timeoutMs;
    return new Promise<Result>((resolve, reject) => {
      const file = files.take(writing);
      let pending: PendingCall<Result> | undefined;
      let over = false;
      const timer =
        timeoutMs === Infinity
          ? undefined
          : setTimeout(
              () => call.giveUp("TIMEOUT", `no answer within ${timeoutMs} ms`),
              Math.min(timeoutMs, LONGEST_TIMER_MS),
            );
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
          const fate = given ? "the kernel has the command, and may execute it" : "it had not been given to the kernel";
          reject(transportError(code, given ? "unknown" : "no", `${path}, ${what}: ${why}; ${fate}`, cause));
        },
      };
      const release = (what: PendingCall<unknown>): void => {
        underway.delete(what);
        file.giveBack();
      };
      signal?.addEventListener("abort", aborted, { once: true });
      waiting.add(call);
      file.fd.then(
        (fd) => {
          if (over) return file.giveBack();
          const started = threads.run(
            group,
            makeCall(fd, () => deadline - performance.now()),
          );
          pending = started;
          underway.set(started, performance.now());
          started.done.then(
            (result) => {
              release(started);
              if (over) return;
              end();
              resolve(result);
            },
            (error) => {
              release(started);
              if (over) return;
              end();
              reject(error instanceof ThreadStartError ? noThread(path, error) : error);
            },
          );
        },
        (error) => {
          file.giveBack();
          if (over) return;
          end();
          reject(error instanceof ThreadStartError ? noThread(path, error) : error);
        },
      );
    });
  }

  const failed = (what: string) => (errno: number) => requestError(node, what, errno);

  async function close(): Promise<void> {
    for (const call of [...waiting]) call.giveUp("CLOSED", "the transport has been closed");
    const since = Math.min(performance.now(), ...underway.values());
    const left = Promise.allSettled([...underway.keys()].map(({ done }) => done)).then(() => files.close());
    await within(left, options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS, () => {
      const seconds = Math.round((performance.now() - since) / 1000);
      const why = `the kernel has not come back from ${group.running} calls, the first of them made ${seconds} s ago`;
      return transportError(
        "TIMEOUT",
        "unknown",
        `${path} is not closed yet: ${why}. It is closed when they are back; a process cannot end before that either`,
      );
    });
  }

  await openOnce(files, always, path);

  return {
    name: path,
    initiatorPort: parts.initiatorPort,
    execute(request: ScsiRequest, options: TransportOptions = {}): Promise<ScsiResponse> {
      const wrong = checkRequest(request);
      if (wrong !== undefined) return Promise.reject(wrong);
      const opcode = `opcode ${(request.cdb[0] as number).toString(16).padStart(2, "0").toUpperCase()}h`;
      return send(always || writes(request), opcode, options, (fd, timeLeftMs) =>
        commandCall(node, fd, request, timeLeftMs, failed(opcode)),
      );
    },
    reset(scope: ResetScope, options: TransportOptions = {}): Promise<void> {
      const what = `a reset of the ${scope}`;
      if (!Object.hasOwn(resets, scope)) return Promise.reject(new TypeError(`Unknown scope: ${what}`));
      return send(true, what, options, (fd) => resetCall(fd, scope, failed(what)));
    },
    [Symbol.asyncDispose]() {
      closed ??= close();
      return closed;
    },
  };
}

/** Opens the file that the first command will use: what is wrong with the device is said now. */
async function openOnce(files: DeviceFiles, writing: boolean, path: string): Promise<void> {
  const first = files.take(writing);
  try {
    await first.fd;
  } catch (error) {
    throw error instanceof ThreadStartError ? noThread(path, error) : error;
  } finally {
    first.giveBack();
  }
}

function noThread(path: string, error: ThreadStartError): ScsiError {
  return transportError("CONNECTION_FAILED", "no", `No thread could be started for ${path}: ${error.message}`, error);
}

/** Waits no longer than this. */
function within(promise: Promise<void>, milliseconds: number, late: () => Error): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

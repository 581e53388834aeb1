/**
 * Units that live in a watching thread, as those see them who use them from another: a Transport whose commands are carried by
 * messages. They go through the same nexus as the thread's probes.
 */
import {
  createLogicalUnit,
  type ExecuteOptions,
  type Expectation,
  type LogicalUnit,
  type ScsiResponse,
  type Transport,
  transportError,
} from "../../src/index.ts";
import { type OpenedUnit, type OpenRemoteOptions, type Port, type Request, revived, type Word } from "./messages.ts";

/** A logical unit that lives in a watching thread. */
export interface RemoteUnit extends LogicalUnit {
  /**
   * From now on the thread watches it.
   *
   * @returns whether the first probe found the access that is expected
   */
  watch(expectation: Expectation): Promise<boolean>;
  /** No longer watched, and no longer counted. */
  unwatch(): Promise<void>;
}

/** One way to a watching thread. */
export interface Remote {
  /** Asks, and waits for the answer. */
  ask<Value>(request: Request, signal?: AbortSignal): Promise<Value>;
  /** Opens a unit there. */
  open(url: string, options?: OpenRemoteOptions & ExecuteOptions): Promise<RemoteUnit>;
  /** Whoever waits for an answer waits in vain: they are told so, and so is who asks from now on. */
  end(error: Error): void;
}

/** What a thread says that is no answer. */
export type Heard = Exclude<Word, { readonly call: number }>;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * @param port the thread's
 * @param heard what is no answer
 */
export function createRemote(port: Port, heard: (word: Heard) => void = () => undefined): Remote {
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  let over: Error | undefined;

  port.on("message", (message) => {
    const word = message as Word;
    if (!("call" in word)) return heard(word);
    const one = waiting.get(word.call);
    waiting.delete(word.call);
    if ("error" in word) one?.reject(revived(word.error));
    else one?.resolve(word.value);
  });

  const abortedError = (delivered: "no" | "unknown", signal: AbortSignal) =>
    transportError("ABORTED", delivered, "Given up by the caller", signal.reason);

  function ask<Value>(request: Request, signal?: AbortSignal): Promise<Value> {
    const call = calls++;
    return new Promise<Value>((resolve, reject) => {
      if (over !== undefined) return reject(over);
      if (signal?.aborted === true) return reject(abortedError("no", signal));
      const ended = (): void => signal?.removeEventListener("abort", abort);
      const abort = (): void => {
        // The caller is let go at once; how far the thread got is not known here.
        ended();
        waiting.delete(call);
        port.postMessage({ call: calls++, do: "abort", of: call });
        reject(abortedError("unknown", signal as AbortSignal));
      };
      waiting.set(call, {
        resolve(value) {
          ended();
          resolve(value as Value);
        },
        reject(error) {
          ended();
          reject(error);
        },
      });
      port.postMessage({ ...request, call });
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  function transportOf({ unit, name, initiatorPort, resets }: OpenedUnit): Transport {
    let closed: Promise<void> | undefined;
    const closedError = () => transportError("CLOSED", "no", `${name} has been closed`);
    return {
      name,
      initiatorPort,
      execute(request, { signal, timeoutMs } = {}) {
        if (closed !== undefined) return Promise.reject(closedError());
        // What the caller lent is copied by the message.
        return ask<ScsiResponse>({ do: "execute", unit, request: bare(request), timeoutMs }, signal);
      },
      ...(resets
        ? {
            reset(scope, { signal, timeoutMs } = {}) {
              if (closed !== undefined) return Promise.reject(closedError());
              return ask<void>({ do: "reset", unit, scope, timeoutMs }, signal);
            },
          }
        : {}),
      [Symbol.asyncDispose]() {
        closed ??= ask<void>({ do: "close", unit }).catch(() => undefined);
        return closed;
      },
    };
  }

  return {
    ask,
    async open(url, { env, initiatorName, defaultLun, ...execute } = {}) {
      const options = { env, initiatorName, defaultLun, timeoutMs: execute.timeoutMs };
      const opened = await ask<OpenedUnit>({ do: "open", url, options }, execute.signal);
      const { unit } = opened;
      return {
        ...createLogicalUnit(transportOf(opened), execute),
        watch: (expectation) => ask<boolean>({ do: "watch", unit, expectation }),
        unwatch: () => ask<void>({ do: "unwatch", unit }),
      };
    },
    end(error) {
      over ??= error;
      for (const one of waiting.values()) one.reject(over);
      waiting.clear();
    },
  };
}

/** A request without what a command has besides: functions cannot be sent. */
const bare = ({ cdb, dataOut, dataInLength }: Parameters<Transport["execute"]>[0]) => ({ cdb, dataOut, dataInLength });

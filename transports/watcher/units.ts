/**
 * The thread's side: opens units, carries commands for those who ask by message, and watches. What it must open is given to it; it
 * knows no transport.
 */
import { MessageChannel } from "node:worker_threads";
import {
  createFailfast,
  type DiskWatch,
  type Failfast,
  type FailfastEvent,
  type LogicalUnit,
  type ScsiRequest,
  transportError,
  type Verdict,
} from "../../src/index.ts";
import {
  type OpenedUnit,
  type OpenRemoteOptions,
  type Port,
  plain,
  type Request,
  type WatcherSettings,
} from "./messages.ts";

/** From a URL to a unit. */
export type Open = (url: string, options: OpenRemoteOptions & { readonly signal: AbortSignal }) => Promise<LogicalUnit>;

const RESERVATION_CONFLICT = 0x18;

interface Held {
  readonly unit: LogicalUnit;
  watch: DiskWatch | undefined;
}

/** The thread's units, of all who use it. */
export interface Units {
  /** Answers whoever is at the other end. */
  serve(port: Port): void;
}

/**
 * @param end what is to be done when access is lost: called before anybody is told
 */
export function createUnits(settings: WatcherSettings, open: Open, end: (verdict: Verdict) => void): Units {
  const ports = new Set<Port>();
  const units = new Map<number, Held>();
  const flag = new Int32Array(settings.flag);
  let numbers = 0;
  const tell = (word: { readonly event: FailfastEvent } | { readonly verdict: Verdict }): void => {
    for (const port of ports) port.postMessage(word);
  };
  const failfast: Failfast = createFailfast({
    ...settings.options,
    observer: (event) => tell({ event }),
    onLoss(verdict) {
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
      end(verdict);
      tell({ verdict });
    },
  });

  function held(number: number): Held {
    const found = units.get(number);
    if (found === undefined) throw transportError("CLOSED", "no", "The unit has been closed");
    return found;
  }

  async function execute(number: number, request: ScsiRequest, timeoutMs: number | undefined, signal: AbortSignal) {
    const { unit, watch } = held(number);
    const response = await unit.transport.execute(request, { signal, timeoutMs });
    if (response.status === RESERVATION_CONFLICT) watch?.conflict(request.cdb[0] as number);
    return response;
  }

  async function close(number: number): Promise<void> {
    const found = units.get(number);
    units.delete(number);
    found?.watch?.stop();
    await found?.unit[Symbol.asyncDispose]();
  }

  async function closeAll(): Promise<void> {
    await failfast[Symbol.asyncDispose]();
    await Promise.allSettled([...units.keys()].map(close));
  }

  async function carryOut(asked: Request, signal: AbortSignal): Promise<unknown> {
    switch (asked.do) {
      case "open": {
        const unit = await open(asked.url, { ...asked.options, signal });
        const number = numbers++;
        units.set(number, { unit, watch: undefined });
        const { name, initiatorPort, reset } = unit.transport;
        return { unit: number, name, initiatorPort, resets: reset !== undefined } satisfies OpenedUnit;
      }
      case "execute":
        return execute(asked.unit, asked.request, asked.timeoutMs, signal);
      case "reset":
        return held(asked.unit).unit.transport.reset?.(asked.scope, { signal, timeoutMs: asked.timeoutMs });
      case "close":
        return close(asked.unit);
      case "watch": {
        const one = held(asked.unit);
        one.watch?.stop();
        one.watch = failfast.watch(one.unit, asked.expectation);
        return one.watch.first;
      }
      case "unwatch": {
        const one = held(asked.unit);
        one.watch?.stop();
        one.watch = undefined;
        return undefined;
      }
      case "lateness":
        return failfast.lateness;
      case "stop":
        return closeAll();
      case "connect":
      case "abort":
        return undefined;
    }
  }

  function serve(port: Port): void {
    ports.add(port);
    const underWay = new Map<number, AbortController>();
    port.on("message", async (message) => {
      const asked = message as Request & { readonly call: number };
      const { call } = asked;
      if (asked.do === "abort") return underWay.get(asked.of)?.abort();
      if (asked.do === "connect") {
        const { port1, port2 } = new MessageChannel();
        serve(port1 as unknown as Port);
        return port.postMessage({ call, value: port2 }, [port2]);
      }
      const controller = new AbortController();
      underWay.set(call, controller);
      try {
        port.postMessage({ call, value: await carryOut(asked, controller.signal) });
      } catch (error) {
        port.postMessage({ call, error: plain(error) });
      } finally {
        underWay.delete(call);
      }
    });
  }

  return { serve };
}

/**
 * The way to a simulated logical unit: a Transport over one I_T nexus, without a wire. It keeps src/transport.ts to the
 * letter and knows no rule.
 *
 * `execute` returns first and executes afterwards, in a microtask: never within the call, and in the order of the calls
 * as long as no hook delays one. A timer is set only while a hook holds a command up.
 */
import { transportError } from "../../src/errors.ts";
import type { ResetScope, ScsiRequest, ScsiResponse, Transport, TransportOptions } from "../../src/transport.ts";
import type { TransportId } from "../../src/transport-id.ts";
import { formatTransportId } from "../../src/transport-id-text.ts";
import type { Answer } from "./answer.ts";
import type { DeviceServer } from "./device-server.ts";
import type { Nexus } from "./nexus.ts";

/**
 * Something that happens on the way. A hook that returns a promise holds the command up until then; one that throws
 * (say, a `transportError`) makes `execute` reject with what it throws: `before` loses the request, `after` the answer.
 */
export interface SimulatedHook {
  /** Runs before the device server sees the command. */
  before?(request: ScsiRequest, nexus: Nexus): void | Promise<void>;
  /** Runs when the device server has executed it. */
  after?(request: ScsiRequest, response: ScsiResponse, nexus: Nexus): void | Promise<void>;
}

/** What a transport is made of. */
export interface SimulatedPath {
  readonly name: string;
  readonly server: DeviceServer;
  readonly nexus: Nexus;
  /** Read at every command: hooks can be added and removed at any time. */
  readonly hooks: readonly SimulatedHook[];
  readonly reset: (scope: ResetScope) => void;
}

/** A command that hooks may hold up. */
interface Delivery {
  /** `"unknown"` once the device server has it. */
  delivered: "no" | "unknown";
  /** Rejects at once, and keeps the command from the device server if it has not got there. */
  readonly giveUp: (error: unknown) => void;
}

/** @returns a transport over one I_T nexus; disposing it leaves the nexus and its registration as they are */
export function createSimulatedTransport({ name, server, nexus, hooks, reset }: SimulatedPath): Transport {
  let closed = false;
  const underWay = new Set<Delivery>();
  const closedError = (delivered: "no" | "unknown") => transportError("CLOSED", delivered, `${name} has been closed`);

  function perform(request: ScsiRequest): ScsiResponse {
    const { cdb, dataOut, dataInLength } = request;
    const answer = server.execute(nexus, cdb, dataOut);
    const { status, sense } = answer;
    const dataIn = answer.dataIn.length > dataInLength ? answer.dataIn.slice(0, dataInLength) : answer.dataIn;
    return { status, dataIn, sense, residual: residualOf(request, answer) };
  }

  async function performWithHooks(request: ScsiRequest, delivery: Delivery): Promise<ScsiResponse> {
    for (const hook of [...hooks]) await hook.before?.(request, nexus);
    // Given up while a hook held it. Its caller knows already; the device server must not see it any more.
    if (!underWay.has(delivery)) throw closedError("no");
    delivery.delivered = "unknown";
    const response = perform(request);
    for (const hook of [...hooks]) await hook.after?.(request, response, nexus);
    return response;
  }

  /** Races the command against abort, timeout and disposal. */
  function hooked(request: ScsiRequest, { signal, timeoutMs = Number.POSITIVE_INFINITY }: TransportOptions) {
    return new Promise<ScsiResponse>((resolve, reject) => {
      const end = () => {
        underWay.delete(delivery);
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      const giveUp = (error: unknown) => {
        end();
        reject(error);
      };
      const delivery: Delivery = { delivered: "no", giveUp };
      const onAbort = () => giveUp(abortedError(name, delivery.delivered, signal));
      const onTimeout = () => giveUp(timeoutError(name, delivery.delivered, timeoutMs));
      const limited = timeoutMs !== Number.POSITIVE_INFINITY;
      const timer = limited ? setTimeout(onTimeout, Math.min(timeoutMs, MAXIMUM_TIMER_MS)) : undefined;
      signal?.addEventListener("abort", onAbort);
      underWay.add(delivery);
      performWithHooks(request, delivery).finally(end).then(resolve, reject);
    });
  }

  return {
    name,
    initiatorPort: nexus.initiatorPort,
    async execute(request, options = {}) {
      const { signal } = options;
      if (closed) throw closedError("no");
      if (signal?.aborted) throw abortedError(name, "no", signal);
      await undefined;
      if (closed) throw closedError("no");
      if (signal?.aborted) throw abortedError(name, "no", signal);
      return hooks.length === 0 ? perform(request) : hooked(request, options);
    },
    async reset(scope, { signal } = {}) {
      if (closed) throw closedError("no");
      if (signal?.aborted) throw abortedError(name, "no", signal);
      reset(scope);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      for (const { delivered, giveUp } of underWay) giveUp(closedError(delivered));
    },
  };
}

/** The longest time that setTimeout can wait. */
const MAXIMUM_TIMER_MS = 2 ** 31 - 1;

const abortedError = (name: string, delivered: "no" | "unknown", signal: AbortSignal | undefined) =>
  transportError("ABORTED", delivered, `A command to ${name} was aborted by its caller`, signal?.reason);

const timeoutError = (name: string, delivered: "no" | "unknown", timeoutMs: number) =>
  transportError("TIMEOUT", delivered, `${name} did not answer within ${timeoutMs} ms`);

/** Bytes asked for less bytes that the device server had or took. */
function residualOf({ dataOut, dataInLength }: ScsiRequest, { status, dataIn, dataOutLength }: Answer): number {
  if (dataInLength > 0 || dataIn.length > 0) return dataInLength - dataIn.length;
  return status === 0 ? (dataOut?.length ?? 0) - dataOutLength : 0;
}

/** What {@link createSimulatedTransport} calls itself: unit and initiator port. */
export const transportName = (unit: string, initiatorPort: TransportId, relativeTargetPort: number): string =>
  `${unit}?initiator=${formatTransportId(initiatorPort)}&port=${relativeTargetPort}`;

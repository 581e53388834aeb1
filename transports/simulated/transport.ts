/**
 * The way to a simulated logical unit: a Transport over one I_T nexus, without a wire. It keeps src/transport.ts to the
 * letter and knows no rule.
 *
 * `execute` returns first and executes afterwards, in a microtask: never within the call, and in the order of the calls
 * as long as no hook delays one. A timer is set only while a hook holds a command up.
 */
import { Status } from "../../src/core/generated/codes.ts";
import { transportError } from "../../src/errors.ts";
import type { ResetScope, ScsiRequest, ScsiResponse, Transport, TransportOptions } from "../../src/transport.ts";
import type { TransportId } from "../../src/transport-id.ts";
import { formatTransportId } from "../../src/transport-id-text.ts";
import type { Answer } from "./answer.ts";
import type { Clock } from "./clock.ts";
import type { DeviceServer } from "./device-server.ts";
import type { Nexus } from "./nexus.ts";
import type { SimulatedTask, TaskSet } from "./task-set.ts";

/** Nothing, or an answer in place of the device server's. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook need not return anything
export type HookResult = void | ScsiResponse;

/**
 * Something that happens on the way. A hook that returns a promise holds the command up until then; one that throws
 * (say, a `transportError`) makes `execute` reject with what it throws: `before` loses the request, `after` the answer.
 */
export interface SimulatedHook {
  /** Runs before the device server sees the command. With an answer the device server never does. */
  before?(request: ScsiRequest, nexus: Nexus): HookResult | Promise<HookResult>;
  /** Runs when the device server has executed it. An answer takes the place of what it answered. */
  after?(request: ScsiRequest, response: ScsiResponse, nexus: Nexus): HookResult | Promise<HookResult>;
}

/** What a transport is made of. */
export interface SimulatedPath {
  readonly name: string;
  readonly server: DeviceServer;
  readonly nexus: Nexus;
  /** Read at every command: hooks can be added and removed at any time. */
  readonly hooks: readonly SimulatedHook[];
  readonly reset: (scope: ResetScope) => void;
  /** The commands under way to the unit, through whatever transport. */
  readonly tasks: TaskSet;
  /** What timeouts are measured by. */
  readonly clock: Clock;
}

/** A command that hooks, or a robot, may hold up. */
interface Delivery {
  /** `"unknown"` once the device server has it. */
  delivered: "no" | "unknown";
  /** Rejects at once, and keeps the command from the device server if it has not got there. */
  readonly giveUp: (error: unknown) => void;
}

/** The device server's answers share what is empty; those who get them may give theirs away. From a list V8 makes it soonest. */
const owned = (bytes: Uint8Array): Uint8Array => (bytes.length === 0 ? new Uint8Array([]) : bytes);

/** @returns a transport over one I_T nexus; disposing it leaves the registration as it is, and the nexus to those who use it too */
export function createSimulatedTransport(path: SimulatedPath): Transport {
  const { name, server, nexus, hooks, reset, tasks, clock } = path;
  let closed = false;
  const underWay = new Set<Delivery>();
  const closedError = (delivered: "no" | "unknown") => transportError("CLOSED", delivered, `${name} has been closed`);

  function respond(request: ScsiRequest, answer: Answer): ScsiResponse {
    const { dataInLength } = request;
    const { status, sense, aborted } = answer;
    if (aborted.length > 0) tasks.abortOf(aborted);
    const dataIn = answer.dataIn.length > dataInLength ? answer.dataIn.slice(0, dataInLength) : answer.dataIn;
    return { status, dataIn: owned(dataIn), sense: owned(sense), residual: residualOf(request, answer) };
  }

  async function performWithHooks(
    request: ScsiRequest,
    delivery: Delivery,
    task: SimulatedTask,
    silenced: () => boolean,
  ): Promise<ScsiResponse> {
    const now = [...hooks];
    for (const hook of now) {
      const instead = await hook.before?.(request, nexus);
      // Given up while a hook held it. Its caller knows already; the device server must not see it any more.
      if (!underWay.has(delivery) || silenced()) throw closedError("no");
      if (instead !== undefined) return instead;
    }
    delivery.delivered = "unknown";
    let response: ScsiResponse;
    if (server.takesTime(request.cdb)) {
      const wanted = () => underWay.has(delivery) && !silenced();
      response = respond(request, await server.start(nexus, request.cdb, request.dataOut, wanted));
    } else {
      // From here on nothing can abort it.
      tasks.remove(task);
      response = respond(request, server.execute(nexus, request.cdb, request.dataOut));
    }
    for (const hook of now) response = (await hook.after?.(request, response, nexus)) ?? response;
    return response;
  }

  /** Races the command against abort, timeout, disposal, and those who abort it at the unit. */
  function hooked(request: ScsiRequest, { signal, timeoutMs = Number.POSITIVE_INFINITY }: TransportOptions) {
    return new Promise<ScsiResponse>((resolve, reject) => {
      const end = () => {
        underWay.delete(delivery);
        tasks.remove(task);
        stopTimer?.();
        signal?.removeEventListener("abort", onAbort);
      };
      const giveUp = (error: unknown) => {
        end();
        reject(error);
      };
      const delivery: Delivery = { delivered: "no", giveUp };
      const task: SimulatedTask = {
        nexus,
        request,
        abort(how) {
          if (!underWay.has(delivery)) return;
          if (how === "path lost") return giveUp(lostError(name));
          if (how === "status") {
            end();
            return resolve(taskAborted(request));
          }
          // No answer ever comes: only the caller's patience ends it, and its hooks' end changes nothing.
          delivery.delivered = "unknown";
          silenced = true;
        },
      };
      let silenced = false;
      const onAbort = () => giveUp(abortedError(name, delivery.delivered, signal));
      const onTimeout = () => giveUp(timeoutError(name, delivery.delivered, timeoutMs));
      const limited = timeoutMs !== Number.POSITIVE_INFINITY;
      const stopTimer = limited ? clock.after(timeoutMs, onTimeout) : undefined;
      signal?.addEventListener("abort", onAbort);
      underWay.add(delivery);
      tasks.add(task);
      const ended =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          if (silenced) return;
          end();
          settle(value);
        };
      performWithHooks(request, delivery, task, () => silenced).then(ended(resolve), ended(reject));
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
      if (hooks.length > 0 || server.takesTime(request.cdb)) return hooked(request, options);
      return respond(request, server.execute(nexus, request.cdb, request.dataOut));
    },
    async reset(scope, { signal } = {}) {
      if (closed) throw closedError("no");
      if (signal?.aborted) throw abortedError(name, "no", signal);
      reset(scope);
    },
    async [Symbol.asyncDispose]() {
      if (!closed) server.retireNexus(nexus);
      closed = true;
      for (const { delivered, giveUp } of underWay) giveUp(closedError(delivered));
    },
  };
}

/** TASK ABORTED: another nexus aborted the command, and TAS is 1 (sam4r14 5.3.1). */
const taskAborted = ({ dataInLength, dataOut }: ScsiRequest): ScsiResponse => ({
  status: Status.TASK_ABORTED,
  dataIn: new Uint8Array(0),
  sense: new Uint8Array(0),
  residual: dataInLength > 0 ? dataInLength : (dataOut?.length ?? 0),
});

const lostError = (name: string) =>
  transportError("CONNECTION_LOST", "unknown", `${name} was lost with a command under way`);

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

/**
 * Failures that happen to a simulated unit when they are asked for. It works through the unit's hooks and its public
 * functions, and knows no rule of reservations; when which happens is fault-plan.ts's.
 */
import { Status } from "../../src/core/generated/codes.ts";
import { transportError } from "../../src/errors.ts";
import type { ScsiRequest, ScsiResponse } from "../../src/transport.ts";
import { type Clock, realClock } from "./clock.ts";
import { createFaultDraw, type FaultDraw, type FaultEvent, type FaultPlan } from "./fault-plan.ts";
import type { Nexus } from "./nexus.ts";
import type { SimulatedTarget, SimulatedUnit } from "./target.ts";
import { establish } from "./unit-attentions.ts";

/** A plan under way. */
export interface RunningFaults {
  /** What has happened so far, in order. */
  readonly events: readonly FaultEvent[];
  /** Nothing goes wrong from here on. */
  stop(): void;
}

/** The statuses that stand for themselves. */
export const faultStatuses = {
  busy: Status.BUSY,
  "task-set-full": Status.TASK_SET_FULL,
  "aca-active": Status.ACA_ACTIVE,
} as const;

const none = new Uint8Array(0);
const statusAlone = (status: number, { dataInLength, dataOut }: ScsiRequest): ScsiResponse => ({
  status,
  dataIn: none,
  sense: none,
  residual: dataInLength > 0 ? dataInLength : (dataOut?.length ?? 0),
});

/**
 * Makes a plan happen at a unit, from now on.
 *
 * @param target the unit's target, for what concerns all of its units
 * @param clock what delays are measured by; the real time unless given
 * @throws FaultPlanError, a RangeError, for a plan that cannot be
 * @example
 * const target = createSimulatedTarget();
 * const unit = target.unit();
 * const faults = createFaultPlan(target, unit, {
 *   seed: 1,
 *   rules: [{ fault: { kind: "lose-answer" }, operationCodes: [0x5f], probability: 0.5 }],
 * });
 */
export function createFaultPlan(
  target: SimulatedTarget,
  unit: SimulatedUnit,
  plan: FaultPlan,
  clock: Clock = realClock,
): RunningFaults {
  const events: FaultEvent[] = [];
  const planned = createFaultDraw(
    plan,
    () => clock.now(),
    (event) => void events.push(event),
  );
  return { events, stop: runFaults(target, unit, planned, clock) };
}

/**
 * Makes failures happen at a unit, from now on.
 *
 * @param draw says which happens to which command
 * @returns what ends it
 */
export function runFaults(target: SimulatedTarget, unit: SimulatedUnit, draw: FaultDraw, clock: Clock): () => void {
  /** The number that each request was given when it arrived. */
  const numbers = new WeakMap<ScsiRequest, number>();
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const lost = (delivered: "no" | "unknown", what: string) =>
    transportError("CONNECTION_LOST", delivered, `${unit.name}: ${what}, as planned`);

  function before(request: ScsiRequest, nexus: Nexus): ScsiResponse | Promise<void> | undefined {
    const command = draw.arrives();
    numbers.set(request, command);
    const fault = draw.draw("before", command, request.cdb, nexus.name);
    switch (fault?.kind) {
      case "lose-request":
        throw lost("no", "the request was lost");
      case "transport-error":
        throw lost("unknown", "the target failed");
      case "delay":
        return wait(fault.ms);
      case "busy":
      case "task-set-full":
      case "aca-active":
        return statusAlone(faultStatuses[fault.kind], request);
      case "unit-attention":
        establish(nexus.attentions, fault.condition);
        return undefined;
      case "drop-path":
        unit.loseNexus(nexus);
        return undefined;
      case "announce":
        if (fault.event === "connection-drop" || fault.event === "session-drop") unit.loseNexus(nexus);
        return undefined;
      case "reset":
        target.reset(fault.scope, unit.lun);
        return undefined;
      case "power-cut":
        target.powerCycle();
        return undefined;
      default:
        return undefined;
    }
  }

  async function after(request: ScsiRequest, response: ScsiResponse, nexus: Nexus): Promise<ScsiResponse> {
    const fault = draw.draw("after", numbers.get(request) ?? 0, request.cdb, nexus.name);
    switch (fault?.kind) {
      case "lose-answer":
        throw lost("unknown", "the answer was lost");
      case "delay-answer":
        await wait(fault.ms);
        return response;
      case "truncate": {
        const dataIn = response.dataIn.slice(0, fault.bytes);
        return { ...response, dataIn, residual: response.residual + response.dataIn.length - dataIn.length };
      }
      case "wrong-residual":
        return { ...response, residual: response.residual + fault.by };
      default:
        return response;
    }
  }

  const hook = { before, after };
  unit.hooks.push(hook);
  return () => {
    const index = unit.hooks.indexOf(hook);
    if (index >= 0) unit.hooks.splice(index, 1);
  };
}

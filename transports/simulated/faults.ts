/**
 * Failures that happen when they are asked for: a plan is data, and the same plan with the same commands gives the same
 * failures. It works through a unit's hooks and its public functions, and knows no rule of reservations.
 */
import { checkInteger } from "../../src/check.ts";
import { Status } from "../../src/core/generated/codes.ts";
import { transportError } from "../../src/errors.ts";
import type { ScsiRequest, ScsiResponse } from "../../src/transport.ts";
import { type Clock, realClock } from "./clock.ts";
import type { Nexus } from "./nexus.ts";
import { createRandom } from "./random.ts";
import type { SimulatedTarget, SimulatedUnit } from "./target.ts";
import { establish } from "./unit-attentions.ts";

/** What goes wrong. */
export type Fault =
  /** The request never arrives: a transport error, delivered "no". */
  | { readonly kind: "lose-request" }
  /** The command is executed, its answer lost: a transport error, delivered "unknown". */
  | { readonly kind: "lose-answer" }
  /** The command arrives late. */
  | { readonly kind: "delay"; readonly ms: number }
  /** The answer arrives late. */
  | { readonly kind: "delay-answer"; readonly ms: number }
  /** This status, and the command is not executed. */
  | { readonly kind: "busy" | "task-set-full" | "aca-active" }
  /** The nexus finds a unit attention condition, ADDITIONAL SENSE CODE and qualifier as `asc << 8 | ascq`. */
  | { readonly kind: "unit-attention"; readonly condition: number }
  /** Only so many bytes of the data arrive; the residual tells of it. */
  | { readonly kind: "truncate"; readonly bytes: number }
  /** The residual is wrong by so many bytes. */
  | { readonly kind: "wrong-residual"; readonly by: number }
  /** The path is lost with all that is under way through it; the nexus finds I_T NEXUS LOSS OCCURRED. */
  | { readonly kind: "drop-path" }
  /** A logical unit reset or a target reset; the command and all others under way are lost. */
  | { readonly kind: "reset"; readonly scope: "logical-unit" | "target" }
  /** Power goes and comes back; the command and all others under way are lost. What APTPL keeps is kept. */
  | { readonly kind: "power-cut" };

/** When it does. Conditions that are given must all hold. */
export interface FaultRule {
  readonly fault: Fault;
  /** From 0 to 1; 1 unless given. */
  readonly probability?: number;
  /** The numbers of the commands that arrive at the unit, counted from 1. */
  readonly at?: readonly number[];
  /** Only these operation codes. */
  readonly operationCodes?: readonly number[];
  /** Only of commands through nexuses whose name has this in it. */
  readonly nexus?: string;
  /** At most so many times. */
  readonly times?: number;
}

/** A plan: data that JSON can carry. */
export interface FaultPlan {
  /** A whole number; decides what probability leaves open. */
  readonly seed: number;
  /** The first that applies is the one that happens, before execution and once more after it. */
  readonly rules: readonly FaultRule[];
}

/** One failure that happened. */
export interface FaultEvent {
  /** Which command of the unit, counted from 1. */
  readonly command: number;
  /** When, by the clock. */
  readonly at: number;
  readonly nexus: string;
  readonly operationCode: number;
  readonly fault: Fault;
}

/** A plan under way. */
export interface RunningFaults {
  /** What has happened so far, in order. */
  readonly events: readonly FaultEvent[];
  /** Nothing goes wrong from here on. */
  stop(): void;
}

const statuses = {
  busy: Status.BUSY,
  "task-set-full": Status.TASK_SET_FULL,
  "aca-active": Status.ACA_ACTIVE,
} as const;

const kinds: ReadonlySet<string> = new Set<Fault["kind"]>([
  "lose-request",
  "lose-answer",
  "delay",
  "delay-answer",
  "busy",
  "task-set-full",
  "aca-active",
  "unit-attention",
  "truncate",
  "wrong-residual",
  "drop-path",
  "reset",
  "power-cut",
]);
/** Those that concern the answer of a command that was executed. */
const afterwards: ReadonlySet<string> = new Set<Fault["kind"]>([
  "lose-answer",
  "delay-answer",
  "truncate",
  "wrong-residual",
]);

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
 * @throws RangeError for a rule that cannot be
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
  for (const rule of plan.rules) checkRule(rule);
  const random = createRandom(checkInteger("seed", plan.seed, 0, 2 ** 32 - 1));
  const left = plan.rules.map(({ times = Number.POSITIVE_INFINITY }) => times);
  const events: FaultEvent[] = [];
  let commands = 0;
  /** The number that each request was given when it arrived. */
  const numbers = new WeakMap<ScsiRequest, number>();

  /** The fault that happens to a command at this stage, if any. */
  function draw(request: ScsiRequest, nexus: Nexus, command: number, isAfter: boolean): Fault | undefined {
    const operationCode = request.cdb[0] as number;
    for (const [index, rule] of plan.rules.entries()) {
      const { fault, probability = 1, at, operationCodes, nexus: part } = rule;
      if (afterwards.has(fault.kind) !== isAfter || (left[index] as number) <= 0) continue;
      if (at !== undefined && !at.includes(command)) continue;
      if (operationCodes !== undefined && !operationCodes.includes(operationCode)) continue;
      if (part !== undefined && !nexus.name.includes(part)) continue;
      if (probability < 1 && !random.chance(probability)) continue;
      left[index] = (left[index] as number) - 1;
      events.push({ command, at: clock.now(), nexus: nexus.name, operationCode, fault });
      return fault;
    }
    return undefined;
  }

  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const lost = (delivered: "no" | "unknown", what: string) =>
    transportError("CONNECTION_LOST", delivered, `${unit.name}: ${what}, as planned`);

  function before(request: ScsiRequest, nexus: Nexus): ScsiResponse | Promise<void> | undefined {
    const command = ++commands;
    numbers.set(request, command);
    const fault = draw(request, nexus, command, false);
    switch (fault?.kind) {
      case "lose-request":
        throw lost("no", "the request was lost");
      case "delay":
        return wait(fault.ms);
      case "busy":
      case "task-set-full":
      case "aca-active":
        return statusAlone(statuses[fault.kind], request);
      case "unit-attention":
        establish(nexus.attentions, fault.condition);
        return undefined;
      case "drop-path":
        unit.loseNexus(nexus);
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
    const fault = draw(request, nexus, numbers.get(request) ?? 0, true);
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
  return {
    events,
    stop() {
      const index = unit.hooks.indexOf(hook);
      if (index >= 0) unit.hooks.splice(index, 1);
    },
  };
}

function checkRule({ fault, probability = 1, times }: FaultRule): void {
  if (!kinds.has(fault.kind)) throw new RangeError(`There is no fault ${JSON.stringify(fault.kind)}`);
  if (!(probability >= 0 && probability <= 1)) throw new RangeError(`probability is 0 to 1, got ${probability}`);
  if (times !== undefined) checkInteger("times", times, 0, Number.MAX_SAFE_INTEGER);
  if ("ms" in fault) checkInteger("ms", fault.ms, 0, Number.MAX_SAFE_INTEGER);
  if ("bytes" in fault) checkInteger("bytes", fault.bytes, 0, Number.MAX_SAFE_INTEGER);
  if ("by" in fault) checkInteger("by", fault.by, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if ("condition" in fault) checkInteger("condition", fault.condition, 0, 0xffff);
}

/**
 * A plan of failures: which there are, when each happens, and whether a plan can be. A plan is data that JSON can carry,
 * and the same plan with the same commands draws the same failures. What a failure does is for those who carry commands.
 */
import { checkInteger, checkOneOf } from "../../src/check.ts";
import { createRandom } from "./random.ts";

/** What goes wrong. */
export type Fault =
  /** The request never arrives. In process: a transport error, delivered "no"; over iSCSI: there is never an answer. */
  | { readonly kind: "lose-request" }
  /** The command is executed, its answer lost. In process: a transport error, delivered "unknown". */
  | { readonly kind: "lose-answer" }
  /** The target cannot say what became of the command, and it was not executed. Over iSCSI: response 01h, target failure. */
  | { readonly kind: "transport-error" }
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
  /** Over iSCSI the initiator is told of this condition unasked, as a SCSI event, and the command goes on; in process nothing happens. */
  | { readonly kind: "scsi-event"; readonly condition: number }
  /**
   * Over iSCSI the initiator is told this unasked, with so many seconds: log out, or negotiate, within them; or the session is
   * dropped, and it is to wait so long. In process a session that is dropped is a lost path, and nothing else happens.
   */
  | { readonly kind: "announce"; readonly event: AnnouncedEvent; readonly seconds: number }
  /** A logical unit reset or a target reset; the command and all others under way are lost. */
  | { readonly kind: "reset"; readonly scope: "logical-unit" | "target" }
  /** Power goes and comes back; the command and all others under way are lost. What APTPL keeps is kept. */
  | { readonly kind: "power-cut" };

/** What a target can say that ends a session, or is to. */
export type AnnouncedEvent = "logout-request" | "connection-drop" | "session-drop" | "negotiation-request";
const announcedEvents: readonly AnnouncedEvent[] = [
  "logout-request",
  "connection-drop",
  "session-drop",
  "negotiation-request",
];

/** The name of a kind of failure. */
export type FaultKind = Fault["kind"];

/** When it does. Conditions that are given must all hold. */
export interface FaultRule {
  /** What happens. */
  readonly fault: Fault;
  /** From 0 to 1; 1 unless given. */
  readonly probability?: number;
  /** The numbers of the commands that arrive at the unit, counted from 1. */
  readonly at?: readonly number[];
  /** Only these operation codes. */
  readonly operationCodes?: readonly number[];
  /** Only these service actions, where the command has them in byte 1. */
  readonly serviceActions?: readonly number[];
  /** Only of commands through nexuses whose name has this in it. */
  readonly nexus?: string;
  /** Only from then on, and only until then: milliseconds since the plan began. */
  readonly fromMs?: number;
  /** Only until then, in the same milliseconds. */
  readonly untilMs?: number;
  /** At most so many times. */
  readonly times?: number;
}

/** A plan: data that JSON can carry. */
export interface FaultPlan {
  /** A whole number from 0 to 2^32 - 1; decides what probability leaves open. */
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
  /** Through which I_T nexus the command came. */
  readonly nexus: string;
  /** OPERATION CODE of the command. */
  readonly operationCode: number;
  /** What happened. */
  readonly fault: Fault;
}

/** Something in a plan cannot be. */
export class FaultPlanError extends RangeError {
  /** `FaultPlanError`. */
  override readonly name = "FaultPlanError";
  /** Where, as a path: `rules[2].fault.ms`. */
  readonly path: string;

  /**
   * What is wrong with a plan, and where.
   *
   * @param path where it is, e.g. `rules[2].fault.ms`
   * @param why what is wrong with it
   */
  constructor(path: string, why: string) {
    super(`${path === "" ? "The plan" : path} ${why}`);
    this.path = path;
  }
}

const MOST = Number.MAX_SAFE_INTEGER;
type Check = (name: string, value: unknown) => unknown;
const whole =
  (least: number, most: number): Check =>
  (name, value) =>
    checkInteger(name, value, least, most);
const list =
  (each: Check): Check =>
  (name, value) => {
    if (!Array.isArray(value)) throw new TypeError(`${name} must be a list`);
    for (const [index, item] of value.entries()) each(`${name}[${index}]`, item);
  };
const text: Check = (name, value) => {
  if (typeof value !== "string") throw new TypeError(`${name} must be a text`);
};

/** Each kind: does it happen before the command is executed or after it, and what else it says. */
const kinds: Readonly<Record<FaultKind, { readonly stage: "before" | "after"; readonly fields?: Fields }>> = {
  "lose-request": { stage: "before" },
  "lose-answer": { stage: "after" },
  "transport-error": { stage: "before" },
  delay: { stage: "before", fields: { ms: whole(0, MOST) } },
  "delay-answer": { stage: "after", fields: { ms: whole(0, MOST) } },
  busy: { stage: "before" },
  "task-set-full": { stage: "before" },
  "aca-active": { stage: "before" },
  "unit-attention": { stage: "before", fields: { condition: whole(0, 0xffff) } },
  truncate: { stage: "after", fields: { bytes: whole(0, MOST) } },
  "wrong-residual": { stage: "after", fields: { by: whole(-MOST, MOST) } },
  "drop-path": { stage: "before" },
  "scsi-event": { stage: "before", fields: { condition: whole(0, 0xffff) } },
  announce: {
    stage: "before",
    fields: { event: (name, value) => checkOneOf(name, value, announcedEvents), seconds: whole(0, 0xffff) },
  },
  reset: { stage: "before", fields: { scope: (name, value) => checkOneOf(name, value, ["logical-unit", "target"]) } },
  "power-cut": { stage: "before" },
};
type Fields = Readonly<Record<string, Check>>;

/** The kinds of failures. */
export const faultKinds = Object.keys(kinds) as readonly FaultKind[];

const conditions: Fields = {
  probability(name, value) {
    if (typeof value !== "number" || !(value >= 0 && value <= 1)) throw new RangeError(`${name} must be 0 to 1`);
  },
  at: list(whole(1, MOST)),
  operationCodes: list(whole(0, 0xff)),
  serviceActions: list(whole(0, 0x1f)),
  nexus: text,
  fromMs: whole(0, MOST),
  untilMs: whole(0, MOST),
  times: whole(0, MOST),
};

function members(path: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FaultPlanError(path, "must be an object");
  }
  return value as Record<string, unknown>;
}

/** Every member must be known, and be as it should. */
function checkMembers(path: string, value: Readonly<Record<string, unknown>>, fields: Fields): void {
  const at = (name: string) => (path === "" ? name : `${path}.${name}`);
  for (const [name, member] of Object.entries(value)) {
    const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (check === undefined) {
      throw new FaultPlanError(at(name), `is not known here; known are ${Object.keys(fields).join(", ")}`);
    }
    if (member === undefined) continue;
    try {
      check(at(name), member);
    } catch (error) {
      if (error instanceof FaultPlanError) throw error;
      const { message } = error as Error;
      // The check names the member, or an item of it, first.
      const [where = at(name)] = /^\S+/.exec(message) ?? [];
      throw new FaultPlanError(where, message.slice(where.length).trimStart());
    }
  }
}

function checkFault(path: string, value: unknown): void {
  const fault = members(path, value);
  const kind = fault.kind as FaultKind;
  if (typeof kind !== "string" || !Object.hasOwn(kinds, kind)) {
    throw new FaultPlanError(`${path}.kind`, `must be one of ${faultKinds.join(", ")}; got ${JSON.stringify(kind)}`);
  }
  const { fields = {} } = kinds[kind];
  checkMembers(path, fault, { kind: text, ...fields });
  for (const name of Object.keys(fields)) {
    if (fault[name] === undefined) throw new FaultPlanError(path, `of kind ${kind} needs ${name}`);
  }
}

/**
 * Checks a plan, whoever made it.
 *
 * @param more members that rules may have besides, with their checks; a check throws and names the member first
 * @throws FaultPlanError that says where
 */
export function checkFaultPlan(
  plan: unknown,
  more: Readonly<Record<string, (name: string, value: unknown) => unknown>> = {},
): FaultPlan {
  const whatever = members("", plan);
  checkMembers("", whatever, {
    seed: whole(0, 2 ** 32 - 1),
    rules: list((path, rule) => {
      const given = members(path, rule);
      checkMembers(path, given, { fault: checkFault, ...conditions, ...more });
      if (given.fault === undefined) throw new FaultPlanError(path, "needs a fault");
    }),
  });
  if (whatever.seed === undefined) throw new FaultPlanError("seed", "is missing: a whole number");
  if (whatever.rules === undefined) throw new FaultPlanError("rules", "is missing: a list");
  return whatever as unknown as FaultPlan;
}

/** A plan under way at one unit. */
export interface FaultDraw {
  /** Counts a command that arrives; its number. */
  arrives(): number;
  /** What happens to the command at this stage, if anything. */
  draw(stage: "before" | "after", command: number, cdb: Uint8Array, nexus: string): Fault | undefined;
}

/**
 * Begins a plan.
 *
 * @param now tells the time in milliseconds
 * @param happened is told of every failure
 * @throws FaultPlanError for a plan that cannot be
 */
export function createFaultDraw(plan: FaultPlan, now: () => number, happened: (event: FaultEvent) => void): FaultDraw {
  checkFaultPlan(plan);
  const random = createRandom(plan.seed);
  const left = plan.rules.map(({ times = Number.POSITIVE_INFINITY }) => times);
  const began = now();
  let commands = 0;

  function applies(rule: FaultRule, command: number, cdb: Uint8Array, nexus: string): boolean {
    const { probability = 1, at, operationCodes, serviceActions, nexus: part, fromMs = 0, untilMs } = rule;
    if (at !== undefined && !at.includes(command)) return false;
    if (operationCodes !== undefined && !operationCodes.includes(cdb[0] as number)) return false;
    if (serviceActions !== undefined && !serviceActions.includes((cdb[1] as number) & 0x1f)) return false;
    if (part !== undefined && !nexus.includes(part)) return false;
    if (fromMs > 0 || untilMs !== undefined) {
      const elapsed = now() - began;
      if (elapsed < fromMs || elapsed > (untilMs ?? elapsed)) return false;
    }
    return probability >= 1 || random.chance(probability);
  }

  return {
    arrives: () => ++commands,
    draw(stage, command, cdb, nexus) {
      for (const [index, rule] of plan.rules.entries()) {
        if (kinds[rule.fault.kind].stage !== stage || (left[index] as number) <= 0) continue;
        if (!applies(rule, command, cdb, nexus)) continue;
        left[index] = (left[index] as number) - 1;
        happened({ command, at: now(), nexus, operationCode: cdb[0] as number, fault: rule.fault });
        return rule.fault;
      }
      return undefined;
    },
  };
}

/**
 * A plan: which path would get which bytes, in what order and why, without anything being sent. The algorithm itself is asked, and is
 * given the answers of a target on which everything goes as it is meant to; what would follow otherwise is in words.
 *
 * What holds: there is no way from here to a path. The bytes are those that are sent when all goes so.
 */
import type { Command } from "../command.ts";
import type { Registration, ReservationType } from "../reservation.ts";
import { isAllRegistrants, reservationTypes } from "../reservation.ts";
import { algorithmOf } from "./algorithms.ts";
import type { PathIdentity } from "./path.ts";
import type { Host } from "./registering.ts";
import { type MultipathRequest, requestOf } from "./request.ts";
import type { Seen } from "./seen.ts";
import type { Answers, Reply, Step, StepKind } from "./step.ts";

/** One step of a plan. */
export interface PlannedStep {
  /** What kind of step it would be. */
  readonly kind: StepKind;
  /** Why it would be taken, in one sentence. */
  readonly why: string;
  /** What would follow if it does not go well. */
  readonly otherwise: string | undefined;
  /** What would go through which path; several at the same time. */
  readonly sends: readonly { readonly path: string; readonly command: Command<void> }[];
}

/** The target as a plan imagines it: keys by path, and the reservation. */
interface Imagined {
  readonly keys: Map<number, bigint>;
  /** Another host's key, where the request names one. */
  others: bigint[];
  generation: number;
  held: { readonly type: ReservationType; readonly path: number | undefined; readonly key: bigint } | undefined;
}

/** The state in which the request makes sense. */
function imagine(request: MultipathRequest, paths: readonly PathIdentity[]): Imagined {
  const key = request.do === "move" ? request.options.key : "key" in request ? (request.key ?? 0n) : 0n;
  const keys = new Map(paths.map(({ index }) => [index, key]));
  const state: Imagined = { keys, others: [], generation: 0, held: undefined };
  const first = paths[0]?.index;
  if (request.do === "release") state.held = { type: request.type, path: first, key };
  if (request.do === "move") state.held = { type: request.options.type ?? "write-exclusive", path: first, key };
  if (request.do === "preempt" && request.victimKey !== key && request.victimKey !== 0n) {
    state.others = [request.victimKey];
    state.held = { type: request.type, path: undefined, key: request.victimKey };
  }
  if (request.do === "preempt" && request.victimKey === 0n) state.held = { type: request.type, path: first, key };
  if (request.do === "preempt" && request.victimKey === key) state.held = { type: request.type, path: first, key };
  return state;
}

/** What a look would show. */
function look({ keys, others, generation, held }: Imagined, paths: readonly PathIdentity[]): Seen {
  const own = paths.flatMap((path): Registration[] => {
    const key = keys.get(path.index) ?? 0n;
    if (key === 0n || path.initiatorPort === undefined) return [];
    const holder = held !== undefined && (isAllRegistrants(held.type) || held.path === path.index);
    const relativeTargetPort = path.relativeTargetPort ?? 0;
    return [{ key, transportId: path.initiatorPort, allTargetPorts: false, relativeTargetPort, holder }];
  });
  const known =
    others.length === 0 &&
    paths.every((path) => path.initiatorPort !== undefined && path.relativeTargetPort !== undefined);
  const present = paths.map(({ index }) => keys.get(index) ?? 0n).filter((key) => key !== 0n);
  const typed = held && { type: held.type, typeCode: reservationTypes[held.type], scope: 0 };
  return {
    keys: { prGeneration: generation, keys: [...present, ...others], truncated: false },
    reservation:
      held === undefined || typed === undefined
        ? { holder: "none", prGeneration: generation, truncated: false }
        : isAllRegistrants(held.type)
          ? { holder: "all-registrants", ...typed, prGeneration: generation, truncated: false }
          : { holder: "one-nexus", key: held.key, ...typed, prGeneration: generation, truncated: false },
    registrations: known ? own : undefined,
    consistent: true,
  };
}

/** What a command would bring about, if nothing is in its way. */
function apply(state: Imagined, path: number, command: Command<void>): void {
  const request = requestOf(command);
  switch (request?.do) {
    case "register":
      state.keys.set(path, request.newKey);
      break;
    case "reserve":
      state.held = { type: request.type, path, key: request.key };
      return;
    case "release":
      if (state.held?.path === path || state.held?.path === undefined) state.held = undefined;
      return;
    case "clear":
      state.keys.clear();
      state.others = [];
      state.held = undefined;
      break;
    case "preempt": {
      const { victimKey, type, key } = request;
      for (const [each, its] of state.keys)
        if (each !== path && (victimKey === 0n || its === victimKey)) state.keys.delete(each);
      state.others = state.others.filter((each) => victimKey !== 0n && each !== victimKey);
      if (state.held !== undefined) state.held = { type, path, key };
      break;
    }
    case "move":
      state.held = { type: state.held?.type ?? "write-exclusive", path: undefined, key: request.options.newKey };
      state.others.push(request.options.newKey);
      break;
    case "replace-lost":
      state.keys.clear();
      state.keys.set(path, request.newKey);
      state.held = { type: request.type, path, key: request.newKey };
      break;
    default:
  }
  state.generation++;
}

const goodReply: Reply = { kind: "good", unitAttentions: [] };

/** The plan for a request. */
export function planOf(host: Host, request: MultipathRequest): PlannedStep[] {
  const state = imagine(request, host.paths);
  const names = new Map(host.paths.map(({ index, name }) => [index, name]));
  const steps: PlannedStep[] = [];
  const algorithm = algorithmOf(host, request, { key: undefined, holds: undefined });
  let input: Answers[Step["kind"]];
  for (;;) {
    const { done, value: step } = algorithm.next(input);
    if (done === true) return steps;
    const sends = step.kind === "send" ? step.sends : [];
    steps.push({
      kind: step.kind,
      why: step.why,
      otherwise: step.kind === "send" ? step.otherwise : undefined,
      sends: sends.map(({ path, command }) => ({ path: names.get(path) ?? String(path), command })),
    });
    for (const { path, command } of sends) apply(state, path, command);
    input = answerTo(step, state, host.paths);
  }
}

function answerTo(step: Step, state: Imagined, paths: readonly PathIdentity[]): Answers[Step["kind"]] {
  switch (step.kind) {
    case "send":
      return new Map(step.sends.map(({ path }) => [path, goodReply]));
    case "look":
      return look(state, paths);
    case "persistence":
      return false;
    case "probe":
      return new Set(step.paths);
    case "suspend":
      return true;
    case "resume":
      return undefined;
  }
}

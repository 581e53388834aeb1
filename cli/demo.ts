/**
 * The demo: tells the story of demo-steps.ts with real calls on a simulated unit that exists only meanwhile. What is shown is
 * what the calls brought; anything else than the story needs makes it fail.
 */
import {
  type Attempt,
  createLogicalUnit,
  formatSense,
  isScsiError,
  type LogicalUnit,
  noRetries,
  statusName,
} from "../src/index.ts";
import { type Explained, explain } from "./conflict.ts";
import { type Host, introduction, type Step, steps, textOf } from "./demo-steps.ts";
import { type Json, stateJson } from "./json.ts";
import { look, type State } from "./look.ts";
import { type Paint, wrap } from "./output.ts";
import { stateLines } from "./show.ts";
import { type Session, type Verb, whoseRegistration } from "./verb.ts";

/** A step brought something else than the story needs. */
export class DemoError extends Error {
  override readonly name = "DemoError";
}

type Hosts = Readonly<Record<Host, LogicalUnit>>;

/** What one step brought. */
interface Told {
  readonly step: Step;
  /** The last delivery. */
  readonly attempt: Attempt;
  readonly outcome: string;
  readonly text: string | undefined;
  readonly explained: Explained | undefined;
  readonly state: State | undefined;
}

const PAUSE_MS = 900;

async function hostsOfStory({ openOptions }: Session): Promise<Hosts> {
  const { createSimulatedTarget } = await import("../transports/simulated/index.ts");
  const unit = createSimulatedTarget({ name: "demo" }).unit();
  const host = (name: string): LogicalUnit =>
    createLogicalUnit(unit.nexus({ initiatorPort: `iqn.2026-01.com.example:${name},i,0x800000000001` }), {
      signal: openOptions.signal,
      observer: openOptions.observer,
      // Every answer is part of the story.
      retry: noRetries,
    });
  return { A: host("a"), B: host("b") };
}

/** Does what a step says, and looks at what it asks for. Throws DemoError where the outcome is not that of the story. */
async function take(step: Step, number: number, unit: LogicalUnit, session: Session): Promise<Told> {
  const wrong = (got: string): DemoError =>
    new DemoError(
      `Step ${number} of the demo went wrong. ${step.host}, ${step.command.name}: ${step.expected} was expected, and ${got} came`,
    );
  let text: string | undefined;
  let outcome = "GOOD";
  let detail = outcome;
  try {
    const result = await unit.execute(step.command);
    if (step.reads !== undefined) text = textOf(result);
  } catch (error) {
    if (!isScsiError(error) || error.code === "ABORTED") throw error;
    outcome = error.code;
    detail = error.message;
  }
  if (outcome !== step.expected) throw wrong(detail);
  if (text !== step.reads) throw wrong(`the text ${JSON.stringify(text)} instead of ${JSON.stringify(step.reads)}`);
  const attempt = session.attempts.at(-1) as Attempt;
  const explained = step.after === "explain" ? await explain(unit, step.command) : undefined;
  const state = step.after === "look" ? await look(unit) : undefined;
  return { step, attempt, outcome, text, explained, state };
}

function toldLines({ step, attempt, outcome, text, explained, state }: Told, number: number, paint: Paint): string[] {
  const status = attempt.status === undefined ? `no answer: ${attempt.code}` : statusName(attempt.status);
  const answer = paint(outcome === "GOOD" ? "green" : "yellow", status);
  const why = attempt.sense === undefined ? [] : wrap(formatSense(attempt.sense), 80, "         ");
  return [
    "",
    ...wrap(step.says, 80, "    ").map((line, index) =>
      index === 0 ? `${String(number).padStart(2)}. ${line.trimStart()}` : line,
    ),
    `      ${paint("bold", step.host)}: ${step.command.name} -> ${answer}${text === undefined ? "" : `, ${JSON.stringify(text)}`}`,
    ...why,
    ...(explained?.explanation === undefined ? [] : wrap(explained.explanation.because, 80, "         ")),
    ...(state === undefined
      ? []
      : ["", ...stateLines(state, () => null, paint, 73).map((line) => (line === "" ? "" : `       ${line}`))]),
  ];
}

function toldJson({ step, attempt, outcome, text, explained, state }: Told, index: number): Json {
  return {
    step: index + 1,
    host: step.host,
    says: step.says,
    command: step.command.name,
    expected: step.expected,
    outcome,
    sense: attempt.sense === undefined ? null : formatSense(attempt.sense),
    read: text ?? null,
    reason: explained?.explanation?.reason ?? null,
    now: state === undefined ? null : stateJson(state, () => null),
  };
}

/** Lets people read, if people are reading. */
async function pause({ io, values, openOptions }: Session): Promise<void> {
  if (values.fast === true || values.json === true || io.stdout.isTTY !== true) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, PAUSE_MS);
    openOptions.signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function checkEnd(state: State): void {
  if (state.keys.keys.length === 0 && state.reservation.holder === "none") return;
  throw new DemoError("At the end of the demo the unit is not empty");
}

async function tell(session: Session, hosts: Hosts): Promise<{ told: Told[]; end: State }> {
  const { io, paint, values } = session;
  const say = (lines: readonly string[]): void => {
    if (values.json !== true) io.stdout.write(lines.map((line) => `${line}\n`).join(""));
  };
  say([paint("bold", "Two hosts, one disk"), ...introduction.flatMap((paragraph) => ["", ...wrap(paragraph)])]);
  const told: Told[] = [];
  for (const [index, step] of steps.entries()) {
    await pause(session);
    const one = await take(step, index + 1, hosts[step.host], session);
    told.push(one);
    say(toldLines(one, index + 1, paint));
  }
  const end = await look(hosts.A);
  checkEnd(end);
  return { told, end };
}

export const demo: Verb = {
  name: "demo",
  summary: "watch two hosts share a simulated disk",
  about: [
    "Tells what reservations are for, with real calls on a simulated unit. Needs no hardware, changes nothing, and leaves nothing behind. It fails if a call brings anything but what the story needs.",
  ],
  examples: [
    ["demo", "at reading pace"],
    ["demo --fast --verbose", "at once, with every command byte by byte"],
  ],
  takes: "none",
  options: ["fast"],
  required: [],
  plan: () => ({
    commands: [],
    effect: "The demo talks to a simulated unit inside this program, and to nothing else.",
  }),
  async run(session) {
    const hosts = await hostsOfStory(session);
    try {
      const { told, end } = await tell(session, hosts);
      const whose = whoseRegistration(hosts.A);
      return {
        result: { steps: told.map(toldJson), end: stateJson(end, whose) },
        lines: ["", session.paint("green", `All ${told.length} steps went as they should. Nothing is left behind.`)],
      };
    } finally {
      await hosts.A[Symbol.asyncDispose]();
      await hosts.B[Symbol.asyncDispose]();
    }
  },
};

/**
 * One sequence, on both sides at once: every step's answers, and afterwards the unit attention conditions and READ FULL STATUS, are the
 * same, or a row of the table explains why not. Knows no rule of reservations.
 */
import type { TransportId } from "../../../src/index.ts";
import { createRandom } from "../../../transports/simulated/index.ts";
import { explanationOf, type Row } from "./explained.ts";
import type { Answer, Side } from "./side.ts";
import { attentions, clean, look, meaning, portText, type Registered, type State } from "./state.ts";
import { nextStep, type Step } from "./steps.ts";

/** Something that is not the same. */
export interface Difference {
  /** Of an answer; of what waits for a host; of READ FULL STATUS; of how far PRGENERATION was moved. */
  readonly kind: "answer" | "data" | "attentions" | "state" | "generation";
  readonly step: Step;
  /** Before the step, by our side. */
  readonly before: State;
  /** By theirs: the same but for what is not compared. */
  readonly theirsBefore: State;
  /** The sender's registration. */
  readonly sender: Registered | undefined;
  /** The type of the reservation; undefined if there is none. */
  readonly reservationType: number | undefined;
  readonly ours: string;
  readonly theirs: string;
}

/** How a sequence ended. */
export interface Ended {
  readonly steps: number;
  /** How often each row was needed, by its name. */
  readonly explained: ReadonlyMap<string, number>;
  /** A difference that no row explains, and the steps up to it. */
  readonly failure?: { readonly difference: Difference; readonly steps: readonly string[] } | undefined;
}

const CHECK_CONDITION = 2;
const told = ({ status, sense }: Answer): boolean => status === CHECK_CONDITION && sense.startsWith("6/");
const answerText = ({ status, sense }: Answer): string => `${status.toString(16).padStart(2, "0")} ${sense}`.trim();

/** Both sides, and what has been seen so far. */
export interface Pair {
  readonly ours: Side;
  readonly theirs: Side;
  /** The initiator ports of the hosts that take part. One host more only looks. */
  readonly ports: readonly TransportId[];
}

/** READ FULL STATUS of our side and of theirs. */
export type States = readonly [State, State];

/** What a walk along one sequence keeps. */
export interface Walk {
  readonly pair: Pair;
  state: States;
  readonly texts: string[];
  readonly explained: Map<string, number>;
}

const both = <T>({ ours, theirs }: Pair, ask: (side: Side) => Promise<T>): Promise<[T, T]> =>
  Promise.all([ask(ours), ask(theirs)]);

/** A sequence's beginning: nothing registered, nothing waiting. */
export async function beginWalk(pair: Pair, thoroughly = true): Promise<Walk> {
  await both(pair, (side) => clean(side, pair.ports.length + 1, thoroughly));
  const state = await both(pair, (side) => look(side, pair.ports.length));
  if (state[0].text !== state[1].text) throw new Error(`Not clean: ${state[0].text} / ${state[1].text}`);
  return { pair, state, texts: [], explained: new Map() };
}

const act = (side: Side, { host, request, name }: Step): Promise<Answer | undefined> => {
  if (request !== undefined) return side.send(host, request);
  return (name === "logout" ? side.logInAgain(host) : side.reset(host)).then(() => undefined);
};

/** How a step went on. */
export type Went =
  | { readonly goes: "on" }
  /** Explained, but the two are no longer in the same state. */
  | { readonly goes: "apart" }
  | { readonly goes: "wrong"; readonly difference: Difference };

/**
 * One step.
 *
 * @param drained the hosts whose unit attention conditions are taken off and compared after it
 * @param known what READ FULL STATUS says after it, if that has been compared before
 */
export async function walk(walked: Walk, step: Step, drained: readonly number[], known?: States): Promise<Went> {
  const { pair, explained } = walked;
  const [before, theirsBefore] = walked.state;
  walked.texts.push(`${"abc"[step.host]}: ${step.text}`);
  let apart = false;
  const judge = (difference: Pick<Difference, "kind" | "ours" | "theirs">): Difference | undefined => {
    const sender = before.registrations.find(({ port }) => port === portText(pair.ports[step.host] as TransportId));
    const reservationType = before.registrations.find(({ holder }) => holder)?.typeCode;
    const whole = { ...difference, step, before, theirsBefore, sender, reservationType };
    const row: Row | undefined = explanationOf(whole);
    if (row === undefined) return whole;
    explained.set(row.name, (explained.get(row.name) ?? 0) + 1);
    if (!row.goesOn) apart = true;
    return undefined;
  };

  const [ours, theirs] = await both(pair, (side) => act(side, step));
  let first: readonly [string[], string[]] = [[], []];
  if (ours !== undefined && theirs !== undefined) {
    walked.texts.push(`   ${answerText(ours)} | ${answerText(theirs)}`);
    if (ours.status !== theirs.status || ours.sense !== theirs.sense) {
      const found = judge({ kind: "answer", ours: answerText(ours), theirs: answerText(theirs) });
      if (found !== undefined) return { goes: "wrong", difference: found };
    } else {
      const [our, their] = [meaning(step.read, ours), meaning(step.read, theirs)];
      if (our !== their) {
        const found = judge({ kind: "data", ours: `${our}`, theirs: `${their}` });
        if (found !== undefined) return { goes: "wrong", difference: found };
      }
    }
    first = [told(ours) ? [ours.sense] : [], told(theirs) ? [theirs.sense] : []];
  }

  if (apart) return { goes: "apart" };

  const anybody = first[0].length + first[1].length > 0;
  const reset = step.request === undefined;
  const hosts = reset ? allHosts(pair) : anybody ? [...new Set([step.host, ...drained])] : drained;
  for (const host of hosts) {
    const reported = host === step.host ? first : [[], []];
    const waiting = await both(pair, (side) => attentions(side, host));
    const [our, their] = [0, 1].map((side) =>
      [...(reported[side] as string[]), ...(waiting[side] as string[])].join(" "),
    );
    if (our === their) continue;
    const found = judge({ kind: "attentions", ours: our as string, theirs: their as string });
    if (found !== undefined) return { goes: "wrong", difference: found };
  }
  if (reset) await both(pair, (side) => attentions(side, pair.ports.length));
  if (apart) return { goes: "apart" };
  if (known !== undefined) {
    walked.state = known;
    return { goes: "on" };
  }

  const after = await both(pair, (side) => look(side, pair.ports.length));
  const [our, their] = after;
  walked.texts.push(`   ${our.text}${our.text === their.text ? "" : ` | ${their.text}`}`);
  if (our.text !== their.text) {
    const found = judge({ kind: "state", ours: our.text, theirs: their.text });
    if (found !== undefined) return { goes: "wrong", difference: found };
  } else if (our.status === 0 && walked.state.every(({ status }) => status === 0)) {
    const moved = after.map((state, side) => (state.generation - (walked.state[side] as State).generation) >>> 0);
    if (moved[0] !== moved[1]) {
      const found = judge({ kind: "generation", ours: `${moved[0]}`, theirs: `${moved[1]}` });
      if (found !== undefined) return { goes: "wrong", difference: found };
    }
  }
  walked.state = after;
  return apart ? { goes: "apart" } : { goes: "on" };
}

const allHosts = ({ ports }: Pair): number[] => ports.map((_, host) => host);

/** A random sequence: everything in it follows from the seed. */
export async function randomSequence(pair: Pair, seed: number, steps: number): Promise<Ended> {
  const random = createRandom(seed);
  const walked = await beginWalk(pair);
  for (let done = 1; done <= steps; done++) {
    const step = nextStep({ random, ports: pair.ports, state: walked.state[0] });
    const drained = random.chance(0.5) ? allHosts(pair) : [];
    let went: Went;
    try {
      went = await walk(walked, step, drained);
    } catch (cause) {
      const told = cause instanceof Error ? cause.message : String(cause);
      throw new Error([`seed ${seed}, after ${done - 1} steps: ${told}`, ...walked.texts].join("\n"), { cause });
    }
    if (went.goes !== "on") return ended(walked, done, went);
  }
  return ended(walked, steps);
}

const ended = ({ explained, texts }: Walk, steps: number, went?: Went): Ended => ({
  steps,
  explained,
  failure: went?.goes === "wrong" ? { difference: went.difference, steps: texts } : undefined,
});

/**
 * Every sequence of a length that begins in one way, in the order of the alphabet. What a beginning has shown is not looked at again; after
 * a difference that takes the two apart, no sequence with this beginning is tried.
 *
 * @param beginning indices into the alphabet
 * @param report is told of every sequence that was run
 */
export async function everySequence(
  pair: Pair,
  alphabet: readonly Step[],
  beginning: readonly number[],
  length: number,
  report: (ended: Ended) => void,
): Promise<void> {
  const sequence = [...beginning, ...Array.from({ length: length - beginning.length }, () => 0)];
  // What was seen after each step of the sequence before, PRGENERATION counted from its start; and how many of its steps are these, too.
  const trail: States[] = [];
  let same = 0;
  for (let first = true; ; first = false) {
    const walked = await beginWalk(pair, first);
    const start = walked.state;
    const from = (states: States, sign: number): States => {
      const moved = (state: State, side: 0 | 1): State => ({
        ...state,
        generation: (state.generation + sign * start[side].generation) >>> 0,
      });
      return [moved(states[0], 0), moved(states[1], 1)];
    };
    let last = length - 1;
    let went: Went = { goes: "on" };
    for (const [at, index] of sequence.entries()) {
      const drained = at === length - 1 ? allHosts(pair) : [];
      const known = at < same ? from(trail[at] as States, 1) : undefined;
      went = await walk(walked, alphabet[index] as Step, drained, known);
      trail[at] = from(walked.state, -1);
      if (went.goes === "on") continue;
      last = at;
      break;
    }
    report(ended(walked, last + 1, went));
    // The next one: the last step that was tried is another.
    sequence.fill(0, last + 1);
    while (last >= beginning.length && sequence[last] === alphabet.length - 1) sequence[last--] = 0;
    if (last < beginning.length) return;
    sequence[last] = (sequence[last] as number) + 1;
    same = last;
  }
}

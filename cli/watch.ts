/** `watch`: looks at units again and again and shows what changes. Decides what is drawn; what changed is state-events.ts's. */
import { commands, isScsiError, type Unit } from "../src/index.ts";
import type { Json } from "./json.ts";
import { stateJson } from "./json.ts";
import { look, type State } from "./look.ts";
import { type Paint, wrap } from "./output.ts";
import { stateLines } from "./show.ts";
import { eventsBetween } from "./state-events.ts";
import { redactUrl } from "./values.ts";
import { type Report, type Session, type Verb, whoseRegistration } from "./verb.ts";

const INTERVAL_MS = 2000;
/** Events that stay on the screen. */
const REMEMBERED = 12;
const CLEAR = "\u001b[H\u001b[2J\u001b[3J";

/** One unit under watch. */
interface Watched {
  readonly url: string;
  readonly name: string;
  unit: Unit | undefined;
  state: State | undefined;
  /** Why it could not be looked at the last time. */
  problem: string | undefined;
  changed: boolean;
}

interface Happening {
  readonly at: Date;
  readonly unit: string;
  readonly type: string;
  readonly text: string;
  readonly json: { readonly [name: string]: Json };
}

/** One look at one unit: opens it if need be. What it found goes into `watched`; what happened is returned. */
async function lookAt(watched: Watched, session: Session): Promise<Happening[]> {
  const { openOptions, values, io } = session;
  const tell = (type: string, text: string, json: { readonly [name: string]: Json } = {}): Happening => ({
    at: new Date(),
    unit: watched.name,
    type,
    text,
    json,
  });
  const before = watched.state;
  const wasAway = watched.problem !== undefined;
  try {
    const observer = values.verbose === true ? openOptions.observer : undefined;
    watched.unit ??= await io.open(watched.url, { ...openOptions, observer });
    const { unit } = watched;
    const state = await look(unit);
    watched.state = state;
    watched.problem = undefined;
    const back = wasAway ? [tell("back", "answers again")] : [];
    if (before === undefined) {
      const said = stateLines(state, whoseRegistration(unit), (_, text) => text, Number.POSITIVE_INFINITY);
      const first = said.map((line) => line.trim().replaceAll(/ {2,}/g, " ")).filter((line) => line !== "");
      return [...back, tell("state", first.join("; "), { now: stateJson(state, whoseRegistration(unit)) })];
    }
    const events = eventsBetween(before, state).map(({ type, text, json }) => tell(type, text, json));
    watched.changed = events.length > 0;
    return [...back, ...events];
  } catch (error) {
    if (!isScsiError(error)) throw error;
    if (openOptions.signal?.aborted === true) return [];
    await watched.unit?.[Symbol.asyncDispose]();
    watched.unit = undefined;
    const same = watched.problem === error.message;
    watched.problem = error.message;
    return same ? [] : [tell("away", error.message, { code: error.code })];
  }
}

const clock = (at: Date): string => at.toISOString().slice(11, 19);

/** The whole screen. */
function screen(
  watched: readonly Watched[],
  events: readonly Happening[],
  { paint, width, values }: Session,
): string[] {
  const every = (values.interval ?? INTERVAL_MS) / 1000;
  const units = watched.flatMap(({ name, unit, state, problem, changed }) => {
    const title = `${paint("bold", name)}${changed ? paint("yellow", "  changed") : ""}`;
    const lost = problem === undefined ? [] : wrap(problem, width, "  ").map((line) => paint("red", line));
    const isOurs = unit === undefined ? () => null : whoseRegistration(unit);
    return ["", title, ...lost, ...(state === undefined ? [] : stateLines(state, isOurs, paint, width))];
  });
  const told = events.slice(-REMEMBERED).map((one) => eventLine(one, paint, watched.length > 1));
  return [
    `Every ${every} s, ${clock(new Date())} UTC. Ctrl-C ends it.`,
    ...units,
    ...(told.length === 0 ? [] : ["", paint("bold", "What happened"), ...told.map((line) => `  ${line}`)]),
  ];
}

const eventLine = ({ at, unit, text, type }: Happening, paint: Paint, withUnit: boolean): string =>
  `${paint("dim", clock(at))} ${withUnit ? `${unit}: ` : ""}${type === "away" ? paint("red", text) : text}`;

/** Waits until the next round; false if it was interrupted. */
const pause = (ms: number, signal: AbortSignal | undefined): Promise<boolean> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) return resolve(false);
    const end = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve(true);
    }, ms);
    signal?.addEventListener("abort", end, { once: true });
  });

async function run(session: Session): Promise<Report> {
  const { io, values, urls, openOptions, paint } = session;
  const watched = urls.map(
    (url): Watched => ({
      url,
      name: redactUrl(url),
      unit: undefined,
      state: undefined,
      problem: undefined,
      changed: false,
    }),
  );
  const live = io.stdout.isTTY === true && values.json !== true;
  const events: Happening[] = [];
  const show = (happened: readonly Happening[]): void => {
    if (live) {
      events.push(...happened.filter(({ type }) => type !== "state"));
      events.splice(0, events.length - REMEMBERED);
      io.stdout.write(
        CLEAR +
          screen(watched, events, session)
            .map((line) => `${line}\n`)
            .join(""),
      );
      return;
    }
    for (const one of happened) {
      const document = { type: one.type, at: one.at.toISOString(), unit: one.unit, ...one.json };
      io.stdout.write(`${values.json === true ? JSON.stringify(document) : eventLine(one, paint, urls.length > 1)}\n`);
    }
  };
  try {
    for (let round = 1; ; round++) {
      for (const one of watched) one.changed = false;
      show((await Promise.all(watched.map((one) => lookAt(one, session)))).flat());
      if (openOptions.signal?.aborted === true || round === values.rounds) break;
      if (!(await pause(values.interval ?? INTERVAL_MS, openOptions.signal))) break;
    }
  } finally {
    for (const { unit } of watched) await unit?.[Symbol.asyncDispose]();
  }
  return { streamed: true, result: null, lines: [] };
}

export const watch: Verb = {
  name: "watch",
  summary: "look again and again, and show what changes",
  about: [
    "On a terminal a table of keys, holder and PRGENERATION, with what changed. Otherwise one line for each event: registered, unregistered, reserved, released, another holder or type. With --json each event is a JSON document on a line of its own. A unit that does not answer is asked again in the next round.",
    "It only reads: READ KEYS, READ RESERVATION and READ FULL STATUS. What is done and undone between two looks shows in PRGENERATION alone.",
  ],
  examples: [
    ["watch iscsi://10.0.0.5/iqn.2026-01.com.example:disk/0", "until Ctrl-C"],
    ["watch --interval 500ms --rounds 3 sim:a sim:b", "two units, three looks"],
  ],
  takes: "units",
  options: ["interval", "rounds"],
  required: [],
  plan: () => ({
    commands: [commands.readKeys(), commands.readReservation(), commands.readFullStatus()],
    effect: "It would send these again and again. It only reads: it would change nothing.",
  }),
  run,
};

/** `watch`: looks at units again and again and shows what changes. Decides what is drawn; what changed is state-events.ts's. */
import { commands, isScsiError } from "../src/index.ts";
import type { Json } from "./json.ts";
import { stateJson } from "./json.ts";
import { type Cell, foldingTable, heading, keyText, type Paint, wrap } from "./output.ts";
import { stateLines } from "./show.ts";
import { eventsBetween } from "./state-events.ts";
import {
  type FoundPath,
  type LookedAt,
  lookAround,
  nameOf,
  pathJson,
  pathsJson,
  portsOf,
  unitsNamed,
} from "./units.ts";
import { type Report, type Session, type Verb, whoseRegistration } from "./verb.ts";

const INTERVAL_MS = 2000;
/** Events that stay on the screen. */
const REMEMBERED = 12;
const CLEAR = "\u001b[H\u001b[2J\u001b[3J";

interface Happening {
  readonly at: Date;
  readonly unit: string;
  readonly type: string;
  readonly text: string;
  readonly json: { readonly [name: string]: Json };
}

const pathText = ({ path, alive, key, holder }: FoundPath): string => {
  if (!alive) return `path ${path}: no answer`;
  const has = key === undefined ? "the target does not tell its key" : key === 0n ? "unregistered" : keyText(key);
  return `path ${path}: ${has}${holder === true ? ", holds" : ""}`;
};

/** Something of the unit itself has changed, and not only whether it answers. */
const isChange = ({ type }: Happening): boolean => type !== "back" && type !== "away";

const samePath = (a: FoundPath, b: FoundPath): boolean =>
  a.key === b.key && a.holder === b.holder && a.alive === b.alive;

/** What has happened at one unit from one look to the next. */
function happeningsAt({
  unit,
  looked,
  state,
  before,
  pathsBefore,
}: Awaited<ReturnType<typeof lookAround>>[number]): Happening[] {
  const tell = (type: string, text: string, json: Happening["json"] = {}): Happening => ({
    at: new Date(),
    unit: nameOf(unit),
    type,
    text,
    json,
  });
  const several = unit.ways.length > 1;
  const ofWays = looked.flatMap(({ way, back, away }): Happening[] => {
    const [which, path] = several ? [`${way.name}: `, { path: way.name }] : ["", {}];
    if (back) return [tell("back", `${which}answers again`, path)];
    return away === undefined ? [] : [tell("away", `${which}${away.message}`, { code: away.code, ...path })];
  });
  if (state === undefined) return ofWays;
  const isOurs = whoseRegistration(portsOf(unit));
  if (before === undefined) {
    const said = stateLines(state, isOurs, (_, text) => text, Number.POSITIVE_INFINITY);
    const first = [...said, ...unit.paths.map(pathText)];
    const text = first.map((line) => line.trim().replaceAll(/ {2,}/g, " ")).filter((line) => line !== "");
    return [...ofWays, tell("state", text.join("; "), { now: stateJson(state, isOurs), paths: pathsJson(unit.paths) })];
  }
  const ofState = eventsBetween(before, state).map(({ type, text, json }) => tell(type, text, json));
  // Of a way that does not answer it has been said already; of a map's path here.
  const ofPaths = unit.paths
    .filter(({ path, alive }) => alive || !unit.ways.some(({ name }) => name === path))
    .filter((path) => !pathsBefore.some((was) => was.path === path.path && samePath(was, path)))
    .map((path) => tell("path", pathText(path), pathJson(path)));
  return [...ofWays, ...ofState, ...ofPaths];
}

const clock = (at: Date): string => at.toISOString().slice(11, 19);

function pathRows(paths: readonly FoundPath[]): Cell[][] {
  return paths.map(({ path, alive, key, holder }): Cell[] => [
    path,
    alive ? "answers" : ["red", "no answer"],
    key === undefined ? ["dim", "not told"] : key === 0n ? "none" : ["bold", keyText(key)],
    holder === true ? ["green", "holds"] : "",
  ]);
}

/** The whole screen. */
function screen(
  units: readonly LookedAt[],
  changed: ReadonlySet<LookedAt>,
  events: readonly Happening[],
  { paint, width, values }: Session,
): string[] {
  const every = (values.interval ?? INTERVAL_MS) / 1000;
  const shown = units.flatMap((unit) => {
    const { ways, state, paths } = unit;
    const title = `${paint("bold", nameOf(unit))}${changed.has(unit) ? paint("yellow", "  changed") : ""}`;
    const lost = ways.flatMap(({ name, problem }) => {
      if (problem === undefined) return [];
      const text = ways.length > 1 ? `${name}: ${problem.message}` : problem.message;
      return wrap(text, width, "  ").map((line) => paint("red", line));
    });
    const through =
      paths.length === 0
        ? []
        : ["", ...foldingTable([heading("PATH", "", "KEY", ""), ...pathRows(paths)], paint, width)];
    const isOurs = whoseRegistration(portsOf(unit));
    return ["", title, ...lost, ...(state === undefined ? [] : stateLines(state, isOurs, paint, width)), ...through];
  });
  const told = events.slice(-REMEMBERED).map((one) => eventLine(one, paint, units.length > 1));
  return [
    `Every ${every} s, ${clock(new Date())} UTC. Ctrl-C ends it.`,
    ...shown,
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
  const { signal } = openOptions;
  const options = { ...openOptions, observer: values.verbose === true ? openOptions.observer : undefined };
  const units = unitsNamed(urls);
  const live = io.stdout.isTTY === true && values.json !== true;
  const events: Happening[] = [];
  const show = (happened: readonly Happening[], changed: ReadonlySet<LookedAt>): void => {
    if (live) {
      events.push(...happened.filter(({ type }) => type !== "state"));
      events.splice(0, events.length - REMEMBERED);
      io.stdout.write(
        CLEAR +
          screen(units, changed, events, session)
            .map((line) => `${line}\n`)
            .join(""),
      );
      return;
    }
    for (const one of happened) {
      const document = { type: one.type, at: one.at.toISOString(), unit: one.unit, ...one.json };
      io.stdout.write(`${values.json === true ? JSON.stringify(document) : eventLine(one, paint, units.length > 1)}\n`);
    }
  };
  try {
    for (let round = 1; ; round++) {
      const looked = await lookAround(units, io, options);
      const happened = looked.map((one) => [one.unit, happeningsAt(one)] as const);
      const changed = looked.filter(
        ({ before }, at) => before !== undefined && happened[at]?.[1].some(isChange) === true,
      );
      show(
        happened.flatMap(([, events]) => events),
        new Set(changed.map(({ unit }) => unit)),
      );
      if (signal?.aborted === true || round === values.rounds) break;
      if (!(await pause(values.interval ?? INTERVAL_MS, signal))) break;
    }
  } catch (error) {
    if (!isScsiError(error) || signal?.aborted !== true) throw error;
  } finally {
    for (const { ways } of units) for (const { unit } of ways) await unit?.[Symbol.asyncDispose]();
  }
  return { streamed: true, result: null, lines: [] };
}

export const watch: Verb = {
  name: "watch",
  summary: "look again and again, and show what changes",
  about: [
    "On a terminal a table of keys, holder and PRGENERATION, with what changed. Otherwise one line for each event: registered, unregistered, reserved, released, another holder or type. With --json each event is a JSON document on a line of its own. A unit that does not answer is asked again in the next round.",
    "What leads to one unit, by VPD page 83h, is shown once, with each path: whether it answers, and with which key it is registered. A map is one unit.",
    "It only reads: READ KEYS, READ RESERVATION and READ FULL STATUS; of several, INQUIRY; through each path of a map TEST UNIT READY. What is done and undone between two looks shows in PRGENERATION alone.",
  ],
  examples: [
    ["watch iscsi://10.0.0.5/iqn.2026-01.com.example:disk/0", "until Ctrl-C"],
    ["watch --interval 500ms --rounds 3 sim:a sim:b", "two units, three looks"],
    ["watch /dev/sda /dev/sdb /dev/mapper/mpathb", "two paths, if they are, and a map"],
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

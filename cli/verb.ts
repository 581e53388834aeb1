/** What a verb is, and the two kinds that talk to a unit: those that only ask, and those that change something. */
import {
  type Attempt,
  type Command,
  formatSense,
  isScsiError,
  type LogicalUnit,
  registrantOf,
  ScsiError,
  type TransportId,
  type Unit,
} from "../src/index.ts";
import { objectionsTo, objectionText } from "../src/profiles/check.ts";
import { profiles } from "../src/profiles/index.ts";
import type { OpenOptions } from "../transports/open.ts";
import { accountIn, accountJson, accountLines } from "./account.ts";
import type { Signature } from "./arguments.ts";
import type { Io } from "./io.ts";
import { type Json, stateJson } from "./json.ts";
import { look, type State, type Whose } from "./look.ts";
import type { Values, VerbOptionName } from "./options.ts";
import { type Paint, wrap } from "./output.ts";
import { openPaths } from "./paths.ts";
import { stateLines } from "./show.ts";
import { UsageError } from "./values.ts";

/** One run of one verb. */
export interface Session {
  readonly io: Io;
  /** The verb's name. */
  readonly verb: string;
  /** Colour of standard output. */
  readonly paint: Paint;
  /** Width of standard output. */
  readonly width: number;
  /** The URL as given: never to be printed. */
  readonly url: string;
  /** All of them, of verbs that take several: units, or paths to one. */
  readonly urls: readonly string[];
  /** The URL without credentials: what people call the unit by. Empty for verbs without. */
  readonly name: string;
  readonly values: Values;
  /** What stands after `--`. */
  readonly guarded: readonly string[];
  readonly openOptions: OpenOptions;
  /** Every delivery of this run so far. */
  readonly attempts: readonly Attempt[];
  /** The command that the verb is about: known to whoever explains why it failed. */
  command?: Command<unknown>;
  unit?: Unit;
}

/** What a verb brought. */
export interface Report {
  readonly result: Json;
  readonly lines: readonly string[];
  /** In the place of the lines: bytes for standard output. */
  readonly raw?: Uint8Array;
  /** For people who watch: goes to standard error. */
  readonly notes?: readonly string[];
  /** With --json it wrote its documents itself, as things happened. */
  readonly streamed?: true;
  /** With which the program ends, if not with success. */
  readonly exit?: number;
}

/** An example: a command line, and what it does. */
export type Example = readonly [line: string, does: string];

/** What a verb would do with its values. */
export interface Plan {
  /** What it would send. */
  readonly commands: readonly Command<unknown>[];
  /** What that would change. */
  readonly effect: string;
  /** Why these values take one path only, of a verb that takes several with others. */
  readonly singlePath?: string | undefined;
}

/** One verb. */
export interface Verb extends Signature {
  readonly summary: string;
  /** Paragraphs for its help. */
  readonly about: readonly string[];
  readonly examples: readonly Example[];
  readonly options: readonly VerbOptionName[];
  /** With which its unit is opened, besides what the command line says. */
  readonly openOptions?: Partial<OpenOptions>;
  /** The long options of a verb that reads its arguments itself. */
  readonly ownOptions?: readonly string[];
  /** What it would do. Is asked before every run, dry or not, and throws for values that cannot be. */
  plan(values: Values): Plan;
  run(session: Session): Promise<Report>;
}

/** Whose a registration is; null where the transport does not know who we are. `hostPorts`: the initiator ports of this machine. */
export function whoseRegistration(unit: Pick<Unit, "initiatorPorts">, hostPorts?: readonly TransportId[]): Whose {
  const ports = unit.initiatorPorts;
  return ({ transportId }) => {
    const said = ports.map((port) => registrantOf(transportId, port, hostPorts));
    const known = (word: string): (typeof said)[number] => said.find((one) => one === word);
    return known("this-port") ?? known("undecided") ?? said.find((one) => one !== "other") ?? said[0] ?? null;
  };
}

/** Opens the session's unit. Whoever made the session closes it. */
export async function openUnit(session: Session, options: Partial<OpenOptions> = {}): Promise<Unit> {
  const { io, url, urls } = session;
  const all = { ...session.openOptions, ...options };
  session.unit =
    urls.length > 1
      ? await openPaths(io, urls, all)
      : (await io.pathsOfMap(url)) === undefined
        ? await io.open(url, all)
        : await io.openMap(url, all);
  return session.unit;
}

/** Refuses several paths, and maps, which have several: before anything is opened. */
export async function refuseSeveralPaths({ io, verb, name, url, urls }: Session, why: string): Promise<void> {
  if (urls.length > 1) throw new UsageError(`${verb} takes one URL here, for ${why}`, verb);
  if ((await io.pathsOfMap(url)) === undefined) return;
  throw new UsageError(`${name} is a map of paths; ${verb} takes one of them, for ${why}`, verb);
}

/** As {@link openUnit}, for verbs that must have a single path. */
export async function openSinglePath(
  session: Session,
  why: string,
  options: Partial<OpenOptions> = {},
): Promise<LogicalUnit> {
  await refuseSeveralPaths(session, why);
  const unit = await session.io.open(session.url, { ...session.openOptions, ...options });
  session.unit = unit;
  return unit;
}

type VerbText = Pick<Verb, "name" | "summary" | "about" | "examples">;

/** A verb that only asks. */
export function question(
  spec: VerbText & {
    readonly commands: readonly Command<unknown>[];
    readonly options?: readonly VerbOptionName[];
    readonly openOptions?: Partial<OpenOptions>;
    ask(unit: Unit, session: Session): Promise<Report>;
  },
): Verb {
  const { commands, options = [], openOptions = {}, ask, ...text } = spec;
  return {
    ...text,
    takes: "unit",
    options,
    openOptions,
    required: [],
    plan: () => ({ commands, effect: "It only reads: it would change nothing." }),
    run: async (session) => ask(await openUnit(session, openOptions), session),
  };
}

/** Values of which some are known to be there. */
export type With<Names extends keyof Values> = Values & { readonly [Name in Names]-?: NonNullable<Values[Name]> };

/** What the target shows after a change; the change itself stands, whatever becomes of looking. */
async function lookAfter(unit: Unit, command: string): Promise<{ state?: State; problem?: string }> {
  try {
    return { state: await look(unit) };
  } catch (error) {
    if (!isScsiError(error)) throw error;
    if (error.code !== "ABORTED") return { problem: error.message };
    throw new ScsiError(`${command} was executed. Interrupted while reading what the target now reports`, {
      code: "ABORTED",
      command: error.command,
      unit: unit.name,
      delivered: "yes",
      cause: error,
    });
  }
}

/** What the device does not take is a mistake in the command line, until it is insisted upon. */
const outsideProfile = (message: string, verb: string): UsageError =>
  new UsageError(`${message}. Nothing was sent; --force sends it all the same`, verb);

/** Refuses what a profile does not take that was named. What a device says of itself is not known before it is asked. */
function checkProfile(command: Command<void>, { profile = "auto", force }: Values, verb: string): void {
  const objections = profile === "auto" || force === true ? [] : objectionsTo(command, profiles[profile]);
  if (objections.length > 0) throw outsideProfile(objectionText(profile, objections), verb);
}

/** A verb that changes something: sends one command, and then shows what the target reports. */
export function change<Names extends VerbOptionName>(
  spec: VerbText & {
    readonly options?: readonly VerbOptionName[];
    readonly required: readonly Names[];
    command(values: With<Names>): Command<void>;
    effect(values: With<Names>): string;
  },
): Verb {
  const { options = [], required, command: build, effect, ...text } = spec;
  const read = (values: Values): With<Names> => values as With<Names>;
  return {
    ...text,
    takes: "unit",
    options: [...required, ...options, "profile", "force"],
    required,
    plan(values) {
      const command = build(read(values));
      checkProfile(command, values, text.name);
      return { commands: [command], effect: effect(read(values)) };
    },
    async run(session) {
      const { profile = "auto", force } = session.values;
      const command = build(read(session.values));
      session.command = command;
      const unit = await openUnit(session, force === true ? {} : { profile });
      const outcome = await unit.perform(command).catch((error: unknown) => {
        throw error instanceof RangeError ? outsideProfile(error.message, session.verb) : error;
      });
      const account = accountIn(outcome);
      const { state, problem } = await lookAfter(unit, command.name);
      const whose = whoseRegistration(unit);
      const met = outcome.unitAttentions.map((sense) => `On the way there was ${formatSense(sense)}.`);
      const settled =
        outcome.settledBy === undefined
          ? []
          : ["The answer was lost on the way; what the target reports shows that the command was executed."];
      const unseen =
        problem === undefined ? [] : [`It was executed, but what the target now reports could not be read: ${problem}`];
      return {
        result: {
          command: command.name,
          settledByLooking: outcome.settledBy !== undefined,
          unitAttentions: outcome.unitAttentions.map((sense) => formatSense(sense)),
          now: state === undefined ? null : stateJson(state, whose),
          nowProblem: problem ?? null,
          account: accountJson(account),
        },
        lines: [
          `${session.paint("green", "Done:")} ${command.name} on ${session.name}.`,
          ...(account === undefined ? [] : ["", ...accountLines(account, session.paint)]),
          ...(state === undefined ? [] : ["", ...stateLines(state, whose, session.paint, session.width)]),
        ],
        notes: [...met, ...settled, ...unseen].flatMap((note) => wrap(note)),
      };
    },
  };
}

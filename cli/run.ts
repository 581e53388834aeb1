/**
 * The command line as a function: argv and a world in, an exit code out. Parses, calls, prints; ends no process and decides
 * nothing about SCSI.
 */
import { type Attempt, type MultipathUnit, noRetries } from "../src/index.ts";
import type { OpenOptions } from "../transports/open.ts";
import { checkAgainst, isFamily, type Parsed, parseArguments } from "./arguments.ts";
import { dryRunJson, dryRunLines } from "./dry-run.ts";
import { EXIT_OTHER, EXIT_SUCCESS, EXIT_USAGE } from "./exit-codes.ts";
import { complain, fail } from "./failure.ts";
import { familyHelp, generalHelp, verbHelp } from "./help.ts";
import type { Io } from "./io.ts";
import { errorJson, type Json, printJson } from "./json.ts";
import { didYouMean } from "./nearest.ts";
import { allOptions, type Values } from "./options.ts";
import { paintFor, print, widthOf } from "./output.ts";
import { unopenedPaths } from "./paths.ts";
import { planJson, planLines, planned } from "./plan.ts";
import { redactUrl, shown, UsageError } from "./values.ts";
import { type Plan, refuseSeveralPaths, type Session, type Verb } from "./verb.ts";
import { verboseObserver } from "./verbose.ts";
import { verbNamed, verbs } from "./verbs.ts";
import { VERSION } from "./version.ts";

/** Builders name their arguments, times with their unit; people gave options. */
const inOptionNames = (message: string): string =>
  message.replaceAll(/^\w+|\b\w+Ms\b/g, (argument) => {
    const property = argument.replace(/Ms$/, "");
    return Object.hasOwn(allOptions, property) ? `--${allOptions[property as keyof Values].name}` : argument;
  });

/** Has something done that checks arguments: what it finds wrong is a mistake in the command line, and no defect. */
async function checking<Result>(verb: Verb, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new UsageError(inOptionNames(error.message), verb.name);
  }
}

/** Asks nobody: it reads what it was given, and says something of it. */
const isAlone = ({ takes }: Verb): boolean => takes === "bytes" || takes === "command" || takes === "shell";

/** Verbs that ask nobody check arguments as they run. */
const checkingRun = (verb: Verb, session: Session): ReturnType<Verb["run"]> =>
  isAlone(verb) ? checking(verb, () => verb.run(session)) : verb.run(session);

function openOptionsOf(values: Values, io: Io, signal: AbortSignal, attempts: Attempt[]): OpenOptions {
  const tell = values.verbose === true ? verboseObserver(io) : undefined;
  return {
    signal,
    observer(attempt, command) {
      attempts.push(attempt);
      tell?.(attempt, command);
    },
    env: io.env,
    timeoutMs: values.timeout,
    deadlineMs: values.deadline,
    retry: values.noRetry === true ? noRetries : undefined,
    initiatorName: values.initiator,
  };
}

/** Refuses what the run would refuse, as far as that shows without asking anybody. Returns the paths that a verb would use, as a unit to plan with; undefined if it is one. */
async function rehearse(session: Session, verb: Verb, plan: Plan): Promise<MultipathUnit | undefined> {
  const { io, url, urls } = session;
  const options = { ...session.openOptions, ...verb.openOptions };
  if (isAlone(verb)) await verb.run(session);
  if (verb.takes === "portal") await io.checkDiscover(url, options);
  if (verb.takes === "units") for (const each of urls) await io.checkOpen(each, options);
  if (verb.takes !== "unit") return undefined;
  const why = verb.singlePath ?? plan.singlePath;
  if (why !== undefined) await refuseSeveralPaths(session, why);
  return unopenedPaths(io, urls, options);
}

/** Runs a verb whose arguments are right in form. */
async function perform(verb: Verb, url: string, { values, rest, guarded }: Parsed, io: Io): Promise<number> {
  const attempts: Attempt[] = [];
  const urls = verb.guards === true ? rest : [...rest, ...guarded];
  const interruption = new AbortController();
  const stopListening = io.onInterrupt(() => interruption.abort(new Error("interrupted by the user")));
  const session: Session = {
    io: {
      ...io,
      open: (where, options) => checking(verb, () => io.open(where, options)),
      openMap: (where, options) => checking(verb, () => io.openMap(where, options)),
      discover: (where, options) => checking(verb, () => io.discover(where, options)),
    },
    verb: verb.name,
    paint: paintFor(io.stdout, io.env),
    width: widthOf(io.stdout),
    url,
    urls: verb.takes === "units" || verb.takes === "unit" ? urls : [],
    name: (verb.takes === "unit" ? urls : [url]).map(redactUrl).join(" "),
    values,
    guarded,
    openOptions: openOptionsOf(values, io, interruption.signal, attempts),
    attempts,
  };
  const unit = verb.takes === "unit" || verb.takes === "portal" ? session.name : null;
  const brought = (result: Json, lines: readonly string[], raw?: Uint8Array): void => {
    if (values.json === true) printJson(io.stdout, { verb: verb.name, unit, attempts }, { ok: true, result });
    else if (raw !== undefined) io.stdout.write(raw);
    else print(io.stdout, lines);
  };
  try {
    const plan = await checking(verb, () => verb.plan(values));
    if (values.dryRun === true) {
      const { commands, effect } = plan;
      const paths = await checking(verb, () => rehearse(session, verb, plan));
      const steps = paths === undefined ? undefined : planned(paths, commands);
      brought(
        { ...dryRunJson(commands, effect), steps: steps === undefined ? null : planJson(steps) },
        paths === undefined || steps === undefined
          ? dryRunLines(unit, commands, effect, session.paint)
          : planLines(paths.paths.length, steps, effect, session.paint),
      );
      return EXIT_SUCCESS;
    }
    const { result, lines, raw, notes = [], streamed, exit = EXIT_SUCCESS } = await checkingRun(verb, session);
    if (values.json !== true || streamed !== true) brought(result, lines, raw);
    print(io.stderr, notes);
    return exit;
  } catch (error) {
    return await fail(error, session);
  } finally {
    stopListening();
    await session.unit?.[Symbol.asyncDispose]();
  }
}

/** The verb that was named, or an error that says which it might be. */
function chosenVerb(name: string): Verb {
  const verb = verbNamed(name);
  if (verb !== undefined) return verb;
  if (isFamily(name)) throw new UsageError(`Which verb of ${name}?`, name);
  const known = verbs.map((one) => one.name);
  throw new UsageError(`No such verb: ${shown(name)}.${didYouMean(name, known)} Verbs are ${known.join(", ")}, help`);
}

function help(parsed: Parsed, io: Io): number {
  const paint = paintFor(io.stdout, io.env);
  const [first, second] = parsed.rest;
  const asked = isFamily(first) && second !== undefined ? `${first} ${second}` : first;
  const name = parsed.verb === "help" ? asked : parsed.verb;
  if (name === undefined || name === "help") print(io.stdout, generalHelp(paint));
  else print(io.stdout, isFamily(name) ? familyHelp(name, paint) : verbHelp(chosenVerb(name), paint));
  return EXIT_SUCCESS;
}

/** Is this another tool's command line, and not a question about it? */
const isOf = (tool: string, [verb, ...rest]: readonly string[]): boolean =>
  verb === tool && !rest.some((word) => word === "--help" || word === "-h");

async function start(argv: readonly string[], io: Io): Promise<number> {
  if (isOf("mpath", argv)) return (await import("./mpath/run.ts")).runMpath(argv.slice(1), io);
  if (isOf("sg_persist", argv)) return (await import("./sg-persist/run.ts")).runSgPersist(argv.slice(1), io);
  const parsed = parseArguments(argv);
  if (parsed.values.version === true) {
    print(io.stdout, [`scsi-persist ${VERSION}`]);
    return EXIT_SUCCESS;
  }
  if (parsed.values.help === true || parsed.verb === "help") return help(parsed, io);
  if (parsed.verb === undefined) throw new UsageError("What is to be done? See: scsi-persist help");
  const verb = chosenVerb(parsed.verb);
  return perform(verb, checkAgainst(parsed, verb), parsed, io);
}

/**
 * Runs the command line.
 *
 * @param argv the arguments, without interpreter and script
 * @param io the world
 * @returns the exit code, see exit-codes.ts
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await start(argv, io);
  } catch (error) {
    if (!(error instanceof UsageError)) {
      complain(io, `This is a defect of scsi-persist: ${error instanceof Error ? error.message : String(error)}`);
      return EXIT_OTHER;
    }
    if (argv.includes("--json")) {
      const details = { ...errorJson(error, EXIT_USAGE, "USAGE"), verdict: null, explanation: null, now: null };
      printJson(io.stdout, { verb: error.verb ?? null, unit: null, attempts: [] }, { ok: false, error: details });
    } else {
      complain(io, error.message);
      if (error.verb !== undefined) print(io.stderr, [`See: scsi-persist help ${error.verb}`]);
    }
    return EXIT_USAGE;
  }
}

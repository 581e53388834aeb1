/**
 * The command line as a function: argv and a world in, an exit code out. Parses, calls, prints; ends no process and decides
 * nothing about SCSI.
 */
import { type Attempt, type Command, formatSense, isScsiError, noRetries, statusName } from "../src/index.ts";
import type { OpenOptions } from "../transports/open.ts";
import { checkAgainst, type Parsed, parseArguments } from "./arguments.ts";
import { type CommandLine, conflictJson, conflictLines, explain } from "./conflict.ts";
import { DemoError } from "./demo.ts";
import { dryRunJson, dryRunLines } from "./dry-run.ts";
import { EXIT_OTHER, EXIT_SUCCESS, EXIT_USAGE, exitCodeOf } from "./exit-codes.ts";
import { generalHelp, verbHelp } from "./help.ts";
import type { Io, Output } from "./io.ts";
import { attemptJson, errorJson, type Json, SCHEMA, stateJson } from "./json.ts";
import { didYouMean } from "./nearest.ts";
import { allOptions, type Values } from "./options.ts";
import { hexDump, hexLine, type Paint, paintFor, wrap } from "./output.ts";
import { stateLines } from "./show.ts";
import { redactUrl, shown, UsageError } from "./values.ts";
import { ownRegistration, type Session, type Verb } from "./verb.ts";
import { verbNamed, verbs } from "./verbs.ts";

const VERSION = "__SCSI_PERSIST_VERSION__";

const print = (output: Output, lines: readonly string[]): void =>
  output.write(lines.map((line) => `${line}\n`).join(""));

/** What every JSON document has in common. */
interface Envelope {
  readonly verb: string | null;
  readonly unit: string | null;
  readonly attempts: readonly Attempt[];
}

function printJson(io: Io, { verb, unit, attempts }: Envelope, rest: { readonly [name: string]: Json }): void {
  const document = { "scsi-persist": SCHEMA, verb, unit, ...rest, attempts: attempts.map(attemptJson) };
  io.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** Tells of every delivery: what was sent, and what came. */
function verboseObserver(io: Io, paint: Paint): (attempt: Attempt, command: Command<unknown>) => void {
  return (attempt, command) => {
    const { status, sense, code, durationMs } = attempt;
    const answer =
      status === undefined
        ? paint("red", `no answer: ${code}`)
        : paint(code === undefined ? "green" : "yellow", statusName(status));
    const why = sense === undefined ? "" : `, ${formatSense(sense)}`;
    print(io.stderr, [
      `${paint("dim", "->")} ${command.name}  ${paint("dim", hexLine(command.cdb))}`,
      ...(command.dataOut === undefined ? [] : hexDump(command.dataOut, "   ").map((line) => paint("dim", line))),
      `${paint("dim", "<-")} ${answer}${why}, ${durationMs.toFixed(1)} ms`,
    ]);
  };
}

/** The value in single quotes where a shell needs them. */
const shellWord = (text: string): string =>
  /^[\w./:@%,=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** Builders name their arguments; people gave options. */
function inOptionNames(message: string): string {
  const [property = ""] = /^\w+/.exec(message) ?? [];
  const option = Object.hasOwn(allOptions, property) ? allOptions[property as keyof Values] : undefined;
  return option === undefined ? message : `--${option.name}${message.slice(property.length)}`;
}

/** What is wrong with the arguments, whoever noticed; undefined if it is something else. */
function usageProblem(error: unknown): UsageError | undefined {
  if (error instanceof UsageError) return error;
  if (error instanceof TypeError || error instanceof RangeError) return new UsageError(inOptionNames(error.message));
  return undefined;
}

function complain(io: Io, paint: Paint, message: string): void {
  const [first = "", ...rest] = wrap(`scsi-persist: ${message}`);
  print(io.stderr, [paint("red", first), ...rest.map((line) => paint("red", line))]);
}

/** Whether an interrupted command may have been executed, in words. */
function interruptedText(error: {
  readonly delivered: string;
  readonly message: string;
  readonly command?: string | undefined;
}): string {
  const command = error.command ?? "the command";
  if (error.delivered === "yes") return `${error.message}.`;
  if (error.delivered === "no") return `Interrupted: ${command} was not executed.`;
  return `Interrupted: ${command} had been sent and not been answered. It may have been executed; look with: scsi-persist status`;
}

interface Run {
  readonly io: Io;
  readonly verb: Verb;
  readonly unit: string | null;
  readonly session: Session;
  readonly interrupted: AbortSignal;
}

/** Says what went wrong, as JSON or in words, and what can be done. Returns the exit code. */
async function report(error: unknown, { io, verb, unit, session, interrupted }: Run): Promise<number> {
  const { values } = session;
  const paint = paintFor(io.stderr, io.env);
  const usage = isScsiError(error) ? undefined : usageProblem(error);
  const exit = usage !== undefined ? EXIT_USAGE : exitCodeOf(error);
  const conflict =
    isScsiError(error) &&
    error.code === "RESERVATION_CONFLICT" &&
    session.command !== undefined &&
    session.unit !== undefined
      ? await explain(session.unit, session.command)
      : undefined;
  const initiator = values.initiator === undefined ? "" : ` --initiator ${shellWord(values.initiator)}`;
  const line: CommandLine = (name, rest) => `scsi-persist ${name} ${shellWord(unit ?? "")}${initiator}${rest}`;
  const isOurs = session.unit === undefined ? () => null : ownRegistration(session.unit);
  const seen =
    conflict?.state ??
    (isScsiError(error) && error.evidence !== undefined ? { ...error.evidence, consistent: true } : undefined);
  if (values.json === true) {
    const code = usage !== undefined ? "USAGE" : error instanceof DemoError ? "DEMO" : "INTERNAL";
    printJson(
      io,
      { verb: verb.name, unit, attempts: session.attempts },
      {
        ok: false,
        error: {
          ...errorJson(usage ?? error, exit, code),
          explanation: conflict === undefined ? null : conflictJson(conflict, line),
          now: seen === undefined ? null : stateJson(seen, isOurs),
        },
      },
    );
    return exit;
  }
  if (isScsiError(error) && error.code === "ABORTED" && interrupted.aborted)
    complain(io, paint, interruptedText(error));
  else complain(io, paint, (usage ?? (error as Error)).message);
  if (conflict !== undefined) print(io.stderr, ["", ...conflictLines(conflict, line, paint)]);
  if (seen !== undefined) print(io.stderr, ["", "  Now:", ...stateLines(seen, isOurs, paint)]);
  if (usage?.verb !== undefined) print(io.stderr, [`See: scsi-persist help ${usage.verb}`]);
  if (usage === undefined && !isScsiError(error) && !(error instanceof DemoError) && values.verbose === true) {
    print(io.stderr, [String((error as Error).stack)]);
  }
  return exit;
}

function openOptionsOf(
  values: Values,
  io: Io,
  signal: AbortSignal,
  observer: NonNullable<OpenOptions["observer"]>,
): OpenOptions {
  return {
    signal,
    observer,
    env: io.env,
    timeoutMs: values.timeout,
    deadlineMs: values.deadline,
    retry: values.noRetry === true ? noRetries : undefined,
    initiatorName: values.initiator,
  };
}

/** Runs a verb whose arguments are right in form. */
async function perform(verb: Verb, url: string, parsed: Parsed, io: Io): Promise<number> {
  const { values } = parsed;
  const paint = paintFor(io.stdout, io.env);
  const unit = verb.takes === "none" ? null : redactUrl(url);
  const attempts: Attempt[] = [];
  const tell = values.verbose === true ? verboseObserver(io, paintFor(io.stderr, io.env)) : undefined;
  const interruption = new AbortController();
  const stopListening = io.onInterrupt(() => interruption.abort(new Error("interrupted by the user")));
  const openOptions = openOptionsOf(values, io, interruption.signal, (attempt, command) => {
    attempts.push(attempt);
    tell?.(attempt, command);
  });
  const session: Session = { io, paint, url, name: unit ?? "", values, openOptions, attempts };
  const json = (result: Json): void => printJson(io, { verb: verb.name, unit, attempts }, { ok: true, result });
  try {
    if (values.dryRun === true) {
      const { commands, effect } = verb.plan(values);
      if (values.json === true) json(dryRunJson(commands, effect));
      else print(io.stdout, dryRunLines(unit, commands, effect, paint));
      return EXIT_SUCCESS;
    }
    const { result, lines, notes = [] } = await verb.run(session);
    if (values.json === true) json(result);
    else print(io.stdout, lines);
    if (notes.length > 0) print(io.stderr, notes);
    return EXIT_SUCCESS;
  } catch (error) {
    return await report(error, { io, verb, unit, session, interrupted: interruption.signal });
  } finally {
    stopListening();
    await session.unit?.[Symbol.asyncDispose]();
  }
}

/** The verb that was named, or an error that says which it might be. */
function chosenVerb(name: string): Verb {
  const verb = verbNamed(name);
  if (verb !== undefined) return verb;
  const known = verbs.map((one) => one.name);
  throw new UsageError(`No such verb: ${shown(name)}.${didYouMean(name, known)} Verbs are ${known.join(", ")}, help`);
}

function help(parsed: Parsed, io: Io, paint: Paint): number {
  const name = parsed.verb === "help" ? parsed.rest[0] : parsed.verb;
  print(io.stdout, name === undefined || name === "help" ? generalHelp(paint) : verbHelp(chosenVerb(name), paint));
  return EXIT_SUCCESS;
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
    const parsed = parseArguments(argv);
    const paint = paintFor(io.stdout, io.env);
    if (parsed.values.version === true) {
      print(io.stdout, [`scsi-persist ${VERSION}`]);
      return EXIT_SUCCESS;
    }
    if (parsed.values.help === true || parsed.verb === "help") return help(parsed, io, paint);
    if (parsed.verb === undefined) throw new UsageError("What is to be done? See: scsi-persist help");
    const verb = chosenVerb(parsed.verb);
    return await perform(verb, checkAgainst(parsed, verb), parsed, io);
  } catch (error) {
    if (!(error instanceof UsageError)) {
      complain(io, paintFor(io.stderr, io.env), `This is a defect of scsi-persist: ${String((error as Error).stack)}`);
      return EXIT_OTHER;
    }
    if (argv.includes("--json")) {
      printJson(
        io,
        { verb: error.verb ?? null, unit: null, attempts: [] },
        {
          ok: false,
          error: { ...errorJson(error, EXIT_USAGE, "USAGE"), explanation: null, now: null },
        },
      );
    } else {
      complain(io, paintFor(io.stderr, io.env), error.message);
      if (error.verb !== undefined) print(io.stderr, [`See: scsi-persist help ${error.verb}`]);
    }
    return EXIT_USAGE;
  }
}

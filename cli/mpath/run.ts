/**
 * `scsi-persist mpath …`: mpathpersist's options, output and exit codes (multipath-tools 0.9.4), over maps and over every other way to a
 * unit that there is here, one path or several.
 */
import { elsewhere } from "../../src/explain.ts";
import {
  type Command,
  commands,
  isScsiError,
  type MpathCallOptions,
  type MpathReserveOutOptions,
  type MpathResult,
  type MpathVerbosity,
  mpathPersistentReserveIn,
  mpathPersistentReserveOut,
  mpathPersistResults,
  type Unit,
} from "../../src/index.ts";
import { mpathReserveOutCommand } from "../../src/multipath/mpath-persist.ts";
import { dryRunLines } from "../dry-run.ts";
import type { Io } from "../io.ts";
import { paintFor, print } from "../output.ts";
import { openPaths, unopenedPaths } from "../paths.ts";
import { planLines, planned } from "../plan.ts";
import { dump } from "../sg-persist/show.ts";
import { redactUrl, UsageError } from "../values.ts";
import { MPATH, type MpathLine, type MpathRequest, parseMpath } from "./arguments.ts";
import { responseLines } from "./show.ts";

/** Units that are open, by what they were called by: a batch of commands opens each once. */
type Opened = Map<string, Promise<Unit>>;

/** Everything that one run needs. */
interface Run {
  readonly io: Io;
  readonly opened: Opened;
  readonly signal: AbortSignal;
  readonly verbose: number;
}

const nameOf = (devices: readonly string[]): string => devices.map(redactUrl).join(" ");

/** What is wrong with an argument is a mistake in the command line. */
const asUsage = (error: unknown): unknown =>
  error instanceof TypeError || error instanceof RangeError ? new UsageError(error.message, MPATH) : error;

async function unitOf({ devices }: MpathRequest, { io, opened, signal }: Run): Promise<Unit> {
  const options = { env: io.env, signal };
  const open = async (): Promise<Unit> => {
    const [only] = devices as [string];
    if (devices.length > 1) return openPaths(io, devices, options);
    return (await io.pathsOfMap(only)) === undefined ? io.open(only, options) : io.openMap(only, options);
  };
  const called = devices.join("\n");
  const unit = opened.get(called) ?? open();
  opened.set(called, unit);
  return unit;
}

/** What a request for PERSISTENT RESERVE OUT is to libmpathpersist. */
function reserveOutOf({
  serviceAction,
  type,
  key,
  serviceActionKey,
  ...request
}: MpathRequest): MpathReserveOutOptions {
  const { persist, allTargetPorts, transportIds } = request;
  const initiatorPorts = transportIds.length === 0 ? undefined : transportIds;
  const parameters = { key, serviceActionKey, persistThroughPowerLoss: persist, allTargetPorts, initiatorPorts };
  return { serviceAction, type, parameters };
}

/** The command that an option asks for. */
function commandOf(request: MpathRequest): Command<unknown> {
  const { out, serviceAction, allocationLengthBytes } = request;
  if (out) return mpathReserveOutCommand(reserveOutOf(request));
  const { readKeys, readReservation, reportCapabilities, readFullStatus } = commands;
  const builders = [readKeys, readReservation, () => reportCapabilities(), readFullStatus] as const;
  return (builders[serviceAction] as typeof readKeys)({ allocationLengthBytes });
}

async function showPlan(request: MpathRequest, { io, signal }: Run): Promise<number> {
  const { devices, out } = request;
  const paint = paintFor(io.stdout, io.env);
  const unit = await unopenedPaths(io, devices, { env: io.env, signal }).catch((error: unknown) => {
    throw asUsage(error);
  });
  let command: Command<unknown>;
  try {
    command = commandOf(request);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    complain(request, { result: "MPATH_PR_SYNTAX_ERROR", error }, io);
    return mpathPersistResults.MPATH_PR_SYNTAX_ERROR;
  }
  const effect = out ? "It would do this." : "It only reads: it would change nothing.";
  const steps = unit === undefined ? undefined : planned(unit, [command]);
  print(
    io.stdout,
    unit === undefined || steps === undefined
      ? dryRunLines(nameOf(devices), [command], effect, paint)
      : planLines(unit.paths.length, steps, effect, paint),
  );
  return mpathPersistResults.MPATH_PR_SUCCESS;
}

/** What mpathpersist prints of a failure, and why it failed. */
function complain(
  { out }: MpathRequest,
  { result, error }: Pick<MpathResult<unknown>, "result" | "error">,
  { stdout, stderr }: Io,
): void {
  if (!out) print(stderr, ["Persistent Reserve IN command failed"]);
  if (result === "MPATH_PR_SENSE_UNIT_ATTENTION") {
    print(stdout, ["persistent reserve out: scsi status: Unit Attention"]);
  }
  if (result === "MPATH_PR_RESERV_CONFLICT") {
    print(stdout, ["persistent reserve out: scsi status: Reservation Conflict"]);
  }
  if (out) print(stdout, ["PR out: command failed"]);
  if (error !== undefined) print(stderr, [`${result}: ${error.message}`]);
}

/** One command. Returns mpathpersist's exit code. */
async function perform(request: MpathRequest, run: Run): Promise<number> {
  const { io, signal, verbose } = run;
  let unit: Unit;
  try {
    unit = await unitOf(request, run);
  } catch (error) {
    if (!isScsiError(error)) throw asUsage(error);
    print(io.stderr, [`${nameOf(request.devices)}: error opening file (rw) fd=-1`, error.message]);
    return mpathPersistResults[elsewhere(error).mpath];
  }
  const options: MpathCallOptions = {
    signal,
    noisy: request.hex || verbose > 3,
    verbose: Math.max(0, Math.min(verbose, 3)) as MpathVerbosity,
    observer: (level, text) => {
      // What went wrong is said in any case, at the end.
      if (level > 0) print(io.stderr, [text]);
    },
  };
  const { serviceAction, allocationLengthBytes } = request;
  if (request.out) {
    const outcome = await mpathPersistentReserveOut(unit, { ...options, ...reserveOutOf(request) });
    if (outcome.code !== mpathPersistResults.MPATH_PR_SUCCESS) complain(request, outcome, io);
    return outcome.code;
  }
  let answered: Uint8Array | undefined;
  const heard: Unit = {
    ...unit,
    perform(command, how) {
      const read = (data: Uint8Array) => {
        answered = data;
        return command.read(data);
      };
      return unit.perform({ ...command, read }, how);
    },
  };
  const outcome = await mpathPersistentReserveIn(heard, { ...options, serviceAction, allocationLengthBytes });
  if (outcome.response === undefined) complain(request, outcome, io);
  else {
    if (request.hex && answered !== undefined) print(io.stderr, dump(answered));
    print(io.stdout, responseLines(outcome.response));
  }
  return outcome.code;
}

/** A line of a batch file as arguments: up to a comment, and without the program's name. */
function argumentsOf(line: string): string[] {
  const words = line.split(/[ \t]+/).filter((word) => word !== "");
  const comment = words.findIndex((word) => word.startsWith("#"));
  const own = comment < 0 ? words : words.slice(0, comment);
  return own[0] === "mpathpersist" || own[0] === MPATH ? own.slice(1) : own;
}

/** The commands of a file, one after the other. Returns the exit code of the first that failed. */
async function performFile(name: string, run: Run): Promise<number> {
  const { io } = run;
  const text = new TextDecoder().decode(await io.read(name));
  let first: number = mpathPersistResults.MPATH_PR_SUCCESS;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const argv = argumentsOf(line);
    if (argv.length === 0) continue;
    let code: number;
    try {
      code = await performLine(parseMpath(argv, true), run);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      print(io.stderr, [error.message, `syntax error on line ${index + 1} in batch file`]);
      code = mpathPersistResults.MPATH_PR_SYNTAX_ERROR;
    }
    if (first === mpathPersistResults.MPATH_PR_SUCCESS) first = code;
  }
  return first;
}

async function performLine({ request, batchFile, dryRun, warnings }: MpathLine, run: Run): Promise<number> {
  print(run.io.stderr, warnings);
  const done = request === undefined ? 0 : await (dryRun ? showPlan(request, run) : perform(request, run));
  const rest = batchFile === undefined ? 0 : await performFile(batchFile, run);
  return done === mpathPersistResults.MPATH_PR_SUCCESS ? rest : done;
}

/**
 * Runs with mpathpersist's arguments.
 *
 * @returns mpathpersist's exit code: a number of {@link mpathPersistResults}
 * @throws UsageError where mpathpersist would show its usage and end with MPATH_PR_SYNTAX_ERROR
 */
export async function runMpath(argv: readonly string[], io: Io): Promise<number> {
  let line: MpathLine;
  try {
    line = parseMpath(argv);
  } catch (error) {
    throw asUsage(error);
  }
  const interruption = new AbortController();
  const stopListening = io.onInterrupt(() => interruption.abort(new Error("interrupted by the user")));
  const opened: Opened = new Map();
  try {
    return await performLine(line, { io, opened, signal: interruption.signal, verbose: line.verbose });
  } finally {
    stopListening();
    const units = await Promise.allSettled(opened.values());
    await Promise.allSettled(
      units.map((one) => (one.status === "fulfilled" ? one.value[Symbol.asyncDispose]() : undefined)),
    );
  }
}

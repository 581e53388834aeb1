/**
 * What is said when a verb fails: in words or as JSON, with what the target shows and what can be done. Decides the exit code by
 * the table in exit-codes.ts.
 */
import { isScsiError, type ScsiError } from "../src/index.ts";
import { accountLines } from "./account.ts";
import { type CommandLine, conflictJson, conflictLines, type Explained, explain } from "./conflict.ts";
import { DemoError } from "./demo.ts";
import { EXIT_OTHER, EXIT_USAGE, exitCodeOf } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { errorJson, type Json, printJson, stateJson } from "./json.ts";
import { look, type State } from "./look.ts";
import { type Paint, paintFor, print, widthOf, wrap } from "./output.ts";
import { stateLines } from "./show.ts";
import { redactUrl, UsageError } from "./values.ts";
import { type Session, whoseRegistration } from "./verb.ts";

/** What was found out after a failure. */
interface Aftermath {
  readonly explained?: Explained;
  readonly state?: State | undefined;
}

/** Says in red what is wrong. */
export function complain(io: Io, message: string): void {
  const paint = paintFor(io.stderr, io.env);
  print(
    io.stderr,
    wrap(`scsi-persist: ${message}`).map((line) => paint("red", line)),
  );
}

/** Looks at the target where that helps to understand: after a conflict, a lost answer, a unit attention before a change. */
async function aftermath(error: ScsiError, { unit, command }: Session): Promise<Aftermath> {
  if (unit === undefined) return {};
  if (error.code === "RESERVATION_CONFLICT") {
    const explained = await explain(unit, command);
    return { explained, state: explained.state };
  }
  if (error.evidence !== undefined) return { state: { ...error.evidence, consistent: true } };
  if (error.code !== "UNIT_ATTENTION" || command === undefined) return {};
  return { state: await look(unit).catch(() => undefined) };
}

/** How a command line to the same unit as the same initiator begins. */
export function commandLineOf({ name, urls, values }: Session): CommandLine {
  const where = urls.length > 1 ? urls.map(redactUrl).map(shellWord).join(" ") : shellWord(name);
  const initiator = values.initiator === undefined ? "" : ` --initiator ${shellWord(values.initiator)}`;
  return (verb, rest) => `scsi-persist ${verb} ${where}${initiator}${rest}`;
}

/** The text in single quotes where a shell needs them. */
const shellWord = (text: string): string =>
  /^[\w./:@%,=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** The sentence that says what happened. */
function sentence(error: Error, { command }: Session): string {
  if (!isScsiError(error) || error.code !== "ABORTED") return error.message;
  if (error.delivered === "yes") return `${error.message}.`;
  const name = error.command ?? command?.name;
  if (command === undefined) return "Interrupted. Nothing was to be changed.";
  if (error.delivered === "no") return `Interrupted. ${name} was not executed.`;
  return `Interrupted. ${name} had been sent and not been answered: it may have been executed.`;
}

/** What to do next, where a verb can tell. */
function advice(error: Error, { command }: Session, line: CommandLine): string[] {
  if (!isScsiError(error) || command === undefined) return [];
  if (error.code === "UNIT_ATTENTION") {
    return wrap("Nothing was executed. Look whether it is still right, then try again.", 80, "  ");
  }
  if (error.code === "ABORTED" && error.delivered === "unknown") return [`  Look: ${line("status", "")}`];
  return [];
}

/** Which command lists what there is, when the URL leads to nothing or is not whole. */
function whereToLook(error: Error, { urls, values }: Session): string[] {
  const [url] = urls.map(redactUrl);
  if (url === undefined || !(isScsiError(error) || error instanceof UsageError)) return [];
  const { portal, target } = /^(?<portal>iscsi:\/\/[^/?]+)(?<target>\/[^/?]+)?/.exec(url)?.groups ?? {};
  const initiator = values.initiator === undefined ? "" : ` --initiator ${shellWord(values.initiator)}`;
  const discover = portal === undefined ? [] : [`  List: scsi-persist discover ${shellWord(portal)}${initiator}`];
  const luns = [`  List: scsi-persist luns ${shellWord(`${portal}${target}`)}${initiator}`];
  if (error instanceof UsageError) {
    if (!error.message.startsWith("The iSCSI URL names no ")) return [];
    return target === undefined ? discover : luns;
  }
  if (error.code === "TARGET_NOT_FOUND") return portal === undefined ? ["  List: scsi-persist list"] : discover;
  // LOGICAL UNIT NOT SUPPORTED
  return target !== undefined && error.sense?.asc === 0x25 && error.sense.ascq === 0 ? luns : [];
}

function failureJson(error: Error, exit: number, { explained, state }: Aftermath, session: Session, line: CommandLine) {
  const code = error instanceof UsageError ? "USAGE" : error instanceof DemoError ? "DEMO" : "INTERNAL";
  const whose = session.unit === undefined ? () => null : whoseRegistration(session.unit);
  return {
    ...errorJson(error, exit, code),
    verdict: isScsiError(error) ? (error.evidence?.verdict ?? null) : null,
    explanation: explained === undefined ? null : conflictJson(explained, line),
    now: state === undefined ? null : stateJson(state, whose),
  } satisfies { readonly [name: string]: Json };
}

function failureLines(
  error: Error,
  { explained, state }: Aftermath,
  session: Session,
  line: CommandLine,
  paint: Paint,
) {
  const whose = session.unit === undefined ? () => null : whoseRegistration(session.unit);
  const internal = !(error instanceof UsageError || error instanceof DemoError || isScsiError(error));
  const account = isScsiError(error) ? error.account : undefined;
  return [
    ...advice(error, session, line),
    ...whereToLook(error, session),
    ...(account === undefined ? [] : ["", ...accountLines(account, paint)]),
    ...(explained === undefined ? [] : ["", ...conflictLines(explained, line, paint)]),
    ...(state === undefined
      ? []
      : ["", "What the target reports now:", "", ...stateLines(state, whose, paint, widthOf(session.io.stderr))]),
    ...(error instanceof UsageError && error.verb !== undefined ? [`See: scsi-persist help ${error.verb}`] : []),
    ...(internal && session.values.verbose === true ? [String(error.stack)] : []),
  ];
}

/** Says what went wrong and what can be done. Returns the exit code. */
export async function fail(thrown: unknown, session: Session): Promise<number> {
  const { io, values, verb, attempts } = session;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const exit = error instanceof UsageError ? EXIT_USAGE : isScsiError(error) ? exitCodeOf(error) : EXIT_OTHER;
  const found = isScsiError(error) ? await aftermath(error, session) : {};
  const line = commandLineOf(session);
  if (values.json === true) {
    const unit = session.name === "" ? null : session.name;
    printJson(
      io.stdout,
      { verb, unit, attempts },
      { ok: false, error: failureJson(error, exit, found, session, line) },
    );
  } else {
    complain(io, sentence(error, session));
    print(io.stderr, failureLines(error, found, session, line, paintFor(io.stderr, io.env)));
  }
  return exit;
}

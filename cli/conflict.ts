/** A RESERVATION CONFLICT for people: looks at the target, has src/ explain, and turns what can be done into command lines. */
import { changerAccess } from "../src/changer/index.ts";
import {
  type ConflictExplanation,
  type ConflictRemedy,
  explainConflict,
  legacyReservationConflict,
} from "../src/explain.ts";
import { type Command, isScsiError, type Unit } from "../src/index.ts";
import { type Json, long } from "./json.ts";
import { look, type State } from "./look.ts";
import { keyText, type Paint, wrap } from "./output.ts";

const changerCommands: ReadonlySet<string> = new Set(["MOVE MEDIUM", "READ ELEMENT STATUS", "PREVENT MEDIUM REMOVAL"]);

/** What was found out about a conflict. */
export interface Explained {
  readonly explanation: ConflictExplanation | undefined;
  readonly state: State | undefined;
  /** Why it could not be found out. */
  readonly problem: string | undefined;
}

/**
 * Looks and explains. Never fails: what cannot be found out is said.
 *
 * @param command the command that met the conflict; undefined if it only asked
 */
export async function explain(unit: Unit, command: Command<unknown> | undefined): Promise<Explained> {
  const unseen = { state: undefined, problem: undefined };
  if (command === undefined) return { ...unseen, explanation: legacyReservationConflict };
  try {
    const state = await look(unit);
    const explanation = explainConflict(command, state, unit.initiatorPorts[0]);
    return { explanation: ofChanger(command, explanation, state), state, problem: undefined };
  } catch (error) {
    if (!isScsiError(error)) throw error;
    if (error.code === "RESERVATION_CONFLICT") return { ...unseen, explanation: legacyReservationConflict };
    return { ...unseen, explanation: undefined, problem: error.message };
  }
}

/** What a reservation leaves to others, in a changer's words: "read" and "write" say little there. */
function ofChanger(command: Command<unknown>, explanation: ConflictExplanation, { reservation }: State) {
  const type = reservation.holder === "none" ? undefined : reservation.type;
  if (!changerCommands.has(command.name) || type === undefined) return explanation;
  return { ...explanation, because: `${explanation.because} Of a changer: ${changerAccess[type]}.` };
}

/** How a command line to the same unit as the same initiator begins; `verb` is put in. */
export type CommandLine = (verb: string, rest: string) => string;

/** The command line that does it, or undefined if none does. */
export function remedyLine(remedy: ConflictRemedy, line: CommandLine): string | undefined {
  switch (remedy.do) {
    case "register": {
      const key = remedy.key === undefined ? "" : ` --key ${keyText(remedy.key)}`;
      const ignore = remedy.ignoreExistingKey === true ? " --ignore" : "";
      const newKey = remedy.newKey === undefined ? "KEY" : keyText(remedy.newKey);
      return line("register", `${key}${ignore} --new-key ${newKey}`);
    }
    case "preempt":
      return line(
        "preempt",
        ` --key ${keyText(remedy.key)} --victim-key ${keyText(remedy.victimKey)} --type ${remedy.type}`,
      );
    case "try-again":
      return line("status", "");
    default:
      return undefined;
  }
}

export function conflictLines({ explanation, problem }: Explained, line: CommandLine, paint: Paint): string[] {
  if (explanation === undefined) return wrap(`Why could not be found out: ${problem}`, 80, "  ");
  const remedies = explanation.remedies.flatMap((remedy) => {
    const command = remedyLine(remedy, line);
    return [...wrap(remedy.when, 80, "  "), ...(command === undefined ? [] : [`    ${paint("cyan", command)}`])];
  });
  return [...wrap(explanation.because, 80, "  "), ...(remedies.length === 0 ? [] : ["", ...remedies])];
}

export function conflictJson(
  { explanation, problem }: Explained,
  line: CommandLine,
): { readonly [name: string]: Json } {
  if (explanation === undefined) return { reason: null, because: problem ?? null, remedies: [] };
  return {
    reason: explanation.reason,
    because: explanation.because,
    remedies: explanation.remedies.map((remedy) => ({
      do: remedy.do,
      key: "key" in remedy && remedy.key !== undefined ? long(remedy.key) : null,
      newKey: remedy.do === "register" && remedy.newKey !== undefined ? long(remedy.newKey) : null,
      victimKey: remedy.do === "preempt" ? long(remedy.victimKey) : null,
      type: remedy.do === "preempt" ? remedy.type : null,
      when: remedy.when,
      commandLine: remedyLine(remedy, line) ?? null,
    })),
  };
}

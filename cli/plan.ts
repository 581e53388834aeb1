/** What would be sent through which of several paths, in what order and why. Opens nothing and sends nothing. */
import { describeCommand } from "../src/explain.ts";
import type { Command, MultipathUnit, PlannedStep } from "../src/index.ts";
import { commandLines, describedCommandJson } from "./dry-run.ts";
import type { Json } from "./json.ts";
import { type Paint, wrap } from "./output.ts";
import { shown } from "./values.ts";

/** One command, and every path that would get it in a step. */
interface Grouped {
  readonly command: Command<unknown>;
  readonly paths: string[];
}

const bytesOf = ({ cdb, dataOut = new Uint8Array(0) }: Command<unknown>): string => `${cdb.join()};${dataOut.join()}`;

function grouped(step: PlannedStep): Grouped[] {
  const groups = new Map<string, Grouped>();
  for (const { path, command } of step.sends) {
    const group = groups.get(bytesOf(command)) ?? { command, paths: [] };
    group.paths.push(path);
    groups.set(bytesOf(command), group);
  }
  return [...groups.values()];
}

/** What a step that sends no command of its own through a certain path does. */
const doings: Readonly<Record<PlannedStep["kind"], string>> = {
  send: "Send",
  look: "Look: READ KEYS, READ RESERVATION and READ FULL STATUS, through the first path that answers",
  persistence: "Ask whether persistence through power loss is in force: REPORT CAPABILITIES",
  probe: "Ask who is there: TEST UNIT READY through the paths that have not answered",
  suspend: "Suspend the map: applications wait",
  resume: "Resume the map",
};

/** A plan, or undefined for what is not planned over several paths: then it goes through the first that answers. */
export function planned(unit: MultipathUnit, commands: readonly Command<unknown>[]): PlannedStep[] | undefined {
  try {
    return commands.flatMap((command) => unit.plan(command));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The lines of a dry run over several paths. */
export function planLines(paths: number, steps: readonly PlannedStep[], effect: string, paint: Paint): string[] {
  const lines = [`Dry run: nothing is sent. ${paths} paths, as far as all goes well:`, ...wrap(effect)];
  for (const [index, step] of steps.entries()) {
    const does =
      step.kind === "send" ? [...new Set(step.sends.map(({ command }) => command.name))].join(", ") : undefined;
    lines.push(
      "",
      paint("bold", `${index + 1}. ${does ?? doings[step.kind]}`),
      ...wrap(`Why: ${step.why}.`, 80, "   "),
    );
    if (step.otherwise !== undefined) lines.push(...wrap(`Otherwise: ${step.otherwise}.`, 80, "   "));
    for (const { command, paths } of grouped(step)) {
      lines.push("", ...paths.map((path) => `   through ${shown(path).slice(1, -1)}`));
      lines.push(...commandLines(describeCommand(command), paint));
    }
  }
  return lines;
}

/** The same as part of a result. */
export const planJson = (steps: readonly PlannedStep[]): Json =>
  steps.map(({ kind, why, otherwise, sends }) => ({
    kind,
    why,
    otherwise: otherwise ?? null,
    sends: sends.map(({ path, command }) => ({ path, command: describedCommandJson(command) })),
  }));

/** What `--verbose` shows: every delivery, what was sent and what came. */
import { type Attempt, type Command, formatSense, statusName } from "../src/index.ts";
import type { Io } from "./io.ts";
import { hexDump, hexLine, paintFor, print } from "./output.ts";

/** An observer that writes to standard error. */
export function verboseObserver(io: Io): (attempt: Attempt, command: Command<unknown>) => void {
  const paint = paintFor(io.stderr, io.env);
  return ({ status, sense, code, delivered, durationMs }, command) => {
    const answer =
      status === undefined
        ? paint("red", `no answer: ${code}, executed: ${delivered}`)
        : paint(code === undefined ? "green" : "yellow", statusName(status));
    const why = sense === undefined ? "" : `, ${formatSense(sense)}`;
    print(io.stderr, [
      `${paint("dim", "->")} ${command.name}  ${paint("dim", hexLine(command.cdb))}`,
      ...(command.dataOut === undefined ? [] : hexDump(command.dataOut, "   ").map((line) => paint("dim", line))),
      `${paint("dim", "<-")} ${answer}${why}, ${durationMs.toFixed(1)} ms`,
    ]);
  };
}

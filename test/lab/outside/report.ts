/** What many sequences came to: figures, explained differences by row, and of what no row explains each kind with its shortest sequence. */
import type { Difference, Ended } from "./comparing.ts";

/** Adds up. A step is one command of a sequence, a reset or a logout. */
export interface Report {
  add(label: string, ended: Ended): void;
  readonly steps: number;
  readonly sequences: number;
  /** Differences without a row, for people. */
  failures(): string[];
  /** Figures and rows, for people; `sent` is how many commands each side was sent. */
  figures(sent: number): string[];
}

const kindOf = ({ kind, step, ours, theirs }: Difference): string =>
  kind === "state" ? `state after ${step.name}` : `${kind} of ${step.name}: ${ours} | ${theirs}`;

export function createReport(): Report {
  const began = performance.now();
  const sums = { steps: 0, sequences: 0 };
  const rows = new Map<string, number>();
  const kinds = new Map<string, { count: number; label: string; difference: Difference; steps: readonly string[] }>();
  return {
    add(label, { steps, explained, failure }) {
      sums.steps += steps;
      sums.sequences++;
      for (const [row, count] of explained) rows.set(row, (rows.get(row) ?? 0) + count);
      if (failure === undefined) return;
      const { difference } = failure;
      const kind = kindOf(difference);
      const known = kinds.get(kind);
      const shorter = known === undefined || failure.steps.length < known.steps.length;
      kinds.set(kind, {
        ...(shorter ? { label, difference, steps: failure.steps } : known),
        count: (known?.count ?? 0) + 1,
      });
    },
    get steps() {
      return sums.steps;
    },
    get sequences() {
      return sums.sequences;
    },
    failures: () =>
      [...kinds]
        .sort(([, one], [, other]) => other.count - one.count)
        .map(([kind, { count, label, difference, steps }]) =>
          [
            `${kind} (${count} times; ${label})`,
            `  before: ${difference.before.text}`,
            `  ours:   ${difference.ours}`,
            `  theirs: ${difference.theirs}`,
            ...steps.map((step) => `    ${step}`),
          ].join("\n"),
        ),
    figures: (sent) => {
      const seconds = (performance.now() - began) / 1000;
      return [
        `${sums.steps} steps in ${sums.sequences} sequences, ${sent} commands to each side with those that only look, ${seconds.toFixed(1)} s`,
        ...[...rows].sort(([, one], [, other]) => other - one).map(([row, count]) => `${count} times ${row}`),
      ];
    },
  };
}

/** Figures as text: one table for each group of rows, for people or as Markdown. */
import type { Measured, Result, Row, Spread } from "./measure.ts";

/** Four digits, thousands apart. */
function figure(value: number): string {
  if (value < 100) return value.toPrecision(3);
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, " ");
}

const range = ({ least, most }: Spread, text: (value: number) => string): string => `${text(least)}–${text(most)}`;

function cell(row: Row, result: Result, isFirst: boolean): string {
  const parts = [`${figure(result.value.median)} (${range(result.value, figure)})`];
  if (row.bytes !== undefined) parts.push(`${figure((result.value.median * row.bytes) / 1e6)} MB/s`);
  if (result.best !== undefined) parts.push(`best ${figure(result.best)}`);
  if (result.cpuUs !== undefined) parts.push(`${figure(result.cpuUs)} µs CPU`);
  if (!isFirst) {
    const { ratio } = result;
    parts.push(`**${ratio.median.toFixed(2)} ×** (${range(ratio, (value) => value.toFixed(2))})`);
  }
  return parts.join("; ");
}

const unitText = { rate: "operations per second", time: "nanoseconds per operation" } as const;

/** One line for a row that has just been measured. */
export function line({ row, results }: Measured): string {
  const cells = results.map((result, index) => `  ${result.name}: ${cell(row, result, index === 0)}`);
  return [`${row.group}: ${row.name}`, ...cells].join("\n").replaceAll("**", "");
}

/** Every group as a Markdown table. `notes` stand beneath the tables of the groups that they are named after. */
export function markdown(measured: readonly Measured[], notes: Readonly<Record<string, string>>): string {
  const groups = [...new Set(measured.map(({ row }) => row.group))];
  const table = (group: string): string => {
    const rows = measured.filter(({ row }) => row.group === group);
    const [{ row: sample, results: columns }] = rows as [Measured, ...Measured[]];
    const lines = [
      `### ${group}`,
      "",
      `| ${unitText[sample.unit]} | ${columns.map(({ name }) => name).join(" | ")} |`,
      `|---${"|---".repeat(columns.length)}|`,
      ...rows.map(
        ({ row, results }) =>
          `| ${row.name} | ${results.map((result, index) => cell(row, result, index === 0)).join(" | ")} |`,
      ),
    ];
    const note = notes[group];
    return [...lines, ...(note === undefined ? [] : ["", note]), ""].join("\n");
  };
  return groups.map(table).join("\n");
}

/** Every sample, for programs. */
export function json(about: object, measured: readonly Measured[]): string {
  const rows = measured.map(({ row, results }) => ({
    group: row.group,
    name: row.name,
    unit: unitText[row.unit],
    bytes: row.bytes,
    results,
  }));
  return `${JSON.stringify({ about, rows }, undefined, 2)}\n`;
}

/** Rounds and their statistics. Contenders are measured in turn, A B A B …, so that what changes meanwhile strikes them alike. */
import type { Sample } from "./jobs.ts";

/** One of those that are put side by side. */
export interface Contender {
  readonly name: string;
  measure(): Promise<Sample>;
}

/** One line of the report: who does the same thing under the same conditions. The first one is what all are compared with. */
export interface Row {
  /** Rows of one group have the same contenders and stand in one table. */
  readonly group: string;
  readonly name: string;
  /** `rate`: operations per second, more is better. `time`: nanoseconds per operation, less is better. */
  readonly unit: "rate" | "time";
  /** Data that one operation moves, where that is worth a figure of its own. */
  readonly bytes?: number | undefined;
  readonly contenders: readonly Contender[];
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** What came out for one contender. */
export interface Result {
  readonly name: string;
  readonly samples: readonly Sample[];
  readonly value: Spread;
  readonly cpuUs: number | undefined;
  /** Of the codec: the best batch of all rounds. */
  readonly best: number | undefined;
  /** How many times as fast as this one the row's first contender is, from round to round. */
  readonly ratio: Spread;
}

export interface Measured {
  readonly row: Row;
  readonly results: readonly Result[];
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] as number;
  const middle = sorted.length >> 1;
  return {
    median: sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2,
    least: at(0),
    most: at(sorted.length - 1),
  };
}

/** Measures a row in so many rounds. */
export async function measureRow(row: Row, rounds: number): Promise<Measured> {
  const samples: Sample[][] = row.contenders.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of row.contenders.entries()) {
      (samples[index] as Sample[]).push(await contender.measure());
    }
  }
  const first = samples[0] as Sample[];
  const results = row.contenders.map(({ name }, index) => {
    const own = samples[index] as Sample[];
    const ratios = own.map(({ value }, round) => {
      const compared = (first[round] as Sample).value;
      return row.unit === "rate" ? compared / value : value / compared;
    });
    const cpu = own.flatMap(({ cpuUs }) => (cpuUs === undefined ? [] : [cpuUs]));
    const best = own.flatMap((sample) => (sample.best === undefined ? [] : [sample.best]));
    return {
      name,
      samples: own,
      value: spread(own.map(({ value }) => value)),
      cpuUs: cpu.length > 0 ? spread(cpu).median : undefined,
      best: best.length > 0 ? Math.min(...best) : undefined,
      ratio: spread(ratios),
    };
  });
  return { row, results };
}

/** Very many commands with garbage collected between them: no wrong byte, no growth. LAB_CALLS says how many. */
import { expect, test } from "vitest";
import { child } from "./child.ts";
import { say, units } from "./units.ts";

interface Answer {
  readonly wrong: number;
  readonly collected: number;
  readonly seconds: number;
  readonly canCollect: boolean;
  /** Resident memory at half time and at the end. */
  readonly middle: number;
  readonly end: number;
}

const calls = Number(process.env.LAB_CALLS || 10_000);

test(`${calls} INQUIRY and READ KEYS with collections between: no wrong byte, no growth of memory`, async () => {
  const { answer, exit } = await child<Answer>("many", [units.A1.sg, calls, Math.min(500, calls / 125)]);
  const { wrong, collected, seconds, canCollect, middle, end } = answer;
  const grown = (end - middle) / 1e6;
  say(
    `${calls} commands in ${seconds.toFixed(0)} s (${Math.round(calls / seconds)} a second, eight at a time), ` +
      `${collected} collections, resident memory ${(end / 1e6).toFixed(0)} MB, ${grown.toFixed(1)} MB more than at half time`,
  );
  expect(canCollect).toBe(true);
  expect(collected).toBeGreaterThan(100);
  expect(wrong).toBe(0);
  expect(grown).toBeLessThan(24);
  expect(await exit).toMatchObject({ code: 0, signal: null });
}, 3_600_000);

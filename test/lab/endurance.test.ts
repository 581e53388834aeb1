/**
 * Very many commands with garbage collected between them: no wrong byte, no growth. LAB_CALLS says how many; with LAB_SECONDS it ends after
 * so long, and says how many there were.
 */
import { expect, onTestFinished, test } from "vitest";
import { child } from "./child.ts";
import { say, slowDown, units } from "./units.ts";

interface Answer {
  readonly sent: number;
  readonly wrong: number;
  readonly collected: number;
  /** How many of those were while the kernel had memory of ours. */
  readonly meanwhile: number;
  readonly seconds: number;
  readonly canCollect: boolean;
  /** At half time and at the end. */
  readonly middle: Memory;
  readonly end: Memory;
}

/** In bytes. */
interface Memory {
  /** What the process has, used or not: a runtime asks for more in great steps, and seldom gives back. */
  readonly resident: number;
  /** What objects take after a collection. */
  readonly live: number;
}

const calls = Number(process.env.LAB_CALLS || 10_000);
const limit = process.env.LAB_SECONDS;
/** How long a read of the slow disk takes. */
const SLOW_SECONDS = 0.04;

test(`${calls} INQUIRY and READ KEYS with collections between: no wrong byte, no growth of memory`, async () => {
  await slowDown(SLOW_SECONDS);
  onTestFinished(() => slowDown(0));
  const { answer, exit } = await child<Answer>("many", [
    units.A1.sg,
    calls,
    Math.min(2000, calls / 125),
    units.DEBUG.sg,
    limit || "Infinity",
  ]);
  const { sent, wrong, collected, meanwhile, seconds, canCollect, middle, end } = answer;
  const grown = (end.resident - middle.resident) / 1e6;
  const grownLive = (end.live - middle.live) / 1e6;
  say(
    `${sent} commands in ${seconds.toFixed(0)} s (${Math.round(sent / seconds)} a second, eight at a time), ` +
      `${collected} collections, ${meanwhile} of them with a call in the kernel, resident memory ${(end.resident / 1e6).toFixed(0)} MB, ` +
      `${grown.toFixed(1)} MB more than at half time; objects ${(end.live / 1e6).toFixed(1)} MB, ${grownLive.toFixed(2)} MB more`,
  );
  expect(canCollect).toBe(true);
  if (!limit) expect(sent).toBeGreaterThanOrEqual(calls);
  expect(collected).toBeGreaterThan(100);
  expect(meanwhile).toBeGreaterThan(collected / 2);
  expect(wrong).toBe(0);
  expect(grownLive).toBeLessThan(2);
  expect(grown).toBeLessThan(64);
  expect(await exit).toMatchObject({ code: 0, signal: null });
}, 3_600_000);

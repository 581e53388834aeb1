/** What a command costs here, beside a loop in C and beside processes of sg_persist. Figures are said; only the rough order is judged. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { child } from "./child.ts";
import { run, say, units } from "./units.ts";

const CALLS = 4000;
const ROUNDS = 16;
const ROUND_MS = 400;
const PROCESSES = 20;

test.each(["sg", "sd"] as const)("commands a second at an %s node", async (kind) => {
  const node = units.DEBUG[kind];
  // run.sh has compiled it.
  const { stdout } = await run(join(import.meta.dirname, "../../build/lab/loop"), node, String(CALLS));
  const [loop, handed] = stdout.split(" ").map(Number) as [number, number];
  expect(loop).toBeGreaterThan(0);
  expect(handed).toBeGreaterThan(0);
  const { alone, together } = (await child<{ alone: number; together: number }>("pace", [node, ROUNDS, ROUND_MS]))
    .answer;
  const started = performance.now();
  for (let count = 0; count < PROCESSES; count++) await run("sg_persist", "--no-inquiry", "-k", units.A1[kind]);
  const spawned = ((performance.now() - started) * 1000) / PROCESSES;
  say(
    `INQUIRY at ${kind}: C ${loop.toFixed(0)} µs, C with a thread that makes the call ${handed.toFixed(0)} µs; here ${alone.toFixed(0)} µs (${(alone / loop).toFixed(2)} ×, ${(alone / handed).toFixed(2)} ×), ` +
      `eight at a time ${together.toFixed(0)} µs; a process of sg_persist ${spawned.toFixed(0)} µs (${(spawned / alone).toFixed(0)} ×)`,
  );
  expect(spawned / alone).toBeGreaterThan(5);
});

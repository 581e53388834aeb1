/**
 * Random sequences of reservation commands, reads, writes, logouts and resets from three hosts, on LIO and on `serve` side by side.
 *
 *   LAB_STEPS   how many steps in all; default 5000
 *   LAB_SEED    the first sequence's seed; default 1. A failure names the seed of its sequence: LAB_SEED=… LAB_STEPS=1 repeats it
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { randomSequence } from "./comparing.ts";
import { createReport } from "./report.ts";
import { counts, openTargets, portOfHost, type Targets } from "./targets.ts";

const wanted = Number(process.env.LAB_STEPS ?? 5000);
const firstSeed = Number(process.env.LAB_SEED ?? 1);
const SEQUENCE = 40;
const hosts = ["a", "b", "c"];

let targets: Targets;
beforeAll(async () => {
  targets = await openTargets();
});
afterAll(async () => {
  await targets?.close();
});

test(`${wanted} steps of three hosts are the same on LIO and here, or explained`, async () => {
  const report = createReport();
  let seed = firstSeed;
  let sent = 0;
  let over = false;
  const lane = async (number: number): Promise<void> => {
    const { ours, theirs } = await targets.open(`iqn.2026-11.lab:lane-${number}`, [...hosts, "look"]);
    const pair = { ours: ours.unit(0), theirs: theirs.unit(0), ports: hosts.map(portOfHost) };
    try {
      while (report.steps < wanted && !over) {
        const own = seed++;
        report.add(`seed ${own}`, await randomSequence(pair, own, SEQUENCE));
      }
    } finally {
      // A target that no longer answers, answers nobody: what was seen until then counts.
      over = true;
      sent += theirs.sent;
      await ours.close();
      await theirs.close();
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: counts.lanes }, (_, number) => lane(number)));
  console.log([`seeds ${firstSeed} to ${seed - 1}`, ...report.figures(sent)].join("\n"));
  const lost = lanes.flatMap((ended) => (ended.status === "rejected" ? [String(ended.reason)] : []));
  expect([...lost, ...report.failures()].join("\n\n")).toBe("");
}, 3_600_000);

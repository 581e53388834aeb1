/** Fail-fast through an hour of virtual time, with faults: nothing is missed, and nothing is false. */
import { describe, expect, test } from "vitest";
import { createFailfast, createLogicalUnit, type Loss, noRetries, type ReservationType } from "../../src/index.ts";
import {
  createFaultPlan,
  createSimulatedTarget,
  createVirtualClock,
  type FaultRule,
} from "../../transports/simulated/index.ts";
import { settle } from "./world.ts";

const WERO: ReservationType = "write-exclusive-registrants-only";
const KEY = 0xan;
/** As the default has it, but for what the delays of a few probes come to. */
const deadlineOf = (intervalMs: number): number => Math.max(4000, 2 * intervalMs);
/** The quick suite tries a few disks; `npm run test:failfast` many, and many probes. */
const whole = process.env.FAILFAST === "whole";

describe("an hour of virtual time", () => {
  const faults: readonly FaultRule[] = [
    { fault: { kind: "busy" }, probability: 0.05 },
    { fault: { kind: "task-set-full" }, probability: 0.02 },
    { fault: { kind: "unit-attention", condition: 0x2903 }, probability: 0.05 },
    { fault: { kind: "unit-attention", condition: 0x2a01 }, probability: 0.02 },
    { fault: { kind: "delay", ms: 700 }, probability: 0.02 },
    { fault: { kind: "delay-answer", ms: 300 }, probability: 0.02 },
    { fault: { kind: "lose-request" }, probability: 0.01 },
    { fault: { kind: "lose-answer" }, probability: 0.01 },
    { fault: { kind: "drop-path" }, probability: 0.005 },
    { fault: { kind: "reset", scope: "logical-unit" }, probability: 0.005 },
  ];
  async function hour(seed: number, fences: boolean, count: number, intervalMs: number) {
    const clock = createVirtualClock();
    const failfast = createFailfast({
      intervalMs,
      deadlineMs: deadlineOf(intervalMs),
      silence: "loss",
      rule: "all",
      clock,
      observer: (event) => {
        if (event.type === "lost") noticed.set(event.loss.disk, { at: clock.now(), loss: event.loss });
      },
    });
    const noticed = new Map<string, { at: number; loss: Loss }>();
    const fenced = new Map<string, number>();
    let met = 0;
    const disks = [];
    for (let index = 0; index < count; index++) {
      const target = createSimulatedTarget({ name: `hour-${seed}-${index}`, clock });
      const unit = target.unit();
      const host = (name: string) =>
        createLogicalUnit(unit.nexus({ initiatorPort: `iqn.2026-01.test:${name},i,0x1` }), { retry: noRetries });
      const [a, b] = [host("a"), host("b")];
      await a.register({ newKey: KEY, persistThroughPowerLoss: true });
      await b.register({ newKey: 0xbn, persistThroughPowerLoss: true });
      await a.reserve({ key: KEY, type: WERO });
      const running = createFaultPlan(
        target,
        unit,
        { seed: seed * 100 + index, rules: faults.map((rule) => ({ ...rule, nexus: ":a" })) },
        clock,
      );
      failfast.watch(a, { kind: "registered", key: KEY, type: WERO });
      disks.push({
        a,
        b,
        unit,
        running,
        fenceAt: fences ? 60_000 + Math.floor((index * 3_480_000) / count) + seed * 37 : Infinity,
      });
    }
    for (let ms = 0; ms < 3_600_000; ms += 500) {
      for (const { a, b, fenceAt } of disks) {
        if (fenced.has(a.name) || clock.now() < fenceAt) continue;
        await settle(b);
        await b.preemptAndAbort({ key: 0xbn, victimKey: KEY, type: WERO });
        fenced.set(a.name, clock.now());
      }
      await clock.advance(500);
    }
    for (const { running } of disks) met += running.events.length;
    const { probes } = failfast.lateness;
    await failfast[Symbol.asyncDispose]();
    return { noticed, fenced, met, probes };
  }

  const sizes = whole
    ? [
        [12, 1000],
        [200, 10_000],
        [10, 100],
      ]
    : [[3, 1000]];

  test.each(sizes)(
    "%i disks, every %i ms, with BUSY, unit attentions, resets, lost answers and delays below the deadline: no false loss",
    async (disks, intervalMs) => {
      const { noticed, met, probes } = await hour(1, false, disks as number, intervalMs as number);
      expect([...noticed.values()]).toEqual([]);
      expect(probes).toBeGreaterThan(((disks as number) * 3_000_000) / (intervalMs as number));
      expect(met).toBeGreaterThan(1000);
    },
    600_000,
  );

  test.each(sizes)(
    "%i disks, every %i ms, and of as many fences none is missed, none is early",
    async (disks, intervalMs) => {
      const { noticed, fenced } = await hour(2, true, disks as number, intervalMs as number);
      expect(fenced.size).toBe(disks);
      expect([...noticed.keys()].sort()).toEqual([...fenced.keys()].sort());
      for (const [disk, at] of fenced) {
        const found = noticed.get(disk) as { at: number; loss: Loss };
        expect(found.loss.reason).toBe("not-registered");
        expect(found.at).toBeGreaterThanOrEqual(at);
        // The interval, and what delays may take of the deadline.
        expect(found.at - at, disk).toBeLessThanOrEqual((intervalMs as number) + deadlineOf(intervalMs as number));
      }
    },
    600_000,
  );
});

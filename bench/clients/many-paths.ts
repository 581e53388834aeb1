/**
 * Many units through many paths, in one process: how long it takes until all are registered, reserved and pre-empted, on simulated
 * units whose every command takes a fixed time. The limits per target port are counted at the target.
 */
import {
  createLogicalUnit,
  createMultipathUnit,
  createPathLimits,
  type MultipathUnit,
  type Path,
} from "../../src/index.ts";
import type { Transport } from "../../src/transport.ts";
import { createSimulatedTarget, type SimulatedUnit } from "../../transports/simulated/index.ts";

/** What is to be done. */
export interface ManyPaths {
  readonly units: number;
  readonly paths: number;
  /** How long every command takes. */
  readonly latencyMs: number;
  /** Commands under way to one target port, at most. */
  readonly perTarget: number;
}

/** How long each step took for all units, in milliseconds; and what the target saw. */
export interface ManyTimes {
  readonly registerMs: number;
  readonly reserveMs: number;
  readonly preemptMs: number;
  readonly commands: number;
  /** Most commands that were under way to one target port at once. */
  readonly most: number;
  readonly cpuMs: number;
}

/** What both benches of many paths register, pre-empt and reserve. */
export const KEY = 0xa1n;
export const VICTIM = 0xb1n;
export const TYPE = "write-exclusive-registrants-only";

/** Whoever waits, until a time that is the same for many: a timer for each command would cost more than the command. */
function createDelay(ms: number): () => Promise<void> {
  let waiting: { readonly at: number; readonly wake: () => void }[] = [];
  let ticking = false;
  function tick(): void {
    const now = performance.now();
    const due = waiting.findIndex(({ at }) => at > now);
    const ready = due < 0 ? waiting : waiting.slice(0, due);
    waiting = due < 0 ? [] : waiting.slice(due);
    for (const { wake } of ready) wake();
    if (waiting.length > 0) setImmediate(tick);
    else ticking = false;
  }
  return () =>
    new Promise((resolve) => {
      waiting.push({ at: performance.now() + ms, wake: resolve });
      if (ticking) return;
      ticking = true;
      setImmediate(tick);
    });
}

/** A whole run. Throws if any unit is not as it should be afterwards. */
export async function manyPaths({ units, paths, latencyMs, perTarget }: ManyPaths): Promise<ManyTimes> {
  const ports = Array.from({ length: paths }, (_, index) => index + 1);
  const under = ports.map(() => 0);
  let most = 0;
  let commands = 0;
  const delay = createDelay(latencyMs);
  const limits = createPathLimits({ perTarget, perUnit: 16 });

  /** The unit's transport, which takes its time, and is counted. */
  function slow(transport: Transport, port: number): Transport {
    return {
      ...transport,
      async execute(request, options) {
        commands++;
        under[port] = (under[port] ?? 0) + 1;
        most = Math.max(most, under[port] ?? 0);
        await delay();
        try {
          return await transport.execute(request, options);
        } finally {
          under[port] = (under[port] ?? 0) - 1;
        }
      },
    };
  }
  const disks: SimulatedUnit[] = [];
  const all = Array.from({ length: units }, (_, number): MultipathUnit => {
    const disk = createSimulatedTarget({ targetPorts: ports, name: `disk-${number}` }).unit();
    disks.push(disk);
    const ways = ports.map((relativeTargetPort): Path => {
      const initiatorPort = `iqn.2026-01.test:host,i,0x${relativeTargetPort.toString(16)}`;
      const transport = slow(disk.nexus({ initiatorPort, relativeTargetPort }), relativeTargetPort - 1);
      return {
        name: `${relativeTargetPort}`,
        unit: createLogicalUnit(transport),
        relativeTargetPort,
        target: `${relativeTargetPort}`,
      };
    });
    return createMultipathUnit(ways, { limits });
  });
  const victims = disks.map((disk) =>
    createLogicalUnit(disk.nexus({ initiatorPort: "iqn.2026-01.test:victim,i,0x1" })),
  );
  for (const victim of victims) await victim.register({ newKey: VICTIM });

  const cpu = process.cpuUsage();
  async function timed(work: (unit: MultipathUnit) => Promise<void>): Promise<number> {
    const started = performance.now();
    await Promise.all(all.map(work));
    return performance.now() - started;
  }
  const registerMs = await timed((unit) => unit.register({ newKey: KEY }));
  for (const { server } of disks) {
    if (server.snapshot().registrations.length !== paths + 1) throw new Error("a path is not registered");
  }
  const reserveMs = await timed((unit) => unit.reserve({ key: KEY, type: TYPE }));
  const preemptMs = await timed((unit) => unit.preempt({ key: KEY, victimKey: VICTIM, type: TYPE }));
  const { user, system } = process.cpuUsage(cpu);
  for (const { server } of disks) {
    const { registrations, reservation } = server.snapshot();
    if (registrations.length !== paths || reservation === null) throw new Error("a unit is not as it should be");
  }
  if (most > perTarget) throw new Error(`${most} commands were under way to one target port`);
  return { registerMs, reserveMs, preemptMs, commands, most, cpuMs: (user + system) / 1000 };
}

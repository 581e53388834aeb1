/**
 * One simulated cluster: hosts with several paths each, doing whatever comes to their mind to one logical unit while
 * things fail. Everything follows from the seed.
 */
import {
  createFaultPlan,
  createRandom,
  createSimulatedTarget,
  createVirtualClock,
  type FaultRule,
  type Random,
  type SimulatedUnit,
} from "../../transports/simulated/index.ts";
import {
  decodeView,
  nexusId,
  OP,
  type Request,
  read,
  readFullStatus,
  readReservation,
  reserveOut,
  SA,
  STATUS,
  testUnitReady,
  type View,
  write,
} from "./bytes.ts";
import { createChecker } from "./checker.ts";

/** What a run did. */
export interface ClusterResult {
  readonly steps: number;
  readonly hosts: number;
  readonly paths: number;
  readonly executed: number;
  readonly faults: number;
  /** Broken promise and the step at which it broke; undefined if all were kept. */
  readonly violation?: { readonly step: number; readonly promise: string } | undefined;
}

/** Options of {@link runCluster}. */
export interface ClusterOptions {
  readonly seed: number;
  readonly steps: number;
  /** Breaks the unit, to see whether it is noticed. */
  readonly mutate?: ((unit: SimulatedUnit) => void) | undefined;
}

const INJECTED = 0x3f0e;
const rulesOf = (rate: number): readonly FaultRule[] => [
  { fault: { kind: "lose-request" }, probability: rate },
  { fault: { kind: "delay", ms: 7 }, probability: rate * 4 },
  { fault: { kind: "delay", ms: 150 }, probability: rate },
  { fault: { kind: "busy" }, probability: rate },
  { fault: { kind: "task-set-full" }, probability: rate },
  { fault: { kind: "unit-attention", condition: INJECTED }, probability: rate },
  { fault: { kind: "drop-path" }, probability: rate / 2 },
  { fault: { kind: "reset", scope: "logical-unit" }, probability: rate / 4 },
  { fault: { kind: "power-cut" }, probability: rate / 4 },
  { fault: { kind: "lose-answer" }, probability: rate },
  { fault: { kind: "delay-answer", ms: 11 }, probability: rate },
];

/** Runs a cluster until it is over or a promise is broken. */
export async function runCluster({ seed, steps, mutate }: ClusterOptions): Promise<ClusterResult> {
  const random = createRandom(seed);
  const clock = createVirtualClock();
  const target = createSimulatedTarget({ clock, targetPorts: [1, 2] });
  const unit = target.unit();
  const hosts = 2 + random.below(15);
  const paths = Array.from({ length: hosts }, (_, host) =>
    Array.from({ length: 1 + random.below(4) }, (_path, index) => ({
      host,
      initiatorPort: `iqn.2026-01.com.example:host-${host},i,0x${(index + 1).toString(16)}`,
      relativeTargetPort: 1 + (index % 2),
    })),
  ).flat();
  const nexuses = paths.map((path) => unit.identify(path));
  const transports = paths.map((path) => unit.nexus(path));
  const idOf = new Map(nexuses.map((nexus) => [nexus as object, nexusId(nexus.transportId, nexus.relativeTargetPort)]));
  const checker = createChecker([...idOf.values()], [INJECTED]);
  mutate?.(unit);
  const counts = { executed: 0 };
  let violation: ClusterResult["violation"];
  let step = 0;
  const guard = (check: () => void) => {
    try {
      if (violation === undefined) check();
    } catch (error) {
      violation = { step, promise: (error as Error).message };
    }
  };
  watch(unit, idOf, checker, guard, counts);
  const faults = createFaultPlan(
    target,
    unit,
    { seed: random.below(2 ** 31), rules: rulesOf(random.pick([0, 0.002, 0.01])) },
    clock,
  );
  const aptplRate = random.pick([0, 0.5, 1]);
  for (; step < steps && violation === undefined; step++) {
    const index = random.below(paths.length);
    const request = choose(random, (paths[index] as { host: number }).host, hosts, aptplRate);
    void transports[index]?.execute(request, { timeoutMs: 1000 }).catch(() => {});
    // Now and then several are under way at once.
    if (!random.chance(0.2)) await clock.advance(random.chance(0.1) ? 20 : 1);
  }
  await clock.advance(2000);
  return {
    steps: step,
    hosts,
    paths: paths.length,
    executed: counts.executed,
    faults: faults.events.length,
    violation,
  };
}

const types = [1, 3, 5, 6, 7, 8] as const;

/** What a host does next: keys are its own number, mostly. */
function choose(random: Random, host: number, hosts: number, aptplRate: number): Request {
  const own = host + 1;
  const key = random.chance(0.95) ? own : random.below(hosts + 2);
  const other = random.chance(0.1) ? 0 : 1 + random.below(hosts);
  const type = random.pick(types);
  const aptpl = random.chance(aptplRate);
  const draw = random.below(100);
  if (draw < 25) return write(random.below(8), random.below(256));
  if (draw < 45) return read(random.below(8));
  if (draw < 55) return testUnitReady();
  if (draw < 66) return reserveOut(SA.register, random.chance(0.7) ? 0 : key, own, 0, aptpl);
  if (draw < 70) return reserveOut(SA.register, key, 0, 0, aptpl);
  if (draw < 76) return reserveOut(SA.registerAndIgnore, 0, own, 0, aptpl);
  if (draw < 86) return reserveOut(SA.reserve, key, 0, type, false);
  if (draw < 92) return reserveOut(SA.release, key, 0, type, false);
  if (draw < 93) return reserveOut(SA.clear, key, 0, 0, false);
  return reserveOut(draw < 97 ? SA.preempt : SA.preemptAndAbort, key, other, type, false);
}

/** Puts the checker between the unit and everybody: it sees each command when it is executed, and each event. */
function watch(
  unit: SimulatedUnit,
  idOf: ReadonlyMap<object, string>,
  checker: ReturnType<typeof createChecker>,
  guard: (check: () => void) => void,
  counts: { executed: number },
): void {
  const server = unit.server as { -readonly [K in keyof SimulatedUnit["server"]]: SimulatedUnit["server"][K] };
  const { execute, powerCycle, reset, loseNexus } = { ...server };
  const admin = server.nexus({ protocol: "sas", address: 1n });
  const ask = (cdb: Uint8Array): Uint8Array => {
    for (;;) {
      const { status, dataIn } = execute(admin, cdb);
      if (status !== STATUS.checkCondition) return dataIn;
    }
  };
  const look = (): View => decodeView(ask(readFullStatus), ask(readReservation));
  server.execute = (nexus, cdb, dataOut = new Uint8Array(0)) => {
    counts.executed++;
    const id = idOf.get(nexus) as string;
    const underWay = cdb[0] === OP.reserveOut && cdb[1] === SA.preemptAndAbort ? [...unit.tasks] : [];
    const before = underWay.length > 0 ? look() : undefined;
    const answer = execute(nexus, cdb, dataOut);
    guard(() => checker.executed({ id, cdb, dataOut, ...answer }, look));
    if (before !== undefined && answer.status === STATUS.good) {
      const victim = Number(new DataView(dataOut.buffer, dataOut.byteOffset).getBigUint64(8));
      for (const task of underWay) {
        const its = before.registrations.get(idOf.get(task.nexus) as string);
        // Key 0 means everybody; the sender's own other commands go too if it names itself (5.13.11.2.6).
        if (its !== undefined && task.request.cdb !== cdb && (victim === 0 || its.key === victim)) {
          checker.aborted(task.request.cdb);
        }
      }
    }
    return answer;
  };
  server.powerCycle = () => {
    powerCycle();
    guard(() => checker.powerCycled(look));
  };
  server.reset = (condition) => {
    reset(condition);
    guard(() => checker.reset(look));
  };
  server.loseNexus = (nexus) => {
    loseNexus(nexus);
    guard(() => checker.nexusLost(idOf.get(nexus) as string, look));
  };
}

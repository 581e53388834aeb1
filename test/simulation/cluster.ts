/**
 * One simulated cluster: hosts with several paths each, doing to one logical unit what a script says while things fail. The
 * checker sees everything that the unit does.
 */
import {
  createSimulatedTarget,
  createVirtualClock,
  type Fault,
  runFaults,
  type SimulatedUnit,
} from "../../transports/simulated/index.ts";
import { decodeView, nexusId, OP, readFullStatus, readReservation, SA, STATUS, type View } from "./bytes.ts";
import { createChecker, type Seen } from "./checker.ts";
import { INJECTED, type Path, type Script, TARGET_PORTS, writeScript } from "./script.ts";

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

/** Breaks the unit, to see whether it is noticed. */
export type Mutate = (unit: SimulatedUnit) => void;

/** Options of {@link runCluster}. */
export interface ClusterOptions {
  readonly seed: number;
  readonly steps: number;
  readonly mutate?: Mutate | undefined;
}

/** Runs a cluster until it is over or a promise is broken. */
export const runCluster = ({ seed, steps, mutate }: ClusterOptions): Promise<ClusterResult> =>
  runScript(writeScript(seed, steps), undefined, mutate);

/**
 * Runs a script.
 *
 * @param only the steps that are done, ascending; all unless given
 */
export async function runScript(script: Script, only?: readonly number[], mutate?: Mutate): Promise<ClusterResult> {
  const { paths, steps, hosts } = script;
  const clock = createVirtualClock();
  const target = createSimulatedTarget({ clock, targetPorts: TARGET_PORTS });
  const unit = target.unit();
  const transports = paths.map((path) => unit.nexus(path));
  const idOf = new Map(paths.map((path) => [unit.identify(path) as object, idOfPath(path)]));
  const checker = createChecker([...idOf.values()], [INJECTED]);
  mutate?.(unit);
  const counts = { executed: 0, faults: 0 };
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
  /** By CDB: what goes wrong with the command. */
  const faults = new Map<Uint8Array, Fault>();
  const isLate = ({ kind }: Fault) => kind === "lose-answer" || kind === "delay-answer";
  const draw = (stage: "before" | "after", _command: number, cdb: Uint8Array): Fault | undefined => {
    const fault = faults.get(cdb);
    if (fault === undefined || isLate(fault) !== (stage === "after")) return undefined;
    faults.delete(cdb);
    counts.faults++;
    return fault;
  };
  runFaults(target, unit, { arrives: () => 0, draw }, clock);
  const chosen = only ?? steps.keys();
  let done = 0;
  for (const index of chosen) {
    if (violation !== undefined) break;
    step = index;
    const { path, request, fault, loses, waitMs } = steps[index] as Script["steps"][number];
    // Each request is its own, also where a script is run again.
    const cdb = request.cdb.slice();
    if (fault !== undefined) faults.set(cdb, fault);
    if (loses) unit.server.loseReservations();
    void transports[path]?.execute({ ...request, cdb }, { timeoutMs: 1000 }).catch(() => {});
    // Now and then several are under way at once.
    if (waitMs > 0) await clock.advance(waitMs);
    done++;
  }
  await clock.advance(2000);
  return { steps: done, hosts, paths: paths.length, executed: counts.executed, faults: counts.faults, violation };
}

const idOfPath = ({ bytes, relativeTargetPort }: Path): string => nexusId(bytes, relativeTargetPort);

/** Puts the checker between the unit and everybody: it sees each command when it is executed, and each event. */
function watch(
  unit: SimulatedUnit,
  idOf: ReadonlyMap<object, string>,
  checker: ReturnType<typeof createChecker>,
  guard: (check: () => void) => void,
  counts: { executed: number },
): void {
  const server = unit.server as { -readonly [K in keyof SimulatedUnit["server"]]: SimulatedUnit["server"][K] };
  const { execute, powerCycle, reset, loseNexus, loseReservations } = { ...server };
  const admin = server.nexus({ protocol: "sas", address: 1n });
  /** What an outsider that never registers is told: data, or why there are none. */
  const ask = (cdb: Uint8Array): Uint8Array | "conflict" | "lost" => {
    for (;;) {
      const { status, dataIn, sense } = execute(admin, cdb);
      if (status === STATUS.good) return dataIn;
      if (status === STATUS.conflict) return "conflict";
      if (sense[12] === 0x44) return "lost";
    }
  };
  const look = (): Seen => {
    const full = ask(readFullStatus);
    const reserved = ask(readReservation);
    return typeof full === "string" ? full : typeof reserved === "string" ? reserved : decodeView(full, reserved);
  };
  const view = (): View | undefined => {
    const seen = look();
    return typeof seen === "string" ? undefined : seen;
  };
  server.execute = (nexus, cdb, dataOut = new Uint8Array(0)) => {
    counts.executed++;
    const id = idOf.get(nexus) as string;
    const underWay = cdb[0] === OP.reserveOut && cdb[1] === SA.preemptAndAbort ? [...unit.tasks] : [];
    const before = underWay.length > 0 ? view() : undefined;
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
  server.loseReservations = () => {
    loseReservations();
    guard(() => checker.informationLost(look));
  };
}

/**
 * One simulated unit, a host with several paths to it, a host that gets in its way, and one that has nothing to do with it. Faults
 * happen at a command's number. What is true is read from the device server itself, never through the code under test.
 */
import { createLogicalUnit, createMultipathUnit, type MultipathUnit, transportError } from "../../src/index.ts";
import {
  createSimulatedTarget,
  establish,
  type Nexus,
  type SimulatedTargetOptions,
  type SimulatedUnit,
} from "../../transports/simulated/index.ts";

export const OWN = "iqn.2026-01.com.example:own";
export const COMPETITOR = "iqn.2026-01.com.example:competitor";
export const BYSTANDER = "iqn.2026-01.com.example:bystander";
export const K = 0xa1n;
export const N = 0xa2n;
export const C = 0xc1n;
export const D = 0xd1n;

/** What can happen at a command. */
export type FaultName =
  | "lost-before-once"
  | "lost-before-for-good"
  | "lost-after-once"
  | "lost-after-for-good"
  | "reset-attention"
  | "preempted-attention"
  | "busy-once"
  | "busy-for-good"
  | "conflict-once"
  | "competitor-preempts-old"
  | "competitor-preempts-new"
  | "competitor-clears"
  | "competitor-registers";

export const faultNames: readonly FaultName[] = [
  "lost-before-once",
  "lost-before-for-good",
  "lost-after-once",
  "lost-after-for-good",
  "reset-attention",
  "preempted-attention",
  "busy-once",
  "busy-for-good",
  "conflict-once",
  "competitor-preempts-old",
  "competitor-preempts-new",
  "competitor-clears",
  "competitor-registers",
];

/** A fault at the command of this number, counted from 1 over all paths. */
export type Planned = readonly [at: number, fault: FaultName];

export interface Truth {
  /** By path: the key, or 0n. */
  readonly keys: readonly bigint[];
  /** Whether each path is dead for good. */
  readonly dead: readonly boolean[];
  /** Whether each path answers BUSY to everything. */
  readonly busy: readonly boolean[];
  readonly holder: number | "another" | "missing" | "all-registrants" | undefined;
  readonly type: string | undefined;
  readonly competitor: bigint;
  readonly bystander: bigint;
  /** Registrations of the host through nexuses that no path is. */
  readonly missing: readonly bigint[];
}

export interface World {
  readonly unit: MultipathUnit;
  readonly simulated: SimulatedUnit;
  /** Commands that arrived from the host so far. */
  readonly count: number;
  /** The names of the host's commands, with path and number. */
  readonly trace: readonly string[];
  /** What went wrong with the map while it was not suspended, and the like. */
  readonly violations: readonly string[];
  /** When the competitor took away a registration of the host: at which command. */
  readonly fencedAt: number | undefined;
  /** Number of the host's first PERSISTENT RESERVE OUT. */
  readonly firstChange: number | undefined;
  suspended: boolean;
  truth(): Truth;
  /** Starts counting, and makes the faults happen. */
  arm(faults: readonly Planned[], options?: { readonly removing?: boolean | undefined }): void;
  /** Carries a command out for another initiator, directly. */
  as(initiator: string, serviceAction: number, key: bigint, newKey: bigint, type?: number): number;
  kill(path: number): void;
  revive(path: number): void;
  /** Registers the host through a nexus that is none of its paths. */
  registerMissing(key: bigint): Nexus;
}

/** A parameter list and CDB, by hand. */
function reserveOut(serviceAction: number, key: bigint, newKey: bigint, type = 0): [Uint8Array, Uint8Array] {
  const cdb = new Uint8Array(10);
  cdb.set([0x5f, serviceAction, type, 0, 0, 0, 0, 0, 24]);
  const list = new Uint8Array(24);
  const view = new DataView(list.buffer);
  view.setBigUint64(0, key);
  view.setBigUint64(8, newKey);
  return [cdb, list];
}

export interface WorldOptions extends Omit<SimulatedTargetOptions, "targetPorts" | "name"> {
  readonly paths: number;
  /** All paths from one initiator port, as with one adapter; each from a port of its own unless given. */
  readonly oneInitiatorPort?: boolean;
  readonly map?: boolean;
  /** Neither initiator ports nor target ports are known. */
  readonly anonymous?: boolean;
}

export function createWorld({ paths, oneInitiatorPort, map = true, anonymous, ...options }: WorldOptions): World {
  const ports = Array.from({ length: paths + 1 }, (_, index) => index + 1);
  const simulated = createSimulatedTarget({ ...options, targetPorts: ports }).unit();
  const isidOf = (path: number) => (oneInitiatorPort === true ? 1 : path + 1);
  const nexusOptions = Array.from({ length: paths }, (_, path) => ({
    initiatorPort: `${OWN},i,0x${isidOf(path).toString(16)}`,
    relativeTargetPort: path + 1,
  }));
  const own = nexusOptions.map((each) => simulated.identify(each));
  const dead = own.map(() => false);
  const busy = own.map(() => false);
  let count = 0;
  let armed = false;
  let removing = false;
  let faults: Planned[] = [];
  let firstChange: number | undefined;
  let fencedAt: number | undefined;
  const trace: string[] = [];
  const violations: string[] = [];

  const others = {
    competitor: simulated.identify({ initiatorPort: `${COMPETITOR},i,0x1`, relativeTargetPort: 1 }),
    bystander: simulated.identify({ initiatorPort: `${BYSTANDER},i,0x1`, relativeTargetPort: 1 }),
  };
  const missingNexus = simulated.identify({ initiatorPort: `${OWN},i,0x99`, relativeTargetPort: paths + 1 });

  const keysByNexus = (): Map<string, bigint> =>
    new Map(
      simulated.server
        .snapshot()
        .registrations.map(({ initiatorPort, relativeTargetPort, key }) => [
          `${initiatorPort.toLowerCase()}|${relativeTargetPort}`,
          BigInt(key),
        ]),
    );

  function as(nexus: Nexus, serviceAction: number, key: bigint, newKey: bigint, type = 0): number {
    nexus.attentions.length = 0;
    return simulated.server.execute(nexus, ...reserveOut(serviceAction, key, newKey, type)).status;
  }

  function compete(fault: FaultName): void {
    const before = keysByNexus();
    const type = 5;
    if (fault === "competitor-preempts-old") as(others.competitor, 4, C, K, type);
    if (fault === "competitor-preempts-new") as(others.competitor, 4, C, N, type);
    if (fault === "competitor-clears") as(others.competitor, 3, C, 0n);
    if (fault === "competitor-registers") as(others.competitor, 6, 0n, C + 1n);
    const after = keysByNexus();
    const lost = [...before.keys()].some((name) => name.startsWith(OWN) && !after.has(name));
    if (lost) fencedAt = count;
  }

  const lost = (delivered: "no" | "unknown") => transportError("CONNECTION_LOST", delivered, "lost, as planned");
  const answer = (status: number) => ({ status, dataIn: new Uint8Array(0), sense: new Uint8Array(0), residual: 0 });
  const afterwards = new Map<object, FaultName>();
  let registeredBefore: boolean[] = [];

  simulated.hooks.push({
    before(request, nexus) {
      const path = own.indexOf(nexus);
      if (path < 0) return undefined;
      if (dead[path]) throw lost("no");
      if (!armed) return undefined;
      count++;
      const change = request.cdb[0] === 0x5f;
      if (change) firstChange ??= count;
      trace.push(`${count}: path ${path} ${(request.cdb[0] ?? 0).toString(16)}/${(request.cdb[1] ?? 0) & 0x1f}`);
      for (const [at, fault] of faults) {
        if (at !== count) continue;
        if (fault.startsWith("competitor")) compete(fault);
        else if (fault.startsWith("lost-before")) {
          dead[path] = fault.endsWith("for-good");
          throw lost("no");
        } else if (fault.startsWith("lost-after")) afterwards.set(request, fault);
        else if (fault === "reset-attention") establish(nexus.attentions, 0x2903);
        else if (fault === "preempted-attention") establish(nexus.attentions, 0x2a05);
        else if (fault === "busy-once") return answer(0x08);
        else if (fault === "busy-for-good") busy[path] = true;
        else if (fault === "conflict-once") return answer(0x18);
      }
      if (busy[path]) return answer(0x08);
      if (change) {
        const keys = keysByNexus();
        registeredBefore = own.map(({ name }) => keys.has(name));
      }
      return undefined;
    },
    after(request, _response, nexus) {
      const path = own.indexOf(nexus);
      if (path < 0 || !armed) return;
      if (request.cdb[0] === 0x5f && !removing) {
        const keys = keysByNexus();
        const action = (request.cdb[1] ?? 0) & 0x1f;
        own.forEach(({ name }, index) => {
          const taken = registeredBefore[index] === true && !keys.has(name) && !dead[index];
          // CLEAR is there for that; and what was fenced is taken back on purpose.
          if (taken && !world.suspended && map && action !== 3 && fencedAt === undefined) {
            violations.push(`path ${index} lost its registration by our own command ${count} while I/O could reach it`);
          }
        });
      }
      const fault = afterwards.get(request);
      if (fault === undefined) return;
      dead[path] = fault.endsWith("for-good");
      throw lost("unknown");
    },
  });

  const world = {
    simulated,
    suspended: false,
    trace,
    violations,
    get count() {
      return count;
    },
    get fencedAt() {
      return fencedAt;
    },
    get firstChange() {
      return firstChange;
    },
    truth(): Truth {
      const keys = keysByNexus();
      const { reservation, registrations } = simulated.server.snapshot();
      const at = reservation?.holder;
      const holding = at === null || at === undefined ? undefined : registrations[at];
      const holderName = holding && `${holding.initiatorPort.toLowerCase()}|${holding.relativeTargetPort}`;
      const index = own.findIndex(({ name }) => name === holderName);
      const names = new Set(own.map(({ name }) => name));
      return {
        keys: own.map(({ name }) => keys.get(name) ?? 0n),
        dead: [...dead],
        busy: [...busy],
        holder:
          reservation === null
            ? undefined
            : at === null
              ? "all-registrants"
              : index >= 0
                ? index
                : holding?.initiatorPort.startsWith(OWN) === true
                  ? "missing"
                  : "another",
        type: reservation?.type,
        competitor: keys.get(others.competitor.name) ?? 0n,
        bystander: keys.get(others.bystander.name) ?? 0n,
        missing: [...keys].filter(([name]) => name.startsWith(OWN) && !names.has(name)).map(([, key]) => key),
      };
    },
    arm(planned: readonly Planned[], { removing: removes = false }: { readonly removing?: boolean | undefined } = {}) {
      armed = true;
      removing = removes;
      count = 0;
      faults = [...planned];
    },
    as: (initiator: string, serviceAction: number, key: bigint, newKey: bigint, type = 0) =>
      as(
        initiator === COMPETITOR ? others.competitor : initiator === BYSTANDER ? others.bystander : missingNexus,
        serviceAction,
        key,
        newKey,
        type,
      ),
    kill(path: number) {
      dead[path] = true;
    },
    revive(path: number) {
      dead[path] = false;
    },
    registerMissing(key: bigint) {
      as(missingNexus, 6, 0n, key);
      return missingNexus;
    },
  };
  const retry = { maxAttempts: 4, backoffMs: 0, maxBackoffMs: 0 };
  const unit = createMultipathUnit(
    nexusOptions.map((each, path) => {
      const way = createLogicalUnit(simulated.nexus(each));
      const transport = { ...way.transport, initiatorPort: undefined };
      return {
        name: `path ${path}`,
        unit: anonymous === true ? { ...way, transport } : way,
        relativeTargetPort: anonymous === true ? undefined : path + 1,
      };
    }),
    {
      retry: {
        ...retry,
        decide: (failure) => (failure.code === "BUSY" || failure.code === "UNIT_ATTENTION" ? "at-once" : "no"),
      },
      map: map
        ? {
            async suspend() {
              world.suspended = true;
            },
            async resume() {
              world.suspended = false;
            },
          }
        : undefined,
    },
  );
  return Object.assign(world, { unit }) as World;
}

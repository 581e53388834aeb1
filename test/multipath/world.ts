/**
 * One simulated unit, a host with several paths to it, a host that gets in its way, and one that has nothing to do with it. Faults
 * happen at a command's number. What is true is read from the device server itself, never through the code under test.
 */
import {
  createLogicalUnit,
  createMultipathUnit,
  type MultipathUnit,
  type Path,
  type ScsiRequest,
  type ScsiResponse,
  transportError,
} from "../../src/index.ts";
import {
  createSimulatedTarget,
  establish,
  type Nexus,
  type SimulatedTargetOptions,
  type SimulatedUnit,
  type Snapshot,
} from "../../transports/simulated/index.ts";

export const OWN = "iqn.2026-01.com.example:own";
export const COMPETITOR = "iqn.2026-01.com.example:competitor";
export const BYSTANDER = "iqn.2026-01.com.example:bystander";
export const K = 0xa1n;
export const N = 0xa2n;
export const C = 0xc1n;
export const D = 0xd1n;

/** What can happen at a command. Lost before: it certainly was not executed. On the way, and after: nobody knows, and it was not, or was. */
export type FaultName =
  | "lost-before-once"
  | "lost-before-for-good"
  | "lost-on-the-way-once"
  | "lost-on-the-way-for-good"
  | "lost-after-once"
  | "lost-after-for-good"
  | "reset-attention"
  | "preempted-attention"
  | "busy-once"
  | "busy-for-good"
  | "conflict-once"
  | "competitor-preempts-old"
  | "competitor-preempts-new"
  | "competitor-preempts-bystander"
  | "competitor-clears"
  | "competitor-registers"
  | "competitor-reserves";

export const faultNames: readonly FaultName[] = [
  "lost-before-once",
  "lost-before-for-good",
  "lost-on-the-way-once",
  "lost-on-the-way-for-good",
  "lost-after-once",
  "lost-after-for-good",
  "reset-attention",
  "preempted-attention",
  "busy-once",
  "busy-for-good",
  "conflict-once",
  "competitor-preempts-old",
  "competitor-preempts-new",
  "competitor-preempts-bystander",
  "competitor-clears",
  "competitor-registers",
  "competitor-reserves",
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
  /** Would all of it survive a loss of power? The last REGISTER decides. */
  readonly persistent: boolean;
}

export interface World {
  unit: MultipathUnit;
  readonly simulated: SimulatedUnit;
  /** Commands that arrived from the host so far. */
  readonly count: number;
  /** The names of the host's commands, with path and number. */
  readonly trace: readonly string[];
  /** What went through which path: PERSISTENT RESERVE OUT alone. */
  readonly sent: readonly { readonly path: number; readonly cdb: Uint8Array; readonly dataOut: Uint8Array }[];
  /** Is told of every command's number before it is executed. */
  onCommand: ((count: number) => void) | undefined;
  /** Service actions of PERSISTENT RESERVE OUT of the host that ended with GOOD. */
  readonly executed: ReadonlySet<number>;
  /** What went wrong with the map while it was not suspended, and the like. */
  readonly violations: readonly string[];
  /** When the competitor took away a registration of the host: at which command. */
  readonly fencedAt: number | undefined;
  /** Has a competitor that was planned found nothing to do? */
  readonly idle: boolean;
  /** Has a competitor done more than register itself anew? */
  readonly interfered: boolean;
  /** Number of the host's last PERSISTENT RESERVE OUT, 0 for none. */
  readonly lastChange: number;
  suspended: boolean;
  truth(): Truth;
  /** Starts counting, and makes the faults happen. */
  arm(faults: readonly Planned[], options?: { readonly removing?: boolean | undefined }): void;
  /** Carries a command out for another initiator, directly. */
  as(initiator: string, serviceAction: number, key: bigint, newKey: bigint, type?: number): number;
  /** The same through one of the host's own paths; what it registers is to survive a loss of power. */
  through(path: number, serviceAction: number, key: bigint, newKey: bigint, type?: number): number;
  /** Remembers the device server's state; and goes back to it, with a unit that knows nothing of what has happened since. */
  mark(): void;
  rewind(): void;
  kill(path: number): void;
  revive(path: number): void;
  /** Registers the host through a nexus that is none of its paths. */
  registerMissing(key: bigint): Nexus;
}

/** A parameter list and CDB, by hand. */
function reserveOut(
  serviceAction: number,
  key: bigint,
  newKey: bigint,
  type = 0,
  persist = false,
): [Uint8Array, Uint8Array] {
  const cdb = new Uint8Array(10);
  cdb.set([0x5f, serviceAction, type, 0, 0, 0, 0, 0, 24]);
  const list = new Uint8Array(24);
  const view = new DataView(list.buffer);
  view.setBigUint64(0, key);
  view.setBigUint64(8, newKey);
  // APTPL (spc4r36f 6.16.3).
  list[20] = persist ? 1 : 0;
  return [cdb, list];
}

export interface WorldOptions extends Omit<SimulatedTargetOptions, "targetPorts" | "name"> {
  readonly paths: number;
  /** All paths from one initiator port, as with one adapter; each from a port of its own unless given. */
  readonly oneInitiatorPort?: boolean;
  readonly map?: boolean;
  /** Neither initiator ports nor target ports are known. */
  readonly anonymous?: boolean;
  /** What the unit remembers from before. */
  readonly key?: bigint;
  readonly holds?: boolean;
}

export function createWorld(given: WorldOptions): World {
  const { paths, oneInitiatorPort, map = true, anonymous, key, holds, ...options } = given;
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
  let lastChange = 0;
  let fencedAt: number | undefined;
  let idle = false;
  let interfered = false;
  const trace: string[] = [];
  const sent: { readonly path: number; readonly cdb: Uint8Array; readonly dataOut: Uint8Array }[] = [];
  const violations: string[] = [];
  const executed = new Set<number>();

  const others = {
    competitor: simulated.identify({ initiatorPort: `${COMPETITOR},i,0x1`, relativeTargetPort: 1 }),
    bystander: simulated.identify({ initiatorPort: `${BYSTANDER},i,0x1`, relativeTargetPort: 1 }),
  };
  const missingNexus = simulated.identify({ initiatorPort: `${OWN},i,0x99`, relativeTargetPort: paths + 1 });

  /** Every registration there is, by the nexus's name. */
  const keysByNexus = (): Map<string, bigint> =>
    new Map(
      simulated.server
        .snapshot()
        .registrations.map(({ initiatorPort, relativeTargetPort, key }) => [
          `${initiatorPort.toLowerCase()}|${relativeTargetPort}`,
          BigInt(key),
        ]),
    );

  function as(nexus: Nexus, serviceAction: number, key: bigint, newKey: bigint, type = 0, persist = false): number {
    nexus.attentions.length = 0;
    return simulated.server.execute(nexus, ...reserveOut(serviceAction, key, newKey, type, persist)).status;
  }

  function compete(fault: FaultName): void {
    const before = keysByNexus();
    const { prGeneration, reservation } = simulated.server.snapshot();
    const type = 5;
    if (fault === "competitor-preempts-old") as(others.competitor, 4, C, K, type);
    if (fault === "competitor-preempts-new") as(others.competitor, 4, C, N, type);
    if (fault === "competitor-preempts-bystander") as(others.competitor, 4, C, D, type);
    if (fault === "competitor-clears") as(others.competitor, 3, C, 0n);
    if (fault === "competitor-registers") as(others.competitor, 6, 0n, C + 1n);
    if (fault === "competitor-reserves") as(others.competitor, 1, C, 0n, type);
    const after = keysByNexus();
    const lost = [...before.keys()].some((name) => name.startsWith(OWN) && !after.has(name));
    if (lost) fencedAt = count;
    const { prGeneration: moved, reservation: held } = simulated.server.snapshot();
    const reserved = JSON.stringify(held) !== JSON.stringify(reservation);
    // PREEMPT of a key that nobody has, RESERVE of what is reserved: as if nothing had been planned.
    if (moved === prGeneration && !reserved) idle = true;
    else if (fault !== "competitor-registers") interfered = true;
  }

  const lost = (delivered: "no" | "unknown") => transportError("CONNECTION_LOST", delivered, "lost, as planned");
  const answer = (status: number) => ({ status, dataIn: new Uint8Array(0), sense: new Uint8Array(0), residual: 0 });
  let fault: FaultName | undefined;

  /** What happens to a command on its way to the device server: nothing, an answer in its place, or no answer at all. */
  function before(path: number, cdb: Uint8Array, nexus: Nexus): ReturnType<typeof answer> | undefined {
    fault = undefined;
    if (dead[path]) throw lost("no");
    if (!armed) return undefined;
    count++;
    const change = cdb[0] === 0x5f;
    if (change) lastChange = count;
    trace.push(`${count}: path ${path} ${(cdb[0] ?? 0).toString(16)}/${(cdb[1] ?? 0) & 0x1f}`);
    for (const [at, planned] of faults) {
      if (at !== count) continue;
      fault = planned;
      if (fault.startsWith("competitor")) compete(fault);
      else if (fault.startsWith("lost-before") || fault.startsWith("lost-on-the-way")) {
        dead[path] = fault.endsWith("for-good");
        throw lost(fault.startsWith("lost-before") ? "no" : "unknown");
      } else if (fault === "reset-attention") establish(nexus.attentions, 0x2903);
      else if (fault === "preempted-attention") establish(nexus.attentions, 0x2a05);
      else if (fault === "busy-once") return answer(0x08);
      else if (fault === "busy-for-good") busy[path] = true;
      else if (fault === "conflict-once") return answer(0x18);
    }
    return busy[path] ? answer(0x08) : undefined;
  }

  /** One of the host's commands: own nexuses of the device server, without a transport in between. */
  async function deliver(path: number, { cdb, dataOut, dataInLength }: ScsiRequest): Promise<ScsiResponse> {
    await undefined;
    const nexus = own[path] as Nexus;
    if (cdb[0] === 0x5f && armed) sent.push({ path, cdb, dataOut: dataOut ?? new Uint8Array(0) });
    const instead = before(path, cdb, nexus);
    world.onCommand?.(count);
    if (instead !== undefined) return instead;
    const planned = fault;
    const watched = armed && cdb[0] === 0x5f && !removing && !world.suspended && map;
    const had = watched ? keysByNexus() : undefined;
    const { status, dataIn, sense } = simulated.server.execute(nexus, cdb, dataOut);
    if (cdb[0] === 0x5f && status === 0) executed.add((cdb[1] ?? 0) & 0x1f);
    if (had !== undefined) {
      const keys = keysByNexus();
      own.forEach(({ name }, index) => {
        const taken = had.has(name) && !keys.has(name) && !dead[index];
        // CLEAR is there for that; and what was fenced is taken back on purpose.
        if (taken && ((cdb[1] ?? 0) & 0x1f) !== 3 && fencedAt === undefined) {
          violations.push(`path ${index} lost its registration by our own command ${count} while I/O could reach it`);
        }
      });
    }
    if (planned?.startsWith("lost-after") === true) {
      dead[path] = planned.endsWith("for-good");
      throw lost("unknown");
    }
    return {
      status,
      dataIn: dataIn.slice(0, dataInLength),
      sense,
      residual: Math.max(dataInLength - dataIn.length, 0),
    };
  }

  let start: { readonly snapshot: Snapshot; readonly attentions: readonly (readonly number[])[] } | undefined;
  const everybody = [...own, ...Object.values(others), missingNexus];

  const world: World = {
    simulated,
    unit: undefined as unknown as MultipathUnit,
    suspended: false,
    trace,
    sent,
    onCommand: undefined,
    violations,
    executed,
    get count() {
      return count;
    },
    get fencedAt() {
      return fencedAt;
    },
    get lastChange() {
      return lastChange;
    },
    get idle() {
      return idle;
    },
    get interfered() {
      return interfered;
    },
    truth(): Truth {
      const keys = keysByNexus();
      const { reservation, registrations, persistsThroughPowerLoss } = simulated.server.snapshot();
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
        persistent: persistsThroughPowerLoss,
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
    through: (path: number, serviceAction: number, key: bigint, newKey: bigint, type = 0) =>
      as(
        own[path] as Nexus,
        serviceAction,
        key,
        newKey,
        type,
        (serviceAction === 0 || serviceAction === 6) && newKey !== 0n,
      ),
    mark() {
      const attentions = everybody.map((nexus) => [...nexus.attentions]);
      start = { snapshot: simulated.server.snapshot(), attentions };
    },
    rewind() {
      if (start === undefined) throw new Error("nothing has been marked");
      const { snapshot, attentions } = start;
      simulated.server.restore(snapshot);
      for (const [index, nexus] of everybody.entries()) {
        nexus.attentions.splice(0, nexus.attentions.length, ...(attentions[index] ?? []));
      }
      dead.fill(false);
      busy.fill(false);
      trace.length = 0;
      sent.length = 0;
      violations.length = 0;
      executed.clear();
      armed = false;
      idle = false;
      interfered = false;
      lastChange = 0;
      fencedAt = undefined;
      world.suspended = false;
      world.unit = createUnit();
    },
    kill(path: number) {
      dead[path] = true;
    },
    revive(path: number) {
      dead[path] = false;
    },
    registerMissing(key: bigint) {
      as(missingNexus, 6, 0n, key, 0, true);
      return missingNexus;
    },
  };
  const ways = nexusOptions.map((_, path): Path => {
    const name = `path ${path}`;
    const unit = createLogicalUnit({
      name,
      initiatorPort: anonymous === true ? undefined : (own[path] as Nexus).initiatorPort,
      execute: (request) => deliver(path, request),
      [Symbol.asyncDispose]: async () => undefined,
    });
    return { name, unit, relativeTargetPort: anonymous === true ? undefined : path + 1 };
  });
  const createUnit = (): MultipathUnit =>
    createMultipathUnit(ways, {
      retry: {
        maxAttempts: 4,
        backoffMs: 0,
        maxBackoffMs: 0,
        decide: ({ code }) => (code === "BUSY" || code === "UNIT_ATTENTION" ? "at-once" : "no"),
      },
      key,
      holds,
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
    });
  world.unit = createUnit();
  return world;
}

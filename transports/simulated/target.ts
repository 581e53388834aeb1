/**
 * A simulated SCSI target device: logical units by LUN, and the events that concern all of them. Each unit is a device
 * server and the transports that lead to it.
 */
import { checkInteger } from "../../src/check.ts";
import type { ResetScope, Transport } from "../../src/transport.ts";
import type { TransportId } from "../../src/transport-id.ts";
import { parseTransportId } from "../../src/transport-id-text.ts";
import { type Clock, realClock } from "./clock.ts";
import { createDeviceServer, type DeviceServer } from "./device-server.ts";
import { createLibrary } from "./media/library.ts";
import type { Nexus } from "./nexus.ts";
import { createTaskSet, type SimulatedTask, type TaskSet } from "./task-set.ts";
import { createSimulatedTransport, type SimulatedHook, transportName } from "./transport.ts";
import { UnitAttention } from "./unit-attentions.ts";
import type { DeviceServerOptions } from "./unit-state.ts";

/** Who comes through which port. */
export interface NexusOptions {
  /** The initiator port, as a TransportID or as its text, e.g. `iqn.2026-01.com.example:a,i,0x1`. */
  readonly initiatorPort: TransportId | string;
  /** The target port's relative identifier; the unit's first port unless given. */
  readonly relativeTargetPort?: number | undefined;
}

/** A simulated logical unit with ways to it. */
export interface SimulatedUnit {
  /** The target's name and the LUN, for people. */
  readonly name: string;
  /** Its LUN. */
  readonly lun: number;
  /** The unit itself: power, resets, lost nexuses, snapshots, and commands without a transport. */
  readonly server: DeviceServer;
  /** What happens on the way to this unit, through any nexus. Add and remove at any time. */
  readonly hooks: SimulatedHook[];
  /** The commands that hooks hold up at this moment, through any nexus. */
  readonly tasks: ReadonlySet<SimulatedTask>;
  /** The nexus is lost: what is under way through it is too, and it finds I_T NEXUS LOSS OCCURRED. */
  loseNexus(options: NexusOptions): void;
  /**
   * A transport through one I_T nexus. Two transports of the same initiator and target port are one nexus.
   *
   * @throws RangeError for a target port that does not exist, or a text that is no TransportID
   */
  nexus(options: NexusOptions): Transport;
  /** The same nexus as the device server knows it. */
  identify(options: NexusOptions): Nexus;
}

/**
 * Options of {@link createSimulatedTarget}: the target's name, and what its units are like unless they say otherwise.
 */
export interface SimulatedTargetOptions extends Omit<DeviceServerOptions, "luns" | "peers" | "serialNumber"> {
  /** The target's name, for people and for the units' serial numbers; `simulated` unless given. */
  readonly name?: string | undefined;
  /** What timeouts are measured by; the real time unless given. */
  readonly clock?: Clock | undefined;
}

/** A simulated SCSI target device. */
export interface SimulatedTarget {
  /** The target's name. */
  readonly name: string;
  /**
   * The logical unit with a LUN, 0 unless given; made if it does not exist yet.
   *
   * @param lun 0 to 255
   * @param options for a unit that does not exist yet
   */
  unit(lun?: number, options?: DeviceServerOptions): SimulatedUnit;
  /** The LUNs that exist, ascending. */
  luns(): readonly number[];
  /** A logical unit reset of one unit, or a wider one: commands under way end without an answer. */
  reset(scope: ResetScope, lun?: number): void;
  /** Power goes and comes back, for all units. */
  powerCycle(): void;
}

/** A reset's width decides what its witnesses find (sam4r14 5.14). */
const conditionByScope: Readonly<Record<ResetScope, number>> = {
  "logical-unit": UnitAttention.BUS_DEVICE_RESET_FUNCTION_OCCURRED,
  target: UnitAttention.BUS_DEVICE_RESET_FUNCTION_OCCURRED,
  bus: UnitAttention.SCSI_BUS_RESET_OCCURRED,
};

/**
 * A simulated target. Nothing in it outlives it, and nothing of it is shared with another.
 *
 * @throws TypeError or RangeError for an option that cannot be
 * @example
 * const unit = createSimulatedTarget().unit();
 * const a = unit.nexus({ initiatorPort: "iqn.2026-01.com.example:a,i,0x1" });
 * const b = unit.nexus({ initiatorPort: "iqn.2026-01.com.example:b,i,0x1" });
 */
export function createSimulatedTarget(options: SimulatedTargetOptions = {}): SimulatedTarget {
  const { name = "simulated", clock = realClock, ...defaults } = options;
  const units = new Map<number, SimulatedUnit>();
  const taskSets = new Map<number, TaskSet>();
  let { library } = defaults;
  const luns = () => [...units.keys()].sort((a, b) => a - b);

  const peers = () => Array.from(units.values(), ({ server }) => server);

  function reset(scope: ResetScope, lun: number): void {
    for (const unit of units.values()) {
      if (scope === "logical-unit" && unit.lun !== lun) continue;
      taskSets.get(unit.lun)?.lose();
      unit.server.reset(conditionByScope[scope]);
    }
  }

  /** A changer's library, and the drives of tape units that come after it: the same drive, seen from both sides. */
  function media({ type = defaults.type, library: given }: DeviceServerOptions): DeviceServerOptions {
    if (type === "changer") {
      library = given ?? library ?? createLibrary();
      return { library };
    }
    const drive = type === "tape" ? library?.drives.find((one) => one.identity === undefined) : undefined;
    return drive === undefined ? {} : { drive };
  }

  function createUnit(lun: number, own: DeviceServerOptions): SimulatedUnit {
    const server = createDeviceServer({
      serialNumber: serialNumberOf(name, lun),
      ...defaults,
      clock,
      ...media(own),
      luns,
      peers,
      ...defined(own),
    });
    const unitName = `sim:${encodeURIComponent(name)}/${lun}`;
    const hooks: SimulatedHook[] = [];
    const tasks = createTaskSet(() => server.taskAbortedStatus);
    taskSets.set(lun, tasks);
    const identify = ({ initiatorPort, relativeTargetPort }: NexusOptions): Nexus =>
      server.nexus(
        typeof initiatorPort === "string" ? parseTransportId(initiatorPort) : initiatorPort,
        relativeTargetPort,
      );
    return {
      name: unitName,
      lun,
      server,
      hooks,
      tasks: tasks.tasks,
      identify,
      loseNexus(which) {
        const nexus = identify(which);
        tasks.lose(nexus);
        server.loseNexus(nexus);
        server.retireNexus(nexus);
      },
      nexus(which) {
        const nexus = identify(which);
        const path = transportName(unitName, nexus.initiatorPort, nexus.relativeTargetPort);
        const resetFrom = (scope: ResetScope) => reset(scope, lun);
        return createSimulatedTransport({ name: path, server, nexus, hooks, tasks, clock, reset: resetFrom });
      },
    };
  }

  return {
    name,
    luns,
    reset: (scope, lun = 0) => reset(scope, lun),
    unit(lun = 0, own = {}) {
      checkInteger("lun", lun, 0, 255);
      const existing = units.get(lun);
      if (existing !== undefined) return existing;
      const unit = createUnit(lun, own);
      units.set(lun, unit);
      return unit;
    },
    powerCycle() {
      for (const { server, lun } of units.values()) {
        taskSets.get(lun)?.lose();
        server.powerCycle();
      }
    },
  };
}

/** The options that say something: an option of undefined is one that is absent. */
const defined = (options: DeviceServerOptions): DeviceServerOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** Printable ASCII, at most 64 characters: other characters become underscores. */
const serialNumberOf = (name: string, lun: number): string =>
  `${name.replace(/[^\x21-\x7e]/g, "_").slice(0, 60) || "_"}-${lun}`;

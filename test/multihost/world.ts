/** A simulated disk with several hosts and a clock that moves when it is told to. */
import {
  createLogicalUnit,
  createMultihostDisk,
  type LogicalUnit,
  type MultihostDisk,
  noRetries,
} from "../../src/index.ts";
import {
  createSimulatedTarget,
  createVirtualClock,
  type DeviceServerOptions,
  type SimulatedTarget,
  type SimulatedUnit,
  type VirtualClock,
} from "../../transports/simulated/index.ts";

export interface World {
  readonly clock: VirtualClock;
  readonly target: SimulatedTarget;
  readonly unit: SimulatedUnit;
  /** A host: its unit, which repeats nothing by itself. */
  host(name: string): LogicalUnit;
  /** A host's disk. */
  disk(name: string): MultihostDisk<LogicalUnit>;
  /** Lets time pass until the promise has settled, at most `limitMs`; what it came to. */
  settled<Result>(promise: Promise<Result>, limitMs?: number): Promise<Result>;
}

export function createWorld(options: DeviceServerOptions = {}): World {
  const clock = createVirtualClock();
  const target = createSimulatedTarget({ ...options, clock });
  const unit = target.unit();
  const host = (name: string): LogicalUnit =>
    createLogicalUnit(unit.nexus({ initiatorPort: `iqn.2026-01.test:${name},i,0x1` }), { retry: noRetries });
  return {
    clock,
    target,
    unit,
    host,
    disk: (name) => createMultihostDisk(host(name), { clock }),
    async settled(promise, limitMs = 120_000) {
      let ended = false;
      const end = (): void => {
        ended = true;
      };
      promise.then(end, end);
      for (let ms = 0; ms <= limitMs && !ended; ms += 10) await clock.advance(10);
      if (!ended) throw new Error(`not settled after ${limitMs} ms of virtual time`);
      return promise;
    },
  };
}

/** From now on the unit knows none of these operation codes: INVALID COMMAND OPERATION CODE. */
export function refuse(unit: SimulatedUnit, ...operationCodes: number[]): void {
  const refused = {
    status: 2,
    dataIn: new Uint8Array(0),
    sense: Uint8Array.of(0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0),
    residual: 0,
  };
  unit.hooks.push({ before: ({ cdb }) => (operationCodes.includes(cdb[0] as number) ? refused : undefined) });
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error("it did not fail");
}

/** Takes pending unit attentions off. */
export async function settle(...hosts: LogicalUnit[]): Promise<void> {
  for (const host of hosts) {
    for (let tries = 0; tries < 16; tries++) {
      const code = await host.testUnitReady().then(
        () => "GOOD",
        (error: { code: string }) => error.code,
      );
      if (code !== "UNIT_ATTENTION") break;
    }
  }
}

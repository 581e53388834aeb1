/** Reservation commands in one process: what LogicalUnit costs where the unit answers at once, and the simulated unit. */
import { setImmediate as turn } from "node:timers/promises";
import {
  type Command,
  commands,
  createLogicalUnit,
  type LogicalUnit,
  type ScsiResponse,
  type Transport,
} from "../../src/index.ts";
import { createSimulatedTarget, type SimulatedUnit } from "../../transports/simulated/index.ts";
import type { Sample, UnitJob } from "../jobs.ts";
import { keysAnswer } from "./samples.ts";
import { start } from "./stopwatch.ts";

const KEYS = 8;
const KEY = 1n;
const TYPE = "write-exclusive-registrants-only";
const port = (host: number): string => `iqn.2026-01.test:host-${host},i,0x1`;
/** The event loop turns after so many: only then can the time be over. */
const STRETCH = 200;

/** Answers GOOD at once; to whoever expects data, with the keys. */
function instantUnit(): Transport {
  const none = new Uint8Array(0);
  const keys: ScsiResponse = { status: 0, dataIn: keysAnswer(KEYS), sense: none, residual: 0 };
  const good: ScsiResponse = { status: 0, dataIn: none, sense: none, residual: 0 };
  return {
    name: "instant",
    execute: (request) => Promise.resolve(request.dataInLength > 0 ? keys : good),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A simulated disk on which eight initiators are registered, and the way to it of the first of them. */
async function simulatedUnit(): Promise<{ readonly unit: SimulatedUnit; readonly transport: Transport }> {
  const unit = createSimulatedTarget().unit();
  const nexuses = Array.from({ length: KEYS }, (_, i) => unit.nexus({ initiatorPort: port(i) }));
  for (const [i, nexus] of nexuses.entries()) await createLogicalUnit(nexus).register({ newKey: BigInt(i + 1) });
  return { unit, transport: nexuses[0] as Transport };
}

/** The commands of a job, one after the other. */
const sequences: Readonly<Record<UnitJob["what"], readonly Command<unknown>[]>> = {
  "read-keys": [commands.readKeys()],
  reserve: [commands.reserve({ key: KEY, type: TYPE })],
  cycle: [
    commands.register({ key: KEY, newKey: KEY + 1n }),
    commands.reserve({ key: KEY + 1n, type: TYPE }),
    commands.release({ key: KEY + 1n, type: TYPE }),
    commands.register({ key: KEY + 1n, newKey: KEY }),
  ],
};

/** The same as methods, which make their command anew. */
const methods: Readonly<Record<UnitJob["what"], readonly ((unit: LogicalUnit) => Promise<unknown>)[]>> = {
  "read-keys": [(unit) => unit.readKeys()],
  reserve: [(unit) => unit.reserve({ key: KEY, type: TYPE })],
  cycle: [
    (unit) => unit.register({ key: KEY, newKey: KEY + 1n }),
    (unit) => unit.reserve({ key: KEY + 1n, type: TYPE }),
    (unit) => unit.release({ key: KEY + 1n, type: TYPE }),
    (unit) => unit.register({ key: KEY + 1n, newKey: KEY }),
  ],
};

/** Synchronously, as the simulation does it. */
async function measureServer(job: UnitJob): Promise<Sample> {
  const { unit } = await simulatedUnit();
  const nexus = unit.identify({ initiatorPort: port(0) });
  const sequence = sequences[job.what];
  const watch = start(job);
  while (!watch.stopped) {
    for (let n = 0; n < STRETCH; n += sequence.length) {
      for (const { cdb, dataOut, name } of sequence) {
        const { status } = unit.server.execute(nexus, cdb, dataOut);
        if (status !== 0) throw new Error(`${name} ended in status ${status}`);
      }
    }
    watch.done += STRETCH;
    await turn();
  }
  return await watch.sample;
}

export async function measureUnit(job: UnitJob): Promise<Sample> {
  if (job.through === "server") return measureServer(job);
  const transport = job.unit === "simulated" ? (await simulatedUnit()).transport : instantUnit();
  const unit = createLogicalUnit(transport);
  const sequence = sequences[job.what];
  const once: readonly (() => Promise<unknown>)[] =
    job.through === "transport"
      ? sequence.map((command) => () => transport.execute(command))
      : methods[job.what].map((method) => () => method(unit));
  const watch = start(job);
  while (!watch.stopped) {
    for (let n = 0; n < STRETCH; n += sequence.length) for (const operation of once) await operation();
    watch.done += STRETCH;
    await turn();
  }
  return await watch.sample;
}

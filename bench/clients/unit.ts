/** Reservation commands in one process: what LogicalUnit costs where the unit answers at once, and the simulated unit. */
import { setImmediate as turn } from "node:timers/promises";
import { commands, createLogicalUnit, type ScsiResponse, type Transport } from "../../src/index.ts";
import { createSimulatedTarget } from "../../transports/simulated/index.ts";
import type { Sample, UnitJob } from "../jobs.ts";
import { keysAnswer } from "./samples.ts";
import { start } from "./stopwatch.ts";

const KEYS = 8;
const KEY = 1n;
const TYPE = "write-exclusive-registrants-only";
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

/** A simulated disk on which eight initiators are registered, as the first of them sees it. */
async function simulatedUnit(): Promise<Transport> {
  const disk = createSimulatedTarget().unit();
  const nexuses = Array.from({ length: KEYS }, (_, i) =>
    disk.nexus({ initiatorPort: `iqn.2026-01.test:host-${i},i,0x1` }),
  );
  for (const [i, nexus] of nexuses.entries()) await createLogicalUnit(nexus).register({ newKey: BigInt(i + 1) });
  return nexuses[0] as Transport;
}

export async function measureUnit(job: UnitJob): Promise<Sample> {
  const transport = job.unit === "simulated" ? await simulatedUnit() : instantUnit();
  const unit = createLogicalUnit(transport);
  const command = job.what === "reserve" ? commands.reserve({ key: KEY, type: TYPE }) : commands.readKeys();
  const once: Record<UnitJob["through"], () => Promise<unknown>> = {
    "logical-unit": job.what === "reserve" ? () => unit.reserve({ key: KEY, type: TYPE }) : () => unit.readKeys(),
    transport: () => transport.execute(command),
  };
  const operation = once[job.through];
  const watch = start(job);
  while (!watch.stopped) {
    for (let n = 0; n < STRETCH; n++) await operation();
    watch.done += STRETCH;
    await turn();
  }
  return await watch.sample;
}

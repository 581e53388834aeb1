/**
 * The profile `tgt` beside tgtd itself: the same random commands from three I_T nexuses to both, and the same answers at every
 * step. What the profile does not play is not among the commands, and COMPLIANCE.md names it.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ScsiRequest, Transport } from "../../../src/index.ts";
import { openIscsi } from "../../../transports/iscsi/index.ts";
import { createRandom, createSimulatedTarget, type Random } from "../../../transports/simulated/index.ts";
import { startTgtd, type Tgtd } from "./tgtd.ts";

const SEEDS = 40;
const STEPS = 80;
const TYPES = [1, 3, 5, 6, 7, 8];
let tgtd: Tgtd;

beforeAll(async () => {
  tgtd = await startTgtd();
});

afterAll(async () => {
  await tgtd[Symbol.asyncDispose]();
});

function reserveOut(random: Random, own: number): ScsiRequest {
  const action = random.pick([0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 6, 9]);
  const length = random.chance(0.03) ? 20 : 24;
  const dataOut = new Uint8Array(length);
  dataOut[7] = action === 0 && random.chance(0.5) ? 0 : random.chance(0.9) ? own : random.below(4);
  // PREEMPT of key 0 without a reservation is counted by tgtd, and is no row of the profile.
  dataOut[15] = action === 4 ? 1 + random.below(3) : random.chance(0.7) ? own : random.below(4);
  dataOut[20] = random.chance(0.03) ? 1 + random.below(8) : 0;
  // PREEMPT takes any type and scope in tgtd, even those that there are not.
  const type = action !== 4 && random.chance(0.05) ? random.below(16) : random.pick(TYPES);
  const scope = action !== 4 && random.chance(0.03) ? 1 : 0;
  return { cdb: Uint8Array.of(0x5f, action, (scope << 4) | type, 0, 0, 0, 0, 0, length, 0), dataOut, dataInLength: 0 };
}

function command(random: Random, own: number): ScsiRequest {
  const draw = random.below(100);
  if (draw < 50) return reserveOut(random, own);
  if (draw < 70) {
    const length = random.pick([4, 8, 16, 24, 255]);
    const cdb = Uint8Array.of(0x5e, random.below(5), 0, 0, 0, 0, 0, 0, length, 0);
    return { cdb, dataInLength: length };
  }
  if (draw < 80) return { cdb: new Uint8Array(6), dataInLength: 0 };
  if (draw < 90) return { cdb: Uint8Array.of(0x28, 0, 0, 0, 0, 1, 0, 0, 1, 0), dataInLength: 512 };
  return {
    cdb: Uint8Array.of(0x2a, 0, 0, 0, 0, 1, 0, 0, 1, 0),
    dataOut: new Uint8Array(512).fill(draw),
    dataInLength: 0,
  };
}

/** Status, sense key and codes, and data of a command that was executed: tgtd sends memory of its own with a conflict. */
async function answered(transport: Transport, request: ScsiRequest): Promise<string> {
  const { status, sense, dataIn } = await transport.execute(request, { timeoutMs: 5000 });
  const codes = sense.length > 13 ? [(sense[2] as number) & 0x0f, sense[12], sense[13]].join("/") : "";
  return `${status} ${codes} ${status === 0 ? Buffer.from(dataIn.subarray(0, 64)).toString("hex") : ""}`;
}

it(`answers ${SEEDS} sequences of ${STEPS} commands as tgtd does`, { timeout: 100_000 }, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const target = `iqn.2026-01.test:profile-${seed}`;
    await tgtd.createTarget(target, { sizeBytes: 2 ** 20 });
    const names = ["a", "b", "c"].map((host) => `iqn.2026-01.test:${host}`);
    const real = await Promise.all(
      names.map((initiatorName) => openIscsi({ host: tgtd.host, port: tgtd.port, target, lun: 1, initiatorName })),
    );
    const unit = createSimulatedTarget({ profile: "tgt" }).unit(1);
    const ours = names.map((name) => unit.nexus({ initiatorPort: `${name},i,0x1` }));
    // Whatever a new target tells at first.
    for (const transport of real)
      while ((await answered(transport, { cdb: new Uint8Array(6), dataInLength: 0 })) !== "0  ");
    const random = createRandom(seed);
    const log: string[] = [];
    for (let step = 0; step < STEPS; step++) {
      const who = random.below(3);
      const request = command(random, who + 1);
      // PREEMPT frees the registration by which tgtd remembers an all registrants reservation, and tgtd goes on using it.
      const all = unit.server.snapshot().reservation?.type.endsWith("all-registrants") === true;
      if (all && request.cdb[0] === 0x5f && request.cdb[1] === 4) continue;
      const [theirs, simulated] = [
        await answered(real[who] as Transport, request),
        await answered(ours[who] as Transport, request),
      ];
      const list = request.dataOut?.length === 512 ? "" : Buffer.from(request.dataOut ?? []).toString("hex");
      log.push(`${names[who]?.at(-1)} ${Buffer.from(request.cdb).toString("hex")} ${list} -> ${theirs}`);
      expect(simulated, `seed ${seed}\n${log.slice(-30).join("\n")}`).toBe(theirs);
    }
    await Promise.all(real.map((transport) => transport[Symbol.asyncDispose]()));
  }
});

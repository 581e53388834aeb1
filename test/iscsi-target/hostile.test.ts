/**
 * Hostile initiators: seeded random and mutated PDUs, in every phase, torn anywhere. The target neither throws nor hangs,
 * nor keeps what it should not; a session that behaves goes on all the while.
 *
 * FUZZ_SEED and FUZZ_CONNECTIONS choose another run, FUZZ_SECONDS a longer one; a failure says which seed it was.
 */
import { expect, it, onTestFailed } from "vitest";
import { BHS_LENGTH, Opcode, padded, put32 } from "../../transports/iscsi/pdu.ts";
import { encodeText } from "../../transports/iscsi/text.ts";
import { serve } from "../../transports/serve.ts";
import { Closed, INITIATOR, type RawInitiator, rawInitiator, testUnitReady } from "./raw-initiator.ts";

const TARGET = "iqn.2026-01.test:disk";
/** Where the session that behaves is: TARGET COLD RESET rightly ends all sessions of its target. */
const QUIET = "iqn.2026-01.test:quiet";
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 0);
const CONNECTIONS = Number(process.env.FUZZ_CONNECTIONS ?? (SECONDS > 0 ? Number.POSITIVE_INFINITY : 150));
const SEED = Number(process.env.FUZZ_SEED ?? 1);

/** A small generator of numbers that depend on nothing but the seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return Math.floor((((value ^ (value >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Random = ReturnType<typeof random>;

const requests = [
  Opcode.NOP_OUT,
  Opcode.SCSI_COMMAND,
  Opcode.SCSI_COMMAND,
  Opcode.SCSI_COMMAND,
  Opcode.TASK_MANAGEMENT_REQUEST,
  Opcode.LOGIN_REQUEST,
  Opcode.TEXT_REQUEST,
  Opcode.DATA_OUT,
  Opcode.DATA_OUT,
  Opcode.SNACK_REQUEST,
];

const commands = [
  0x00, 0x03, 0x12, 0x1a, 0x16, 0x17, 0x25, 0x28, 0x2a, 0x35, 0x41, 0x42, 0x5e, 0x5f, 0x88, 0x8a, 0x9e, 0xa0, 0xa3,
];

/** A PDU that might almost be right: numbers near the session's, small tags, then a few bytes changed. */
function pdu(any: Random, cmdSn: number): Uint8Array {
  const header = new Uint8Array(BHS_LENGTH);
  const opcode = any(20) === 0 ? any(64) : (requests[any(requests.length)] as number);
  header[0] = opcode | (any(3) === 0 ? 0x40 : 0);
  header[1] = any(4) === 0 ? any(256) : 0x80 | (any(2) << 5) | (any(2) << 6) | any(9);
  const length = any(3) === 0 ? any(2048) : 0;
  put32(header, 4, length);
  header[9] = any(8) === 0 ? any(256) : 0;
  put32(header, 16, any(10) === 0 ? 0xffff_ffff : any(12));
  put32(header, 20, any(3) === 0 ? 0xffff_ffff : any(6000));
  put32(header, 24, cmdSn + (any(6) === 0 ? any(20) - 10 : 0));
  header[32] = any(8) === 0 ? any(256) : (commands[any(commands.length)] as number);
  header[33] = any(3) === 0 ? any(32) : any(8);
  header[34] = any(16) === 0 ? any(256) : 0;
  if (header[32] !== 0x5f) put32(header, 34, any(4) === 0 ? any(2 ** 32) : any(4000));
  header[40] = any(4);
  header[41] = any(256);
  if (opcode === Opcode.DATA_OUT) {
    put32(header, 36, any(3));
    put32(header, 40, any(4) * 512);
  }
  const whole = new Uint8Array(BHS_LENGTH + padded(length));
  whole.set(header);
  for (let at = BHS_LENGTH; at < whole.length; at++) whole[at] = any(8) === 0 ? any(256) : 0;
  if (opcode === Opcode.TEXT_REQUEST) whole.set(encodeText([["SendTargets", "All"]]).subarray(0, length), BHS_LENGTH);
  for (let count = any(12) === 0 ? 1 + any(6) : 0; count > 0; count--) whole[any(whole.length)] = any(256);
  return whole;
}

const loginValues = [
  "Yes",
  "No",
  "0",
  "512",
  "8192",
  "16777215",
  "99999999999",
  "CRC32C",
  "None,CRC32C",
  "?",
  "",
  "Reject",
];
const loginKeys = ["HeaderDigest", "DataDigest", "MaxBurstLength", "FirstBurstLength", "InitialR2T", "ImmediateData"];

/** A login whose keys are random; half of them succeed. */
async function logIn(any: Random, initiator: RawInitiator): Promise<void> {
  const keys: Record<string, string> = any(30) === 0 ? {} : { InitiatorName: INITIATOR, TargetName: TARGET };
  for (let count = any(4); count > 0; count--) {
    const value = any(3) === 0 ? (loginValues[any(loginValues.length)] as string) : "None";
    keys[loginKeys[any(loginKeys.length)] as string] = value;
  }
  if (any(6) === 0) keys.SessionType = "Discovery";
  const skewed = any(10) === 0 ? { currentStage: any(4), nextStage: any(4), transit: any(2) === 0 } : {};
  await initiator.login(keys, { isid: BigInt(any(40)), ...skewed });
}

/** One hostile connection. Returns how many PDUs it sent. */
async function attack(any: Random, where: { readonly port: number }): Promise<number> {
  const initiator = await rawInitiator(where);
  let sent = 0;
  try {
    if (any(8) === 0) {
      initiator.raw(Uint8Array.from({ length: any(4000) }, () => any(256)));
    } else {
      if (any(8) > 0) await logIn(any, initiator);
      if (any(10) === 0) initiator.pause();
      let cmdSn = 1;
      for (let count = any(120); count > 0; count--) {
        const bytes = pdu(any, cmdSn);
        if (((bytes[0] as number) & 0x40) === 0 && bytes[0] !== Opcode.DATA_OUT) cmdSn++;
        const cut = any(20) === 0 ? any(bytes.length) : bytes.length;
        initiator.raw(bytes.subarray(0, cut));
        if (cut < bytes.length && any(2) === 0) initiator.raw(bytes.subarray(cut));
        sent++;
        if (any(16) === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await new Promise((resolve) => setTimeout(resolve, any(4)));
  } catch (error) {
    if (!(error instanceof Closed)) throw error;
  }
  initiator.destroy();
  return sent;
}

it(
  "whatever they send, the target stands and serves the others",
  async () => {
    const failures: unknown[] = [];
    const note = (error: unknown) => failures.push(error);
    process.on("uncaughtException", note);
    process.on("unhandledRejection", note);
    onTestFailed(() => console.error(`FUZZ_SEED=${SEED} FUZZ_CONNECTIONS=${CONNECTIONS} FUZZ_SECONDS=${SECONDS}`));
    const ends = new Map<string, number>();
    const served = await serve({
      portal: { port: 0 },
      targets: [{ name: TARGET }, { name: QUIET }],
      graceMs: 20,
      limits: { outputTimeoutMs: 1000, loginTimeoutMs: 1000, dataTimeoutMs: 1000 },
      observer: (event) => {
        const what = event.type === "session-ended" ? event.end : event.type;
        ends.set(what, (ends.get(what) ?? 0) + 1);
      },
    });
    const where = served.portals[0] as { port: number };
    const good = await rawInitiator(where);
    await good.logIn(QUIET, {}, 0x8000_0000_ffffn);
    const any = random(SEED);
    const until = performance.now() + (SECONDS > 0 ? SECONDS * 1000 : 10_000);
    let pdus = 0;
    for (let count = 0; count < CONNECTIONS && performance.now() < until; count += 10) {
      const seeds = Array.from({ length: 10 }, () => any(2 ** 32));
      const sent = await Promise.all(seeds.map((seed) => attack(random(seed), where)));
      pdus += sent.reduce((sum, one) => sum + one, 0);
      good.command({ cdb: testUnitReady, tag: 0x1000 + count });
      const answer = await good.expect(Opcode.SCSI_RESPONSE);
      expect(answer.header[3]).toBe(0);
    }
    await expect.poll(() => served.connections, { timeout: 5000 }).toBe(1);
    good.destroy();
    await served[Symbol.asyncDispose]();
    process.off("uncaughtException", note);
    process.off("unhandledRejection", note);
    expect(failures).toEqual([]);
    expect(pdus).toBeGreaterThan(1000);
    expect(ends.get("login") ?? 0).toBeGreaterThan(10);
    if (SECONDS > 0) console.log(`${pdus} PDUs`, Object.fromEntries(ends), process.memoryUsage());
  },
  SECONDS * 1000 + 30_000,
);

it("a thousand logins and logouts leave nothing behind", async () => {
  const served = await serve({ portal: { port: 0 }, targets: [{ name: TARGET }], graceMs: 20 });
  const where = served.portals[0] as { port: number };
  for (let round = 0; round < 20; round++) {
    const initiators = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const initiator = await rawInitiator(where);
        await initiator.logIn(TARGET, {}, BigInt(round * 50 + index));
        return initiator;
      }),
    );
    for (const initiator of initiators) initiator.destroy();
  }
  await expect.poll(() => [served.sessions().length, served.connections]).toEqual([0, 0]);
  await served[Symbol.asyncDispose]();
});

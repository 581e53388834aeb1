/**
 * libmpathpersist's interface: every documented result, provoked by what the man page says it is for. Numbers are those of
 * mpath_persist.h (multipath-tools 0.14.3), typed by hand.
 */
import { describe, expect, test } from "vitest";
import {
  createLogicalUnit,
  createMultipathUnit,
  type MpathReserveOutOptions,
  mpathPersistentReserveIn,
  mpathPersistentReserveOut,
  mpathReserveInActions,
  mpathReserveOutActions,
  type ScsiResponse,
  transportError,
} from "../../src/index.ts";
import { BYSTANDER, createWorld, D, K, N } from "./world.ts";

const { MPATH_PROUT_REG_SA, MPATH_PROUT_RES_SA, MPATH_PROUT_REL_SA, MPATH_PROUT_CLEAR_SA, MPATH_PROUT_PREE_SA } =
  mpathReserveOutActions;

const answer = (status: number, sense: readonly number[] = []): ScsiResponse => ({
  status,
  dataIn: new Uint8Array(status === 0 ? 8 : 0),
  sense: Uint8Array.from(sense),
  residual: 0,
});
/** Fixed format sense data (SPC-4 4.5.3). */
const check = (key: number, asc = 0, ascq = 0): ScsiResponse =>
  answer(2, [0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0]);

/** A unit of two paths that answers every PERSISTENT RESERVE OUT alike, and PERSISTENT RESERVE IN with nothing registered. */
function answering(reply: () => ScsiResponse) {
  const path = (name: string) => ({
    name,
    unit: createLogicalUnit({
      name,
      execute: async ({ cdb }) => {
        if (cdb[0] === 0x5f) return reply();
        return cdb[0] === 0x5e && cdb[1] === 3 ? check(5, 0x24) : answer(0);
      },
      [Symbol.asyncDispose]: async () => undefined,
    }),
  });
  const retry = { maxAttempts: 1, backoffMs: 0, maxBackoffMs: 0, decide: () => "no" as const };
  return createMultipathUnit([path("a"), path("b")], { retry });
}

const register: MpathReserveOutOptions = {
  serviceAction: MPATH_PROUT_REG_SA,
  parameters: { serviceActionKey: K },
};

describe("the documented results", () => {
  const dead = (): never => {
    throw transportError("CONNECTION_LOST", "no", "gone");
  };
  const missing = (): never => {
    throw transportError("TARGET_NOT_FOUND", "unknown", "no such node");
  };
  test.each([
    ["MPATH_PR_SENSE_NOT_READY", 2, () => check(2, 0x3a)],
    ["MPATH_PR_SENSE_MEDIUM_ERROR", 3, () => check(3, 0x11)],
    ["MPATH_PR_SENSE_HARDWARE_ERROR", 4, () => check(4, 0x44)],
    ["MPATH_PR_ILLEGAL_REQ", 5, () => check(5, 0x24)],
    ["MPATH_PR_SENSE_UNIT_ATTENTION", 6, () => check(6, 0x29)],
    ["MPATH_PR_SENSE_INVALID_OP", 7, () => check(5, 0x20)],
    ["MPATH_PR_SENSE_ABORTED_COMMAND", 8, () => check(0xb)],
    ["MPATH_PR_NO_SENSE", 9, () => check(0)],
    ["MPATH_PR_SENSE_MALFORMED", 10, () => answer(2, [0x7f])],
    ["MPATH_PR_RESERV_CONFLICT", 11, () => answer(0x18)],
    ["MPATH_PR_DMMP_ERROR", 13, dead],
    ["MPATH_PR_OTHER", 15, () => answer(0x08)],
    ["MPATH_PR_OTHER", 15, missing],
  ] as const)("%s is %i", async (result, code, reply) => {
    const returned = await mpathPersistentReserveOut(answering(reply), register);
    expect(returned).toMatchObject({ result, code });
    expect(returned.account?.paths).toHaveLength(2);
  });

  test("MPATH_PR_FILE_ERROR is 12: the device's node is not there", async () => {
    const unit = createLogicalUnit({
      name: "/dev/gone",
      execute: () => Promise.reject(transportError("TARGET_NOT_FOUND", "no", "/dev/gone does not exist")),
      [Symbol.asyncDispose]: async () => undefined,
    });
    expect(await mpathPersistentReserveOut(unit, register)).toMatchObject({ result: "MPATH_PR_FILE_ERROR", code: 12 });
  });

  test("MPATH_PR_SUCCESS is 0, with what happened on each path", async () => {
    const world = createWorld({ paths: 2 });
    const returned = await mpathPersistentReserveOut(world.unit, register);
    expect(returned).toMatchObject({ result: "MPATH_PR_SUCCESS", code: 0, error: undefined });
    expect(returned.account?.paths.map(({ key }) => key)).toEqual([K, K]);
  });

  test.each([
    ["another scope", { ...register, scope: 1 }],
    ["another service action", { ...register, serviceAction: 7 }],
    ["a type of more than four bits", { serviceAction: MPATH_PROUT_RES_SA, type: 16, parameters: { key: K } }],
    ["a key of 0", { serviceAction: MPATH_PROUT_CLEAR_SA, parameters: {} }],
    ["a verbosity of 4", { ...register, verbose: 4 } as unknown as MpathReserveOutOptions],
  ] as const)("MPATH_PR_SYNTAX_ERROR is 1: %s", async (_, options) => {
    const world = createWorld({ paths: 2 });
    world.arm([]);
    const returned = await mpathPersistentReserveOut(world.unit, options as MpathReserveOutOptions);
    expect(returned).toMatchObject({ result: "MPATH_PR_SYNTAX_ERROR", code: 1 });
    expect(world.count).toBe(0);
  });
});

describe("mpath_persistent_reserve_out", () => {
  test.each([1, 3, 5, 6, 7, 8])("takes type %i", async (type) => {
    const world = createWorld({ paths: 2 });
    await mpathPersistentReserveOut(world.unit, register);
    const reserve = { serviceAction: MPATH_PROUT_RES_SA, type, parameters: { key: K } };
    expect(await mpathPersistentReserveOut(world.unit, reserve)).toMatchObject({ code: 0 });
    const release = { ...reserve, serviceAction: MPATH_PROUT_REL_SA };
    expect(await mpathPersistentReserveOut(world.unit, release)).toMatchObject({ code: 0 });
    expect(world.truth().holder).toBeUndefined();
  });

  test("a type that no standard names is the device server's to refuse", async () => {
    const world = createWorld({ paths: 2 });
    await mpathPersistentReserveOut(world.unit, register);
    const returned = await mpathPersistentReserveOut(world.unit, {
      serviceAction: MPATH_PROUT_RES_SA,
      type: 2,
      parameters: { key: K },
    });
    expect(returned).toMatchObject({ result: "MPATH_PR_ILLEGAL_REQ", code: 5 });
  });

  test("pre-empts, and a RELEASE of an unregistered host conflicts", async () => {
    const world = createWorld({ paths: 2 });
    world.as(BYSTANDER, 6, 0n, D);
    await mpathPersistentReserveOut(world.unit, register);
    const parameters = { key: K, serviceActionKey: D };
    const preempt = { serviceAction: MPATH_PROUT_PREE_SA, type: 5, parameters };
    expect(await mpathPersistentReserveOut(world.unit, preempt)).toMatchObject({ code: 0 });
    expect(world.truth().bystander).toBe(0n);
    const release = { serviceAction: MPATH_PROUT_REL_SA, type: 5, parameters: { key: N } };
    expect(await mpathPersistentReserveOut(world.unit, release)).toMatchObject({ code: 11 });
  });

  test("what it would print goes to the observer, and no more of it than was asked for", async () => {
    for (const [verbose, noisy, most] of [
      [0, false, 0],
      [2, false, 2],
      [0, true, 3],
    ] as const) {
      const told: number[] = [];
      const observer = (level: number) => void told.push(level);
      const world = createWorld({ paths: 2 });
      await mpathPersistentReserveOut(world.unit, { ...register, verbose, noisy, observer });
      expect(Math.max(0, ...told)).toBe(most);
    }
  });
});

describe("mpath_persistent_reserve_in", () => {
  test("answers each service action", async () => {
    const world = createWorld({ paths: 2 });
    await mpathPersistentReserveOut(world.unit, register);
    const { MPATH_PRIN_RKEY_SA, MPATH_PRIN_RRES_SA, MPATH_PRIN_RCAP_SA, MPATH_PRIN_RFSTAT_SA } = mpathReserveInActions;
    const ask = async (serviceAction: number) => mpathPersistentReserveIn(world.unit, { serviceAction });
    expect((await ask(MPATH_PRIN_RKEY_SA)).response).toMatchObject({ keys: { keys: [K, K] } });
    expect((await ask(MPATH_PRIN_RRES_SA)).response).toMatchObject({ reservation: { holder: "none" } });
    expect((await ask(MPATH_PRIN_RCAP_SA)).response).toMatchObject({ capabilities: { allTargetPorts: true } });
    expect((await ask(MPATH_PRIN_RFSTAT_SA)).response).toMatchObject({ status: { registrations: [{}, {}] } });
    expect(await ask(4)).toMatchObject({ result: "MPATH_PR_SYNTAX_ERROR", code: 1 });
  });

  test("goes through another path where the first is dead", async () => {
    const world = createWorld({ paths: 2 });
    world.kill(0);
    expect(await mpathPersistentReserveIn(world.unit, { serviceAction: 0 })).toMatchObject({ code: 0 });
  });
});

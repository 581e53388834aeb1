/** Deadlines and cancellation over several paths: they end the call, and never leave a path that lives without its registration. */
import { expect, test } from "vitest";
import { commands, createLogicalUnit, createMultipathUnit, isScsiError, type Path } from "../../src/index.ts";
import { createSimulatedTarget } from "../../transports/simulated/index.ts";
import { BYSTANDER, createWorld, D, K, N, OWN, type World } from "./world.ts";

const RO = "write-exclusive-registrants-only";

/** Two paths, registered; the first holds. */
function begin(): World {
  const world = createWorld({ paths: 2, key: K, holds: true });
  for (const path of [0, 1]) world.through(path, 6, 0n, K);
  world.through(0, 1, K, 0n, 5);
  world.as(BYSTANDER, 6, 0n, D);
  return world;
}

test("a signal that has fired: nothing is sent", async () => {
  const world = begin();
  world.arm([]);
  const signal = AbortSignal.abort();
  await expect(world.unit.perform(commands.register({ key: K, newKey: N }), { signal })).rejects.toMatchObject({
    code: "ABORTED",
    delivered: "no",
  });
  expect(world.count).toBe(0);
});

const requests = {
  "a change of key": () => commands.register({ key: K, newKey: N }),
  RELEASE: () => commands.release({ key: K, type: RO }),
  "PREEMPT of one's own key": () => commands.preempt({ key: K, victimKey: K, type: RO }),
  "PREEMPT of another": () => commands.preempt({ key: K, victimKey: D, type: RO }),
};

test.each(Object.entries(requests))("given up at every command: %s", async (_, request) => {
  const calm = begin();
  calm.arm([]);
  await calm.unit.perform(request());
  for (let at = 1; at <= calm.count; at++) {
    const world = begin();
    world.arm([]);
    const caller = new AbortController();
    world.onCommand = (count) => {
      if (count === at) caller.abort();
    };
    let failure: unknown;
    await world.unit.perform(request(), { signal: caller.signal }).catch((error: unknown) => {
      failure = error;
    });
    if (failure !== undefined) {
      expect(isScsiError(failure) && failure.code).toBe("ABORTED");
      expect(isScsiError(failure) && failure.account?.paths).toHaveLength(2);
    }
    // Paths that were registered are registered still, with the one key or with the other; and nobody waits for I/O.
    expect(world.truth().keys.every((key) => key === K || key === N)).toBe(true);
    expect(world.violations).toEqual([]);
    expect(world.suspended).toBe(false);
    world.onCommand = undefined;
    await world.unit.registerAndIgnoreExistingKey({ newKey: N });
    expect(world.truth().keys).toEqual([N, N]);
  }
});

/** Two paths to one simulated unit; commands through the second never end while `silent` says so. */
function silence(deadlineMs: number) {
  const target = createSimulatedTarget({ targetPorts: [1, 2] }).unit();
  const state = { silent: true };
  target.hooks.push({
    before: (_request, { relativeTargetPort }) =>
      state.silent && relativeTargetPort === 2 ? new Promise(() => undefined) : undefined,
  });
  const paths = [1, 2].map((relativeTargetPort): Path => {
    const initiatorPort = `${OWN},i,0x${relativeTargetPort}`;
    return {
      name: `path ${relativeTargetPort}`,
      relativeTargetPort,
      unit: createLogicalUnit(target.nexus({ initiatorPort, relativeTargetPort })),
    };
  });
  return { target, state, unit: createMultipathUnit(paths, { deadlineMs, timeoutMs: 20 }) };
}

test("a path that never answers is given up at its timeout, and the others have the key", async () => {
  const { target, unit } = silence(5000);
  const { account } = await unit.perform(commands.register({ newKey: K }));
  expect(account.paths.map(({ alive, key }) => [alive, key])).toEqual([
    [true, K],
    [false, 0n],
  ]);
  expect(target.server.snapshot().registrations).toHaveLength(1);
});

test("the deadline holds for the whole operation, with an account of what was reached by then", async () => {
  const { unit } = silence(60);
  const started = performance.now();
  const failure = await unit.perform(commands.register({ newKey: K })).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(performance.now() - started).toBeLessThan(2000);
  if (failure !== undefined) expect(isScsiError(failure) && failure.account?.paths).toHaveLength(2);
});

/** Every kind of request over several paths: what goes through which path, beforehand and really, and what the target has then. */
import { expect, test } from "vitest";
import { type Command, commands, type IscsiTransportId } from "../../src/index.ts";
import { BYSTANDER, COMPETITOR, createWorld, D, K, N, OWN, type World } from "./world.ts";

const WE = "write-exclusive";
const RO = "write-exclusive-registrants-only";
const AR = "exclusive-access-all-registrants";

/** Without what was sent again after a unit attention. */
const once = ({ sent }: World): World["sent"] =>
  sent.filter(
    (each, at) => !sent.slice(0, at).some(({ path, cdb }) => path === each.path && `${cdb}` === `${each.cdb}`),
  );
/** `path: service action`, in order. */
const sentTo = (world: World): string[] => once(world).map(({ path, cdb }) => `${path}: ${(cdb[1] ?? 0) & 0x1f}`);
const initiator = (name: string): IscsiTransportId => ({ protocol: "iscsi", name, isid: 1n });

/** All paths registered, and perhaps holding. */
function begin(options: { readonly paths?: number; readonly reserve?: number; readonly registered?: boolean } = {}) {
  const { paths = 3, reserve, registered = true } = options;
  const world = createWorld({ paths, key: registered ? K : undefined, holds: reserve !== undefined } as never);
  for (let path = 0; path < paths && registered; path++) world.through(path, 6, 0n, K);
  if (reserve !== undefined) world.through(0, 1, K, 0n, reserve);
  return world;
}

test.each<[string, Parameters<typeof begin>[0], Command<void>, string[]]>([
  ["REGISTER", { registered: false }, commands.register({ newKey: K }), ["0: 0", "1: 0", "2: 0"]],
  ["a change of key", {}, commands.register({ key: K, newKey: N }), ["0: 0", "1: 0", "2: 0"]],
  ["unregistering", {}, commands.register({ key: K, newKey: 0n }), ["0: 0", "1: 0", "2: 0"]],
  ["RESERVE", {}, commands.reserve({ key: K, type: RO }), ["0: 1"]],
  ["RELEASE", { reserve: 5 }, commands.release({ key: K, type: RO }), ["0: 2", "1: 2", "2: 2"]],
  ["CLEAR", {}, commands.clear({ key: K }), ["0: 3"]],
  ["PREEMPT", {}, commands.preempt({ key: K, victimKey: D, type: RO }), ["0: 4"]],
  ["PREEMPT AND ABORT", {}, commands.preemptAndAbort({ key: K, victimKey: D, type: RO }), ["0: 5"]],
  [
    "PREEMPT of one's own key while holding",
    { reserve: 5 },
    commands.preempt({ key: K, victimKey: K, type: RO }),
    ["0: 4", "1: 0", "2: 0"],
  ],
  [
    "PREEMPT of all registrants",
    { reserve: 8 },
    commands.preempt({ key: K, victimKey: 0n, type: AR }),
    ["0: 4", "1: 0", "2: 0"],
  ],
])("the plan of %s is what is sent, byte by byte", async (_, state, command, expected) => {
  const world = begin(state);
  world.as(BYSTANDER, 6, 0n, D);
  const plan = world.unit.plan(command).flatMap(({ sends }) => sends);
  expect(world.count).toBe(0);
  world.arm([]);
  await world.unit.perform(command);
  expect(sentTo(world)).toEqual(expected);
  expect(plan.map((send) => [send.path, send.command.cdb, send.command.dataOut])).toEqual(
    once(world).map(({ path, cdb, dataOut }) => [`path ${path}`, cdb, dataOut]),
  );
});

test("every step of a plan says why, and what follows otherwise", () => {
  const plan = begin({ reserve: 1 }).unit.plan(commands.release({ key: K, type: WE }));
  expect(plan.every(({ why }) => why.length > 10)).toBe(true);
  expect(plan.find(({ sends }) => sends.length > 0)?.otherwise).toMatch(
    /suspend the map, PREEMPT the own key .* resume/,
  );
});

test("ALL_TG_PT: one REGISTER for each initiator port, and every path has the key", async () => {
  const world = createWorld({ paths: 4, oneInitiatorPort: true });
  world.arm([]);
  await world.unit.register({ newKey: K, allTargetPorts: true });
  expect(sentTo(world)).toEqual(["0: 0"]);
  expect(world.truth().keys).toEqual([K, K, K, K]);
});

test("ALL_TG_PT from several initiator ports: one each", async () => {
  const world = createWorld({ paths: 2 });
  world.arm([]);
  await world.unit.register({ newKey: K, allTargetPorts: true });
  expect(sentTo(world)).toEqual(["0: 0", "1: 0"]);
  expect(world.truth().keys).toEqual([K, K]);
  expect(world.simulated.server.snapshot().registrations).toHaveLength(2 * 3);
});

test("SPEC_I_PT: the TransportIDs go with the first path alone, and all are registered", async () => {
  const world = createWorld({ paths: 3 });
  world.arm([]);
  await world.unit.register({ newKey: K, initiatorPorts: [initiator(`${OWN}-other`)] });
  expect(world.sent.map(({ path, dataOut }) => [path, (dataOut[20] ?? 0) & 8])).toEqual([
    [0, 8],
    [1, 0],
    [2, 0],
  ]);
  expect(world.truth().keys).toEqual([K, K, K]);
  const ports = world.simulated.server.snapshot().registrations.map(({ initiatorPort }) => initiatorPort);
  expect(ports).toContain(`${OWN}-other,i,0x000000000001`);
  // It shares the key because it was asked for, and keeps it when this host has another.
  await world.unit.register({ key: K, newKey: N });
  expect(world.truth().keys).toEqual([N, N, N]);
  expect(world.simulated.server.snapshot().registrations.map(({ key }) => key)).toEqual([
    "0xa2",
    "0xa1",
    "0xa2",
    "0xa2",
  ]);
});

test("REGISTER AND MOVE: the holder's path hands over, whichever it is", async () => {
  const world = begin();
  world.through(2, 1, K, 0n, 1);
  world.arm([]);
  const transportId = initiator(BYSTANDER);
  await world.unit.registerAndMove({ key: K, newKey: D, transportId, relativeTargetPort: 1, type: WE });
  expect(sentTo(world)).toEqual(["2: 7"]);
  expect(world.truth()).toMatchObject({ keys: [K, K, K], holder: "another", bystander: D });
});

test("REGISTER AND MOVE where the holder's path is gone: it conflicts, and nothing has changed", async () => {
  const world = begin();
  world.registerMissing(K);
  world.as("missing", 1, K, 0n, 1);
  const transportId = initiator(BYSTANDER);
  const move = world.unit.registerAndMove({ key: K, newKey: D, transportId, relativeTargetPort: 1, type: WE });
  await expect(move).rejects.toMatchObject({ code: "RESERVATION_CONFLICT" });
  expect(world.truth()).toMatchObject({ keys: [K, K, K], holder: "missing", bystander: 0n });
});

test("REPLACE LOST RESERVATION: one path starts anew, the others register", async () => {
  const world = createWorld({ paths: 3, replaceLostReservation: true });
  await world.unit.register({ newKey: K });
  world.simulated.server.loseReservations();
  world.arm([]);
  await world.unit.replaceLostReservation({ newKey: N, type: RO });
  expect(sentTo(world)).toEqual(["0: 8", "1: 0", "2: 0"]);
  expect(world.truth()).toMatchObject({ keys: [N, N, N], holder: 0, type: RO });
});

test("REPLACE LOST RESERVATION with APTPL: the paths that register after it leave that as it is", async () => {
  const world = createWorld({ paths: 3, replaceLostReservation: true });
  for (const persistThroughPowerLoss of [true, false]) {
    await world.unit.register({ newKey: K, persistThroughPowerLoss: true });
    world.simulated.server.loseReservations();
    await world.unit.replaceLostReservation({ newKey: K, type: RO, persistThroughPowerLoss });
    expect(world.truth()).toMatchObject({ keys: [K, K, K], type: RO, persistent: persistThroughPowerLoss });
  }
});

test("a key that another host takes in the middle of it: said, and that host keeps it", async () => {
  const world = createWorld({ paths: 2 });
  world.arm([]);
  world.onCommand = (count) => {
    if (count === 4) world.as(COMPETITOR, 6, 0n, N);
  };
  await expect(world.unit.register({ newKey: N })).rejects.toMatchObject({ code: "KEY_SHARED", delivered: "yes" });
  expect(world.truth().competitor).toBe(N);
});

test("PRGENERATION: others' changes are noticed, one's own are not taken for theirs", async () => {
  const calm = begin({ registered: false });
  const register = commands.register({ newKey: K });
  expect((await calm.unit.perform(register)).account.changedByOthers).toBe(false);
  const raced = begin({ registered: false });
  raced.arm([]);
  raced.onCommand = (count) => {
    if (count === 5) raced.as(BYSTANDER, 6, 0n, D);
  };
  expect((await raced.unit.perform(register)).account.changedByOthers).toBe(true);
  expect(raced.truth().keys).toEqual([K, K, K]);
});

test("a registration that nobody ever saw is pre-empted: PRGENERATION tells, and the other path does not keep its own", async () => {
  const world = createWorld({ paths: 2 });
  world.as(COMPETITOR, 6, 0n, 0xc1n);
  world.arm([[4, "lost-after-for-good"]]);
  world.onCommand = (count) => {
    if (count === 5) world.as(COMPETITOR, 4, 0xc1n, N, 5);
  };
  await expect(world.unit.register({ newKey: N })).rejects.toMatchObject({ code: "PREEMPTED_MEANWHILE" });
  expect(world.truth().keys).toEqual([0n, 0n]);
});

test("a path comes back, and while it registers another host pre-empts this one", async () => {
  const world = begin({ paths: 2 });
  world.through(1, 0, K, 0n);
  world.as(COMPETITOR, 6, 0n, 0xc1n);
  world.arm([]);
  let done = false;
  world.onCommand = () => {
    if (done || world.sent.length === 0) return;
    done = true;
    world.as(COMPETITOR, 4, 0xc1n, K, 5);
  };
  await expect(world.unit.pathReturned("path 1")).rejects.toMatchObject({ code: "PREEMPTED_MEANWHILE" });
  expect(world.truth().keys).toEqual([0n, 0n]);
});

test("a change of key that fails half-way: who comes back is registered as the target has it, and not wiped", async () => {
  const world = begin({ paths: 3 });
  world.kill(2);
  world.arm([[5, "busy-for-good"]]);
  const changed = await world.unit.register({ key: K, newKey: N }).then(
    () => true,
    () => false,
  );
  world.revive(2);
  await expect(world.unit.pathReturned("path 2")).resolves.toBe("registered");
  expect(world.truth().keys[2]).not.toBe(0n);
  expect(changed).toBe(false);
});

/** A unit of several paths on which nothing goes wrong, and what goes wrong once. */
import { expect, test } from "vitest";
import { BYSTANDER, COMPETITOR, createWorld, D, K, N } from "./world.ts";

test("register reaches every path, and the account says so", async () => {
  const world = createWorld({ paths: 3 });
  await world.unit.register({ newKey: K });
  expect(world.truth().keys).toEqual([K, K, K]);
  const { account } = await world.unit.perform((await import("../../src/index.ts")).commands.readKeys());
  expect(account.paths).toHaveLength(3);
});

test("reserve, release, unregister", async () => {
  const world = createWorld({ paths: 2 });
  await world.unit.register({ newKey: K });
  await world.unit.reserve({ key: K, type: "write-exclusive-registrants-only" });
  expect(world.truth()).toMatchObject({ holder: 0, type: "write-exclusive-registrants-only" });
  await world.unit.release({ key: K, type: "write-exclusive-registrants-only" });
  expect(world.truth().holder).toBeUndefined();
  await world.unit.register({ key: K, newKey: 0n });
  expect(world.truth().keys).toEqual([0n, 0n]);
});

test("a key change with a path missing removes the old key from it", async () => {
  const world = createWorld({ paths: 3 });
  await world.unit.register({ newKey: K });
  await world.unit.reserve({ key: K, type: "write-exclusive-registrants-only" });
  world.kill(0);
  await world.unit.register({ key: K, newKey: N });
  expect(world.truth()).toMatchObject({ keys: [0n, N, N], holder: 1, type: "write-exclusive-registrants-only" });
});

test("the holder's path gone at RELEASE: the others keep their registrations", async () => {
  const world = createWorld({ paths: 3 });
  await world.unit.register({ newKey: K });
  await world.unit.reserve({ key: K, type: "write-exclusive" });
  world.kill(0);
  world.arm([]);
  await world.unit.release({ key: K, type: "write-exclusive" });
  expect(world.truth()).toMatchObject({ keys: [0n, K, K], holder: undefined });
  expect(world.violations).toEqual([]);
  expect(world.suspended).toBe(false);
});

test("a key that another host uses is refused before anything is sent", async () => {
  const world = createWorld({ paths: 2 });
  world.as(BYSTANDER, 6, 0n, K);
  await expect(world.unit.register({ newKey: K })).rejects.toMatchObject({ code: "KEY_SHARED", delivered: "no" });
  expect(world.truth().keys).toEqual([0n, 0n]);
});

test("all registrants with key 0: everybody else goes, this host's paths stay", async () => {
  const world = createWorld({ paths: 3 });
  await world.unit.register({ newKey: K });
  world.as(BYSTANDER, 6, 0n, D);
  await world.unit.reserve({ key: K, type: "write-exclusive-all-registrants" });
  world.arm([]);
  await world.unit.preempt({ key: K, victimKey: 0n, type: "write-exclusive-all-registrants" });
  expect(world.truth()).toMatchObject({ keys: [K, K, K], bystander: 0n, holder: "all-registrants" });
  expect(world.violations).toEqual([]);
});

test("a path that comes back is registered; one of a fenced host is wiped", async () => {
  const world = createWorld({ paths: 2 });
  world.kill(1);
  await world.unit.register({ newKey: K });
  expect(world.truth().keys).toEqual([K, 0n]);
  world.revive(1);
  await expect(world.unit.pathReturned("path 1")).resolves.toBe("registered");
  expect(world.truth().keys).toEqual([K, K]);
  world.as(COMPETITOR, 6, 0n, 0xccn);
  world.as(COMPETITOR, 4, 0xccn, K, 5);
  expect(world.truth().keys).toEqual([0n, 0n]);
  await expect(world.unit.pathReturned("path 1")).resolves.toBe("not-registered");
  expect(world.truth().keys).toEqual([0n, 0n]);
});

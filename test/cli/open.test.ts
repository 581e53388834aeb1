/** open(): from URLs to logical units. */
import { expect, test } from "vitest";
import { noRetries } from "../../src/index.ts";
import { discover, open } from "../../transports/index.ts";

test("a sim: URL; the same name is the same unit", async () => {
  await using a = await open("sim:open-test?initiator=iqn.2026-01.test:a");
  await using b = await open("sim:open-test?initiator=iqn.2026-01.test:b");
  await a.register({ newKey: 0xan });
  expect((await b.readKeys()).keys).toEqual([0xan]);
});

test("options become the unit's defaults", async () => {
  const seen: string[] = [];
  await using unit = await open("sim:open-defaults", {
    retry: noRetries,
    initiatorName: "iqn.2026-01.test:me",
    observer: (attempt) => seen.push(attempt.command),
  });
  await unit.readKeys();
  expect(seen).toEqual(["READ KEYS"]);
  expect(unit.transport.initiatorPort).toMatchObject({ protocol: "iscsi", name: "iqn.2026-01.test:me" });
});

test("options that are wrong reject", async () => {
  await expect(open("sim:open-wrong", { timeoutMs: -1 })).rejects.toThrow(RangeError);
});

test.each(["fc://x", "disk", "", "constructor:x"])("%j is no URL that can be opened", async (url) => {
  await expect(open(url)).rejects.toThrow(TypeError);
});

test("a device that is not there", async () => {
  await expect(open("/dev/no-such-device")).rejects.toMatchObject({ code: "TARGET_NOT_FOUND", delivered: "no" });
});

test("a device of this machine is no other initiator", async () => {
  await expect(open("/dev/sg0", { initiatorName: "iqn.2026-01.test:me" })).rejects.toThrow(TypeError);
});

test("nobody listens: CONNECTION_FAILED, and certainly not executed", async () => {
  const refused = { code: "CONNECTION_FAILED", delivered: "no" };
  await expect(open("iscsi://127.0.0.1:1/iqn.2026-01.test:disk/0")).rejects.toMatchObject(refused);
  await expect(discover("iscsi://127.0.0.1:1")).rejects.toMatchObject(refused);
});

test("the environment given is the one that counts", async () => {
  const env = { LIBISCSI_CHAP_USERNAME: "user" };
  await expect(open("iscsi://127.0.0.1:1/iqn.2026-01.test:disk/0", { env })).rejects.toThrow(/no password/);
});

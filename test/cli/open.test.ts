/** open(): from URLs to logical units. */
import { describe, expect, test } from "vitest";
import { noRetries } from "../../src/index.ts";
import { discover, open } from "../../transports/index.ts";
import { serve } from "../../transports/serve.ts";
import { cli } from "./harness.ts";

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

describe("a URL that leads to nothing says where to look", () => {
  test("no such target at the portal, no such LUN at the target, no such device", async () => {
    await using served = await serve({ portal: { port: 0 }, targets: [{ name: "iqn.2026-01.test:disk" }] });
    const portal = `iscsi://127.0.0.1:${served.portals[0]?.port}`;
    const noTarget = await cli(`status ${portal}/iqn.2026-01.test:other/0`);
    expect([noTarget.exit, noTarget.err]).toEqual([
      15,
      expect.stringContaining(`  List: scsi-persist discover ${portal}\n`),
    ]);
    const noLun = await cli(`status ${portal}/iqn.2026-01.test:disk/7`);
    expect(noLun.exit).toBe(5);
    expect(noLun.err).toContain(`  List: scsi-persist luns ${portal}/iqn.2026-01.test:disk\n`);
    expect((await cli(`luns ${portal}/iqn.2026-01.test:disk`)).exit).toBe(0);
    expect((await cli(`status ${portal}`)).err).toContain(`  List: scsi-persist discover ${portal}\n`);
    expect((await cli(`status ${portal}/iqn.2026-01.test:disk`)).err).toContain(
      `  List: scsi-persist luns ${portal}/iqn.2026-01.test:disk\n`,
    );
    const noDevice = await cli("status /dev/scsi-persist-nothing");
    expect([noDevice.exit, noDevice.err]).toEqual([15, expect.stringContaining("  List: scsi-persist list\n")]);
  });

  test("as the initiator that was asked for, and without the password", async () => {
    await using served = await serve({ portal: { port: 0 }, targets: [{ name: "iqn.2026-01.test:disk" }] });
    const port = served.portals[0]?.port;
    const { err } = await cli(
      `status iscsi://user%secretsecret@127.0.0.1:${port}/iqn.2026-01.test:no/0 --initiator iqn.2026-01.test:me`,
    );
    expect(err).toContain(" --initiator iqn.2026-01.test:me\n");
    expect(err).not.toContain("secretsecret");
  });
});

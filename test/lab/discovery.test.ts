/** Discovery on a real sysfs: units, paths, identity, one's own port in READ FULL STATUS, and opening by every kind of name. */
import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { createLogicalUnit, type LogicalUnit } from "../../src/index.ts";
import { open } from "../../transports/open.ts";
import { listDevices, type ScsiUnit } from "../../transports/sg/index.ts";
import { attentions, clean, connect, mapping, type Nexus, run, unitAt, units } from "./units.ts";

const unitOf = async ({ address }: Nexus): Promise<ScsiUnit> => {
  const found = (await listDevices()).find(({ paths }) => paths.some((path) => path.address === address));
  if (found === undefined) throw new Error(`${address} is not listed`);
  return found;
};

test("the three paths of a disk are one unit, with nodes and size", async () => {
  const unit = await unitOf(units.B);
  expect(unit).toMatchObject({ type: "disk", vendor: "LIO-ORG", sizeBytes: 8 * 1024 * 1024, multipath: undefined });
  expect(unit.identity).toMatch(/^naa\.6001405[0-9a-f]{25}$/);
  expect(unit.paths.map(({ address, state, nodes }) => [address, state, nodes.node, nodes.sg])).toEqual(
    [units.A1, units.A2, units.B].map(({ address, sd, sg }) => [address, "running", sd, sg]),
  );
  expect(unit.paths.every(({ nodes, address }) => nodes.bsg === `/dev/bsg/${address}`)).toBe(true);
});

test("a multipath mapping is named", async () => {
  expect((await unitOf(units.MULTI_1)).multipath).toEqual({ name: mapping.split("/").at(-1), node: mapping });
});

test("over iSCSI one's own port is that of READ FULL STATUS", async () => {
  const unit = await unitAt(units.ISCSI_A.sd);
  await clean(unit);
  await unit.register({ newKey: 0x77n });
  const { registrations } = await unit.readFullStatus();
  const path = (await unitOf(units.ISCSI_A)).paths.find(({ address }) => address === units.ISCSI_A.address);
  expect(path).toMatchObject({ protocol: "iscsi", targetPort: "iqn.2026-11.lab:disk" });
  expect(registrations.map(({ transportId }) => transportId)).toEqual([path?.initiatorPort]);
  expect(unit.transport.initiatorPort).toEqual(path?.initiatorPort);
  await unit.clear({ key: 0x77n });
  await unit[Symbol.asyncDispose]();
});

test("a unit is opened by its identity in each notation, by udev's link, by its bsg node", async () => {
  const { identity } = await unitOf(units.ISCSI_A);
  const digits = (identity as string).replace("naa.", "");
  const links = (await readdir("/dev/disk/by-id").catch(() => [])).filter((name) => name.includes(digits));
  const names = [
    identity as string,
    `wwn-0x${digits}`,
    `3${digits}`,
    ...links.map((name) => `/dev/disk/by-id/${name}`),
    `/dev/bsg/${units.ISCSI_A.address}`,
  ];
  expect(names.length, `links: ${links}`).toBeGreaterThan(4);
  for (const name of names) {
    const unit: LogicalUnit = await open(name);
    await attentions(unit);
    expect((await unit.unitSerialNumber()).serialNumber).toBe("scsipersistlab03");
    await unit[Symbol.asyncDispose]();
  }
  await expect(open("naa.5000000000000000")).rejects.toMatchObject({ code: "TARGET_NOT_FOUND" });
});

test.each([
  [1, "tape"],
  [8, "changer"],
] as const)("a device of type %i is a %s, with its own node, and takes commands there", async (code, type) => {
  const host = await run("modprobe", "-a", "st", "ch");
  expect(host.exit).toBe(0);
  await run("sh", "-c", `echo ${code} >/sys/bus/pseudo/drivers/scsi_debug/ptype`);
  await run("sh", "-c", "echo 1 >/sys/bus/pseudo/drivers/scsi_debug/add_host");
  try {
    const listed = async () => (await listDevices()).find((unit) => unit.type === type && unit.paths[0]?.nodes.sg);
    await expect.poll(listed, { timeout: 20_000 }).toBeDefined();
    const nodes = (await listed())?.paths[0]?.nodes;
    const node = type === "tape" ? nodes?.node : nodes?.sg;
    await run("udevadm", "settle");
    const unit = createLogicalUnit(await connect(node as string));
    expect((await unit.inquiry()).peripheralDeviceType).toBe(code);
    // Sent, and unknown to scsi_debug: the tape driver's node is open only once.
    await attentions(unit).catch(() => undefined);
    await expect(unit.register({ newKey: 1n })).rejects.toMatchObject({ code: "ILLEGAL_REQUEST", delivered: "yes" });
    await unit[Symbol.asyncDispose]();
  } finally {
    await run("sh", "-c", "echo -1 >/sys/bus/pseudo/drivers/scsi_debug/add_host");
    await run("sh", "-c", "echo 0 >/sys/bus/pseudo/drivers/scsi_debug/ptype");
  }
});

/** Discovery over a tree like sysfs, built here: two iSCSI paths to a disk under multipath, a SAS library, a Fibre Channel disk, odd ones. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blockNodeByIdentity, listDevices, nodeByIdentity, type ScsiUnit } from "../../transports/sg/discovery.ts";
import { isIdentity } from "../../transports/sg/identity.ts";

let root: string;
const file = async (path: string, content: string | Uint8Array): Promise<void> => {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), typeof content === "string" ? `${content}\n` : content);
};
const folder = (path: string) => mkdir(join(root, path), { recursive: true });
async function link(path: string, to: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await symlink(relative(dirname(join(root, path)), join(root, to)), join(root, path));
}

/** VPD page 83h with these designators: association, type, code set, bytes. */
function page83(...designators: (readonly [number, number, number, readonly number[]])[]): Uint8Array {
  const list = designators.flatMap(([association, type, codeSet, bytes]) => [
    codeSet,
    (association << 4) | type,
    0,
    bytes.length,
    ...bytes,
  ]);
  return Uint8Array.from([0, 0x83, list.length >> 8, list.length & 0xff, ...list]);
}
const text = (characters: string): number[] => Array.from(characters, (character) => character.charCodeAt(0));
const naa = (hex: string): readonly [number, number, number, number[]] => [
  0,
  3,
  1,
  (hex.match(/../g) as string[]).map((pair) => Number.parseInt(pair, 16)),
];

/** A SCSI device of the kernel, with what every one has. */
async function device(path: string, type: number, names: string[], nodes: Record<string, string>): Promise<void> {
  const [vendor, model, rev] = names as [string, string, string];
  for (const [name, value] of Object.entries({ type: String(type), vendor, model, rev, state: "running" })) {
    await file(`sys/${path}/${name}`, value);
  }
  for (const [kind, node] of Object.entries(nodes)) await folder(`sys/${path}/${kind}/${node}`);
  const address = path.slice(path.lastIndexOf("/") + 1);
  await link(`sys/class/scsi_device/${address}/device`, `sys/${path}`);
}

const DISK = "60014051234567890123456789abcdef";

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "scsi-persist-sysfs-"));
  for (const [host, session, sd] of [
    [10, 7, "sdk"],
    [2, 1, "sdb"],
  ] as const) {
    const path = `devices/platform/host${host}/session${session}/target${host}:0:0/${host}:0:0:1`;
    await device(path, 0, ["LIO-ORG ", "disk            ", "4.0 "], {
      block: sd,
      scsi_generic: `sg${host}`,
      bsg: `${host}:0:0:1`,
    });
    await file(`sys/${path}/vpd_pg83`, page83([0, 1, 2, text("LIO-ORG disk")], naa(DISK), [1, 4, 1, [0, 0, 0, 1]]));
    await file(`sys/${path}/block/${sd}/size`, "2097152");
    await file(`sys/${path}/block/${sd}/holders/dm-0/dm/uuid`, `mpath-3${DISK}`);
    await file(`sys/${path}/block/${sd}/holders/dm-0/dm/name`, "mpatha");
    const described = `sys/devices/platform/host${host}/session${session}/iscsi_session/session${session}`;
    await file(`${described}/initiatorname`, "iqn.2026-11.test:host");
    await file(`${described}/targetname`, "iqn.2026-11.test:disk");
    // An adapter that logs in by itself tells the ISID; for iscsid it follows from the session.
    if (session === 7) await file(`${described}/isid`, "00023d0a0b0c");
    await file(`dev/${sd}`, "");
  }
  await link(`dev/disk/by-id/wwn-0x${DISK}`, "dev/dm-0");
  await link(`dev/disk/by-id/wwn-0x${DISK}-part1`, "dev/dm-1");
  await symlink(dev("sdb"), join(root, `dev/disk/by-id/absolute`));
  await link("dev/disk/by-path/ip-192.0.2.1", "dev/sdk");

  const sas = "devices/pci0000:00/host4/port-4:0/end_device-4:0/target4:0:0";
  await file("sys/devices/pci0000:00/host4/phy-4:0/sas_phy/phy-4:0/sas_address", "0x500605b000000001");
  await file(
    "sys/devices/pci0000:00/host4/port-4:0/end_device-4:0/sas_device/end_device-4:0/sas_address",
    "0x5000e11100000001",
  );
  await device(`${sas}/4:0:0:0`, 1, ["IBM", "ULT3580", "J4D4"], { scsi_tape: "st0", scsi_generic: "sg4" });
  await folder(`sys/${sas}/4:0:0:0/scsi_tape/nst0`);
  await folder(`sys/${sas}/4:0:0:0/scsi_tape/nst0a`);
  await folder(`sys/${sas}/4:0:0:0/scsi_tape/st0a`);
  await file(`sys/${sas}/4:0:0:0/vpd_pg83`, page83(naa("5000e11100000002")));
  await device(`${sas}/4:0:0:1`, 8, ["STK", "SL150", "0350"], { scsi_changer: "sch0", scsi_generic: "sg5" });
  await file(`sys/${sas}/4:0:0:1/wwid`, "naa.5000e11100000003");

  const fc = "devices/pci0000:01/host5/rport-5:0-1/target5:0:1";
  await file("sys/devices/pci0000:01/host5/fc_host/host5/port_name", "0x10000000c9000001");
  await file(`sys/${fc}/fc_transport/target5:0:1/port_name`, "0x50001fe100000001");
  await device(`${fc}/5:0:1:0`, 0, ["HP", "HSV", "1"], { block: "sdc" });
  await file(`sys/${fc}/5:0:1:0/state`, "offline");
  // A page that says it is longer than it is.
  await file(`sys/${fc}/5:0:1:0/vpd_pg83`, Uint8Array.of(0, 0x83, 0, 40, 1, 3, 0, 8));
  await file(`sys/${fc}/5:0:1:0/wwid`, "naa.50001fe100000009");

  // A library whose changer has the identity of its drive; and two disks that say only zeros and spaces.
  await device(`${sas}/4:0:0:2`, 8, ["STK", "SL150", "0350"], {});
  await file(`sys/${sas}/4:0:0:2/vpd_pg83`, page83(naa("5000e11100000002")));
  for (const lun of [3, 4]) {
    await device(`${sas}/4:0:0:${lun}`, 0, ["X", "NAMELESS", "1"], {});
    await file(
      `sys/${sas}/4:0:0:${lun}/vpd_pg83`,
      page83(naa("0000000000000000"), [0, 1, 2, text("        ")], [0, 2, 1, []]),
    );
    await file(`sys/${sas}/4:0:0:${lun}/wwid`, "naa.0000000000000000");
  }

  // Two that do not say who they are, and an enclosure, which is none of ours.
  for (const host of [6, 7]) {
    await file(`sys/devices/host${host}/scsi_host/host${host}/proc_name`, "virtio_scsi");
    await device(`devices/host${host}/target${host}:0:0/${host}:0:0:0`, 0, ["QEMU", "HARDDISK", "2.5+"], {});
  }
  await device("devices/host8/target8:0:0/8:0:0:0", 13, ["X", "SES", "1"], {});
  // One that has gone while it was looked at.
  await link("sys/class/scsi_device/9:0:0:0/device", "sys/devices/gone");
});
afterAll(() => rm(root, { recursive: true, force: true }));

const where = () => ({ sysfs: join(root, "sys"), dev: join(root, "dev") });
const dev = (name: string): string => join(root, "dev", name);

describe("listDevices", () => {
  let units: ScsiUnit[];
  beforeAll(async () => {
    units = await listDevices(where());
  });

  test("lists disks, tapes and changers in order, and nothing else", () => {
    expect(units.map(({ type, paths }) => [type, paths[0]?.address])).toEqual([
      ["disk", "2:0:0:1"],
      ["tape", "4:0:0:0"],
      ["changer", "4:0:0:1"],
      ["changer", "4:0:0:2"],
      ["disk", "4:0:0:3"],
      ["disk", "4:0:0:4"],
      ["disk", "5:0:1:0"],
      ["disk", "6:0:0:0"],
      ["disk", "7:0:0:0"],
    ]);
  });

  test("groups the paths of one unit, with nodes, ports and mapping", () => {
    expect(units[0]).toEqual({
      type: "disk",
      vendor: "LIO-ORG",
      model: "disk",
      revision: "4.0",
      identity: `naa.${DISK}`,
      sizeBytes: 2 ** 30,
      multipath: { name: "mpatha", node: dev("mapper/mpatha") },
      links: [dev("disk/by-id/absolute"), dev(`disk/by-id/wwn-0x${DISK}`), dev("disk/by-path/ip-192.0.2.1")],
      paths: [
        {
          address: "2:0:0:1",
          state: "running",
          nodes: { node: dev("sdb"), sg: dev("sg2"), bsg: dev("bsg/2:0:0:1") },
          protocol: "iscsi",
          initiatorPort: { protocol: "iscsi", name: "iqn.2026-11.test:host", isid: 0x0002_3d00_0001n },
          targetPort: "iqn.2026-11.test:disk",
        },
        {
          address: "10:0:0:1",
          state: "running",
          nodes: { node: dev("sdk"), sg: dev("sg10"), bsg: dev("bsg/10:0:0:1") },
          protocol: "iscsi",
          initiatorPort: { protocol: "iscsi", name: "iqn.2026-11.test:host", isid: 0x0002_3d0a_0b0cn },
          targetPort: "iqn.2026-11.test:disk",
        },
      ],
    });
  });

  test("knows a tape's and a changer's own nodes, and SAS ports", () => {
    const sas = {
      protocol: "sas",
      initiatorPort: { protocol: "sas", address: 0x5006_05b0_0000_0001n },
      targetPort: "0x5000e11100000001",
    };
    expect(units[1]).toMatchObject({ identity: "naa.5000e11100000002", sizeBytes: undefined });
    expect(units[1]?.paths).toMatchObject([{ nodes: { node: dev("nst0"), sg: dev("sg4") }, ...sas }]);
    expect(units[2]).toMatchObject({ vendor: "STK", model: "SL150", identity: "naa.5000e11100000003" });
    expect(units[2]?.paths).toMatchObject([{ nodes: { node: dev("sch0"), sg: dev("sg5") }, ...sas }]);
  });

  test("knows Fibre Channel ports, and does not trust a page that makes no sense", () => {
    expect(units[6]).toMatchObject({ identity: "naa.50001fe100000009" });
    expect(units[6]?.paths).toMatchObject([
      {
        state: "offline",
        nodes: { node: dev("sdc") },
        protocol: "fcp",
        initiatorPort: { protocol: "fcp", portName: 0x1000_0000_c900_0001n },
        targetPort: "0x50001fe100000001",
      },
    ]);
  });

  test("keeps apart a changer and a drive of one name, and disks whose names say nothing", () => {
    expect(units.slice(3, 6).map(({ identity, paths }) => [identity, paths.length])).toEqual([
      ["naa.5000e11100000002", 1],
      [undefined, 1],
      [undefined, 1],
    ]);
  });

  test("keeps apart those that do not say who they are, and names the driver", () => {
    for (const unit of units.slice(7)) {
      expect(unit.identity).toBeUndefined();
      expect(unit.paths).toMatchObject([{ protocol: "virtio_scsi", initiatorPort: undefined, nodes: {} }]);
    }
  });

  test("is empty where there is no sysfs", async () => {
    expect(await listDevices({ sysfs: join(root, "nowhere"), dev: join(root, "nowhere") })).toEqual([]);
  });
});

describe("nodeByIdentity", () => {
  test.each([
    `naa.${DISK}`,
    `wwn-0x${DISK}`,
    `3${DISK}`,
    `0x${DISK.toUpperCase()}`,
    `scsi-3${DISK}`,
    `dm-uuid-mpath-3${DISK}`,
  ])("understands %s", async (identity) => {
    expect(isIdentity(identity)).toBe(true);
    expect(await nodeByIdentity(identity, where())).toBe(dev("sg2"));
  });

  test("takes the unit's own node where there is no sg node", async () => {
    expect(await nodeByIdentity("naa.50001fe100000009", where())).toBe(dev("sdc"));
  });

  test("for the block layer's calls it is the mapping, or the disk: an sg node takes none of them", async () => {
    expect(await blockNodeByIdentity(`naa.${DISK}`, where())).toBe(dev("mapper/mpatha"));
    expect(await blockNodeByIdentity("naa.50001fe100000009", where())).toBe(dev("sdc"));
    expect(await blockNodeByIdentity("naa.5000000000000000", where())).toBeUndefined();
  });

  test.each(["eui.0011223344556677889900aa", "uuid.12345678-9abc-def0-1234-56789abcdef0", "t10.ACME    disk 1"])(
    "%s, which discovery may tell, is an identity",
    (identity) => {
      expect(isIdentity(identity)).toBe(true);
    },
  );

  test("knows when there is no such unit", async () => {
    expect(await nodeByIdentity("naa.5000000000000000", where())).toBeUndefined();
  });

  test.each([
    "sg0",
    "/dev/sg0",
    "sim:disk",
    "t10.",
    "scsi-debug",
    "iscsi://192.0.2.1/iqn.2026-11.test:disk/1",
    "",
    "naa.5000",
  ])("%s is no identity", (word) => {
    expect(isIdentity(word)).toBe(false);
  });
});

test("no sysfs: no devices; one that cannot be read is an error, and not a machine without devices", async () => {
  expect(await listDevices({ sysfs: join(root, "nowhere"), dev: join(root, "dev") })).toEqual([]);
  await mkdir(join(root, "unreadable/class"), { recursive: true });
  await symlink("scsi_device", join(root, "unreadable/class/scsi_device"));
  await expect(listDevices({ sysfs: join(root, "unreadable"), dev: join(root, "dev") })).rejects.toMatchObject({
    code: "CONNECTION_FAILED",
    delivered: "no",
    message: expect.stringContaining("Cannot list the devices"),
  });
});

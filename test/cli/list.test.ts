/** `list`: units with their paths, for people and as JSON. */
import { expect, test } from "vitest";
import type { ScsiUnit } from "../../transports/sg/discovery.ts";
import { cli } from "./harness.ts";

const units: ScsiUnit[] = [
  {
    type: "disk",
    vendor: "LIO-ORG",
    model: "disk",
    revision: "4.0",
    identity: "naa.60014051234567890123456789abcdef",
    sizeBytes: 1.5 * 2 ** 40,
    multipath: { name: "mpatha", node: "/dev/mapper/mpatha" },
    links: ["/dev/disk/by-id/wwn-0x60014051234567890123456789abcdef"],
    paths: [
      {
        address: "2:0:0:1",
        state: "running",
        nodes: { node: "/dev/sdb", sg: "/dev/sg2", bsg: "/dev/bsg/2:0:0:1" },
        protocol: "iscsi",
        initiatorPort: { protocol: "iscsi", name: "iqn.2026-11.test:host", isid: 0x0002_3d00_0001n },
        targetPort: "iqn.2026-11.test:disk",
      },
      {
        address: "10:0:0:1",
        state: "offline",
        nodes: { node: "/dev/sdk", sg: "/dev/sg10" },
        protocol: "iscsi",
        initiatorPort: undefined,
        targetPort: "iqn.2026-11.test:disk",
      },
    ],
  },
  {
    type: "changer",
    vendor: "STK",
    model: "SL\u001b[2J150",
    revision: "",
    identity: undefined,
    sizeBytes: undefined,
    multipath: undefined,
    links: [],
    paths: [
      {
        address: "4:0:0:1",
        state: undefined,
        nodes: {},
        protocol: "mpt3sas",
        initiatorPort: undefined,
        targetPort: undefined,
      },
    ],
  },
];
const world = { listDevices: async () => units };

test("units with their paths stand beneath each other; what devices say cannot steer a terminal", async () => {
  const { exit, out, err } = await cli("list", world);
  expect([exit, err]).toEqual([0, ""]);
  expect(out).toBe(`2 units

  naa.60014051234567890123456789abcdef  disk, LIO-ORG disk 4.0, 1.5 TiB, /dev/mapper/mpatha
    2:0:0:1   /dev/sdb  /dev/sg2   running  iscsi, iqn.2026-11.test:host,i,0x00023d000001 to iqn.2026-11.test:disk
    10:0:0:1  /dev/sdk  /dev/sg10  offline  iscsi, iqn.2026-11.test:disk

  (no identity)  changer, STK SL?[2J150
    4:0:0:1      running  mpt3sas
`);
});

test("as JSON, with everything that is known and null for the rest", async () => {
  const { json } = await cli("list --json", world);
  expect(json).toMatchObject({ verb: "list", unit: null, ok: true });
  expect(json.result.units).toHaveLength(2);
  expect(json.result.units[0]).toMatchObject({
    type: "disk",
    identity: "naa.60014051234567890123456789abcdef",
    sizeBytes: 1.5 * 2 ** 40,
    multipath: { name: "mpatha", node: "/dev/mapper/mpatha" },
  });
  expect(json.result.units[0].paths[0]).toEqual({
    address: "2:0:0:1",
    state: "running",
    node: "/dev/sdb",
    sg: "/dev/sg2",
    bsg: "/dev/bsg/2:0:0:1",
    protocol: "iscsi",
    initiatorPort: "iqn.2026-11.test:host,i,0x00023d000001",
    targetPort: "iqn.2026-11.test:disk",
  });
  expect(json.result.units[1]).toEqual({
    type: "changer",
    vendor: "STK",
    model: "SL\u001b[2J150",
    revision: "",
    identity: null,
    sizeBytes: null,
    multipath: null,
    links: [],
    paths: [
      {
        address: "4:0:0:1",
        state: null,
        node: null,
        sg: null,
        bsg: null,
        protocol: "mpt3sas",
        initiatorPort: null,
        targetPort: null,
      },
    ],
  });
});

test("a machine without SCSI has none", async () => {
  const { exit, out } = await cli("list", { listDevices: async () => [] });
  expect(exit).toBe(0);
  expect(out).toMatch(/^0 units\n\n {2}The kernel knows no SCSI disk, tape or changer here/);
});

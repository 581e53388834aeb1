/** Targets by name, units by LUN, and sim: URLs. */
import { describe, expect, it } from "vitest";
import {
  createDeviceServer,
  createSimulatedHost,
  createSimulatedTarget,
  openSimulated,
  simulatedHost,
} from "../../transports/simulated/index.ts";

const reserve6 = { cdb: Uint8Array.of(0x16, 0, 0, 0, 0, 0), dataInLength: 0 };
const testUnitReady = { cdb: new Uint8Array(6), dataInLength: 0 };
const readCapacity10 = { cdb: Uint8Array.of(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), dataInLength: 8 };
const reportLuns = { cdb: Uint8Array.of(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0), dataInLength: 255 };
const CONFLICT = 0x18;

const A = "initiator=iqn.2026-01.com.example:a";
const B = "initiator=iqn.2026-01.com.example:b";

describe("openSimulated", () => {
  it("lets two initiators meet at the same name", async () => {
    const host = createSimulatedHost();
    const a = openSimulated(`sim:disk?${A}`, { host });
    const b = openSimulated(`sim:disk?${B}`, { host });
    const again = openSimulated(`sim:disk/0?${A}`, { host });
    const elsewhere = openSimulated(`sim:other?${B}`, { host });
    await a.execute(reserve6);
    expect((await b.execute(testUnitReady)).status).toBe(CONFLICT);
    expect((await again.execute(testUnitReady)).status).toBe(0);
    expect((await elsewhere.execute(testUnitReady)).status).toBe(0);
    expect((await openSimulated(`sim:disk/1?${B}`, { host }).execute(testUnitReady)).status).toBe(0);
  });

  it("looks names up in the process's host unless told otherwise", async () => {
    const name = "only-of-this-test";
    await openSimulated(`sim:${name}?${A}`).execute(reserve6);
    expect((await openSimulated(`sim:${name}?${B}`).execute(testUnitReady)).status).toBe(CONFLICT);
    const apart = openSimulated(`sim:${name}?${B}`, { host: createSimulatedHost() });
    expect((await apart.execute(testUnitReady)).status).toBe(0);
    simulatedHost.clear();
    expect((await openSimulated(`sim:${name}?${B}`).execute(testUnitReady)).status).toBe(0);
  });

  it("takes the initiator from the URL, else from the options, else its own", () => {
    const host = createSimulatedHost();
    const name = "iqn.2026-01.com.example:x";
    const portOf = (url: string, options = {}) => openSimulated(url, { host, ...options }).initiatorPort;
    expect(portOf("sim:disk")).toEqual({
      protocol: "iscsi",
      name: "iqn.2026-01.io.github.scsi-persist:simulated",
      isid: 0x8000_0000_0000n,
    });
    expect(portOf("sim:disk", { initiatorName: name })).toEqual({ protocol: "iscsi", name, isid: 0x8000_0000_0000n });
    expect(portOf("sim:disk", { initiatorPort: `${name},i,0x5` })).toEqual({ protocol: "iscsi", name, isid: 5n });
    expect(portOf("sim:disk?initiator=sas,5000c50000000001", { initiatorName: name })).toEqual({
      protocol: "sas",
      address: 0x5000c50000000001n,
    });
  });

  it("makes a unit as large as the URL says, and refuses to say otherwise later", async () => {
    const host = createSimulatedHost();
    const transport = openSimulated("sim:big?blocks=4294967296&block-size=4096", { host });
    const { dataIn } = await transport.execute(readCapacity10);
    expect([...dataIn]).toEqual([0xff, 0xff, 0xff, 0xff, 0, 0, 0x10, 0]);
    expect(openSimulated("sim:big?block-size=4096", { host }).name).toContain("sim:big/0");
    expect(() => openSimulated("sim:big?blocks=5", { host })).toThrow(RangeError);
    expect(() => openSimulated("sim:big?block-size=512", { host })).toThrow(RangeError);
  });

  it("knows the target ports of a target that was made before", () => {
    const host = createSimulatedHost();
    host.target("two", { targetPorts: [1, 2] });
    expect(openSimulated("sim:two?port=2", { host }).name).toMatch(/port=2$/);
    expect(() => openSimulated("sim:two?port=3", { host })).toThrow(RangeError);
  });

  it("reads percent-encoded names", async () => {
    const host = createSimulatedHost();
    openSimulated("sim:my%20disk%2F1", { host });
    expect(host.target("my disk/1").luns()).toEqual([0]);
  });

  it.each(["sim:", "sim:/0", "sim:a/b/c", "iscsi://h/t/0", "sim:disk#x", ""])("%j is not its URL", (url) => {
    expect(() => openSimulated(url, { host: createSimulatedHost() })).toThrow(TypeError);
  });

  it.each([
    "sim:disk/x",
    "sim:disk/256",
    "sim:disk/-1",
    "sim:disk?blocks=0",
    "sim:disk?blocks=1e3",
    "sim:disk?block-size=500",
    "sim:disk?initiator=nobody",
    "sim:disk?bloks=1",
  ])("%j has a part that cannot be", (url) => {
    expect(() => openSimulated(url, { host: createSimulatedHost() })).toThrow(RangeError);
  });
});

describe("createSimulatedTarget", () => {
  it("lists the units that have been asked for", async () => {
    const target = createSimulatedTarget();
    const transport = target.unit(5).nexus({ initiatorPort: "iqn.2026-01.com.example:a" });
    target.unit(2);
    const { dataIn } = await transport.execute(reportLuns);
    expect([...dataIn]).toEqual([0, 0, 0, 16, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0]);
    expect(target.unit(5)).toBe(target.unit(5));
  });

  it("gives each unit a serial number of its own", async () => {
    const target = createSimulatedTarget({ name: "päck" });
    const serial = async (lun: number) => {
      const transport = target.unit(lun).nexus({ initiatorPort: "iqn.2026-01.com.example:a" });
      const page80 = { cdb: Uint8Array.of(0x12, 1, 0x80, 0, 255, 0), dataInLength: 255 };
      return new TextDecoder().decode((await transport.execute(page80)).dataIn.subarray(4));
    };
    expect([await serial(0), await serial(1)]).toEqual(["p_ck-0", "p_ck-1"]);
  });

  it("makes units like the target, unless they are told to be different", () => {
    const target = createSimulatedTarget({ blocks: 10, blockSize: 1024 });
    const sizes = (lun: number, options = {}) => {
      const { blocks, blockSize } = target.unit(lun, options).server;
      return [blocks, blockSize];
    };
    expect(sizes(0)).toEqual([10, 1024]);
    expect(sizes(1, { blocks: 20 })).toEqual([20, 1024]);
    expect(sizes(0, { blocks: 30 })).toEqual([10, 1024]);
    expect(sizes(2, { blocks: undefined })).toEqual([10, 1024]);
  });
});

describe("createDeviceServer", () => {
  it.each([
    ["blocks", { blocks: 0 }],
    ["blocks", { blocks: 2 ** 37 + 1 }],
    ["blockSize", { blockSize: 256 }],
    ["blockSize", { blockSize: 1000 }],
    ["serialNumber", { serialNumber: "" }],
    ["serialNumber", { serialNumber: "a b" }],
    ["targetPorts", { targetPorts: [] }],
    ["targetPorts", { targetPorts: [0] }],
    ["targetPorts", { targetPorts: [65_536] }],
    ["maximumRegistrations", { maximumRegistrations: 0 }],
    ["maximumRegistrations", { maximumRegistrations: 32_001 }],
  ])("says that %s cannot be %j", (name, options) => {
    expect(() => createDeviceServer(options)).toThrow(RangeError);
    expect(() => createDeviceServer(options)).toThrow(name);
  });

  it("refuses a type that does not exist, and a flag that is none", () => {
    expect(() => createDeviceServer({ types: ["write" as "write-exclusive"] })).toThrow(RangeError);
    expect(() => createDeviceServer({ allTargetPorts: 1 as unknown as boolean })).toThrow(TypeError);
  });

  it("has no nexus through a target port that it does not have", () => {
    const server = createDeviceServer({ targetPorts: [3] });
    const initiatorPort = { protocol: "sas", address: 1n } as const;
    expect(server.nexus(initiatorPort).relativeTargetPort).toBe(3);
    expect(() => server.nexus(initiatorPort, 1)).toThrow(RangeError);
  });
});

/**
 * A media changer as it answers: READ ELEMENT STATUS byte for byte, moves and what forbids them, mode and log pages. Bytes are
 * written by hand from the layouts that assembly/media-fields.ts names; tgtd's own are in test/peers.
 */
import { describe, expect, it } from "vitest";
import { createCartridge, type DeviceServerOptions, type Library } from "../../transports/simulated/index.ts";
import { attentionsOf, createLab, GOOD } from "./lab.ts";

const twelve = (operationCode: number, ...rest: readonly number[]) => {
  const cdb = new Uint8Array(12);
  cdb.set([operationCode, ...rest]);
  return cdb;
};
const word = (value: number) => [value >>> 8, value & 0xff];
const move = (from: number, to: number, transport = 0) =>
  twelve(0xa5, 0, ...word(transport), ...word(from), ...word(to));
const elementStatus = (type: number, start: number, count: number, allocation = 0xffff, flags = 0) =>
  twelve(0xb8, 0x10 | type, ...word(start), ...word(count), flags, 0, ...word(allocation));

function setup(options: DeviceServerOptions = {}) {
  const lab = createLab({ type: "changer", ...options });
  const a = lab.nexus("a");
  const library = lab.server.library as Library;
  const where = () =>
    library.elements
      .filter(({ cartridge }) => cartridge !== null)
      .map((one) => `${one.address}:${one.cartridge?.barcode}`);
  return { lab, a, library, where, send: (cdb: Uint8Array, out?: Uint8Array) => lab.send(a, cdb, out) };
}

const ascii = (text: string, length: number) => [...new TextEncoder().encode(text.padEnd(length))];
const zeros = (count: number) => new Array<number>(count).fill(0);

describe("READ ELEMENT STATUS", () => {
  it("of two slots with volume tags, one full", () => {
    const { lab, a } = setup();
    expect(lab.send(a, move(1000, 10))).toBe(GOOD);
    const { dataIn } = lab.server.execute(a, elementStatus(2, 1000, 2));
    expect([...dataIn]).toEqual([
      // first element, number of elements, reserved, bytes that follow
      ...[0x03, 0xe8, 0, 2, 0, 0, 0, 8 + 2 * 52],
      // storage, PVOLTAG, descriptor length, reserved, bytes that follow
      ...[2, 0x80, 0, 52, 0, 0, 0, 2 * 52],
      ...[0x03, 0xe8, 0x08, ...zeros(9), ...zeros(36), ...zeros(4)],
      ...[0x03, 0xe9, 0x09, ...zeros(9), ...ascii("SIM002L6", 32), ...zeros(4), ...zeros(4)],
    ]);
  });

  it("of the mailslot: it lets in and out, and knows where the cartridge was", () => {
    const { lab, a } = setup();
    lab.send(a, move(1000, 10));
    const { dataIn } = lab.server.execute(a, elementStatus(3, 0, 9));
    expect([...dataIn.subarray(8, 28)]).toEqual([
      3,
      0x80,
      0,
      52,
      0,
      0,
      0,
      52,
      0,
      10,
      0x39,
      ...zeros(6),
      0x80,
      0x03,
      0xe8,
    ]);
  });

  it("of a drive with its identifier", () => {
    const { lab, a, library } = setup();
    createLab({ type: "tape", drive: library.drives[0], serialNumber: "DRIVE1" });
    lab.send(a, move(1001, 500));
    const { dataIn } = lab.server.execute(a, elementStatus(4, 0, 1, 0xffff, 1));
    const identifier = ascii("SIMULATEPERSISTENT TAPE DRIVE1", 30);
    expect([...dataIn.subarray(8, 28)]).toEqual([
      4,
      0x80,
      0,
      52 + 30,
      0,
      0,
      0,
      82,
      1,
      0xf4,
      9,
      ...zeros(6),
      0x80,
      3,
      0xe9,
    ]);
    expect([...dataIn.subarray(28, 28 + 36)]).toEqual([...ascii("SIM002L6", 32), ...zeros(4)]);
    expect([...dataIn.subarray(64)]).toEqual([2, 1, 0, 30, ...identifier]);
  });

  it("of everything, in four pages; without volume tags 16 bytes for each", () => {
    const { lab, a } = setup({ library: undefined });
    const cdb = elementStatus(0, 0, 0xffff);
    cdb[1] = 0;
    const { dataIn } = lab.server.execute(a, cdb);
    const pages: number[][] = [];
    for (let at = 8; at < dataIn.length; ) {
      const bytes = ((dataIn[at + 6] as number) << 8) | (dataIn[at + 7] as number);
      pages.push([dataIn[at] as number, dataIn[at + 3] as number, bytes]);
      at += 8 + bytes;
    }
    expect(pages).toEqual([
      [1, 16, 16],
      [2, 16, 8 * 16],
      [3, 16, 16],
      [4, 16, 16],
    ]);
    expect([...dataIn.subarray(0, 8)]).toEqual([0, 1, 0, 11, 0, 0, 0, dataIn.length - 8]);
  });

  it("sends whole descriptors only, and counts all of them", () => {
    const { lab, a } = setup();
    for (const [allocation, length] of [
      [8, 8],
      [15, 8],
      [16, 16],
      [67, 16],
      [68, 68],
      [119, 68],
    ] as const) {
      const { dataIn } = lab.server.execute(a, elementStatus(2, 0, 8, allocation));
      expect(dataIn.length).toBe(length);
      expect([...dataIn.subarray(0, 8)]).toEqual([3, 0xe8, 0, 8, 0, 0, 1, 0xa8]);
    }
  });

  it("refuses a type that there is not, and an address behind all elements", () => {
    const { send } = setup();
    expect(send(elementStatus(5, 0, 1))).toBe("5/24/00 cdb 1.3");
    expect(send(elementStatus(0, 2000, 1))).toBe("5/21/01");
    expect(send(elementStatus(3, 11, 1))).toBe("5/21/01");
  });
});

describe("MOVE MEDIUM", () => {
  it("brings a cartridge anywhere, and back", () => {
    const { send, where } = setup({});
    for (const [from, to] of [
      [1000, 1007],
      [1007, 10],
      [10, 500],
      [500, 1000],
      [1000, 1],
      [1, 1000],
    ] as const) {
      expect(send(move(from, to))).toBe(GOOD);
      expect(where()).toContain(`${to}:SIM001L6`);
      expect(where()).toHaveLength(4);
    }
    expect(send(move(1000, 1005, 1))).toBe(GOOD);
  });

  it("refuses addresses that there are not, an empty source, a full destination, a side", () => {
    const { send, where } = setup();
    const before = where();
    expect(send(move(999, 1000))).toBe("5/21/01");
    expect(send(move(1000, 501))).toBe("5/21/01");
    expect(send(move(1000, 1005, 2))).toBe("5/21/01");
    expect(send(move(1004, 1005))).toBe("5/3b/0e");
    expect(send(move(1000, 1001))).toBe("5/3b/0d");
    expect(send(move(1000, 1000))).toBe("5/3b/0d");
    const inverted = move(1000, 1004);
    inverted[10] = 1;
    expect(send(inverted)).toBe("5/24/00 cdb 10.0");
    expect(where()).toEqual(before);
  });

  it("with a cartridge in the hand moves nothing else", () => {
    const { send } = setup();
    expect(send(move(1000, 1))).toBe(GOOD);
    expect(send(move(1001, 1004))).toBe("5/3b/0d");
    expect(send(move(1, 1004))).toBe(GOOD);
    expect(send(move(1001, 1005))).toBe(GOOD);
  });

  it("does not take what the tape unit keeps", () => {
    const { send, library } = setup();
    const tape = createLab({ type: "tape", drive: library.drives[0] });
    const t = tape.nexus("a");
    send(move(1000, 500));
    expect(tape.send(t, Uint8Array.of(0x1e, 0, 0, 0, 1, 0))).toBe("6/28/00");
    expect(tape.send(t, Uint8Array.of(0x1e, 0, 0, 0, 1, 0))).toBe(GOOD);
    expect(send(move(500, 1000))).toBe("5/53/02");
    expect(tape.send(t, Uint8Array.of(0x1e, 0, 0, 0, 0, 0))).toBe(GOOD);
    expect(send(move(500, 1000))).toBe(GOOD);
    expect(tape.send(t, new Uint8Array(6))).toBe("2/3a/00");
  });
});

it("EXCHANGE MEDIUM swaps two slots, and passes a cartridge on to a third", () => {
  const { send, where } = setup();
  const exchange = (from: number, first: number, second: number) =>
    twelve(0xa6, 0, 0, 0, ...word(from), ...word(first), ...word(second));
  expect(send(exchange(1000, 1001, 1000))).toBe(GOOD);
  expect(where().slice(0, 2)).toEqual(["1000:SIM002L6", "1001:SIM001L6"]);
  expect(send(exchange(1000, 1001, 1007))).toBe(GOOD);
  expect(where()).toEqual(["1001:SIM002L6", "1002:SIM003L6", "1003:SIM004L6", "1007:SIM001L6"]);
  expect(send(exchange(1000, 1001, 1006))).toBe("5/3b/0e");
  expect(send(exchange(1001, 1002, 1007))).toBe("5/3b/0d");
});

it("POSITION TO ELEMENT, INITIALIZE ELEMENT STATUS and the one WITH RANGE", () => {
  const { send } = setup();
  const position = (to: number) => Uint8Array.of(0x2b, 0, 0, 0, ...word(to), 0, 0, 0, 0);
  expect(send(position(1007))).toBe(GOOD);
  expect(send(position(1008))).toBe("5/21/01");
  expect(send(Uint8Array.of(0x07, 0, 0, 0, 0, 0))).toBe(GOOD);
  const range = (flag: number, start: number) => Uint8Array.of(0x37, flag, ...word(start), 0, 0, 0, 4, 0, 0);
  expect(send(range(1, 1000))).toBe(GOOD);
  expect(send(range(1, 999))).toBe("5/21/01");
  expect(send(range(0, 999))).toBe(GOOD);
});

describe("The mailslot", () => {
  const prevent = Uint8Array.of(0x1e, 0, 0, 0, 1, 0);
  const allow = Uint8Array.of(0x1e, 0, 0, 0, 0, 0);
  const openIt = Uint8Array.of(0x1b, 0, 0, 10, 0, 0);

  it("opens for an operator unless somebody prevents it", () => {
    const { lab, a, library, send } = setup();
    const b = lab.nexus("b");
    expect(send(prevent)).toBe(GOOD);
    expect(lab.send(b, prevent)).toBe(GOOD);
    expect(library.openMailslot()).toBe(false);
    expect(send(openIt)).toBe("5/53/02");
    expect(send(allow)).toBe(GOOD);
    expect(library.openMailslot()).toBe(false);
    expect(lab.send(b, allow)).toBe(GOOD);
    expect(send(openIt)).toBe(GOOD);
    expect(library.mailslotOpen).toBe(true);
    const put = library.insert(createCartridge("NEW001L6"));
    expect(put.address).toBe(10);
    // The robot cannot reach in.
    expect(send(move(10, 1005))).toBe("5/3b/11");
    expect(lab.server.execute(a, elementStatus(3, 0, 1)).dataIn[18]).toBe(0x33);
    library.closeMailslot();
    expect(attentionsOf(b)).toEqual(["28/01"]);
    expect(send(move(10, 1005))).toBe("6/28/01");
    expect(send(move(10, 1005))).toBe(GOOD);
    expect(() => library.remove()).toThrow(RangeError);
  });

  it("one state for all where the device has only one (SL4000)", () => {
    const { lab, library, send } = setup({ profile: "sl4000" });
    expect(send(prevent)).toBe(GOOD);
    expect(library.openMailslot()).toBe(false);
    expect(lab.send(lab.nexus("b"), allow)).toBe(GOOD);
    expect(library.openMailslot()).toBe(true);
  });

  it("is free after a reset, a loss of power, or of the nexus", () => {
    for (const end of ["reset", "powerCycle", "loseNexus"] as const) {
      const { lab, a, library, send } = setup();
      expect(send(prevent)).toBe(GOOD);
      if (end === "loseNexus") lab.server.loseNexus(a);
      else lab.server[end]();
      expect(library.openMailslot()).toBe(true);
    }
  });
});

describe("MODE SENSE", () => {
  it("element address assignment", () => {
    const { lab, a } = setup();
    const { dataIn } = lab.server.execute(a, Uint8Array.of(0x1a, 8, 0x1d, 0, 0xff, 0));
    const page = [
      0x1d,
      18,
      ...word(1),
      ...word(1),
      ...word(1000),
      ...word(8),
      ...word(10),
      ...word(1),
      1,
      0xf4,
      0,
      1,
      0,
      0,
    ];
    expect([...dataIn]).toEqual([23, 0, 0, 0, ...page]);
  });

  it("transport geometry and device capabilities", () => {
    const { lab, a } = setup();
    const page = (code: number) => [
      ...lab.server.execute(a, Uint8Array.of(0x1a, 8, code, 0, 0xff, 0)).dataIn.subarray(4),
    ];
    expect(page(0x1e)).toEqual([0x1e, 2, 0, 0]);
    expect(page(0x1f)).toEqual([0x1f, 18, 0x0e, 0, 15, 15, 15, 15, 0, 0, 0, 0, 0, 14, 14, 14, 0, 0, 0, 0]);
    expect(lab.server.execute(a, Uint8Array.of(0x1a, 0, 0x3f, 0, 0xff, 0)).dataIn.length).toBe(
      4 + 20 + 4 + 20 + 12 + 12,
    );
  });

  it("pages of disks are not there", () => {
    expect(setup().send(Uint8Array.of(0x1a, 8, 0x08, 0, 0xff, 0))).toBe("5/24/00 cdb 2.5");
  });
});

it("INQUIRY: a changer; with a profile its maker's names", () => {
  const text = (options: DeviceServerOptions) => {
    const { lab, a } = setup(options);
    const { dataIn } = lab.server.execute(a, Uint8Array.of(0x12, 0, 0, 0, 36, 0));
    return [dataIn[0], dataIn[1], new TextDecoder().decode(dataIn.subarray(8, 32))];
  };
  expect(text({})).toEqual([8, 0x80, "SIMULATEMEDIUM CHANGER  "]);
  expect(text({ profile: "sl150" })).toEqual([8, 0x80, "STK     SL150           "]);
});

it("LOG SENSE: supported pages and TapeAlert", () => {
  const { lab, a } = setup();
  const page = (code: number) => [
    ...lab.server.execute(a, Uint8Array.of(0x4d, 0, 0x40 | code, 0, 0, 0, 0, 1, 255, 0)).dataIn,
  ];
  expect(page(0)).toEqual([0, 0, 0, 2, 0x00, 0x2e]);
  const alerts = page(0x2e);
  expect(alerts.slice(0, 9)).toEqual([0x2e, 0, 1, 0x40, 0, 1, 0, 1, 0]);
  expect(alerts.length).toBe(4 + 64 * 5);
});

/**
 * The commands that initiators send when they attach a disk and use it, byte by byte: the CDBs are made by hand from
 * the standards' tables.
 */
import { describe, expect, it } from "vitest";
import { CONFLICT, createLab, GOOD, TYPE } from "./lab.ts";

const BLOCK = 512;
const NOT_READY = "2/3a/00";
const MISCOMPARE = "14/1d/00";

function setup(options = {}) {
  const lab = createLab(options);
  const [a, b] = [lab.nexus("a"), lab.nexus("b")];
  return {
    lab,
    a,
    b,
    data: (cdb: Uint8Array) => Array.from(lab.server.execute(a, cdb).dataIn),
    send: (cdb: Uint8Array, dataOut?: Uint8Array) => lab.send(a, cdb, dataOut),
  };
}

const six = (operationCode: number, ...rest: readonly number[]) => cdbOf(6, operationCode, rest);
const ten = (operationCode: number, ...rest: readonly number[]) => cdbOf(10, operationCode, rest);
const twelve = (operationCode: number, ...rest: readonly number[]) => cdbOf(12, operationCode, rest);
const sixteen = (operationCode: number, ...rest: readonly number[]) => cdbOf(16, operationCode, rest);
function cdbOf(length: number, operationCode: number, rest: readonly number[]): Uint8Array {
  const cdb = new Uint8Array(length);
  cdb.set([operationCode, ...rest]);
  return cdb;
}

/** A CDB of 6, 10, 12 or 16 bytes with an LBA and a number of blocks where all such CDBs have them. */
function blocks(length: number, operationCode: number, lba: number, count: number, second = 0): Uint8Array {
  const cdb = cdbOf(length, operationCode, [second]);
  const view = new DataView(cdb.buffer);
  if (length === 6) {
    view.setUint32(0, (operationCode << 24) | lba);
    view.setUint8(4, count);
    return cdb;
  }
  if (length === 16) view.setBigUint64(2, BigInt(lba));
  else view.setUint32(2, lba);
  if (length === 10) view.setUint16(7, count);
  else view.setUint32(length === 12 ? 6 : 10, count);
  return cdb;
}

const filled = (count: number, value: number) => new Uint8Array(count * BLOCK).fill(value);

describe("READ and WRITE of every length", () => {
  // biome-ignore format: a table
  const commands = [
    ["6", 6, 0x08, 0x0a], ["10", 10, 0x28, 0x2a], ["12", 12, 0xa8, 0xaa], ["16", 16, 0x88, 0x8a],
  ] as const;

  it.each(commands)("(%s) read what was written, and count the range", (_name, length, read, write) => {
    const { lab, a, send } = setup();
    expect(send(blocks(length, write, 5, 2), filled(2, 7))).toBe(GOOD);
    expect(lab.server.execute(a, blocks(length, read, 4, 4)).dataIn).toEqual(
      Uint8Array.of(...filled(1, 0), ...filled(2, 7), ...filled(1, 0)),
    );
    expect(send(blocks(length, read, 2047, 1))).toBe(GOOD);
    expect(send(blocks(length, read, 2047, 2))).toContain("5/21/00");
    expect(send(blocks(length, write, 2048, 1), filled(1, 1))).toContain("5/21/00");
  });

  it("(6) take 0 blocks for 256", () => {
    const { data } = setup();
    expect(data(blocks(6, 0x08, 0, 0))).toHaveLength(256 * BLOCK);
  });

  it.each(commands.slice(1))("(%s) refuse protection information, which there is not", (_name, length, read, write) => {
    const { send } = setup();
    for (let protect = 1; protect < 8; protect++) {
      expect(send(blocks(length, read, 0, 1, protect << 5))).toBe("5/24/00 cdb 1.7");
      expect(send(blocks(length, write, 0, 1, protect << 5), filled(1, 1))).toBe("5/24/00 cdb 1.7");
    }
    // DPO, FUA and the obsolete FUA_NV change nothing.
    expect(send(blocks(length, write, 0, 1, 0x1a), filled(1, 1))).toBe(GOOD);
  });
});

describe("VERIFY", () => {
  it.each([
    [10, 0x2f],
    [12, 0xaf],
    [16, 0x8f],
  ] as const)("(%i) compares blocks, or each with one, or nothing", (length, verify) => {
    const { send } = setup();
    send(blocks(10, 0x2a, 0, 4), filled(4, 9));
    expect(send(blocks(length, verify, 0, 4, 0))).toBe(GOOD);
    expect(send(blocks(length, verify, 0, 4, 2), filled(4, 9))).toBe(GOOD);
    const other = filled(4, 9);
    other[1600] = 8;
    expect(send(blocks(length, verify, 0, 4, 2), other)).toBe(MISCOMPARE);
    expect(send(blocks(length, verify, 0, 4, 6), filled(1, 9))).toBe(GOOD);
    expect(send(blocks(length, verify, 0, 5, 6), filled(1, 9))).toBe(MISCOMPARE);
    expect(send(blocks(length, verify, 0, 1, 4))).toBe("5/24/00 cdb 1.2");
    expect(send(blocks(length, verify, 2048, 1))).toContain("5/21/00");
  });

  it.each([
    [10, 0x2e],
    [12, 0xae],
    [16, 0x8e],
  ] as const)("WRITE AND VERIFY(%i) writes", (length, operationCode) => {
    const { data, send } = setup();
    expect(send(blocks(length, operationCode, 3, 1, 2), filled(1, 6))).toBe(GOOD);
    expect(data(blocks(10, 0x28, 3, 1))).toEqual([...filled(1, 6)]);
    expect(send(blocks(length, operationCode, 3, 1, 4), filled(1, 6))).toBe("5/24/00 cdb 1.2");
  });
});

describe("ORWRITE and COMPARE AND WRITE", () => {
  it("ORWRITE sets the bits that are sent", () => {
    const { data, send } = setup();
    send(blocks(10, 0x2a, 0, 1), filled(1, 0x50));
    expect(send(blocks(16, 0x8b, 0, 1), filled(1, 0x05))).toBe(GOOD);
    expect(data(blocks(10, 0x28, 0, 1))).toEqual([...filled(1, 0x55)]);
  });

  const compareAndWrite = (lba: number, count: number) => {
    const cdb = blocks(16, 0x89, lba, 0);
    cdb[13] = count;
    return cdb;
  };

  it("COMPARE AND WRITE writes only what was as expected, and says where it was not", () => {
    const { lab, a, data, send } = setup();
    send(blocks(10, 0x2a, 0, 2), filled(2, 1));
    expect(send(compareAndWrite(0, 2), Uint8Array.of(...filled(2, 1), ...filled(2, 2)))).toBe(GOOD);
    expect(data(blocks(10, 0x28, 0, 2))).toEqual([...filled(2, 2)]);
    const wrong = Uint8Array.of(...filled(2, 2), ...filled(2, 3));
    wrong[700] = 0;
    const { sense } = lab.server.execute(a, compareAndWrite(0, 2), wrong);
    expect([sense[0], sense[2], ...sense.subarray(3, 7), sense[12]]).toEqual([0xf0, 0x0e, 0, 0, 2, 0xbc, 0x1d]);
    expect(data(blocks(10, 0x28, 0, 2))).toEqual([...filled(2, 2)]);
    expect(send(compareAndWrite(0, 1), filled(4, 2))).toBe("5/24/00 cdb 13");
    expect(send(compareAndWrite(2047, 2), filled(4, 2))).toContain("5/21/00");
    expect(send(compareAndWrite(0, 0))).toBe(GOOD);
  });
});

describe("WRITE SAME, UNMAP and GET LBA STATUS", () => {
  it.each([
    [10, 0x41],
    [16, 0x93],
  ] as const)(
    "WRITE SAME(%i) writes one block over and over, and 0 is the rest unless the unit is thin",
    (length, operationCode) => {
      const { data, send } = setup({ blocks: 8 });
      expect(send(blocks(length, operationCode, 2, 3), filled(1, 4))).toBe(GOOD);
      expect(data(blocks(10, 0x28, 1, 5))).toEqual([...filled(1, 0), ...filled(3, 4), ...filled(1, 0)]);
      expect(send(blocks(length, operationCode, 6, 0), filled(1, 5))).toBe(GOOD);
      expect(data(blocks(10, 0x28, 5, 3))).toEqual([...filled(1, 0), ...filled(2, 5)]);
      expect(send(blocks(length, operationCode, 8, 0), filled(1, 5))).toContain("5/21/00");
      const thin = setup({ blocks: 8, thin: true });
      expect(thin.send(blocks(length, operationCode, 6, 0), filled(1, 5))).toBe(
        `5/24/00 cdb ${length === 10 ? 7 : 10}`,
      );
      expect(send(blocks(length, operationCode, 0, 1), filled(2, 5))).toContain("5/24/00");
      expect(send(blocks(length, operationCode, 0, 1, 0x08), filled(1, 0))).toBe("5/24/00 cdb 1.3");
      expect(send(blocks(length, operationCode, 0, 1, 0x10), filled(1, 0))).toBe("5/24/00 cdb 1.4");
    },
  );

  const status = (lba: number, length = 8 + 16 * 4) => {
    const cdb = blocks(16, 0x9e, lba, length, 0x12);
    return cdb;
  };
  /** LBA, number of blocks and provisioning status of each descriptor. */
  const extents = (bytes: readonly number[]) => {
    const view = new DataView(Uint8Array.from(bytes).buffer);
    const rows = [];
    for (let at = 8; at < bytes.length; at += 16) {
      rows.push([Number(view.getBigUint64(at)), view.getUint32(at + 8), view.getUint8(at + 12)]);
    }
    return rows;
  };
  const unmap = (...ranges: readonly (readonly [lba: number, count: number])[]) => {
    const list = new Uint8Array(8 + 16 * ranges.length);
    const view = new DataView(list.buffer);
    view.setUint16(0, list.length - 2);
    view.setUint16(2, list.length - 8);
    for (const [index, [lba, count]] of ranges.entries()) {
      view.setBigUint64(8 + 16 * index, BigInt(lba));
      view.setUint32(16 + 16 * index, count);
    }
    return [ten(0x42, 0, 0, 0, 0, 0, 0, list.length >>> 8, list.length & 0xff), list] as const;
  };

  it("a thin unit knows block by block what is mapped", () => {
    const { data, send } = setup({ thin: true, blocks: 1000 });
    expect(extents(data(status(0)))).toEqual([[0, 1000, 1]]);
    send(blocks(10, 0x2a, 10, 10), filled(10, 1));
    expect(extents(data(status(0)))).toEqual([
      [0, 10, 1],
      [10, 10, 0],
      [20, 980, 1],
    ]);
    expect(send(...unmap([12, 2], [19, 1]))).toBe(GOOD);
    expect(extents(data(status(11)))).toEqual([
      [11, 1, 0],
      [12, 2, 1],
      [14, 5, 0],
      [19, 981, 1],
    ]);
    expect(extents(data(status(11, 24)))).toEqual([[11, 1, 0]]);
    expect(data(blocks(10, 0x28, 11, 3))).toEqual([...filled(1, 1), ...filled(2, 0)]);
    expect(send(status(1000))).toContain("5/21/00");
  });

  it("WRITE SAME with UNMAP unmaps blocks of zeros, and writes others", () => {
    const { data, send } = setup({ thin: true, blocks: 100 });
    send(blocks(10, 0x2a, 0, 10), filled(10, 1));
    expect(send(blocks(10, 0x41, 2, 3, 0x08), filled(1, 0))).toBe(GOOD);
    expect(send(blocks(16, 0x93, 7, 1, 0x09))).toBe(GOOD);
    expect(send(blocks(10, 0x41, 20, 1, 0x08), filled(1, 3))).toBe(GOOD);
    expect(extents(data(status(0, 8 + 16 * 8)))).toEqual([
      [0, 2, 0],
      [2, 3, 1],
      [5, 2, 0],
      [7, 1, 1],
      [8, 2, 0],
      [10, 10, 1],
      [20, 1, 0],
      [21, 79, 1],
    ]);
  });

  it("UNMAP checks all ranges before the first takes effect, and its list's length", () => {
    const { data, send } = setup({ thin: true, blocks: 100 });
    send(blocks(10, 0x2a, 0, 1), filled(1, 1));
    expect(send(...unmap([0, 1], [99, 2]))).toContain("5/21/00");
    expect(data(blocks(10, 0x28, 0, 1))[0]).toBe(1);
    expect(send(...unmap([100, 0]))).toBe(GOOD);
    expect(send(...unmap())).toBe(GOOD);
    expect(send(ten(0x42))).toBe(GOOD);
    const [cdb, list] = unmap([0, 1]);
    expect(send(cdb, list.subarray(0, 23))).toBe("5/1a/00");
    expect(send(...unmap(...new Array(257).fill([0, 0])))).toBe("5/26/00 list 2");
    expect(send(ten(0x42, 1))).toBe("5/24/00 cdb 1.0");
  });

  it("a thick unit has no UNMAP, and all its blocks are mapped", () => {
    const { data, send } = setup({ blocks: 100 });
    expect(send(...unmap([0, 1]))).toBe("5/20/00 cdb 0");
    expect(extents(data(status(7)))).toEqual([[7, 93, 0]]);
  });

  it("a thin unit with 2^37 blocks is no slower", () => {
    const { data, send } = setup({ thin: true, blocks: 2 ** 37 });
    send(blocks(16, 0x8a, 2 ** 36, 1), filled(1, 1));
    expect(extents(data(status(2 ** 36 - 7)))).toEqual([
      [2 ** 36 - 7, 7, 1],
      [2 ** 36, 1, 0],
      [2 ** 36 + 1, 0xffff_ffff, 1],
      [2 ** 36 + 2 ** 32, 0xffff_ffff, 1],
    ]);
    expect(send(...unmap([2 ** 36 - 1, 2 ** 32 - 1]))).toBe(GOOD);
    expect(extents(data(status(2 ** 36)))[0]).toEqual([2 ** 36, 0xffff_ffff, 1]);
  });
});

describe("PRE-FETCH and SYNCHRONIZE CACHE", () => {
  it.each([
    [10, 0x34],
    [16, 0x90],
    [10, 0x35],
    [16, 0x91],
  ] as const)("(%i bytes, operation code %i) look at the range alone", (length, operationCode) => {
    const { send } = setup();
    expect(send(blocks(length, operationCode, 0, 0))).toBe(GOOD);
    expect(send(blocks(length, operationCode, 2040, 8, 2))).toBe(GOOD);
    expect(send(blocks(length, operationCode, 2040, 9))).toContain("5/21/00");
    expect(send(blocks(length, operationCode, 2049, 0))).toContain("5/21/00");
  });
});

describe("A removable medium", () => {
  const [eject, load] = [six(0x1b, 0, 0, 0, 2), six(0x1b, 0, 0, 0, 3)];
  const [prevent, allow] = [six(0x1e, 0, 0, 0, 1), six(0x1e)];
  const testUnitReady = six(0x00);

  it("can be ejected and loaded; whoever did not do it is told", () => {
    const { lab, b, data, send } = setup({ removable: true });
    expect(data(six(0x12, 0, 0, 0, 2))[1]).toBe(0x80);
    expect(send(eject)).toBe(GOOD);
    for (const cdb of [testUnitReady, ten(0x25), blocks(10, 0x28, 0, 1), blocks(10, 0x2a, 0, 1), ten(0x35)]) {
      expect(send(cdb, filled(1, 0))).toBe(NOT_READY);
    }
    expect(send(six(0x12, 0, 0, 0, 36))).toBe(GOOD);
    expect(send(load)).toBe(GOOD);
    expect(send(testUnitReady)).toBe(GOOD);
    expect(lab.send(b, testUnitReady)).toBe("6/28/00");
    expect(lab.send(b, testUnitReady)).toBe(GOOD);
  });

  it("stays for as long as anybody prevents its removal", () => {
    const { lab, a, b, send } = setup({ removable: true });
    send(prevent);
    lab.send(b, prevent);
    expect(send(eject)).toBe("5/53/02");
    send(allow);
    expect(send(eject)).toBe("5/53/02");
    lab.server.loseNexus(b);
    expect(send(eject)).toBe(GOOD);
    expect(send(load)).toBe(GOOD);
    send(prevent);
    lab.server.reset();
    expect(send(testUnitReady)).toBe("6/29/03");
    expect(lab.send(a, eject)).toBe(GOOD);
    expect(send(six(0x1e, 0, 0, 0, 2))).toBe("5/24/00 cdb 4.1");
  });

  it("is not moved by starting, stopping, or power conditions; a fixed one by nothing", () => {
    const { send } = setup({ removable: true });
    for (const byte of [0x00, 0x01, 0x12, 0x52]) {
      expect(send(six(0x1b, 0, 0, 0, byte))).toBe(GOOD);
      expect(send(testUnitReady)).toBe(GOOD);
    }
    expect(setup().send(eject)).toBe("5/24/00 cdb 4.1");
  });

  it("START STOP UNIT and PREVENT: what is allowed to all depends on the bits (sbc4 table 13)", () => {
    const { lab, a, b } = setup({ removable: true });
    lab.register(b, 1n);
    lab.reserve(b, 1n, TYPE.WE);
    const cells = [six(0x1b, 0, 0, 0, 1), six(0x1b), six(0x1b, 0, 0, 0, 0x11), allow, prevent];
    expect(cells.map((cdb) => lab.send(a, cdb))).toEqual([GOOD, CONFLICT, CONFLICT, GOOD, CONFLICT]);
  });
});

describe("MODE SENSE and MODE SELECT", () => {
  const caching = [0x08, 18, ...new Array(10).fill(0), 0x20, ...new Array(7).fill(0)];
  const control = (sense = 0, protect = 0, aborted = 0) => [
    0x0a,
    10,
    sense,
    0x10,
    protect,
    aborted,
    0,
    0,
    0xff,
    0xff,
    0,
    0,
  ];
  const exceptions = [0x1c, 10, 0x08, ...new Array(9).fill(0)];

  it("all pages, after a header and a block descriptor", () => {
    const { data } = setup({ blocks: 0x12345, blockSize: 4096 });
    const pages = [...caching, ...control(), ...exceptions];
    const descriptor = [0, 1, 0x23, 0x45, 0, 0, 0x10, 0];
    expect(data(six(0x1a, 0, 0x3f, 0, 255))).toEqual([11 + pages.length, 0, 0x10, 8, ...descriptor, ...pages]);
    expect(data(six(0x1a, 8, 0x3f, 0, 255))).toEqual([3 + pages.length, 0, 0x10, 0, ...pages]);
    expect(data(six(0x1a, 0, 0x3f, 0, 4))).toEqual([11 + pages.length, 0, 0x10, 8]);
    const header = [0, 14 + pages.length, 0, 0x10, 0, 0, 0, 8];
    expect(data(ten(0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 255))).toEqual([...header, ...descriptor, ...pages]);
  });

  it("MODE SENSE(10) with LLBAA has the long block descriptor", () => {
    const { data } = setup({ blocks: 2 ** 33 });
    const bytes = data(ten(0x5a, 0x10, 0x0a, 0, 0, 0, 0, 0, 255));
    const descriptor = [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0];
    expect(bytes).toEqual([0, 34, 0, 0x10, 1, 0, 0, 16, ...descriptor, ...control()]);
    expect(data(six(0x1a, 0, 0x0a, 0, 255)).slice(4, 8)).toEqual([0xff, 0xff, 0xff, 0xff]);
  });

  it("changeable and default values; none can be saved; other pages do not exist", () => {
    const { data, send } = setup();
    expect(data(six(0x1a, 8, 0x4a, 0, 255)).slice(4)).toEqual([0x0a, 10, 4, 0, 8, 0x40, 0, 0, 0, 0, 0, 0]);
    expect(data(six(0x1a, 8, 0x8a, 0, 255)).slice(4)).toEqual(control());
    expect(send(six(0x1a, 8, 0xca, 0, 255))).toBe("5/39/00");
    expect(send(six(0x1a, 8, 0x01, 0, 255))).toBe("5/24/00 cdb 2.5");
    expect(send(six(0x1a, 8, 0x0a, 1, 255))).toBe("5/24/00 cdb 3");
  });

  const select = (page: readonly number[], descriptor: readonly number[] = []) => {
    const list = Uint8Array.of(0, 0, 0, descriptor.length, ...descriptor, ...page);
    return [six(0x15, 0x10, 0, 0, list.length), list] as const;
  };

  it("SWP: nothing can be written, everything read, until a reset; others are told", () => {
    const { lab, b, data, send } = setup();
    expect(send(...select(control(0, 8)))).toBe(GOOD);
    expect(data(six(0x1a, 8, 0x0a, 0, 255))).toEqual([15, 0, 0x90, 0, ...control(0, 8)]);
    expect(send(blocks(10, 0x2a, 0, 1), filled(1, 1))).toBe("7/27/02");
    expect(send(blocks(10, 0x41, 0, 1), filled(1, 1))).toBe("7/27/02");
    expect(send(blocks(10, 0x28, 0, 1))).toBe(GOOD);
    expect(lab.send(b, six(0x00))).toBe("6/2a/01");
    expect(send(...select(control(0, 0)))).toBe(GOOD);
    expect(send(blocks(10, 0x2a, 0, 1), filled(1, 1))).toBe(GOOD);
    send(...select(control(0, 8)));
    lab.server.powerCycle();
    expect(send(six(0x00))).toBe("6/29/01");
    expect(send(blocks(10, 0x2a, 0, 1), filled(1, 1))).toBe(GOOD);
  });

  it("D_SENSE: sense data in descriptor format", () => {
    const { lab, a, send } = setup();
    send(...select(control(4)));
    const { sense } = lab.server.execute(a, blocks(10, 0x28, 2048, 1));
    expect([...sense]).toEqual([0x72, 5, 0x21, 0, 0, 0, 0, 12, 0, 10, 0x80, 0, 0, 0, 0, 0, 0, 0, 8, 0]);
    const field = lab.server.execute(a, blocks(10, 0x28, 0, 1, 0x20)).sense;
    expect([...field]).toEqual([0x72, 5, 0x24, 0, 0, 0, 0, 8, 2, 6, 0, 0, 0xcf, 0, 1, 0]);
  });

  it("takes all of a list or nothing, and points at what cannot be", () => {
    const { lab, b, data, send } = setup();
    expect(send(...select(control(0, 0), [0, 0, 8, 0, 0, 0, 2, 0]))).toBe(GOOD);
    expect(send(...select([], [0, 0, 8, 0, 0, 0, 4, 0]))).toBe("5/26/00 list 4");
    expect(send(...select([...control(4), 0x08, 18, 4, ...new Array(9).fill(0), 0x20, ...new Array(7).fill(0)]))).toBe(
      "5/26/00 list 18",
    );
    expect(send(...select([0x01, 10, ...new Array(10).fill(0)]))).toBe("5/26/00 list 4");
    expect(send(...select(control().slice(0, 11)))).toBe("5/1a/00");
    const [cdb, list] = select(control(4));
    expect(send(cdb, list.subarray(0, 10))).toBe("5/1a/00");
    expect(send(six(0x15, 0x11, 0, 0, 0))).toBe("5/24/00 cdb 1.0");
    expect(send(six(0x15, 0, 0, 0, 0))).toBe("5/24/00 cdb 1.4");
    expect(send(six(0x15, 0x10, 0, 0, 0))).toBe(GOOD);
    expect(data(six(0x1a, 8, 0x0a, 0, 255)).slice(4)).toEqual(control());
    expect(lab.send(b, six(0x00))).toBe(GOOD);
  });
});

describe("REPORT SUPPORTED OPERATION CODES", () => {
  const report = (options: number, operationCode = 0, serviceAction = 0, length = 0xffff) =>
    twelve(
      0xa3,
      0x0c,
      options,
      operationCode,
      serviceAction >>> 8,
      serviceAction & 0xff,
      0,
      0,
      length >>> 8,
      length & 0xff,
    );
  const row = (data: readonly number[], at: number, size: number) => data.slice(at, at + size);

  it.each([false, true])("all commands, with timeouts or without: thin %s", (thin) => {
    const { data, send } = setup({ thin });
    const bytes = data(report(0));
    expect(new DataView(Uint8Array.from(bytes).buffer).getUint32(0)).toBe(bytes.length - 4);
    const codes = [];
    for (let at = 4; at < bytes.length; at += 8) codes.push(row(bytes, at, 8));
    expect(codes).toContainEqual([0x28, 0, 0, 0, 0, 0, 0, 10]);
    expect(codes).toContainEqual([0x5f, 0, 0, 8, 0, 1, 0, 10]);
    expect(codes.some(([code]) => code === 0x42)).toBe(thin);
    const timed = data(report(0x80));
    expect(timed).toHaveLength(4 + 20 * codes.length);
    expect(row(timed, 4, 20)).toEqual([0, 0, 0, 0, 0, 2, 0, 6, 0, 10, ...new Array(10).fill(0)]);
    // Each of them is what is said when it is asked for alone.
    for (const [code = 0, , , action = 0, , flags] of codes) {
      const one = data(report(flags === 1 ? 2 : 1, code, action));
      expect(one.slice(0, 2)).toEqual([0, 3]);
      expect(one[4]).toBe(code);
      expect(send(report(flags === 1 ? 1 : 2, code, action))).toContain("5/24/00");
      expect(data(report(3, code, action))).toEqual(one);
    }
  });

  it("CDB usage data: a one for every bit that is looked at", () => {
    const { data } = setup();
    expect(data(report(1, 0x28))).toEqual([0, 3, 0, 10, 0x28, 0xf8, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0]);
    expect(data(report(2, 0x5f, 4)).slice(4)).toEqual([0x5f, 4, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff, 0]);
    expect(data(report(1, 0x08)).slice(4)).toEqual([0x08, 0x1f, 0xff, 0xff, 0xff, 0]);
    expect(data(report(0x81, 0x00))).toEqual([0, 0x83, 0, 6, 0, 0, 0, 0, 0, 0, 0, 10, ...new Array(10).fill(0)]);
  });

  it("what does not exist is not supported", () => {
    const { data, send } = setup();
    for (const [options, code, action] of [
      [1, 0x04, 0],
      [2, 0x5f, 9],
      [3, 0x5e, 0x1f],
      [3, 0x28, 1],
      [2, 0x04, 0],
      [2, 0x5f, 0x101],
    ] as const)
      expect(data(report(options, code, action))).toEqual([0, 1, 0, 0]);
    expect(send(report(4))).toBe("5/24/00 cdb 2.2");
  });

  it("REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS, in both forms", () => {
    const { data, send } = setup();
    expect(data(twelve(0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 0, 64))).toEqual([0xd8, 0, 0, 0]);
    expect(data(twelve(0xa3, 0x0d, 0x80, 0, 0, 0, 0, 0, 0, 64))).toEqual([0xd8, 0, 0, 12, ...new Array(12).fill(0)]);
    expect(send(twelve(0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 0, 3))).toBe("5/24/00 cdb 6");
  });
});

describe("The vital product data of a disk", () => {
  const page = (code: number) => six(0x12, 1, code, 0, 255);

  it("Block Limits: what one command can move, and what UNMAP takes", () => {
    const thick = setup({ blockSize: 4096 }).data(page(0xb0));
    expect(thick).toHaveLength(64);
    expect(thick.slice(0, 12)).toEqual([0, 0xb0, 0, 0x3c, 0, 255, 0, 0, 0, 0, 0x40, 0]);
    expect(thick.slice(20, 32)).toEqual(new Array(12).fill(0));
    expect(thick.slice(36, 44)).toEqual([0, 0, 0, 0, 0, 0, 0x40, 0]);
    const thin = setup({ thin: true }).data(page(0xb0));
    // WSNZ
    expect(thin[4]).toBe(1);
    expect(thin.slice(20, 32)).toEqual([0xff, 0xff, 0xff, 0xff, 0, 0, 1, 0, 0, 0, 0, 1]);
  });

  it("Block Device Characteristics: nothing rotates", () => {
    expect(setup().data(page(0xb1)).slice(0, 8)).toEqual([0, 0xb1, 0, 0x3c, 0, 1, 0, 0]);
  });

  it("Logical Block Provisioning, and LBPME and LBPRZ of READ CAPACITY(16), are for thin units", () => {
    const capacity = sixteen(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32);
    const thin = setup({ thin: true });
    expect(thin.data(page(0xb2))).toEqual([0, 0xb2, 0, 4, 0, 0xe4, 2, 0]);
    expect(thin.data(capacity)[14]).toBe(0xc0);
    expect(setup().data(capacity)[14]).toBe(0);
  });
});

describe("LOG SENSE", () => {
  const logSense = (page: number, subpage = 0) => Uint8Array.of(0x4d, 0, 0x40 | page, subpage, 0, 0, 0, 0, 255, 0);

  // As sg_logs 1.81 reads them (no exception, neither temperature available): page code, length; parameter code, control byte, length; code, qualifier, temperature, threshold.
  it.each([
    ["supported pages", 0x00, [0x00, 0, 0, 2, 0x00, 0x2f]],
    ["informational exceptions: none, and no temperature", 0x2f, [0x2f, 0, 0, 8, 0, 0, 3, 4, 0, 0, 0xff, 0xff]],
  ])("%s", (_what, page, bytes) => {
    const lab = createLab();
    expect(Array.from(lab.server.execute(lab.nexus("a"), logSense(page)).dataIn)).toEqual(bytes);
  });

  it("of another page, or a subpage, is an invalid field", () => {
    const lab = createLab();
    expect(lab.send(lab.nexus("a"), logSense(0x2e))).toBe("5/24/00 cdb 2.5");
    expect(lab.send(lab.nexus("a"), logSense(0, 0xff))).toBe("5/24/00 cdb 3");
  });
});

/**
 * The commands that are not about reservations, and PERSISTENT RESERVE IN's bytes: expected values typed from the
 * standards' tables (smr-j; spc4r36f 6.15; sbc4 4.18.1).
 */
import { describe, expect, it } from "vitest";
import {
  CONFLICT,
  createLab,
  GOOD,
  iqn,
  parameterList,
  reserveInCdb,
  reserveOutCdb,
  SA,
  TYPE,
  transportId,
} from "./lab.ts";

const ascii = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const big = (...values: readonly bigint[]) => {
  const bytes = new Uint8Array(values.length * 8);
  for (const [index, value] of values.entries()) new DataView(bytes.buffer).setBigUint64(index * 8, value);
  return Array.from(bytes);
};
function setup(options = {}) {
  const lab = createLab(options);
  const [a, b] = [lab.nexus("a"), lab.nexus("b")];
  return { lab, a, b, data: (cdb: Uint8Array) => Array.from(lab.server.execute(a, cdb).dataIn) };
}
const read10 = (lba: number, blocks: number) => {
  const cdb = Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, blocks >>> 8, blocks & 0xff, 0);
  new DataView(cdb.buffer).setUint32(2, lba);
  return cdb;
};
const read16 = (lba: bigint, blocks: number) => {
  const cdb = new Uint8Array(16);
  cdb[0] = 0x88;
  new DataView(cdb.buffer).setBigUint64(2, lba);
  new DataView(cdb.buffer).setUint32(10, blocks);
  return cdb;
};
const asWrite = (cdb: Uint8Array) => Uint8Array.of((cdb[0] as number) + 2, ...cdb.subarray(1));

describe("NACA", () => {
  // NORMACA of INQUIRY (byte 3, bit 5) is 0: the CONTROL byte cannot ask for ACA. Its place is the CDB's last byte.
  it.each([
    ["TEST UNIT READY", Uint8Array.of(0, 0, 0, 0, 0, 0)],
    ["READ (10)", read10(0, 1)],
    ["READ (16)", read16(0n, 1)],
    ["PERSISTENT RESERVE IN", reserveInCdb(0)],
  ])("of %s is an invalid field", (_name, cdb) => {
    const { lab, a } = setup();
    const withNaca = cdb.slice();
    const control = cdb.length - 1;
    withNaca[control] = 4;
    expect(lab.send(a, withNaca)).toBe(`5/24/00 cdb ${control}.2`);
    expect(lab.send(a, cdb)).toBe(GOOD);
  });

  it("comes after a conflict; and INQUIRY says that there is none", () => {
    const { lab, a, b, data } = setup();
    lab.register(b, 1n);
    lab.reserve(b, 1n, TYPE.EA);
    const cdb = read10(0, 1);
    cdb[9] = 4;
    expect(lab.send(a, cdb)).toBe(CONFLICT);
    expect((data(Uint8Array.of(0x12, 0, 0, 0, 96, 0))[3] as number) & 0x20).toBe(0);
  });
});

describe("PERSISTENT RESERVE IN", () => {
  it("READ KEYS: PRGENERATION, ADDITIONAL LENGTH, a key for every registration", () => {
    const { lab, a, b, data } = setup();
    expect(data(reserveInCdb(0))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    lab.register(a, 0x1122334455667788n);
    lab.register(b, 0x1122334455667788n);
    const keys = big(0x1122334455667788n, 0x1122334455667788n);
    expect(data(reserveInCdb(0))).toEqual([0, 0, 0, 2, 0, 0, 0, 16, ...keys]);
  });

  it("READ RESERVATION: nothing, the holder's key, or 0 for all registrants", () => {
    const { lab, a, data } = setup();
    lab.register(a, 0xabn);
    expect(data(reserveInCdb(1))).toEqual([0, 0, 0, 1, 0, 0, 0, 0]);
    lab.reserve(a, 0xabn, TYPE.EARO);
    expect(data(reserveInCdb(1))).toEqual([0, 0, 0, 1, 0, 0, 0, 16, ...big(0xabn), 0, 0, 0, 0, 0, 6, 0, 0]);
    lab.out(a, SA.RELEASE, { key: 0xabn, type: TYPE.EARO });
    lab.reserve(a, 0xabn, TYPE.WEAR);
    expect(data(reserveInCdb(1))).toEqual([0, 0, 0, 1, 0, 0, 0, 16, ...big(0n), 0, 0, 0, 0, 0, 7, 0, 0]);
  });

  it("REPORT CAPABILITIES: everything, or what the options leave", () => {
    // RLR_C, CRH, SIP_C, ATP_C, PTPL_C; TMV, ALLOW COMMANDS 001b; all six types.
    expect(setup().data(reserveInCdb(2))).toEqual([0, 8, 0x9d, 0x90, 0xea, 0x01, 0, 0]);
    const { data } = setup({
      replaceLostReservation: false,
      compatibleReservationHandling: false,
      specifyInitiatorPorts: false,
      allTargetPorts: false,
      persistThroughPowerLoss: false,
      types: ["exclusive-access", "exclusive-access-registrants-only", "exclusive-access-all-registrants"],
    });
    expect(data(reserveInCdb(2))).toEqual([0, 8, 0x00, 0x90, 0x48, 0x01, 0, 0]);
  });

  it("READ FULL STATUS: a descriptor for every registration", () => {
    const { lab, a, b, data } = setup({ targetPorts: [1, 0x203] });
    const c = lab.nexus("b", 0x203);
    for (const [nexus, key] of [
      [a, 1n],
      [b, 2n],
      [c, 3n],
    ] as const)
      lab.register(nexus, key);
    lab.reserve(c, 3n, TYPE.EA);
    const [idOfA, idOfB] = [transportId(iqn("a")), transportId(iqn("b"))];
    const row = (key: bigint, holder: readonly number[], port: readonly number[], id: Uint8Array) => [
      ...big(key),
      0,
      0,
      0,
      0,
      ...holder,
      0,
      0,
      0,
      0,
      ...port,
      0,
      0,
      0,
      id.length,
      ...id,
    ];
    expect(data(reserveInCdb(3))).toEqual([
      0,
      0,
      0,
      3,
      0,
      0,
      0,
      3 * 24 + idOfA.length + 2 * idOfB.length,
      ...row(1n, [0, 0], [0, 1], idOfA),
      ...row(2n, [0, 0], [0, 1], idOfB),
      ...row(3n, [1, 3], [2, 3], idOfB),
    ]);
  });

  it.each([0, 1, 2, 3])(
    "service action %i is cut to ALLOCATION LENGTH, and its own length field is not",
    (serviceAction) => {
      const { lab, a, b, data } = setup();
      lab.register(a, 1n);
      lab.register(b, 2n);
      lab.reserve(a, 1n, TYPE.WE);
      const whole = data(reserveInCdb(serviceAction));
      for (const length of [0, 1, 4, 7, 8, 9, whole.length - 1, whole.length, whole.length + 1]) {
        expect(data(reserveInCdb(serviceAction, length))).toEqual(whole.slice(0, length));
      }
    },
  );

  it("service actions from 04h on do not exist", () => {
    const { lab, a } = setup();
    for (let serviceAction = 4; serviceAction < 32; serviceAction++) {
      expect(lab.send(a, reserveInCdb(serviceAction))).toBe("5/24/00 cdb 1.4");
    }
  });

  it("holds a thousand registrations, and says how many bytes there would be", () => {
    const { lab, data } = setup();
    for (let index = 0; index < 1000; index++) {
      lab.register(lab.server.nexus({ protocol: "sas", address: BigInt(index + 1) }), BigInt(index + 1));
    }
    const keys = data(reserveInCdb(0));
    expect(keys.slice(4, 8)).toEqual([0, 0, 0x1f, 0x40]);
    expect(keys).toHaveLength(8008);
    const status = data(reserveInCdb(3));
    expect(status).toHaveLength(8 + 48 * 1000);
    expect(status.slice(4, 8)).toEqual([0, 0, 0xbb, 0x80]);
  });

  it("counts what no ALLOCATION LENGTH could carry", () => {
    const lab = createLab({ maximumRegistrations: 9000 });
    for (let index = 0; index < 9000; index++) {
      lab.register(lab.server.nexus({ protocol: "sas", address: BigInt(index + 1) }), 1n);
    }
    const length = (serviceAction: number) => {
      const { dataIn } = lab.server.execute(lab.nexus("a"), reserveInCdb(serviceAction));
      expect(dataIn).toHaveLength(0xffff);
      return new DataView(dataIn.buffer).getUint32(4);
    };
    expect(length(0)).toBe(72_000);
    expect(length(3)).toBe(48 * 9000);
  });
});

describe("PERSISTENT RESERVE OUT", () => {
  it("service actions from 09h on do not exist", () => {
    const { lab, a } = setup();
    lab.register(a, 1n);
    for (let serviceAction = 9; serviceAction < 32; serviceAction++) {
      const list = parameterList(serviceAction, { key: 1n });
      expect(lab.send(a, reserveOutCdb(serviceAction, {}, list.length), list)).toBe("5/24/00 cdb 1.4");
    }
    expect(lab.shown().generation).toBe(1);
  });

  it("PRGENERATION wraps at 2^32", () => {
    const { lab, a } = setup();
    lab.server.restore({ ...lab.server.snapshot(), prGeneration: 0xffff_fffe });
    lab.register(a, 1n);
    expect(lab.shown().generation).toBe(0xffff_ffff);
    lab.out(a, SA.REGISTER, { key: 1n, newKey: 2n });
    expect(lab.shown().generation).toBe(0);
    expect(lab.server.snapshot().prGeneration).toBe(0);
  });
});

describe("INQUIRY", () => {
  const inquiry = (evpd: number, page: number, length = 255) => Uint8Array.of(0x12, evpd, page, 0, length, 0);

  it("standard data: a disk after SPC-4 that can queue and copy, and is reached alike through every port", () => {
    const { lab, a, data } = setup();
    const bytes = data(inquiry(0, 0));
    expect(bytes).toHaveLength(96);
    expect(bytes.slice(0, 8)).toEqual([0, 0, 6, 0x12, 91, 0x18, 0, 2]);
    expect(ascii(Uint8Array.from(bytes.slice(8, 36)))).toBe("SIMULATEPERSISTENT DISK 0001");
    // SAM-5, iSCSI, SPC-4, SBC-3 (spc4r36f table 179).
    expect(bytes.slice(58, 66)).toEqual([0x00, 0xa0, 0x09, 0x60, 0x04, 0x60, 0x04, 0xc0]);
    expect(lab.send(a, inquiry(0, 0x80))).toBe("5/24/00 cdb 2");
  });

  it("page 00h lists the pages, in ascending order", () => {
    const pages = [0x00, 0x80, 0x83, 0x8f, 0xb0, 0xb1];
    expect(setup().data(inquiry(1, 0x00))).toEqual([0, 0x00, 0, 6, ...pages]);
    expect(setup({ thin: true }).data(inquiry(1, 0x00))).toEqual([0, 0x00, 0, 7, ...pages, 0xb2]);
  });

  it("page 80h is the serial number", () => {
    const bytes = Uint8Array.from(setup({ serialNumber: "disk-7" }).data(inquiry(1, 0x80)));
    expect([...bytes.subarray(0, 4)]).toEqual([0, 0x80, 0, 6]);
    expect(ascii(bytes.subarray(4))).toBe("disk-7");
  });

  it("page 83h names the unit twice, and the target port that is asked and its group", () => {
    const { lab } = setup({ serialNumber: "disk-7", targetPorts: [1, 0x102] });
    const bytes = lab.server.execute(lab.nexus("a", 0x102), inquiry(1, 0x83)).dataIn;
    expect([...bytes.subarray(0, 8)]).toEqual([0, 0x83, 0, 4 + 8 + 4 + 14 + 4 + 4 + 4 + 4, 0x01, 0x03, 0, 8]);
    // NAA 3h: locally assigned.
    expect((bytes[8] as number) >>> 4).toBe(3);
    expect([...bytes.subarray(16, 20)]).toEqual([0x02, 0x01, 0, 14]);
    expect(ascii(bytes.subarray(20, 34))).toBe("SIMULATEdisk-7");
    // Relative target port, target port group.
    expect([...bytes.subarray(34)]).toEqual([0x01, 0x14, 0, 4, 0, 0, 1, 2, 0x01, 0x15, 0, 4, 0, 0, 0, 1]);
  });

  it("the unit's name is the same through all ports, and another for another unit", () => {
    const naa = (serialNumber: string, port: number) => {
      const { lab } = setup({ serialNumber, targetPorts: [1, 2] });
      return [...lab.server.execute(lab.nexus("a", port), inquiry(1, 0x83)).dataIn.subarray(8, 16)];
    };
    expect(naa("x", 1)).toEqual(naa("x", 2));
    expect(naa("x", 1)).not.toEqual(naa("y", 1));
  });

  it("other pages do not exist", () => {
    const { lab, a } = setup();
    for (const page of [0x01, 0x81, 0xb2, 0xff]) expect(lab.send(a, inquiry(1, page))).toBe("5/24/00 cdb 2");
  });

  it("is cut to ALLOCATION LENGTH", () => {
    const { data } = setup();
    for (const page of [0x00, 0x80, 0x83]) {
      const whole = data(inquiry(1, page));
      for (const length of [0, 1, 4, 5]) expect(data(inquiry(1, page, length))).toEqual(whole.slice(0, length));
    }
  });
});

describe("REPORT LUNS", () => {
  const reportLuns = (select: number, length = 255) => Uint8Array.of(0xa0, 0, select, 0, 0, 0, 0, 0, 0, length, 0, 0);

  it("lists the units that there are", () => {
    const { data } = setup({ luns: () => [0, 7] });
    const list = [0, 0, 0, 16, 0, 0, 0, 0, ...big(0n, 7n << 48n)];
    for (const select of [0, 2]) expect(data(reportLuns(select))).toEqual(list);
    expect(data(reportLuns(0, 12))).toEqual(list.slice(0, 12));
    expect(data(reportLuns(1))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("refuses another SELECT REPORT", () => {
    const { lab, a } = setup();
    expect(lab.send(a, reportLuns(0x10))).toBe("5/24/00 cdb 2");
  });
});

describe("REQUEST SENSE", () => {
  it("is cut to ALLOCATION LENGTH, and comes in either format", () => {
    const { lab, a, data } = setup();
    expect(data(Uint8Array.of(0x03, 0, 0, 0, 3, 0))).toEqual([0x70, 0, 0]);
    expect(data(Uint8Array.of(0x03, 1, 0, 0, 18, 0))).toEqual([0x72, 0, 0, 0, 0, 0, 0, 0]);
    lab.server.reset();
    expect(data(Uint8Array.of(0x03, 1, 0, 0, 18, 0))).toEqual([0x72, 6, 0x29, 3, 0, 0, 0, 0]);
    expect(lab.send(a, Uint8Array.of(0, 0, 0, 0, 0, 0))).toBe("GOOD");
  });
});

describe("READ CAPACITY", () => {
  const capacity10 = Uint8Array.of(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const capacity16 = (length = 32, serviceAction = 0x10) =>
    Uint8Array.of(0x9e, serviceAction, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, length, 0, 0);

  it("gives the last block and the block length, in both forms", () => {
    const { data } = setup({ blocks: 0x12345, blockSize: 4096 });
    expect(data(capacity10)).toEqual([0, 1, 0x23, 0x44, 0, 0, 0x10, 0]);
    expect(data(capacity16())).toEqual([...big(0x12344n), 0, 0, 0x10, 0, ...new Array(20).fill(0)]);
    expect(data(capacity16(10))).toEqual([...big(0x12344n), 0, 0]);
  });

  it("of ten bytes says FFFFFFFFh where the last block does not fit", () => {
    const { data } = setup({ blocks: 2 ** 33 });
    expect(data(capacity10)).toEqual([0xff, 0xff, 0xff, 0xff, 0, 0, 2, 0]);
    expect(data(capacity16()).slice(0, 8)).toEqual(big(2n ** 33n - 1n));
  });

  it("shares its operation code with GET LBA STATUS alone", () => {
    const { lab, a } = setup();
    for (const serviceAction of [0x00, 0x11, 0x13]) {
      expect(lab.send(a, capacity16(32, serviceAction))).toBe("5/24/00 cdb 1.4");
    }
  });
});

describe("READ and WRITE", () => {
  it("end at the last block, in all four forms, and name the first invalid block", () => {
    const { lab, a } = setup({ blocks: 100 });
    const outOfRange = (cdb: Uint8Array) => {
      const { status, sense } = lab.server.execute(a, cdb, new Uint8Array(1024));
      expect([status, sense[0], (sense[2] as number) & 0xf, sense[12], sense[13]]).toEqual([2, 0xf0, 5, 0x21, 0]);
      return new DataView(sense.buffer).getUint32(3);
    };
    for (const cdb of [read10(100, 1), read10(99, 2), read16(100n, 1), read16(99n, 2), read16(0n, 101)]) {
      expect([outOfRange(cdb), outOfRange(asWrite(cdb))]).toEqual([100, 100]);
    }
    expect(outOfRange(read10(0xffff_ffff, 1))).toBe(0xffff_ffff);
    for (const cdb of [read10(99, 1), read16(99n, 1), read10(100, 0), read16(0n, 100)]) {
      expect(lab.send(a, cdb)).toBe(GOOD);
    }
  });

  it("give no INFORMATION that fixed-format sense data cannot hold", () => {
    const { lab, a } = setup();
    const { sense } = lab.server.execute(a, read16(2n ** 64n - 1n, 1));
    expect([...sense.subarray(0, 7)]).toEqual([0x70, 0, 5, 0, 0, 0, 0]);
    expect([sense[12], sense[13]]).toEqual([0x21, 0]);
  });

  it("reach far into a disk of petabytes", () => {
    const { lab, a } = setup({ blocks: 2 ** 37, blockSize: 65_536 });
    const block = new Uint8Array(65_536).fill(0xa5);
    const last = 2n ** 37n - 1n;
    expect(lab.send(a, asWrite(read16(last, 1)), block)).toBe(GOOD);
    const { dataIn } = lab.server.execute(a, read16(last - 1n, 2));
    expect([dataIn.length, dataIn[65_535], dataIn[65_536], dataIn[131_071]]).toEqual([131_072, 0, 0xa5, 0xa5]);
  });

  it("refuse protection information, and more than 64 MiB at once, at the field", () => {
    const { lab, a } = setup({ blocks: 2 ** 32 });
    for (const cdb of [read10(0, 1), asWrite(read10(0, 1)), read16(0n, 1), asWrite(read16(0n, 1))]) {
      cdb[1] = 0x20;
      expect(lab.send(a, cdb, new Uint8Array(512))).toBe("5/24/00 cdb 1.7");
    }
    expect(lab.send(a, read16(0n, 2 ** 17 + 1))).toBe("5/24/00 cdb 10");
  });

  it("write whole blocks only, of what arrived, and say how much was wanted", () => {
    const { lab, a } = setup();
    const answer = lab.server.execute(a, asWrite(read10(0, 3)), new Uint8Array(1000).fill(7));
    expect([answer.status, answer.dataOutLength]).toEqual([0, 1536]);
    const { dataIn } = lab.server.execute(a, read10(0, 3));
    expect([dataIn[0], dataIn[511], dataIn[512]]).toEqual([7, 7, 0]);
    const more = lab.server.execute(a, asWrite(read10(1, 1)), new Uint8Array(2000).fill(9));
    expect([more.status, more.dataOutLength]).toEqual([0, 512]);
    const after = lab.server.execute(a, read10(0, 3)).dataIn;
    expect([after[511], after[512], after[1023], after[1024]]).toEqual([7, 9, 9, 0]);
  });
});

describe("A CDB", () => {
  it("with an operation code that does not exist here is refused at its first byte", () => {
    const { lab, a } = setup();
    // biome-ignore format: by length
    const known = [
      0x00, 0x03, 0x08, 0x0a, 0x12, 0x15, 0x16, 0x17, 0x1a, 0x1b, 0x1e,
      0x25, 0x28, 0x2a, 0x2e, 0x2f, 0x34, 0x35, 0x41, 0x4d, 0x55, 0x56, 0x57, 0x5a, 0x5e, 0x5f,
      0x83, 0x84, 0x88, 0x89, 0x8a, 0x8b, 0x8e, 0x8f, 0x90, 0x91, 0x93, 0x9e,
      0xa0, 0xa3, 0xa8, 0xaa, 0xae, 0xaf,
    ];
    for (let operationCode = 0; operationCode < 256; operationCode++) {
      if (known.includes(operationCode)) continue;
      expect(lab.send(a, Uint8Array.of(operationCode, ...new Array(15).fill(0)))).toBe("5/20/00 cdb 0");
    }
  });

  it("that is empty, cut or endless is refused, whatever is reserved", () => {
    const { lab, a, b } = setup();
    lab.register(a, 1n);
    lab.reserve(a, 1n, TYPE.EA);
    expect(lab.send(b, new Uint8Array(0))).toBe("5/20/00 cdb 0");
    for (const cdb of [Uint8Array.of(0x12), read10(0, 1).subarray(0, 9), reserveInCdb(0).subarray(0, 6)]) {
      expect(lab.send(b, cdb)).toBe("5/24/00");
    }
    expect(lab.send(b, Uint8Array.of(0x28, ...new Array(300).fill(0)))).toBe("5/24/00");
    expect(lab.send(b, read10(0, 1))).toBe(CONFLICT);
  });
});

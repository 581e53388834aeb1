/**
 * Who may do what to a media changer and to a tape drive under which reservation: every cell. A is allowed, C is RESERVATION
 * CONFLICT. Each row names where its cells are from:
 *
 *   spc4    spc4r36f 5.13.1 table 65
 *   sl150   Oracle SL150 Interface Reference Manual, July 2017, page 176: "Some commands (for example, Move Medium)"
 *   sl500   Sun SL500 Interface Reference Manual, revision F, table 5-30 (exclusive access types), tables 3-6 and 5-29
 *   scst    SCST aa5cc2dd scst/src/scst_lib.c scst_scsi_op_table, device types 1 and 8
 *   t10000  Oracle T10000 Interface Reference Manual, August 2016, table 2-2 (RESERVE)
 */
import { describe, expect, it } from "vitest";
import type { DeviceServerOptions, Nexus } from "../../transports/simulated/index.ts";
import { CONFLICT, createLab, GOOD, type Lab, reserveInCdb, SA, TYPE, types } from "./lab.ts";

const roles = ["holder", "registered", "unregistered"] as const;
type Role = (typeof roles)[number];
const keys: Readonly<Record<Role, bigint>> = { holder: 0xan, registered: 0xbn, unregistered: 0n };

function reservedUnit(type: number, options: DeviceServerOptions) {
  const lab = createLab(options);
  const nexuses = { holder: lab.nexus("a"), registered: lab.nexus("b"), unregistered: lab.nexus("c") };
  lab.register(nexuses.holder, keys.holder);
  lab.register(nexuses.registered, keys.registered);
  lab.reserve(nexuses.holder, keys.holder, type);
  return { lab, nexuses };
}

const six = (operationCode: number, ...rest: readonly number[]) => {
  const cdb = new Uint8Array(6);
  cdb.set([operationCode, ...rest]);
  return cdb;
};
const ten = (operationCode: number, ...rest: readonly number[]) => {
  const cdb = new Uint8Array(10);
  cdb.set([operationCode, ...rest]);
  return cdb;
};
const twelve = (operationCode: number, ...rest: readonly number[]) => {
  const cdb = new Uint8Array(12);
  cdb.set([operationCode, ...rest]);
  return cdb;
};

type Row = readonly [
  name: string,
  cdb: Uint8Array,
  holder: string,
  registered: string,
  unregistered: string,
  reserved: string,
  source: string,
];

/** Cells for the types 1, 3, 5, 6, 7, 8 (WE EA WERO EARO WEAR EAAR), then for another I_T nexus under RESERVE. */
// biome-ignore format: a table
const common: readonly Row[] = [
  ["TEST UNIT READY",         six(0x00),                          "AAAAAA", "AAAAAA", "AAAAAA", "C", "spc4; sl500 3-6"],
  ["REQUEST SENSE",           six(0x03, 0, 0, 0, 18),             "AAAAAA", "AAAAAA", "AAAAAA", "A", "spc4; sl150 236"],
  ["INQUIRY",                 six(0x12, 0, 0, 0, 36),             "AAAAAA", "AAAAAA", "AAAAAA", "A", "spc4; sl150 236"],
  ["REPORT LUNS",             twelve(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16), "AAAAAA", "AAAAAA", "AAAAAA", "A", "spc4; sl150 236"],
  ["LOG SENSE",               ten(0x4d, 0, 0x40, 0, 0, 0, 0, 0, 32), "AAAAAA", "AAAAAA", "AAAAAA", "A", "spc4; sl150 236"],
  ["MODE SENSE(6)",           six(0x1a, 8, 0x0a, 0, 32),          "AAAAAA", "ACAAAA", "ACACAC", "C", "spc4; sl500 5-30"],
  ["MODE SENSE(10)",          ten(0x5a, 8, 0x0a, 0, 0, 0, 0, 0, 32), "AAAAAA", "ACAAAA", "ACACAC", "C", "spc4; sl500 5-30"],
  ["MODE SELECT(6)",          six(0x15, 0x10),                    "AAAAAA", "CCAAAA", "CCCCCC", "C", "spc4; sl500 5-30"],
  ["MODE SELECT(10)",         ten(0x55, 0x10),                    "AAAAAA", "CCAAAA", "CCCCCC", "C", "spc4; sl500 5-30"],
  ["PREVENT",                 six(0x1e, 0, 0, 0, 1),              "AAAAAA", "CCAAAA", "CCCCCC", "C", "sl500 5-30, 3-6"],
  ["ALLOW",                   six(0x1e, 0, 0, 0, 0),              "AAAAAA", "AAAAAA", "AAAAAA", "A", "sl500 5-30; sl150 236"],
  ["PERSISTENT RESERVE IN",   reserveInCdb(0),                    "AAAAAA", "AAAAAA", "AAAAAA", "C", "spc4; sl500 5-30, 3-6"],
  ["REPORT SUPPORTED OPERATION CODES", twelve(0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 0, 16), "AAAAAA", "ACAAAA", "ACACAC", "C", "spc4"],
];

// biome-ignore format: a table
const changer: readonly Row[] = [
  ["INITIALIZE ELEMENT STATUS", six(0x07),                        "AAAAAA", "CCAAAA", "CCCCCC", "C", "sl500 5-30, 3-6; scst"],
  ["INITIALIZE ELEMENT STATUS WITH RANGE", ten(0x37),             "AAAAAA", "CCAAAA", "CCCCCC", "C", "sl500 5-30, 3-6; scst"],
  ["POSITION TO ELEMENT",     ten(0x2b, 0, 0, 0, 0x03, 0xe8),     "AAAAAA", "CCAAAA", "CCCCCC", "C", "sl500 5-30, 3-6; scst"],
  ["MOVE MEDIUM",             twelve(0xa5, 0, 0, 0, 0x03, 0xe8, 0x01, 0xf4), "AAAAAA", "CCAAAA", "CCCCCC", "C", "sl150 176; sl500 5-30, 3-6; scst"],
  ["EXCHANGE MEDIUM",         twelve(0xa6, 0, 0, 0, 0x03, 0xe8, 0x03, 0xe9, 0x03, 0xe8), "AAAAAA", "CCAAAA", "CCCCCC", "C", "scst (A6h on device type 8: as MOVE MEDIUM)"],
  ["READ ELEMENT STATUS",     twelve(0xb8, 0x10, 0, 0, 0, 99, 0, 0, 1, 0), "AAAAAA", "CCAAAA", "CCCCCC", "C", "scst; sl500 3-6, 5-29"],
  ["READ ELEMENT STATUS, CURDATA", twelve(0xb8, 0x10, 0, 0, 0, 99, 2, 0, 1, 0), "AAAAAA", "AAAAAA", "AAAAAA", "A", "sl500 3-6, 5-29 (5-30 has its two rows exchanged)"],
  ["OPEN IMPORT/EXPORT ELEMENT", six(0x1b, 0, 0, 10),             "AAAAAA", "CCAAAA", "CCCCCC", "C", "as PREVENT: sl500 5-30; scst (1Bh)"],
];

// biome-ignore format: a table
const tape: readonly Row[] = [
  ["READ BLOCK LIMITS",       six(0x05),                          "AAAAAA", "AAAAAA", "AAAAAA", "A", "scst; t10000"],
  ["REWIND",                  six(0x01),                          "AAAAAA", "ACAAAA", "ACACAC", "C", "scst; t10000"],
  ["READ(6)",                 six(0x08),                          "AAAAAA", "ACAAAA", "ACACAC", "C", "scst; t10000"],
  ["WRITE(6)",                six(0x0a),                          "AAAAAA", "CCAAAA", "CCCCCC", "C", "scst; t10000"],
  ["WRITE FILEMARKS(6)",      six(0x10, 0, 0, 0, 1),              "AAAAAA", "CCAAAA", "CCCCCC", "C", "scst; t10000"],
  ["SPACE(6)",                six(0x11, 3),                       "AAAAAA", "ACAAAA", "ACACAC", "C", "scst; t10000"],
  ["ERASE(6)",                six(0x19),                          "AAAAAA", "CCAAAA", "CCCCCC", "C", "scst; t10000"],
  ["LOAD",                    six(0x1b, 0, 0, 0, 1),              "AAAAAA", "CCAAAA", "CCCCCC", "C", "scst; t10000"],
  ["UNLOAD",                  six(0x1b),                          "AAAAAA", "CCAAAA", "CCCCCC", "C", "scst; t10000"],
  ["LOCATE(10)",              ten(0x2b),                          "AAAAAA", "ACAAAA", "ACACAC", "C", "scst; t10000"],
  ["READ POSITION",           ten(0x34),                          "AAAAAA", "ACAAAA", "ACACAC", "C", "scst; t10000"],
];

const devices: readonly (readonly [DeviceServerOptions["type"], readonly Row[]])[] = [
  ["changer", [...common, ...changer]],
  ["tape", [...common, ...tape]],
];

/** The types of a device, with their place in the rows. */
const columns = types.map((type, column) => [type, column] as const);
const exclusive = columns.filter(([type]) => type === TYPE.EA || type === TYPE.EARO || type === TYPE.EAAR);
const kinds = [
  ["strict SPC", undefined, columns],
  ["as the SL150", "sl150", exclusive],
] as const;

describe.each(devices)("A %s", (device, rows) => {
  describe.each(kinds)("%s", (_name, profile, ownTypes) => {
    describe.each(rows)("%s", (name, cdb, holder, registered, unregistered) => {
      const cells: Readonly<Record<Role, string>> = { holder, registered, unregistered };
      it.each(ownTypes.flatMap(([type, column]) => roles.map((role) => [type, role, column] as const)))(
        "under type %d from the %s",
        (type, role, column) => {
          const { lab, nexuses } = reservedUnit(type, { type: device, profile });
          const answer = lab.send(nexuses[role], cdb);
          // All registrants hold: then there is no registered nexus that does not.
          const holds = role === "registered" && (type === TYPE.WEAR || type === TYPE.EAAR);
          const expected = holds ? "A" : (cells[role][column] as string);
          expect(answer === CONFLICT ? "C" : "A", `${name}: ${answer}`).toBe(expected);
          if (expected === "A") expect(answer).toBe(GOOD);
        },
      );
    });
  });

  it.each(rows)("RESERVE by another: %s", (_name, cdb, _holder, _registered, _unregistered, reserved) => {
    for (const reserve of [six(0x16), ten(0x56)]) {
      const lab = createLab({ type: device });
      const [a, b] = [lab.nexus("a"), lab.nexus("b")];
      expect(lab.send(a, reserve)).toBe(GOOD);
      expect(lab.send(b, cdb)).toBe(reserved === "C" ? CONFLICT : GOOD);
      if (cdb[0] !== 0x5e) expect(lab.send(a, cdb)).toBe(GOOD);
    }
  });

  it("every command that it has is in the table", () => {
    const lab = createLab({ type: device });
    const { dataIn } = lab.server.execute(lab.nexus("a"), twelve(0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 0x40, 0));
    const supported = new Set<number>();
    for (let at = 4; at < dataIn.length; at += 8) supported.add(dataIn[at] as number);
    const elsewhere = [0x16, 0x17, 0x56, 0x57, 0x5f];
    expect([...supported].sort((a, b) => a - b)).toEqual(
      [...new Set([...rows.map(([, cdb]) => cdb[0] as number), ...elsewhere])].sort((a, b) => a - b),
    );
  });
});

describe("RESERVE and RELEASE of an SL150 (CRH 0)", () => {
  const commands = [six(0x16), ten(0x56), six(0x17), ten(0x57)];
  it.each(exclusive)("conflict under type %d, for the holder too", (type) => {
    const { lab, nexuses } = reservedUnit(type, { type: "changer", profile: "sl150" });
    for (const cdb of commands) for (const role of roles) expect(lab.send(nexuses[role], cdb)).toBe(CONFLICT);
  });

  it("RELEASE by another is GOOD and releases nothing", () => {
    const lab = createLab({ type: "changer", profile: "sl150" });
    const [a, b] = [lab.nexus("a"), lab.nexus("b")];
    expect(lab.send(a, six(0x16))).toBe(GOOD);
    expect(lab.send(b, six(0x17))).toBe(GOOD);
    expect(lab.send(b, six(0x07))).toBe(CONFLICT);
    lab.server.reset();
    b.attentions.length = 0;
    expect(lab.send(b, six(0x07))).toBe(GOOD);
  });

  it("of elements are refused: the ELEMENT bit, an element list", () => {
    const lab = createLab({ type: "changer", profile: "sl150" });
    const a = lab.nexus("a");
    expect(lab.send(a, six(0x16, 1, 7, 0, 6))).toBe("5/24/00 cdb 1.0");
    expect(lab.send(a, ten(0x56, 1, 7, 0, 0, 0, 0, 0, 6))).toBe("5/24/00 cdb 1.0");
    expect(lab.send(a, six(0x17, 1, 7))).toBe("5/24/00 cdb 1.0");
    expect(lab.send(a, ten(0x57, 1, 7))).toBe("5/24/00 cdb 1.0");
    expect(lab.send(lab.nexus("b"), six(0x07))).toBe(GOOD);
  });
});

describe("Holders", () => {
  /** Three who are registered; the first reserves. Who may move after that? */
  function movers(type: number): string[] {
    const lab = createLab({ type: "changer", profile: "sl150" });
    const nexuses: Nexus[] = ["a", "b", "c"].map((letter) => lab.nexus(letter));
    for (const [index, nexus] of nexuses.entries()) lab.register(nexus, BigInt(index + 1));
    lab.reserve(nexuses[0] as Nexus, 1n, type);
    return lab.fullStatus().filter((row) => row.includes("*"));
  }
  it("one under 3h and 6h, all who are registered under 8h", () => {
    expect(movers(TYPE.EA)).toEqual(["a 1 1 * 3"]);
    expect(movers(TYPE.EARO)).toEqual(["a 1 1 * 6"]);
    expect(movers(TYPE.EAAR)).toEqual(["a 1 1 * 8", "b 1 2 * 8", "c 1 3 * 8"]);
  });
});

describe("An SL500, table 5-30", () => {
  const services = (lab: Lab, nexus: Nexus, key: bigint) =>
    [SA.REGISTER, SA.REGISTER_AND_IGNORE, SA.RESERVE, SA.RELEASE, SA.CLEAR, SA.PREEMPT, SA.PREEMPT_AND_ABORT].map(
      (serviceAction) => {
        const newKey = serviceAction === SA.PREEMPT || serviceAction === SA.PREEMPT_AND_ABORT ? 0xan : key;
        return lab.out(nexus, serviceAction, { key, newKey, type: TYPE.EARO });
      },
    );

  it("lets an unregistered initiator send neither TEST UNIT READY nor anything that moves", () => {
    const { lab, nexuses } = reservedUnit(TYPE.EARO, { type: "changer", profile: "sl500" });
    const conflicting = [six(0x00), six(0x07), ten(0x37), six(0x15, 0x10), six(0x1a, 8, 0x0a, 0, 32), ten(0x2b)];
    for (const cdb of conflicting) expect(lab.send(nexuses.unregistered, cdb)).toBe(CONFLICT);
    expect(lab.send(nexuses.registered, six(0x00))).toBe(GOOD);
  });

  it("PERSISTENT RESERVE OUT from one that is not registered: the two registrations alone", () => {
    const { lab, nexuses } = reservedUnit(TYPE.EARO, { type: "changer", profile: "sl500" });
    const answers = services(lab, nexuses.unregistered, 0n);
    expect(answers).toEqual([GOOD, GOOD, CONFLICT, CONFLICT, CONFLICT, CONFLICT, CONFLICT]);
  });

  it("PERSISTENT RESERVE OUT from one that is registered: all but RESERVE, until one of them ends the reservation", () => {
    for (const [index, expected] of [GOOD, GOOD, CONFLICT, GOOD, GOOD, GOOD, GOOD].entries()) {
      const { lab, nexuses } = reservedUnit(TYPE.EARO, { type: "changer", profile: "sl500" });
      const serviceAction = [0, 6, 1, 2, 3, 4, 5][index] as number;
      const newKey = serviceAction > 3 && serviceAction < 6 ? keys.holder : keys.registered;
      const out = { key: keys.registered, newKey, type: TYPE.EARO };
      expect(lab.out(nexuses.registered, serviceAction, out), String(serviceAction)).toBe(expected);
    }
  });
});

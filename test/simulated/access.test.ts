/**
 * Who may do what under which reservation: every cell. The expected cells are typed from the tables of spc4r36f 5.13.1
 * (65 and 66), sbc4 4.17 (13), spc2r20 (5.5.1, B.2) and spc4r36f 5.13.3; A is allowed, C is RESERVATION CONFLICT.
 */
import { describe, expect, it } from "vitest";
import type { Nexus } from "../../transports/simulated/index.ts";
import {
  allRegistrants,
  CONFLICT,
  createLab,
  type Lab,
  parameterList,
  reserveInCdb,
  reserveOutCdb,
  SA,
  TYPE,
  transportId,
  types,
} from "./lab.ts";

const roles = ["holder", "registered", "unregistered"] as const;
type Role = (typeof roles)[number];

const keys: Readonly<Record<Role, bigint>> = { holder: 0xan, registered: 0xbn, unregistered: 0n };

/** A unit reserved by `holder`, with one more that is registered and one that is not. */
function reservedUnit(
  type: number,
  options = {},
): { readonly lab: Lab; readonly nexuses: Readonly<Record<Role, Nexus>> } {
  const lab = createLab(options);
  const nexuses = { holder: lab.nexus("a"), registered: lab.nexus("b"), unregistered: lab.nexus("c") };
  lab.register(nexuses.holder, keys.holder);
  lab.register(nexuses.registered, keys.registered);
  lab.reserve(nexuses.holder, keys.holder, type);
  return { lab, nexuses };
}

const cdb10 = (operationCode: number) => Uint8Array.of(operationCode, 0, 0, 0, 0, 0, 0, 0, 1, 0);
const cdb16 = (operationCode: number, serviceAction = 0) =>
  Uint8Array.of(operationCode, serviceAction, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
const cdb12 = (operationCode: number) => Uint8Array.of(operationCode, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
const block = new Uint8Array(512);

const no = undefined;
type Cells = readonly [holder: string, registered: string, unregistered: string];
type CommandRow = readonly [name: string, cdb: Uint8Array, dataOut: Uint8Array | undefined, ...Cells];
type ServiceActionRow = readonly [name: string, serviceAction: number, ...Cells];

/**
 * For each command: cells for the types 1, 3, 5, 6, 7, 8 (WE EA WERO EARO WEAR EAAR), from the holder, from a
 * registered nexus, from one that is not registered.
 */
// biome-ignore format: a table
const commands: readonly CommandRow[] = [
  ["TEST UNIT READY",        Uint8Array.of(0x00, 0, 0, 0, 0, 0),                     no,    "AAAAAA", "AAAAAA", "AAAAAA"],
  ["REQUEST SENSE",          Uint8Array.of(0x03, 0, 0, 0, 18, 0),                    no,    "AAAAAA", "AAAAAA", "AAAAAA"],
  ["INQUIRY",                Uint8Array.of(0x12, 0, 0, 0, 36, 0),                    no,    "AAAAAA", "AAAAAA", "AAAAAA"],
  ["REPORT LUNS",            Uint8Array.of(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0),  no,    "AAAAAA", "AAAAAA", "AAAAAA"],
  ["READ CAPACITY(10)",      cdb10(0x25),                                            no,    "AAAAAA", "AAAAAA", "AAAAAA"],
  ["READ CAPACITY(16)",      cdb16(0x9e, 0x10),                                      no,    "AAAAAA", "AAAAAA", "AAAAAA"],
  ["READ(10)",               cdb10(0x28),                                            no,    "AAAAAA", "ACAAAA", "ACACAC"],
  ["READ(16)",               cdb16(0x88),                                            no,    "AAAAAA", "ACAAAA", "ACACAC"],
  ["WRITE(10)",              cdb10(0x2a),                                            block, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["WRITE(16)",              cdb16(0x8a),                                            block, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["READ(6)", Uint8Array.of(0x08, 0, 0, 0, 1, 0), no, "AAAAAA", "ACAAAA", "ACACAC"],
  ["READ(12)", cdb12(0xa8), no, "AAAAAA", "ACAAAA", "ACACAC"],
  ["VERIFY(10)", cdb10(0x2f), no, "AAAAAA", "ACAAAA", "ACACAC"],
  ["VERIFY(12)", cdb12(0xaf), no, "AAAAAA", "ACAAAA", "ACACAC"],
  ["VERIFY(16)", cdb16(0x8f), no, "AAAAAA", "ACAAAA", "ACACAC"],
  ["PRE-FETCH(10)", cdb10(0x34), no, "AAAAAA", "ACAAAA", "ACACAC"],
  ["PRE-FETCH(16)", cdb16(0x90), no, "AAAAAA", "ACAAAA", "ACACAC"],
  ["GET LBA STATUS", cdb16(0x9e, 0x12), no, "AAAAAA", "ACAAAA", "ACACAC"],
  ["MODE SENSE(6)", Uint8Array.of(0x1a, 0, 0x3f, 0, 255, 0), no, "AAAAAA", "ACAAAA", "ACACAC"],
  ["MODE SENSE(10)", Uint8Array.of(0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 255, 0), no, "AAAAAA", "ACAAAA", "ACACAC"],
  ["REPORT SUPPORTED OPERATION CODES", Uint8Array.of(0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0), no, "AAAAAA", "ACAAAA", "ACACAC"],
  ["REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS", Uint8Array.of(0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0), no, "AAAAAA", "ACAAAA", "ACACAC"],
  ["WRITE(6)", Uint8Array.of(0x0a, 0, 0, 0, 1, 0), block, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["WRITE(12)", cdb12(0xaa), block, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["WRITE AND VERIFY(10)", cdb10(0x2e), block, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["WRITE AND VERIFY(12)", cdb12(0xae), block, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["WRITE AND VERIFY(16)", cdb16(0x8e), block, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["WRITE SAME(10)", cdb10(0x41), block, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["WRITE SAME(16)", cdb16(0x93), block, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["ORWRITE(16)", cdb16(0x8b), block, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["COMPARE AND WRITE", Uint8Array.of(0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), no, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["UNMAP", Uint8Array.of(0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0), no, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["SYNCHRONIZE CACHE(10)", cdb10(0x35), no, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["SYNCHRONIZE CACHE(16)", cdb16(0x91), no, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["MODE SELECT(6)", Uint8Array.of(0x15, 0x10, 0, 0, 0, 0), no, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["MODE SELECT(10)", Uint8Array.of(0x55, 0x10, 0, 0, 0, 0, 0, 0, 0, 0), no, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["EXTENDED COPY(LID1)", cdb16(0x83).fill(0, 13), no, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["RECEIVE COPY OPERATING PARAMETERS", cdb16(0x84, 0x03), no, "AAAAAA", "AAAAAA", "AAAAAA"],
  ["REPORT TARGET PORT GROUPS", Uint8Array.of(0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0), no, "AAAAAA", "AAAAAA", "AAAAAA"],
  ["START STOP UNIT, START 1", Uint8Array.of(0x1b, 0, 0, 0, 1, 0), no, "AAAAAA", "AAAAAA", "AAAAAA"],
  ["START STOP UNIT, START 0", Uint8Array.of(0x1b, 0, 0, 0, 0, 0), no, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["START STOP UNIT, POWER CONDITION 1", Uint8Array.of(0x1b, 0, 0, 0, 0x11, 0), no, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["PREVENT ALLOW, PREVENT 0", Uint8Array.of(0x1e, 0, 0, 0, 0, 0), no, "AAAAAA", "AAAAAA", "AAAAAA"],
  ["PREVENT ALLOW, PREVENT 1", Uint8Array.of(0x1e, 0, 0, 0, 1, 0), no, "AAAAAA", "CCAAAA", "CCCCCC"],
  ["READ KEYS",              reserveInCdb(0),                                        no,    "AAAAAA", "AAAAAA", "AAAAAA"],
  ["READ RESERVATION",       reserveInCdb(1),                                        no,    "AAAAAA", "AAAAAA", "AAAAAA"],
  ["REPORT CAPABILITIES",    reserveInCdb(2),                                        no,    "AAAAAA", "AAAAAA", "AAAAAA"],
  ["READ FULL STATUS",       reserveInCdb(3),                                        no,    "AAAAAA", "AAAAAA", "AAAAAA"],
  // Compatible reservation handling: 5.13.3.
  ["RESERVE(6)",             Uint8Array.of(0x16, 0, 0, 0, 0, 0),                     no,    "AAAAAA", "CCAAAA", "CCCCCC"],
  ["RESERVE(10)",            Uint8Array.of(0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0),         no,    "AAAAAA", "CCAAAA", "CCCCCC"],
  ["RELEASE(6)",             Uint8Array.of(0x17, 0, 0, 0, 0, 0),                     no,    "AAAAAA", "CCAAAA", "CCCCCC"],
  ["RELEASE(10)",            Uint8Array.of(0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0),         no,    "AAAAAA", "CCAAAA", "CCCCCC"],
];

/**
 * Table 66 and 5.13.7, with every nexus sending its own key, and for MOVE the rule of 5.13.8 that all registrants
 * cannot move. Under an all registrants type every registered nexus is a holder (5.13.10).
 */
// biome-ignore format: a table
const serviceActions: readonly ServiceActionRow[] = [
  ["REGISTER",                        SA.REGISTER,            "AAAAAA", "AAAAAA", "AAAAAA"],
  ["RESERVE",                         SA.RESERVE,             "AAAAAA", "CCCCAA", "CCCCCC"],
  ["RELEASE",                         SA.RELEASE,             "AAAAAA", "AAAAAA", "CCCCCC"],
  ["CLEAR",                           SA.CLEAR,               "AAAAAA", "AAAAAA", "CCCCCC"],
  ["PREEMPT",                         SA.PREEMPT,             "AAAAAA", "AAAAAA", "CCCCCC"],
  ["PREEMPT AND ABORT",               SA.PREEMPT_AND_ABORT,   "AAAAAA", "AAAAAA", "CCCCCC"],
  ["REGISTER AND IGNORE EXISTING KEY", SA.REGISTER_AND_IGNORE, "AAAAAA", "AAAAAA", "AAAAAA"],
  ["REGISTER AND MOVE",               SA.REGISTER_AND_MOVE,   "AAAACC", "CCCCCC", "CCCCCC"],
  // Allowed, but nothing is lost: CHECK CONDITION (5.13.11.3).
  ["REPLACE LOST RESERVATION",        SA.REPLACE_LOST,        "AAAAAA", "AAAAAA", "CCCCCC"],
];

const cellOf = (answer: string) => (answer === CONFLICT ? "C" : "A");

describe("Under a persistent reservation", () => {
  it.each(commands)("%s is let through as the standard's table says", (_name, cdb, dataOut, ...expected) => {
    const seen = roles.map((role) =>
      types
        .map((type) => {
          const { lab, nexuses } = reservedUnit(type, { thin: true });
          const before = lab.shown();
          const answer = lab.send(nexuses[role], cdb, dataOut);
          expect(lab.shown()).toEqual(before);
          expect(["GOOD", CONFLICT]).toContain(answer);
          return cellOf(answer);
        })
        .join(""),
    );
    expect(seen).toEqual(expected);
  });

  it.each(serviceActions)(
    "PERSISTENT RESERVE OUT, %s, is let through as table 66 says",
    (_name, serviceAction, ...expected) => {
      const seen = roles.map((role) =>
        types
          .map((type) => {
            const { lab, nexuses } = reservedUnit(type);
            const before = lab.shown();
            const victim = allRegistrants.includes(type) ? keys.registered : keys.holder;
            const answer = lab.out(nexuses[role], serviceAction, {
              key: serviceAction === SA.REPLACE_LOST ? 0n : keys[role],
              newKey: serviceAction === SA.PREEMPT || serviceAction === SA.PREEMPT_AND_ABORT ? victim : 0xdn,
              type,
              ...(serviceAction === SA.REGISTER_AND_MOVE
                ? { transportIds: [transportId("iqn.2026-01.com.example:d")] }
                : {}),
            });
            if (serviceAction === SA.REPLACE_LOST) expect(["5/26/04", CONFLICT]).toContain(answer);
            else expect(["GOOD", CONFLICT]).toContain(answer);
            if (answer !== "GOOD") expect(lab.shown()).toEqual(before);
            return cellOf(answer);
          })
          .join(""),
      );
      expect(seen).toEqual(expected);
    },
  );

  it("gives reading and writing the matrix that libiscsi's suite demands", () => {
    // registered read, registered write, unregistered read, unregistered write; 1 is allowed.
    const matrix = { EA: "0000", WE: "1010", EARO: "1100", WERO: "1110", EAAR: "1100", WEAR: "1110" };
    const seen = Object.fromEntries(
      Object.keys(matrix).map((name) => {
        const cells = (["registered", "unregistered"] as const).flatMap((role) =>
          [0x28, 0x2a].map((operationCode) => {
            const { lab, nexuses } = reservedUnit(TYPE[name as keyof typeof TYPE]);
            return lab.send(nexuses[role], cdb10(operationCode), block) === CONFLICT ? "0" : "1";
          }),
        );
        return [name, cells.join("")];
      }),
    );
    expect(seen).toEqual(matrix);
  });

  it("refuses a write without writing", () => {
    for (const type of types) {
      const { lab, nexuses } = reservedUnit(type);
      expect(
        lab.send(
          nexuses.holder,
          cdb10(0x2a),
          block.map(() => 0x11),
        ),
      ).toBe("GOOD");
      expect(
        lab.send(
          nexuses.unregistered,
          cdb10(0x2a),
          block.map(() => 0x22),
        ),
      ).toBe(CONFLICT);
      const { dataIn } = lab.server.execute(nexuses.holder, cdb10(0x28));
      expect(new Set(dataIn)).toEqual(new Set([0x11]));
    }
  });

  it("lets RESERVE and RELEASE through to nobody if there is no compatible reservation handling", () => {
    for (const type of types) {
      const { lab, nexuses } = reservedUnit(type, { compatibleReservationHandling: false });
      for (const role of roles) {
        for (const operationCode of [0x16, 0x17]) {
          expect(lab.send(nexuses[role], Uint8Array.of(operationCode, 0, 0, 0, 0, 0))).toBe(CONFLICT);
        }
        for (const operationCode of [0x56, 0x57]) {
          expect(lab.send(nexuses[role], Uint8Array.of(operationCode, 0, 0, 0, 0, 0, 0, 0, 0, 0))).toBe(CONFLICT);
        }
      }
    }
  });

  it("makes no reservation by the RESERVE that it lets through, and releases none by RELEASE", () => {
    const { lab, nexuses } = reservedUnit(TYPE.WERO);
    expect(lab.send(nexuses.registered, Uint8Array.of(0x16, 0, 0, 0, 0, 0))).toBe("GOOD");
    expect(lab.send(nexuses.unregistered, cdb10(0x28))).toBe("GOOD");
    expect(lab.send(nexuses.holder, Uint8Array.of(0x17, 0, 0, 0, 0, 0))).toBe("GOOD");
    expect(lab.shown().reservation).toBe("10 5");
    // Nor afterwards: it was no RESERVE that waits for the keys to go.
    expect(lab.out(nexuses.holder, SA.CLEAR, { key: keys.holder })).toBe("GOOD");
    expect(lab.send(nexuses.unregistered, cdb10(0x2a), block)).toBe("GOOD");
  });
});

describe("With registrations but no reservation", () => {
  function registeredUnit() {
    const lab = createLab();
    const a = lab.nexus("a");
    const c = lab.nexus("c");
    lab.register(a, 0xan);
    return { lab, a, c };
  }

  it("everybody may read and write", () => {
    const { lab, a, c } = registeredUnit();
    for (const nexus of [a, c]) {
      expect(lab.send(nexus, cdb10(0x28))).toBe("GOOD");
      expect(lab.send(nexus, cdb10(0x2a), block)).toBe("GOOD");
    }
  });

  it("RESERVE and RELEASE conflict, whoever sends them (spc2r20 5.5.1)", () => {
    const { lab, a, c } = registeredUnit();
    for (const nexus of [a, c]) {
      for (const operationCode of [0x16, 0x17]) {
        expect(lab.send(nexus, Uint8Array.of(operationCode, 0, 0, 0, 0, 0))).toBe(CONFLICT);
      }
    }
  });

  it("an unregistered nexus may register, and no more (spc4r36f 5.13.7)", () => {
    for (const [name, serviceAction] of serviceActions) {
      const { lab, c } = registeredUnit();
      const allowed = name === "REGISTER" || name === "REGISTER AND IGNORE EXISTING KEY";
      const answer = lab.out(c, serviceAction, {
        newKey: 0xcn,
        type: TYPE.WE,
        ...(serviceAction === SA.REGISTER_AND_MOVE ? { transportIds: [transportId("iqn.2026-01.com.example:d")] } : {}),
      });
      expect([name, answer]).toEqual([name, allowed ? "GOOD" : CONFLICT]);
      expect(lab.shown().generation).toBe(allowed ? 2 : 1);
    }
  });
});

describe("Under RESERVE", () => {
  /** From another nexus, and from the one that reserved: spc2r20 5.5.1 and the column [A] of its tables. */
  const named: Readonly<Record<string, string>> = {
    "TEST UNIT READY": "CA",
    "REQUEST SENSE": "AA",
    INQUIRY: "AA",
    "REPORT LUNS": "AA",
    "READ CAPACITY(10)": "AA",
    "READ CAPACITY(16)": "AA",
    "READ(10)": "CA",
    "READ(16)": "CA",
    "WRITE(10)": "CA",
    "WRITE(16)": "CA",
    "READ KEYS": "CC",
    "READ RESERVATION": "CC",
    "REPORT CAPABILITIES": "CC",
    "READ FULL STATUS": "CC",
    "RESERVE(6)": "CA",
    "RESERVE(10)": "CA",
    "RELEASE(6)": "AA",
    "RELEASE(10)": "AA",
    "START STOP UNIT, START 1": "AA",
    "PREVENT ALLOW, PREVENT 0": "AA",
  };
  /** Everything else that looks at the medium, or changes anything. */
  const expected = Object.fromEntries(commands.map(([name]) => [name, named[name] ?? "CA"]));

  it.each([
    ["RESERVE(6)", Uint8Array.of(0x16, 0, 0, 0, 0, 0)],
    ["RESERVE(10)", Uint8Array.of(0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
  ])("%s keeps others away, and persistent reservations from everybody", (_name, reserve) => {
    const seen = Object.fromEntries(
      commands.map(([name, cdb, dataOut]) => {
        const cells = ["b", "a"].map((letter) => {
          const lab = createLab({ thin: true });
          expect(lab.send(lab.nexus("a"), reserve)).toBe("GOOD");
          return cellOf(lab.send(lab.nexus(letter), cdb, dataOut));
        });
        return [name, cells.join("")];
      }),
    );
    expect(seen).toEqual(expected);
    for (const [, serviceAction] of serviceActions) {
      const lab = createLab();
      lab.send(lab.nexus("a"), reserve);
      for (const letter of ["a", "b"]) {
        const list = parameterList(serviceAction, {});
        expect(lab.send(lab.nexus(letter), reserveOutCdb(serviceAction, {}, list.length), list)).toBe(CONFLICT);
      }
    }
  });

  it("RELEASE of another's RESERVE is GOOD and changes nothing; the owner's ends it", () => {
    for (const release of [Uint8Array.of(0x17, 0, 0, 0, 0, 0), Uint8Array.of(0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0)]) {
      const lab = createLab();
      const a = lab.nexus("a");
      const b = lab.nexus("b");
      lab.send(a, Uint8Array.of(0x16, 0, 0, 0, 0, 0));
      expect(lab.send(b, release)).toBe("GOOD");
      expect(lab.send(b, cdb10(0x28))).toBe(CONFLICT);
      expect(lab.send(a, release)).toBe("GOOD");
      expect(lab.send(b, cdb10(0x28))).toBe("GOOD");
    }
  });

  it("the owner may reserve again, and once released it is released", () => {
    const lab = createLab();
    const a = lab.nexus("a");
    const b = lab.nexus("b");
    lab.send(a, Uint8Array.of(0x16, 0, 0, 0, 0, 0));
    expect(lab.send(a, Uint8Array.of(0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0))).toBe("GOOD");
    expect(lab.send(b, Uint8Array.of(0x16, 0, 0, 0, 0, 0))).toBe(CONFLICT);
    expect(lab.send(a, Uint8Array.of(0x17, 0, 0, 0, 0, 0))).toBe("GOOD");
    expect(lab.send(b, Uint8Array.of(0x16, 0, 0, 0, 0, 0))).toBe("GOOD");
    expect(lab.send(a, cdb10(0x28))).toBe(CONFLICT);
  });

  it("third-party reservations are refused at their bit", () => {
    const lab = createLab();
    for (const operationCode of [0x56, 0x57]) {
      const cdb = Uint8Array.of(operationCode, 0x10, 0, 5, 0, 0, 0, 0, 0, 0);
      expect(lab.send(lab.nexus("a"), cdb)).toBe("5/24/00 cdb 1.4");
    }
    expect(lab.send(lab.nexus("b"), cdb10(0x28))).toBe("GOOD");
  });
});

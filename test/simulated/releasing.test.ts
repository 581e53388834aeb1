/** RESERVE, RELEASE and CLEAR: spc4r36f 5.13.9, 5.13.11.2.2 and 5.13.11.2.7. What is expected is typed from there. */
import { describe, expect, it } from "vitest";
import {
  allRegistrants,
  attentionsOf,
  CONFLICT,
  createLab,
  GOOD,
  PREEMPTED_RESERVATIONS,
  RELEASED,
  registrantsTypes,
  SA,
  types,
} from "./lab.ts";

/** a and b registered with 1 and 2, and a stranger. */
function pair() {
  const lab = createLab();
  const [a, b, stranger] = [lab.nexus("a"), lab.nexus("b"), lab.nexus("s")];
  lab.register(a, 1n);
  lab.register(b, 2n);
  return { lab, a, b, stranger };
}

const shownAs = (type: number, key: bigint) => `${allRegistrants.includes(type) ? 0n : key} ${type}`;

describe("RESERVE", () => {
  it.each(types)("of type %i makes a reservation, and leaves PRGENERATION alone", (type) => {
    const { lab, a, b, stranger } = pair();
    expect(lab.out(a, SA.RESERVE, { key: 1n, type })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 2, keys: [1n, 2n], reservation: shownAs(type, 1n) });
    const everyone = allRegistrants.includes(type);
    expect(lab.fullStatus()).toEqual([`a 1 1 * ${type}`, everyone ? `b 1 2 * ${type}` : "b 1 2"]);
    expect([a, b, stranger].map(attentionsOf)).toEqual([[], [], []]);
  });

  it.each(types)("of type %i again by a holder is GOOD and changes nothing", (type) => {
    const { lab, a, b } = pair();
    lab.reserve(a, 1n, type);
    expect(lab.out(a, SA.RESERVE, { key: 1n, type })).toBe(GOOD);
    expect(lab.out(b, SA.RESERVE, { key: 2n, type })).toBe(allRegistrants.includes(type) ? GOOD : CONFLICT);
    expect(lab.shown()).toEqual({ generation: 2, keys: [1n, 2n], reservation: shownAs(type, 1n) });
  });

  it.each(types)("over a reservation of type %i with another type conflicts, for holder and others", (type) => {
    for (const other of types.filter((each) => each !== type)) {
      const { lab, a, b } = pair();
      lab.reserve(a, 1n, type);
      expect(lab.out(a, SA.RESERVE, { key: 1n, type: other })).toBe(CONFLICT);
      expect(lab.out(b, SA.RESERVE, { key: 2n, type: other })).toBe(CONFLICT);
      expect(lab.shown()).toEqual({ generation: 2, keys: [1n, 2n], reservation: shownAs(type, 1n) });
    }
  });

  it("needs the registered key, whatever scope and type (6.16.3)", () => {
    const { lab, a } = pair();
    for (const key of [0n, 2n, 3n]) {
      expect(lab.out(a, SA.RESERVE, { key, type: 1 })).toBe(CONFLICT);
      expect(lab.out(a, SA.RESERVE, { key, type: 0xf, scope: 0xf })).toBe(CONFLICT);
    }
    expect(lab.shown()).toEqual({ generation: 2, keys: [1n, 2n], reservation: null });
  });

  it.each([0, 2, 4, 9, 10, 11, 12, 13, 14, 15])("refuses the type code %i at its bits", (type) => {
    const { lab, a } = pair();
    expect(lab.out(a, SA.RESERVE, { key: 1n, type })).toBe("5/24/00 cdb 2.3");
    expect(lab.shown().reservation).toBeNull();
  });

  it.each([1, 2, 3, 15])("refuses the scope %i at its bits (6.16.1)", (scope) => {
    const { lab, a } = pair();
    expect(lab.out(a, SA.RESERVE, { key: 1n, type: 1, scope })).toBe("5/24/00 cdb 2.7");
    expect(lab.shown().reservation).toBeNull();
  });

  it("refuses a type that the unit does not have", () => {
    const lab = createLab({ types: ["exclusive-access"] });
    const a = lab.nexus("a");
    lab.register(a, 1n);
    expect(lab.out(a, SA.RESERVE, { key: 1n, type: 1 })).toBe("5/24/00 cdb 2.3");
    expect(lab.out(a, SA.RESERVE, { key: 1n, type: 3 })).toBe(GOOD);
  });

  it("ignores SERVICE ACTION RESERVATION KEY and APTPL (table 216)", () => {
    const lab = createLab({ persistThroughPowerLoss: false });
    const a = lab.nexus("a");
    lab.register(a, 1n);
    expect(lab.out(a, SA.RESERVE, { key: 1n, newKey: 99n, aptpl: true, type: 1 })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 1, keys: [1n], reservation: "1 1" });
  });
});

describe("RELEASE", () => {
  it.each(types)("by the holder ends type %i; only registrants types tell the others", (type) => {
    const { lab, a, b, stranger } = pair();
    lab.reserve(a, 1n, type);
    expect(lab.out(a, SA.RELEASE, { key: 1n, type })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 2, keys: [1n, 2n], reservation: null });
    expect([a, b, stranger].map(attentionsOf)).toEqual([[], registrantsTypes.includes(type) ? [RELEASED] : [], []]);
  });

  it.each(types)("by another registered nexus is GOOD; type %i stays unless all registrants hold it", (type) => {
    const { lab, a, b } = pair();
    lab.reserve(a, 1n, type);
    expect(lab.out(b, SA.RELEASE, { key: 2n, type })).toBe(GOOD);
    const everyone = allRegistrants.includes(type);
    expect(lab.shown()).toEqual({ generation: 2, keys: [1n, 2n], reservation: everyone ? null : `1 ${type}` });
    expect([a, b].map(attentionsOf)).toEqual([everyone ? [RELEASED] : [], []]);
  });

  it.each(types)(
    "with another type than %i is INVALID RELEASE OF PERSISTENT RESERVATION, for a holder only",
    (type) => {
      for (const other of [0, 2, 4, 15, ...types].filter((each) => each !== type)) {
        const { lab, a, b } = pair();
        lab.reserve(a, 1n, type);
        expect(lab.out(a, SA.RELEASE, { key: 1n, type: other })).toBe("5/26/04");
        expect(lab.out(b, SA.RELEASE, { key: 2n, type: other })).toBe(allRegistrants.includes(type) ? "5/26/04" : GOOD);
        expect(lab.shown()).toEqual({ generation: 2, keys: [1n, 2n], reservation: shownAs(type, 1n) });
        expect([a, b].map(attentionsOf)).toEqual([[], []]);
      }
    },
  );

  it("without a reservation is GOOD", () => {
    const { lab, a } = pair();
    expect(lab.out(a, SA.RELEASE, { key: 1n, type: 1 })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 2, keys: [1n, 2n], reservation: null });
  });

  it("needs the registered key, with or without a reservation, from holder and others", () => {
    for (const reserved of [false, true]) {
      const { lab, a, b } = pair();
      if (reserved) lab.reserve(a, 1n, 1);
      expect(lab.out(a, SA.RELEASE, { key: 2n, type: 1 })).toBe(CONFLICT);
      expect(lab.out(b, SA.RELEASE, { key: 1n, type: 1 })).toBe(CONFLICT);
      expect(lab.shown().reservation).toBe(reserved ? "1 1" : null);
    }
  });

  it("refuses a scope that nobody implements", () => {
    const { lab, a } = pair();
    lab.reserve(a, 1n, 1);
    expect(lab.out(a, SA.RELEASE, { key: 1n, type: 1, scope: 1 })).toBe("5/24/00 cdb 2.7");
    expect(lab.shown().reservation).toBe("1 1");
  });
});

describe("CLEAR", () => {
  it.each([null, ...types])("of type %s removes everything and tells every other registered nexus", (type) => {
    for (const fromHolder of [true, false]) {
      const { lab, a, b, stranger } = pair();
      const third = lab.nexus("c");
      lab.register(third, 1n);
      if (type !== null) lab.reserve(a, 1n, type);
      const sender = fromHolder ? a : b;
      expect(lab.out(sender, SA.CLEAR, { key: fromHolder ? 1n : 2n, scope: 0xf, type: 0xf })).toBe(GOOD);
      expect(lab.shown()).toEqual({ generation: 4, keys: [], reservation: null });
      const told = [PREEMPTED_RESERVATIONS];
      expect([a, b, third, stranger].map(attentionsOf)).toEqual([
        fromHolder ? [] : told,
        fromHolder ? told : [],
        told,
        [],
      ]);
    }
  });

  it("needs the registered key", () => {
    const { lab, a, b, stranger } = pair();
    lab.reserve(a, 1n, 5);
    for (const nexus of [b, stranger]) expect(lab.out(nexus, SA.CLEAR, { key: 1n })).toBe(CONFLICT);
    expect(lab.out(stranger, SA.CLEAR)).toBe(CONFLICT);
    expect(lab.shown()).toEqual({ generation: 2, keys: [1n, 2n], reservation: "1 5" });
    expect([a, b, stranger].map(attentionsOf)).toEqual([[], [], []]);
  });
});

/** REGISTER AND MOVE and REPLACE LOST RESERVATION: spc4r36f 5.13.8 with table 70, 6.16.4, 5.13.5.3 and 5.13.11.3. */
import { describe, expect, it } from "vitest";
import {
  allRegistrants,
  attentionsOf,
  CONFLICT,
  createLab,
  GOOD,
  iqn,
  type Lab,
  type Out,
  parameterList,
  reserveInCdb,
  reserveOutCdb,
  SA,
  TYPE,
  transportId,
  types,
} from "./lab.ts";

const oneHolder = types.filter((type) => !allRegistrants.includes(type));
const toD = [transportId(iqn("d"))];

/** a (1) holds, b (2) is registered, d and s are not. Two target ports. */
function held(type: number | null = TYPE.EA, options = {}) {
  const lab = createLab({ targetPorts: [1, 2], ...options });
  const [a, b, d, s] = [lab.nexus("a"), lab.nexus("b"), lab.nexus("d"), lab.nexus("s")];
  lab.register(a, 1n);
  lab.register(b, 2n);
  if (type !== null) lab.reserve(a, 1n, type);
  return { lab, a, b, d, s, attentions: () => [a, b, d, s].map(attentionsOf) };
}
const silence = [[], [], [], []];

describe("REGISTER AND MOVE", () => {
  it.each(oneHolder)(
    "registers another nexus and moves a reservation of type %i to it, without telling anybody",
    (type) => {
      const { lab, a, d, attentions } = held(type);
      const out = { key: 1n, newKey: 4n, transportIds: toD, scope: 0xf, type: 0xf };
      expect(lab.out(a, SA.REGISTER_AND_MOVE, out)).toBe(GOOD);
      expect(lab.shown()).toEqual({ generation: 3, keys: [1n, 2n, 4n], reservation: `4 ${type}` });
      expect(lab.fullStatus()).toEqual(["a 1 1", "b 1 2", `d 1 4 * ${type}`]);
      expect(attentions()).toEqual(silence);
      expect(lab.out(d, SA.RELEASE, { key: 4n, type })).toBe(GOOD);
      expect(lab.shown().reservation).toBeNull();
    },
  );

  it.each(oneHolder)("with UNREG takes the sender's registration: type %i", (type) => {
    const { lab, a, attentions } = held(type);
    expect(lab.out(a, SA.REGISTER_AND_MOVE, { key: 1n, newKey: 4n, unreg: true, transportIds: toD })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 3, keys: [2n, 4n], reservation: `4 ${type}` });
    expect(attentions()).toEqual(silence);
  });

  it("gives a destination that is registered the new key", () => {
    for (const newKey of [2n, 9n]) {
      const { lab, a } = held();
      expect(lab.out(a, SA.REGISTER_AND_MOVE, { key: 1n, newKey, transportIds: [transportId(iqn("b"))] })).toBe(GOOD);
      expect(lab.shown()).toEqual({ generation: 3, keys: [1n, newKey], reservation: `${newKey} 3` });
    }
  });

  it("names the target port too", () => {
    const { lab, a, b } = held();
    const out = { key: 1n, newKey: 9n, port: 2, transportIds: [transportId(iqn("b"))] };
    expect(lab.out(a, SA.REGISTER_AND_MOVE, out)).toBe(GOOD);
    expect(lab.fullStatus()).toEqual(["a 1 1", "b 1 2", "b 2 9 * 3"]);
    expect(lab.out(b, SA.RESERVE, { key: 2n, type: TYPE.EA })).toBe(CONFLICT);
    expect(lab.out(lab.nexus("b", 2), SA.RESERVE, { key: 9n, type: TYPE.EA })).toBe(GOOD);
  });

  // What each attempt is refused with; nothing changes.
  const move: Out = { key: 1n, newKey: 4n, transportIds: toD };
  const refusals: readonly (readonly [
    what: string,
    from: "a" | "b" | "s",
    type: number | null,
    out: Out,
    answer: string,
  ])[] = [
    ["from a nexus that is not registered", "s", TYPE.EA, { ...move, key: 0n }, CONFLICT],
    ["from a registered nexus that does not hold", "b", TYPE.EA, { ...move, key: 2n }, CONFLICT],
    ["with another key than the registered one", "a", TYPE.EA, { ...move, key: 2n }, CONFLICT],
    ["of what all registrants hold", "a", TYPE.WEAR, move, CONFLICT],
    ["of what all registrants hold", "b", TYPE.EAAR, { ...move, key: 2n }, CONFLICT],
    ["without a reservation", "a", null, move, "5/24/00 cdb 1.4"],
    ["without a reservation, from a nexus that is not registered", "s", null, { ...move, key: 0n }, CONFLICT],
    ["with a new key of 0", "a", TYPE.EA, { ...move, newKey: 0n }, "5/26/00 list 8"],
    ["to its own initiator port", "a", TYPE.EA, { ...move, transportIds: [transportId(iqn("a"))] }, "5/26/00 list 24"],
    [
      "to itself at another port",
      "a",
      TYPE.EA,
      { ...move, port: 2, transportIds: [transportId(iqn("A"))] },
      "5/26/00 list 24",
    ],
    ["to a target port that does not exist", "a", TYPE.EA, { ...move, port: 3 }, "5/26/00 list 18"],
    ["to nobody", "a", TYPE.EA, { ...move, transportIds: [] }, "5/26/00 list 20"],
    ["to two", "a", TYPE.EA, { ...move, transportIds: [...toD, transportId(iqn("e"))] }, "5/26/00 list 20"],
    [
      "with a TransportID that is cut",
      "a",
      TYPE.EA,
      { ...move, transportIds: [(toD[0] as Uint8Array).subarray(0, 24)] },
      "5/26/00 list 20",
    ],
    ["with a length beyond the list", "a", TYPE.EA, { ...move, announced: 400 }, "5/1a/00"],
    ["with a list beyond the length", "a", TYPE.EA, { ...move, announced: 24 }, "5/1a/00"],
    ["with a list that ends early", "a", TYPE.EA, { ...move, listLength: 40 }, "5/1a/00"],
  ];
  it.each(refusals)("%s (from %s, type %s) changes nothing", (_what, from, type, out, answer) => {
    const unit = held(type);
    const before = unit.lab.shown();
    expect(unit.lab.out(unit[from], SA.REGISTER_AND_MOVE, out)).toBe(answer);
    expect(unit.lab.shown()).toEqual(before);
    expect(unit.attentions()).toEqual(silence);
  });

  it("needs room for a new registration, even where the sender's is to go", () => {
    for (const unreg of [false, true]) {
      const { lab, a } = held(TYPE.WE, { maximumRegistrations: 2 });
      expect(lab.out(a, SA.REGISTER_AND_MOVE, { ...move, unreg })).toBe("5/55/04");
      expect(lab.shown()).toEqual({ generation: 2, keys: [1n, 2n], reservation: "1 1" });
      const toB = { key: 1n, newKey: 2n, unreg, transportIds: [transportId(iqn("b"))] };
      expect(lab.out(a, SA.REGISTER_AND_MOVE, toB)).toBe(GOOD);
    }
  });

  it("is refused with APTPL by a unit without it", () => {
    const { lab, a } = held(TYPE.WE, { persistThroughPowerLoss: false });
    expect(lab.out(a, SA.REGISTER_AND_MOVE, { ...move, aptpl: true })).toBe("5/26/00 list 17.0");
    expect(lab.shown().reservation).toBe("1 1");
  });
});

const INFORMATION_LOST = "7/44/01";

/** A unit that had a reservation and has lost it. */
function lost(): { readonly lab: Lab; readonly server: Lab["server"] } {
  const lab = createLab();
  const [a, b] = [lab.nexus("a"), lab.nexus("b")];
  lab.register(a, 1n, { aptpl: true });
  lab.register(b, 2n, { aptpl: true });
  lab.reserve(a, 1n, TYPE.EA);
  lab.server.loseReservations();
  return { lab, server: lab.server };
}

describe("Lost persistent reservation information, 5.13.5.3.2", () => {
  it("ends everything in PERSISTENT RESERVATION INFORMATION LOST but what tells who one is", () => {
    const { lab } = lost();
    const a = lab.nexus("a");
    for (const cdb of [
      Uint8Array.of(0x00, 0, 0, 0, 0, 0),
      Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0),
      Uint8Array.of(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0),
      Uint8Array.of(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      Uint8Array.of(0x16, 0, 0, 0, 0, 0),
      reserveInCdb(0),
    ]) {
      expect(lab.send(a, cdb)).toBe(INFORMATION_LOST);
    }
    for (const serviceAction of Object.values(SA)) {
      if (serviceAction === SA.REPLACE_LOST) continue;
      const list = parameterList(serviceAction, { key: 1n, newKey: 2n });
      expect(lab.send(a, reserveOutCdb(serviceAction, { type: 1 }, list.length), list)).toBe(INFORMATION_LOST);
    }
    for (const cdb of [
      Uint8Array.of(0x12, 0, 0, 0, 36, 0),
      Uint8Array.of(0x03, 0, 0, 0, 18, 0),
      Uint8Array.of(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0),
    ]) {
      expect(lab.send(a, cdb)).toBe(GOOD);
    }
  });

  it.each(types)(
    "is over with REPLACE LOST RESERVATION of type %i, which sets PRGENERATION to 0 and tells nobody",
    (type) => {
      const { lab } = lost();
      const c = lab.nexus("c");
      expect(lab.out(c, SA.REPLACE_LOST, { newKey: 7n, type })).toBe(GOOD);
      const all = allRegistrants.includes(type);
      expect(lab.shown()).toEqual({ generation: 0, keys: [7n], reservation: `${all ? 0 : 7} ${type}` });
      expect(["a", "b", "c"].map((letter) => attentionsOf(lab.nexus(letter)))).toEqual([[], [], []]);
      expect(lab.send(lab.nexus("a"), Uint8Array.of(0x00, 0, 0, 0, 0, 0))).toBe(GOOD);
      expect(lab.out(lab.nexus("a"), SA.CLEAR, { key: 1n })).toBe(CONFLICT);
    },
  );

  it("takes the APTPL of the REPLACE LOST RESERVATION that ends it", () => {
    for (const aptpl of [true, false]) {
      const { lab } = lost();
      expect(lab.out(lab.nexus("c"), SA.REPLACE_LOST, { newKey: 7n, type: TYPE.WE, aptpl })).toBe(GOOD);
      lab.server.powerCycle();
      expect(lab.shown().keys).toEqual(aptpl ? [7n] : []);
    }
  });

  it("does not wait for a RELEASE", () => {
    const lab = createLab();
    const a = lab.nexus("a");
    expect(lab.send(a, Uint8Array.of(0x16, 0, 0, 0, 0, 0))).toBe(GOOD);
    lab.server.loseReservations();
    expect(lab.out(lab.nexus("c"), SA.REPLACE_LOST, { newKey: 7n, type: TYPE.EA })).toBe(GOOD);
    expect(lab.shown().reservation).toBe("7 3");
  });

  it.each([
    ["a RESERVATION KEY that is not 0", { key: 1n, newKey: 7n, type: 1 }, "5/26/00 list 0"],
    ["a new key of 0", { newKey: 0n, type: 1 }, "5/26/00 list 8"],
    ["a type that cannot be", { newKey: 7n, type: 2 }, "5/24/00 cdb 2.3"],
    ["a scope that cannot be", { newKey: 7n, type: 1, scope: 2 }, "5/24/00 cdb 2.7"],
    ["SPEC_I_PT", { newKey: 7n, type: 1, specIPt: true }, "5/26/00 list 20.3"],
  ])("is not over with %s", (_what, out, answer) => {
    const { lab } = lost();
    const c = lab.nexus("c");
    expect(lab.out(c, SA.REPLACE_LOST, out)).toBe(answer);
    expect(lab.send(c, Uint8Array.of(0x00, 0, 0, 0, 0, 0))).toBe(INFORMATION_LOST);
    expect(lab.out(c, SA.REPLACE_LOST, { newKey: 7n, type: 1 })).toBe(GOOD);
  });
});

describe("REPLACE LOST RESERVATION when nothing is lost", () => {
  it("is INVALID RELEASE OF PERSISTENT RESERVATION for a registered nexus, a conflict for another", () => {
    for (const type of [null, TYPE.WE, TYPE.EAAR]) {
      const { lab, a, b, s } = held(type);
      const before = lab.shown();
      for (const nexus of [a, b]) expect(lab.out(nexus, SA.REPLACE_LOST, { newKey: 7n, type: 1 })).toBe("5/26/04");
      expect(lab.out(s, SA.REPLACE_LOST, { newKey: 7n, type: 1 })).toBe(CONFLICT);
      expect(lab.shown()).toEqual(before);
    }
  });

  it("does not exist on a unit without RLR_C, which cannot lose anything either", () => {
    const { lab, a } = held(TYPE.WE, { replaceLostReservation: false });
    expect(lab.out(a, SA.REPLACE_LOST, { newKey: 7n, type: 1 })).toBe("5/24/00 cdb 1.4");
    expect(() => lab.server.loseReservations()).toThrow(RangeError);
  });
});

/**
 * PREEMPT and PREEMPT AND ABORT: spc4r36f 5.13.11.2.4 with table 72 and figure 9, 5.13.11.2.5, 5.13.11.2.6. What is
 * expected is typed from there.
 */
import { describe, expect, it } from "vitest";
import {
  allRegistrants,
  attentionsOf,
  CONFLICT,
  createLab,
  GOOD,
  PREEMPTED_REGISTRATIONS,
  parameterList,
  RELEASED,
  reserveOutCdb,
  SA,
  TYPE,
  types,
} from "./lab.ts";

const oneHolder = types.filter((type) => !allRegistrants.includes(type));
const actions = [SA.PREEMPT, SA.PREEMPT_AND_ABORT];

/**
 * a (key 1) holds if there is a type; b (2) preempts in most tests; c and d share the key 3; e shares a's key 1. All
 * are registered; s is not.
 */
function crowd(type: number | null) {
  const lab = createLab();
  const [a, b, c, d, e, s] = ["a", "b", "c", "d", "e", "s"].map((letter) => lab.nexus(letter));
  if (!a || !b || !c || !d || !e || !s) throw new Error("six nexuses");
  lab.register(a, 1n);
  lab.register(b, 2n);
  lab.register(c, 3n);
  lab.register(d, 3n);
  lab.register(e, 1n);
  if (type !== null) lab.reserve(a, 1n, type);
  return { lab, a, b, c, d, e, s, attentions: () => [a, b, c, d, e, s].map(attentionsOf) };
}

const GENERATION = 5;
const gone = [PREEMPTED_REGISTRATIONS];
const none: string[] = [];

describe.each(actions)("PREEMPT (service action %i)", (action) => {
  describe("without a reservation", () => {
    it("removes the registrations with the key, and ignores SCOPE and TYPE", () => {
      const { lab, b, attentions } = crowd(null);
      expect(lab.out(b, action, { key: 2n, newKey: 3n, scope: 0xf, type: 0xf })).toBe(GOOD);
      expect(lab.shown()).toEqual({ generation: GENERATION + 1, keys: [1n, 2n, 1n], reservation: null });
      expect(attentions()).toEqual([none, none, gone, gone, none, none]);
    });

    it("of one's own key removes one's own registration, silently", () => {
      const { lab, c, attentions } = crowd(null);
      expect(lab.out(c, action, { key: 3n, newKey: 3n, type: TYPE.WE })).toBe(GOOD);
      expect(lab.shown()).toEqual({ generation: GENERATION + 1, keys: [1n, 2n, 1n], reservation: null });
      expect(attentions()).toEqual([none, none, none, gone, none, none]);
    });

    it("of a key that nobody has, 0 among them, conflicts", () => {
      const { lab, b, attentions } = crowd(null);
      for (const newKey of [0n, 9n]) expect(lab.out(b, action, { key: 2n, newKey, type: TYPE.WE })).toBe(CONFLICT);
      expect(lab.shown()).toEqual({ generation: GENERATION, keys: [1n, 2n, 3n, 3n, 1n], reservation: null });
      expect(attentions()).toEqual([none, none, none, none, none, none]);
    });
  });

  describe("of a reservation that one nexus holds", () => {
    for (const type of oneHolder) {
      it.each(types)(`by its key takes it over: type ${type} becomes %i`, (newType) => {
        const { lab, b, attentions } = crowd(type);
        expect(lab.out(b, action, { key: 2n, newKey: 1n, type: newType })).toBe(GOOD);
        expect(lab.shown()).toEqual({
          generation: GENERATION + 1,
          keys: [2n, 3n, 3n],
          reservation: `${allRegistrants.includes(newType) ? 0 : 2} ${newType}`,
        });
        const changed = newType === type ? none : [RELEASED];
        expect(attentions()).toEqual([gone, none, changed, changed, gone, none]);
      });
    }

    it.each(oneHolder)(
      "by another key only removes registrations: type %i stays, SCOPE and TYPE are ignored",
      (type) => {
        const { lab, b, attentions } = crowd(type);
        expect(lab.out(b, action, { key: 2n, newKey: 3n, scope: 0xf, type: 0xf })).toBe(GOOD);
        expect(lab.shown()).toEqual({ generation: GENERATION + 1, keys: [1n, 2n, 1n], reservation: `1 ${type}` });
        expect(attentions()).toEqual([none, none, gone, gone, none, none]);
      },
    );

    it.each(oneHolder)("by one's own key, not being the holder's, removes oneself: type %i stays", (type) => {
      const { lab, c, attentions } = crowd(type);
      expect(lab.out(c, action, { key: 3n, newKey: 3n, type })).toBe(GOOD);
      expect(lab.shown()).toEqual({ generation: GENERATION + 1, keys: [1n, 2n, 1n], reservation: `1 ${type}` });
      expect(attentions()).toEqual([none, none, none, gone, none, none]);
    });

    it.each(oneHolder)("by the holder of its own key keeps the holder registered: type %i", (type) => {
      for (const newType of types) {
        const { lab, a, attentions } = crowd(type);
        expect(lab.out(a, action, { key: 1n, newKey: 1n, type: newType })).toBe(GOOD);
        expect(lab.shown()).toEqual({
          generation: GENERATION + 1,
          keys: [1n, 2n, 3n, 3n],
          reservation: `${allRegistrants.includes(newType) ? 0 : 1} ${newType}`,
        });
        const changed = newType === type ? none : [RELEASED];
        expect(attentions()).toEqual([none, changed, changed, changed, gone, none]);
      }
    });

    it.each(oneHolder)("by one who shares the holder's key keeps him registered: type %i", (type) => {
      const { lab, e, attentions } = crowd(type);
      expect(lab.out(e, action, { key: 1n, newKey: 1n, type })).toBe(GOOD);
      expect(lab.fullStatus()).toEqual(["b 1 2", "c 1 3", "d 1 3", `e 1 1 * ${type}`]);
      expect(lab.shown().generation).toBe(GENERATION + 1);
      expect(attentions()).toEqual([gone, none, none, none, none, none]);
    });

    it.each(oneHolder)("by the key 0 is an error in the parameter list: type %i", (type) => {
      const { lab, a, b, attentions } = crowd(type);
      expect(lab.out(b, action, { key: 2n, newKey: 0n, type })).toBe("5/26/00 list 8");
      expect(lab.out(a, action, { key: 1n, newKey: 0n, type })).toBe("5/26/00 list 8");
      expect(lab.shown()).toEqual({ generation: GENERATION, keys: [1n, 2n, 3n, 3n, 1n], reservation: `1 ${type}` });
      expect(attentions()).toEqual([none, none, none, none, none, none]);
    });

    it.each(oneHolder)("by a key that nobody has conflicts: type %i", (type) => {
      const { lab, b } = crowd(type);
      expect(lab.out(b, action, { key: 2n, newKey: 9n, type })).toBe(CONFLICT);
      expect(lab.shown()).toEqual({ generation: GENERATION, keys: [1n, 2n, 3n, 3n, 1n], reservation: `1 ${type}` });
    });

    it("checks SCOPE and TYPE, and changes nothing if they cannot be", () => {
      const { lab, b, attentions } = crowd(TYPE.EA);
      expect(lab.out(b, action, { key: 2n, newKey: 1n, type: 4 })).toBe("5/24/00 cdb 2.3");
      expect(lab.out(b, action, { key: 2n, newKey: 1n, type: TYPE.WE, scope: 1 })).toBe("5/24/00 cdb 2.7");
      expect(lab.shown()).toEqual({ generation: GENERATION, keys: [1n, 2n, 3n, 3n, 1n], reservation: "1 3" });
      expect(attentions()).toEqual([none, none, none, none, none, none]);
    });
  });

  describe("of a reservation that all registrants hold", () => {
    for (const type of allRegistrants) {
      it.each(types)(`by the key 0 removes all others: type ${type} becomes %i`, (newType) => {
        const { lab, b, attentions } = crowd(type);
        expect(lab.out(b, action, { key: 2n, newKey: 0n, type: newType })).toBe(GOOD);
        expect(lab.fullStatus()).toEqual([`b 1 2 * ${newType}`]);
        expect(lab.shown()).toEqual({
          generation: GENERATION + 1,
          keys: [2n],
          reservation: `${allRegistrants.includes(newType) ? 0 : 2} ${newType}`,
        });
        expect(attentions()).toEqual([gone, none, gone, gone, gone, none]);
      });

      it(`by any other key only removes registrations: type ${type} stays`, () => {
        for (const victim of [1n, 3n]) {
          const { lab, b, attentions } = crowd(type);
          expect(lab.out(b, action, { key: 2n, newKey: victim, scope: 0xf, type: 0xf })).toBe(GOOD);
          const keys = [1n, 2n, 3n, 3n, 1n].filter((key) => key !== victim);
          expect(lab.shown()).toEqual({ generation: GENERATION + 1, keys, reservation: `0 ${type}` });
          const [first, second] = victim === 1n ? [gone, none] : [none, gone];
          expect(attentions()).toEqual([first, none, second, second, first, none]);
        }
      });

      it(`by one's own key removes oneself: type ${type} stays while others are registered`, () => {
        const { lab, c, attentions } = crowd(type);
        expect(lab.out(c, action, { key: 3n, newKey: 3n, type: TYPE.WE })).toBe(GOOD);
        expect(lab.shown()).toEqual({ generation: GENERATION + 1, keys: [1n, 2n, 1n], reservation: `0 ${type}` });
        expect(attentions()).toEqual([none, none, none, gone, none, none]);
      });

      it(`by the last registrant of its own key releases it: type ${type}`, () => {
        const lab = createLab();
        const a = lab.nexus("a");
        lab.register(a, 1n);
        lab.reserve(a, 1n, type);
        expect(lab.out(a, action, { key: 1n, newKey: 1n, type })).toBe(GOOD);
        expect(lab.shown()).toEqual({ generation: 2, keys: [], reservation: null });
      });

      it(`by a key that nobody has conflicts: type ${type}`, () => {
        const { lab, b } = crowd(type);
        expect(lab.out(b, action, { key: 2n, newKey: 9n, type })).toBe(CONFLICT);
        expect(lab.shown()).toEqual({ generation: GENERATION, keys: [1n, 2n, 3n, 3n, 1n], reservation: `0 ${type}` });
      });
    }
  });

  it("needs the registered key, and a registration", () => {
    const { lab, b, s, attentions } = crowd(TYPE.WERO);
    expect(lab.out(b, action, { key: 1n, newKey: 1n, type: TYPE.WERO })).toBe(CONFLICT);
    expect(lab.out(s, action, { key: 0n, newKey: 1n, type: TYPE.WERO })).toBe(CONFLICT);
    expect(lab.out(s, action, { key: 1n, newKey: 1n, type: TYPE.WERO })).toBe(CONFLICT);
    expect(lab.shown()).toEqual({ generation: GENERATION, keys: [1n, 2n, 3n, 3n, 1n], reservation: "1 5" });
    expect(attentions()).toEqual([none, none, none, none, none, none]);
  });
});

describe("Whose commands PREEMPT AND ABORT aborts, 5.13.11.2.6", () => {
  function aborted(
    type: number | null,
    serviceAction: number,
    victim: bigint,
    sender: "a" | "b" | "c" = "b",
  ): string[] {
    const unit = crowd(type);
    const key = { a: 1n, b: 2n, c: 3n }[sender];
    const out = { key, newKey: victim, type: TYPE.WE };
    const list = parameterList(serviceAction, out);
    const answer = unit.lab.server.execute(unit[sender], reserveOutCdb(serviceAction, out, list.length), list);
    return answer.aborted.map(({ name }) => name.slice(name.indexOf(":") + 1, name.indexOf(",")));
  }

  it.each([
    ["of the holder's key: all who have it", TYPE.EA, 1n, "b", ["a", "e"]],
    ["of another key: all who have it", TYPE.EA, 3n, "b", ["c", "d"]],
    ["of one's own key: one's own others too", TYPE.EA, 3n, "c", ["c", "d"]],
    ["of all registrants by 0: everybody registered", TYPE.WEAR, 0n, "b", ["a", "b", "c", "d", "e"]],
    ["of all registrants by a key: all who have it", TYPE.EAAR, 1n, "b", ["a", "e"]],
    ["without a reservation: all who have the key", null, 3n, "b", ["c", "d"]],
    ["that conflicts: nobody's", TYPE.EA, 9n, "b", []],
  ] as const)("%s", (_what, type, victim, sender, letters) => {
    expect(aborted(type, SA.PREEMPT_AND_ABORT, victim, sender)).toEqual(letters);
    expect(aborted(type, SA.PREEMPT, victim, sender)).toEqual([]);
  });
});

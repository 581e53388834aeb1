/**
 * Profiles: what a kind of device lacks is refused as the standard has it, what it answers otherwise is answered so, and
 * nothing else differs. That `tgt` answers as tgtd does is tried against tgtd (test/peers/tgt/profile.test.ts).
 */
import { describe, expect, it } from "vitest";
import { profileNames, profiles } from "../../transports/simulated/index.ts";
import {
  attentionsOf,
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

function setup(options = {}) {
  const lab = createLab(options);
  const a = lab.nexus("a");
  return { lab, a, capabilities: () => Array.from(lab.server.execute(a, reserveInCdb(2)).dataIn) };
}

describe("A profile", () => {
  it.each(profileNames)("%s has a source", (name) => {
    expect(profiles[name].source.length).toBeGreaterThan(20);
  });

  it("none: no persistent reservations at all", () => {
    const { lab, a } = setup({ profile: "none" });
    expect(lab.send(a, reserveInCdb(0))).toBe("5/20/00 cdb 0");
    const list = parameterList(SA.REGISTER, { newKey: 1n });
    expect(lab.send(a, reserveOutCdb(SA.REGISTER, {}, list.length), list)).toBe("5/20/00 cdb 0");
    expect(lab.send(a, Uint8Array.of(0x16, 0, 0, 0, 0, 0))).toBe(GOOD);
  });

  it("tgt: no READ FULL STATUS, no PREEMPT AND ABORT, no capability but the types", () => {
    const { lab, a, capabilities } = setup({ profile: "tgt" });
    lab.register(a, 1n);
    expect(lab.send(a, reserveInCdb(3))).toBe("5/24/00 cdb 1.4");
    const list = parameterList(SA.PREEMPT_AND_ABORT, { key: 1n, newKey: 2n });
    expect(lab.send(a, reserveOutCdb(SA.PREEMPT_AND_ABORT, { type: TYPE.WE }, 24), list)).toBe("5/24/00 cdb 1.4");
    expect(capabilities()).toEqual([0, 8, 0x00, 0x80, 0xea, 0x01, 0, 0]);
    const supported = Uint8Array.of(0xa3, 0x0c, 2, 0x5f, 0, SA.PREEMPT_AND_ABORT, 0, 0, 0, 64, 0, 0);
    expect(lab.server.execute(a, supported).dataIn[1]).toBe(1);
  });

  it("scst: ALLOW COMMANDS 100b, everything but REPLACE LOST RESERVATION", () => {
    expect(setup({ profile: "scst" }).capabilities()).toEqual([0, 8, 0x1d, 0xc0, 0xea, 0x01, 0, 0]);
  });

  it("lio: everything but REPLACE LOST RESERVATION", () => {
    expect(setup({ profile: "lio" }).capabilities()).toEqual([0, 8, 0x1d, 0x90, 0xea, 0x01, 0, 0]);
  });

  it("sl150: only exclusive access types", () => {
    const { lab, a, capabilities } = setup({ profile: "sl150" });
    expect(capabilities().slice(4, 6)).toEqual([0x48, 0x01]);
    lab.register(a, 1n);
    expect(lab.out(a, SA.RESERVE, { key: 1n, type: TYPE.WE })).toBe("5/24/00 cdb 2.3");
    expect(lab.out(a, SA.RESERVE, { key: 1n, type: TYPE.EAAR })).toBe(GOOD);
  });

  it("gives way to options", () => {
    expect(setup({ profile: "lio", allTargetPorts: false }).capabilities()[2]).toBe(0x19);
    expect(setup({ profile: "lio", replaceLostReservation: true }).capabilities()[2]).toBe(0x9d);
    expect(() => setup({ profile: "other" })).toThrow();
  });
});

/** Two registered nexuses, `a` with key 1 and `b` with key 2, and one that is not. */
function three(options = {}) {
  const lab = createLab(options);
  const [a, b, c] = [lab.nexus("a"), lab.nexus("b"), lab.nexus("c")];
  lab.register(a, 1n, { aptpl: true });
  lab.register(b, 2n, { aptpl: true });
  return { lab, a, b, c, out: lab.out };
}
type Three = ReturnType<typeof three>;

/** Each row of `answers`, and what the standard has in its place. */
const answers: readonly (readonly [
  what: string,
  spc: string,
  others: Readonly<Record<string, string>>,
  ask: (lab: Three) => string,
])[] = [
  ["RESERVE from nobody", CONFLICT, { lio: "2/08/00" }, ({ out, c }) => out(c, SA.RESERVE, { key: 1n, type: TYPE.WE })],
  ["CLEAR from nobody", CONFLICT, { lio: "2/08/00" }, ({ out, c }) => out(c, SA.CLEAR, { key: 1n })],
  ["PREEMPT from nobody", CONFLICT, {}, ({ out, c }) => out(c, SA.PREEMPT, { key: 1n, newKey: 2n, type: TYPE.WE })],
  [
    "RELEASE from nobody while it is reserved",
    CONFLICT,
    {},
    ({ lab, out, a, c }) => {
      lab.reserve(a, 1n, TYPE.WE);
      return out(c, SA.RELEASE, { key: 1n, type: TYPE.WE });
    },
  ],
  [
    "RESERVE with another scope",
    "5/24/00 cdb 2.7",
    { lio: "5/26/00" },
    ({ out, a }) => out(a, SA.RESERVE, { key: 1n, type: TYPE.WE, scope: 1 }),
  ],
  [
    "RESERVE with a wrong type and key",
    CONFLICT,
    { lio: "5/24/00 cdb 2.3", scst: "5/24/00 cdb 2.3", tgt: "5/24/00 cdb 2.3" },
    ({ out, a }) => out(a, SA.RESERVE, { key: 9n, type: 2 }),
  ],
  [
    "RELEASE with another type",
    "5/26/04",
    { lio: CONFLICT },
    ({ lab, out, a }) => {
      lab.reserve(a, 1n, TYPE.WE);
      return out(a, SA.RELEASE, { key: 1n, type: TYPE.EA });
    },
  ],
  [
    "RELEASE with a wrong key by one who holds nothing",
    CONFLICT,
    { lio: GOOD, tgt: GOOD },
    ({ lab, out, a, b }) => {
      lab.reserve(a, 1n, TYPE.WE);
      return out(b, SA.RELEASE, { key: 9n, type: TYPE.WE });
    },
  ],
  [
    "RELEASE with a wrong key of nothing",
    CONFLICT,
    { lio: GOOD, scst: GOOD, tgt: GOOD },
    ({ out, b }) => out(b, SA.RELEASE, { key: 9n, type: TYPE.WE }),
  ],
  [
    "PREEMPT that only removes, with a type that is none",
    GOOD,
    { scst: "5/24/00 cdb 2.3" },
    ({ out, a }) => out(a, SA.PREEMPT, { key: 1n, newKey: 2n, type: 2 }),
  ],
  [
    "PREEMPT that only removes, with a scope that is none",
    GOOD,
    { lio: "5/26/00" },
    ({ out, a }) => out(a, SA.PREEMPT, { key: 1n, newKey: 2n, type: TYPE.WE, scope: 1 }),
  ],
  [
    "PREEMPT of key 0 without a reservation",
    CONFLICT,
    { lio: "5/26/00" },
    ({ out, a }) => out(a, SA.PREEMPT, { key: 1n, type: TYPE.WE }),
  ],
  [
    "a parameter list of 20 bytes",
    "5/1a/00",
    { tgt: "5/24/00" },
    ({ lab, a }) => lab.send(a, reserveOutCdb(SA.CLEAR, {}, 20), new Uint8Array(20)),
  ],
  [
    "SPEC_I_PT from a registered nexus",
    "5/26/00 list 20.3",
    { scst: "5/24/00", tgt: "5/24/00" },
    ({ out, a }) => out(a, SA.REGISTER, { key: 1n, newKey: 3n, specIPt: true, transportIds: [] }),
  ],
  [
    "REGISTER AND MOVE by one who holds nothing",
    CONFLICT,
    { tgt: GOOD },
    ({ lab, out, a, b }) => {
      lab.reserve(a, 1n, TYPE.WE);
      return out(b, SA.REGISTER_AND_MOVE, { key: 2n, newKey: 3n, transportIds: [transportId(iqn("c"))] });
    },
  ],
  [
    "REGISTER AND MOVE to key 0",
    "5/26/00 list 8",
    { scst: "5/24/00", tgt: CONFLICT },
    ({ lab, out, a }) => {
      lab.reserve(a, 1n, TYPE.WE);
      return out(a, SA.REGISTER_AND_MOVE, { key: 1n, newKey: 0n, transportIds: [transportId(iqn("c"))] });
    },
  ],
  [
    "READ KEYS with room for 4 bytes",
    GOOD,
    { lio: "5/24/00", tgt: "5/24/00" },
    ({ lab, a }) => lab.send(a, reserveInCdb(0, 4)),
  ],
  ["one registration too many", "5/55/04", { scst: "status 08" }, ({ out, c }) => out(c, SA.REGISTER, { newKey: 3n })],
];

describe("What a profile answers otherwise", () => {
  const rows = answers.flatMap(([what, spc, others, ask]) =>
    (["spc", "lio", "scst", "tgt"] as const).map((profile) => [what, profile, others[profile] ?? spc, ask] as const),
  );
  it.each(rows)("%s: %s says %s", (_what, profile, expected, ask) => {
    // tgt has no APTPL; nothing here depends on it.
    const options = { profile, maximumRegistrations: 2, persistThroughPowerLoss: true };
    expect(ask(three(options))).toBe(expected);
  });

  it.each([
    ["spc", [1, 2], 3],
    ["lio", [1, 2], 2],
    ["tgt", [1, 3], 4],
  ] as const)("%s: PRGENERATION of registering twice, and of unregistering a holder", (profile, _steps, generation) => {
    const { lab, out, a } = three({ profile, persistThroughPowerLoss: true });
    lab.reserve(a, 1n, TYPE.WE);
    expect(out(a, SA.REGISTER, { key: 1n, newKey: 0n })).toBe(GOOD);
    expect(lab.shown().generation).toBe(generation);
  });

  it.each([
    ["spc", "2a/05"],
    ["tgt", "2a/03"],
  ] as const)("%s: victims of PREEMPT find %s", (profile, condition) => {
    const { out, a, b } = three({ profile, persistThroughPowerLoss: true });
    expect(out(a, SA.PREEMPT, { key: 1n, newKey: 2n, type: TYPE.WE })).toBe(GOOD);
    expect(attentionsOf(b)).toEqual([condition]);
  });

  it.each([
    ["spc", [], ["2a/04"]],
    ["tgt", ["2a/04"], []],
  ] as const)(
    "%s: RELEASE tells of exclusive access %j, of registrants only %j, and whom",
    (profile, exclusive, registrants) => {
      for (const [type, told] of [
        [TYPE.EA, exclusive],
        [TYPE.EARO, registrants],
      ] as const) {
        const { lab, out, a, b } = three({ profile, persistThroughPowerLoss: true });
        lab.reserve(a, 1n, type);
        expect(out(a, SA.RELEASE, { key: 1n, type })).toBe(GOOD);
        // tgt tells everybody but the one who should be told.
        expect(attentionsOf(profile === "tgt" ? a : b)).toEqual(told);
        expect(attentionsOf(profile === "tgt" ? b : a)).toEqual([]);
      }
    },
  );

  it.each([
    ["spc", false, false, false],
    ["lio", false, true, false],
    ["scst", true, true, false],
    ["tgt", true, true, true],
  ] as const)(
    "%s: PREEMPT of one's own key without a reservation, of all registrants, of another's: stays %s, %s, %s",
    (profile, ...stays) => {
      const stayed = ([undefined, TYPE.WEAR, TYPE.WE] as const).map((type) => {
        const { lab, out, a, b } = three({ profile, persistThroughPowerLoss: true });
        if (type !== undefined) lab.reserve(b, 2n, type);
        expect(out(a, SA.PREEMPT, { key: 1n, newKey: 1n, type: TYPE.WE })).toBe(GOOD);
        return lab.shown().keys.includes(1n);
      });
      expect(stayed).toEqual(stays);
    },
  );

  it.each([
    ["spc", true],
    ["lio", false],
  ] as const)("%s: does APTPL outlive CLEAR? %s", (profile, outlives) => {
    const { lab, out, a } = three({ profile });
    expect(out(a, SA.CLEAR, { key: 1n })).toBe(GOOD);
    expect(lab.server.snapshot().persistsThroughPowerLoss).toBe(outlives);
  });

  it("lio: READ FULL STATUS announces what fits", () => {
    for (const [profile, announced] of [
      ["spc", 2],
      ["lio", 1],
    ] as const) {
      const { lab, a } = three({ profile });
      const one = 24 + transportId(iqn("a")).length;
      const { dataIn } = lab.server.execute(a, reserveInCdb(3, 8 + one + 10));
      expect(new DataView(dataIn.buffer, dataIn.byteOffset).getUint32(4)).toBe(announced * one);
    }
  });

  it("lio: any unit attention comes before a conflict", () => {
    for (const [profile, first] of [
      ["spc", CONFLICT],
      ["lio", "6/2a/03"],
    ] as const) {
      const { lab, out, a, b } = three({ profile });
      out(a, SA.CLEAR, { key: 1n });
      lab.register(a, 1n);
      lab.reserve(a, 1n, TYPE.EA);
      expect(lab.send(b, Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0))).toBe(first);
    }
  });
});

describe("per-hba", () => {
  const options = { profile: "per-hba", targetPorts: [1, 2] } as const;

  it("one registration for all paths of an initiator port", () => {
    const lab = createLab(options);
    const [a1, a2, b1] = [lab.nexus("a", 1), lab.nexus("a", 2), lab.nexus("b", 1)];
    lab.register(a1, 1n);
    expect(lab.out(a2, SA.REGISTER, { newKey: 5n })).toBe(CONFLICT);
    expect(lab.out(a2, SA.REGISTER, { key: 1n, newKey: 5n })).toBe(GOOD);
    expect(lab.shown().keys).toEqual([5n]);
    lab.reserve(a2, 5n, TYPE.EA);
    expect(lab.send(a1, Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0))).toBe(GOOD);
    expect(lab.send(b1, Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0))).toBe(CONFLICT);
    const { dataIn } = lab.server.execute(b1, reserveInCdb(3));
    // ALL_TG_PT and R_HOLDER (6.15.5).
    expect(dataIn[8 + 12]).toBe(3);
  });

  it("its victims are told on every path", () => {
    const lab = createLab(options);
    const [a1, a2, b1] = [lab.nexus("a", 1), lab.nexus("a", 2), lab.nexus("b", 1)];
    lab.register(a2, 1n);
    lab.register(b1, 2n);
    expect(lab.out(b1, SA.PREEMPT, { key: 2n, newKey: 1n, type: TYPE.WE })).toBe(GOOD);
    expect([a1, a2, b1].map(attentionsOf)).toEqual([["2a/05"], ["2a/05"], []]);
  });

  it("SPEC_I_PT, ALL_TG_PT and REGISTER AND MOVE name an initiator port once", () => {
    const lab = createLab(options);
    const [a1, b2] = [lab.nexus("a", 1), lab.nexus("b", 2)];
    expect(
      lab.out(a1, SA.REGISTER, { newKey: 1n, specIPt: true, allTgPt: true, transportIds: [transportId(iqn("b"))] }),
    ).toBe(GOOD);
    expect(lab.shown().keys).toEqual([1n, 1n]);
    lab.reserve(a1, 1n, TYPE.WE);
    expect(
      lab.out(a1, SA.REGISTER_AND_MOVE, { key: 1n, newKey: 7n, port: 2, transportIds: [transportId(iqn("b"))] }),
    ).toBe(GOOD);
    expect(lab.shown().reservation).toBe("7 1");
    expect(lab.out(b2, SA.RELEASE, { key: 7n, type: TYPE.WE })).toBe(GOOD);
    expect(lab.shown().reservation).toBeNull();
  });
});

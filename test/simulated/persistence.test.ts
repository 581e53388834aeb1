/** What outlives power, resets and lost nexuses: spc4r36f 5.13.1, 5.13.5.1, 6.15.2, 6.16.3; and snapshots. */
import { describe, expect, it } from "vitest";
import {
  createDeviceServer,
  createSimulatedTarget,
  type Preserved,
  type Reservations,
} from "../../transports/simulated/index.ts";
import { attentionsOf, CONFLICT, createLab, GOOD, iqn, reserveInCdb, SA, TYPE, transportId, types } from "./lab.ts";

const reserve6 = Uint8Array.of(0x16, 0, 0, 0, 0, 0);
const read10 = Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
const testUnitReady = Uint8Array.of(0x00, 0, 0, 0, 0, 0);

function held(type: number, aptpl: boolean) {
  const lab = createLab();
  const [a, b] = [lab.nexus("a"), lab.nexus("b")];
  lab.register(a, 1n, { aptpl });
  lab.register(b, 2n, { aptpl });
  lab.reserve(a, 1n, type);
  return { lab, a, b };
}

/** PTPL_A of REPORT CAPABILITIES: byte 3, bit 0 (6.15.4 table 207). */
const isActive = (lab: ReturnType<typeof createLab>): boolean => {
  const { dataIn } = lab.server.execute(lab.nexus("outsider"), reserveInCdb(2));
  return ((dataIn[3] as number) & 1) === 1;
};

describe("A power cycle", () => {
  it.each(types)("with APTPL keeps keys and a reservation of type %i; PRGENERATION starts at 0", (type) => {
    const { lab, a, b } = held(type, true);
    const { keys, reservation } = lab.shown();
    lab.server.powerCycle();
    expect([a, b].map(attentionsOf)).toEqual([["29/01"], ["29/01"]]);
    expect(lab.shown()).toEqual({ generation: 0, keys, reservation });
    expect(lab.send(a, testUnitReady)).toBe("6/29/01");
    expect(lab.out(a, SA.RELEASE, { key: 1n, type })).toBe(GOOD);
  });

  it.each(types)("without APTPL takes keys and a reservation of type %i", (type) => {
    const { lab, a, b } = held(type, false);
    lab.server.powerCycle();
    expect([a, b].map(attentionsOf)).toEqual([["29/01"], ["29/01"]]);
    expect(lab.shown()).toEqual({ generation: 0, keys: [], reservation: null });
    expect(lab.send(b, testUnitReady)).toBe("6/29/01");
    expect(lab.send(b, read10)).toBe(GOOD);
  });

  it("goes by the APTPL of the last REGISTER that succeeded, whoever sent it", () => {
    const { lab, a, b } = held(TYPE.WE, true);
    expect(isActive(lab)).toBe(true);
    expect(lab.out(b, SA.REGISTER, { key: 9n, newKey: 2n })).toBe(CONFLICT);
    expect(isActive(lab)).toBe(true);
    expect(lab.out(b, SA.REGISTER, { key: 2n, newKey: 2n })).toBe(GOOD);
    expect(isActive(lab)).toBe(false);
    expect(lab.out(a, SA.REGISTER_AND_IGNORE, { newKey: 1n, aptpl: true })).toBe(GOOD);
    expect(isActive(lab)).toBe(true);
    const out = { key: 1n, newKey: 2n, transportIds: [transportId(iqn("b"))] };
    expect(lab.out(a, SA.REGISTER_AND_MOVE, out)).toBe(GOOD);
    expect(isActive(lab)).toBe(false);
    lab.server.powerCycle();
    expect(lab.shown().keys).toEqual([]);
  });

  it("is not concerned with APTPL in other service actions", () => {
    const { lab, a } = held(TYPE.WE, false);
    expect(lab.out(a, SA.RELEASE, { key: 1n, type: TYPE.WE, aptpl: true })).toBe(GOOD);
    expect(lab.out(a, SA.RESERVE, { key: 1n, type: TYPE.WE, aptpl: true })).toBe(GOOD);
    expect(isActive(lab)).toBe(false);
    expect(lab.out(a, SA.CLEAR, { key: 1n, aptpl: true })).toBe(GOOD);
    expect(isActive(lab)).toBe(false);
  });

  it("keeps APTPL over CLEAR, as no clause says otherwise", () => {
    const { lab, a } = held(TYPE.WE, true);
    expect(lab.out(a, SA.CLEAR, { key: 1n })).toBe(GOOD);
    expect(isActive(lab)).toBe(true);
  });

  it("finds APTPL refused by a unit without it, at its bit", () => {
    const lab = createLab({ persistThroughPowerLoss: false });
    const a = lab.nexus("a");
    for (const serviceAction of [SA.REGISTER, SA.REGISTER_AND_IGNORE]) {
      expect(lab.out(a, serviceAction, { newKey: 1n, aptpl: true })).toBe("5/26/00 list 20.0");
    }
    expect(lab.shown()).toEqual({ generation: 0, keys: [], reservation: null });
  });

  it("ends RESERVE, and whatever conditions waited", () => {
    const lab = createLab();
    const [a, b] = [lab.nexus("a"), lab.nexus("b")];
    lab.send(a, reserve6);
    lab.server.reset();
    lab.send(a, testUnitReady);
    lab.send(a, reserve6);
    lab.server.powerCycle();
    expect(attentionsOf(b)).toEqual(["29/01"]);
    b.attentions.length = 0;
    expect(lab.send(b, read10)).toBe(GOOD);
  });

  it("leaves the medium as it was", () => {
    const lab = createLab();
    const a = lab.nexus("a");
    const block = new Uint8Array(512).fill(0x5a);
    lab.send(a, Uint8Array.of(0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0), block);
    lab.server.powerCycle();
    lab.send(a, testUnitReady);
    expect(lab.server.execute(a, Uint8Array.of(0x28, 0, 0, 0, 0, 9, 0, 0, 1, 0)).dataIn).toEqual(block);
  });

  it("of a target is one of all its units", async () => {
    const target = createSimulatedTarget();
    const transports = [0, 3].map((lun) => target.unit(lun).nexus({ initiatorPort: iqn("a") }));
    target.powerCycle();
    for (const transport of transports) {
      const { status, sense } = await transport.execute({ cdb: testUnitReady, dataInLength: 0 });
      expect([status, sense[12], sense[13]]).toEqual([0x02, 0x29, 0x01]);
    }
  });
});

describe("Memory that keeps what APTPL asks for", () => {
  /** A unit whose memory answers `now`, with what it was given. */
  function kept(aptpl = true) {
    const memory = { now: "kept" as Preserved, given: [] as Reservations[] };
    const lab = createLab({
      preserve(reservations) {
        memory.given.push(reservations);
        return memory.now;
      },
    });
    const [a, b] = [lab.nexus("a"), lab.nexus("b")];
    lab.register(a, 1n, { aptpl });
    lab.register(b, 2n, { aptpl });
    lab.reserve(a, 1n, TYPE.WERO);
    return { lab, a, b, memory };
  }

  it("is told of every PERSISTENT RESERVE OUT that ends in GOOD, before it does, and of no other", () => {
    const { lab, a, b, memory } = kept();
    expect(memory.given).toHaveLength(3);
    expect(memory.given[2]).toEqual(lab.server.reservations());
    expect(memory.given[2]).toMatchObject({ persistsThroughPowerLoss: true, reservation: { holder: 0 } });
    lab.out(b, SA.RESERVE, { key: 2n, type: TYPE.EA });
    lab.shown();
    expect(memory.given).toHaveLength(3);
    lab.out(a, SA.CLEAR, { key: 1n });
    expect(memory.given[3]).toMatchObject({ registrations: [], reservation: null });
  });

  // 6.16.1: insufficient device server resources; 5.13.5.3.3 b: HARDWARE ERROR for memory that fails.
  it.each([
    ["full", "5/55/04"],
    ["failed", "4/44/00"],
  ] as const)("and is %s: %s, nothing has changed, and nobody is told", (how, answer) => {
    const { lab, a, b, memory } = kept();
    const before = lab.server.snapshot();
    memory.now = how;
    const move = { key: 1n, newKey: 2n, transportIds: [transportId(iqn("b"))], unreg: true };
    for (const [from, serviceAction, out] of [
      [a, SA.REGISTER, { key: 1n, newKey: 0n }],
      [a, SA.REGISTER, { key: 1n, newKey: 3n }],
      [a, SA.REGISTER_AND_IGNORE, { newKey: 3n, aptpl: true }],
      [lab.nexus("c"), SA.REGISTER, { newKey: 4n, aptpl: true, allTgPt: true }],
      [a, SA.RELEASE, { key: 1n, type: TYPE.WERO }],
      [a, SA.CLEAR, { key: 1n }],
      [b, SA.PREEMPT, { key: 2n, newKey: 1n, type: TYPE.EA }],
      [b, SA.PREEMPT_AND_ABORT, { key: 2n, newKey: 1n, type: TYPE.EA }],
      [a, SA.REGISTER_AND_MOVE, move],
    ] as const) {
      expect(lab.out(from, serviceAction, out)).toBe(answer);
      expect(lab.server.snapshot()).toEqual(before);
    }
    expect([a, b].map(attentionsOf)).toEqual([[], []]);
    memory.now = "kept";
    expect(lab.out(b, SA.PREEMPT, { key: 2n, newKey: 1n, type: TYPE.EA })).toBe(GOOD);
    expect(attentionsOf(a)).toEqual(["2a/05"]);
  });

  it("fails while lost information is replaced: it is lost still", () => {
    const { lab, a, memory } = kept();
    lab.server.loseReservations();
    memory.now = "failed";
    expect(lab.out(a, SA.REPLACE_LOST, { newKey: 1n, type: TYPE.EA, aptpl: true })).toBe("4/44/00");
    expect(lab.send(a, testUnitReady)).toBe("7/44/01");
  });
});

describe("A reset", () => {
  it.each(types)("keeps keys, PRGENERATION and a reservation of type %i, with or without APTPL", (type) => {
    for (const aptpl of [false, true]) {
      const { lab, a, b } = held(type, aptpl);
      const before = lab.shown();
      lab.server.reset();
      expect([a, b].map(attentionsOf)).toEqual([["29/03"], ["29/03"]]);
      expect(lab.shown()).toEqual(before);
    }
  });

  it("ends RESERVE", () => {
    const lab = createLab();
    const [a, b] = [lab.nexus("a"), lab.nexus("b")];
    lab.send(a, reserve6);
    expect(lab.send(b, read10)).toBe(CONFLICT);
    lab.server.reset();
    expect([lab.send(b, read10), lab.send(b, read10)]).toEqual(["6/29/03", GOOD]);
  });

  it("through a transport reaches the unit, the target, or the whole bus", async () => {
    const target = createSimulatedTarget();
    const [first, second] = [target.unit(0), target.unit(1)];
    const found = () =>
      [first, second].map((unit) => attentionsOf(unit.identify({ initiatorPort: iqn("a") })).join(" "));
    found();
    const transport = first.nexus({ initiatorPort: iqn("a") });
    await transport.reset?.("logical-unit");
    expect(found()).toEqual(["29/03", ""]);
    await transport.reset?.("target");
    expect(found()).toEqual(["29/03", "29/03"]);
    await transport.reset?.("bus");
    expect(found()).toEqual(["29/02 29/03", "29/02 29/03"]);
    await transport[Symbol.asyncDispose]();
    await expect(transport.reset?.("bus")).rejects.toMatchObject({ code: "CLOSED", delivered: "no" });
  });
});

describe("A lost nexus", () => {
  it.each(types)("keeps its key and its reservation of type %i, and is the only one told", (type) => {
    const { lab, a, b } = held(type, false);
    const before = lab.shown();
    lab.server.loseNexus(a);
    expect([a, b].map(attentionsOf)).toEqual([["29/07"], []]);
    expect(lab.shown()).toEqual(before);
  });

  it("loses its RESERVE, and no other's", () => {
    const lab = createLab();
    const [a, b, c] = [lab.nexus("a"), lab.nexus("b"), lab.nexus("c")];
    lab.send(a, reserve6);
    lab.server.loseNexus(b);
    expect(lab.send(c, read10)).toBe(CONFLICT);
    lab.server.loseNexus(a);
    expect(lab.send(c, read10)).toBe(GOOD);
  });
});

describe("A snapshot", () => {
  it.each(types)("survives JSON and becomes the same unit again: type %i", (type) => {
    const { lab, a } = held(type, true);
    const sas = lab.server.nexus({ protocol: "sas", address: 0x5000c50000000001n });
    lab.register(sas, 0xffff_ffff_ffff_ffffn, { aptpl: true });
    const block = new Uint8Array(512).map((_, index) => index & 0xff);
    lab.send(a, Uint8Array.of(0x2a, 0, 0, 0, 0x07, 0xff, 0, 0, 1, 0), block);
    const taken = JSON.parse(JSON.stringify(lab.server.snapshot()));

    const copy = createLab();
    copy.register(copy.nexus("z"), 99n);
    copy.send(copy.nexus("z"), Uint8Array.of(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), block);
    copy.server.restore(taken);
    expect(copy.shown()).toEqual(lab.shown());
    expect(copy.server.snapshot()).toEqual(taken);
    expect(copy.out(copy.nexus("z"), SA.CLEAR, { key: 99n })).toBe(CONFLICT);
    expect(copy.server.execute(copy.nexus("a"), Uint8Array.of(0x28, 0, 0, 0, 0x07, 0xff, 0, 0, 1, 0)).dataIn).toEqual(
      block,
    );
    const first = copy.server.execute(copy.nexus("a"), Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0)).dataIn;
    expect(new Set(first)).toEqual(new Set([0]));
    expect(copy.out(copy.nexus("a"), SA.RELEASE, { key: 1n, type })).toBe(GOOD);
  });

  it("of a unit that has nothing is empty", () => {
    expect(createDeviceServer().snapshot()).toEqual({
      prGeneration: 0,
      persistsThroughPowerLoss: false,
      lost: false,
      registrations: [],
      reservation: null,
      medium: {},
    });
  });

  it("remembers that information is lost", () => {
    const { lab } = held(TYPE.WE, true);
    lab.server.loseReservations();
    const copy = createLab();
    copy.server.restore(lab.server.snapshot());
    expect(copy.send(copy.nexus("a"), testUnitReady)).toBe("7/44/01");
  });

  it("that cannot be is refused, and the unit stays what it was", () => {
    const { lab } = held(TYPE.EA, true);
    const before = lab.server.snapshot();
    const snapshot = { ...before, prGeneration: 9, reservation: { type: "exclusive-access" as const, holder: 3 } };
    expect(() => lab.server.restore(snapshot)).toThrow(RangeError);
    expect(lab.server.snapshot()).toEqual(before);
  });
});

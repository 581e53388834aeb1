/**
 * Unit attention conditions: who is told, when, in which order, and before or after what (sam4r14 5.14; spc4r36f 5.13).
 */
import { describe, expect, it } from "vitest";
import { UnitAttention } from "../../transports/simulated/index.ts";
import { attentionsOf, CONFLICT, createLab, GOOD, reserveInCdb, SA, TYPE } from "./lab.ts";

const testUnitReady = Uint8Array.of(0x00, 0, 0, 0, 0, 0);
const requestSense = Uint8Array.of(0x03, 0, 0, 0, 18, 0);
const inquiry = Uint8Array.of(0x12, 0, 0, 0, 36, 0);
const reportLuns = Uint8Array.of(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0);
const read10 = Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);

/** b has preempted a, whom REGISTRATIONS PREEMPTED awaits. b holds exclusive access. */
function preempted() {
  const lab = createLab();
  const [a, b] = [lab.nexus("a"), lab.nexus("b")];
  lab.register(a, 1n);
  lab.register(b, 2n);
  lab.reserve(a, 1n, TYPE.EA);
  expect(lab.out(b, SA.PREEMPT, { key: 2n, newKey: 1n, type: TYPE.EA })).toBe(GOOD);
  return { lab, a, b };
}

describe("A unit attention condition", () => {
  it("is reported once, by the next command, which is not executed", () => {
    const { lab, a } = preempted();
    expect(lab.send(a, testUnitReady)).toBe("6/2a/05");
    expect(lab.send(a, testUnitReady)).toBe(GOOD);
  });

  it("keeps PERSISTENT RESERVE OUT and IN from being executed too", () => {
    const { lab, a } = preempted();
    expect(lab.out(a, SA.REGISTER, { newKey: 9n })).toBe("6/2a/05");
    expect(lab.shown()).toEqual({ generation: 3, keys: [2n], reservation: "2 3" });
    const again = preempted();
    expect(again.lab.send(again.a, reserveInCdb(0))).toBe("6/2a/05");
  });

  it("is passed over by INQUIRY and REPORT LUNS, and stays", () => {
    const { lab, a } = preempted();
    for (const cdb of [inquiry, reportLuns]) expect(lab.send(a, cdb)).toBe(GOOD);
    expect(lab.send(a, testUnitReady)).toBe("6/2a/05");
  });

  it("is what REQUEST SENSE returns, and is gone then", () => {
    const { lab, a } = preempted();
    const { status, dataIn } = lab.server.execute(a, requestSense);
    expect(status).toBe(0);
    expect(Array.from(dataIn)).toEqual([0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x2a, 0x05, 0, 0, 0, 0]);
    expect(lab.send(a, testUnitReady)).toBe(GOOD);
    const empty = lab.server.execute(a, requestSense).dataIn;
    expect(Array.from(empty)).toEqual([0x70, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("of one nexus is no other's", () => {
    const { lab, b } = preempted();
    expect(lab.send(b, testUnitReady)).toBe(GOOD);
    expect(lab.send(lab.nexus("s"), testUnitReady)).toBe(GOOD);
  });

  it("waits for a nexus that is registered but has never been seen", () => {
    const lab = createLab();
    const a = lab.nexus("a");
    const b = lab.server.nexus({ protocol: "sas", address: 5n });
    lab.register(b, 2n);
    const sas = Uint8Array.of(0x06, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, ...new Array(12).fill(0));
    expect(lab.out(a, SA.REGISTER, { newKey: 7n, specIPt: true, transportIds: [sas] })).toBe(GOOD);
    expect(lab.out(b, SA.CLEAR, { key: 2n })).toBe(GOOD);
    expect(lab.send(lab.server.nexus({ protocol: "sas", address: 9n }), testUnitReady)).toBe("6/2a/03");
  });

  it("does not wait twice, and different ones wait in the order of their events", () => {
    const lab = createLab();
    const [a, b] = [lab.nexus("a"), lab.nexus("b")];
    lab.register(a, 1n);
    lab.register(b, 2n);
    for (let round = 0; round < 2; round++) {
      lab.reserve(a, 1n, TYPE.WERO);
      lab.out(a, SA.RELEASE, { key: 1n, type: TYPE.WERO });
    }
    lab.out(a, SA.CLEAR, { key: 1n });
    expect(attentionsOf(b)).toEqual(["2a/04", "2a/03"]);
    expect([lab.send(b, testUnitReady), lab.send(b, testUnitReady), lab.send(b, testUnitReady)]).toEqual([
      "6/2a/04",
      "6/2a/03",
      GOOD,
    ]);
  });
});

describe("Precedence", () => {
  it("puts resets before all else, the more serious ones first", () => {
    const { lab, a } = preempted();
    lab.server.loseNexus(a);
    lab.server.reset();
    lab.server.reset(UnitAttention.SCSI_BUS_RESET_OCCURRED);
    expect(attentionsOf(a)).toEqual(["29/02", "29/03", "29/07", "2a/05"]);
  });

  it("reports RESERVATION CONFLICT before a condition about reservations, which stays", () => {
    const { lab, a } = preempted();
    expect(lab.send(a, read10)).toBe(CONFLICT);
    expect(lab.out(a, SA.CLEAR, { key: 1n })).toBe(CONFLICT);
    expect(lab.send(a, testUnitReady)).toBe("6/2a/05");
  });

  it("reports a reset before RESERVATION CONFLICT", () => {
    const { lab, a } = preempted();
    lab.server.reset();
    expect(lab.send(a, read10)).toBe("6/29/03");
    expect(lab.send(a, read10)).toBe(CONFLICT);
  });

  it("reports a condition before the conflict of a wrong key, which only the parameter list shows", () => {
    const lab = createLab();
    const [a, b] = [lab.nexus("a"), lab.nexus("b")];
    lab.register(a, 1n);
    lab.register(b, 2n);
    lab.reserve(a, 1n, TYPE.WERO);
    lab.out(a, SA.RELEASE, { key: 1n, type: TYPE.WERO });
    expect(lab.out(b, SA.CLEAR, { key: 9n })).toBe("6/2a/04");
    expect(lab.out(b, SA.CLEAR, { key: 9n })).toBe(CONFLICT);
  });

  it("reports an unknown command before a condition about reservations, and after a reset", () => {
    const { lab, a } = preempted();
    const unknown = Uint8Array.of(0xdf, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    expect(lab.send(a, unknown)).toBe("5/20/00 cdb 0");
    lab.server.reset();
    expect(lab.send(a, unknown)).toBe("6/29/03");
    expect(lab.send(a, testUnitReady)).toBe("6/2a/05");
  });
});

describe("A new nexus", () => {
  it("finds nothing, unless the unit is one that says it was powered on", () => {
    const silent = createLab();
    expect(silent.send(silent.nexus("a"), testUnitReady)).toBe(GOOD);
    const talkative = createLab({ powerOnUnitAttention: true });
    expect(talkative.send(talkative.nexus("a"), testUnitReady)).toBe("6/29/00");
    expect(talkative.send(talkative.nexus("a"), testUnitReady)).toBe(GOOD);
    expect(talkative.send(talkative.nexus("b"), testUnitReady)).toBe("6/29/00");
  });
});

/** Profiles: what a kind of device lacks is refused as the standard has it, and nothing else differs. */
import { describe, expect, it } from "vitest";
import { profileNames, profiles } from "../../transports/simulated/index.ts";
import { createLab, GOOD, parameterList, reserveInCdb, reserveOutCdb, SA, TYPE } from "./lab.ts";

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
    expect(capabilities()).toEqual([0, 8, 0x00, 0x90, 0xea, 0x01, 0, 0]);
    const supported = Uint8Array.of(0xa3, 0x0c, 2, 0x5f, 0, SA.PREEMPT_AND_ABORT, 0, 0, 0, 64, 0, 0);
    expect(lab.server.execute(a, supported).dataIn[1]).toBe(1);
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

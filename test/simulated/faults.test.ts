/** Planned failures: each kind, when it happens, and that the same plan gives the same failures. */
import { describe, expect, it } from "vitest";
import {
  createFaultPlan,
  createSimulatedTarget,
  createVirtualClock,
  type Fault,
  type FaultPlan,
} from "../../transports/simulated/index.ts";
import { iqn } from "./lab.ts";

const testUnitReady = { cdb: new Uint8Array(6), dataInLength: 0 };
const inquiry = { cdb: Uint8Array.of(0x12, 0, 0, 0, 36, 0), dataInLength: 36 };
const register = {
  cdb: Uint8Array.of(0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0),
  dataInLength: 0,
  dataOut: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0),
};

function setup(plan: FaultPlan) {
  const clock = createVirtualClock();
  const target = createSimulatedTarget({ clock });
  const unit = target.unit();
  const transport = unit.nexus({ initiatorPort: `${iqn("a")},i,0x1` });
  const faults = createFaultPlan(target, unit, plan, clock);
  const send = async (request: typeof inquiry | typeof register) => {
    try {
      const { status, dataIn, sense, residual } = await transport.execute(request);
      return { status, length: dataIn.length, sense: [sense[2], sense[12], sense[13]], residual };
    } catch (error) {
      return `${(error as { code: string }).code} ${(error as { delivered: string }).delivered}`;
    }
  };
  return { clock, target, unit, transport, faults, send };
}
const once = (fault: Fault) => setup({ seed: 1, rules: [{ fault, times: 1 }] });
const registrations = ({ unit }: ReturnType<typeof setup>) => unit.server.snapshot().registrations.length;
const good = { status: 0, length: 0, sense: [undefined, undefined, undefined], residual: 0 };

describe("A planned failure", () => {
  it("loses a request before the unit has it, or an answer afterwards", async () => {
    const request = once({ kind: "lose-request" });
    expect(await request.send(register)).toBe("CONNECTION_LOST no");
    expect(registrations(request)).toBe(0);
    const answer = once({ kind: "lose-answer" });
    expect(await answer.send(register)).toBe("CONNECTION_LOST unknown");
    expect(registrations(answer)).toBe(1);
    expect(await answer.send(testUnitReady)).toEqual(good);
  });

  it.each([
    ["busy", 0x08],
    ["task-set-full", 0x28],
    ["aca-active", 0x30],
  ] as const)("%s: the status, and the command is not executed", async (kind, status) => {
    const lab = once({ kind });
    expect(await lab.send(register)).toEqual({ ...good, status, residual: 24 });
    expect(registrations(lab)).toBe(0);
  });

  it("delays a request or its answer", async () => {
    for (const [kind, before] of [
      ["delay", 0],
      ["delay-answer", 1],
    ] as const) {
      const lab = once({ kind, ms: 100 });
      const answered = lab.send(register);
      await lab.clock.advance(99);
      expect(registrations(lab)).toBe(before);
      await lab.clock.advance(1);
      expect(await answered).toEqual(good);
      expect(registrations(lab)).toBe(1);
      expect(lab.clock.now()).toBe(100);
    }
  });

  it("is a unit attention, a reset, a power cut, a lost path", async () => {
    const attention = await once({ kind: "unit-attention", condition: 0x3f0e }).send(testUnitReady);
    expect(attention).toEqual({ ...good, status: 2, sense: [6, 0x3f, 0x0e] });
    for (const scope of ["logical-unit", "target"] as const) {
      const reset = once({ kind: "reset", scope });
      expect(await reset.send(testUnitReady)).toBe("CONNECTION_LOST unknown");
      expect(await reset.send(testUnitReady)).toEqual({ ...good, status: 2, sense: [6, 0x29, 0x03] });
    }
    const power = setup({ seed: 1, rules: [{ fault: { kind: "power-cut" }, at: [2] }] });
    await power.send(register);
    expect(await power.send(testUnitReady)).toBe("CONNECTION_LOST unknown");
    expect(await power.send(testUnitReady)).toEqual({ ...good, status: 2, sense: [6, 0x29, 0x01] });
    expect(registrations(power)).toBe(0);
    const path = once({ kind: "drop-path" });
    expect(await path.send(testUnitReady)).toBe("CONNECTION_LOST unknown");
    expect(await path.send(testUnitReady)).toEqual({ ...good, status: 2, sense: [6, 0x29, 0x07] });
  });

  it("of a session that is dropped is a lost path, and of other words to an initiator nothing", async () => {
    for (const event of ["connection-drop", "session-drop"] as const) {
      const dropped = once({ kind: "announce", event, seconds: 1 });
      expect(await dropped.send(register)).toBe("CONNECTION_LOST unknown");
      expect(registrations(dropped)).toBe(0);
      expect(await dropped.send(testUnitReady)).toEqual({ ...good, status: 2, sense: [6, 0x29, 0x07] });
    }
    for (const fault of [
      { kind: "announce", event: "logout-request", seconds: 1 },
      { kind: "announce", event: "negotiation-request", seconds: 1 },
      { kind: "scsi-event", condition: 0x2a09 },
    ] as const) {
      const told = once(fault);
      expect(await told.send(register)).toEqual(good);
      expect(registrations(told)).toBe(1);
      expect(await told.send(testUnitReady)).toEqual(good);
      expect(told.faults.events).toHaveLength(1);
    }
  });

  it("cuts data, or tells a wrong residual", async () => {
    expect(await once({ kind: "truncate", bytes: 5 }).send(inquiry)).toEqual({ ...good, length: 5, residual: 31 });
    expect(await once({ kind: "wrong-residual", by: -3 }).send(inquiry)).toEqual({ ...good, length: 36, residual: -3 });
  });
});

describe("A plan", () => {
  it("counts commands, and chooses by operation code and nexus", async () => {
    const { send, faults } = setup({
      seed: 0,
      rules: [
        { fault: { kind: "busy" }, at: [2, 4] },
        { fault: { kind: "task-set-full" }, operationCodes: [0x12] },
        { fault: { kind: "aca-active" }, nexus: ":z" },
      ],
    });
    const seen = [];
    for (const request of [testUnitReady, testUnitReady, inquiry, inquiry, testUnitReady]) {
      seen.push(((await send(request)) as { status: number }).status);
    }
    expect(seen).toEqual([0, 8, 0x28, 8, 0]);
    expect(faults.events.map(({ command, operationCode, fault }) => [command, operationCode, fault.kind])).toEqual([
      [2, 0, "busy"],
      [3, 0x12, "task-set-full"],
      [4, 0x12, "busy"],
    ]);
    faults.stop();
    expect(await send(inquiry)).toEqual({ ...good, length: 36 });
  });

  it("gives the same failures for the same seed, and others for another", async () => {
    const run = async (seed: number) => {
      const { send, faults } = setup({ seed, rules: [{ fault: { kind: "busy" }, probability: 0.3 }] });
      for (let i = 0; i < 200; i++) await send(testUnitReady);
      return faults.events.map(({ command }) => command);
    };
    const [first, again, other] = [await run(7), await run(7), await run(8)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first.length).toBeGreaterThan(30);
    expect(first.length).toBeLessThan(90);
  });

  it("that cannot be is refused", () => {
    for (const rule of [
      { fault: { kind: "explode" } },
      { fault: { kind: "busy" }, probability: 2 },
      { fault: { kind: "delay", ms: -1 } },
      { fault: { kind: "busy" }, times: -1 },
    ])
      expect(() => setup({ seed: 1, rules: [rule as never] })).toThrow(RangeError);
    expect(() => setup({ seed: -1, rules: [] })).toThrow(RangeError);
  });
});

/** Commands under way: who aborts them, and how they end (spc4r36f 5.13.11.2.6; sam4r14 5.6). */
import { describe, expect, it } from "vitest";
import { createLogicalUnit } from "../../src/index.ts";
import { createSimulatedTarget, createVirtualClock } from "../../transports/simulated/index.ts";
import { iqn } from "./lab.ts";

const read10 = { cdb: Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), dataInLength: 512 };
const write10 = {
  cdb: Uint8Array.of(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0),
  dataInLength: 0,
  dataOut: new Uint8Array(512).fill(7),
};

async function setup({ tas = false } = {}) {
  const clock = createVirtualClock();
  const target = createSimulatedTarget({ clock });
  const unit = target.unit();
  const [a, b, c] = ["a", "b", "c"].map((letter) => unit.nexus({ initiatorPort: `${iqn(letter)},i,0x1` }));
  const of = (transport: typeof a) => createLogicalUnit(transport as NonNullable<typeof a>);
  await of(a).register({ newKey: 0xan });
  await of(b).register({ newKey: 0xbn });
  await of(b).reserve({ key: 0xbn, type: "write-exclusive-registrants-only" });
  if (tas) {
    const list = Uint8Array.of(0, 0, 0, 0, 0x0a, 10, 0, 0x10, 0, 0x40, 0, 0, 0xff, 0xff, 0, 0);
    await b?.execute({ cdb: Uint8Array.of(0x15, 0x10, 0, 0, 16, 0), dataInLength: 0, dataOut: list });
    for (const other of [a, c]) await other?.execute({ cdb: new Uint8Array(6), dataInLength: 0 });
  }
  // Everything but PERSISTENT RESERVE OUT is held up until it is let go.
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  unit.hooks.push({ before: ({ cdb }) => (cdb[0] === 0x5f ? undefined : held) });
  const outcomes: string[] = [];
  const start = (name: string, transport: typeof a, request: typeof read10, timeoutMs?: number) =>
    transport?.execute(request, timeoutMs === undefined ? {} : { timeoutMs }).then(
      ({ status }) => outcomes.push(`${name} ${status}`),
      ({ code, delivered }) => outcomes.push(`${name} ${code} ${delivered}`),
    );
  return { clock, target, unit, a, b, c, of, letGo: () => letGo(), outcomes, start };
}

const preemptAndAbort = { key: 0xan, victimKey: 0xbn, type: "write-exclusive-registrants-only" } as const;

describe("PREEMPT AND ABORT", () => {
  it("ends the victims' commands, which are never executed, without an answer", async () => {
    const { clock, unit, a, b, c, of, letGo, outcomes, start } = await setup();
    void start("b", b, write10, 1000);
    void start("c", c, read10);
    await clock.advance(0);
    expect(unit.tasks.size).toBe(2);
    const preempted = of(a).preemptAndAbort(preemptAndAbort);
    await preempted;
    expect(unit.tasks.size).toBe(1);
    letGo();
    await clock.advance(999);
    expect(outcomes).toEqual(["c 0"]);
    await clock.advance(1);
    expect(outcomes).toEqual(["c 0", "b TIMEOUT unknown"]);
    unit.hooks.length = 0;
    expect((await a?.execute(read10))?.dataIn[0]).toBe(0);
  });

  it("with TAS ends them with TASK ABORTED", async () => {
    const { clock, a, b, of, outcomes, start } = await setup({ tas: true });
    void start("b", b, write10);
    await clock.advance(0);
    await of(a).preemptAndAbort(preemptAndAbort);
    await clock.advance(0);
    expect(outcomes).toEqual(["b 64"]);
  });

  it("PREEMPT alone leaves them, and they find that they are not allowed any more", async () => {
    const { clock, a, b, of, letGo, outcomes, start } = await setup();
    void start("b", b, write10);
    await clock.advance(0);
    await of(a).preempt(preemptAndAbort);
    letGo();
    await clock.advance(0);
    expect(outcomes).toEqual(["b 24"]);
  });
});

describe("Commands under way", () => {
  it("are lost with their path, and only those", async () => {
    const { clock, unit, b, c, letGo, outcomes, start } = await setup();
    void start("b", b, write10);
    void start("c", c, read10);
    await clock.advance(0);
    unit.loseNexus({ initiatorPort: `${iqn("b")},i,0x1` });
    letGo();
    await clock.advance(0);
    expect(outcomes).toEqual(["b CONNECTION_LOST unknown", "c 0"]);
  });

  it.each(["reset", "power"] as const)("are lost in a %s", async (how) => {
    const { clock, target, unit, b, c, letGo, outcomes, start } = await setup();
    void start("b", b, write10);
    void start("c", c, read10);
    await clock.advance(0);
    if (how === "reset") target.reset("logical-unit");
    else target.powerCycle();
    letGo();
    await clock.advance(0);
    expect(outcomes.sort()).toEqual(["b CONNECTION_LOST unknown", "c CONNECTION_LOST unknown"]);
    expect(unit.tasks.size).toBe(0);
  });

  it("can be aborted one by one", async () => {
    const { clock, unit, b, outcomes, start } = await setup();
    void start("b", b, write10);
    await clock.advance(0);
    for (const task of unit.tasks) task.abort("status");
    await clock.advance(0);
    expect(outcomes).toEqual(["b 64"]);
  });
});

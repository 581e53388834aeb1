/** Which I_T nexuses a logical unit remembers, and that it does not remember without end. */
import { describe, expect, it } from "vitest";
import { createDeviceServer, createSimulatedTarget, type Nexus } from "../../transports/simulated/index.ts";
import { createUnitState } from "../../transports/simulated/unit-state.ts";
import { answerText, attentionsOf, GOOD, iqn, type Out, parameterList, reserveOutCdb, SA, transportId } from "./lab.ts";

const MAXIMUM = 4;
/** As many more may be remembered unused. */
const IDLE = 1024 + MAXIMUM;

function setup() {
  const server = createDeviceServer({ maximumRegistrations: MAXIMUM });
  const nexus = (number: number) => server.nexus({ protocol: "iscsi", name: iqn("host"), isid: BigInt(number) });
  /** Comes, is lost, and goes. */
  const visit = (number: number) => {
    const visitor = nexus(number);
    server.loseNexus(visitor);
    server.retireNexus(visitor);
    return visitor;
  };
  const out = (from: Nexus, serviceAction: number, what: Out) => {
    const list = parameterList(serviceAction, what);
    return answerText(server.execute(from, reserveOutCdb(serviceAction, what, list.length), list));
  };
  const register = (from: Nexus, newKey: bigint) => out(from, SA.REGISTER, { newKey });
  return { server, nexus, visit, register, out };
}

const testUnitReady = new Uint8Array(6);

describe("A nexus", () => {
  it("that is lost and comes back finds what waited for it", () => {
    const { nexus, visit } = setup();
    const first = visit(1);
    expect(nexus(1)).toBe(first);
    expect(attentionsOf(nexus(1))).toEqual(["29/07"]);
  });

  it("that nobody uses is forgotten when there are too many, the longest unused first", () => {
    const { nexus, visit } = setup();
    const first = visit(0);
    const second = visit(1);
    for (let number = 2; number <= IDLE; number++) visit(number);
    expect(nexus(1)).toBe(second);
    expect(nexus(0)).not.toBe(first);
  });

  it("that was forgotten finds I_T NEXUS LOSS when it comes back", () => {
    const { server, nexus, visit } = setup();
    for (let number = 0; number <= IDLE; number++) visit(number);
    expect(answerText(server.execute(nexus(0), testUnitReady))).toBe("6/29/07");
    expect(answerText(server.execute(nexus(0), testUnitReady))).toBe(GOOD);
  });

  it("that is registered, has reserved, or is in use is not forgotten", () => {
    const { server, nexus, visit, register } = setup();
    const registered = nexus(1);
    expect(register(registered, 5n)).toBe(GOOD);
    server.retireNexus(registered);
    const used = nexus(3);
    used.attentions.push(0x2a01);
    for (let number = 10; number < 3 * IDLE; number++) visit(number);
    expect(nexus(1)).toBe(registered);
    expect(nexus(3)).toBe(used);
    expect(attentionsOf(used)).toEqual(["2a/01"]);
  });

  it("that has reserved with RESERVE is not forgotten", () => {
    const { server, nexus, visit } = setup();
    const reserver = nexus(1);
    expect(answerText(server.execute(reserver, Uint8Array.of(0x16, 0, 0, 0, 0, 0)))).toBe(GOOD);
    server.retireNexus(reserver);
    for (let number = 10; number < 2 * IDLE; number++) visit(number);
    expect(nexus(1)).toBe(reserver);
  });

  it("that two use is in use until both are gone", () => {
    const { server, nexus, visit } = setup();
    const one = nexus(1);
    expect(nexus(1)).toBe(one);
    server.retireNexus(one);
    for (let number = 10; number < 2 * IDLE; number++) visit(number);
    expect(nexus(1)).toBe(one);
  });

  it("that another registered by its TransportID is forgotten likewise, once it is registered no more", () => {
    const { server, nexus, out } = setup();
    const sender = nexus(0);
    const named = (number: number) => transportId(iqn("host"), number);
    for (let number = 1; number < 2 * IDLE; number += 3) {
      const transportIds = [named(number), named(number + 1), named(number + 2)];
      expect(out(sender, SA.REGISTER, { newKey: 5n, specIPt: true, transportIds })).toBe(GOOD);
      expect(out(sender, SA.CLEAR, { key: 5n })).toBe(GOOD);
    }
    expect(attentionsOf(nexus(2 * IDLE - 3))).toEqual(["29/07", "2a/03"]);
    expect(answerText(server.execute(nexus(1), testUnitReady))).toBe("6/29/07");
  });

  it("through a second port is forgotten with what stands for its initiator port", () => {
    const server = createDeviceServer({ maximumRegistrations: MAXIMUM, targetPorts: [1, 2], profile: "per-hba" });
    const nexus = (number: number) => server.nexus({ protocol: "iscsi", name: iqn("host"), isid: BigInt(number) }, 2);
    const visit = (number: number) => {
      const visitor = nexus(number);
      // The first may report that it may have been forgotten.
      for (let times = 0; times < 2; times++) server.execute(visitor, testUnitReady);
      server.retireNexus(visitor);
      return visitor;
    };
    for (let number = 0; number < 3 * IDLE; number++) visit(number);
    const early = visit(3 * IDLE);
    // Two places for each of these: as many as are remembered, and one.
    for (let number = 0; number <= IDLE / 2; number++) visit(4 * IDLE + number);
    expect(nexus(3 * IDLE)).not.toBe(early);
  });

  it("that a transport used may be forgotten when the transport is closed", async () => {
    const unit = createSimulatedTarget({ maximumRegistrations: MAXIMUM }).unit();
    const port = (number: number) => ({ initiatorPort: `${iqn("host")},i,0x${number.toString(16)}` });
    const visit = async (number: number) => {
      await using transport = unit.nexus(port(number));
      await transport.execute({ cdb: testUnitReady, dataInLength: 0 });
      // Who goes twice has gone once.
      await transport[Symbol.asyncDispose]();
    };
    const open = unit.nexus(port(0));
    const kept = unit.identify(port(0));
    await visit(1);
    const gone = unit.identify(port(1));
    unit.server.retireNexus(gone);
    // A loss is no use.
    unit.loseNexus(port(1));
    for (let number = 2; number <= IDLE + 2; number++) await visit(number);
    unit.loseNexus(port(0));
    expect(unit.identify(port(0))).toBe(kept);
    expect(unit.identify(port(1))).not.toBe(gone);
    await open[Symbol.asyncDispose]();
  });
});

it("Of a hundred thousand nexuses, in use and named by others, no more are remembered than may be", () => {
  const { nexuses } = createUnitState({ maximumRegistrations: MAXIMUM }, createDeviceServer);
  const count = () => [...nexuses.all()].length;
  for (let number = 0; number < 100_000; number++) {
    const port = { protocol: "iscsi", name: iqn("host"), isid: BigInt(number) } as const;
    if (number % 2 === 0) nexuses.intern(port, 1);
    else nexuses.retire(nexuses.use(port, 1));
    if (number % 10_000 === 0) expect(count()).toBeLessThanOrEqual(IDLE);
  }
  expect(count()).toBe(IDLE);
});

/** Which I_T nexuses a logical unit remembers, and that it does not remember without end. */
import { describe, expect, it } from "vitest";
import { createDeviceServer, type Nexus } from "../../transports/simulated/index.ts";
import { answerText, attentionsOf, GOOD, iqn, parameterList, reserveOutCdb, SA } from "./lab.ts";

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
  const register = (from: Nexus, newKey: bigint) => {
    const list = parameterList(SA.REGISTER, { newKey });
    return answerText(server.execute(from, reserveOutCdb(SA.REGISTER, {}, list.length), list));
  };
  return { server, nexus, visit, register };
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
});

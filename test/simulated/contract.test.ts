/** The simulated target as a transport. */
import { describe, expect, it } from "vitest";
import { isScsiError, transportError } from "../../src/errors.ts";
import { createSimulatedTarget } from "../../transports/simulated/index.ts";
import { describeTransport } from "../transport-contract.ts";

const A = "iqn.2026-01.com.example:a,i,0x1";
const B = "iqn.2026-01.com.example:b,i,0x1";

for (const blockSize of [512, 4096]) {
  describeTransport(`A simulated unit with blocks of ${blockSize} bytes`, async () => {
    const unit = createSimulatedTarget({ blockSize, powerOnUnitAttention: true }).unit();
    return {
      transport: unit.nexus({ initiatorPort: A }),
      second: unit.nexus({ initiatorPort: B }),
      writable: true,
      blockSize,
      stall: () => {
        unit.hooks.push({ before: () => new Promise(() => {}) });
      },
      dispose: async () => {},
    };
  });
}

const testUnitReady = { cdb: new Uint8Array(6), dataInLength: 0 };
const reserve6 = { cdb: Uint8Array.of(0x16, 0, 0, 0, 0, 0), dataInLength: 0 };
const GOOD = 0x00;
const RESERVATION_CONFLICT = 0x18;

describe("A simulated transport", () => {
  it("executes after it has returned, in the order of the calls", async () => {
    const unit = createSimulatedTarget().unit();
    const a = unit.nexus({ initiatorPort: A });
    const b = unit.nexus({ initiatorPort: B });
    const reserved = a.execute(reserve6);
    // Had RESERVE been executed within the call, this direct command would conflict already.
    const between = unit.server.execute(unit.identify({ initiatorPort: B }), testUnitReady.cdb);
    expect(between.status).toBe(GOOD);
    const refused = b.execute(testUnitReady);
    expect((await reserved).status).toBe(GOOD);
    expect((await refused).status).toBe(RESERVATION_CONFLICT);
  });

  it("is one nexus with every other transport of the same two ports", async () => {
    const unit = createSimulatedTarget().unit();
    const first = unit.nexus({ initiatorPort: A });
    // Names of iSCSI nodes compare without regard to case.
    const again = unit.nexus({ initiatorPort: A.toUpperCase().replace("IQN", "iqn").replace(",I,0X", ",i,0x") });
    const other = unit.nexus({ initiatorPort: B });
    await first.execute(reserve6);
    expect((await again.execute(testUnitReady)).status).toBe(GOOD);
    expect((await other.execute(testUnitReady)).status).toBe(RESERVATION_CONFLICT);
  });

  it("knows its initiator port", () => {
    const transport = createSimulatedTarget().unit().nexus({ initiatorPort: A });
    expect(transport.initiatorPort).toEqual({ protocol: "iscsi", name: "iqn.2026-01.com.example:a", isid: 1n });
  });

  it("loses the request in a hook before, and the answer in a hook after", async () => {
    const unit = createSimulatedTarget().unit();
    const a = unit.nexus({ initiatorPort: A });
    const b = unit.nexus({ initiatorPort: B });
    const lost = (): never => {
      throw transportError("CONNECTION_LOST", "unknown", "lost on the way");
    };
    const codeOf = (error: unknown) => (isScsiError(error) ? `${error.code} ${error.delivered}` : String(error));

    unit.hooks.push({ before: lost });
    expect(await a.execute(reserve6).catch(codeOf)).toBe("CONNECTION_LOST unknown");
    unit.hooks.length = 0;
    expect((await b.execute(testUnitReady)).status).toBe(GOOD);

    unit.hooks.push({ after: lost });
    expect(await a.execute(reserve6).catch(codeOf)).toBe("CONNECTION_LOST unknown");
    unit.hooks.length = 0;
    expect((await b.execute(testUnitReady)).status).toBe(RESERVATION_CONFLICT);
  });

  it.each([
    ["after", false],
    ["before", true],
  ])("does not execute what was given up shortly %s its hook let go of it", async (_when, abortsFirst) => {
    const unit = createSimulatedTarget().unit();
    const a = unit.nexus({ initiatorPort: A });
    const b = unit.nexus({ initiatorPort: B });
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    unit.hooks.push({ before: () => held });
    const controller = new AbortController();
    const call = a.execute(reserve6, { signal: controller.signal }).catch((error: unknown) => error);
    await Promise.resolve();
    if (abortsFirst) controller.abort();
    letGo();
    if (!abortsFirst) controller.abort();
    expect(await call).toMatchObject({ code: "ABORTED", delivered: "no" });
    await held;
    unit.hooks.length = 0;
    expect((await b.execute(testUnitReady)).status).toBe(GOOD);
  });

  it("shows a hook what was asked, what was answered and by which nexus", async () => {
    const unit = createSimulatedTarget().unit();
    const a = unit.nexus({ initiatorPort: A });
    const seen: unknown[] = [];
    unit.hooks.push({
      before: (request, nexus) => void seen.push(["before", request.cdb[0], nexus.name]),
      after: (request, response, nexus) => void seen.push(["after", request.cdb[0], response.status, nexus.name]),
    });
    await a.execute(reserve6);
    const nexus = unit.identify({ initiatorPort: A }).name;
    expect(seen).toEqual([
      ["before", 0x16, nexus],
      ["after", 0x16, GOOD, nexus],
    ]);
  });
});

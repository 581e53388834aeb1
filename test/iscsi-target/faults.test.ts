/** Planned failures over iSCSI: what each kind looks like to an initiator, and that the others go on. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ScsiRequest, ScsiResponse, Transport } from "../../src/index.ts";
import { openIscsi } from "../../transports/iscsi/index.ts";
import { type ServedTargets, type ServeEvent, type ServeFaultRule, serve } from "../../transports/serve.ts";
import type { Fault } from "../../transports/simulated/index.ts";

const TARGET = "iqn.2026-01.test:disk";
const testUnitReady: ScsiRequest = { cdb: new Uint8Array(6), dataInLength: 0 };
const inquiry: ScsiRequest = { cdb: Uint8Array.of(0x12, 0, 0, 0, 36, 0), dataInLength: 36 };
const readKeys: ScsiRequest = { cdb: Uint8Array.of(0x5e, 0, 0, 0, 0, 0, 0, 0, 64, 0), dataInLength: 64 };
const reserveOut = (action: number, key: number, second: number, type = 0, aptpl = 0): ScsiRequest => {
  const dataOut = new Uint8Array(24);
  dataOut[7] = key;
  dataOut[15] = second;
  dataOut[20] = aptpl;
  return { cdb: Uint8Array.of(0x5f, action, type, 0, 0, 0, 0, 0, 24, 0), dataOut, dataInLength: 0 };
};
const register = reserveOut(6, 0, 5);

let served: ServedTargets | undefined;
let opened: Transport[];
let events: ServeEvent[];

beforeEach(() => {
  opened = [];
  events = [];
});
afterEach(async () => {
  await Promise.all(opened.map((transport) => transport[Symbol.asyncDispose]()));
  await served?.close();
});

async function start(...rules: ServeFaultRule[]): Promise<ServedTargets> {
  served = await serve({
    portal: { port: 0 },
    targets: [{ name: TARGET, units: [{}, {}] }],
    graceMs: 20,
    faults: { seed: 1, rules },
    observer: (event) => events.push(event),
  });
  return served;
}
/** The failure happens to PERSISTENT RESERVE OUT on LUN 0, once. */
const once = (fault: Fault) => start({ fault, lun: 0, operationCodes: [0x5f], times: 1 });

async function connect(name = "a", lun = 0): Promise<Transport> {
  const { host, port } = (served as ServedTargets).portals[0] as { host: string; port: number };
  const transport = await openIscsi({ host, port, target: TARGET, lun, initiatorName: `iqn.2026-01.test:${name}` });
  opened.push(transport);
  return transport;
}

const keys = (lun = 0): number => served?.unit(TARGET, lun)?.snapshot().registrations.length ?? -1;
const failure = (promise: Promise<ScsiResponse>): Promise<string> =>
  promise.then(
    ({ status }) => `status ${status}`,
    ({ code, delivered }) => `${code} ${delivered}`,
  );

describe("A planned failure over iSCSI", () => {
  it("loses a request: no answer ever, nothing executed; the session goes on", async () => {
    await once({ kind: "lose-request" });
    const a = await connect();
    expect(await failure(a.execute(register, { timeoutMs: 100 }))).toBe("TIMEOUT unknown");
    expect(keys()).toBe(0);
    expect((await a.execute(register)).status).toBe(0);
    expect(keys()).toBe(1);
  });

  it("loses an answer: no answer ever, and it was executed", async () => {
    await once({ kind: "lose-answer" });
    const a = await connect();
    expect(await failure(a.execute(register, { timeoutMs: 100 }))).toBe("TIMEOUT unknown");
    expect(keys()).toBe(1);
    expect((await a.execute(testUnitReady)).status).toBe(0);
  });

  it("is a target failure: an iSCSI response that is no SCSI status", async () => {
    await once({ kind: "transport-error" });
    const a = await connect();
    const error = await a.execute(register).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ delivered: "unknown", message: expect.stringContaining("target failure") });
    expect(keys()).toBe(0);
    expect((await a.execute(testUnitReady)).status).toBe(0);
  });

  it.each([
    ["busy", 0x08],
    ["task-set-full", 0x28],
    ["aca-active", 0x30],
  ] as const)("%s", async (kind, status) => {
    await once({ kind });
    const a = await connect();
    expect(await a.execute(register)).toMatchObject({ status });
    expect(keys()).toBe(0);
  });

  it("delays a command; others pass it", async () => {
    await once({ kind: "delay", ms: 60 });
    const a = await connect();
    const order: string[] = [];
    await Promise.all([
      a.execute(register).then(() => order.push("register")),
      a.execute(inquiry).then(() => order.push("inquiry")),
    ]);
    expect(order).toEqual(["inquiry", "register"]);
    expect(keys()).toBe(1);
  });

  it("delays an answer: it is executed at once", async () => {
    await once({ kind: "delay-answer", ms: 60 });
    const a = await connect();
    const late = a.execute(register);
    await a.execute(inquiry);
    expect(keys()).toBe(1);
    expect((await late).status).toBe(0);
  });

  it("delays a command that is aborted meanwhile: it is never executed", async () => {
    await start({ fault: { kind: "delay", ms: 80 }, operationCodes: [0x5f], nexus: "test:b", at: [5] });
    const [a, b] = [await connect("a"), await connect("b")];
    for (const [host, key] of [
      [a, 1],
      [b, 2],
    ] as const) {
      expect((await host.execute(reserveOut(0, 0, key))).status).toBe(0);
    }
    await a.execute(testUnitReady);
    await a.execute(testUnitReady);
    const late = failure(b.execute(reserveOut(3, 2, 0), { timeoutMs: 300 }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    // PREEMPT AND ABORT.
    expect((await a.execute(reserveOut(5, 1, 2, 1))).status).toBe(0);
    expect(await late).toBe("TIMEOUT unknown");
    expect(keys()).toBe(1);
  });

  it("is a unit attention condition", async () => {
    await once({ kind: "unit-attention", condition: 0x3f0e });
    const a = await connect();
    const { status, sense } = await a.execute(register);
    expect([status, (sense[2] as number) & 0x0f, sense[12], sense[13]]).toEqual([2, 6, 0x3f, 0x0e]);
    expect(keys()).toBe(0);
  });

  it("truncates data, and tells of it", async () => {
    await start({ fault: { kind: "truncate", bytes: 10 }, operationCodes: [0x12] });
    const a = await connect();
    const { dataIn, residual } = await a.execute(inquiry);
    expect([dataIn.length, residual]).toEqual([10, 26]);
  });

  it("makes the residual wrong", async () => {
    await start({ fault: { kind: "wrong-residual", by: 4 }, operationCodes: [0x5e], lun: 0 });
    const a = await connect();
    expect(await a.execute(readKeys)).toMatchObject({ residual: 64 - 8 + 4 });
  });

  it("drops a path: I_T NEXUS LOSS for that one alone", async () => {
    await once({ kind: "drop-path" });
    const [a, b] = [await connect("a"), await connect("b")];
    await b.execute(testUnitReady);
    expect(await failure(a.execute(register))).toBe("CONNECTION_LOST unknown");
    expect(keys()).toBe(0);
    expect((await b.execute(testUnitReady)).status).toBe(0);
    const again = await connect("a");
    const { sense } = await again.execute(testUnitReady);
    expect([sense[12], sense[13]]).toEqual([0x29, 0x07]);
  });

  it.each([
    ["logical-unit", 0],
    ["target", 2],
  ] as const)("resets the %s", async (scope, statusOfOtherUnit) => {
    await once({ kind: "reset", scope });
    const [a, b] = [await connect("a"), await connect("b", 1)];
    await b.execute(testUnitReady);
    expect(await failure(a.execute(register, { timeoutMs: 100 }))).toBe("TIMEOUT unknown");
    const { sense } = await a.execute(testUnitReady);
    expect([sense[12], sense[13]]).toEqual([0x29, 0x03]);
    expect((await b.execute(testUnitReady)).status).toBe(statusOfOtherUnit);
  });

  it.each([
    [1, 1],
    [0, 0],
  ])(
    "cuts power: with APTPL %i there are %i registrations afterwards, and every session has ended",
    async (aptpl, left) => {
      await start({ fault: { kind: "power-cut" }, operationCodes: [0x00], times: 1, lun: 0 });
      const [a, b] = [await connect("a"), await connect("b")];
      await b.execute(inquiry);
      expect((await a.execute(reserveOut(0, 0, 5, 0, aptpl))).status).toBe(0);
      expect(await failure(a.execute(testUnitReady))).toBe("CONNECTION_LOST unknown");
      expect(events.filter(({ type }) => type === "session-ended")).toMatchObject([
        { end: "target-reset" },
        { end: "target-reset" },
      ]);
      expect(keys()).toBe(left);
      const { sense } = await (await connect("a")).execute(testUnitReady);
      expect([sense[12], sense[13]]).toEqual([0x29, 0x01]);
    },
  );

  it("is told to the observer, and counted for each unit", async () => {
    await start({ fault: { kind: "busy" }, at: [2] });
    const [a, b] = [await connect("a"), await connect("b", 1)];
    const statuses = [];
    for (const transport of [a, b, a, b, a]) statuses.push((await transport.execute(inquiry)).status);
    expect(statuses).toEqual([0, 0, 8, 8, 0]);
    const told = events.filter(({ type }) => type === "fault");
    expect(told).toMatchObject([
      { lun: 0, command: 2, operationCode: 0x12, fault: { kind: "busy" } },
      { lun: 1, command: 2 },
    ]);
    expect((told[0] as { initiatorPort: string }).initiatorPort).toMatch(/^iqn\.2026-01\.test:a,i,0x/);
  });

  it("by service action, by time", async () => {
    await start(
      { fault: { kind: "busy" }, operationCodes: [0x5f], serviceActions: [1] },
      { fault: { kind: "task-set-full" }, operationCodes: [0x00], fromMs: 3_600_000 },
      { fault: { kind: "task-set-full" }, operationCodes: [0x12], untilMs: 3_600_000 },
    );
    const a = await connect();
    const statuses = [];
    for (const request of [register, reserveOut(1, 5, 0, 1), testUnitReady, inquiry]) {
      statuses.push((await a.execute(request)).status);
    }
    expect(statuses).toEqual([0, 0x08, 0, 0x28]);
  });
});

it("a plan that cannot be is refused before a port is opened", async () => {
  await expect(start({ fault: { kind: "delay", ms: -1 } })).rejects.toThrow(/^rules\[0\]\.fault\.ms must be 0 to/);
});

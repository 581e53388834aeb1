/**
 * What the target says unasked (Asynchronous Message, RFC 3720 10.9): the bytes, as an initiator of the tests' own sees them, and what our
 * initiator makes of each; asked for by a call, and by a plan of failures.
 */
import { afterEach, describe, expect, it } from "vitest";
import { createLogicalUnit } from "../../src/index.ts";
import { type IscsiEvent, openIscsi } from "../../transports/iscsi/index.ts";
import { Opcode } from "../../transports/iscsi/pdu.ts";
import {
  type Announcement,
  type ServedTargets,
  type ServeEvent,
  type ServeFaultRule,
  serve,
} from "../../transports/serve.ts";
import { ISID, type RawInitiator, rawInitiator, word } from "./raw-initiator.ts";

const TARGET = "iqn.2026-01.test:disk";
const testUnitReady = { cdb: new Uint8Array(6), dataInLength: 0 };
let served: ServedTargets | undefined;

afterEach(async () => {
  await served?.close();
});

async function start(...rules: ServeFaultRule[]) {
  const events: ServeEvent[] = [];
  served = await serve({
    portal: { port: 0 },
    targets: [{ name: TARGET, units: [{}, {}] }],
    graceMs: 20,
    faults: { seed: 1, rules },
    observer: (event) => events.push(event),
  });
  return { served, events, portal: served.portals[0] as { host: string; port: number } };
}

async function raw(port: number): Promise<RawInitiator> {
  const initiator = await rawInitiator({ port });
  await initiator.logIn(TARGET);
  return initiator;
}

/** Byte 8 to 11 (LUN), AsyncEvent and AsyncVCode, and the three parameters. */
const shown = (pdu: Parameters<typeof word>[0]) => [
  word(pdu, 8),
  word(pdu, 36) >>> 16,
  word(pdu, 36) & 0xffff,
  word(pdu, 40) >>> 16,
  word(pdu, 40) & 0xffff,
];
const sense = Uint8Array.of(0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x2a, 0x09, 0, 0, 0, 0);

describe("An Asynchronous Message", () => {
  it.each<[Announcement, readonly number[]]>([
    [{ event: "scsi-event", lun: 1, sense }, [0x0001_0000, 0x0000, 0, 0, 0]],
    [{ event: "logout-request", seconds: 3 }, [0, 0x0100, 0, 0, 3]],
    [{ event: "connection-drop", seconds: 2 }, [0, 0x0200, 0, 2, 0]],
    [{ event: "session-drop", seconds: 2 }, [0, 0x0300, 0, 2, 0]],
    [{ event: "negotiation-request", seconds: 3 }, [0, 0x0400, 0, 0, 3]],
  ])("$event has its bytes", async (announcement, expected) => {
    const { served, portal } = await start();
    const initiator = await raw(portal.port);
    expect(served.announce(announcement)).toBe(1);
    const pdu = await initiator.expect(Opcode.ASYNC_MESSAGE);
    expect(shown(pdu)).toEqual(expected);
    // F, no task, no TTT, the next StatSN.
    expect([pdu.header[1], word(pdu, 16)]).toEqual([0x80, 0xffff_ffff]);
    expect(pdu.data).toEqual(announcement.event === "scsi-event" ? Uint8Array.of(0, 18, ...sense) : new Uint8Array(0));
    if (announcement.event.endsWith("drop")) await initiator.closed();
    initiator.destroy();
  });

  it("takes a StatSN", async () => {
    const { served, portal } = await start();
    const initiator = await raw(portal.port);
    served.announce({ event: "negotiation-request", seconds: 3 });
    served.announce({ event: "scsi-event", lun: 0, sense });
    const numbers = [await initiator.next(), await initiator.next()].map((pdu) => word(pdu, 24));
    expect((numbers[1] as number) - (numbers[0] as number)).toBe(1);
    initiator.command({ cdb: [0, 0, 0, 0, 0, 0], tag: 1 });
    expect(word(await initiator.expect(Opcode.SCSI_RESPONSE), 24)).toBe((numbers[0] as number) + 2);
    initiator.destroy();
  });

  it("goes to those whose sessions are meant", async () => {
    const { served, portal } = await start();
    const initiator = await raw(portal.port);
    expect(served.announce({ event: "logout-request", seconds: 9 }, ({ isid }) => isid !== ISID)).toBe(0);
    expect(served.announce({ event: "logout-request", seconds: 9 }, ({ isid }) => isid === ISID)).toBe(1);
    initiator.destroy();
  });

  it("of a unit goes to no discovery session, which has none", async () => {
    const { served, portal } = await start();
    const initiator = await rawInitiator({ port: portal.port });
    await initiator.login({ InitiatorName: "iqn.2026-01.test:a", SessionType: "Discovery" });
    expect(served.announce({ event: "scsi-event", lun: 0, sense })).toBe(0);
    expect(served.announce({ event: "logout-request", seconds: 9 })).toBe(1);
    expect(shown(await initiator.expect(Opcode.ASYNC_MESSAGE))[1]).toBe(0x0100);
    initiator.destroy();
  });

  it("who does not log out in time is dropped, and told", async () => {
    const { served, portal, events } = await start();
    const initiator = await raw(portal.port);
    served.announce({ event: "logout-request", seconds: 0 });
    expect(shown(await initiator.expect(Opcode.ASYNC_MESSAGE))[1]).toBe(0x0100);
    expect(shown(await initiator.expect(Opcode.ASYNC_MESSAGE))).toEqual([0, 0x0200, 0, 0, 0]);
    await initiator.closed();
    expect(events.find(({ type }) => type === "session-ended")).toMatchObject({ end: "dropped" });
  });

  it.each([
    ["an event", { event: "rain", seconds: 1 }],
    ["a time", { event: "logout-request", seconds: 65_536 }],
    ["a LUN", { event: "scsi-event", lun: 256, sense }],
    ["sense data", { event: "scsi-event", lun: 0, sense: new Uint8Array(253) }],
  ])("is refused with %s that cannot be", async (_name, announcement) => {
    const { served } = await start();
    expect(() => served.announce(announcement as Announcement)).toThrow(RangeError);
  });
});

describe("Our initiator", () => {
  async function attached(...rules: ServeFaultRule[]) {
    const { served, portal, events } = await start(...rules);
    const heard: IscsiEvent[] = [];
    const transport = await openIscsi({
      ...portal,
      target: TARGET,
      lun: 0,
      initiatorName: "iqn.2026-01.test:a",
      observer: (event) => heard.push(event),
    });
    return { served, events, heard, transport };
  }
  const messages = (heard: readonly IscsiEvent[]) =>
    heard.flatMap((event) => (event.type === "async-message" ? [event.event] : []));

  it("hands the sense data of a SCSI event to its observer", async () => {
    const { served, heard, transport } = await attached();
    served.announce({ event: "scsi-event", lun: 1, sense });
    await transport.execute(testUnitReady);
    expect(heard).toContainEqual(
      expect.objectContaining({ type: "async-message", event: 0, lun: 0x0001_0000_0000_0000n, sense }),
    );
    await transport[Symbol.asyncDispose]();
  });

  it("logs out when it is asked to, and is there again with its registration", async () => {
    const { served, events, heard, transport } = await attached();
    const unit = createLogicalUnit(transport);
    await unit.register({ newKey: 0xabcn });
    served.announce({ event: "logout-request", seconds: 5 });
    await expect.poll(() => events.filter(({ type }) => type === "session-ended")).toHaveLength(1);
    expect(events.find(({ type }) => type === "session-ended")).toMatchObject({ end: "logout" });
    expect((await unit.readKeys()).keys).toEqual([0xabcn]);
    expect(messages(heard)).toEqual([1]);
    expect(events.filter(({ type }) => type === "login")).toHaveLength(2);
    await unit[Symbol.asyncDispose]();
  });

  it.each([
    ["connection-drop", 2],
    ["session-drop", 3],
  ] as const)("comes back after a %s", async (event, code) => {
    const { served, heard, transport } = await attached();
    expect((await transport.execute(testUnitReady)).status).toBe(0);
    served.announce({ event, seconds: 0 });
    await expect.poll(() => messages(heard)).toEqual([code]);
    // I_T NEXUS LOSS OCCURRED.
    expect((await transport.execute(testUnitReady)).status).toBe(2);
    expect((await transport.execute(testUnitReady)).status).toBe(0);
    await transport[Symbol.asyncDispose]();
  });

  it("negotiates when it is asked to, and goes on", async () => {
    const { served, events, heard, transport } = await attached();
    served.announce({ event: "negotiation-request", seconds: 3 });
    await expect.poll(() => messages(heard)).toEqual([4]);
    expect((await transport.execute(testUnitReady)).status).toBe(0);
    expect(events.filter(({ type }) => type === "rejected" || type === "session-ended")).toEqual([]);
    await transport[Symbol.asyncDispose]();
  });

  it("by a plan: a SCSI event beside an answer; a drop in the place of one, and nothing was executed", async () => {
    const { served, heard, transport } = await attached(
      { fault: { kind: "scsi-event", condition: 0x2a09 }, at: [1] },
      { fault: { kind: "announce", event: "negotiation-request", seconds: 3 }, at: [2] },
      { fault: { kind: "announce", event: "connection-drop", seconds: 0 }, at: [3] },
    );
    const unit = createLogicalUnit(transport);
    expect((await transport.execute(testUnitReady)).status).toBe(0);
    expect(heard).toContainEqual(expect.objectContaining({ event: 0, sense }));
    expect((await transport.execute(testUnitReady)).status).toBe(0);
    await expect(
      transport.execute({
        cdb: Uint8Array.of(0x5f, 6, 0, 0, 0, 0, 0, 0, 24, 0),
        dataOut: new Uint8Array(24).fill(1, 8, 16),
        dataInLength: 0,
      }),
    ).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      delivered: "unknown",
    });
    expect(messages(heard)).toEqual([0, 4, 2]);
    expect(served.unit()?.snapshot().registrations).toEqual([]);
    await unit[Symbol.asyncDispose]();
  });
});

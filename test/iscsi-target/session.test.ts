/** The full-feature phase, PDU by PDU: order, data, task management, the ends of sessions. */
import { afterEach, describe, expect, it } from "vitest";
import { connectIscsi } from "../../transports/iscsi/index.ts";
import { FINAL, Opcode } from "../../transports/iscsi/pdu.ts";
import { logoutRequest, nopOut, taskManagementRequest } from "../../transports/iscsi/request-pdus.ts";
import { type ServedTargets, type ServeEvent, type ServeOptions, serve } from "../../transports/serve.ts";
import {
  type RawInitiator,
  READ,
  type Received,
  rawInitiator,
  read10,
  testUnitReady,
  WRITE,
  word,
  write10,
} from "./raw-initiator.ts";

const TARGET = "iqn.2026-01.test:disk";
const A = 0x8000_0000_000an;
const B = 0x8000_0000_000bn;
let served: ServedTargets;
let events: ServeEvent[];
const open: RawInitiator[] = [];

async function start(options: Partial<ServeOptions> = {}): Promise<void> {
  events = [];
  served = await serve({
    portal: { port: 0 },
    targets: [{ name: TARGET, units: [{ sizeBytes: 4 * 2 ** 20 }, {}] }],
    graceMs: 20,
    observer: (event) => events.push(event),
    ...options,
  });
}

async function session(keys: Record<string, string> = {}, isid = A): Promise<RawInitiator> {
  const initiator = await rawInitiator(served.portals[0] as { port: number });
  open.push(initiator);
  const answer = await initiator.logIn(TARGET, keys, isid);
  expect(answer.status).toBe(0);
  return initiator;
}

afterEach(async () => {
  for (const one of open.splice(0)) one.destroy();
  await served[Symbol.asyncDispose]();
});

const statusOf = (pdu: Received): number => pdu.header[3] as number;
/** ASC and ASCQ of a SCSI Response's sense data. */
const senseOf = (pdu: Received): number => ((pdu.data[14] as number) << 8) | (pdu.data[15] as number);
const flagsOf = (pdu: Received): number => pdu.header[1] as number;

/** TEST UNIT READY: GOOD, or ASC and ASCQ of what it was told. */
async function ready(initiator: RawInitiator, tag = 0x900): Promise<number> {
  initiator.command({ cdb: testUnitReady, tag });
  const answer = await initiator.expect(Opcode.SCSI_RESPONSE);
  return statusOf(answer) === 0 ? 0 : senseOf(answer);
}

describe("The order of commands", () => {
  it("ignores what lies outside the window; the session goes on", async () => {
    await start({ limits: { commands: 4 } });
    const initiator = await session();
    initiator.command({ cdb: testUnitReady, tag: 1, cmdSn: 0 });
    initiator.command({ cdb: testUnitReady, tag: 2, cmdSn: 5 });
    initiator.command({ cdb: testUnitReady, tag: 3, cmdSn: 1 });
    const answer = await initiator.expect(Opcode.SCSI_RESPONSE);
    expect(word(answer, 16)).toBe(3);
    expect([word(answer, 28), word(answer, 32)]).toEqual([2, 5]);
    expect(await initiator.silent(30)).toBe(true);
  });

  it("waits for the number that is missing", async () => {
    await start();
    const initiator = await session();
    initiator.command({ cdb: testUnitReady, tag: 3, cmdSn: 3 });
    initiator.command({ cdb: testUnitReady, tag: 2, cmdSn: 2 });
    expect(await initiator.silent(30)).toBe(true);
    initiator.command({ cdb: testUnitReady, tag: 1, cmdSn: 1 });
    const order = [];
    for (let count = 0; count < 3; count++) order.push(word(await initiator.expect(Opcode.SCSI_RESPONSE), 16));
    expect(order).toEqual([1, 2, 3]);
  });

  it("counts statuses without a gap, and ExpCmdSN with every command", async () => {
    await start();
    const initiator = await session();
    const numbers = [];
    for (let tag = 0; tag < 3; tag++) {
      initiator.command({ cdb: testUnitReady, tag });
      const answer = await initiator.expect(Opcode.SCSI_RESPONSE);
      numbers.push([word(answer, 24), word(answer, 28)]);
    }
    expect(numbers).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
  });

  it("takes immediate commands out of order, and refuses a task tag that is in use", async () => {
    await start();
    const initiator = await session({ ImmediateData: "No" });
    initiator.command({ cdb: write10(0, 1), tag: 5, flags: FINAL | WRITE | 1, expected: 512 });
    await initiator.expect(Opcode.R2T);
    initiator.command({ cdb: testUnitReady, tag: 6, immediate: true, cmdSn: 99 });
    expect(word(await initiator.expect(Opcode.SCSI_RESPONSE), 16)).toBe(6);
    initiator.command({ cdb: testUnitReady, tag: 5 });
    expect((await initiator.expect(Opcode.REJECT)).header[2]).toBe(7);
    expect(await ready(initiator)).toBe(0);
  });
});

describe("Data-out", () => {
  const bytes = Uint8Array.from({ length: 8 * 512 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);

  async function readBack(initiator: RawInitiator): Promise<Uint8Array> {
    initiator.command({ cdb: read10(0, 8), tag: 0x50, flags: FINAL | READ | 1, expected: bytes.length });
    const parts: number[] = [];
    for (;;) {
      const pdu = await initiator.expect(Opcode.DATA_IN);
      expect(word(pdu, 40)).toBe(parts.length);
      parts.push(...pdu.data);
      if ((flagsOf(pdu) & 1) !== 0) return Uint8Array.from(parts);
    }
  }

  it("is asked for burst by burst, several at a time", async () => {
    await start({ parameters: { maxOutstandingR2t: 2 } });
    const initiator = await session({ ImmediateData: "No", MaxBurstLength: "1024", MaxOutstandingR2T: "8" });
    const tags: number[] = [];
    initiator.command({ cdb: write10(0, 8), tag: 1, flags: FINAL | WRITE | 1, expected: bytes.length });
    for (let r2tSn = 0; r2tSn < 4; r2tSn++) {
      if (r2tSn === 0) await expectR2t(0);
      if (r2tSn < 3) await expectR2t(r2tSn + 1);
      const transferTag = tags[r2tSn] as number;
      const offset = r2tSn * 1024;
      for (const [dataSn, at] of [offset, offset + 512].entries()) {
        const data = bytes.slice(at, at + 512);
        initiator.dataOut({ tag: 1, transferTag, dataSn, offset: at, data, final: dataSn === 1 });
      }
    }
    async function expectR2t(number: number) {
      const r2t = await initiator.expect(Opcode.R2T);
      expect([word(r2t, 36), word(r2t, 40), word(r2t, 44)]).toEqual([number, number * 1024, 1024]);
      tags.push(word(r2t, 20));
    }
    const answer = await initiator.expect(Opcode.SCSI_RESPONSE);
    expect([statusOf(answer), flagsOf(answer), word(answer, 36)]).toEqual([0, FINAL, 4]);
    expect(await readBack(initiator)).toEqual(bytes);
  });

  it("comes within the command, then unasked, then asked for", async () => {
    await start();
    const initiator = await session({ InitialR2T: "No", FirstBurstLength: "2048" });
    const data = bytes.slice(0, 512);
    initiator.command({ cdb: write10(0, 8), tag: 1, flags: WRITE | 1, expected: bytes.length, data });
    const unasked = { tag: 1, transferTag: 0xffff_ffff };
    initiator.dataOut({ ...unasked, dataSn: 0, offset: 512, data: bytes.slice(512, 1024), final: false });
    initiator.dataOut({ ...unasked, dataSn: 1, offset: 1024, data: bytes.slice(1024, 2048), final: true });
    const r2t = await initiator.expect(Opcode.R2T);
    expect([word(r2t, 40), word(r2t, 44)]).toEqual([2048, 2048]);
    const rest = { tag: 1, transferTag: word(r2t, 20), dataSn: 0, offset: 2048, final: true };
    initiator.dataOut({ ...rest, data: bytes.slice(2048) });
    expect(statusOf(await initiator.expect(Opcode.SCSI_RESPONSE))).toBe(0);
    expect(await readBack(initiator)).toEqual(bytes);
  });

  it.each([
    ["a wrong DataSN", { dataSn: 1 }],
    ["a wrong offset", { offset: 512 }],
    ["too little", { data: new Uint8Array(256) }],
    ["too much", { data: new Uint8Array(1024) }],
  ])("with %s makes the command fail, and nothing is written", async (_what, mistake) => {
    await start();
    const initiator = await session({ ImmediateData: "No" });
    initiator.command({ cdb: write10(0, 1), tag: 1, flags: FINAL | WRITE | 1, expected: 512 });
    const transferTag = word(await initiator.expect(Opcode.R2T), 20);
    const right = { tag: 1, transferTag, dataSn: 0, offset: 0, data: new Uint8Array(512).fill(9), final: true };
    initiator.dataOut({ ...right, ...mistake });
    const answer = await initiator.expect(Opcode.SCSI_RESPONSE);
    expect([statusOf(answer), senseOf(answer)]).toEqual([2, 0x4705]);
    expect((await readBack(initiator)).every((byte) => byte === 0)).toBe(true);
  });

  it("that nobody asked for ends the session, and only that one", async () => {
    await start();
    const good = await session({}, B);
    const bad = await session({ ImmediateData: "No" });
    bad.command({ cdb: write10(0, 1), tag: 1, flags: FINAL | WRITE | 1, expected: 512 });
    await bad.expect(Opcode.R2T);
    bad.dataOut({ tag: 1, transferTag: 0x1234, dataSn: 0, offset: 0, data: new Uint8Array(512), final: true });
    await bad.closed();
    expect(events.at(-1)).toMatchObject({ type: "session-ended", end: "protocol-error" });
    expect(await ready(good)).toBe(0);
  });

  it("that does not come in time ends the session", async () => {
    await start({ limits: { dataTimeoutMs: 100 } });
    const initiator = await session({ ImmediateData: "No" });
    initiator.command({ cdb: write10(0, 1), tag: 1, flags: FINAL | WRITE | 1, expected: 512 });
    await initiator.expect(Opcode.R2T);
    await initiator.closed();
    expect(events.at(-1)).toMatchObject({ type: "session-ended", end: "timeout" });
  });

  it("waits where memory is short: one write at a time, and all are done", async () => {
    await start({ limits: { sessionBytes: 4096 } });
    const initiator = await session({ ImmediateData: "No", MaxBurstLength: "4096" });
    for (const tag of [1, 2, 3]) {
      initiator.command({ cdb: write10(0, 8), tag, flags: FINAL | WRITE | 1, expected: 4096 });
    }
    for (const tag of [1, 2, 3]) {
      const r2t = await initiator.expect(Opcode.R2T);
      expect(word(r2t, 16)).toBe(tag);
      expect(await initiator.silent(10)).toBe(true);
      initiator.dataOut({ tag, transferTag: word(r2t, 20), dataSn: 0, offset: 0, data: bytes, final: true });
      expect(statusOf(await initiator.expect(Opcode.SCSI_RESPONSE))).toBe(0);
    }
  });
});

describe("Data-in", () => {
  it("comes in segments that the initiator takes, in bursts that end with F", async () => {
    await start();
    const initiator = await session({ MaxRecvDataSegmentLength: "1024", MaxBurstLength: "1536" });
    initiator.command({ cdb: read10(0, 8), tag: 1, flags: FINAL | READ | 1, expected: 4096 });
    const seen = [];
    for (let dataSn = 0; dataSn < 5; dataSn++) {
      const pdu = await initiator.expect(Opcode.DATA_IN);
      expect(word(pdu, 36)).toBe(dataSn);
      seen.push([pdu.data.length, flagsOf(pdu)]);
    }
    expect(seen).toEqual([
      [1024, 0],
      [512, FINAL],
      [1024, 0],
      [512, FINAL],
      [1024, FINAL | 1],
    ]);
  });

  it.each([
    ["more than expected", 8, 1000, 4, 4096 - 1000, 1000],
    ["less than expected", 1, 2048, 2, 2048 - 512, 512],
    ["as expected", 1, 512, 0, 0, 512],
  ])("that is %s: the residual says so", async (_what, blocks, expected, flag, residual, length) => {
    await start();
    const initiator = await session();
    initiator.command({ cdb: read10(0, blocks), tag: 1, flags: FINAL | READ | 1, expected });
    const pdu = await initiator.expect(Opcode.DATA_IN);
    expect([flagsOf(pdu), word(pdu, 44), pdu.data.length]).toEqual([FINAL | 1 | flag, residual, length]);
  });

  it("for a peer that reads nothing is not made without end; others go on", async () => {
    await start({ limits: { outputTimeoutMs: 500 } });
    const greedy = await session({}, B);
    greedy.pause();
    for (let tag = 0; tag < 120; tag++) {
      greedy.command({ cdb: read10(0, 8192), tag, flags: FINAL | READ | 1, expected: 4 * 2 ** 20 });
    }
    const other = await session();
    expect(await ready(other)).toBe(0);
    const before = process.memoryUsage().arrayBuffers;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await ready(other)).toBe(0);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20);
    await expect.poll(() => served.sessions().length, { timeout: 5000 }).toBe(1);
    expect(events.some((event) => event.type === "session-ended" && event.end === "timeout")).toBe(true);
  });
});

describe("Task management", () => {
  const manage = (
    initiator: RawInitiator,
    code: number,
    fields: { lun?: number; word20?: number; word32?: number } = {},
  ) =>
    initiator.request(taskManagementRequest, {
      flags: FINAL | code,
      immediate: true,
      lunHigh: (fields.lun ?? 0) * 0x1_0000,
      word20: fields.word20 ?? 0xffff_ffff,
      word32: fields.word32 ?? 0,
    });
  const responseTo = async (initiator: RawInitiator): Promise<number> =>
    (await initiator.expect(Opcode.TASK_MANAGEMENT_RESPONSE)).header[2] as number;

  /** A write that waits for its data. */
  async function waiting(initiator: RawInitiator, tag: number): Promise<void> {
    initiator.command({ cdb: write10(0, 1), tag, flags: FINAL | WRITE | 1, expected: 512 });
    await initiator.expect(Opcode.R2T);
  }

  it("ABORT TASK ends one command without an answer; another has no task", async () => {
    await start();
    const initiator = await session({ ImmediateData: "No" });
    await waiting(initiator, 1);
    manage(initiator, 1, { word20: 1 });
    expect(await responseTo(initiator)).toBe(0);
    manage(initiator, 1, { word20: 1, word32: 1 });
    expect(await responseTo(initiator)).toBe(1);
    expect(await ready(initiator)).toBe(0);
  });

  it("ABORT TASK of a command that has yet to come keeps it from being executed", async () => {
    await start();
    const initiator = await session();
    initiator.cmdSn = 2;
    manage(initiator, 1, { word20: 8, word32: 1 });
    expect(await responseTo(initiator)).toBe(0);
    initiator.command({ cdb: testUnitReady, tag: 8, cmdSn: 1 });
    expect(await initiator.silent(20)).toBe(true);
    expect(await ready(initiator)).toBe(0);
  });

  it("CLEAR TASK SET tells the others; ABORT TASK SET does not touch them", async () => {
    await start();
    const a = await session({ ImmediateData: "No" }, A);
    const b = await session({ ImmediateData: "No" }, B);
    await waiting(a, 1);
    await waiting(b, 1);
    manage(a, 2);
    expect(await responseTo(a)).toBe(0);
    expect(await ready(b)).toBe(0);
    manage(a, 4);
    expect(await responseTo(a)).toBe(0);
    expect(await ready(b)).toBe(0x2f00);
    expect(await ready(a)).toBe(0);
  });

  it("LOGICAL UNIT RESET is told to everybody on that unit, and to nobody on another", async () => {
    await start();
    const a = await session({}, A);
    const b = await session({}, B);
    for (const one of [a, b]) expect(await ready(one)).toBe(0);
    b.command({ cdb: testUnitReady, tag: 1, lun: 1 });
    await b.expect(Opcode.SCSI_RESPONSE);
    manage(a, 5);
    expect(await responseTo(a)).toBe(0);
    expect([await ready(a), await ready(b), await ready(b)]).toEqual([0x2903, 0x2903, 0]);
    b.command({ cdb: testUnitReady, tag: 1, lun: 1 });
    expect(statusOf(await b.expect(Opcode.SCSI_RESPONSE))).toBe(0);
  });

  it("TARGET COLD RESET is a power on, and ends every session", async () => {
    await start();
    const a = await session({}, A);
    const b = await session({}, B);
    for (const one of [a, b]) expect(await ready(one)).toBe(0);
    manage(a, 7);
    expect(await responseTo(a)).toBe(0);
    await a.closed();
    await b.closed();
    const again = await session({}, A);
    expect(await ready(again)).toBe(0x2901);
  });

  it.each([
    ["a unit that is not there", 5, 9, 2],
    ["TASK REASSIGN", 8, 0, 4],
    ["CLEAR ACA", 3, 0, 5],
    ["a function that is none", 77, 0, 5],
  ])("%s is refused", async (_what, code, lun, response) => {
    await start();
    const initiator = await session();
    manage(initiator, code, { lun });
    expect(await responseTo(initiator)).toBe(response);
  });

  it.each([
    ["SIMPLE", 1, 0],
    ["ORDERED", 2, 0],
    ["HEAD OF QUEUE", 3, 0],
    ["ACA, where there is never an ACA condition", 4, 0x4900],
  ])("task attribute %s", async (_what, attribute, code) => {
    await start();
    const initiator = await session();
    initiator.command({ cdb: testUnitReady, tag: 1, flags: FINAL | attribute });
    const answer = await initiator.expect(Opcode.SCSI_RESPONSE);
    expect(statusOf(answer) === 0 ? 0 : senseOf(answer)).toBe(code);
  });

  it("PREEMPT AND ABORT ends the victims' commands", async () => {
    await start();
    const a = await session({}, A);
    const b = await session({ ImmediateData: "No" }, B);
    const reserveOut = (initiator: RawInitiator, action: number, key: number, victim: number, type = 0) => {
      const data = new Uint8Array(24);
      data[7] = key;
      data[15] = victim;
      initiator.command({
        cdb: [0x5f, action, type, 0, 0, 0, 0, 0, 24, 0],
        tag: 2,
        flags: FINAL | WRITE | 1,
        expected: 24,
        data,
      });
    };
    reserveOut(a, 0, 0, 1);
    await a.expect(Opcode.SCSI_RESPONSE);
    b.command({ cdb: [0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0], tag: 2, flags: FINAL | WRITE | 1, expected: 24 });
    const key = new Uint8Array(24);
    key[15] = 2;
    b.dataOut({
      tag: 2,
      transferTag: word(await b.expect(Opcode.R2T), 20),
      dataSn: 0,
      offset: 0,
      data: key,
      final: true,
    });
    expect(statusOf(await b.expect(Opcode.SCSI_RESPONSE))).toBe(0);
    await waiting(b, 7);
    reserveOut(a, 5, 1, 2, 1);
    expect(statusOf(await a.expect(Opcode.SCSI_RESPONSE))).toBe(0);
    // The write is gone: its tag can be used again.
    expect(await ready(b, 7)).toBe(0x2a05);
  });
});

describe("NOP, Reject, logout", () => {
  it("echoes a ping with its data", async () => {
    await start();
    const initiator = await session();
    initiator.request(nopOut, { initiatorTaskTag: 4, word20: 0xffff_ffff }, Uint8Array.of(1, 2, 3));
    const echo = await initiator.expect(Opcode.NOP_IN);
    expect([word(echo, 16), word(echo, 20), ...echo.data]).toEqual([4, 0xffff_ffff, 1, 2, 3]);
  });

  it("asks a silent initiator whether it is there, and gives it up if not", async () => {
    await start({ limits: { keepAliveMs: 50, keepAliveTimeoutMs: 100 } });
    const initiator = await session();
    const ping = await initiator.expect(Opcode.NOP_IN);
    expect(word(ping, 16)).toBe(0xffff_ffff);
    initiator.request(nopOut, { immediate: true, initiatorTaskTag: 0xffff_ffff, word20: word(ping, 20) });
    await initiator.expect(Opcode.NOP_IN);
    await initiator.closed();
    expect(events.at(-1)).toMatchObject({ type: "session-ended", end: "timeout" });
  });

  it("rejects what it does not know, and what level 0 does not have; the session goes on", async () => {
    await start();
    const initiator = await session();
    for (const [opcode, reason] of [
      [0x1c, 5],
      [Opcode.SNACK_REQUEST, 3],
    ] as const) {
      const header = new Uint8Array(48);
      header[0] = opcode;
      header[1] = FINAL;
      initiator.raw(header);
      const rejected = await initiator.expect(Opcode.REJECT);
      expect(rejected.header[2]).toBe(reason);
      expect(rejected.data).toEqual(header);
    }
    expect(await ready(initiator)).toBe(0);
  });

  it("answers a logout, and closes; recovery it does not have", async () => {
    await start();
    const initiator = await session();
    initiator.request(logoutRequest, { flags: FINAL | 2, immediate: true });
    expect((await initiator.expect(Opcode.LOGOUT_RESPONSE)).header[2]).toBe(2);
    initiator.request(logoutRequest, { flags: FINAL });
    expect((await initiator.expect(Opcode.LOGOUT_RESPONSE)).header[2]).toBe(0);
    await initiator.closed();
    expect(events.at(-1)).toMatchObject({ type: "session-ended", end: "logout" });
  });

  it("asks everybody to log out before it closes, and our own initiator does", async () => {
    await start({ graceMs: 5000 });
    const { host, port } = served.portals[0] as { host: string; port: number };
    const ours = await connectIscsi({ host, port, target: TARGET });
    const before = performance.now();
    await served.close();
    expect(performance.now() - before).toBeLessThan(2000);
    expect(events.at(-1)).toMatchObject({ type: "session-ended", end: "logout" });
    await ours[Symbol.asyncDispose]();
  });
});

describe("Identity", () => {
  const register = async (initiator: RawInitiator, key: number): Promise<void> => {
    const data = new Uint8Array(24);
    data[15] = key;
    initiator.command({
      cdb: [0x5f, 6, 0, 0, 0, 0, 0, 0, 24, 0],
      tag: 3,
      flags: FINAL | WRITE | 1,
      expected: 24,
      data,
    });
    expect(statusOf(await initiator.expect(Opcode.SCSI_RESPONSE))).toBe(0);
  };
  const reserve = async (initiator: RawInitiator, key: number): Promise<number> => {
    const data = new Uint8Array(24);
    data[7] = key;
    initiator.command({
      cdb: [0x5f, 1, 1, 0, 0, 0, 0, 0, 24, 0],
      tag: 3,
      flags: FINAL | WRITE | 1,
      expected: 24,
      data,
    });
    return statusOf(await initiator.expect(Opcode.SCSI_RESPONSE));
  };

  it("a login with the same name and ISID ends the older session; the registration stays", async () => {
    await start();
    const first = await session({}, A);
    await register(first, 9);
    const second = await session({}, A);
    await first.closed();
    expect(events.some((event) => event.type === "session-ended" && event.end === "reinstated")).toBe(true);
    expect(await ready(second)).toBe(0x2907);
    expect(await reserve(second, 9)).toBe(0);
    expect(served.sessions()).toHaveLength(1);
  });

  it("a registration survives logout and a lost connection, with I_T NEXUS LOSS; another ISID is another nexus", async () => {
    await start();
    const first = await session({}, A);
    await register(first, 9);
    first.destroy();
    await expect.poll(() => served.sessions().length).toBe(0);
    const other = await session({}, B);
    expect(await ready(other)).toBe(0);
    expect(await reserve(other, 9)).toBe(0x18);
    const again = await session({}, A);
    expect(await ready(again)).toBe(0x2907);
    expect(await reserve(again, 9)).toBe(0);
  });
});

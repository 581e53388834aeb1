/**
 * What a session does when the connection ends, moves, stalls or is asked to go: identity kept, outcome told, nothing
 * repeated.
 */
import { expect, test } from "vitest";
import {
  connectIscsi,
  deriveIsid,
  discoverTargets,
  type IscsiConnectOptions,
  type IscsiEvent,
  openIscsi,
} from "../../transports/iscsi/index.ts";
import { FINAL, Opcode, RESERVED_TAG } from "../../transports/iscsi/pdu.ts";
import { readLoginRequest } from "../../transports/iscsi/request-pdus.ts";
import { decodeText } from "../../transports/iscsi/text.ts";
import { rejection } from "../rejection.ts";
import {
  connect,
  Ended,
  type FakeConnection,
  INITIATOR_NAME,
  requestOf,
  startFakeTarget,
  TARGET_NAME,
} from "./fake-target.ts";

const testUnitReady = { cdb: new Uint8Array(6), dataInLength: 0 };
const now = { DefaultTime2Wait: "0", DefaultTime2Retain: "0" };

/** Answers commands, pings and the logout until the initiator goes. */
async function serve(connection: FakeConnection): Promise<void> {
  for (;;) {
    const pdu = await connection.next();
    const { initiatorTaskTag } = requestOf(pdu);
    if (pdu.opcode === Opcode.SCSI_COMMAND) {
      connection.expCmdSn++;
      connection.answer(initiatorTaskTag);
    } else if (pdu.opcode === Opcode.NOP_OUT) {
      connection.respond(Opcode.NOP_IN, { status: true, initiatorTaskTag });
    } else if (pdu.opcode === Opcode.LOGOUT_REQUEST) {
      connection.respond(Opcode.LOGOUT_RESPONSE, { status: true, initiatorTaskTag, targetTransferTag: 0 });
    }
  }
}

test("a lost connection tells each command's outcome, and the next command logs in as the same initiator port", async () => {
  const logins: ReturnType<typeof readLoginRequest>[] = [];
  const names: (string | undefined)[] = [];
  const events: IscsiEvent[] = [];
  await using target = await startFakeTarget(async (connection) => {
    connection.window = 2;
    const request = await connection.acceptLogin(now);
    logins.push(readLoginRequest(request.header));
    names.push(decodeText(request.data).get("InitiatorName"));
    if (connection.index > 0) return serve(connection);
    await connection.command();
    await connection.command();
    connection.destroy();
  });
  await using session = await connect(target, { observer: (event) => events.push(event) });
  const unit = session.logicalUnit(1);
  const errors = await Promise.all([1, 2, 3].map(() => rejection(unit.execute(testUnitReady))));
  expect(errors.map(({ code, delivered }) => [code, delivered])).toEqual([
    ["CONNECTION_LOST", "unknown"],
    ["CONNECTION_LOST", "unknown"],
    ["CONNECTION_LOST", "no"],
  ]);
  expect(session.state).toBe("disconnected");
  expect((await unit.execute(testUnitReady)).status).toBe(0);
  expect(session.state).toBe("connected");
  expect(logins.map(({ isid, tsih }) => [isid, tsih])).toEqual([
    [deriveIsid(INITIATOR_NAME), 0],
    [deriveIsid(INITIATOR_NAME), 0],
  ]);
  expect(names).toEqual([INITIATOR_NAME, INITIATOR_NAME]);
  expect(events.map(({ type }) => type)).toEqual(["connected", "connection-lost", "connected"]);
  expect(events[1]).toMatchObject({ unknown: 2, unsent: 1 });
  expect(events[2]).toMatchObject({ relogin: true });
  expect(session.initiatorPort).toEqual({ protocol: "iscsi", name: INITIATOR_NAME, isid: deriveIsid(INITIATOR_NAME) });
});

test("a chosen ISID is the one that is sent", async () => {
  let isid = 0n;
  await using target = await startFakeTarget(async (connection) => {
    isid = readLoginRequest((await connection.acceptLogin()).header).isid;
    await serve(connection);
  });
  await using session = await connect(target, { isid: 0x4000_0001_0002n });
  expect(isid).toBe(0x4000_0001_0002n);
  expect(session.isid).toBe(isid);
});

test("commands that come while the login is under way share it", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin(now);
    if (connection.index === 0) connection.destroy();
    else await serve(connection);
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  while (session.state === "connected") await new Promise((resolve) => setTimeout(resolve, 1));
  const answers = await Promise.all([1, 2, 3, 4].map(() => unit.execute(testUnitReady)));
  expect(answers.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
  expect(target.connections).toBe(2);
});

test("a command that waits for a login can be given up, and was certainly not delivered", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin({ DefaultTime2Wait: "3600" });
    connection.destroy();
  });
  const session = await connect(target);
  const unit = session.logicalUnit(0);
  while (session.state === "connected") await new Promise((resolve) => setTimeout(resolve, 1));
  expect(await rejection(unit.execute(testUnitReady, { timeoutMs: 20 }))).toMatchObject({
    code: "TIMEOUT",
    delivered: "no",
  });
  const aborted = rejection(unit.execute(testUnitReady, { signal: AbortSignal.timeout(20) }));
  expect(await aborted).toMatchObject({ code: "ABORTED", delivered: "no" });
  const closed = rejection(unit.execute(testUnitReady));
  await session[Symbol.asyncDispose]();
  expect(await closed).toMatchObject({ code: "CLOSED", delivered: "no" });
  expect(session.state).toBe("closed");
  expect(target.connections).toBe(1);
});

test("a login that fails again rejects what waited for it with its reason, undelivered", async () => {
  await using target = await startFakeTarget(async (connection) => {
    if (connection.index === 0) {
      await connection.acceptLogin(now);
      connection.destroy();
    } else {
      const request = await connection.expect(Opcode.LOGIN_REQUEST);
      connection.answerLogin(request, { status: 0x0301 });
    }
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  while (session.state === "connected") await new Promise((resolve) => setTimeout(resolve, 1));
  expect(await rejection(unit.execute(testUnitReady))).toMatchObject({
    code: "LOGIN_FAILED",
    delivered: "no",
    message: expect.stringContaining("the service is unavailable"),
  });
});

test("a connection that ends with the very chunk that completes its login leaves no command hanging", async () => {
  await using target = await startFakeTarget(async (connection) => {
    if (connection.index !== 1) {
      await connection.acceptLogin(now);
      if (connection.index === 0) connection.destroy();
      else await serve(connection);
      return;
    }
    const request = await connection.expect(Opcode.LOGIN_REQUEST);
    connection.expCmdSn = readLoginRequest(request.header).cmdSn;
    connection.together(() => {
      connection.answerLogin(request);
      connection.respond(Opcode.ASYNC_MESSAGE, { status: true, word36: 0x0200_0000, word40: 0 });
    });
    await connection.closed();
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  while (session.state === "connected") await new Promise((resolve) => setTimeout(resolve, 1));
  const reset = rejection(session.reset("target"));
  expect(await rejection(unit.execute(testUnitReady))).toMatchObject({ code: "CONNECTION_LOST", delivered: "no" });
  expect(await reset).toMatchObject({ code: "CONNECTION_LOST", delivered: "no" });
  expect((await unit.execute(testUnitReady)).status).toBe(0);
});

test("nobody there is CONNECTION_FAILED, with the address", async () => {
  const gone = await startFakeTarget(async () => {});
  await gone[Symbol.asyncDispose]();
  const error = await rejection(connect(gone));
  expect(error).toMatchObject({ code: "CONNECTION_FAILED", delivered: "no" });
  expect(error.message).toContain(`Cannot log in to ${TARGET_NAME} at 127.0.0.1:${gone.port}`);
});

test("a connection that closes during the login is CONNECTION_FAILED", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.expect(Opcode.LOGIN_REQUEST);
    connection.destroy();
  });
  expect(await rejection(connect(target))).toMatchObject({
    code: "CONNECTION_FAILED",
    message: expect.stringContaining("during the login"),
  });
});

test("a login that is not answered ends at its limit, or by its signal", async () => {
  await using target = await startFakeTarget((connection) => connection.closed());
  expect(await rejection(connect(target, { loginTimeoutMs: 30 }))).toMatchObject({ code: "TIMEOUT", delivered: "no" });
  expect(await rejection(connect(target, { signal: AbortSignal.timeout(30) }))).toMatchObject({ code: "ABORTED" });
  expect(await rejection(connect(target, { signal: AbortSignal.abort() }))).toMatchObject({ code: "ABORTED" });
});

test("a login refused as not found is TARGET_NOT_FOUND and is explained", async () => {
  await using target = await startFakeTarget(async (connection) => {
    connection.answerLogin(await connection.expect(Opcode.LOGIN_REQUEST), { status: 0x0203 });
  });
  expect(await rejection(connect(target))).toMatchObject({
    code: "TARGET_NOT_FOUND",
    message: expect.stringContaining("not for this initiator name (0203h)"),
  });
});

test("a secret is in no error and no event", async () => {
  const seen: unknown[] = [];
  await using target = await startFakeTarget(async (connection) => {
    connection.answerLogin(await connection.expect(Opcode.LOGIN_REQUEST), { status: 0x0201 });
  });
  const chap = { user: "alice", password: "hunter2hunter2", target: { user: "bob", password: "swordfishsword" } };
  const error = await rejection(connect(target, { chap, observer: (event) => seen.push(event) }));
  expect(error).toMatchObject({ code: "AUTHENTICATION_FAILED", message: expect.stringContaining("CHAP user alice") });
  const text = `${error.message} ${error.stack} ${JSON.stringify(seen)}`;
  expect(text).not.toMatch(/hunter2|swordfish/);
});

for (const [status, permanent] of [
  [0x0101, false],
  [0x0102, true],
] as const) {
  test(`a redirection (${status.toString(16)}) is followed, and ${permanent ? "kept" : "forgotten"} at the next login`, async () => {
    const events: IscsiEvent[] = [];
    await using elsewhere = await startFakeTarget(async (connection) => {
      await connection.acceptLogin(now);
      if (connection.index === 0) {
        await connection.command();
        connection.destroy();
      } else {
        await serve(connection);
      }
    });
    await using target = await startFakeTarget(async (connection) => {
      const request = await connection.expect(Opcode.LOGIN_REQUEST);
      connection.answerLogin(request, { status, transit: false }, `TargetAddress=127.0.0.1:${elsewhere.port},1\0`);
    });
    await using session = await connect(target, { observer: (event) => events.push(event) });
    const unit = session.logicalUnit(0);
    expect(await rejection(unit.execute(testUnitReady))).toMatchObject({ code: "CONNECTION_LOST" });
    expect((await unit.execute(testUnitReady)).status).toBe(0);
    expect(target.connections).toBe(permanent ? 1 : 2);
    expect(events[0]).toEqual({ type: "redirected", host: "127.0.0.1", port: elsewhere.port, permanent });
  });
}

test("a redirection in circles ends", async () => {
  await using target = await startFakeTarget(async (connection) => {
    const request = await connection.expect(Opcode.LOGIN_REQUEST);
    connection.answerLogin(request, { status: 0x0101, transit: false }, `TargetAddress=127.0.0.1:${target.port}\0`);
  });
  expect(await rejection(connect(target))).toMatchObject({
    code: "LOGIN_FAILED",
    message: expect.stringContaining("redirects more than 4 times"),
  });
});

test("an idle target is pinged, and one that does not answer is found out", async () => {
  let pings = 0;
  const events: IscsiEvent[] = [];
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin(now);
    for (;;) {
      const ping = requestOf(await connection.expect(Opcode.NOP_OUT));
      expect(ping).toMatchObject({ immediate: true, word20: RESERVED_TAG });
      if (++pings > 2) return connection.closed();
      connection.respond(Opcode.NOP_IN, { status: true, initiatorTaskTag: ping.initiatorTaskTag });
    }
  });
  await using session = await connect(target, {
    keepAlive: { intervalMs: 20, timeoutMs: 40 },
    observer: (event) => events.push(event),
  });
  while (session.state === "connected") await new Promise((resolve) => setTimeout(resolve, 5));
  expect(pings).toBe(3);
  expect(events.at(-1)).toMatchObject({
    type: "connection-lost",
    error: { code: "CONNECTION_LOST", message: expect.stringContaining("did not answer a NOP-Out within 40 ms") },
  });
});

test("a target that stalls in the middle of a PDU is found out", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin(now);
    await connection.command();
    connection.raw(new Uint8Array(20).fill(0x25));
    await connection.closed();
  });
  await using session = await connect(target, { keepAlive: { intervalMs: 20, timeoutMs: 20 } });
  expect(await rejection(session.logicalUnit(0).execute(testUnitReady))).toMatchObject({
    code: "CONNECTION_LOST",
    delivered: "unknown",
  });
});

test("a target that asks for a logout gets it once the commands under way are done, and the next command logs in again", async () => {
  const events: IscsiEvent[] = [];
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin(now);
    if (connection.index > 0) return serve(connection);
    const under = await connection.command();
    connection.respond(Opcode.ASYNC_MESSAGE, { status: true, word36: 0x0100_0000, word40: 10 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    // The next login waits for the end of this session: two of the same initiator port would end each other.
    expect(target.connections).toBe(1);
    connection.answer(under.initiatorTaskTag);
    const logout = requestOf(await connection.expect(Opcode.LOGOUT_REQUEST));
    connection.respond(Opcode.LOGOUT_RESPONSE, { status: true, initiatorTaskTag: logout.initiatorTaskTag });
    await connection.closed();
  });
  await using session = await connect(target, { observer: (event) => events.push(event) });
  const unit = session.logicalUnit(0);
  const under = unit.execute(testUnitReady);
  while (!events.some(({ type }) => type === "async-message")) await new Promise((resolve) => setTimeout(resolve, 1));
  const later = unit.execute(testUnitReady);
  expect((await under).status).toBe(0);
  expect((await later).status).toBe(0);
  expect(target.connections).toBe(2);
  expect(events).toContainEqual(
    expect.objectContaining({
      type: "async-message",
      event: 1,
      words: "the target requests logout (01h)",
      parameters: [0, 0, 10],
    }),
  );
});

test("a target that asks for a logout gets it in time even if a command hangs", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin(now);
    await connection.command();
    connection.respond(Opcode.ASYNC_MESSAGE, { status: true, word36: 0x0100_0000, word40: 0 });
    const logout = requestOf(await connection.expect(Opcode.LOGOUT_REQUEST));
    connection.respond(Opcode.LOGOUT_RESPONSE, { status: true, initiatorTaskTag: logout.initiatorTaskTag });
    await connection.closed();
  });
  await using session = await connect(target);
  expect(await rejection(session.logicalUnit(0).execute(testUnitReady))).toMatchObject({
    code: "CONNECTION_LOST",
    delivered: "unknown",
    message: expect.stringContaining("asked for a logout"),
  });
});

test.each([
  [2, "the target drops the connection (02h)"],
  [3, "the target drops all connections of the session (03h)"],
])("an announced drop (event %i) ends the connection at once", async (event, words) => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin(now);
    if (connection.index > 0) return serve(connection);
    await connection.command();
    connection.respond(Opcode.ASYNC_MESSAGE, { status: true, word36: event << 24, word40: 0 });
    await connection.closed();
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  expect(await rejection(unit.execute(testUnitReady))).toMatchObject({
    code: "CONNECTION_LOST",
    message: expect.stringContaining(words),
  });
  expect((await unit.execute(testUnitReady)).status).toBe(0);
});

test("a SCSI event reaches the observer with its sense data, and an observer that throws harms nothing", async () => {
  const events: IscsiEvent[] = [];
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin(now);
    const data = Uint8Array.of(0, 4, 0x70, 0, 6, 0);
    connection.respond(Opcode.ASYNC_MESSAGE, { status: true, lunHigh: 0x0007_0000 }, data);
    connection.respond(Opcode.ASYNC_MESSAGE, { status: true, word36: 0xff05_0000 | 0 });
    await serve(connection);
  });
  await using session = await connect(target, {
    observer: (event) => {
      events.push(event);
      throw new Error("the observer's own trouble");
    },
  });
  expect((await session.logicalUnit(0).execute(testUnitReady)).status).toBe(0);
  expect(events).toContainEqual({
    type: "async-message",
    event: 0,
    words: "SCSI asynchronous event (00h)",
    lun: 0x0007_0000_0000_0000n,
    sense: Uint8Array.of(0x70, 0, 6, 0),
    parameters: [0, 0, 0],
  });
  expect(events).toContainEqual(expect.objectContaining({ event: 255 }));
});

test("a target that wants to negotiate is given its turn, and its new length is kept to", async () => {
  const lengths: number[] = [];
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin({ ...now, MaxRecvDataSegmentLength: "8192", InitialR2T: "Yes" });
    connection.respond(Opcode.ASYNC_MESSAGE, { status: true, word36: 0x0400_0000, word40: 3 });
    const text = requestOf(await connection.expect(Opcode.TEXT_REQUEST));
    const keys = new TextEncoder().encode("MaxRecvDataSegmentLength=512\0");
    connection.respond(Opcode.TEXT_RESPONSE, { status: true, initiatorTaskTag: text.initiatorTaskTag }, keys);
    const command = await connection.command();
    lengths.push(command.data.length);
    connection.answer(command.initiatorTaskTag);
    await serve(connection);
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await unit.execute({ cdb: new Uint8Array(10), dataOut: new Uint8Array(2000), dataInLength: 0 });
  expect(lengths).toEqual([512]);
});

test("tasks that the target terminates are ended and acknowledged (event 5)", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin(now);
    await connection.command();
    connection.respond(Opcode.ASYNC_MESSAGE, { status: true, word36: 0x0500_0000, lunHigh: 0x0002_0000 });
    const acknowledged = requestOf(await connection.expect(Opcode.NOP_OUT));
    expect(acknowledged).toMatchObject({ initiatorTaskTag: RESERVED_TAG, lun: 0x0002_0000_0000_0000n });
    await serve(connection);
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(2);
  expect(await rejection(unit.execute(testUnitReady))).toMatchObject({ code: "TASK_ABORTED", delivered: "unknown" });
  expect((await unit.execute(testUnitReady)).status).toBe(0);
});

test("discovery gathers an answer that comes in parts", async () => {
  await using target = await startFakeTarget(async (connection) => {
    const login = await connection.acceptLogin();
    expect(decodeText(login.data).get("SessionType")).toBe("Discovery");
    const request = await connection.expect(Opcode.TEXT_REQUEST);
    expect(decodeText(request.data)).toEqual(new Map([["SendTargets", "All"]]));
    const { initiatorTaskTag } = requestOf(request);
    const parts = [
      "TargetName=iqn.2026-01.test:a\0TargetAddress=10.0.0.1:3260,1\0TargetAddr",
      "ess=[2001:db8::1]:3261,2\0",
      "TargetName=iqn.2026-01.test:b\0",
    ];
    for (const [index, part] of parts.entries()) {
      const last = index === parts.length - 1;
      connection.respond(
        Opcode.TEXT_RESPONSE,
        { status: true, initiatorTaskTag, flags: last ? FINAL : 0x40, targetTransferTag: last ? RESERVED_TAG : 0x77 },
        new TextEncoder().encode(part),
      );
      if (last) break;
      const more = requestOf(await connection.expect(Opcode.TEXT_REQUEST));
      expect(more).toMatchObject({ word20: 0x77, initiatorTaskTag, flags: FINAL });
    }
    await serve(connection);
  });
  expect(await discoverTargets({ host: target.host, port: target.port, initiatorName: INITIATOR_NAME })).toEqual([
    {
      targetName: "iqn.2026-01.test:a",
      portals: [
        { address: "10.0.0.1", port: 3260, tpgt: 1 },
        { address: "2001:db8::1", port: 3261, tpgt: 2 },
      ],
    },
    { targetName: "iqn.2026-01.test:b", portals: [] },
  ]);
});

test("a discovery whose answer never ends is cut off", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    const part = new TextEncoder().encode(`X=${"x".repeat(200_000)}`);
    for (;;) {
      const pdu = await connection.next();
      const { initiatorTaskTag } = requestOf(pdu);
      connection.respond(
        Opcode.TEXT_RESPONSE,
        { status: true, initiatorTaskTag, flags: 0x40, targetTransferTag: 1 },
        part,
      );
    }
  });
  const error = await rejection(
    discoverTargets({ host: target.host, port: target.port, initiatorName: INITIATOR_NAME }),
  );
  expect(error).toMatchObject({
    code: "PROTOCOL_ERROR",
    message: expect.stringContaining("longer than 8388608 bytes"),
  });
});

test("a discovery, and a reset, can be given up while they wait", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin(now);
    const { opcode } = await connection.next();
    expect([Opcode.TEXT_REQUEST, Opcode.TASK_MANAGEMENT_REQUEST]).toContain(opcode);
    await serve(connection);
  });
  const where = { host: target.host, port: target.port, initiatorName: INITIATOR_NAME };
  expect(await rejection(discoverTargets({ ...where, signal: AbortSignal.timeout(30) }))).toMatchObject({
    code: "ABORTED",
    message: expect.stringContaining("gave up a text request"),
  });
  await using session = await connect(target);
  expect(await rejection(session.reset("target", { signal: AbortSignal.timeout(30) }))).toMatchObject({
    code: "ABORTED",
    message: expect.stringContaining("gave up a TARGET WARM RESET"),
  });
});

test("a reset that is not confirmed in time says so", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin(now);
    await connection.expect(Opcode.TASK_MANAGEMENT_REQUEST);
    await serve(connection);
  });
  await using session = await connect(target);
  expect(await rejection(session.reset("bus", { timeoutMs: 20 }))).toMatchObject({
    code: "TIMEOUT",
    message: expect.stringContaining("Cannot do a TARGET COLD RESET"),
  });
  expect((await session.logicalUnit(0).execute(testUnitReady)).status).toBe(0);
});

test("times without end are taken as such", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin(now);
    await serve(connection);
  });
  const ever = Number.POSITIVE_INFINITY;
  await using session = await connect(target, {
    loginTimeoutMs: ever,
    abortTimeoutMs: ever,
    keepAlive: { intervalMs: ever, timeoutMs: ever },
  });
  expect((await session.logicalUnit(0).execute(testUnitReady, { timeoutMs: ever })).status).toBe(0);
});

test("options are checked before anything is opened", async () => {
  const good = { host: "127.0.0.1", port: 1, target: TARGET_NAME, initiatorName: INITIATOR_NAME };
  const chap = { user: "alice", password: "secret" };
  for (const bad of [
    { host: "" },
    { port: 0 },
    { port: 65536 },
    { target: "disk" },
    { initiatorName: "me" },
    { isid: 1n << 48n },
    { algorithms: [] },
    { algorithms: ["md4"] },
    { headerDigest: "maybe" },
    { loginTimeoutMs: 0 },
    { abortTimeoutMs: Number.NaN },
    { keepAlive: { intervalMs: -1 } },
    { chap: { user: "", password: "x" } },
    { chap: { user: "a", password: "" } },
    { chap: { ...chap, target: { user: "bob", password: "secret" } } },
  ]) {
    const promise = connectIscsi({ ...good, ...bad } as IscsiConnectOptions);
    const error: unknown = await promise.catch((thrown: unknown) => thrown);
    expect(error instanceof TypeError || error instanceof RangeError, JSON.stringify(Object.keys(bad))).toBe(true);
    expect(String(error)).not.toContain("secret");
  }
  await expect(openIscsi("iscsi://127.0.0.1/iqn.2026-01.test:disk")).rejects.toThrow("host, target and LUN are needed");
});

test("a transport that its script left running is over with the session", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin(now);
    try {
      await serve(connection);
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
    }
  });
  const session = await connect(target);
  const unit = session.logicalUnit(0);
  await session[Symbol.asyncDispose]();
  expect(session.state).toBe("closed");
  expect(await rejection(unit.execute(testUnitReady))).toMatchObject({ code: "CLOSED", delivered: "no" });
  expect(await rejection(session.reset("target"))).toMatchObject({ code: "CLOSED", delivered: "no" });
});

/**
 * A target that breaks the protocol: each time a clear error, the connection closed, everything pending rejected, and
 * nothing hanging.
 */
import { expect, test } from "vitest";
import type { ScsiError } from "../../src/errors.ts";
import type { IscsiConnectOptions, IscsiEvent } from "../../transports/iscsi/index.ts";
import { FINAL, Opcode, RESERVED_TAG, ResponseFlag } from "../../transports/iscsi/pdu.ts";
import { responseHeader } from "../../transports/iscsi/response-pdus.ts";
import { rejection } from "../rejection.ts";
import {
  connect as connectTo,
  type FakeConnection,
  type FakeTarget,
  frame,
  requestOf,
  startFakeTarget,
} from "./fake-target.ts";

const connect = (target: FakeTarget, more: Partial<IscsiConnectOptions> = {}) =>
  connectTo(target, { headerDigest: "prefer-none", dataDigest: "prefer-none", ...more });

type Misdeed = (connection: FakeConnection, tag: number, writeTag: number) => void;

const bytes = (length: number): Uint8Array => new Uint8Array(length);

/** A read of 16 bytes and a write of 100 KiB are under way when each of these happens. */
const misdeeds: [string, RegExp, Misdeed][] = [
  [
    "an operation code that does not exist",
    /Unexpected PDU.*unknown operation \(3Eh\)/,
    (c, tag) => c.respond(0x3e, { initiatorTaskTag: tag }),
  ],
  [
    "a PDU that only an initiator sends",
    /Unexpected PDU.*scsi command \(01h\)/,
    (c, tag) => c.respond(Opcode.SCSI_COMMAND, { initiatorTaskTag: tag }),
  ],
  [
    "a login response after the login",
    /Unexpected PDU.*login response \(23h\)/,
    (c, tag) => c.respond(Opcode.LOGIN_RESPONSE, { initiatorTaskTag: tag }),
  ],
  ["an answer to no command", /no task has this tag/, (c, tag) => c.answer(tag ^ 0x1000)],
  [
    "an answer with the reserved tag",
    /scsi response \(21h\), no task.*no task has this tag/,
    (c) => c.answer(RESERVED_TAG),
  ],
  [
    "a second answer",
    /no task has this tag/,
    (c, tag) => {
      c.answer(tag);
      c.answer(tag);
    },
  ],
  [
    "Data-In for no command",
    /data in \(25h\).*no task has this tag/,
    (c, tag) => c.respond(Opcode.DATA_IN, { initiatorTaskTag: tag ^ 0x1000 }, bytes(4)),
  ],
  [
    "Data-In with a wrong DataSN",
    /DataSN is 1, expected 0/,
    (c, tag) => c.respond(Opcode.DATA_IN, { initiatorTaskTag: tag, word36: 1 }, bytes(4)),
  ],
  [
    "Data-In at a wrong offset",
    /Buffer Offset is 8, expected 0/,
    (c, tag) => c.respond(Opcode.DATA_IN, { initiatorTaskTag: tag, word40: 8 }, bytes(4)),
  ],
  [
    "Data-In that leaves a hole",
    /Buffer Offset is 8, expected 4/,
    (c, tag) => {
      c.respond(Opcode.DATA_IN, { initiatorTaskTag: tag, flags: 0 }, bytes(4));
      c.respond(Opcode.DATA_IN, { initiatorTaskTag: tag, word36: 1, word40: 8 }, bytes(4));
    },
  ],
  [
    "Data-In beyond the buffer",
    /data up to byte 20, but the command has room for 16/,
    (c, tag) => c.respond(Opcode.DATA_IN, { initiatorTaskTag: tag }, bytes(20)),
  ],
  [
    "Data-In that runs over in its second PDU",
    /data up to byte 17, but the command has room for 16/,
    (c, tag) => {
      c.respond(Opcode.DATA_IN, { initiatorTaskTag: tag, flags: 0 }, bytes(16));
      c.respond(Opcode.DATA_IN, { initiatorTaskTag: tag, word36: 1, word40: 16 }, bytes(1));
    },
  ],
  [
    "Data-In for a write",
    /has room for 0/,
    (c, _tag, writeTag) => c.respond(Opcode.DATA_IN, { initiatorTaskTag: writeTag }, bytes(4)),
  ],
  [
    "a status in Data-In that is not final",
    /status without being final/,
    (c, tag) =>
      c.respond(Opcode.DATA_IN, { initiatorTaskTag: tag, flags: ResponseFlag.STATUS, status: true }, bytes(4)),
  ],
  ["a StatSN from the past", /StatSN is 1000, expected 1001/, (c, tag) => c.answer(tag, { statSn: 1000 })],
  ["a StatSN that leaves a gap", /StatSN is 1002, expected 1001/, (c, tag) => c.answer(tag, { statSn: 1002 })],
  [
    "overflow and underflow at once",
    /both overflow and underflow/,
    (c, tag) => c.answer(tag, { flags: FINAL | ResponseFlag.OVERFLOW | ResponseFlag.UNDERFLOW }),
  ],
  [
    "sense data longer than its segment",
    /SenseLength is 255 in a data segment of 4 bytes/,
    (c, tag) => c.answer(tag, { byte3: 2 }, Uint8Array.of(0, 255, 0x70, 0)),
  ],
  [
    "a data segment too short for SenseLength",
    /SenseLength is 0 in a data segment of 1 bytes/,
    (c, tag) => c.answer(tag, { byte3: 2 }, bytes(1)),
  ],
  ["a target failure", /iSCSI response 01h \(target failure\)/, (c, tag) => c.answer(tag, { byte2: 1 })],
  [
    "a data segment beyond what was declared",
    /DataSegmentLength is 16777215 bytes/,
    (c, tag) =>
      c.raw(
        responseHeader(Opcode.DATA_IN, {
          initiatorTaskTag: tag,
          statSn: 0,
          expCmdSn: 0,
          maxCmdSn: 0,
          dataSegmentLength: 0xff_ffff,
        }),
      ),
  ],
  [
    "additional header segments",
    /TotalAHSLength is 1020 bytes/,
    (c, tag) => {
      const header = responseHeader(Opcode.SCSI_RESPONSE, {
        initiatorTaskTag: tag,
        statSn: 0,
        expCmdSn: 0,
        maxCmdSn: 0,
      });
      header[4] = 255;
      c.raw(header);
    },
  ],
  [
    "an R2T for a read",
    /are left/,
    (c, tag) => c.respond(Opcode.R2T, { initiatorTaskTag: tag, targetTransferTag: 1, word40: 0, word44: 16 }),
  ],
  [
    "an R2T with a reserved tag",
    /the target transfer tag is reserved/,
    (c, _tag, writeTag) => c.respond(Opcode.R2T, { initiatorTaskTag: writeTag, word40: 65_536, word44: 512 }),
  ],
  [
    "an R2T with a wrong R2TSN",
    /R2TSN is 5, expected 0/,
    (c, _tag, writeTag) =>
      c.respond(Opcode.R2T, {
        initiatorTaskTag: writeTag,
        targetTransferTag: 1,
        word36: 5,
        word40: 65_536,
        word44: 512,
      }),
  ],
  [
    "an R2T for nothing",
    /0 bytes are asked for/,
    (c, _tag, writeTag) => c.respond(Opcode.R2T, { initiatorTaskTag: writeTag, targetTransferTag: 1, word40: 65_536 }),
  ],
  [
    "an R2T beyond MaxBurstLength",
    /262145 bytes are asked for; 1 to 262144/,
    (c, _tag, writeTag) =>
      c.respond(Opcode.R2T, { initiatorTaskTag: writeTag, targetTransferTag: 1, word40: 65_536, word44: 262_145 }),
  ],
  [
    "an R2T beyond the data",
    /bytes 102000 to 102512 are asked for; \d+ to 102400 are left/,
    (c, _tag, writeTag) =>
      c.respond(Opcode.R2T, { initiatorTaskTag: writeTag, targetTransferTag: 1, word40: 102_000, word44: 512 }),
  ],
  [
    "an R2T near 2^32",
    /bytes 4294967295 to/,
    (c, _tag, writeTag) =>
      c.respond(Opcode.R2T, { initiatorTaskTag: writeTag, targetTransferTag: 1, word40: 0xffff_ffff, word44: 512 }),
  ],
  [
    "an R2T for data that was sent",
    /are left/,
    (c, _tag, writeTag) =>
      c.respond(Opcode.R2T, { initiatorTaskTag: writeTag, targetTransferTag: 1, word40: 0, word44: 512 }),
  ],
  [
    "more R2Ts than agreed",
    /more than 1 R2Ts are outstanding/,
    (c, _tag, writeTag) => {
      const pdus = [0, 1, 2].map((r2tSn) =>
        responseHeader(Opcode.R2T, {
          statSn: 0,
          expCmdSn: 0,
          maxCmdSn: 0,
          initiatorTaskTag: writeTag,
          targetTransferTag: r2tSn,
          word36: r2tSn,
          word40: 65_536 + r2tSn * 512,
          word44: 512,
        }),
      );
      const all = bytes(144);
      for (const [index, pdu] of pdus.entries()) all.set(pdu, index * 48);
      c.raw(all);
    },
  ],
  [
    "a task management response nobody asked for",
    /no task has this tag/,
    (c) => c.respond(Opcode.TASK_MANAGEMENT_RESPONSE, { status: true, initiatorTaskTag: 0x123_4567 }),
  ],
  [
    "a task management response to a command",
    /of another kind/,
    (c, tag) => c.respond(Opcode.TASK_MANAGEMENT_RESPONSE, { status: true, initiatorTaskTag: tag }),
  ],
  [
    "a text response nobody asked for",
    /no task has this tag/,
    (c) => c.respond(Opcode.TEXT_RESPONSE, { status: true, initiatorTaskTag: 0x123_4567 }),
  ],
  [
    "a logout response nobody asked for",
    /no task has this tag/,
    (c) => c.respond(Opcode.LOGOUT_RESPONSE, { status: true, initiatorTaskTag: 0x123_4567 }),
  ],
  [
    "a NOP-In that answers no ping",
    /no task has this tag/,
    (c) => c.respond(Opcode.NOP_IN, { status: true, initiatorTaskTag: 0x123_4567 }),
  ],
  [
    "a Reject that holds no header",
    /it holds 47 bytes of the rejected PDU/,
    (c) => c.respond(Opcode.REJECT, { status: true, byte2: 4 }, bytes(47)),
  ],
];

for (const [what, why, misdeed] of misdeeds) {
  test(`${what} is refused`, async () => {
    await using target = await startFakeTarget(async (connection) => {
      await connection.acceptLogin({ FirstBurstLength: "65536", MaxRecvDataSegmentLength: "65536" });
      const readCommand = await connection.command();
      const writeCommand = await connection.command();
      misdeed(connection, readCommand.initiatorTaskTag, writeCommand.initiatorTaskTag);
      // What is still under way ends by the connection, at the latest when the target closes it.
      await Promise.race([connection.closed(), new Promise((resolve) => setTimeout(resolve, 300))]);
      connection.destroy();
    });
    await using session = await connect(target);
    const unit = session.logicalUnit(0);
    const reading = unit.execute({ cdb: new Uint8Array(10), dataInLength: 16 }).then(
      () => undefined,
      (error: ScsiError) => error,
    );
    const writing = rejection(unit.execute({ cdb: new Uint8Array(10), dataOut: bytes(102_400), dataInLength: 0 }));
    const errors = [await reading, await writing];
    expect(errors.map((error) => error?.message).join("\n")).toMatch(why);
    for (const error of errors) if (error !== undefined) expect(error.delivered).toBe("unknown");
    expect(errors.some((error) => error?.code === "PROTOCOL_ERROR")).toBe(true);
  });
}

for (const which of ["header", "data"] as const) {
  test(`a wrong ${which} digest ends the connection`, async () => {
    await using target = await startFakeTarget(async (connection) => {
      await connection.acceptLogin({ HeaderDigest: "CRC32C", DataDigest: "CRC32C" });
      const { initiatorTaskTag } = await connection.command();
      const header = responseHeader(Opcode.DATA_IN, {
        initiatorTaskTag,
        flags: FINAL | ResponseFlag.STATUS,
        statSn: connection.statSn,
        expCmdSn: connection.expCmdSn,
        maxCmdSn: connection.expCmdSn + 1,
        dataSegmentLength: 8,
      });
      const pdu = frame(header, bytes(8), true, true);
      const broken = which === "header" ? 50 : pdu.length - 1;
      pdu[broken] = (pdu[broken] as number) ^ 0x40;
      connection.raw(pdu);
      await connection.closed();
    });
    await using session = await connect(target);
    const error = await rejection(session.logicalUnit(0).execute({ cdb: bytes(6), dataInLength: 8 }));
    expect(error).toMatchObject({ code: "PROTOCOL_ERROR", delivered: "unknown" });
    expect(error.message).toContain(`Wrong ${which} digest (data in (25h)`);
    expect(session.state).toBe("disconnected");
  });
}

/** Answers the logout. */
async function logOut(connection: FakeConnection): Promise<void> {
  const { initiatorTaskTag } = requestOf(await connection.expect(Opcode.LOGOUT_REQUEST));
  connection.respond(Opcode.LOGOUT_RESPONSE, { status: true, initiatorTaskTag });
  await connection.closed();
}

/** A Reject of the PDU with this header. */
function reject(connection: FakeConnection, reason: number, header: Uint8Array, expCmdSn = connection.expCmdSn): void {
  connection.respond(Opcode.REJECT, { status: true, byte2: reason, expCmdSn }, header.slice(0, 48));
}

test("a rejected command fails with the reason, and the session goes on if its number was taken", async () => {
  const events: IscsiEvent[] = [];
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    const first = await connection.expect(Opcode.SCSI_COMMAND);
    connection.expCmdSn++;
    reject(connection, 0x05, first.header);
    const second = await connection.command();
    connection.answer(second.initiatorTaskTag);
    await logOut(connection);
  });
  await using session = await connect(target, { observer: (event) => events.push(event) });
  const unit = session.logicalUnit(0);
  const error = await rejection(unit.execute({ cdb: bytes(6), dataInLength: 0 }));
  expect(error).toMatchObject({ code: "PROTOCOL_ERROR", delivered: "unknown" });
  expect(error.message).toContain("rejected a scsi command (01h) PDU: command not supported (05h)");
  expect((await unit.execute({ cdb: bytes(6), dataInLength: 0 })).status).toBe(0);
  expect(events).toContainEqual({ type: "rejected", reason: 5, words: "command not supported (05h)", opcode: 1 });
});

test("a rejected command whose number was not taken ends the session: the target would wait for it", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    const first = await connection.expect(Opcode.SCSI_COMMAND);
    reject(connection, 0x09, first.header);
    await connection.closed();
  });
  await using session = await connect(target);
  const error = await rejection(session.logicalUnit(0).execute({ cdb: bytes(6), dataInLength: 0 }));
  expect(error.message).toContain("invalid PDU field (09h)");
  expect(session.state).toBe("disconnected");
});

test("a rejected reset rejects its caller, and a rejected ABORT TASK ends the session", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    const reset = await connection.expect(Opcode.TASK_MANAGEMENT_REQUEST);
    reject(connection, 0x06, reset.header);
    await connection.command();
    const abort = await connection.expect(Opcode.TASK_MANAGEMENT_REQUEST);
    expect(requestOf(abort).flags & 0x7f).toBe(1);
    reject(connection, 0x05, abort.header);
    await connection.closed();
  });
  await using session = await connect(target);
  expect(await rejection(session.reset("target"))).toMatchObject({ code: "TASK_MANAGEMENT_FAILED" });
  const unit = session.logicalUnit(0);
  expect(await rejection(unit.execute({ cdb: bytes(6), dataInLength: 0 }, { timeoutMs: 10 }))).toMatchObject({
    code: "TIMEOUT",
  });
  while (session.state === "connected") await new Promise((resolve) => setTimeout(resolve, 1));
  expect(session.state).toBe("disconnected");
});

test("a rejected Data-Out is reported, and the command's own answer decides", async () => {
  const events: IscsiEvent[] = [];
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin({ ImmediateData: "No", InitialR2T: "No" });
    const command = await connection.command();
    const dataOut = await connection.expect(Opcode.DATA_OUT);
    reject(connection, 0x02, dataOut.header);
    connection.answer(command.initiatorTaskTag, { byte3: 2 }, Uint8Array.of(0, 4, 0x70, 0, 0x0b, 0));
    await logOut(connection);
  });
  await using session = await connect(target, { observer: (event) => events.push(event) });
  const response = await session.logicalUnit(0).execute({ cdb: bytes(10), dataOut: bytes(512), dataInLength: 0 });
  expect(response).toMatchObject({ status: 2, sense: Uint8Array.of(0x70, 0, 0x0b, 0) });
  expect(events).toContainEqual({ type: "rejected", reason: 2, words: "data digest error (02h)", opcode: 5 });
});

test("a target that pings without reading is cut off before memory runs out", async () => {
  const events: IscsiEvent[] = [];
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    connection.pause();
    const pings = bytes(48 * 1000);
    const ping = responseHeader(Opcode.NOP_IN, {
      statSn: connection.statSn,
      expCmdSn: 1,
      maxCmdSn: 8,
      targetTransferTag: 1,
    });
    for (let index = 0; index < 1000; index++) pings.set(ping, index * 48);
    for (let count = 0; count < 2000 && !events.some(({ type }) => type === "connection-lost"); count++) {
      connection.raw(pings);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  await using session = await connect(target, { observer: (event) => events.push(event) });
  while (session.state === "connected") await new Promise((resolve) => setTimeout(resolve, 5));
  expect(events.at(-1)).toMatchObject({
    type: "connection-lost",
    error: { code: "PROTOCOL_ERROR", message: expect.stringContaining("sends without reading") },
  });
});

test("random bytes never do more than end the connection", async () => {
  let seed = 12_345;
  const random = (): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed >>> 16;
  };
  const opcodes = Object.values(Opcode);
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin({ DefaultTime2Wait: "0", DefaultTime2Retain: "0" });
    await connection.command();
    for (let count = 0; count < 20; count++) {
      const junk = Uint8Array.from({ length: 48 + (random() & 63) }, random);
      junk[0] = opcodes[random() % opcodes.length] as number;
      junk[4] = 0;
      junk[5] = 0;
      junk[6] = 0;
      connection.raw(junk);
    }
    connection.destroy();
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  for (let round = 0; round < 50; round++) {
    const error = await rejection(unit.execute({ cdb: bytes(6), dataInLength: 64 }));
    expect(["PROTOCOL_ERROR", "CONNECTION_LOST"]).toContain(error.code);
  }
  expect(target.connections).toBe(50);
});

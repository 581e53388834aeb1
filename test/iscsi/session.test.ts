/**
 * A session in its full-feature phase against a scripted target: data both ways, the window, task management, and what
 * is asked of it.
 */
import { expect, test } from "vitest";
import type { ScsiError } from "../../src/errors.ts";
import { type IscsiEvent, openIscsi } from "../../transports/iscsi/index.ts";
import { FINAL, Opcode, RESERVED_TAG, ResponseFlag } from "../../transports/iscsi/pdu.ts";
import { readDataOut } from "../../transports/iscsi/request-pdus.ts";
import { rejection } from "../rejection.ts";
import {
  connect,
  Ended,
  type FakeConnection,
  INITIATOR_NAME,
  join,
  requestOf,
  startFakeTarget,
  TARGET_NAME,
} from "./fake-target.ts";

const pattern = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 13 + (index >> 8)) & 0xff);
const testUnitReady = { cdb: new Uint8Array(6), dataInLength: 0 };
const read = (dataInLength: number) => ({ cdb: Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), dataInLength });
const write = (dataOut: Uint8Array) => ({
  cdb: Uint8Array.of(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0),
  dataOut,
  dataInLength: 0,
});

/** Answers the logout at the end, as a good target does. */
async function untilLogout(connection: FakeConnection): Promise<void> {
  for (;;) {
    const pdu = await connection.next();
    if (pdu.opcode !== Opcode.LOGOUT_REQUEST) throw new Error(`unexpected PDU ${pdu.opcode.toString(16)}`);
    connection.respond(Opcode.LOGOUT_RESPONSE, {
      status: true,
      initiatorTaskTag: requestOf(pdu).initiatorTaskTag,
      targetTransferTag: 0,
    });
  }
}

test("a command carries LUN, CDB and numbers; its status, sense and residual come back", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    const command = await connection.command();
    expect(command).toMatchObject({
      lun: 0x0003_0000_0000_0000n,
      cmdSn: 1,
      flags: 0xc1,
      expectedDataTransferLength: 8,
    });
    expect(command.cdb).toEqual(Uint8Array.of(0x5e, 1, 2, 3, 4, 5, 6, 0, 8, 0, 0, 0, 0, 0, 0, 0));
    const sense = Uint8Array.of(0x70, 0, 6, 0, 0, 0, 0, 0);
    connection.answer(
      command.initiatorTaskTag,
      { byte3: 2, flags: FINAL | ResponseFlag.UNDERFLOW, word44: 8 },
      join([Uint8Array.of(0, 8), sense]),
    );
    await untilLogout(connection);
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(3);
  expect(unit.name).toBe(`iscsi://127.0.0.1:${target.port}/${TARGET_NAME}/3`);
  const response = await unit.execute({ cdb: Uint8Array.of(0x5e, 1, 2, 3, 4, 5, 6, 0, 8, 0), dataInLength: 8 });
  expect(response).toEqual({
    status: 2,
    dataIn: new Uint8Array(0),
    sense: Uint8Array.of(0x70, 0, 6, 0, 0, 0, 0, 0),
    residual: 8,
  });
});

test("a command without data says so in its flags, and a long CDB arrives whole", async () => {
  const cdb = pattern(32);
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    const first = await connection.command();
    expect(first).toMatchObject({ flags: 0x81, expectedDataTransferLength: 0 });
    connection.answer(first.initiatorTaskTag);
    const second = await connection.command();
    expect(second.cdb.subarray(0, 32)).toEqual(cdb);
    connection.answer(second.initiatorTaskTag);
    await untilLogout(connection);
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  expect((await unit.execute(testUnitReady)).status).toBe(0);
  expect((await unit.execute({ cdb, dataInLength: 0 })).status).toBe(0);
});

for (const digests of [false, true]) {
  test(`data comes in by several PDUs and with status in the last (digests ${digests})`, async () => {
    const data = pattern(10_001);
    const keys: Record<string, string> = digests ? { HeaderDigest: "CRC32C", DataDigest: "CRC32C" } : {};
    await using target = await startFakeTarget(async (connection) => {
      await connection.acceptLogin(keys);
      const { initiatorTaskTag } = await connection.command();
      let dataSn = 0;
      for (const [from, to] of [
        [0, 4096],
        [4096, 8192],
        [8192, 10_001],
      ] as const) {
        const last = to === data.length;
        connection.respond(
          Opcode.DATA_IN,
          {
            status: last,
            initiatorTaskTag,
            flags: last ? FINAL | ResponseFlag.STATUS | ResponseFlag.UNDERFLOW : 0,
            word36: dataSn++,
            word40: from,
            word44: last ? 15_000 - data.length : 0,
            byte3: 0,
          },
          data.subarray(from, to),
        );
      }
      await untilLogout(connection);
    });
    await using session = await connect(target, { headerDigest: "prefer-crc32c", dataDigest: "prefer-crc32c" });
    expect(session.parameters.dataDigest).toBe(digests);
    const response = await session.logicalUnit(0).execute(read(15_000));
    expect(response.dataIn).toEqual(data);
    expect(response.residual).toBe(4999);
  });
}

test("data and its status may come apart, and an overflow is a negative residual", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    const { initiatorTaskTag } = await connection.command();
    connection.respond(Opcode.DATA_IN, { initiatorTaskTag, flags: FINAL, word36: 0, word40: 0 }, pattern(6));
    connection.respond(Opcode.DATA_IN, { initiatorTaskTag, flags: FINAL, word36: 1, word40: 6 }, pattern(2));
    connection.answer(initiatorTaskTag, { flags: FINAL | ResponseFlag.OVERFLOW, word44: 92 });
    await untilLogout(connection);
  });
  await using session = await connect(target);
  const response = await session.logicalUnit(0).execute(read(8));
  expect(response).toMatchObject({ status: 0, residual: -92 });
  expect(response.dataIn).toEqual(join([pattern(6), pattern(2)]));
});

test("what is returned is memory of its own", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    for (let count = 0; count < 2; count++) {
      const { initiatorTaskTag } = await connection.command();
      const fields = { status: true, initiatorTaskTag, flags: FINAL | ResponseFlag.STATUS, word36: 0, word40: 0 };
      connection.respond(Opcode.DATA_IN, fields, new Uint8Array(16).fill(count + 1));
    }
    await untilLogout(connection);
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  const first = (await unit.execute(read(16))).dataIn;
  await unit.execute(read(16));
  expect(first).toEqual(new Uint8Array(16).fill(1));
  expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype);
});

test("a read far larger than what arrives takes memory for what arrives", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    const { initiatorTaskTag } = await connection.command();
    connection.respond(Opcode.DATA_IN, { initiatorTaskTag, flags: 0 }, pattern(5));
    connection.respond(Opcode.DATA_IN, { initiatorTaskTag, word36: 1, word40: 5 }, pattern(6));
    connection.answer(initiatorTaskTag, { flags: FINAL | ResponseFlag.UNDERFLOW, word44: 0xffff_ffff - 11 });
    await untilLogout(connection);
  });
  await using session = await connect(target);
  const { dataIn, residual } = await session.logicalUnit(0).execute(read(0xffff_ffff));
  expect(dataIn).toEqual(join([pattern(5), pattern(6)]));
  expect(dataIn.buffer.byteLength).toBe(11);
  expect(residual).toBe(0xffff_ffff - 11);
});

/** Gathers what a command brings along, and what it sends unasked. */
async function takeUnsolicited(connection: FakeConnection, immediate: Uint8Array, final: boolean): Promise<Uint8Array> {
  const parts = [immediate];
  let last = final;
  for (let dataSn = 0; !last; dataSn++) {
    const pdu = await connection.expect(Opcode.DATA_OUT);
    const header = readDataOut(pdu.header);
    expect(header).toMatchObject({
      targetTransferTag: RESERVED_TAG,
      dataSn,
      bufferOffset: parts.reduce((sum, part) => sum + part.length, 0),
    });
    expect(pdu.data.length).toBeLessThanOrEqual(2048);
    parts.push(pdu.data);
    last = header.final;
  }
  return join(parts);
}

for (const initialR2t of ["Yes", "No"]) {
  for (const immediateData of ["Yes", "No"]) {
    for (const digest of ["None", "CRC32C"]) {
      test(`data goes out with InitialR2T=${initialR2t}, ImmediateData=${immediateData}, digests ${digest}`, async () => {
        const data = pattern(20_003);
        const arrived = new Uint8Array(data.length);
        let unasked = 0;
        await using target = await startFakeTarget(async (connection) => {
          await connection.acceptLogin({
            InitialR2T: initialR2t,
            ImmediateData: immediateData,
            FirstBurstLength: "5000",
            MaxBurstLength: "8192",
            MaxRecvDataSegmentLength: "2048",
            HeaderDigest: digest,
            DataDigest: digest,
          });
          const command = await connection.command();
          expect(command.expectedDataTransferLength).toBe(data.length);
          const first = await takeUnsolicited(connection, command.data, (command.flags & FINAL) !== 0);
          unasked = first.length;
          arrived.set(first);
          let r2tSn = 0;
          for (let offset = first.length; offset < data.length; ) {
            const length = Math.min(8192, data.length - offset);
            connection.respond(Opcode.R2T, {
              initiatorTaskTag: command.initiatorTaskTag,
              targetTransferTag: 0x100 + r2tSn,
              word36: r2tSn,
              word40: offset,
              word44: length,
            });
            for (let dataSn = 0, end = offset + length; offset < end; dataSn++) {
              const pdu = await connection.expect(Opcode.DATA_OUT);
              const header = readDataOut(pdu.header);
              expect(header).toMatchObject({ targetTransferTag: 0x100 + r2tSn, dataSn, bufferOffset: offset });
              arrived.set(pdu.data, offset);
              offset += pdu.data.length;
              expect(header.final).toBe(offset === end);
            }
            r2tSn++;
          }
          connection.answer(command.initiatorTaskTag);
          await untilLogout(connection);
        });
        await using session = await connect(target, { headerDigest: "prefer-none", dataDigest: "prefer-none" });
        expect((await session.logicalUnit(0).execute(write(data))).status).toBe(0);
        expect(arrived).toEqual(data);
        expect(unasked).toBe(initialR2t === "No" ? 5000 : immediateData === "Yes" ? 2048 : 0);
      });
    }
  }
}

test("several R2Ts at once are served in their order", async () => {
  const data = pattern(12_288);
  const arrived = new Uint8Array(data.length);
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin({ MaxOutstandingR2T: "3", MaxBurstLength: "4096", ImmediateData: "No" });
    const { initiatorTaskTag } = await connection.command();
    for (let r2tSn = 0; r2tSn < 3; r2tSn++) {
      connection.respond(Opcode.R2T, {
        initiatorTaskTag,
        targetTransferTag: r2tSn,
        word36: r2tSn,
        word40: r2tSn * 4096,
        word44: 4096,
      });
    }
    for (let r2tSn = 0; r2tSn < 3; r2tSn++) {
      const pdu = await connection.expect(Opcode.DATA_OUT);
      expect(readDataOut(pdu.header)).toMatchObject({ targetTransferTag: r2tSn, final: true });
      arrived.set(pdu.data, r2tSn * 4096);
    }
    connection.answer(initiatorTaskTag);
    await untilLogout(connection);
  });
  await using session = await connect(target);
  await session.logicalUnit(0).execute(write(data));
  expect(arrived).toEqual(data);
});

test("commands beyond the window wait, in their order", async () => {
  let largest = 0;
  const order: number[] = [];
  await using target = await startFakeTarget(async (connection) => {
    connection.window = 2;
    await connection.acceptLogin();
    const open: number[] = [];
    for (let count = 0; count < 20; count++) {
      const command = await connection.command();
      order.push(command.cdb[1] as number);
      open.push(command.initiatorTaskTag);
      largest = Math.max(largest, open.length);
      if (open.length === 2 || count === 19) while (open.length > 0) connection.answer(open.shift() as number);
    }
    await untilLogout(connection);
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  const all = Array.from({ length: 20 }, (_, index) =>
    unit.execute({ cdb: Uint8Array.of(0, index, 0, 0, 0, 0), dataInLength: 0 }),
  );
  expect((await Promise.all(all)).every(({ status }) => status === 0)).toBe(true);
  expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(largest).toBe(2);
});

test("a closed window is opened by any PDU, and an old or impossible one is ignored", async () => {
  await using target = await startFakeTarget(async (connection) => {
    connection.window = 1;
    await connection.acceptLogin();
    const first = await connection.command();
    // Impossible: MaxCmdSN far below ExpCmdSN - 1.
    connection.respond(Opcode.NOP_IN, { maxCmdSn: (connection.expCmdSn - 10) >>> 0 });
    // Closed: MaxCmdSN = ExpCmdSN - 1.
    connection.respond(Opcode.NOP_IN, { maxCmdSn: connection.expCmdSn - 1 });
    connection.answer(first.initiatorTaskTag, { maxCmdSn: connection.expCmdSn - 1 });
    connection.respond(Opcode.NOP_IN, { targetTransferTag: 1 });
    // The answer to the ping comes first: the second command waits for a window, which the ping gave.
    const answer = await connection.next();
    const next = answer.opcode === Opcode.NOP_OUT ? await connection.command() : undefined;
    if (next === undefined) throw new Error("the ping was not answered first");
    connection.answer(next.initiatorTaskTag);
    await untilLogout(connection);
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  const [first, second] = await Promise.all([unit.execute(testUnitReady), unit.execute(testUnitReady)]);
  expect([first.status, second.status]).toEqual([0, 0]);
});

test("a ping of the target is answered with its tag and LUN, and one that wants no answer is not", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    connection.respond(Opcode.NOP_IN, {});
    connection.respond(Opcode.NOP_IN, { targetTransferTag: 0xabcd, lunHigh: 0x0005_0000 });
    const answer = requestOf(await connection.expect(Opcode.NOP_OUT));
    expect(answer).toMatchObject({
      immediate: true,
      initiatorTaskTag: RESERVED_TAG,
      word20: 0xabcd,
      lun: 0x0005_0000_0000_0000n,
      expStatSn: connection.statSn,
    });
    const { initiatorTaskTag } = await connection.command();
    connection.answer(initiatorTaskTag);
    await untilLogout(connection);
  });
  await using session = await connect(target);
  expect((await session.logicalUnit(0).execute(testUnitReady)).status).toBe(0);
});

test("the numbers of answers are acknowledged by the next request", async () => {
  await using target = await startFakeTarget(async (connection) => {
    connection.statSn = 0xffff_ffff;
    await connection.acceptLogin();
    const first = await connection.command();
    expect(first.expStatSn).toBe(0);
    connection.statSn = 0;
    connection.answer(first.initiatorTaskTag);
    const second = await connection.command();
    expect(second.expStatSn).toBe(1);
    connection.answer(second.initiatorTaskTag);
    await untilLogout(connection);
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  await unit.execute(testUnitReady);
  expect((await unit.execute(testUnitReady)).status).toBe(0);
});

test.each([
  ["logical-unit", 5, 0x0002_0000_0000_0000n],
  ["target", 6, 0n],
  ["bus", 7, 0n],
] as const)(
  "a reset of the %s is task management function %i, and ends the commands it concerns",
  async (scope, code, lun) => {
    await using target = await startFakeTarget(async (connection) => {
      await connection.acceptLogin();
      const here = await connection.command();
      const elsewhere = await connection.command();
      expect(here.lun).toBe(0x0002_0000_0000_0000n);
      const request = requestOf(await connection.expect(Opcode.TASK_MANAGEMENT_REQUEST));
      expect(request).toMatchObject({ immediate: true, flags: FINAL | code, word20: RESERVED_TAG, lun });
      connection.respond(Opcode.TASK_MANAGEMENT_RESPONSE, { status: true, initiatorTaskTag: request.initiatorTaskTag });
      if (scope === "logical-unit") connection.answer(elsewhere.initiatorTaskTag);
      await untilLogout(connection);
    });
    await using session = await connect(target);
    const unit = session.logicalUnit(2);
    const here = rejection(unit.execute(testUnitReady));
    const elsewhere = session
      .logicalUnit(3)
      .execute(testUnitReady)
      .then(
        ({ status }) => status,
        (error: ScsiError) => error.code,
      );
    await unit.reset?.(scope);
    expect(await here).toMatchObject({
      code: "TASK_ABORTED",
      delivered: "unknown",
      message: expect.stringContaining("RESET"),
    });
    expect(await elsewhere).toBe(scope === "logical-unit" ? 0 : "TASK_ABORTED");
  },
);

test("a reset that the target refuses rejects with its reason", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    const { initiatorTaskTag } = requestOf(await connection.expect(Opcode.TASK_MANAGEMENT_REQUEST));
    connection.respond(Opcode.TASK_MANAGEMENT_RESPONSE, { status: true, initiatorTaskTag, byte2: 5 });
    await untilLogout(connection);
  });
  await using session = await connect(target);
  expect(await rejection(session.reset("target"))).toMatchObject({
    code: "TASK_MANAGEMENT_FAILED",
    message: expect.stringContaining("task management function not supported (05h)"),
  });
});

test("a command that times out is aborted, and its tag is kept until the target confirms", async () => {
  const events: IscsiEvent[] = [];
  const held: number[] = [];
  const others: number[] = [];
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    const lost = await connection.command();
    const abort = requestOf(await connection.expect(Opcode.TASK_MANAGEMENT_REQUEST));
    expect(abort).toMatchObject({
      immediate: true,
      flags: FINAL | 1,
      word20: lost.initiatorTaskTag,
      word32: lost.cmdSn,
      lun: lost.lun,
      cmdSn: lost.cmdSn + 1,
    });
    held.push(lost.initiatorTaskTag & 0xfff, abort.initiatorTaskTag & 0xfff);
    for (let count = 0; count < 3; count++) {
      // The answer crosses with the abort; that is not yet the target's last word on the tag.
      if (count === 1) connection.answer(lost.initiatorTaskTag);
      const other = await connection.command();
      others.push(other.initiatorTaskTag & 0xfff);
      connection.answer(other.initiatorTaskTag);
    }
    connection.respond(Opcode.TASK_MANAGEMENT_RESPONSE, {
      status: true,
      initiatorTaskTag: abort.initiatorTaskTag,
      byte2: 1,
    });
    const last = await connection.command();
    connection.answer(last.initiatorTaskTag);
    await untilLogout(connection);
  });
  await using session = await connect(target, { observer: (event) => events.push(event) });
  const unit = session.logicalUnit(1);
  const error = await rejection(unit.execute(read(8), { timeoutMs: 20 }));
  expect(error).toMatchObject({ code: "TIMEOUT", delivered: "unknown" });
  expect(error.message).toMatch(/CDB 28 00….*within 20 ms.*ABORT TASK/);
  for (let count = 0; count < 4; count++) expect((await unit.execute(testUnitReady)).status).toBe(0);
  expect(others.filter((slot) => held.includes(slot))).toEqual([]);
  expect(others).toHaveLength(3);
  expect(events).toContainEqual({ type: "task-aborted", response: 1, words: "task does not exist (01h)" });
});

test("a command that its signal ends is aborted too, and late data for it does no harm", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    const { initiatorTaskTag } = await connection.command();
    connection.respond(Opcode.DATA_IN, { initiatorTaskTag, word36: 0, word40: 0 }, pattern(4));
    const abort = requestOf(await connection.expect(Opcode.TASK_MANAGEMENT_REQUEST));
    connection.respond(Opcode.DATA_IN, { initiatorTaskTag, flags: FINAL, word36: 1, word40: 4 }, pattern(4));
    connection.respond(Opcode.TASK_MANAGEMENT_RESPONSE, { status: true, initiatorTaskTag: abort.initiatorTaskTag });
    const next = await connection.command();
    connection.answer(next.initiatorTaskTag);
    await untilLogout(connection);
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  const controller = new AbortController();
  const aborted = rejection(unit.execute(read(8), { signal: controller.signal }));
  const reason = new Error("enough");
  setTimeout(() => controller.abort(reason), 20);
  expect(await aborted).toMatchObject({ code: "ABORTED", delivered: "unknown", cause: reason });
  expect((await unit.execute(testUnitReady)).status).toBe(0);
});

test("a command that was never sent is given up without a word to the target", async () => {
  await using target = await startFakeTarget(async (connection) => {
    connection.window = 1;
    await connection.acceptLogin();
    const first = await connection.command();
    await new Promise((resolve) => setTimeout(resolve, 60));
    connection.answer(first.initiatorTaskTag);
    const third = await connection.command();
    expect(third.cdb[1]).toBe(3);
    connection.answer(third.initiatorTaskTag);
    await untilLogout(connection);
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  const first = unit.execute(testUnitReady);
  const second = rejection(unit.execute(testUnitReady, { timeoutMs: 10 }));
  const third = unit.execute({ cdb: Uint8Array.of(0, 3, 0, 0, 0, 0), dataInLength: 0 });
  expect(await second).toMatchObject({ code: "TIMEOUT", delivered: "no" });
  expect((await first).status).toBe(0);
  expect((await third).status).toBe(0);
});

test.each([
  ["refuses", 255],
  ["does not answer", undefined],
])(
  "a target that %s an ABORT TASK loses the session, so that the command cannot run later",
  async (_words, response) => {
    await using target = await startFakeTarget(async (connection) => {
      await connection.acceptLogin();
      await connection.command();
      await connection.command();
      const { initiatorTaskTag } = requestOf(await connection.expect(Opcode.TASK_MANAGEMENT_REQUEST));
      if (response !== undefined) {
        connection.respond(Opcode.TASK_MANAGEMENT_RESPONSE, { status: true, initiatorTaskTag, byte2: response });
      }
      await connection.closed();
    });
    await using session = await connect(target, { abortTimeoutMs: 30 });
    const unit = session.logicalUnit(0);
    const slow = rejection(unit.execute(testUnitReady, { timeoutMs: 20 }));
    const other = rejection(unit.execute(testUnitReady));
    expect(await slow).toMatchObject({ code: "TIMEOUT" });
    expect(await other).toMatchObject({
      code: "CONNECTION_LOST",
      delivered: "unknown",
      message: expect.stringContaining("ABORT TASK"),
    });
    expect(session.state).toBe("disconnected");
  },
);

test("a signal that has fired, and bad arguments, send nothing", async () => {
  let commands = 0;
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    for (;;) {
      const pdu = await connection.next();
      if (pdu.opcode === Opcode.LOGOUT_REQUEST) throw new Ended();
      commands++;
    }
  });
  await using session = await connect(target);
  const unit = session.logicalUnit(0);
  expect(await rejection(unit.execute(testUnitReady, { signal: AbortSignal.abort() }))).toMatchObject({
    code: "ABORTED",
    delivered: "no",
  });
  await expect(unit.execute({ cdb: new Uint8Array(0), dataInLength: 0 })).rejects.toThrow(RangeError);
  await expect(unit.execute({ cdb: new Uint8Array(261), dataInLength: 0 })).rejects.toThrow(RangeError);
  await expect(unit.execute({ cdb: new Uint8Array(6), dataInLength: -1 })).rejects.toThrow(RangeError);
  await expect(unit.execute({ ...write(pattern(1)), dataInLength: 1 })).rejects.toThrow(TypeError);
  await expect(unit.execute(testUnitReady, { timeoutMs: 0 })).rejects.toThrow(RangeError);
  expect(commands).toBe(0);
});

test("disposing a logical unit ends its own commands and no other's", async () => {
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    const first = await connection.command();
    const second = await connection.command();
    const abort = requestOf(await connection.expect(Opcode.TASK_MANAGEMENT_REQUEST));
    expect(abort.word20).toBe(first.initiatorTaskTag);
    connection.respond(Opcode.TASK_MANAGEMENT_RESPONSE, { status: true, initiatorTaskTag: abort.initiatorTaskTag });
    connection.answer(second.initiatorTaskTag);
    await untilLogout(connection);
  });
  await using session = await connect(target);
  const [one, two] = [session.logicalUnit(1), session.logicalUnit(2)];
  const first = rejection(one.execute(testUnitReady));
  const second = two.execute(testUnitReady);
  await one[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  expect(await first).toMatchObject({ code: "CLOSED", delivered: "unknown" });
  expect(await rejection(one.execute(testUnitReady))).toMatchObject({ code: "CLOSED", delivered: "no" });
  expect((await second).status).toBe(0);
});

test("disposing the session rejects what is under way, logs out, and closes its logical units", async () => {
  let loggedOut = 0;
  await using target = await startFakeTarget(async (connection) => {
    await connection.acceptLogin();
    await connection.command();
    for (;;) {
      const pdu = await connection.next();
      if (pdu.opcode !== Opcode.LOGOUT_REQUEST) continue;
      expect(requestOf(pdu)).toMatchObject({ flags: FINAL, immediate: true });
      loggedOut++;
      connection.respond(Opcode.LOGOUT_RESPONSE, { status: true, initiatorTaskTag: requestOf(pdu).initiatorTaskTag });
    }
  });
  const unit = await openIscsi({
    host: target.host,
    port: target.port,
    target: TARGET_NAME,
    lun: 0,
    initiatorName: INITIATOR_NAME,
  });
  const under = rejection(unit.execute(testUnitReady));
  await unit[Symbol.asyncDispose]();
  await unit[Symbol.asyncDispose]();
  expect(await under).toMatchObject({ code: "CLOSED", delivered: "unknown" });
  expect(await rejection(unit.execute(testUnitReady))).toMatchObject({ code: "CLOSED", delivered: "no" });
  expect(loggedOut).toBe(1);
  expect(target.connections).toBe(1);
});

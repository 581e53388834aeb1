/**
 * PDUs against golden bytes. Those marked "captured" are what libiscsi 1.19 and tgtd 1.0.85 said to each other on a
 * loopback interface, read with tshark; the others are written out from the tables of RFC 7143 clause 11.
 */
import { expect, test } from "vitest";
import { AHS_EXTENDED_CDB, compareSerial, FINAL, Opcode, putHeader, RESERVED_TAG } from "../../transports/iscsi/pdu.ts";
import {
  loginRequest,
  logoutRequest,
  nopOut,
  putDataOut,
  putScsiCommand,
  readDataOut,
  readLoginRequest,
  readRequest,
  readScsiCommand,
  taskManagementRequest,
  textRequest,
} from "../../transports/iscsi/request-pdus.ts";
import {
  loginResponse,
  readAsyncMessage,
  readLoginResponse,
  responseHeader,
} from "../../transports/iscsi/response-pdus.ts";

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Memory that is not zero, so that a byte which is not written is seen. */
function dirty(length: number): Uint8Array {
  return new Uint8Array(length).fill(0xee);
}

// Captured: TEST UNIT READY to LUN 1 and its CHECK CONDITION (POWER ON OCCURRED).
const testUnitReady =
  "018100000000000000010000000000004d5e5777000000001ea66b2a0000000100000000000000000000000000000000";
const checkCondition =
  "218000020000001400000000000000004d5e577700000000000000011ea66b2b1ea66bab000000000000000000000000";
// Captured: Data-Out of 512 bytes for an R2T.
const dataOut = "058000000000020000010000000000004b238b8590b4a4eb000000000000001400000000000000000000200000000000";
const r2t = "318000000000000000010000000000004b238b8590b4a4eb000000132a366e362a366eb6000000000000200000000200";
// Captured: ABORT TASK and "task does not exist".
const abortTask = "428100000000000000010000000000002d258f532d258f5269ac6d810000000369ac6d80000000000000000000000000";
const abortAnswer = "228001000000000000000000000000002d258f53000000000000000469ac6d8169ac6e01000000000000000000000000";
// Captured: first login request and response of a normal session; 434 bytes of text follow the request, 300 the
// response.
const login = "43870000000001b1800ba2c4000000004d5e5776000000001ea66b2a0000000100000000000000000000000000000000";
const loginAnswer = "238700000000012c800ba2c4000001004d5e577600000000000000001ea66b2a1ea66b2b000000000000000000000000";
// Captured: SendTargets and its answer, then the logout.
const sendTargets = "4480000000000010000000000000000039a28fd6ffffffff411e9f7a0000000100000000000000000000000000000000";
const targets = "2480000000000041000000000000000039a28fd6ffffffff00000001411e9f7a411e9f7b000000000000000000000000";
const logout = "468000000000000000000000000000004d5e577b000000001ea66b2e0000000500000000000000000000000000000000";
const logoutAnswer = "268000000000000000000000000000004d5e577b00000000000000051ea66b2e1ea66bae000000000000000000000000";
// Captured: the last Data-In of an INQUIRY, with status.
const dataIn = "258100000000004200000000000000004d5e577affffffff000000041ea66b2e1ea66bae000000000000000000000000";

test("a SCSI Command is written as libiscsi writes it", () => {
  const out = dirty(48);
  const length = putScsiCommand(out, 0, 0x81, 0, 0x0001_0000, 0, 0x4d5e_5777, 0, 0x1ea6_6b2a, 1, new Uint8Array(6));
  expect(length).toBe(48);
  expect(hex(out)).toBe(testUnitReady);
});

test("a SCSI Command is read back field by field", () => {
  expect(readScsiCommand(bytes(testUnitReady))).toEqual({
    immediate: false,
    flags: 0x81,
    lun: 0x0001_0000_0000_0000n,
    initiatorTaskTag: 0x4d5e_5777,
    expectedDataTransferLength: 0,
    cmdSn: 0x1ea6_6b2a,
    expStatSn: 1,
    cdb: new Uint8Array(16),
  });
});

test("a CDB of 21 bytes continues in an additional header segment, padded, its length counted from the reserved byte", () => {
  const cdb = Uint8Array.from({ length: 21 }, (_, index) => index + 1);
  const out = dirty(60);
  expect(putScsiCommand(out, 0, 0xc1, 0, 0, 0, 1, 512, 2, 3, cdb)).toBe(60);
  // RFC 7143 11.2.2.3: AHSLength = CDBLength - 15 = 6, AHSType 1, a reserved byte, then the rest of the CDB;
  // TotalAHSLength in words.
  expect(hex(out)).toBe(
    "01c1000003000000" +
      "0000000000000000" +
      "00000001" +
      "00000200" +
      "00000002" +
      "00000003" +
      "0102030405060708090a0b0c0d0e0f10" +
      "00060100" +
      "1112131415000000",
  );
  expect(out[50]).toBe(AHS_EXTENDED_CDB);
  expect(readScsiCommand(out).cdb).toEqual(cdb);
});

test("an extended CDB with a lying length is read no further than the header goes", () => {
  const out = dirty(60);
  putScsiCommand(out, 0, 0xc1, 0, 0, 0, 1, 512, 2, 3, new Uint8Array(21));
  out[48] = 0xff;
  expect(readScsiCommand(out).cdb.length).toBe(16 + 8);
});

test("a Data-Out header is written as libiscsi writes it, and read back", () => {
  const out = dirty(48);
  putDataOut(out, 0, FINAL, 512, 0x0001_0000, 0, 0x4b23_8b85, 0x90b4_a4eb, 0x14, 0, 0x2000);
  expect(hex(out)).toBe(dataOut);
  expect(readDataOut(out)).toEqual({
    final: true,
    dataSegmentLength: 512,
    initiatorTaskTag: 0x4b23_8b85,
    targetTransferTag: 0x90b4_a4eb,
    dataSn: 0,
    bufferOffset: 0x2000,
  });
});

test("ABORT TASK is written as libiscsi writes it", () => {
  const pdu = taskManagementRequest({
    immediate: true,
    flags: FINAL | 1,
    lunHigh: 0x0001_0000,
    initiatorTaskTag: 0x2d25_8f53,
    word20: 0x2d25_8f52,
    cmdSn: 0x69ac_6d81,
    expStatSn: 3,
    word32: 0x69ac_6d80,
  });
  expect(hex(pdu)).toBe(abortTask);
  expect(readRequest(pdu)).toMatchObject({
    opcode: Opcode.TASK_MANAGEMENT_REQUEST,
    immediate: true,
    word32: 0x69ac_6d80,
  });
});

test("text and logout requests are written as libiscsi writes them", () => {
  const text = textRequest({
    immediate: true,
    flags: FINAL,
    dataSegmentLength: 16,
    initiatorTaskTag: 0x39a2_8fd6,
    word20: RESERVED_TAG,
    cmdSn: 0x411e_9f7a,
    expStatSn: 1,
  });
  expect(hex(text)).toBe(sendTargets);
  const end = { immediate: true, flags: FINAL, initiatorTaskTag: 0x4d5e_577b, cmdSn: 0x1ea6_6b2e, expStatSn: 5 };
  expect(hex(logoutRequest(end))).toBe(logout);
});

test("a NOP-Out carries its tags and no data", () => {
  const ping = nopOut({
    immediate: true,
    flags: FINAL,
    initiatorTaskTag: 5,
    word20: RESERVED_TAG,
    cmdSn: 6,
    expStatSn: 7,
  });
  // RFC 7143 11.18: I=1, opcode 00h; F; ITT; TTT; CmdSN; ExpStatSN.
  expect(hex(ping)).toBe(
    `40800000000000000000000000000000${"00000005"}${"ffffffff"}${"00000006"}${"00000007"}${"0".repeat(32)}`,
  );
});

test("a Login Request is written as libiscsi writes it, and read back", () => {
  const fields = {
    transit: true,
    continues: false,
    currentStage: 1,
    nextStage: 3,
    isid: 0x800b_a2c4_0000n,
    tsih: 0,
    initiatorTaskTag: 0x4d5e_5776,
    cid: 0,
    cmdSn: 0x1ea6_6b2a,
    expStatSn: 1,
    dataSegmentLength: 0x1b1,
  };
  expect(hex(loginRequest(fields))).toBe(login);
  expect(readLoginRequest(bytes(login))).toEqual(fields);
});

test("a Login Response is written as tgtd writes it, and read back", () => {
  const fields = {
    transit: true,
    continues: false,
    currentStage: 1,
    nextStage: 3,
    versionActive: 0,
    isid: 0x800b_a2c4_0000n,
    tsih: 0x0100,
    initiatorTaskTag: 0x4d5e_5776,
    statSn: 0,
    expCmdSn: 0x1ea6_6b2a,
    maxCmdSn: 0x1ea6_6b2b,
    status: 0,
    dataSegmentLength: 300,
  };
  expect(hex(loginResponse(fields))).toBe(loginAnswer);
  expect(readLoginResponse(bytes(loginAnswer), 0, 300)).toEqual(fields);
});

test.each([
  [
    "SCSI Response",
    checkCondition,
    Opcode.SCSI_RESPONSE,
    {
      byte3: 2,
      dataSegmentLength: 20,
      initiatorTaskTag: 0x4d5e_5777,
      targetTransferTag: 0,
      statSn: 1,
      expCmdSn: 0x1ea6_6b2b,
      maxCmdSn: 0x1ea6_6bab,
    },
  ],
  [
    "Data-In with status",
    dataIn,
    Opcode.DATA_IN,
    {
      flags: 0x81,
      dataSegmentLength: 0x42,
      initiatorTaskTag: 0x4d5e_577a,
      statSn: 4,
      expCmdSn: 0x1ea6_6b2e,
      maxCmdSn: 0x1ea6_6bae,
    },
  ],
  [
    "R2T",
    r2t,
    Opcode.R2T,
    {
      lunHigh: 0x0001_0000,
      initiatorTaskTag: 0x4b23_8b85,
      targetTransferTag: 0x90b4_a4eb,
      statSn: 0x13,
      expCmdSn: 0x2a36_6e36,
      maxCmdSn: 0x2a36_6eb6,
      word40: 0x2000,
      word44: 512,
    },
  ],
  [
    "Task Management Function Response",
    abortAnswer,
    Opcode.TASK_MANAGEMENT_RESPONSE,
    {
      byte2: 1,
      initiatorTaskTag: 0x2d25_8f53,
      targetTransferTag: 0,
      statSn: 4,
      expCmdSn: 0x69ac_6d81,
      maxCmdSn: 0x69ac_6e01,
    },
  ],
  [
    "Text Response",
    targets,
    Opcode.TEXT_RESPONSE,
    { dataSegmentLength: 0x41, initiatorTaskTag: 0x39a2_8fd6, statSn: 1, expCmdSn: 0x411e_9f7a, maxCmdSn: 0x411e_9f7b },
  ],
  [
    "Logout Response",
    logoutAnswer,
    Opcode.LOGOUT_RESPONSE,
    { initiatorTaskTag: 0x4d5e_577b, targetTransferTag: 0, statSn: 5, expCmdSn: 0x1ea6_6b2e, maxCmdSn: 0x1ea6_6bae },
  ],
])("a %s is written as tgtd writes it", (_name, golden, opcode, fields) => {
  expect(hex(responseHeader(opcode, fields))).toBe(golden);
});

test("an Asynchronous Message is read as RFC 7143 11.9 draws it", () => {
  const message = bytes(
    "32800000 00000000 0002000000000000 ffffffff 00000000 00000010 00000011 00000012 01 ab 0102 0304 0506 00000000",
  );
  expect(readAsyncMessage(message, 0)).toEqual({
    lun: 0x0002_0000_0000_0000n,
    event: 1,
    vendorCode: 0xab,
    parameter1: 0x0102,
    parameter2: 0x0304,
    parameter3: 0x0506,
  });
});

test("every byte of a header is written", () => {
  const out = dirty(50);
  putHeader(out, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  expect(hex(out)).toBe(`ee${"00".repeat(48)}ee`);
});

test.each([
  [1, 1, 0],
  [1, 2, -1],
  [2, 1, 1],
  [0xffff_ffff, 0, -1],
  [0, 0xffff_ffff, 1],
  [0x7fff_ffff, 0x8000_0000, -1],
])("serial number %i compares with %i as %i", (a, b, sign) => {
  expect(Math.sign(compareSerial(a, b))).toBe(sign);
});

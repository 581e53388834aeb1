/** The numbers of other interfaces. Expected values from linux/pr.h, mpath_persist.h, mhd(7I) and sg3_utils(8). */
import { describe, expect, test } from "vitest";
import {
  blockReservationTypeName,
  blockReservationTypes,
  elsewhere,
  mpathPersistResults,
} from "../../src/conversions.ts";
import { failureOf } from "../../src/failure.ts";
import { commands, reservationTypeName, reservationTypes } from "../../src/index.ts";

describe("reservation types", () => {
  test.each([
    ["write-exclusive", 0x1, 1],
    ["exclusive-access", 0x3, 2],
    ["write-exclusive-registrants-only", 0x5, 3],
    ["exclusive-access-registrants-only", 0x6, 4],
    ["write-exclusive-all-registrants", 0x7, 5],
    ["exclusive-access-all-registrants", 0x8, 6],
  ] as const)("%s is %i in SCSI and %i in Linux and NVMe", (name, scsi, block) => {
    expect(reservationTypes[name]).toBe(scsi);
    expect(reservationTypeName(scsi)).toBe(name);
    expect(blockReservationTypes[name]).toBe(block);
    expect(blockReservationTypeName(block)).toBe(name);
  });

  test.each([0, 7, 8, 255])("%i means no type of Linux", (code) => {
    expect(blockReservationTypeName(code)).toBeUndefined();
  });
});

/** Fixed-format sense data with a sense key and codes. */
const check = (senseKey: number, asc = 0, ascq = 0) =>
  failureOf(commands.testUnitReady(), "a unit", {
    status: 0x02,
    dataIn: new Uint8Array(0),
    sense: Uint8Array.from([0x70, 0, senseKey, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0]),
    residual: 0,
  });

const status = (code: number) =>
  failureOf(commands.testUnitReady(), "a unit", {
    status: code,
    dataIn: new Uint8Array(0),
    sense: new Uint8Array(0),
    residual: 0,
  });

describe("libmpathpersist's results, mhd(7I)'s errno and sg3_utils' exit codes", () => {
  test.each([
    ["NOT READY", check(0x2), 2, "EIO", 2],
    ["MEDIUM ERROR", check(0x3), 3, "EIO", 3],
    ["HARDWARE ERROR", check(0x4), 4, "EIO", 3],
    ["ILLEGAL REQUEST", check(0x5, 0x24), 5, "ENOTSUP", 5],
    ["UNIT ATTENTION", check(0x6, 0x29), 6, "EIO", 6],
    ["INVALID COMMAND OPERATION CODE", check(0x5, 0x20), 7, "ENOTSUP", 9],
    ["ABORTED COMMAND", check(0xb), 8, "EIO", 11],
    ["NO SENSE", check(0x0), 9, "EIO", 20],
    ["RESERVATION CONFLICT", status(0x18), 11, "EACCES", 24],
    ["DATA PROTECT", check(0x7), 15, "EIO", 7],
    ["BLANK CHECK", check(0x8), 15, "EIO", 3],
    ["COPY ABORTED", check(0xa), 15, "EIO", 10],
    ["BUSY", status(0x08), 15, "EIO", 26],
    ["NOT READY, TARGET PORT IN STANDBY STATE", check(0x2, 0x04, 0x0b), 2, "EIO", 12],
    ["NOT READY, TARGET PORT IN UNAVAILABLE STATE", check(0x2, 0x04, 0x0c), 2, "EIO", 13],
    ["LOGICAL BLOCK ADDRESS OUT OF RANGE", check(0x5, 0x21), 5, "ENOTSUP", 22],
    ["INVALID FIELD IN PARAMETER LIST", check(0x5, 0x26), 5, "ENOTSUP", 19],
    ["INVALID RELEASE OF PERSISTENT RESERVATION", check(0x5, 0x26, 0x04), 5, "ENOTSUP", 5],
    ["LOGICAL BLOCK GUARD CHECK FAILED", check(0xb, 0x10, 0x01), 8, "EIO", 40],
    ["MISCOMPARE", check(0xe, 0x1d), 15, "EIO", 14],
    ["VOLUME OVERFLOW", check(0xd), 15, "EIO", 98],
    ["CONDITION MET", status(0x04), 15, "EIO", 25],
    ["TASK SET FULL", status(0x28), 15, "EIO", 27],
    ["ACA ACTIVE", status(0x30), 15, "EIO", 28],
    ["TASK ABORTED", status(0x40), 15, "EIO", 29],
  ] as const)("%s", (_name, error, result, errno, sg3) => {
    expect(mpathPersistResults[elsewhere(error).mpath]).toBe(result);
    expect(elsewhere(error)).toMatchObject({ errno, sg3 });
  });
});

/** The numbers of other interfaces. Expected values from linux/pr.h, mpath_persist.h and mhd(7I). */
import { describe, expect, test } from "vitest";
import {
  blockReservationTypeName,
  blockReservationTypes,
  mpathPersistResult,
  mpathPersistResults,
  multihostErrno,
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

describe("libmpathpersist's results and mhd(7I)'s errno", () => {
  test.each([
    ["NOT READY", check(0x2), 2, "EIO"],
    ["MEDIUM ERROR", check(0x3), 3, "EIO"],
    ["HARDWARE ERROR", check(0x4), 4, "EIO"],
    ["ILLEGAL REQUEST", check(0x5, 0x24), 5, "ENOTSUP"],
    ["UNIT ATTENTION", check(0x6, 0x29), 6, "EIO"],
    ["INVALID COMMAND OPERATION CODE", check(0x5, 0x20), 7, "ENOTSUP"],
    ["ABORTED COMMAND", check(0xb), 8, "EIO"],
    ["NO SENSE", check(0x0), 9, "EIO"],
    ["RESERVATION CONFLICT", status(0x18), 11, "EACCES"],
    ["DATA PROTECT", check(0x7), 15, "EIO"],
    ["BLANK CHECK", check(0x8), 15, "EIO"],
    ["COPY ABORTED", check(0xa), 15, "EIO"],
    ["BUSY", status(0x08), 15, "EIO"],
  ] as const)("%s", (_name, error, result, errno) => {
    expect(mpathPersistResults[mpathPersistResult(error)]).toBe(result);
    expect(multihostErrno(error)).toBe(errno);
  });
});

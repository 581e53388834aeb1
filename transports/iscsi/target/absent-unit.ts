/**
 * What a target answers where the LUN leads to no logical unit (spc4r36f 6.6.1, 6.33, 6.39): the few
 * commands that are answered nevertheless, and LOGICAL UNIT NOT SUPPORTED. Pure.
 */
import { OperationCode, SenseKey, Status } from "../../../src/core/generated/codes.ts";
import { get16, get32, put32 } from "../pdu.ts";
import type { UnitAnswer } from "./device.ts";
import { fixedSense } from "./sense.ts";

const nothing = new Uint8Array(0);
const answer = (status: number, dataIn: Uint8Array, sense: Uint8Array): UnitAnswer => ({
  status,
  dataIn,
  sense,
  dataOutLength: 0,
  aborted: [],
});

/** LOGICAL UNIT NOT SUPPORTED. */
const notSupported = (): Uint8Array => fixedSense(SenseKey.ILLEGAL_REQUEST, 0x25, 0x00);

const cut = (data: Uint8Array, allocationLength: number): Uint8Array =>
  data.length > allocationLength ? data.slice(0, allocationLength) : data;

/** Standard INQUIRY data of no unit: peripheral qualifier 011b, device type 1Fh (spc4r36f 6.6.2). */
function inquiry(cdb: Uint8Array): UnitAnswer {
  if (((cdb[1] as number) & 0x01) !== 0) return answer(Status.CHECK_CONDITION, nothing, notSupported());
  const data = new Uint8Array(36).fill(0x20, 8);
  data[0] = 0x7f;
  data[2] = 6;
  data[3] = 2;
  data[4] = 31;
  return answer(Status.GOOD, cut(data, get16(cdb, 3)), nothing);
}

/** The LUN list (spc4r36f 6.33): any LUN of the target answers REPORT LUNS. */
function reportLuns(cdb: Uint8Array, luns: readonly number[]): UnitAnswer {
  const data = new Uint8Array(8 + luns.length * 8);
  put32(data, 0, luns.length * 8);
  const ascending = [...luns].sort((a, b) => a - b);
  for (const [index, lun] of ascending.entries()) {
    put32(data, 8 + index * 8, (lun < 256 ? lun : 0x4000 | lun) * 0x1_0000);
  }
  return answer(Status.GOOD, cut(data, get32(cdb, 6)), nothing);
}

/** The answer to a command for a unit that does not exist. */
export function answerAbsentUnit(cdb: Uint8Array, luns: readonly number[]): UnitAnswer {
  switch (cdb[0]) {
    case OperationCode.INQUIRY:
      return inquiry(cdb);
    case OperationCode.REPORT_LUNS:
      return reportLuns(cdb, luns);
    case OperationCode.REQUEST_SENSE:
      return answer(Status.GOOD, cut(notSupported(), cdb[4] as number), nothing);
    default:
      return answer(Status.CHECK_CONDITION, nothing, notSupported());
  }
}

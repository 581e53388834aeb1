/** Checks a request, and says whether it needs a file that is open for writing. Pure. */
import { OperationCode } from "../../src/core/generated/codes.ts";
import type { ScsiRequest } from "../../src/transport.ts";
import { CDB_ROOM } from "./memory.ts";

/** As much as one SG_IO can be asked for; drivers take less. */
const MAX_TRANSFER = 0x1000_0000;

/** The error for a request that cannot be sent at all. */
export function checkRequest({ cdb, dataOut, dataInLength }: ScsiRequest): Error | undefined {
  if (!(cdb instanceof Uint8Array)) return new TypeError("cdb is not a Uint8Array");
  if (cdb.length < 1 || cdb.length >= CDB_ROOM) {
    return new RangeError(`A CDB for SG_IO has 1 to ${CDB_ROOM - 1} bytes, not ${cdb.length}`);
  }
  if (dataOut !== undefined && !(dataOut instanceof Uint8Array)) return new TypeError("dataOut is not a Uint8Array");
  if (!Number.isInteger(dataInLength) || dataInLength < 0 || dataInLength > MAX_TRANSFER) {
    return new RangeError(`dataInLength is 0 to ${MAX_TRANSFER}, not ${dataInLength}`);
  }
  const dataOutLength = dataOut?.length ?? 0;
  if (dataOutLength > MAX_TRANSFER)
    return new RangeError(`dataOut may have ${MAX_TRANSFER} bytes, not ${dataOutLength}`);
  if (dataOutLength > 0 && dataInLength > 0) {
    return new TypeError("A command moves data one way: dataOut and dataInLength exclude each other");
  }
  return undefined;
}

/**
 * What certainly only reads. A file open for reading is enough, and wakes nobody. Others that only read are left out, for a user without rights gets
 * them through an sg node that is open for writing alone: the kernel's list of what such a user may read is short.
 */
const reading: ReadonlySet<number> = new Set([
  OperationCode.TEST_UNIT_READY,
  OperationCode.REQUEST_SENSE,
  OperationCode.INQUIRY,
  OperationCode.REPORT_LUNS,
  OperationCode.READ_CAPACITY_10,
  OperationCode.PERSISTENT_RESERVE_IN,
  0x08, // READ(6)
  0x1a, // MODE SENSE(6)
  0x1c, // RECEIVE DIAGNOSTIC RESULTS
  0x28, // READ(10)
  0x3c, // READ BUFFER(10)
  0x43, // READ TOC/PMA/ATIP
  0x4d, // LOG SENSE
  0x5a, // MODE SENSE(10)
  0x88, // READ(16)
  0x9e, // SERVICE ACTION IN(16)
  0xa3, // MAINTENANCE IN
  0xa8, // READ(12)
  0xb8, // READ ELEMENT STATUS
]);

/** Does this request need a file that is open for writing? */
export function writes({ cdb, dataOut }: ScsiRequest): boolean {
  return (dataOut?.length ?? 0) > 0 || !reading.has(cdb[0] as number);
}

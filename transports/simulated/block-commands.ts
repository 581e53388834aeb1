/** READ and WRITE, 10 and 16 bytes: the medium behind an LBA range check. Reservations have been looked at before. */
import { Read10Cdb, Read16Cdb } from "../../src/core/generated/fields.ts";
import { CommandRecord } from "../../src/core/generated/records.ts";
import { long, word } from "../../src/core/index.ts";
import { type Answer, dataAnswer, faultAnswer, takenAnswer } from "./answer.ts";
import type { Nexus } from "./nexus.ts";
import { type Fault, faultInCdb, senseCodes } from "./sense.ts";
import type { UnitState } from "./unit-state.ts";

/** More than this in one command is refused: INVALID FIELD IN CDB at TRANSFER LENGTH. */
const MAXIMUM_TRANSFER_BYTES = 2 ** 26;

type Rows = typeof Read10Cdb | typeof Read16Cdb;

/** The range that the CDB names, in bytes; or what is wrong with it. */
function range(unit: UnitState, rows: Rows): { readonly offset: number; readonly length: number } | Fault {
  const lba = long(CommandRecord.LBA_U64);
  const count = word(CommandRecord.LENGTH);
  // The medium has no protection information; WRPROTECT stands where RDPROTECT does.
  if (word(CommandRecord.PROTECT) !== 0) return faultInCdb(rows.RDPROTECT);
  const blocks = BigInt(unit.blocks);
  if (lba + BigInt(count) > blocks) {
    // The first invalid LBA in INFORMATION (sbc4 4.18.1).
    return { code: senseCodes.logicalBlockAddressOutOfRange, information: lba > blocks ? lba : blocks };
  }
  const length = count * unit.blockSize;
  if (length > MAXIMUM_TRANSFER_BYTES) return faultInCdb(rows.TRANSFER_LENGTH);
  return { offset: Number(lba) * unit.blockSize, length };
}

function read(unit: UnitState, rows: Rows): Answer {
  const wanted = range(unit, rows);
  if ("code" in wanted) return faultAnswer(wanted);
  return dataAnswer(unit.medium.read(wanted.offset, wanted.length), wanted.length);
}

/** If less arrives than the CDB says, the whole blocks of it are written: the transport reports the residual. */
function write(unit: UnitState, rows: Rows, dataOut: Uint8Array): Answer {
  const wanted = range(unit, rows);
  if ("code" in wanted) return faultAnswer(wanted);
  const arrived = Math.min(wanted.length, dataOut.length);
  unit.medium.write(wanted.offset, dataOut.subarray(0, arrived - (arrived % unit.blockSize)));
  return takenAnswer(wanted.length);
}

export const read10 = (unit: UnitState): Answer => read(unit, Read10Cdb);
export const read16 = (unit: UnitState): Answer => read(unit, Read16Cdb);
export const write10 = (unit: UnitState, _nexus: Nexus, dataOut: Uint8Array): Answer => write(unit, Read10Cdb, dataOut);
export const write16 = (unit: UnitState, _nexus: Nexus, dataOut: Uint8Array): Answer => write(unit, Read16Cdb, dataOut);

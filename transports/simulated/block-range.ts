/** The logical blocks that a CDB names, checked against the unit. Nothing here reads or writes a block. */
import { core } from "../../src/core/index.ts";
import { type Fault, faultInCdb, senseCodes } from "./sense.ts";
import type { UnitState } from "./unit-state.ts";

/** More than this in one command is refused: INVALID FIELD IN CDB at the number of blocks. Block Limits tells of it. */
export const MAXIMUM_TRANSFER_BYTES: number = 2 ** 26;

/** Where a CDB has its range. */
export interface RangeRows {
  readonly lba: number;
  readonly count: number;
  /** RDPROTECT, WRPROTECT or VRPROTECT. */
  readonly protect?: number;
  /** What a number of 0 means; no blocks unless given. */
  readonly zeroMeans?: "256" | "the rest";
  /** No data are moved, so any number will do. */
  readonly unlimited?: true;
}

/** A range of logical blocks, and where they are on the medium in bytes. */
export interface BlockRange {
  readonly count: number;
  readonly offset: number;
  readonly length: number;
}

/** LOGICAL BLOCK ADDRESS OUT OF RANGE with the first invalid LBA in INFORMATION (sbc4 4.18.1). */
export function outOfRange(unit: UnitState, lba: bigint): Fault {
  const blocks = BigInt(unit.blocks);
  return { code: senseCodes.logicalBlockAddressOutOfRange, information: lba > blocks ? lba : blocks };
}

/** The range that the CDB in the core's window names, or what is wrong with it. */
export function rangeOf(unit: UnitState, rows: RangeRows): BlockRange | Fault {
  // The medium has no protection information (sbc4 4.21.1): only 000b can be asked for.
  if (rows.protect !== undefined && core.cdbField(rows.protect) !== 0) return faultInCdb(rows.protect);
  const lba = BigInt.asUintN(64, core.cdbLongField(rows.lba));
  const named = core.cdbField(rows.count) >>> 0;
  const blocks = BigInt(unit.blocks);
  if (lba > blocks) return outOfRange(unit, lba);
  const at = Number(lba);
  const count = named === 0 ? countOfZero(rows, unit.blocks - at) : named;
  if (at + count > unit.blocks) return outOfRange(unit, lba);
  const length = count * unit.blockSize;
  if (length > MAXIMUM_TRANSFER_BYTES && rows.unlimited !== true) return faultInCdb(rows.count);
  return { count, offset: at * unit.blockSize, length };
}

function countOfZero({ zeroMeans }: RangeRows, rest: number): number {
  if (zeroMeans === undefined) return 0;
  return zeroMeans === "256" ? 256 : rest;
}

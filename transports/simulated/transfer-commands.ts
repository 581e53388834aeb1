/**
 * READ, WRITE, WRITE AND VERIFY, VERIFY, ORWRITE and COMPARE AND WRITE, in all their lengths: the medium behind a check
 * of the range. Reservations, medium and write protection have been looked at before.
 */
import { OperationCode } from "../../src/core/generated/codes.ts";
import {
  CompareAndWriteCdb,
  Read6Cdb,
  Read10Cdb,
  Read12Cdb,
  Read16Cdb,
  Verify10Cdb,
  Verify12Cdb,
  Verify16Cdb,
  Write10Cdb,
  Write16Cdb,
} from "../../src/core/generated/fields.ts";
import { core } from "../../src/core/index.ts";
import { Access } from "./access.ts";
import { type Answer, dataAnswer, faultAnswer, goodAnswer, takenAnswer } from "./answer.ts";
import { type RangeRows, rangeOf } from "./block-range.ts";
import type { CommandRow } from "./command.ts";
import type { Nexus } from "./nexus.ts";
import { faultInCdb, plainFault, senseCodes } from "./sense.ts";
import type { UnitState } from "./unit-state.ts";

type Perform = (unit: UnitState, nexus: Nexus, dataOut: Uint8Array) => Answer;

/** READ: sbc4 to 5.20. */
const read =
  (rows: RangeRows): Perform =>
  (unit) => {
    const range = rangeOf(unit, rows);
    if ("code" in range) return faultAnswer(range);
    return dataAnswer(unit.medium.read(range.offset, range.length), range.length);
  };

/** Data-out for a range: what arrived of it, in whole blocks. The transport reports the residual. */
function arrived({ blockSize }: UnitState, length: number, dataOut: Uint8Array): Uint8Array {
  const there = Math.min(length, dataOut.length);
  return dataOut.subarray(0, there - (there % blockSize));
}

/** WRITE: sbc4 to 5.47. */
const write =
  (rows: RangeRows): Perform =>
  (unit, _nexus, dataOut) => {
    const range = rangeOf(unit, rows);
    if ("code" in range) return faultAnswer(range);
    unit.medium.write(range.offset, arrived(unit, range.length, dataOut));
    return takenAnswer(range.length);
  };

/** BYTCHK: nothing is compared; each block with its own; every block with the one that is sent (sbc4). */
const BYTCHK = { nothing: 0, blocks: 1, reserved: 2, oneBlock: 3 } as const;

/** WRITE AND VERIFY: memory reads as it was written, so BYTCHK asks for nothing more. */
const writeAndVerify =
  (rows: RangeRows, bytchk: number): Perform =>
  (unit, nexus, dataOut) => {
    if (core.cdbField(bytchk) > BYTCHK.blocks) return faultAnswer(faultInCdb(bytchk));
    return write(rows)(unit, nexus, dataOut);
  };

/** The first place where two arrays differ, up to the shorter one's length; -1 if there is none. */
function difference(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

const miscompare = plainFault(senseCodes.miscompareDuringVerifyOperation);

/** VERIFY: sbc4. */
const verify =
  (rows: RangeRows, bytchk: number): Perform =>
  (unit, _nexus, dataOut) => {
    const mode = core.cdbField(bytchk);
    if (mode === BYTCHK.reserved) return faultAnswer(faultInCdb(bytchk));
    const range = rangeOf(unit, rows);
    if ("code" in range) return faultAnswer(range);
    if (mode === BYTCHK.nothing || range.length === 0) return goodAnswer;
    const { blockSize, medium } = unit;
    const stored = medium.read(range.offset, range.length);
    if (mode === BYTCHK.blocks) {
      const sent = arrived(unit, range.length, dataOut);
      return difference(stored, sent) < 0 ? takenAnswer(range.length) : faultAnswer(miscompare);
    }
    const sent = arrived(unit, blockSize, dataOut);
    for (let at = 0; at < stored.length; at += blockSize) {
      if (difference(stored.subarray(at, at + blockSize), sent) >= 0) return faultAnswer(miscompare);
    }
    return takenAnswer(blockSize);
  };

/** ORWRITE(16): sbc4. */
const orWrite =
  (rows: RangeRows): Perform =>
  (unit, _nexus, dataOut) => {
    const range = rangeOf(unit, rows);
    if ("code" in range) return faultAnswer(range);
    const sent = arrived(unit, range.length, dataOut);
    const merged = unit.medium.read(range.offset, sent.length);
    for (let i = 0; i < sent.length; i++) merged[i] = (merged[i] as number) | (sent[i] as number);
    unit.medium.write(range.offset, merged);
    return takenAnswer(range.length);
  };

/**
 * COMPARE AND WRITE: sbc4. One uninterrupted action; on a miscompare INFORMATION is the offset of the first byte
 * that differs.
 */
const compareAndWrite =
  (rows: RangeRows): Perform =>
  (unit, _nexus, dataOut) => {
    const range = rangeOf(unit, rows);
    if ("code" in range) return faultAnswer(range);
    // As many blocks to write as to compare with: with anything else nobody can know where the second half begins.
    if (dataOut.length !== 2 * range.length) return faultAnswer(faultInCdb(rows.count));
    const differs = difference(unit.medium.read(range.offset, range.length), dataOut);
    if (differs >= 0) return faultAnswer({ ...miscompare, information: BigInt(differs) });
    unit.medium.write(range.offset, dataOut.subarray(range.length));
    return takenAnswer(2 * range.length);
  };

const six: RangeRows = { lba: Read6Cdb.LOGICAL_BLOCK_ADDRESS, count: Read6Cdb.TRANSFER_LENGTH, zeroMeans: "256" };
const longer = (rows: typeof Read10Cdb | typeof Read12Cdb | typeof Read16Cdb): RangeRows => ({
  lba: rows.LOGICAL_BLOCK_ADDRESS,
  count: rows.TRANSFER_LENGTH,
  protect: rows.RDPROTECT,
});
const verified = (rows: typeof Verify10Cdb | typeof Verify12Cdb | typeof Verify16Cdb): RangeRows => ({
  lba: rows.LOGICAL_BLOCK_ADDRESS,
  count: rows.VERIFICATION_LENGTH,
  protect: rows.VRPROTECT,
});
const compared: RangeRows = {
  lba: CompareAndWriteCdb.LOGICAL_BLOCK_ADDRESS,
  count: CompareAndWriteCdb.NUMBER_OF_LOGICAL_BLOCKS,
  protect: CompareAndWriteCdb.WRPROTECT,
};

const reading = { access: Access.reads, medium: "read" } as const;
const writing = { access: Access.writes, medium: "write" } as const;

// biome-ignore format: one row per command
export const transferCommands: readonly CommandRow[] = [
  { operationCode: OperationCode.READ_6, cdb: Read6Cdb, ...reading, perform: read(six) },
  { operationCode: OperationCode.READ_10, cdb: Read10Cdb, ...reading, perform: read(longer(Read10Cdb)) },
  { operationCode: OperationCode.READ_12, cdb: Read12Cdb, ...reading, perform: read(longer(Read12Cdb)) },
  { operationCode: OperationCode.READ_16, cdb: Read16Cdb, ...reading, perform: read(longer(Read16Cdb)) },
  { operationCode: OperationCode.WRITE_6, cdb: Read6Cdb, ...writing, perform: write(six) },
  { operationCode: OperationCode.WRITE_10, cdb: Write10Cdb, ...writing, perform: write(longer(Read10Cdb)) },
  { operationCode: OperationCode.WRITE_12, cdb: Read12Cdb, ...writing, perform: write(longer(Read12Cdb)) },
  { operationCode: OperationCode.WRITE_16, cdb: Write16Cdb, ...writing, perform: write(longer(Read16Cdb)) },
  { operationCode: OperationCode.VERIFY_10, cdb: Verify10Cdb, ...reading, perform: verify(verified(Verify10Cdb), Verify10Cdb.BYTCHK) },
  { operationCode: OperationCode.VERIFY_12, cdb: Verify12Cdb, ...reading, perform: verify(verified(Verify12Cdb), Verify12Cdb.BYTCHK) },
  { operationCode: OperationCode.VERIFY_16, cdb: Verify16Cdb, ...reading, perform: verify(verified(Verify16Cdb), Verify16Cdb.BYTCHK) },
  { operationCode: OperationCode.WRITE_AND_VERIFY_10, cdb: Verify10Cdb, ...writing, perform: writeAndVerify(verified(Verify10Cdb), Verify10Cdb.BYTCHK) },
  { operationCode: OperationCode.WRITE_AND_VERIFY_12, cdb: Verify12Cdb, ...writing, perform: writeAndVerify(verified(Verify12Cdb), Verify12Cdb.BYTCHK) },
  { operationCode: OperationCode.WRITE_AND_VERIFY_16, cdb: Verify16Cdb, ...writing, perform: writeAndVerify(verified(Verify16Cdb), Verify16Cdb.BYTCHK) },
  { operationCode: OperationCode.ORWRITE_16, cdb: Write16Cdb, ...writing, perform: orWrite(longer(Read16Cdb)) },
  { operationCode: OperationCode.COMPARE_AND_WRITE, cdb: CompareAndWriteCdb, ...writing, perform: compareAndWrite(compared) },
];

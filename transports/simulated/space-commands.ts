/**
 * Commands over ranges of blocks that move no block of their own or one for many: WRITE SAME, UNMAP, GET LBA STATUS,
 * PRE-FETCH, SYNCHRONIZE CACHE. Reservations, medium and write protection have been looked at before.
 */
import { OperationCode, ServiceActionIn16, Size } from "../../src/core/generated/codes.ts";
import {
  GetLbaStatusCdb,
  LbaStatusData,
  LbaStatusDescriptor,
  PreFetch10Cdb,
  PreFetch16Cdb,
  SynchronizeCache10Cdb,
  SynchronizeCache16Cdb,
  UnmapBlockDescriptor,
  UnmapCdb,
  UnmapList,
  WriteSame10Cdb,
  WriteSame16Cdb,
} from "../../src/core/generated/fields.ts";
import { core, dataIn, dataOut, dataWindow } from "../../src/core/index.ts";
import { Access } from "./access.ts";
import { type Answer, dataAnswer, faultAnswer, goodAnswer, takenAnswer } from "./answer.ts";
import { type BlockRange, outOfRange, type RangeRows, rangeOf } from "./block-range.ts";
import type { CommandRow } from "./command.ts";
import type { Nexus } from "./nexus.ts";
import { faultInCdb, faultInList, plainFault, senseCodes } from "./sense.ts";
import type { UnitState } from "./unit-state.ts";

/** Most UNMAP block descriptors in one command. Block Limits tells of it. */
export const MAXIMUM_UNMAP_DESCRIPTORS = 256;

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** Some blocks at a time: a medium takes them faster. */
const TOGETHER_BYTES = 65_536;

function writeOverAndOver({ medium }: UnitState, { offset, length }: BlockRange, block: Uint8Array): void {
  const some = new Uint8Array(Math.min(length, Math.max(TOGETHER_BYTES, block.length)));
  for (let at = 0; at < some.length; at += block.length) some.set(block, at);
  for (let at = 0; at < length; at += some.length) medium.write(offset + at, some.subarray(0, length - at));
}

/**
 * WRITE SAME: sbc4, 5.51. With UNMAP blocks whose contents are zeros are discarded, others written. `ndob` is 0
 * where the CDB has no such bit.
 */
function writeSame(rows: typeof WriteSame10Cdb | typeof WriteSame16Cdb, ndob: number) {
  const rangeRows: RangeRows = {
    lba: rows.LOGICAL_BLOCK_ADDRESS,
    count: rows.NUMBER_OF_LOGICAL_BLOCKS,
    protect: rows.WRPROTECT,
  };
  const upToTheEnd: RangeRows = { ...rangeRows, zeroMeans: "the rest" };
  return (unit: UnitState, _nexus: Nexus, dataOut: Uint8Array): Answer => {
    // Nothing can be anchored here, and a fully provisioned unit unmaps nothing.
    if (core.cdbField(rows.ANCHOR) !== 0) return faultAnswer(faultInCdb(rows.ANCHOR));
    const unmaps = core.cdbField(rows.UNMAP) !== 0;
    if (unmaps && !unit.thin) return faultAnswer(faultInCdb(rows.UNMAP));
    const range = rangeOf(unit, unit.thin ? rangeRows : upToTheEnd);
    if ("code" in range) return faultAnswer(range);
    if (range.count === 0) {
      // WSNZ of thin units: 0 does not mean the rest of the medium (sbc4). Otherwise there is none left.
      return faultAnswer(unit.thin ? faultInCdb(rows.NUMBER_OF_LOGICAL_BLOCKS) : outOfRange(unit, BigInt(unit.blocks)));
    }
    const withoutData = ndob !== 0 && core.cdbField(ndob) !== 0;
    const block = withoutData ? new Uint8Array(unit.blockSize) : dataOut;
    if (block.length !== unit.blockSize) return faultAnswer(faultInCdb(rows.NUMBER_OF_LOGICAL_BLOCKS));
    if (unmaps && isZero(block)) {
      unit.medium.discard(range.offset, range.length);
    } else {
      writeOverAndOver(unit, range, block);
    }
    return takenAnswer(withoutData ? 0 : unit.blockSize);
  };
}

/** UNMAP: sbc4. All descriptors are checked before the first takes effect. */
function unmap(unit: UnitState, _nexus: Nexus, list: Uint8Array): Answer {
  if (core.cdbField(UnmapCdb.ANCHOR) !== 0) return faultAnswer(faultInCdb(UnmapCdb.ANCHOR));
  const length = core.cdbField(UnmapCdb.PARAMETER_LIST_LENGTH);
  if (length === 0) return goodAnswer;
  if (length < Size.UNMAP_LIST_HEADER || list.length < length) {
    return faultAnswer(plainFault(senseCodes.parameterListLengthError));
  }
  dataIn(list.subarray(0, length));
  const announced = core.dataField(0, UnmapList.UNMAP_BLOCK_DESCRIPTOR_DATA_LENGTH);
  const there = Math.min(announced, length - Size.UNMAP_LIST_HEADER);
  const count = Math.floor(there / Size.UNMAP_BLOCK_DESCRIPTOR);
  if (count > MAXIMUM_UNMAP_DESCRIPTORS) {
    return faultAnswer(faultInList(UnmapList.UNMAP_BLOCK_DESCRIPTOR_DATA_LENGTH));
  }
  const ranges: { readonly lba: number; readonly blocks: number }[] = [];
  for (let i = 0; i < count; i++) {
    const at = Size.UNMAP_LIST_HEADER + i * Size.UNMAP_BLOCK_DESCRIPTOR;
    const lba = BigInt.asUintN(64, core.dataLongField(at, UnmapBlockDescriptor.UNMAP_LOGICAL_BLOCK_ADDRESS));
    const blocks = core.dataField(at, UnmapBlockDescriptor.NUMBER_OF_LOGICAL_BLOCKS) >>> 0;
    if (lba + BigInt(blocks) > BigInt(unit.blocks)) return faultAnswer(outOfRange(unit, lba));
    ranges.push({ lba: Number(lba), blocks });
  }
  for (const { lba, blocks } of ranges) unit.medium.discard(lba * unit.blockSize, blocks * unit.blockSize);
  return takenAnswer(length);
}

const PROVISIONING = { mapped: 0, deallocated: 1 } as const;
/** Most descriptors that GET LBA STATUS answers with. */
const MAXIMUM_LBA_STATUS_DESCRIPTORS = 1024;

/** GET LBA STATUS: sbc4. A fully provisioned unit has every block mapped (sbc4 4.7.2). */
function getLbaStatus(unit: UnitState): Answer {
  const start = BigInt.asUintN(64, core.cdbLongField(GetLbaStatusCdb.STARTING_LOGICAL_BLOCK_ADDRESS));
  const allocationLength = core.cdbField(GetLbaStatusCdb.ALLOCATION_LENGTH) >>> 0;
  if (start >= BigInt(unit.blocks)) return faultAnswer(outOfRange(unit, start));
  const room = Math.floor((allocationLength - Size.LBA_STATUS_HEADER) / Size.LBA_STATUS_DESCRIPTOR);
  const wanted = Math.min(Math.max(room, 1), MAXIMUM_LBA_STATUS_DESCRIPTORS);
  let at: number = Size.LBA_STATUS_HEADER;
  let lba = Number(start);
  for (let i = 0; i < wanted && lba < unit.blocks; i++) {
    const limit = Math.min(unit.blocks - lba, 0xffff_ffff);
    const { mapped, length } = unit.thin
      ? unit.medium.extent(lba * unit.blockSize, limit * unit.blockSize)
      : { mapped: true, length: limit * unit.blockSize };
    const blocks = length / unit.blockSize;
    dataWindow.fill(0, at, at + Size.LBA_STATUS_DESCRIPTOR);
    core.putDataLongField(at, LbaStatusDescriptor.LBA_STATUS_LOGICAL_BLOCK_ADDRESS, BigInt(lba));
    core.putDataField(at, LbaStatusDescriptor.NUMBER_OF_LOGICAL_BLOCKS, blocks);
    const status = mapped ? PROVISIONING.mapped : PROVISIONING.deallocated;
    core.putDataField(at, LbaStatusDescriptor.PROVISIONING_STATUS, status);
    at += Size.LBA_STATUS_DESCRIPTOR;
    lba += blocks;
  }
  dataWindow.fill(0, 0, Size.LBA_STATUS_HEADER);
  // What follows the length field itself.
  core.putDataField(0, LbaStatusData.PARAMETER_DATA_LENGTH, at - 4);
  return dataAnswer(dataOut(at), allocationLength);
}

/** PRE-FETCH: sbc4. There is no cache to be filled: GOOD rather than CONDITION MET. */
const preFetch =
  (rows: typeof PreFetch10Cdb | typeof PreFetch16Cdb) =>
  (unit: UnitState): Answer => {
    const range = rangeOf(unit, {
      lba: rows.LOGICAL_BLOCK_ADDRESS,
      count: rows.PREFETCH_LENGTH,
      zeroMeans: "the rest",
      unlimited: true,
    });
    return "code" in range ? faultAnswer(range) : goodAnswer;
  };

/** SYNCHRONIZE CACHE: sbc4, 5.34. */
const synchronizeCache =
  (rows: typeof SynchronizeCache10Cdb | typeof SynchronizeCache16Cdb) =>
  (unit: UnitState): Answer => {
    const range = rangeOf(unit, {
      lba: rows.LOGICAL_BLOCK_ADDRESS,
      count: rows.NUMBER_OF_LOGICAL_BLOCKS,
      zeroMeans: "the rest",
      unlimited: true,
    });
    if ("code" in range) return faultAnswer(range);
    unit.medium.flush?.();
    return goodAnswer;
  };

const reading = { access: Access.reads, medium: "read" } as const;
const writing = { access: Access.writes, medium: "write" } as const;
/** It writes nothing that was not written before, but conflicts like a write (sbc4 table 13). */
const flushing = { access: Access.writes, medium: "read" } as const;
const onlyThin = (unit: UnitState): boolean => unit.thin;

// biome-ignore format: one row per command
export const spaceCommands: readonly CommandRow[] = [
  { operationCode: OperationCode.WRITE_SAME_10, cdb: WriteSame10Cdb, ...writing, perform: writeSame(WriteSame10Cdb, 0) },
  { operationCode: OperationCode.WRITE_SAME_16, cdb: WriteSame16Cdb, ...writing, perform: writeSame(WriteSame16Cdb, WriteSame16Cdb.NDOB) },
  { operationCode: OperationCode.UNMAP, cdb: UnmapCdb, ...writing, perform: unmap, existsIn: onlyThin },
  { operationCode: OperationCode.SERVICE_ACTION_IN_16, serviceAction: ServiceActionIn16.GET_LBA_STATUS, cdb: GetLbaStatusCdb, ...reading, perform: getLbaStatus },
  { operationCode: OperationCode.PRE_FETCH_10, cdb: PreFetch10Cdb, ...reading, perform: preFetch(PreFetch10Cdb) },
  { operationCode: OperationCode.PRE_FETCH_16, cdb: PreFetch16Cdb, ...reading, perform: preFetch(PreFetch16Cdb) },
  { operationCode: OperationCode.SYNCHRONIZE_CACHE_10, cdb: SynchronizeCache10Cdb, ...flushing, perform: synchronizeCache(SynchronizeCache10Cdb) },
  { operationCode: OperationCode.SYNCHRONIZE_CACHE_16, cdb: SynchronizeCache16Cdb, ...flushing, perform: synchronizeCache(SynchronizeCache16Cdb) },
];

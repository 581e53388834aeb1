/**
 * Commands of a tape drive: what is recorded, read and spaced over, one logical object at a time. The tape itself is
 * cartridge.ts's, the heads are drive.ts's. Their classes in access.ts:
 *
 *   scst     SCST aa5cc2dd scst/src/scst_lib.c, scst_scsi_op_table, device type 1: which types let whom in
 *   t10000   Oracle T10000 Interface Reference Manual, August 2016, table 2-2 (RESERVE)
 */
import { SenseKey } from "../../../src/core/generated/codes.ts";
import { MediaSize, SpaceCode, StreamOperationCode } from "../../../src/core/generated/media-codes.ts";
import {
  Erase6Cdb,
  LoadUnloadCdb,
  Locate10Cdb,
  ReadBlockLimitsCdb,
  ReadBlockLimitsData,
  ReadPositionCdb,
  ReadPositionData,
  RewindCdb,
  Space6Cdb,
  StreamRead6Cdb,
  StreamWrite6Cdb,
  WriteFilemarks6Cdb,
} from "../../../src/core/generated/media-fields.ts";
import { core, dataOut, dataWindow } from "../../../src/core/index.ts";
import { Access } from "../access.ts";
import { type Answer, dataAnswer, faultAnswer, goodAnswer, takenAnswer } from "../answer.ts";
import type { CommandRow } from "../command.ts";
import type { Nexus } from "../nexus.ts";
import { type Fault, faultInCdb, plainFault, senseCodes } from "../sense.ts";
import type { UnitState } from "../unit-state.ts";
import type { Cartridge } from "./cartridge.ts";
import { type Drive, load, unload } from "./drive.ts";

/** The largest block; READ BLOCK LIMITS says so. */
export const MAXIMUM_BLOCK_BYTES = 2 ** 23;

const driveOf = ({ drive }: UnitState): Drive => drive as Drive;
const tapeOf = (unit: UnitState): Cartridge => driveOf(unit).cartridge as Cartridge;

const noSense = (asc: number, ascq: number) => ({ senseKey: SenseKey.NO_SENSE, asc, ascq });
const FILEMARK_DETECTED = noSense(0x00, 0x01);
const BEGINNING_DETECTED = noSense(0x00, 0x04);
const END_OF_DATA = { senseKey: SenseKey.BLANK_CHECK, asc: 0x00, ascq: 0x05 };
const END_OF_MEDIUM = { senseKey: SenseKey.VOLUME_OVERFLOW, asc: 0x00, ascq: 0x02 };
const NO_ADDITIONAL = noSense(0x00, 0x00);

/** INFORMATION is a signed number in 32 bits. */
const information = (residue: number): bigint => BigInt.asUintN(32, BigInt(residue));

const filemarkFault = (residue: number): Fault => ({
  code: FILEMARK_DETECTED,
  information: information(residue),
  stream: { filemark: true },
});
const beginningFault = (residue: number): Fault => ({
  code: BEGINNING_DETECTED,
  information: information(residue),
  stream: { eom: true },
});
const endOfDataFault = (residue: number): Fault => ({ code: END_OF_DATA, information: information(residue) });
const endOfMediumFault = (residue: number): Fault => ({
  code: END_OF_MEDIUM,
  information: information(residue),
  stream: { eom: true },
});
const lengthFault = (residue: number): Fault => ({
  code: NO_ADDITIONAL,
  information: information(residue),
  stream: { ili: true },
});

/** REWIND. */
function rewind(unit: UnitState): Answer {
  driveOf(unit).position = 0;
  return goodAnswer;
}

/** READ BLOCK LIMITS: any length up to a maximum. */
function readBlockLimits(): Answer {
  dataWindow.fill(0, 0, MediaSize.READ_BLOCK_LIMITS_DATA);
  core.putDataField(0, ReadBlockLimitsData.MAXIMUM_BLOCK_LENGTH, MAXIMUM_BLOCK_BYTES);
  core.putDataField(0, ReadBlockLimitsData.MINIMUM_BLOCK_LENGTH, 1);
  return dataAnswer(dataOut(MediaSize.READ_BLOCK_LIMITS_DATA), MediaSize.READ_BLOCK_LIMITS_DATA);
}

/** Data that arrived, with the reason why it is not all. */
const partly = (data: Uint8Array, fault: Fault): Answer => ({ ...faultAnswer(fault), dataIn: data });

/** READ(6) with FIXED 0: one block, of whatever length it is. */
function readVariable(unit: UnitState, length: number, suppress: boolean): Answer {
  const drive = driveOf(unit);
  if (length === 0) return goodAnswer;
  const object = tapeOf(unit).objects[drive.position];
  if (object === undefined) return faultAnswer(endOfDataFault(length));
  drive.position++;
  if (object === null) return faultAnswer(filemarkFault(length));
  const data = object.slice(0, length);
  const excess = length - object.length;
  // A block that is too long is told of even so, unless the length is not fixed (SILI).
  return excess === 0 || suppress ? dataAnswer(data, length) : partly(data, lengthFault(excess));
}

/** READ(6) with FIXED 1: a number of blocks of the block descriptor's length. */
function readFixed(unit: UnitState, count: number, blockLength: number): Answer {
  const drive = driveOf(unit);
  const { objects } = tapeOf(unit);
  const data = new Uint8Array(count * blockLength);
  for (let done = 0; done < count; done++) {
    const object = objects[drive.position];
    const stop = (fault: Fault) => partly(data.slice(0, done * blockLength), fault);
    if (object === undefined) return stop(endOfDataFault(count - done));
    drive.position++;
    if (object === null) return stop(filemarkFault(count - done));
    if (object.length !== blockLength) return stop(lengthFault(count - done));
    data.set(object, done * blockLength);
  }
  return dataAnswer(data, data.length);
}

/** READ(6). */
function read6(unit: UnitState): Answer {
  const length = core.cdbField(StreamRead6Cdb.TRANSFER_LENGTH);
  const suppress = core.cdbField(StreamRead6Cdb.SILI) === 1;
  if (core.cdbField(StreamRead6Cdb.FIXED) === 0) return readVariable(unit, length, suppress);
  const { blockLength } = unit.stream;
  // SILI is not for blocks of a fixed length; without one there are none.
  if (suppress) return faultAnswer(faultInCdb(StreamRead6Cdb.SILI));
  if (blockLength === 0 || length * blockLength > MAXIMUM_BLOCK_BYTES) {
    return faultAnswer(faultInCdb(blockLength === 0 ? StreamRead6Cdb.FIXED : StreamRead6Cdb.TRANSFER_LENGTH));
  }
  return readFixed(unit, length, blockLength);
}

/** WRITE(6): one block, or a number of blocks of the block descriptor's length. */
function write6(unit: UnitState, _nexus: Nexus, data: Uint8Array): Answer {
  const drive = driveOf(unit);
  const tape = tapeOf(unit);
  const length = core.cdbField(StreamWrite6Cdb.TRANSFER_LENGTH);
  const fixed = core.cdbField(StreamWrite6Cdb.FIXED) === 1;
  const { blockLength } = unit.stream;
  if (fixed && blockLength === 0) return faultAnswer(faultInCdb(StreamWrite6Cdb.FIXED));
  const bytes = fixed ? length * blockLength : length;
  if (bytes > MAXIMUM_BLOCK_BYTES || bytes > data.length) {
    return faultAnswer(faultInCdb(StreamWrite6Cdb.TRANSFER_LENGTH));
  }
  const size = fixed ? blockLength : length;
  for (let at = 0; at < bytes; at += size) {
    if (!tape.record(drive.position, data.slice(at, at + size))) {
      return faultAnswer(endOfMediumFault(fixed ? length - at / size : length));
    }
    drive.position++;
  }
  return takenAnswer(bytes);
}

/** WRITE FILEMARKS(6). None is as good as a flush. */
function writeFilemarks6(unit: UnitState): Answer {
  if (core.cdbField(WriteFilemarks6Cdb.WSMK) !== 0) return faultAnswer(faultInCdb(WriteFilemarks6Cdb.WSMK));
  const drive = driveOf(unit);
  for (let left = core.cdbField(WriteFilemarks6Cdb.COUNT); left > 0; left--) {
    tapeOf(unit).record(drive.position++, null);
  }
  return goodAnswer;
}

/** SPACE(6) over blocks: stops behind a filemark on the way forward, before one on the way back. */
function spaceBlocks(drive: Drive, { objects }: Cartridge, count: number): Fault | undefined {
  const step = Math.sign(count);
  for (let left = Math.abs(count); left > 0; left--) {
    const next = step > 0 ? drive.position : drive.position - 1;
    if (next < 0) return beginningFault(left);
    const object = objects[next];
    if (object === undefined) return endOfDataFault(left);
    drive.position += step;
    if (object === null) return filemarkFault(left);
  }
  return undefined;
}

/** SPACE(6) over filemarks. */
function spaceFilemarks(drive: Drive, { objects }: Cartridge, count: number): Fault | undefined {
  const step = Math.sign(count);
  for (let left = Math.abs(count); left > 0; ) {
    const next = step > 0 ? drive.position : drive.position - 1;
    if (next < 0) return beginningFault(left);
    const object = objects[next];
    if (object === undefined) return endOfDataFault(left);
    drive.position += step;
    if (object === null) left--;
  }
  return undefined;
}

/** SPACE(6). */
function space6(unit: UnitState): Answer {
  const drive = driveOf(unit);
  const tape = tapeOf(unit);
  // 24 bits with a sign.
  const count = Number(BigInt.asIntN(24, BigInt(core.cdbField(Space6Cdb.COUNT))));
  switch (core.cdbField(Space6Cdb.CODE)) {
    case SpaceCode.BLOCKS: {
      const fault = spaceBlocks(drive, tape, count);
      return fault === undefined ? goodAnswer : faultAnswer(fault);
    }
    case SpaceCode.FILEMARKS: {
      const fault = spaceFilemarks(drive, tape, count);
      return fault === undefined ? goodAnswer : faultAnswer(fault);
    }
    case SpaceCode.END_OF_DATA:
      drive.position = tape.objects.length;
      return goodAnswer;
    default:
      return faultAnswer(faultInCdb(Space6Cdb.CODE));
  }
}

/** LOCATE(10). There is one partition. */
function locate10(unit: UnitState): Answer {
  const drive = driveOf(unit);
  const to = core.cdbField(Locate10Cdb.LOGICAL_OBJECT_IDENTIFIER) >>> 0;
  if (core.cdbField(Locate10Cdb.CP) === 1 && core.cdbField(Locate10Cdb.PARTITION) !== 0) {
    return faultAnswer(faultInCdb(Locate10Cdb.PARTITION));
  }
  const end = tapeOf(unit).objects.length;
  drive.position = Math.min(to, end);
  return to > end ? faultAnswer({ code: END_OF_DATA }) : goodAnswer;
}

/** READ POSITION, short form. Nothing is ever buffered, so both locations are the same. */
function readPosition(unit: UnitState): Answer {
  if (core.cdbField(ReadPositionCdb.SERVICE_ACTION) > 1) return faultAnswer(faultInCdb(ReadPositionCdb.SERVICE_ACTION));
  const { position } = driveOf(unit);
  dataWindow.fill(0, 0, MediaSize.READ_POSITION_DATA);
  core.putDataField(0, ReadPositionData.BOP, position === 0 ? 1 : 0);
  core.putDataField(0, ReadPositionData.FIRST_LOGICAL_OBJECT_LOCATION, position);
  core.putDataField(0, ReadPositionData.LAST_LOGICAL_OBJECT_LOCATION, position);
  return dataAnswer(dataOut(MediaSize.READ_POSITION_DATA), MediaSize.READ_POSITION_DATA);
}

/** LOAD UNLOAD: threads or unthreads; the cartridge stays in the drive until a robot takes it. */
function loadUnload(unit: UnitState): Answer {
  const drive = driveOf(unit);
  if (core.cdbField(LoadUnloadCdb.LOAD) === 1) {
    if (drive.cartridge === null) return faultAnswer(plainFault(senseCodes.mediumNotPresent));
    if (drive.loaded) drive.position = 0;
    load(drive);
    return goodAnswer;
  }
  if (drive.loaded && unit.preventedBy.size > 0) return faultAnswer(plainFault(senseCodes.mediumRemovalPrevented));
  unload(drive);
  return goodAnswer;
}

/** ERASE(6): everything from here on. */
function erase6(unit: UnitState): Answer {
  tapeOf(unit).erase(driveOf(unit).position);
  return goodAnswer;
}

const looks = { access: Access.reads, medium: "read" } as const;
const changes = { access: Access.writes, medium: "write" } as const;

// biome-ignore format: one row per command
export const streamCommands: readonly CommandRow[] = [
  { operationCode: StreamOperationCode.REWIND, cdb: RewindCdb, ...looks, perform: rewind },
  { operationCode: StreamOperationCode.READ_BLOCK_LIMITS, cdb: ReadBlockLimitsCdb, access: Access.always, perform: readBlockLimits },
  { operationCode: StreamOperationCode.READ_6, cdb: StreamRead6Cdb, ...looks, perform: read6 },
  { operationCode: StreamOperationCode.WRITE_6, cdb: StreamWrite6Cdb, ...changes, perform: write6 },
  { operationCode: StreamOperationCode.WRITE_FILEMARKS_6, cdb: WriteFilemarks6Cdb, ...changes, perform: writeFilemarks6 },
  { operationCode: StreamOperationCode.SPACE_6, cdb: Space6Cdb, ...looks, perform: space6 },
  { operationCode: StreamOperationCode.ERASE_6, cdb: Erase6Cdb, ...changes, perform: erase6 },
  { operationCode: StreamOperationCode.LOAD_UNLOAD, cdb: LoadUnloadCdb, access: Access.writes, perform: loadUnload },
  { operationCode: StreamOperationCode.LOCATE_10, cdb: Locate10Cdb, ...looks, perform: locate10 },
  { operationCode: StreamOperationCode.READ_POSITION, cdb: ReadPositionCdb, ...looks, perform: readPosition },
];

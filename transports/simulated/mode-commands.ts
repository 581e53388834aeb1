/**
 * MODE SENSE and MODE SELECT, 6 and 10 bytes: headers, block descriptors and pages. The pages themselves are in
 * mode-pages.ts. One set of mode parameters for all I_T nexuses; none can be saved.
 */
import { ModePage, OperationCode, Size } from "../../src/core/generated/codes.ts";
import {
  LongBlockDescriptor,
  ModePageHeader,
  ModeParameterHeader6,
  ModeParameterHeader10,
  ModeSelect6Cdb,
  ModeSelect10Cdb,
  ModeSense6Cdb,
  ModeSense10Cdb,
  ShortBlockDescriptor,
} from "../../src/core/generated/fields.ts";
import { core, dataIn, dataOut, dataSize, dataWindow } from "../../src/core/index.ts";
import { Access } from "./access.ts";
import { type Answer, dataAnswer, faultAnswer, goodAnswer, takenAnswer } from "./answer.ts";
import type { CommandRow } from "./command.ts";
import { putStreamDescriptor, putStreamHeader, takeStreamDescriptor } from "./media/stream-mode.ts";
import { changeable, type ModeSettings, PageControl } from "./mode-pages.ts";
import type { Nexus } from "./nexus.ts";
import { type Fault, faultAtListByte, faultInCdb, plainFault, senseCodes } from "./sense.ts";
import { establish, UnitAttention } from "./unit-attentions.ts";
import type { UnitState } from "./unit-state.ts";

type Header = typeof ModeParameterHeader6 | typeof ModeParameterHeader10;
const headerSize = (header: Header): number =>
  header === ModeParameterHeader6 ? Size.MODE_PARAMETER_HEADER_6 : Size.MODE_PARAMETER_HEADER_10;

const MAXIMUM_SHORT = 0xffff_ffff;
/** SUBPAGE CODE: none, and all there are. */
const SUBPAGE = { none: 0, all: 0xff } as const;

/** Puts a block descriptor at byte `at`, and returns its length. */
function putBlockDescriptor({ blocks, blockSize }: UnitState, at: number, long: boolean): number {
  const length = long ? Size.LONG_BLOCK_DESCRIPTOR : Size.SHORT_BLOCK_DESCRIPTOR;
  dataWindow.fill(0, at, at + length);
  if (long) {
    core.putDataLongField(at, LongBlockDescriptor.NUMBER_OF_LOGICAL_BLOCKS, BigInt(blocks));
    core.putDataField(at, LongBlockDescriptor.LOGICAL_BLOCK_LENGTH, blockSize);
  } else {
    core.putDataField(at, ShortBlockDescriptor.NUMBER_OF_LOGICAL_BLOCKS, Math.min(blocks, MAXIMUM_SHORT));
    core.putDataField(at, ShortBlockDescriptor.LOGICAL_BLOCK_LENGTH, blockSize);
  }
  return length;
}

/** The block descriptor that a device of this kind has, if any. */
function putDescriptor(unit: UnitState, at: number, long: boolean): number {
  if (unit.kind.name === "changer") return 0;
  return unit.kind.name === "tape" ? putStreamDescriptor(unit, at) : putBlockDescriptor(unit, at, long);
}

/** MODE SENSE: smr-j MODE SENSE (6), MODE SENSE (10); spc4r36f, 6.15. */
const modeSense =
  (cdb: typeof ModeSense6Cdb | typeof ModeSense10Cdb, header: Header) =>
  (unit: UnitState): Answer => {
    const pageControl = core.cdbField(cdb.PC);
    const pageCode = core.cdbField(cdb.PAGE_CODE);
    const subpage = core.cdbField(cdb.SUBPAGE_CODE);
    const allocationLength = core.cdbField(cdb.ALLOCATION_LENGTH);
    const long = unit.kind.name === "disk" && cdb === ModeSense10Cdb && core.cdbField(ModeSense10Cdb.LLBAA) === 1;
    if (pageControl === PageControl.saved) return faultAnswer(plainFault(senseCodes.savingParametersNotSupported));
    // A page without subpages is its own only one.
    if (subpage !== SUBPAGE.none && subpage !== SUBPAGE.all) return faultAnswer(faultInCdb(cdb.SUBPAGE_CODE));
    const { modePages } = unit.kind;
    const wanted = pageCode === ModePage.ALL ? [...modePages.keys()] : [pageCode];
    const start = headerSize(header);
    dataWindow.fill(0, 0, start);
    let at = start;
    if (core.cdbField(cdb.DBD) === 0) at += putDescriptor(unit, at, long);
    const descriptorLength = at - start;
    for (const code of wanted) {
      const put = modePages.get(code);
      if (put === undefined) return faultAnswer(faultInCdb(cdb.PAGE_CODE));
      at += put(at, pageControl, unit.mode, unit);
    }
    // MODE DATA LENGTH counts what follows it.
    core.putDataField(0, header.MODE_DATA_LENGTH, at - (header === ModeParameterHeader6 ? 1 : 2));
    if (unit.kind.name === "tape") putStreamHeader(unit, header === ModeParameterHeader10);
    if (unit.kind.name === "disk") {
      core.putDataField(0, header.WP, unit.mode.softwareWriteProtect ? 1 : 0);
      core.putDataField(0, header.DPOFUA, 1);
    }
    if (long && descriptorLength > 0) core.putDataField(0, ModeParameterHeader10.LONGLBA, 1);
    core.putDataField(0, header.BLOCK_DESCRIPTOR_LENGTH, descriptorLength);
    return dataAnswer(dataOut(at), allocationLength);
  };

/**
 * Block descriptors of a MODE SELECT: none, or one that says what is so already. A number of blocks of 0 means all of
 * them.
 */
function blockDescriptorFault(unit: UnitState, at: number, length: number, long: boolean): Fault | undefined {
  const size = long ? Size.LONG_BLOCK_DESCRIPTOR : Size.SHORT_BLOCK_DESCRIPTOR;
  if (length === 0) return undefined;
  if (length !== size) return faultAtListByte(at);
  const rows = long ? LongBlockDescriptor : ShortBlockDescriptor;
  const blocks = core.dataLongField(at, rows.NUMBER_OF_LOGICAL_BLOCKS);
  const all = BigInt(long ? unit.blocks : Math.min(unit.blocks, MAXIMUM_SHORT));
  const same = blocks === 0n || BigInt.asUintN(64, blocks) === all;
  if (!same || core.dataField(at, rows.LOGICAL_BLOCK_LENGTH) !== unit.blockSize) return faultAtListByte(at);
  return undefined;
}

/** Takes the pages of a list of `length` bytes from byte `at` on, and returns the new settings. */
function takePages(unit: UnitState, list: Uint8Array, at: number): ModeSettings | Fault {
  const settings = { ...unit.mode };
  for (let byte = at; byte < list.length; ) {
    dataIn(list);
    const code = core.dataField(byte, ModePageHeader.PAGE_CODE);
    const put = unit.kind.modePages.get(code);
    if (put === undefined || core.dataField(byte, ModePageHeader.SPF) !== 0) return faultAtListByte(byte);
    const length = Size.MODE_PAGE_HEADER + core.dataField(byte, ModePageHeader.PAGE_LENGTH);
    if (byte + length > list.length) return plainFault(senseCodes.parameterListLengthError);
    if (code === ModePage.CONTROL) {
      for (const [row, setting] of changeable) settings[setting] = core.dataField(byte, row) === 1;
    }
    // With the new settings the page must be what was sent: whatever else differs cannot be changed.
    if (put(byte, PageControl.current, settings, unit) !== length) return faultAtListByte(byte + 1);
    for (let i = 0; i < length; i++) if (dataWindow[byte + i] !== list[byte + i]) return faultAtListByte(byte + i);
    byte += length;
  }
  return settings;
}

/** MODE SELECT: smr-j MODE SELECT (6), MODE SELECT (10); spc4r36f, 6.12. All of the list takes effect, or nothing. */
const modeSelect =
  (cdb: typeof ModeSelect6Cdb | typeof ModeSelect10Cdb, header: Header) =>
  (unit: UnitState, nexus: Nexus, dataOutBytes: Uint8Array): Answer => {
    if (core.cdbField(cdb.PF) !== 1) return faultAnswer(faultInCdb(cdb.PF));
    if (core.cdbField(cdb.SP) !== 0) return faultAnswer(faultInCdb(cdb.SP));
    const length = core.cdbField(cdb.PARAMETER_LIST_LENGTH);
    if (length === 0) return goodAnswer;
    const size = headerSize(header);
    if (length < size || length > dataOutBytes.length || length > dataSize) {
      return faultAnswer(plainFault(senseCodes.parameterListLengthError));
    }
    const list = dataOutBytes.subarray(0, length);
    dataIn(list);
    const descriptorLength = core.dataField(0, header.BLOCK_DESCRIPTOR_LENGTH);
    if (size + descriptorLength > length) return faultAnswer(plainFault(senseCodes.parameterListLengthError));
    const long = header === ModeParameterHeader10 && core.dataField(0, ModeParameterHeader10.LONGLBA) === 1;
    const stream = unit.kind.name === "tape" ? takeStreamDescriptor(unit, size, descriptorLength) : { ...unit.stream };
    if ("code" in stream) return faultAnswer(stream);
    const wrong = unit.kind.name === "tape" ? undefined : blockDescriptorFault(unit, size, descriptorLength, long);
    if (wrong !== undefined) return faultAnswer(wrong);
    const settings = takePages(unit, list, size + descriptorLength);
    if ("code" in settings) return faultAnswer(settings);
    const changed = changeable.some(([, setting]) => settings[setting] !== unit.mode[setting]);
    const restreamed = stream.blockLength !== unit.stream.blockLength;
    Object.assign(unit.mode, settings);
    Object.assign(unit.stream, stream);
    if (changed || restreamed) {
      for (const other of unit.rules.nexuses.all()) {
        if (other !== nexus) establish(other.attentions, UnitAttention.MODE_PARAMETERS_CHANGED);
      }
    }
    return takenAnswer(length);
  };

// biome-ignore format: one row per command
export const modeCommands: readonly CommandRow[] = [
  { operationCode: OperationCode.MODE_SENSE_6, cdb: ModeSense6Cdb, access: Access.reads, perform: modeSense(ModeSense6Cdb, ModeParameterHeader6) },
  { operationCode: OperationCode.MODE_SENSE_10, cdb: ModeSense10Cdb, access: Access.reads, perform: modeSense(ModeSense10Cdb, ModeParameterHeader10) },
  { operationCode: OperationCode.MODE_SELECT_6, cdb: ModeSelect6Cdb, access: Access.writes, perform: modeSelect(ModeSelect6Cdb, ModeParameterHeader6) },
  { operationCode: OperationCode.MODE_SELECT_10, cdb: ModeSelect10Cdb, access: Access.writes, perform: modeSelect(ModeSelect10Cdb, ModeParameterHeader10) },
];

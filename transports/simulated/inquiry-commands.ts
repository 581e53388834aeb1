/**
 * Commands that describe the unit: INQUIRY, REPORT LUNS, READ CAPACITY, REQUEST SENSE
 * and TEST UNIT READY. They read the unit's state and change none, but for REQUEST SENSE, which takes a unit attention
 * condition with it.
 */
import { OperationCode, ServiceActionIn16, Size } from "../../src/core/generated/codes.ts";
import {
  InquiryCdb,
  InquiryData,
  ReadCapacity10Cdb,
  ReadCapacity16Cdb,
  ReadCapacity16Data,
  ReportLunsCdb,
  RequestSenseCdb,
  TestUnitReadyCdb,
} from "../../src/core/generated/fields.ts";
import { CommandRecord } from "../../src/core/generated/records.ts";
import { core, dataOut, dataWindow, longsIn, word } from "../../src/core/index.ts";
import { Access } from "./access.ts";
import { type Answer, dataAnswer, faultAnswer, goodAnswer } from "./answer.ts";
import type { CommandRow } from "./command.ts";
import type { Nexus } from "./nexus.ts";
import { IMPLICIT_ACCESS } from "./port-group-commands.ts";
import { encodeSenseCode, faultInCdb, inDescriptorFormat } from "./sense.ts";
import { attentionSense } from "./unit-attentions.ts";
import type { UnitState } from "./unit-state.ts";
import { putPage } from "./vpd-pages.ts";

/**
 * T10 VENDOR IDENTIFICATION, PRODUCT IDENTIFICATION, PRODUCT REVISION LEVEL: bytes 8 to 35 of standard INQUIRY data.
 */
const identification = ({ vendor, product }: UnitState): Uint8Array =>
  new TextEncoder().encode(`${vendor.padEnd(8)}${product.padEnd(16)}0001`);
const IDENTIFICATION_OFFSET = 8;
/** VERSION 06h: SPC-4. */
const VERSION = 6;
/** VERSION DESCRIPTORS from byte 58 on (spc4r36f): the device's kind knows them. */
const VERSION_DESCRIPTORS_OFFSET = 58;
/** The whole of standard INQUIRY data without vendor specific parameters. */
const INQUIRY_LENGTH = 96;

const testUnitReady = (): Answer => goodAnswer;
/** Always allowed but under RESERVE; some devices are of an older mind (spc4r36f table 65 note b). */
const testUnitReadyAccess = ({ testUnitReadyConflicts }: UnitState): number =>
  testUnitReadyConflicts ? Access.reads : Access.unlessReserved;

/** REQUEST SENSE: reports the first unit attention condition in its data and clears it (sam4r14 5.14 e). */
function requestSense(_unit: UnitState, nexus: Nexus): Answer {
  const descriptors = word(CommandRecord.FLAG) !== 0;
  const allocationLength = word(CommandRecord.LENGTH);
  const condition = nexus.attentions.shift();
  const sense = condition === undefined ? encodeSenseCode({ senseKey: 0, asc: 0, ascq: 0 }) : attentionSense(condition);
  return dataAnswer(descriptors ? inDescriptorFormat(sense) : sense, allocationLength);
}

/** INQUIRY: smr-j. */
function inquiry(unit: UnitState, nexus: Nexus): Answer {
  const allocationLength = word(CommandRecord.LENGTH);
  const pageCode = word(CommandRecord.PAGE);
  if (word(CommandRecord.FLAG) === 0) {
    if (pageCode !== 0) return faultAnswer(faultInCdb(InquiryCdb.PAGE_CODE));
    return dataAnswer(standardInquiryData(unit), allocationLength);
  }
  const length = putPage(unit, nexus, pageCode);
  if (length === undefined) return faultAnswer(faultInCdb(InquiryCdb.PAGE_CODE));
  return dataAnswer(dataOut(core.encodeVpdHeader(0, unit.kind.deviceType, pageCode, length)), allocationLength);
}

function standardInquiryData(unit: UnitState): Uint8Array {
  const { removable, rules, kind } = unit;
  const head = core.encodeInquiry(0, kind.deviceType, removable ? 1 : 0, VERSION);
  dataWindow.fill(0, head, INQUIRY_LENGTH);
  dataWindow.set(identification(unit), IDENTIFICATION_OFFSET);
  dataWindow.set(kind.versionDescriptors, VERSION_DESCRIPTORS_OFFSET);
  core.putDataField(0, InquiryData.ADDITIONAL_LENGTH, INQUIRY_LENGTH - 5);
  core.putDataField(0, InquiryData.TPGS, kind.name === "disk" ? IMPLICIT_ACCESS : 0);
  core.putDataField(0, InquiryData.THREE_PC, kind.copies ? 1 : 0);
  core.putDataField(0, InquiryData.MULTIP, rules.targetPorts.length > 1 ? 1 : 0);
  return dataOut(INQUIRY_LENGTH);
}

/** SELECT REPORT: 00h and 02h all logical units that exist here; 01h well known ones, of which there are none. */
const SELECT_REPORT = { addressable: 0, wellKnown: 1, all: 2 } as const;

/** REPORT LUNS: smr-j. */
function reportLuns(unit: UnitState): Answer {
  const allocationLength = word(CommandRecord.LENGTH);
  const selectReport = word(CommandRecord.PAGE);
  if (selectReport > SELECT_REPORT.all) return faultAnswer(faultInCdb(ReportLunsCdb.SELECT_REPORT));
  const luns = selectReport === SELECT_REPORT.wellKnown ? [] : unit.luns();
  // Peripheral device addressing, bus 0: the LUN in the second of eight bytes.
  longsIn(luns.map((lun) => BigInt(lun) << 48n));
  return dataAnswer(dataOut(core.encodeLuns(luns.length)), allocationLength);
}

/** READ CAPACITY(10): smr-j. */
function readCapacity10({ blocks, blockSize }: UnitState): Answer {
  const lastLba = Math.min(blocks - 1, 0xffff_ffff);
  return dataAnswer(dataOut(core.encodeCapacity10(lastLba, blockSize)), Size.READ_CAPACITY_10_DATA);
}

/** READ CAPACITY(16): smr-j. */
function readCapacity16({ blocks, blockSize, thin }: UnitState): Answer {
  const allocationLength = word(CommandRecord.LENGTH);
  const length = core.encodeCapacity16(BigInt(blocks - 1), blockSize);
  core.putDataField(0, ReadCapacity16Data.LBPME, thin ? 1 : 0);
  core.putDataField(0, ReadCapacity16Data.LBPRZ, thin ? 1 : 0);
  return dataAnswer(dataOut(length), allocationLength);
}

const always = { access: Access.always, ignoresAttentions: true, allowedWhenLost: true } as const;

// biome-ignore format: one row per command
export const inquiryCommands: readonly CommandRow[] = [
  { operationCode: OperationCode.TEST_UNIT_READY, cdb: TestUnitReadyCdb, access: testUnitReadyAccess, medium: "read", perform: testUnitReady },
  { operationCode: OperationCode.REQUEST_SENSE, cdb: RequestSenseCdb, ...always, perform: requestSense },
  { operationCode: OperationCode.INQUIRY, cdb: InquiryCdb, ...always, perform: inquiry },
  { operationCode: OperationCode.REPORT_LUNS, cdb: ReportLunsCdb, ...always, perform: reportLuns },
];

// biome-ignore format: one row per command
export const capacityCommands: readonly CommandRow[] = [
  { operationCode: OperationCode.READ_CAPACITY_10, cdb: ReadCapacity10Cdb, access: Access.always, medium: "read", perform: readCapacity10 },
  { operationCode: OperationCode.SERVICE_ACTION_IN_16, serviceAction: ServiceActionIn16.READ_CAPACITY_16, cdb: ReadCapacity16Cdb, access: Access.always, medium: "read", perform: readCapacity16 },
];

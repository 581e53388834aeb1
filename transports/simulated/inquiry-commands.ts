/**
 * Commands that describe the unit: INQUIRY with its vital product data pages, REPORT LUNS, READ CAPACITY, REQUEST SENSE
 * and TEST UNIT READY. They read the unit's state and change none, but for REQUEST SENSE, which takes a unit attention
 * condition with it.
 */
import { Size, VpdPage } from "../../src/core/generated/codes.ts";
import { InquiryCdb, ReportLunsCdb, RequestSenseCdb } from "../../src/core/generated/fields.ts";
import { CommandRecord } from "../../src/core/generated/records.ts";
import { core, dataOut, dataWindow, longsIn, word } from "../../src/core/index.ts";
import { type Answer, dataAnswer, faultAnswer, goodAnswer } from "./answer.ts";
import type { Nexus } from "./nexus.ts";
import { encodeSenseCode, faultInCdb } from "./sense.ts";
import { attentionSense } from "./unit-attentions.ts";
import type { UnitState } from "./unit-state.ts";

const ascii = new TextEncoder();
/**
 * T10 VENDOR IDENTIFICATION, PRODUCT IDENTIFICATION, PRODUCT REVISION LEVEL: bytes 8 to 35 of standard INQUIRY data.
 */
const VENDOR = "SIMULATE";
const IDENTIFICATION = ascii.encode(`${VENDOR}PERSISTENT DISK 0001`);
const IDENTIFICATION_OFFSET = 8;
/** VERSION 06h: SPC-4. */
const VERSION = 6;

export const testUnitReady = (): Answer => goodAnswer;

/** REQUEST SENSE: reports the first unit attention condition in its data and clears it (sam4r14 5.14 e). */
export function requestSense(_unit: UnitState, nexus: Nexus): Answer {
  // Only fixed format exists here.
  if (word(CommandRecord.FLAG) !== 0) return faultAnswer(faultInCdb(RequestSenseCdb.DESC));
  const allocationLength = word(CommandRecord.LENGTH);
  const condition = nexus.attentions.shift();
  const sense = condition === undefined ? encodeSenseCode({ senseKey: 0, asc: 0, ascq: 0 }) : attentionSense(condition);
  return dataAnswer(sense, allocationLength);
}

/** INQUIRY: smr-j. */
export function inquiry(unit: UnitState, nexus: Nexus): Answer {
  const allocationLength = word(CommandRecord.LENGTH);
  const pageCode = word(CommandRecord.PAGE);
  if (word(CommandRecord.FLAG) === 0) {
    if (pageCode !== 0) return faultAnswer(faultInCdb(InquiryCdb.PAGE_CODE));
    const length = core.encodeInquiry(0, 0, 0, VERSION);
    dataWindow.set(IDENTIFICATION, IDENTIFICATION_OFFSET);
    return dataAnswer(dataOut(length), allocationLength);
  }
  const contents = pages[pageCode];
  if (contents === undefined) return faultAnswer(faultInCdb(InquiryCdb.PAGE_CODE));
  return dataAnswer(dataOut(core.encodeVpdHeader(0, 0, pageCode, contents(unit, nexus))), allocationLength);
}

/** Each page puts its contents into the data window, after the header's place, and returns their length. */
const pages: Readonly<Record<number, (unit: UnitState, nexus: Nexus) => number>> = {
  [VpdPage.SUPPORTED_VPD_PAGES]: () => put(Uint8Array.from(Object.keys(pages), Number), Size.VPD_HEADER),
  [VpdPage.UNIT_SERIAL_NUMBER]: (unit) => put(ascii.encode(unit.serialNumber), Size.VPD_HEADER),
  [VpdPage.DEVICE_IDENTIFICATION]: designators,
};

function put(bytes: Uint8Array, offset: number): number {
  dataWindow.set(bytes, offset);
  return bytes.length;
}

const CODE_SET = { binary: 1, ascii: 2 } as const;
const ASSOCIATION = { logicalUnit: 0, targetPort: 1 } as const;
const DESIGNATOR = { t10VendorId: 1, naa: 3, relativeTargetPort: 4 } as const;

function designators(unit: UnitState, nexus: Nexus): number {
  let offset: number = Size.VPD_HEADER;
  const designate = (codeSet: number, association: number, type: number, bytes: Uint8Array) => {
    offset = core.encodeDesignatorHeader(offset, codeSet, -1, association, type, bytes.length);
    offset += put(bytes, offset);
  };
  designate(CODE_SET.binary, ASSOCIATION.logicalUnit, DESIGNATOR.naa, naa(unit.serialNumber));
  const vendorId = ascii.encode(VENDOR + unit.serialNumber);
  designate(CODE_SET.ascii, ASSOCIATION.logicalUnit, DESIGNATOR.t10VendorId, vendorId);
  const port = new Uint8Array(4);
  new DataView(port.buffer).setUint16(2, nexus.relativeTargetPort);
  designate(CODE_SET.binary, ASSOCIATION.targetPort, DESIGNATOR.relativeTargetPort, port);
  return offset - Size.VPD_HEADER;
}

/** NAA 3h, locally assigned: 60 bits of the serial number's FNV-1a hash, so that equal names mean equal units. */
function naa(serialNumber: string): Uint8Array {
  let hash = 0xcbf29ce484222325n;
  for (const byte of ascii.encode(serialNumber)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, (3n << 60n) | BigInt.asUintN(60, hash));
  return bytes;
}

/** SELECT REPORT: 00h and 02h all logical units that exist here; 01h well known ones, of which there are none. */
const SELECT_REPORT = { addressable: 0, wellKnown: 1, all: 2 } as const;

/** REPORT LUNS: smr-j. */
export function reportLuns(unit: UnitState): Answer {
  const allocationLength = word(CommandRecord.LENGTH);
  const selectReport = word(CommandRecord.PAGE);
  if (selectReport > SELECT_REPORT.all) return faultAnswer(faultInCdb(ReportLunsCdb.SELECT_REPORT));
  const luns = selectReport === SELECT_REPORT.wellKnown ? [] : unit.luns();
  // Peripheral device addressing, bus 0: the LUN in the second of eight bytes.
  longsIn(luns.map((lun) => BigInt(lun) << 48n));
  return dataAnswer(dataOut(core.encodeLuns(luns.length)), allocationLength);
}

/** READ CAPACITY(10): smr-j. */
export function readCapacity10({ blocks, blockSize }: UnitState): Answer {
  const lastLba = Math.min(blocks - 1, 0xffff_ffff);
  return dataAnswer(dataOut(core.encodeCapacity10(lastLba, blockSize)), Size.READ_CAPACITY_10_DATA);
}

/** READ CAPACITY(16): smr-j. */
export function readCapacity16({ blocks, blockSize }: UnitState): Answer {
  const allocationLength = word(CommandRecord.LENGTH);
  return dataAnswer(dataOut(core.encodeCapacity16(BigInt(blocks - 1), blockSize)), allocationLength);
}

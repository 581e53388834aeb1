/** INQUIRY (12h): what kind of device answers, and which one it is. Allowed under every reservation. */
import { ascii } from "../ascii.ts";
import { checkInteger } from "../check.ts";
import { answerIn, type Command, malformed } from "../command.ts";
import { Size, VpdPage } from "../core/generated/codes.ts";
import { InquiryRecord, ListRecord, DesignatorRow as Row } from "../core/generated/records.ts";
import { cdbOut, core, dataOut, dataWindow, word } from "../core/index.ts";
import { rowAt } from "../transport-id.ts";

/** Standard INQUIRY data. */
export interface InquiryData {
  /** PERIPHERAL QUALIFIER: 0 if a device is there; 3 if none can be. */
  readonly peripheralQualifier: number;
  /** PERIPHERAL DEVICE TYPE: 0x00 disk, 0x01 tape, 0x08 medium changer, 0x1f none. */
  readonly peripheralDeviceType: number;
  /** RMB: its medium can be taken out. */
  readonly removable: boolean;
  /** VERSION: 5 SPC-3, 6 SPC-4, 7 SPC-5; 0 claims no standard. */
  readonly version: number;
  /** Vendor, product and revision without the spaces that fill them up; what is not printable ASCII reads as `?`. */
  readonly vendor: string;
  /** PRODUCT IDENTIFICATION, likewise. */
  readonly product: string;
  /** PRODUCT REVISION LEVEL, likewise. */
  readonly revision: string;
  /** TPGS: 0 none, 1 implicit, 2 explicit, 3 both kinds of asymmetric access. */
  readonly targetPortGroups: number;
  /** MULTIP: several target ports. */
  readonly multiPort: boolean;
  /** CMDQUE: queues commands. */
  readonly commandQueuing: boolean;
}

/** How much room the answer gets. */
export interface InquiryOptions {
  /** ALLOCATION LENGTH, 5 to 65535 bytes. If more exists, LogicalUnit asks once more with what is needed. */
  readonly allocationLengthBytes?: number | undefined;
}

const MAX_ALLOCATION = 0xffff;

/** Text fields of standard INQUIRY data: first byte and length (smr-j, standard INQUIRY data). */
const textFields = { vendor: [8, 8], product: [16, 16], revision: [32, 4] } as const;

/**
 * INQUIRY: standard data.
 *
 * @returns a command for {@link InquiryData}
 * @throws RangeError for an allocation length that the CDB cannot carry
 * @example
 * const { vendor, product } = await unit.inquiry();
 */
export function inquiry(options: InquiryOptions = {}): Command<InquiryData> {
  // SPC-2 devices may reject more than 255 in what used to be a one-byte field.
  const allocationLength = checkInteger(
    "allocationLengthBytes",
    options.allocationLengthBytes ?? 96,
    5,
    MAX_ALLOCATION,
  );
  return {
    name: "INQUIRY",
    cdb: cdbOut(core.inquiry(0, 0, allocationLength)),
    dataInLength: allocationLength,
    effect: "none",
    layout: { cdb: "InquiryCdb" },
    read(bytes) {
      answerIn("INQUIRY", bytes);
      if (core.decodeInquiry(bytes.length) !== 0)
        throw malformed("INQUIRY", bytes, "at least 5 bytes of standard data");
      const there = word(InquiryRecord.THERE);
      const text = ([from, length]: readonly [number, number]): string =>
        ascii(dataWindow.subarray(Math.min(from, there), Math.min(from + length, there)));
      return {
        peripheralQualifier: word(InquiryRecord.QUALIFIER),
        peripheralDeviceType: word(InquiryRecord.DEVICE_TYPE),
        removable: word(InquiryRecord.REMOVABLE) === 1,
        version: word(InquiryRecord.VERSION),
        vendor: text(textFields.vendor),
        product: text(textFields.product),
        revision: text(textFields.revision),
        targetPortGroups: word(InquiryRecord.TPGS),
        multiPort: word(InquiryRecord.MULTIP) === 1,
        commandQueuing: word(InquiryRecord.CMDQUE) === 1,
      };
    },
  };
}

/** One vital product data page; `result` reads what the core has decoded. */
function vpdCommand<Result>(
  name: string,
  pageCode: number,
  allocationLengthBytes: number | undefined,
  decode: (pageCode: number, length: number) => number,
  result: () => Result,
): Command<Result> {
  const allocationLength = checkInteger("allocationLengthBytes", allocationLengthBytes ?? 252, 4, MAX_ALLOCATION);
  const load = (bytes: Uint8Array): void => {
    answerIn(name, bytes);
    if (decode(pageCode, bytes.length) !== 0) {
      throw malformed(name, bytes, `VPD page ${pageCode.toString(16).padStart(2, "0")}h whose lengths fit`);
    }
  };
  return {
    name,
    cdb: cdbOut(core.inquiry(1, pageCode, allocationLength)),
    dataInLength: allocationLength,
    effect: "none",
    layout: { cdb: "InquiryCdb" },
    read(bytes) {
      load(bytes);
      return result();
    },
    again(bytes) {
      load(bytes);
      const needed = Math.min(word(ListRecord.WHOLE_LENGTH), MAX_ALLOCATION);
      if (needed <= allocationLength) return undefined;
      return vpdCommand(name, pageCode, needed, decode, result);
    },
  };
}

const contents = (): Uint8Array => dataOut(Size.VPD_HEADER + word(ListRecord.COUNT)).subarray(Size.VPD_HEADER);

/**
 * INQUIRY, VPD page 00h: which vital product data pages there are.
 *
 * @returns a command for the page codes and whether the list is whole
 */
export function supportedVpdPages(
  options: InquiryOptions = {},
): Command<{ readonly pages: readonly number[]; readonly truncated: boolean }> {
  return vpdCommand(
    "INQUIRY SUPPORTED VPD PAGES",
    VpdPage.SUPPORTED_VPD_PAGES,
    options.allocationLengthBytes,
    core.decodeVpdHeader,
    () => ({ pages: Array.from(contents()), truncated: word(ListRecord.TRUNCATED) === 1 }),
  );
}

/**
 * INQUIRY, VPD page 80h: the unit's serial number.
 *
 * @returns a command for the serial number without padding, and whether it is whole
 */
export function unitSerialNumber(
  options: InquiryOptions = {},
): Command<{ readonly serialNumber: string; readonly truncated: boolean }> {
  return vpdCommand(
    "INQUIRY UNIT SERIAL NUMBER",
    VpdPage.UNIT_SERIAL_NUMBER,
    options.allocationLengthBytes,
    core.decodeVpdHeader,
    () => ({ serialNumber: ascii(contents()), truncated: word(ListRecord.TRUNCATED) === 1 }),
  );
}

/** What a designator names (smr-j, ASSOCIATION). */
export type DesignatorAssociation = "logical-unit" | "target-port" | "target-device" | "reserved";

/** One designation descriptor of VPD page 83h. */
export interface Designator {
  /** ASSOCIATION: what it names. */
  readonly association: DesignatorAssociation;
  /** DESIGNATOR TYPE: 1 T10 vendor ID, 2 EUI-64, 3 NAA, 4 relative target port, 5 target port group, 8 SCSI name string … */
  readonly type: number;
  /** CODE SET: 1 binary, 2 ASCII, 3 UTF-8. */
  readonly codeSet: number;
  /** PROTOCOL IDENTIFIER, where PIV says that it counts. */
  readonly protocolIdentifier: number | undefined;
  /** The designator itself. */
  readonly bytes: Uint8Array;
}

const associations: readonly DesignatorAssociation[] = ["logical-unit", "target-port", "target-device", "reserved"];

function designator(index: number): Designator {
  const row = rowAt(index, Row.SIZE);
  const protocol = word(row + Row.PROTOCOL) | 0;
  const offset = word(row + Row.OFFSET);
  return {
    association: associations[word(row + Row.ASSOCIATION)] as DesignatorAssociation,
    type: word(row + Row.TYPE),
    codeSet: word(row + Row.CODE_SET),
    protocolIdentifier: protocol < 0 ? undefined : protocol,
    bytes: dataWindow.slice(offset, offset + word(row + Row.LENGTH)),
  };
}

/**
 * INQUIRY, VPD page 83h: by which designators the logical unit, the target port and the target device are known. Two paths
 * lead to one unit if they report the same designator for `logical-unit`.
 *
 * @returns a command for the designators and whether the list is whole
 */
export function deviceIdentification(
  options: InquiryOptions = {},
): Command<{ readonly designators: readonly Designator[]; readonly truncated: boolean }> {
  return vpdCommand(
    "INQUIRY DEVICE IDENTIFICATION",
    VpdPage.DEVICE_IDENTIFICATION,
    options.allocationLengthBytes,
    core.decodeDesignators,
    () => ({
      designators: Array.from({ length: word(ListRecord.COUNT) }, (_, index) => designator(index)),
      truncated: word(ListRecord.TRUNCATED) === 1,
    }),
  );
}

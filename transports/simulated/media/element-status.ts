/**
 * READ ELEMENT STATUS: the library's elements as bytes. Made in the core's data window from the rows; decides nothing.
 */
import { ElementType, MediaSize } from "../../../src/core/generated/media-codes.ts";
import {
  ElementDescriptor,
  ElementIdentifier,
  ElementStatusHeader,
  ElementStatusPageHeader,
  ReadElementStatusCdb,
} from "../../../src/core/generated/media-fields.ts";
import { core, dataOut, dataSize, dataWindow } from "../../../src/core/index.ts";
import { type Answer, dataAnswer, faultAnswer } from "../answer.ts";
import { faultInCdb, plainFault, senseCodes } from "../sense.ts";
import type { UnitState } from "../unit-state.ts";
import type { Drive } from "./drive.ts";
import type { Element, Library } from "./library.ts";

const ascii = new TextEncoder();
const padded = (text: string, length: number): Uint8Array => ascii.encode(text.slice(0, length).padEnd(length));

/** Vendor, product and serial number, as tgt has it in an identifier (usr/smc.c). */
const identifierOf = ({ identity }: Drive): Uint8Array =>
  identity === undefined
    ? new Uint8Array(0)
    : ascii.encode(identity.vendor.padEnd(8) + identity.product.padEnd(16) + identity.serialNumber);

const IDENTIFIER = { ascii: 2, t10VendorId: 1 } as const;

/** How the descriptors of one page are laid out. */
interface Form {
  readonly volumeTags: boolean;
  readonly identifiers: boolean;
  readonly length: number;
}

function formOf(library: Library, type: number, volumeTags: boolean, identifiers: boolean): Form {
  const longest = identifiers && type === ElementType.DATA_TRANSFER ? library.drives.map(identifierOf) : [];
  const length =
    MediaSize.ELEMENT_DESCRIPTOR +
    (volumeTags ? MediaSize.VOLUME_TAG : 0) +
    MediaSize.ELEMENT_IDENTIFIER_HEADER +
    Math.max(0, ...longest.map((identifier) => identifier.length));
  return { volumeTags, identifiers, length };
}

/** Can the robot reach into it? */
function isAccessible(library: Library, { type, drive }: Element): boolean {
  if (type === ElementType.IMPORT_EXPORT) return !library.mailslotOpen;
  return drive === undefined || !drive.loaded || !drive.preventsRemoval();
}

function putDescriptor(at: number, library: Library, element: Element, form: Form): void {
  const { address, type, cartridge, source, drive } = element;
  dataWindow.fill(0, at, at + form.length);
  const put = (row: number, value: number | boolean) => core.putDataField(at, row, Number(value));
  put(ElementDescriptor.ELEMENT_ADDRESS, address);
  put(ElementDescriptor.FULL, cartridge !== null);
  if (type !== ElementType.MEDIUM_TRANSPORT) put(ElementDescriptor.ACCESS, isAccessible(library, element));
  if (type === ElementType.IMPORT_EXPORT) {
    put(ElementDescriptor.INENAB, 1);
    put(ElementDescriptor.EXENAB, 1);
    put(ElementDescriptor.IMPEXP, cartridge !== null && element.byOperator);
  }
  if (cartridge !== null && source !== null) {
    put(ElementDescriptor.SVALID, 1);
    put(ElementDescriptor.SOURCE_STORAGE_ELEMENT_ADDRESS, source);
  }
  let end = at + MediaSize.ELEMENT_DESCRIPTOR;
  if (form.volumeTags) {
    if (cartridge !== null) dataWindow.set(padded(cartridge.barcode, MediaSize.VOLUME_TAG_TEXT), end);
    end += MediaSize.VOLUME_TAG;
  }
  const identifier = form.identifiers && drive !== undefined ? identifierOf(drive) : undefined;
  if (identifier === undefined || identifier.length === 0) return;
  core.putDataField(end, ElementIdentifier.CODE_SET, IDENTIFIER.ascii);
  core.putDataField(end, ElementIdentifier.IDENTIFIER_TYPE, IDENTIFIER.t10VendorId);
  core.putDataField(end, ElementIdentifier.IDENTIFIER_LENGTH, identifier.length);
  dataWindow.set(identifier, end + MediaSize.ELEMENT_IDENTIFIER_HEADER);
}

/** READ ELEMENT STATUS. Only whole descriptors are sent (sl500 page 220); the counts tell of all. */
export function readElementStatus(unit: UnitState): Answer {
  const rows = ReadElementStatusCdb;
  const library = unit.library as Library;
  const type = core.cdbField(rows.ELEMENT_TYPE_CODE);
  const start = core.cdbField(rows.STARTING_ELEMENT_ADDRESS);
  const most = core.cdbField(rows.NUMBER_OF_ELEMENTS);
  const allocationLength = Math.min(core.cdbField(rows.ALLOCATION_LENGTH), dataSize);
  const volumeTags = core.cdbField(rows.VOLTAG) === 1;
  const identifiers = core.cdbField(rows.DVCID) === 1;
  if (type > ElementType.DATA_TRANSFER) return faultAnswer(faultInCdb(rows.ELEMENT_TYPE_CODE));
  const asked = library.elements.filter(
    (one) => (type === ElementType.ALL || one.type === type) && one.address >= start,
  );
  if (asked.length === 0) return faultAnswer(plainFault(senseCodes.invalidElementAddress));
  const chosen = asked.slice(0, most);

  let at: number = MediaSize.ELEMENT_STATUS_HEADER;
  let available = 0;
  const fits = (bytes: number) => at + bytes <= allocationLength;
  let room = fits(0);
  for (const pageType of new Set(chosen.map((element) => element.type))) {
    const form = formOf(library, pageType, volumeTags, identifiers);
    const page = chosen.filter((element) => element.type === pageType);
    available += MediaSize.ELEMENT_STATUS_PAGE_HEADER + page.length * form.length;
    room &&= fits(MediaSize.ELEMENT_STATUS_PAGE_HEADER);
    if (room) {
      dataWindow.fill(0, at, at + MediaSize.ELEMENT_STATUS_PAGE_HEADER);
      core.putDataField(at, ElementStatusPageHeader.ELEMENT_TYPE_CODE, pageType);
      core.putDataField(at, ElementStatusPageHeader.PVOLTAG, volumeTags ? 1 : 0);
      core.putDataField(at, ElementStatusPageHeader.ELEMENT_DESCRIPTOR_LENGTH, form.length);
      const bytes = page.length * form.length;
      core.putDataField(at, ElementStatusPageHeader.BYTE_COUNT_OF_DESCRIPTOR_DATA_AVAILABLE, bytes);
      at += MediaSize.ELEMENT_STATUS_PAGE_HEADER;
    }
    for (const element of page) {
      room &&= fits(form.length);
      if (!room) break;
      putDescriptor(at, library, element, form);
      at += form.length;
    }
  }
  dataWindow.fill(0, 0, MediaSize.ELEMENT_STATUS_HEADER);
  const first = Math.min(...chosen.map(({ address }) => address));
  core.putDataField(0, ElementStatusHeader.FIRST_ELEMENT_ADDRESS_REPORTED, chosen.length === 0 ? 0 : first);
  core.putDataField(0, ElementStatusHeader.NUMBER_OF_ELEMENTS_AVAILABLE, chosen.length);
  core.putDataField(0, ElementStatusHeader.BYTE_COUNT_OF_REPORT_AVAILABLE, available);
  return dataAnswer(dataOut(at), allocationLength);
}

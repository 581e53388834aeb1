/**
 * The elements of a media changer: what READ ELEMENT STATUS says of each. The core has made sure that every descriptor is there
 * as a whole; here its fields are read by their rows, and named.
 */
import { ascii } from "../ascii.ts";
import { ElementType as Codes, MediaSize } from "../core/generated/media-codes.ts";
import { ElementDescriptor, ElementIdentifier } from "../core/generated/media-fields.ts";
import { ElementRow } from "../core/generated/records.ts";
import { core, dataWindow, word } from "../core/index.ts";
import { rowAt } from "../transport-id.ts";

/** What an element is, in SMC-3's words: the robot's hand, a slot, a slot of the mailslot, a drive. */
export type ElementType = "medium-transport" | "storage" | "import-export" | "data-transfer";

/** ELEMENT TYPE CODE by name. */
export const elementTypes: Readonly<Record<ElementType, number>> = {
  "medium-transport": Codes.MEDIUM_TRANSPORT,
  storage: Codes.STORAGE,
  "import-export": Codes.IMPORT_EXPORT,
  "data-transfer": Codes.DATA_TRANSFER,
};

const typeNames = new Map(Object.entries(elementTypes).map(([name, code]) => [code, name as ElementType]));

/** One element as the device reports it. */
export interface Element {
  /** ELEMENT ADDRESS, 0 to 65535: what MOVE MEDIUM takes. */
  readonly address: number;
  /** ELEMENT TYPE CODE, in words. */
  readonly type: ElementType;
  /** FULL: a medium is in it. */
  readonly full: boolean;
  /** ACCESS: the robot can reach into it. Devices set it for all but the robot itself. */
  readonly accessible: boolean;
  /** EXCEPT: it is in an abnormal state, with this ADDITIONAL SENSE CODE and qualifier; otherwise undefined. */
  readonly exception: { readonly asc: number; readonly ascq: number } | undefined;
  /** IMPEXP, of the mailslot: an operator put the medium there, and not the robot. */
  readonly byOperator: boolean;
  /** INENAB, EXENAB, of the mailslot: media can come in, and go out, through it. */
  readonly importEnabled: boolean;
  /** EXENAB, of the mailslot: media can go out through it. */
  readonly exportEnabled: boolean;
  /** SOURCE STORAGE ELEMENT ADDRESS, where SVALID says that it counts: where the medium last had its place. */
  readonly source: number | undefined;
  /** INVERT: it was turned over on its way here. Only where SVALID is 1. */
  readonly inverted: boolean;
  /** The primary volume tag, usually the barcode, without padding; undefined if there is none. */
  readonly volumeTag: string | undefined;
  /** The alternate volume tag, likewise. */
  readonly alternateVolumeTag: string | undefined;
  /** The device identifier of a drive, as text; undefined if the device tells none, or not as ASCII or UTF-8. */
  readonly identifier: string | undefined;
}

/** What a descriptor holds besides its fields: none is an empty text. */
const textAt = (from: number, length: number): string | undefined =>
  ascii(dataWindow.subarray(from, from + length)) || undefined;

const BINARY = 1;

/** The device identifier that stands at `at`, if there is one before `end`. */
function identifierAt(at: number, end: number): string | undefined {
  const from = at + MediaSize.ELEMENT_IDENTIFIER_HEADER;
  if (from > end) return undefined;
  const length = core.dataField(at, ElementIdentifier.IDENTIFIER_LENGTH);
  const codeSet = core.dataField(at, ElementIdentifier.CODE_SET);
  return length === 0 || length > end - from || codeSet <= BINARY ? undefined : textAt(from, length);
}

/** The element of a row that decodeElementStatus has just made. */
export function elementOf(index: number): Element {
  const row = rowAt(index, ElementRow.SIZE);
  const at = word(row + ElementRow.OFFSET);
  const end = at + word(row + ElementRow.LENGTH);
  const field = (position: number): number => core.dataField(at, position);
  const flag = (position: number): boolean => field(position) === 1;
  let tagsEnd = at + MediaSize.ELEMENT_DESCRIPTOR;
  const tag = (there: number): string | undefined => {
    if (there === 0) return undefined;
    tagsEnd += MediaSize.VOLUME_TAG;
    return textAt(tagsEnd - MediaSize.VOLUME_TAG, MediaSize.VOLUME_TAG_TEXT);
  };
  const volumeTag = tag(word(row + ElementRow.PVOLTAG));
  const alternateVolumeTag = tag(word(row + ElementRow.AVOLTAG));
  const sourceValid = flag(ElementDescriptor.SVALID);
  const type = typeNames.get(word(row + ElementRow.TYPE)) as ElementType;
  const mailslot = type === "import-export";
  return {
    address: field(ElementDescriptor.ELEMENT_ADDRESS),
    type,
    full: flag(ElementDescriptor.FULL),
    accessible: flag(ElementDescriptor.ACCESS),
    exception: flag(ElementDescriptor.EXCEPT)
      ? {
          asc: field(ElementDescriptor.ADDITIONAL_SENSE_CODE),
          ascq: field(ElementDescriptor.ADDITIONAL_SENSE_CODE_QUALIFIER),
        }
      : undefined,
    byOperator: mailslot && flag(ElementDescriptor.IMPEXP),
    importEnabled: mailslot && flag(ElementDescriptor.INENAB),
    exportEnabled: mailslot && flag(ElementDescriptor.EXENAB),
    source: sourceValid ? field(ElementDescriptor.SOURCE_STORAGE_ELEMENT_ADDRESS) : undefined,
    inverted: sourceValid && flag(ElementDescriptor.INVERT),
    volumeTag,
    alternateVolumeTag,
    identifier: identifierAt(tagsEnd, end),
  };
}

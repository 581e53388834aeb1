/**
 * The commands that a reservation-aware tool sends to a media changer, as values: no I/O. Where their fields stand says
 * assembly/media-fields.ts, with the source of each.
 */
import { checkFlag, checkInteger, checkOneOf } from "../check.ts";
import { answerIn, type Command, malformed } from "../command.ts";
import { OperationCode, Size } from "../core/generated/codes.ts";
import { ModeSense6Cdb, PreventAllowMediumRemovalCdb } from "../core/generated/fields.ts";
import { ChangerModePage, ChangerOperationCode } from "../core/generated/media-codes.ts";
import { ElementAddressAssignmentPage, MoveMediumCdb, ReadElementStatusCdb } from "../core/generated/media-fields.ts";
import { ListRecord } from "../core/generated/records.ts";
import { cdbOut, core, dataSize, word } from "../core/index.ts";
import { type Element, type ElementType, elementOf, elementTypes } from "./elements.ts";

const MAX_ADDRESS = 0xffff;
const typeWords = Object.keys(elementTypes) as ElementType[];

/** A CDB with some fields of it; all others are 0. */
function cdbOf(operationCode: number, length: number, fields: readonly (readonly [row: number, value: number])[]) {
  core.beginCdb(operationCode);
  for (const [row, value] of fields) core.putCdbField(row, value);
  return cdbOut(length);
}

const nothing = (): void => {};

/** What READ ELEMENT STATUS asks for. */
export interface ReadElementStatusOptions {
  /** Only elements of this type; all if absent. */
  readonly type?: ElementType | undefined;
  /** STARTING ELEMENT ADDRESS, 0 to 65535: the lowest of interest. Default 0. */
  readonly startingAddress?: number | undefined;
  /** NUMBER OF ELEMENTS: the most to report, 0 to 65535. Default 65535. */
  readonly count?: number | undefined;
  /** VOLTAG: with volume tags. Default true. */
  readonly volumeTags?: boolean | undefined;
  /** CURDATA: what the device knows, without moving anything. Libraries answer that whoever holds a reservation. */
  readonly currentData?: boolean | undefined;
  /** DVCID: with the identifiers of drives. */
  readonly deviceIdentifiers?: boolean | undefined;
  /** ALLOCATION LENGTH, 8 to 262144 bytes; default 4096 (tgt takes no more than a page of memory). If more exists, LogicalUnit asks once more with what is needed. */
  readonly allocationLengthBytes?: number | undefined;
}

/** Elements as READ ELEMENT STATUS reports them. */
export interface ElementStatus {
  /** Those that arrived, in the order in which the device lists them. */
  readonly elements: readonly Element[];
  /** NUMBER OF ELEMENTS AVAILABLE: how many meet the request, arrived or not. */
  readonly available: number;
  /** Not all of them arrived. */
  readonly truncated: boolean;
}

/**
 * READ ELEMENT STATUS (B8h).
 *
 * @returns a command for {@link ElementStatus}
 * @throws TypeError or RangeError for an argument that the CDB cannot carry
 */
export function readElementStatus(options: ReadElementStatusOptions = {}): Command<ElementStatus> {
  const name = "READ ELEMENT STATUS";
  const allocationLength = checkInteger("allocationLengthBytes", options.allocationLengthBytes ?? 4096, 8, dataSize);
  const type = options.type === undefined ? 0 : elementTypes[checkOneOf("type", options.type, typeWords)];
  const load = (bytes: Uint8Array): void => {
    answerIn(name, bytes);
    if (core.decodeElementStatus(bytes.length) !== 0) {
      throw malformed(name, bytes, "element status pages whose lengths fit");
    }
  };
  return {
    name,
    cdb: cdbOf(ChangerOperationCode.READ_ELEMENT_STATUS, Size.CDB_12, [
      [ReadElementStatusCdb.VOLTAG, Number(checkFlag("volumeTags", options.volumeTags ?? true))],
      [ReadElementStatusCdb.ELEMENT_TYPE_CODE, type],
      [
        ReadElementStatusCdb.STARTING_ELEMENT_ADDRESS,
        checkInteger("startingAddress", options.startingAddress ?? 0, 0, MAX_ADDRESS),
      ],
      [ReadElementStatusCdb.NUMBER_OF_ELEMENTS, checkInteger("count", options.count ?? MAX_ADDRESS, 0, MAX_ADDRESS)],
      [ReadElementStatusCdb.CURDATA, Number(checkFlag("currentData", options.currentData))],
      [ReadElementStatusCdb.DVCID, Number(checkFlag("deviceIdentifiers", options.deviceIdentifiers))],
      [ReadElementStatusCdb.ALLOCATION_LENGTH, allocationLength],
    ]),
    dataInLength: allocationLength,
    effect: "none",
    layout: { cdb: "ReadElementStatusCdb" },
    read(bytes) {
      load(bytes);
      const elements = Array.from({ length: word(ListRecord.COUNT) }, (_, index) => elementOf(index));
      const available = word(ListRecord.GENERATION);
      const cut = word(ListRecord.TRUNCATED) === 1 && elements.length !== available;
      return { elements, available, truncated: cut || elements.length < available };
    },
    again(bytes) {
      load(bytes);
      const needed = Math.min(word(ListRecord.WHOLE_LENGTH), dataSize);
      return needed <= allocationLength ? undefined : readElementStatus({ ...options, allocationLengthBytes: needed });
    },
  };
}

/** Where the elements of one type are: from `first` on, `count` of them. */
export interface ElementRange {
  /** The lowest address. */
  readonly first: number;
  /** How many there are. */
  readonly count: number;
}

const ranges = {
  "medium-transport": [
    ElementAddressAssignmentPage.FIRST_MEDIUM_TRANSPORT_ELEMENT_ADDRESS,
    ElementAddressAssignmentPage.NUMBER_OF_MEDIUM_TRANSPORT_ELEMENTS,
  ],
  storage: [
    ElementAddressAssignmentPage.FIRST_STORAGE_ELEMENT_ADDRESS,
    ElementAddressAssignmentPage.NUMBER_OF_STORAGE_ELEMENTS,
  ],
  "import-export": [
    ElementAddressAssignmentPage.FIRST_IMPORT_EXPORT_ELEMENT_ADDRESS,
    ElementAddressAssignmentPage.NUMBER_OF_IMPORT_EXPORT_ELEMENTS,
  ],
  "data-transfer": [
    ElementAddressAssignmentPage.FIRST_DATA_TRANSFER_ELEMENT_ADDRESS,
    ElementAddressAssignmentPage.NUMBER_OF_DATA_TRANSFER_ELEMENTS,
  ],
} as const satisfies Record<ElementType, readonly [first: number, count: number]>;

const MODE_DATA_LENGTH = 255;

/**
 * MODE SENSE(6), element address assignment page (1Dh): where elements of each type are.
 *
 * @returns a command for a range of addresses by type
 */
export function elementAddressAssignment(): Command<Readonly<Record<ElementType, ElementRange>>> {
  const name = "MODE SENSE ELEMENT ADDRESS ASSIGNMENT";
  return {
    name,
    cdb: cdbOf(OperationCode.MODE_SENSE_6, Size.CDB_6, [
      [ModeSense6Cdb.DBD, 1],
      [ModeSense6Cdb.PAGE_CODE, ChangerModePage.ELEMENT_ADDRESS_ASSIGNMENT],
      [ModeSense6Cdb.ALLOCATION_LENGTH, MODE_DATA_LENGTH],
    ]),
    dataInLength: MODE_DATA_LENGTH,
    effect: "none",
    layout: { cdb: "ModeSense6Cdb" },
    read(bytes) {
      answerIn(name, bytes);
      const at = core.findElementAddresses(ChangerModePage.ELEMENT_ADDRESS_ASSIGNMENT, bytes.length);
      if (at < 0) throw malformed(name, bytes, "a whole mode page 1Dh");
      const range = ([first, count]: readonly [number, number]): ElementRange => ({
        first: core.dataField(at, first),
        count: core.dataField(at, count),
      });
      return {
        "medium-transport": range(ranges["medium-transport"]),
        storage: range(ranges.storage),
        "import-export": range(ranges["import-export"]),
        "data-transfer": range(ranges["data-transfer"]),
      };
    },
  };
}

/** What MOVE MEDIUM moves: addresses, each 0 to 65535. */
export interface MoveMediumOptions {
  /** SOURCE ADDRESS: where the medium is. */
  readonly source: number;
  /** DESTINATION ADDRESS: where it is to go. */
  readonly destination: number;
  /** MEDIUM TRANSPORT ADDRESS: which robot; 0, the default, is the device's choice. */
  readonly transport?: number | undefined;
}

/**
 * MOVE MEDIUM (A5h). Twice is not once: the second finds the source empty.
 *
 * @throws TypeError or RangeError for an address that the CDB cannot carry
 */
export function moveMedium({ source, destination, transport = 0 }: MoveMediumOptions): Command<void> {
  return {
    name: "MOVE MEDIUM",
    cdb: cdbOf(ChangerOperationCode.MOVE_MEDIUM, Size.CDB_12, [
      [MoveMediumCdb.MEDIUM_TRANSPORT_ADDRESS, checkInteger("transport", transport, 0, MAX_ADDRESS)],
      [MoveMediumCdb.SOURCE_ADDRESS, checkInteger("source", source, 0, MAX_ADDRESS)],
      [MoveMediumCdb.DESTINATION_ADDRESS, checkInteger("destination", destination, 0, MAX_ADDRESS)],
    ]),
    dataInLength: 0,
    effect: "medium",
    layout: { cdb: "MoveMediumCdb" },
    read: nothing,
  };
}

/** INITIALIZE ELEMENT STATUS (07h): the device looks at all its elements, which may take minutes. */
export function initializeElementStatus(): Command<void> {
  return {
    name: "INITIALIZE ELEMENT STATUS",
    cdb: cdbOf(ChangerOperationCode.INITIALIZE_ELEMENT_STATUS, Size.CDB_6, []),
    dataInLength: 0,
    effect: "none",
    // Operation code and control byte, as there.
    layout: { cdb: "TestUnitReadyCdb" },
    read: nothing,
  };
}

/**
 * PREVENT ALLOW MEDIUM REMOVAL (1Eh): locks a changer's mailslot, or lets go of it. Each I_T nexus has a lock of its own, and
 * the mailslot is free when none has one; a lock ends with its nexus, with a reset, and with PREEMPT AND ABORT.
 */
export function preventAllowMediumRemoval({ prevent }: { readonly prevent: boolean }): Command<void> {
  return {
    name: checkFlag("prevent", prevent) ? "PREVENT MEDIUM REMOVAL" : "ALLOW MEDIUM REMOVAL",
    cdb: cdbOf(OperationCode.PREVENT_ALLOW_MEDIUM_REMOVAL, Size.CDB_6, [
      [PreventAllowMediumRemovalCdb.PREVENT, Number(prevent)],
    ]),
    dataInLength: 0,
    effect: "medium",
    layout: { cdb: "PreventAllowMediumRemovalCdb" },
    read: nothing,
  };
}

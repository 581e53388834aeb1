/**
 * Commands of a media changer that move something or look at the robot's world. What they move is library.ts's, how long it
 * takes robot.ts's. Their classes in access.ts:
 *
 *   sl500   Sun SL500 Interface Reference Manual, revision F, tables 3-6 and 5-29 (RESERVE), 5-30 (persistent reservations)
 *   scst    SCST aa5cc2dd scst/src/scst_lib.c, scst_scsi_op_table, device type 8: which types let whom in
 *
 * sl500's table 5-30 has the two rows of READ ELEMENT STATUS the other way round than its tables 3-6 and 5-29 and its page
 * 226 have them; the latter are followed: what needs no look at the elements (CURDATA 1) is allowed.
 */
import { ChangerOperationCode, ElementType } from "../../../src/core/generated/media-codes.ts";
import {
  ExchangeMediumCdb,
  InitializeElementStatusCdb,
  InitializeElementStatusWithRangeCdb,
  MoveMediumCdb,
  OpenCloseImportExportElementCdb,
  PositionToElementCdb,
  ReadElementStatusCdb,
} from "../../../src/core/generated/media-fields.ts";
import { core } from "../../../src/core/index.ts";
import { Access } from "../access.ts";
import { type Answer, faultAnswer, goodAnswer } from "../answer.ts";
import type { CommandRow } from "../command.ts";
import type { Nexus } from "../nexus.ts";
import { type Fault, faultInCdb, plainFault, senseCodes } from "../sense.ts";
import type { UnitState } from "../unit-state.ts";
import { readElementStatus } from "./element-status.ts";
import { type Element, type Library, transfer } from "./library.ts";

const invalidAddress = plainFault(senseCodes.invalidElementAddress);
const sourceEmpty = plainFault(senseCodes.mediumSourceElementEmpty);
const destinationFull = plainFault(senseCodes.mediumDestinationElementFull);
const notAccessible = plainFault(senseCodes.mediumMagazineNotAccessible);
const removalPrevented = plainFault(senseCodes.mediumRemovalPrevented);

const libraryOf = ({ library }: UnitState): Library => library as Library;

/** The elements that a CDB names, or what is wrong with one of the addresses. 0 is the default robot. */
function named(library: Library, transportRow: number, rows: readonly number[]): readonly Element[] | Fault {
  const transport = core.cdbField(transportRow);
  if (transport !== 0 && transport !== library.hand.address) return invalidAddress;
  const elements: Element[] = [];
  for (const row of rows) {
    const element = library.element(core.cdbField(row));
    if (element === undefined) return invalidAddress;
    elements.push(element);
  }
  return elements;
}

/** Why the robot cannot reach into an element. */
function unreachable(library: Library, { type, drive }: Element): Fault | undefined {
  if (type === ElementType.IMPORT_EXPORT && library.mailslotOpen) return notAccessible;
  if (drive?.loaded === true && drive.preventsRemoval()) return removalPrevented;
  return undefined;
}

/** Why the robot cannot take a cartridge there. Its one hand must be free, unless the cartridge is in it. */
function cannotTake(library: Library, from: Element): Fault | undefined {
  const fault = unreachable(library, from);
  if (fault !== undefined) return fault;
  if (from.cartridge === null) return sourceEmpty;
  return from !== library.hand && library.hand.cartridge !== null ? destinationFull : undefined;
}

function cannotPut(library: Library, to: Element): Fault | undefined {
  return unreachable(library, to) ?? (to.cartridge === null ? undefined : destinationFull);
}

/** MOVE MEDIUM: takes the cartridge into the hand, then puts it down. */
function moveMedium(unit: UnitState): Answer {
  const library = libraryOf(unit);
  const elements = named(library, MoveMediumCdb.MEDIUM_TRANSPORT_ADDRESS, [
    MoveMediumCdb.SOURCE_ADDRESS,
    MoveMediumCdb.DESTINATION_ADDRESS,
  ]);
  if ("code" in elements) return faultAnswer(elements);
  if (core.cdbField(MoveMediumCdb.INVERT) !== 0) return faultAnswer(faultInCdb(MoveMediumCdb.INVERT));
  const [from, to] = elements as [Element, Element];
  const fault = cannotTake(library, from) ?? cannotPut(library, to);
  if (fault !== undefined) return faultAnswer(fault);
  const take = () => {
    const wrong = cannotTake(library, from);
    if (wrong === undefined) transfer(from, library.hand);
    return wrong;
  };
  const put = () => {
    const wrong = to === library.hand ? undefined : cannotPut(library, to);
    if (wrong === undefined) transfer(library.hand, to);
    return wrong;
  };
  return { ...goodAnswer, motion: [take, put] };
}

/** EXCHANGE MEDIUM: source to first destination, and what was there to the second, which may be the source. */
function exchangeMedium(unit: UnitState): Answer {
  const library = libraryOf(unit);
  const elements = named(library, ExchangeMediumCdb.MEDIUM_TRANSPORT_ADDRESS, [
    ExchangeMediumCdb.SOURCE_ADDRESS,
    ExchangeMediumCdb.FIRST_DESTINATION_ADDRESS,
    ExchangeMediumCdb.SECOND_DESTINATION_ADDRESS,
  ]);
  if ("code" in elements) return faultAnswer(elements);
  for (const row of [ExchangeMediumCdb.INV1, ExchangeMediumCdb.INV2]) {
    if (core.cdbField(row) !== 0) return faultAnswer(faultInCdb(row));
  }
  const [from, first, second] = elements as [Element, Element, Element];
  const check = (): Fault | undefined =>
    cannotTake(library, from) ??
    cannotTake(library, first) ??
    (second === from ? undefined : cannotPut(library, second));
  const swap = () => {
    const wrong = check();
    if (wrong !== undefined) return wrong;
    transfer(first, library.hand);
    const aside = { ...library.hand };
    library.hand.cartridge = null;
    library.hand.source = null;
    transfer(from, first);
    transfer(aside, second);
    return undefined;
  };
  const fault = check();
  return fault === undefined ? { ...goodAnswer, motion: [swap] } : faultAnswer(fault);
}

const nothingToDo = (): undefined => undefined;

/** POSITION TO ELEMENT: the robot goes there. */
function positionToElement(unit: UnitState): Answer {
  const elements = named(libraryOf(unit), PositionToElementCdb.MEDIUM_TRANSPORT_ADDRESS, [
    PositionToElementCdb.DESTINATION_ADDRESS,
  ]);
  if ("code" in elements) return faultAnswer(elements);
  if (core.cdbField(PositionToElementCdb.INVERT) !== 0) return faultAnswer(faultInCdb(PositionToElementCdb.INVERT));
  return { ...goodAnswer, motion: [nothingToDo] };
}

/** INITIALIZE ELEMENT STATUS: the robot looks at every element. It finds what is known already. */
const initializeElementStatus = (): Answer => ({ ...goodAnswer, motion: [nothingToDo] });

/** INITIALIZE ELEMENT STATUS WITH RANGE: the elements from an address on; without RANGE all of them. */
function initializeElementStatusWithRange(unit: UnitState): Answer {
  const rows = InitializeElementStatusWithRangeCdb;
  const start = core.cdbField(rows.STARTING_ELEMENT_ADDRESS);
  const known = libraryOf(unit).element(start) !== undefined;
  if (core.cdbField(rows.RANGE) === 1 && !known) return faultAnswer(invalidAddress);
  return initializeElementStatus();
}

/** OPEN/CLOSE IMPORT/EXPORT ELEMENT: tl2000. Only to open; an operator closes. */
function openImportExportElement(unit: UnitState): Answer {
  const rows = OpenCloseImportExportElementCdb;
  const library = libraryOf(unit);
  const element = library.element(core.cdbField(rows.ELEMENT_ADDRESS));
  if (element?.type !== ElementType.IMPORT_EXPORT) return faultAnswer(invalidAddress);
  if (core.cdbField(rows.ACTION_CODE) !== 0) return faultAnswer(faultInCdb(rows.ACTION_CODE));
  return library.openMailslot() ? goodAnswer : faultAnswer(removalPrevented);
}

/** CURDATA 1: the robot does not move for it. */
const elementStatusAccess = (): number =>
  core.cdbField(ReadElementStatusCdb.CURDATA) === 1 ? Access.always : Access.writes;

const moving = { access: Access.writes, usesRobot: true } as const;
type Perform = (unit: UnitState, nexus: Nexus, dataOut: Uint8Array) => Answer;
const move = (operationCode: number, cdb: Readonly<Record<string, number>>, perform: Perform): CommandRow => ({
  operationCode,
  cdb,
  ...moving,
  perform,
});

export const changerCommands: readonly CommandRow[] = [
  move(ChangerOperationCode.INITIALIZE_ELEMENT_STATUS, InitializeElementStatusCdb, initializeElementStatus),
  move(
    ChangerOperationCode.INITIALIZE_ELEMENT_STATUS_WITH_RANGE,
    InitializeElementStatusWithRangeCdb,
    initializeElementStatusWithRange,
  ),
  move(ChangerOperationCode.POSITION_TO_ELEMENT, PositionToElementCdb, positionToElement),
  move(ChangerOperationCode.MOVE_MEDIUM, MoveMediumCdb, moveMedium),
  move(ChangerOperationCode.EXCHANGE_MEDIUM, ExchangeMediumCdb, exchangeMedium),
  {
    operationCode: ChangerOperationCode.READ_ELEMENT_STATUS,
    cdb: ReadElementStatusCdb,
    access: elementStatusAccess,
    perform: readElementStatus,
  },
  {
    operationCode: ChangerOperationCode.OPEN_CLOSE_IMPORT_EXPORT_ELEMENT,
    cdb: OpenCloseImportExportElementCdb,
    access: Access.writes,
    perform: openImportExportElement,
  },
];

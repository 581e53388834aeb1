/**
 * A library as a mechanism: elements with addresses, cartridges in some of them, one robot with one hand, and a mailslot with
 * a door. Who may move what, and what a command answers, is not known here.
 */
import { checkInteger } from "../../../src/check.ts";
import { ElementType } from "../../../src/core/generated/media-codes.ts";
import { type Cartridge, createCartridge } from "./cartridge.ts";
import { createDrive, type Drive, load, unload } from "./drive.ts";

/** One element. */
export interface Element {
  /** ELEMENT ADDRESS. */
  readonly address: number;
  /** ElementType, but for ALL. */
  readonly type: number;
  /** Of a drive: what the tape unit sees; otherwise undefined. */
  readonly drive: Drive | undefined;
  /** What is in it, or null. */
  cartridge: Cartridge | null;
  /** The storage element that the cartridge was last in; null if it came from outside. */
  source: number | null;
  /** IMPEXP: an operator put it there. */
  byOperator: boolean;
}

/** What a library is made of. Everything has a default. */
export interface LibraryOptions {
  /** Tape drives, 1 to 64; 1 unless given. */
  readonly drives?: number | undefined;
  /** Storage slots, 1 to 256; 8 unless given. */
  readonly slots?: number | undefined;
  /** Slots of the mailslot, 0 to 16; 1 unless given. */
  readonly mailslots?: number | undefined;
  /** The cartridges in the first slots, by barcode, or how many; 4 unless given. */
  readonly cartridges?: readonly string[] | number | undefined;
  /** Bytes on each cartridge; 256 MiB unless given. */
  readonly cartridgeBytes?: number | undefined;
}

/** One library. */
export interface Library {
  /** In the order of READ ELEMENT STATUS: by type, then by address. */
  readonly elements: readonly Element[];
  /** Its drives, in the order of their addresses. */
  readonly drives: readonly Drive[];
  /** The robot's hand. */
  readonly hand: Element;
  /** The element with an address. */
  element(address: number): Element | undefined;
  /** All elements of one type. */
  of(type: number): readonly Element[];
  /** Is the mailslot's door open? */
  readonly mailslotOpen: boolean;
  /** Does somebody want media to stay? Set by the changer's unit: then the mailslot stays locked. */
  isLocked: () => boolean;
  /** Told when an operator has closed the mailslot. Set by the changer's unit. */
  onAccess: () => void;
  /** An operator opens the door. False if it is locked. */
  openMailslot(): boolean;
  /** The operator closes the door. */
  closeMailslot(): void;
  /** An operator puts a cartridge into the open mailslot. RangeError if it is closed or full. */
  insert(cartridge: Cartridge): Element;
  /** An operator takes a cartridge out of the open mailslot. RangeError if it is closed or there is none. */
  remove(address?: number): Cartridge;
}

/** Where the addresses of each type begin. Drives as on an SL150 (its reference guide: from 500); the others are ours. */
export const FIRST_ADDRESS = { transport: 1, mailslot: 10, drive: 500, storage: 1000 } as const;

const barcodes = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `SIM${String(index + 1).padStart(3, "0")}L6`);

function plainElement(type: number, address: number): Element {
  return { address, type, drive: undefined, cartridge: null, source: null, byOperator: false };
}

/** The drive's cartridge is the element's: there is one of it. */
function driveElement(drive: Drive, address: number): Element {
  return {
    address,
    type: ElementType.DATA_TRANSFER,
    drive,
    source: null,
    byOperator: false,
    get cartridge() {
      return drive.cartridge;
    },
    set cartridge(cartridge) {
      unload(drive);
      drive.cartridge = cartridge;
      load(drive);
    },
  };
}

/**
 * A library whose cartridges are in its first slots.
 *
 * @throws TypeError or RangeError for an option that cannot be
 */
export function createLibrary(options: LibraryOptions = {}): Library {
  const driveCount = checkInteger("drives", options.drives ?? 1, 1, 64);
  const slotCount = checkInteger("slots", options.slots ?? 8, 1, 256);
  const mailslotCount = checkInteger("mailslots", options.mailslots ?? 1, 0, 16);
  const { cartridges = Math.min(4, slotCount), cartridgeBytes } = options;
  const labels =
    typeof cartridges === "number" ? barcodes(checkInteger("cartridges", cartridges, 0, slotCount)) : cartridges;
  if (labels.length > slotCount) throw new RangeError(`${labels.length} cartridges do not fit ${slotCount} slots`);
  if (new Set(labels).size < labels.length) throw new RangeError("cartridges must have different barcodes");

  const drives = Array.from({ length: driveCount }, () => createDrive());
  const row = (count: number, type: number, first: number) =>
    Array.from({ length: count }, (_, index) => plainElement(type, first + index));
  const hand = plainElement(ElementType.MEDIUM_TRANSPORT, FIRST_ADDRESS.transport);
  const storage = row(slotCount, ElementType.STORAGE, FIRST_ADDRESS.storage);
  const mailslots = row(mailslotCount, ElementType.IMPORT_EXPORT, FIRST_ADDRESS.mailslot);
  const elements = [
    hand,
    ...storage,
    ...mailslots,
    ...drives.map((drive, index) => driveElement(drive, FIRST_ADDRESS.drive + index)),
  ];
  for (const [index, label] of labels.entries()) {
    (storage[index] as Element).cartridge = createCartridge(label, cartridgeBytes);
  }
  const byAddress = new Map(elements.map((element) => [element.address, element]));
  let mailslotOpen = false;
  const mustBeOpen = () => {
    if (!mailslotOpen) throw new RangeError("The mailslot is closed");
  };
  const library: Library = {
    elements,
    drives,
    hand,
    element: (address) => byAddress.get(address),
    of: (type) => elements.filter((element) => element.type === type),
    get mailslotOpen() {
      return mailslotOpen;
    },
    isLocked: () => false,
    onAccess: () => {},
    openMailslot() {
      if (!mailslotOpen && (mailslotCount === 0 || library.isLocked())) return false;
      mailslotOpen = true;
      return true;
    },
    closeMailslot() {
      if (!mailslotOpen) return;
      mailslotOpen = false;
      library.onAccess();
    },
    insert(cartridge) {
      mustBeOpen();
      const free = mailslots.find((element) => element.cartridge === null);
      if (free === undefined) throw new RangeError("The mailslot is full");
      free.cartridge = cartridge;
      free.source = null;
      free.byOperator = true;
      return free;
    },
    remove(address) {
      mustBeOpen();
      const from = mailslots.find(
        (one) => one.cartridge !== null && (address === undefined || one.address === address),
      );
      if (from === undefined) throw new RangeError("There is no cartridge in the mailslot");
      const { cartridge } = from;
      from.cartridge = null;
      from.source = null;
      return cartridge as Cartridge;
    },
  };
  return library;
}

/** Where a cartridge in this element last had its place. */
const homeOf = ({ type, address, source }: Element): number | null => (type === ElementType.STORAGE ? address : source);

/** Brings the cartridge of one element to another, which is empty. */
export function transfer(from: Element, to: Element): void {
  if (from === to || from.cartridge === null) return;
  const { cartridge } = from;
  const home = homeOf(from);
  from.cartridge = null;
  from.source = null;
  to.cartridge = cartridge;
  to.source = home;
  to.byOperator = false;
}

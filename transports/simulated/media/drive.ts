/**
 * A tape drive as a mechanism: the cartridge in it, whether its tape is threaded, and where the heads are. The tape unit
 * reads and writes through it; a library puts cartridges in and takes them out. One drive is one object, whoever sees it.
 */
import type { Cartridge } from "./cartridge.ts";

/** One drive. */
export interface Drive {
  /** What is in it, or null. */
  cartridge: Cartridge | null;
  /** The tape is threaded: the unit is ready. */
  loaded: boolean;
  /** The logical object identifier of what would be read next. */
  position: number;
  /** Does the tape unit want its medium to stay? Set by it. */
  preventsRemoval: () => boolean;
  /** Told when a medium has been threaded that was not there before. Set by the tape unit. */
  onLoad: () => void;
  /** T10 VENDOR IDENTIFICATION, PRODUCT IDENTIFICATION and UNIT SERIAL NUMBER of the tape unit; undefined if it has none. */
  identity: { readonly vendor: string; readonly product: string; readonly serialNumber: string } | undefined;
}

/** A drive, with a cartridge in it or without. */
export function createDrive(cartridge: Cartridge | null = null): Drive {
  return {
    cartridge,
    loaded: cartridge !== null,
    position: 0,
    preventsRemoval: () => false,
    onLoad: () => {},
    identity: undefined,
  };
}

/** Threads the tape, and winds it to its beginning. */
export function load(drive: Drive): void {
  if (drive.loaded || drive.cartridge === null) return;
  drive.loaded = true;
  drive.position = 0;
  drive.onLoad();
}

/** Rewinds and unthreads. The cartridge stays in the drive. */
export function unload(drive: Drive): void {
  drive.loaded = false;
  drive.position = 0;
}

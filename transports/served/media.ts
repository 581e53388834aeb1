/**
 * Changers and tapes of one served target, put together: the tape units are the drives of the changer's library, in the order
 * of both, so that a cartridge that the robot loads is in the tape unit.
 */
import { createLibrary, type DeviceServerOptions, type Library, type LibraryOptions } from "../simulated/index.ts";

/** What of a served unit is needed to know its place. */
export type MediaUnit = LibraryOptions & Pick<DeviceServerOptions, "type" | "library" | "drive">;

const libraryParts = ["drives", "slots", "mailslots", "cartridges", "cartridgeBytes"] as const;

/**
 * For each unit what it is a part of.
 *
 * @throws TypeError or RangeError for a library that cannot be, or for parts of one at a unit that is no changer
 */
export function mediaOf(units: readonly MediaUnit[]): Pick<DeviceServerOptions, "library" | "drive">[] {
  const tapes = units.filter(({ type, drive }) => type === "tape" && drive === undefined).length;
  const changer = units.find(({ type }) => type === "changer");
  let shared: Library | undefined;
  if (changer !== undefined) {
    const { drives = Math.max(1, tapes) } = changer;
    shared = changer.library ?? createLibrary({ ...changer, drives });
  }
  let next = 0;
  return units.map((unit) => {
    if (unit.type === "changer") return { library: unit === changer ? shared : (unit.library ?? createLibrary(unit)) };
    const wrong = libraryParts.find((part) => unit[part] !== undefined);
    if (wrong !== undefined) throw new TypeError(`Only a changer has ${wrong}`);
    if (unit.type !== "tape") return {};
    return { drive: unit.drive ?? shared?.drives[next++] };
  });
}

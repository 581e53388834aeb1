/**
 * Does this host have access to the disk (MHIOCSTATUS)? TEST UNIT READY tells of another host's RESERVE. No persistent reservation
 * forbids it (spc4r36f 5.13.1, table 65), so where hosts are registered, keys and reservation are read besides. A unit of several paths is
 * asked through each: a registration is one I_T nexus's, and a host has access if every path that answers has.
 */
import { accessUnder } from "../access.ts";
import { isScsiError, type ScsiError } from "../errors.ts";
import type { Unit } from "../logical-unit.ts";
import { isMultipath } from "../multipath/is-multipath.ts";
import { samePort } from "../multipath/path.ts";
import type { RegisteredKeys, ReservationState } from "../reservation.ts";
import { noRetries } from "../retry.ts";
import type { TransportId } from "../transport-id.ts";
import type { MultihostDisk } from "./disk.ts";
import { failing, withErrno } from "./failing.ts";

/** What {@link accessStatus} found. */
export interface AccessStatus {
  /** Has this host access to the whole disk, to read and to write? */
  readonly access: boolean;
  /** In one sentence. */
  readonly because: string;
  /** Of a unit of several paths: each, in their order. */
  readonly paths?: readonly PathAccess[] | undefined;
}

/** Has this host access through one of several paths? */
export interface PathAccess {
  /** The path's name. */
  readonly path: string;
  /** Undefined: it could not be asked. */
  readonly access: boolean | undefined;
  /** In one sentence. */
  readonly because: string;
}

/** How to ask. */
export interface StatusOptions {
  /** The key of this host, where nothing here knows it: for a disk that another process has registered. */
  readonly key?: bigint | undefined;
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for one delivery. */
  readonly timeoutMs?: number | undefined;
}

const TRIES = 16;

/** One I_T nexus, as far as it is known. */
interface Way {
  readonly unit: Unit;
  readonly initiatorPort: TransportId | undefined;
  /** Known of paths: with it a registration is looked for by its ports, and not by its key alone. */
  readonly relativeTargetPort: number | undefined;
}

/** This host's registration. */
interface Mine {
  readonly key: bigint;
  /** Undefined: that is told by the key. */
  readonly holder?: boolean | undefined;
}

/** TEST UNIT READY, past the unit attentions; false for a conflict. */
async function passesTestUnitReady({ unit }: Way, options: StatusOptions): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      await unit.testUnitReady({ ...options, retry: noRetries });
      return true;
    } catch (error) {
      if (!isScsiError(error)) throw error;
      if (error.code === "RESERVATION_CONFLICT") return false;
      if (error.code !== "UNIT_ATTENTION" || tries >= TRIES) throw error;
    }
  }
}

/** Is this way registered? By READ FULL STATUS and its ports where they are known, else by our key; undefined if neither is. */
async function registered(
  { unit, initiatorPort, relativeTargetPort }: Way,
  keys: RegisteredKeys,
  options: StatusOptions,
): Promise<Mine | "no" | undefined> {
  const { key } = options;
  if (key !== undefined && !keys.keys.includes(key)) return "no";
  const byKey = key === undefined ? undefined : { key };
  if (initiatorPort === undefined || (byKey !== undefined && relativeTargetPort === undefined)) return byKey;
  try {
    const { registrations } = await unit.readFullStatus(options);
    const mine = registrations.find(
      (one) =>
        samePort(one.transportId, initiatorPort) &&
        (one.allTargetPorts || [undefined, one.relativeTargetPort].includes(relativeTargetPort)),
    );
    return mine === undefined || (key !== undefined && mine.key !== key) ? "no" : mine;
  } catch (error) {
    if (isScsiError(error) && error.code === "ILLEGAL_REQUEST") return byKey;
    throw error;
  }
}

function judge(reservation: ReservationState, mine: Mine | "no" | undefined): AccessStatus {
  if (reservation.holder === "none") return { access: true, because: "There is no reservation." };
  const { type } = reservation;
  if (mine === undefined) {
    return {
      access: false,
      because: "There is a reservation, and the disk does not tell whether this host is registered.",
    };
  }
  if (mine === "no")
    return { access: false, because: `There is a ${type} reservation, and this host is not registered.` };
  const registrantsMay = accessUnder(reservation, { registered: true, holder: false })?.write === true;
  if (registrantsMay) return { access: true, because: `This host is registered, and the reservation is ${type}.` };
  const ours = reservation.holder === "one-nexus" && reservation.key === mine.key;
  if (mine.holder ?? ours) return { access: true, because: `This host holds the ${type} reservation.` };
  return ours
    ? {
        access: false,
        because: `This host holds the ${type} reservation through another path, and that one alone has access.`,
      }
    : { access: false, because: `Another host holds the ${type} reservation.` };
}

/** Through one I_T nexus. */
async function accessThrough(way: Way, options: StatusOptions): Promise<AccessStatus> {
  try {
    if (!(await passesTestUnitReady(way, options))) {
      return {
        access: false,
        because: "Another host has reserved the disk: TEST UNIT READY met RESERVATION CONFLICT.",
      };
    }
    const keys = await way.unit.readKeys(options);
    if (keys.keys.length === 0) return { access: true, because: "The disk is ready, and no host is registered." };
    const reservation = await way.unit.readReservation(options);
    return judge(reservation, await registered(way, keys, options));
  } catch (error) {
    if (!isScsiError(error)) throw error;
    // Without PERSISTENT RESERVE, or under this host's own RESERVE, TEST UNIT READY has said all there is.
    if (error.command?.startsWith("READ") === true) {
      if (error.code === "ILLEGAL_REQUEST") return { access: true, because: "The disk is ready." };
      if (error.code === "RESERVATION_CONFLICT") return { access: true, because: "This host has reserved the disk." };
    }
    throw failing(error, error.code === "PERMISSION_DENIED" ? "EPERM" : "EIO");
  }
}

/** Through each of several paths. */
async function accessThroughAll(
  ways: readonly (Way & { readonly name: string })[],
  options: StatusOptions,
): Promise<AccessStatus> {
  const found = await Promise.all(
    ways.map(async (way): Promise<PathAccess & { readonly error?: ScsiError }> => {
      try {
        return { path: way.name, ...(await accessThrough(way, options)) };
      } catch (error) {
        if (!isScsiError(error) || error.code === "ABORTED") throw error;
        return { path: way.name, access: undefined, because: `${error.message}.`, error };
      }
    }),
  );
  const paths = found.map(({ error: _, ...path }) => path);
  const shut = found.find(({ access }) => access === false);
  if (shut !== undefined) return { access: false, because: `${shut.path}: ${shut.because}`, paths };
  const open = found.find(({ access }) => access === true);
  if (open === undefined) throw found.find(({ error }) => error !== undefined)?.error;
  return { access: true, because: open.because, paths };
}

/**
 * Whether this host has access to the disk (MHIOCSTATUS): through every path that answers, if there are several.
 *
 * @throws ScsiError with `errno` EIO (or EPERM) if it could not be found out
 * @example
 * const { access, because } = await accessStatus(createMultihostDisk(unit));
 */
export async function accessStatus(disk: MultihostDisk, given: StatusOptions = {}): Promise<AccessStatus> {
  const { unit, shared } = disk;
  const options = { ...given, key: given.key ?? shared?.key };
  return withErrno(() => {
    if (!isMultipath(unit)) {
      return accessThrough({ unit, initiatorPort: unit.initiatorPorts[0], relativeTargetPort: undefined }, options);
    }
    const ways = unit.paths.map((path) => ({
      name: path.name,
      unit: path.unit,
      initiatorPort: path.initiatorPort ?? path.unit.transport.initiatorPort,
      relativeTargetPort: path.relativeTargetPort,
    }));
    return accessThroughAll(ways, options);
  });
}

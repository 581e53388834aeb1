/**
 * Does this host have access to the disk (MHIOCSTATUS)? TEST UNIT READY tells of another host's RESERVE. No persistent reservation
 * forbids it (spc4r36f 5.13.1, table 65), so where hosts are registered, keys and reservation are read besides.
 */
import { isScsiError } from "../errors.ts";
import { isAllRegistrants, type RegisteredKeys, type ReservationState } from "../reservation.ts";
import { noRetries } from "../retry.ts";
import { sameTransportId } from "../transport-id-text.ts";
import type { MultihostDisk } from "./disk.ts";
import { failing, withErrno } from "./failing.ts";

/** What {@link accessStatus} found. */
export interface AccessStatus {
  /** Has this host access to the whole disk, to read and to write? */
  readonly access: boolean;
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

/** TEST UNIT READY, past the unit attentions; false for a conflict. */
async function passesTestUnitReady(disk: MultihostDisk, options: StatusOptions): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      await disk.unit.testUnitReady({ signal: options.signal, timeoutMs: options.timeoutMs, retry: noRetries });
      return true;
    } catch (error) {
      if (!isScsiError(error)) throw error;
      if (error.code === "RESERVATION_CONFLICT") return false;
      if (error.code !== "UNIT_ATTENTION" || tries >= TRIES) throw error;
    }
  }
}

/** Is this host registered? By READ FULL STATUS and our port where both are known, else by our key; undefined if neither is. */
async function registered(
  disk: MultihostDisk,
  keys: RegisteredKeys,
  options: StatusOptions,
): Promise<{ readonly key: bigint } | "no" | undefined> {
  const key = options.key ?? disk.shared?.key;
  if (key !== undefined) return keys.keys.includes(key) ? { key } : "no";
  const self = disk.unit.transport.initiatorPort;
  if (self === undefined) return undefined;
  try {
    const { registrations } = await disk.unit.readFullStatus({ signal: options.signal });
    const mine = registrations.find(({ transportId }) => sameTransportId(transportId, self));
    return mine === undefined ? "no" : { key: mine.key };
  } catch (error) {
    if (isScsiError(error) && error.code === "ILLEGAL_REQUEST") return undefined;
    throw error;
  }
}

function judge(reservation: ReservationState, mine: { readonly key: bigint } | "no" | undefined): AccessStatus {
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
  const registrantsMay = type?.endsWith("-registrants-only") === true || (type !== undefined && isAllRegistrants(type));
  if (registrantsMay) return { access: true, because: `This host is registered, and the reservation is ${type}.` };
  const holds = reservation.holder === "one-nexus" && reservation.key === mine.key;
  return holds
    ? { access: true, because: `This host holds the ${type} reservation.` }
    : { access: false, because: `Another host holds the ${type} reservation.` };
}

/**
 * Whether this host has access to the disk (MHIOCSTATUS).
 *
 * @throws ScsiError with `errno` EIO (or EPERM) if it could not be found out
 * @example
 * const { access, because } = await accessStatus(createMultihostDisk(unit));
 */
export async function accessStatus(disk: MultihostDisk, options: StatusOptions = {}): Promise<AccessStatus> {
  return withErrno(async () => {
    try {
      if (!(await passesTestUnitReady(disk, options))) {
        return {
          access: false,
          because: "Another host has reserved the disk: TEST UNIT READY met RESERVATION CONFLICT.",
        };
      }
      const keys = await disk.unit.readKeys({ signal: options.signal });
      if (keys.keys.length === 0) return { access: true, because: "The disk is ready, and no host is registered." };
      const reservation = await disk.unit.readReservation({ signal: options.signal });
      return judge(reservation, await registered(disk, keys, options));
    } catch (error) {
      if (!isScsiError(error)) throw error;
      // Without PERSISTENT RESERVE, or under this host's own RESERVE, TEST UNIT READY has said all there is.
      if (error.command?.startsWith("READ") === true) {
        if (error.code === "ILLEGAL_REQUEST") return { access: true, because: "The disk is ready." };
        if (error.code === "RESERVATION_CONFLICT") return { access: true, because: "This host has reserved the disk." };
      }
      throw failing(error, error.code === "PERMISSION_DENIED" ? "EPERM" : "EIO");
    }
  });
}

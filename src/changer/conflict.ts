/** Why a media changer answered RESERVATION CONFLICT: who holds it, what that leaves to this host, what can be done. Only reads. */
import type { Command } from "../command.ts";
import { isScsiError } from "../errors.ts";
import { type ConflictExplanation, explainConflict, legacyReservationConflict } from "../explain-conflict.ts";
import type { ExecuteOptions, Unit } from "../logical-unit.ts";
import { type Registrant, registrantOf } from "../registrant.ts";
import type { FullStatus, RegisteredKeys, ReservationState, ReservationType } from "../reservation.ts";
import { initializeElementStatus } from "./commands.ts";

/**
 * What each type leaves to others, of a changer (spc4r36f 5.13.1 table 65 with Sun SL500 Interface Reference Manual, revision F,
 * table 5-30, and Oracle SL150 Interface Reference Manual, July 2017, page 176).
 */
export const changerAccess: Readonly<Record<ReservationType, string>> = (() => {
  const holder = "only the holder may move media and lock the mailslot";
  const registered = "only registered hosts may move media and lock the mailslot";
  return {
    "write-exclusive": holder,
    "exclusive-access": holder,
    "write-exclusive-registrants-only": registered,
    "exclusive-access-registrants-only": registered,
    "write-exclusive-all-registrants": registered,
    "exclusive-access-all-registrants": registered,
  };
})();

/** What was found out about a conflict. */
export interface ChangerConflict extends ConflictExplanation {
  /** Undefined where another host holds the changer by RESERVE (6) or (10): then nothing can be asked. */
  readonly reservation: ReservationState | undefined;
  /** READ KEYS, where it could be asked. */
  readonly keys: RegisteredKeys | undefined;
  /** Who is registered, as READ FULL STATUS tells; undefined where the changer does not have it. */
  readonly registrations: FullStatus["registrations"] | undefined;
  /** Of each registration, in the same order: this host's port, another, or what is known of it. */
  readonly registrants: readonly (Registrant | undefined)[];
}

async function fullStatus(unit: Unit, options: ExecuteOptions): Promise<FullStatus | undefined> {
  try {
    return await unit.readFullStatus(options);
  } catch (error) {
    if (isScsiError(error) && error.code === "ILLEGAL_REQUEST") return undefined;
    throw error;
  }
}

/**
 * Looks at the changer and says why it refused.
 *
 * @param command what was refused; whatever moves something if absent
 * @throws ScsiError if the changer does not answer what it is asked
 */
export async function explainChangerConflict(
  unit: Unit,
  command: Command<unknown> = initializeElementStatus(),
  options: ExecuteOptions = {},
): Promise<ChangerConflict> {
  const unseen = { reservation: undefined, keys: undefined, registrations: undefined, registrants: [] };
  try {
    const keys = await unit.readKeys(options);
    const reservation = await unit.readReservation(options);
    const full = await fullStatus(unit, options);
    const registrations = full?.truncated === false ? full.registrations : undefined;
    const port = unit.initiatorPorts[0];
    const explained = explainConflict(command, { keys, reservation, registrations }, port);
    const type = reservation.holder === "none" ? undefined : reservation.type;
    return {
      ...explained,
      because: type === undefined ? explained.because : `${explained.because} Of a changer: ${changerAccess[type]}.`,
      reservation,
      keys,
      registrations,
      registrants: (registrations ?? []).map(({ transportId }) => registrantOf(transportId, port)),
    };
  } catch (error) {
    if (isScsiError(error) && error.code === "RESERVATION_CONFLICT") return { ...legacyReservationConflict, ...unseen };
    throw error;
  }
}

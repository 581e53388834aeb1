/** What a reservation leaves to a nexus, as a table: the six types in {@link reservationTypeMeanings}'s words. Pure. */
import type { ReservationState, ReservationType } from "./reservation.ts";

/** May a nexus read and write? */
export interface Access {
  /** May it read? */
  readonly read: boolean;
  /** May it write? */
  readonly write: boolean;
}

/** What is left to a nexus that does not hold the reservation: to one that is registered, and to any other. */
const left: Readonly<Record<ReservationType, readonly [registered: Access, other: Access]>> = (() => {
  const all = { read: true, write: true };
  const readOnly = { read: true, write: false };
  const none = { read: false, write: false };
  return {
    "write-exclusive": [readOnly, readOnly],
    "exclusive-access": [none, none],
    "write-exclusive-registrants-only": [all, readOnly],
    "exclusive-access-registrants-only": [all, none],
    "write-exclusive-all-registrants": [all, readOnly],
    "exclusive-access-all-registrants": [all, none],
  } as const;
})();

/**
 * What a reservation leaves to a nexus.
 *
 * @param reservation as READ RESERVATION reports it
 * @param nexus is it registered, and does it hold the reservation?
 * @returns undefined where that cannot be said: a type that no standard names, a descriptor that did not arrive
 * @example accessUnder(await unit.readReservation(), { registered: false, holder: false })
 */
export function accessUnder(
  reservation: ReservationState,
  nexus: { readonly registered: boolean; readonly holder: boolean },
): Access | undefined {
  if (reservation.truncated) return undefined;
  if (reservation.holder === "none" || nexus.holder) return { read: true, write: true };
  if (reservation.type === undefined) return undefined;
  return left[reservation.type][nexus.registered ? 0 : 1];
}

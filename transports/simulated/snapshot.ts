/**
 * What a logical unit keeps without power, as plain data that JSON can carry, and back again. Unit attention conditions
 * and RESERVE are not among it: they do not outlive a power loss.
 */
import { type ReservationType, reservationTypeName, reservationTypes } from "../../src/reservation.ts";
import { formatTransportId, parseTransportId } from "../../src/transport-id-text.ts";
import { type Reservation, reservationOf } from "./reservations.ts";
import type { UnitState } from "./unit-state.ts";

/** A logical unit's persistent reservations. */
export interface Reservations {
  /** PRGENERATION. */
  readonly prGeneration: number;
  /** The last valid APTPL. */
  readonly persistsThroughPowerLoss: boolean;
  /** Persistent reservation information is lost, and has not been replaced. */
  readonly lost: boolean;
  /** In order of registration. */
  readonly registrations: readonly {
    /** The TransportID as text. */
    readonly initiatorPort: string;
    readonly relativeTargetPort: number;
    /** The reservation key in hexadecimal, with 0x. */
    readonly key: string;
  }[];
  /** `holder`: its place in `registrations`, or null where all registrants hold it. */
  readonly reservation: { readonly type: ReservationType; readonly holder: number | null } | null;
}

/** A logical unit's persistent reservations and medium. */
export interface Snapshot extends Reservations {
  /** Everything written, in base64, by offset in bytes. */
  readonly medium: Readonly<Record<string, string>>;
}

/** The unit as it is now. */
export const takeSnapshot = (unit: UnitState): Snapshot => ({
  ...reservationsOf(unit),
  medium: unit.medium.snapshot(),
});

/** Its persistent reservations as they are now. */
export function reservationsOf({ state }: UnitState): Reservations {
  const registered = Array.from(state.registrations.keys());
  const { reservation } = state;
  return {
    prGeneration: state.generation,
    persistsThroughPowerLoss: state.persistsThroughPowerLoss,
    lost: state.lost,
    registrations: Array.from(state.registrations, ([nexus, key]) => ({
      initiatorPort: formatTransportId(nexus.initiatorPort),
      relativeTargetPort: nexus.relativeTargetPort,
      key: `0x${key.toString(16)}`,
    })),
    reservation:
      reservation === null
        ? null
        : {
            type: reservationTypeName(reservation.type) as ReservationType,
            holder: reservation.holder === null ? null : registered.indexOf(reservation.holder),
          },
  };
}

/** Makes the unit what the snapshot says. Unit attention conditions and RESERVE stay as they are. */
export function applySnapshot({ state, rules, medium }: UnitState, snapshot: Snapshot): void {
  const registered = snapshot.registrations.map(({ initiatorPort, relativeTargetPort }) =>
    rules.nexuses.intern(parseTransportId(initiatorPort), relativeTargetPort),
  );
  const keys = snapshot.registrations.map(({ key }) => BigInt(key));
  let reservation: Reservation | null = null;
  if (snapshot.reservation !== null) {
    const { type, holder } = snapshot.reservation;
    const nexus = registered[holder ?? 0];
    if (nexus === undefined) throw new RangeError("The snapshot's reservation has a holder that is not registered");
    reservation = reservationOf(reservationTypes[type], nexus);
  }
  // From here on nothing fails.
  state.registrations.clear();
  for (const [index, nexus] of registered.entries()) state.registrations.set(nexus, keys[index] as bigint);
  state.reservation = reservation;
  state.generation = snapshot.prGeneration;
  state.persistsThroughPowerLoss = snapshot.persistsThroughPowerLoss;
  state.lost = snapshot.lost;
  medium.restore(snapshot.medium);
}

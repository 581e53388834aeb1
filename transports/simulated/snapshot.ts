/**
 * What a logical unit keeps without power, as plain data that JSON can carry, and back again. Unit attention conditions
 * and RESERVE are not among it: they do not outlive a power loss.
 */
import { type ReservationType, reservationTypeName, reservationTypes } from "../../src/reservation.ts";
import { formatTransportId, parseTransportId } from "../../src/transport-id-text.ts";
import { reservationOf } from "./reservations.ts";
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
  const registrations = snapshot.registrations.map(({ initiatorPort, relativeTargetPort, key }) => ({
    initiatorPort: parseTransportId(initiatorPort),
    relativeTargetPort,
    key: BigInt(key),
  }));
  const { reservation } = snapshot;
  const holder = reservation?.holder ?? 0;
  if (reservation !== null && registrations[holder] === undefined) {
    throw new RangeError("The snapshot's reservation has a holder that is not registered");
  }
  // From here on nothing fails. Each is registered as it becomes known: one that is not could be forgotten.
  state.registrations.clear();
  state.reservation = null;
  for (const [index, { initiatorPort, relativeTargetPort, key }] of registrations.entries()) {
    const nexus = rules.nexuses.intern(initiatorPort, relativeTargetPort);
    state.registrations.set(nexus, key);
    if (reservation !== null && index === holder) {
      state.reservation = reservationOf(reservationTypes[reservation.type], nexus);
    }
  }
  state.generation = snapshot.prGeneration;
  state.persistsThroughPowerLoss = snapshot.persistsThroughPowerLoss;
  state.lost = snapshot.lost;
  medium.restore(snapshot.medium);
}

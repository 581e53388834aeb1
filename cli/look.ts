/** What a target says about its reservations, read in one go: the state that is shown after changes and conflicts. */
import {
  type FullStatus,
  isScsiError,
  type RegisteredKeys,
  type Registrant,
  type Registration,
  type ReservationState,
  type Unit,
} from "../src/index.ts";

/** Says whose a registration is, or null where that is not known. */
export type Whose = (registration: Registration) => Registrant | null;

/** Keys, reservation, and who is registered where. */
export interface State {
  readonly keys: RegisteredKeys;
  readonly reservation: ReservationState;
  /** Undefined where the target has no READ FULL STATUS, or could not list all. */
  readonly registrations: readonly Registration[] | undefined;
  /** False if PRGENERATION kept changing: the parts may then not fit together. */
  readonly consistent: boolean;
}

const TRIES = 3;

/** Full status, or undefined if the target does not know the service action. */
async function fullStatus(unit: Unit): Promise<FullStatus | undefined> {
  try {
    return await unit.readFullStatus();
  } catch (error) {
    if (isScsiError(error) && error.code === "ILLEGAL_REQUEST") return undefined;
    throw error;
  }
}

/** Reads all three; again if another host changed registrations meanwhile. */
export async function look(unit: Unit): Promise<State> {
  for (let tries = 1; ; tries++) {
    const keys = await unit.readKeys();
    const reservation = await unit.readReservation();
    const full = await fullStatus(unit);
    const generations = [reservation.prGeneration, full?.prGeneration ?? keys.prGeneration];
    const consistent = generations.every((generation) => generation === keys.prGeneration);
    if (!consistent && tries < TRIES) continue;
    return { keys, reservation, registrations: full?.truncated === false ? full.registrations : undefined, consistent };
  }
}

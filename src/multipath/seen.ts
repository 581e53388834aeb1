/**
 * What a look at the target shows, and what follows from it: which key each path is registered with, who holds, whether somebody
 * else uses our key, whether others changed anything between two looks. Pure.
 *
 * What holds: READ FULL STATUS is believed only if it is whole, of the same PRGENERATION as READ KEYS, and shows the same keys.
 */
import type { RegisteredKeys, Registration, ReservationState } from "../reservation.ts";
import type { TransportId } from "../transport-id.ts";
import { isPortOfHost, isRegistrationOf, type PathIdentity } from "./path.ts";

/** One look at the target. */
export interface Seen {
  readonly keys: RegisteredKeys;
  readonly reservation: ReservationState;
  /** From READ FULL STATUS, where the target has it and it fits; otherwise undefined. */
  readonly registrations: readonly Registration[] | undefined;
  /** False: PRGENERATION kept moving while it was read. */
  readonly consistent: boolean;
}

/** Does READ FULL STATUS fit the keys? Devices are known to leave descriptors out. */
export function registrationsFit(keys: readonly bigint[], registrations: readonly Registration[]): boolean {
  if (registrations.some(({ allTargetPorts }) => allTargetPorts)) {
    return new Set(keys).size === new Set(registrations.map(({ key }) => key)).size;
  }
  const left = [...keys];
  for (const { key } of registrations) {
    const index = left.indexOf(key);
    if (index < 0) return false;
    left.splice(index, 1);
  }
  return left.length === 0;
}

/** The key that a path is registered with: 0n if it is not; undefined if that cannot be known. */
export function keyOf(seen: Seen | undefined, path: PathIdentity): bigint | undefined {
  return registrationOf(seen, path)?.key;
}

/** A path's registration; key 0n if it has none; undefined if that cannot be known. */
export function registrationOf(
  seen: Seen | undefined,
  path: PathIdentity,
): Pick<Registration, "key" | "holder"> | undefined {
  if (seen === undefined) return undefined;
  if (seen.keys.keys.length === 0 && !seen.keys.truncated) return { key: 0n, holder: false };
  if (seen.registrations === undefined) return undefined;
  let doubt = false;
  for (const registration of seen.registrations) {
    const own = isRegistrationOf(path, registration);
    if (own === true) return registration;
    if (own === undefined) doubt = true;
  }
  return doubt ? undefined : { key: 0n, holder: false };
}

/** How many registrations have this key, which READ KEYS lists once for each (spc4r36f 6.15.2); undefined if the list was cut. */
export function countOf(seen: Seen, key: bigint): number | undefined {
  return seen.keys.truncated ? undefined : seen.keys.keys.filter((each) => each === key).length;
}

/** Registrations of this key by initiator ports of other hosts; undefined if whose they are cannot be known. */
export function foreignWith(
  seen: Seen,
  key: bigint,
  ports: readonly TransportId[],
): readonly Registration[] | undefined {
  if (key === 0n || countOf(seen, key) === 0) return [];
  if (seen.registrations === undefined || ports.length === 0) return undefined;
  return seen.registrations.filter((each) => each.key === key && !isPortOfHost(ports, each.transportId));
}

/** Registrations of this host through nexuses that none of these paths is. Undefined if that cannot be known. */
export function missingOf(
  seen: Seen,
  paths: readonly PathIdentity[],
  ports: readonly TransportId[],
): readonly Registration[] | undefined {
  if (seen.registrations === undefined) return seen.keys.keys.length === 0 ? [] : undefined;
  if (paths.some(({ initiatorPort }) => initiatorPort === undefined)) return undefined;
  return seen.registrations.filter(
    (each) => isPortOfHost(ports, each.transportId) && paths.every((path) => isRegistrationOf(path, each) === false),
  );
}

/** Who holds the reservation, as seen from this host. */
export type Holding =
  | { readonly by: "none" | "another" | "all-registrants" }
  /** One of these paths holds it. */
  | { readonly by: "path"; readonly path: number }
  /** This host holds it through a nexus that none of the paths is; `certain`: by its port, and not only by its key. */
  | { readonly by: "missing"; readonly certain: boolean };

/**
 * Who holds it. Where it cannot be seen whose the holder's nexus is, its key decides, for no two hosts may use one key.
 *
 * @param key this host's reservation key
 */
export function holdingOf(
  seen: Seen,
  key: bigint,
  paths: readonly PathIdentity[],
  ports: readonly TransportId[],
): Holding {
  const { reservation } = seen;
  if (reservation.holder === "none") return { by: "none" };
  if (reservation.holder === "all-registrants") return { by: "all-registrants" };
  const holder = seen.registrations?.find((each) => each.holder);
  if (holder !== undefined) {
    const path = paths.find((each) => isRegistrationOf(each, holder) === true);
    if (path !== undefined) return { by: "path", path: path.index };
    const doubt = paths.some((each) => isRegistrationOf(each, holder) === undefined);
    if (isPortOfHost(ports, holder.transportId)) return { by: "missing", certain: !doubt };
    if (!doubt) return { by: "another" };
  }
  return reservation.key === key ? { by: "missing", certain: false } : { by: "another" };
}

/**
 * Did others change registrations between two looks? PRGENERATION counts every change; ours are known.
 *
 * @param own how many of our commands certainly moved it
 * @param doubtful how many may have
 * @returns undefined if it cannot be known
 */
export function changedByOthers(
  before: Seen | undefined,
  after: Seen | undefined,
  own: number,
  doubtful: number,
): boolean | undefined {
  if (before === undefined || after === undefined) return undefined;
  const moved = (after.keys.prGeneration - before.keys.prGeneration) >>> 0;
  if (moved > own + doubtful) return true;
  // Some devices do not count every change: then nothing can be concluded.
  return moved < own ? undefined : doubtful > 0 ? undefined : false;
}

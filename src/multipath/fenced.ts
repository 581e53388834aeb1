/**
 * Has this host been pre-empted while it registered? Pure: from what was sent, what was answered and what a look shows.
 *
 * What holds: "fenced" is said where something that was this host's is gone which none of its own commands took away; and where
 * PRGENERATION does not rule that out, of a registration whose answer was lost. Never for what other hosts do with their own.
 *
 * Some targets do not tell through which ports registrations were made. There they are counted: a change of key takes from the old one
 * what it adds to the new one, so that together they never become fewer. For an answer that was lost PRGENERATION, which every REGISTER,
 * CLEAR and PREEMPT moves by one (spc4r36f 6.15.2), is the only witness: it must not have moved further than this host's commands, the lost one included, and
 * those of other hosts that left a registration with another key. No registration with this host's key is put down to another host,
 * for it may be this host's own. What is left in doubt (an answer lost while somebody else acted, an array that counts one
 * registration for several paths) is taken for fenced: a host too many that has to ask is better than one that writes on.
 */
import type { TransportId } from "../transport-id.ts";
import { isPortOfHost, type PathIdentity, samePort } from "./path.ts";
import { countOf, keyOf, type Seen } from "./seen.ts";
import type { Reply } from "./step.ts";

/** One REGISTER on one path. */
export interface Attempted {
  readonly path: PathIdentity;
  /** The key that the command named for the path; undefined: it ignored it. */
  readonly named: bigint | undefined;
  readonly reply: Reply;
}

/** What a look is compared with. */
export interface Claims {
  readonly newKey: bigint;
  /** The key that was named for all paths, if one was. */
  readonly oldKey: bigint | undefined;
  /** The look before the latest round, and this host's ports. */
  readonly previous: Seen;
  readonly ports: readonly TransportId[];
  /** Paths that had the new key at an earlier look, or said so. */
  readonly have: readonly PathIdentity[];
  /** The latest round. */
  readonly attempts: readonly Attempted[];
  /** The keys that were named are those that the paths had, and not only what the caller believed. */
  readonly namedWereReal: boolean;
  /** PRGENERATION before the first of our commands, and how often they have certainly moved it. */
  readonly generation: number;
  readonly moves: number;
}

const isGone = (after: Seen, path: PathIdentity, newKey: bigint): boolean => {
  const key = keyOf(after, path);
  return key !== undefined && key !== newKey;
};

/**
 * Is a registration of this host gone, through whichever nexus? Also one of a path that is missing, and under an old key: whoever
 * removed it meant this host. Only for looks between which this host removes none.
 */
export function vanished(previous: Seen, after: Seen, ports: readonly TransportId[]): boolean {
  const { registrations } = after;
  if (registrations === undefined && after.keys.keys.length > 0) return false;
  return (previous.registrations ?? []).some(
    (was) =>
      isPortOfHost(ports, was.transportId) &&
      !(registrations ?? []).some(
        (is) =>
          samePort(is.transportId, was.transportId) &&
          (is.allTargetPorts || was.allTargetPorts || is.relativeTargetPort === was.relativeTargetPort),
      ),
  );
}

/** Has somebody taken away what was ours? */
export function fencedSince(claims: Claims, after: Seen): boolean {
  const { newKey, have, attempts } = claims;
  if (newKey === 0n) return false;
  if (vanished(claims.previous, after, claims.ports)) return true;
  if (have.some((path) => isGone(after, path, newKey))) return true;
  for (const { path, named, reply } of attempts) {
    if (reply.kind === "good" && isGone(after, path, newKey)) return true;
    const had = claims.namedWereReal && named !== undefined && named !== 0n;
    if (had && reply.kind === "conflict" && keyOf(after, path) === 0n) return true;
  }
  return fewerThanOurs(claims, after) || fewerOfOld(claims, after) || takenUnseen(claims, after);
}

/**
 * Where registrations can only be counted: have more of the old key gone than this host's commands can have taken, or fewer come under
 * the new key than have gone under the old one?
 */
function fewerOfOld({ newKey, oldKey, have, attempts, previous, namedWereReal }: Claims, after: Seen): boolean {
  const paths = [...have, ...attempts.map(({ path }) => path)];
  if (!paths.some((path) => keyOf(previous, path) === undefined)) return false;
  const old = namedWereReal && oldKey !== undefined && oldKey !== newKey ? oldKey : 0n;
  const [wasOld, isOld] = [countOf(previous, old), countOf(after, old)];
  const [wasNew, isNew] = [countOf(previous, newKey), countOf(after, newKey)];
  if (wasOld === undefined || isOld === undefined || wasNew === undefined || isNew === undefined) return false;
  const own = attempts.filter(({ reply: { kind } }) => kind === "good" || kind === "unknown").length;
  return isOld < wasOld - own || isOld + isNew < wasOld + wasNew;
}

/**
 * Registrations of other hosts that are new, or have another key: each took a command of theirs. Where the target does not tell
 * which are this host's, none with the new key is taken for another's.
 */
function changesOfOthers({ previous, ports, attempts, newKey }: Claims, after: Seen): number {
  const untold = attempts.some(({ path }) => keyOf(after, path) === undefined);
  return (after.registrations ?? []).filter(
    (is) =>
      !isPortOfHost(ports, is.transportId) &&
      !(untold && is.key === newKey) &&
      !(previous.registrations ?? []).some(
        (was) =>
          was.key === is.key &&
          was.relativeTargetPort === is.relativeTargetPort &&
          samePort(was.transportId, is.transportId),
      ),
  ).length;
}

/**
 * A registration whose answer was lost may have been made, and taken away before anybody looked. PRGENERATION tells: both count,
 * and so there are two changes more than are accounted for. In doubt it is taken for that.
 */
function takenUnseen(claims: Claims, after: Seen): boolean {
  const { newKey, have, attempts, previous } = claims;
  const there = ({ path }: Attempted): boolean => keyOf(after, path) === newKey;
  if (!attempts.some((each) => each.reply.kind === "unknown" && !there(each))) return false;
  if (attempts.some(({ path }) => keyOf(after, path) === undefined)) {
    if ((countOf(after, newKey) ?? 0) >= new Set([...have, ...attempts.map(({ path }) => path)]).size) return false;
  }
  const own = attempts.filter((each) => each.reply.kind === "good" || there(each)).length;
  const moved = (after.keys.prGeneration - previous.keys.prGeneration) >>> 0;
  return moved - own - changesOfOthers(claims, after) >= 2;
}

/** Where registrations cannot be told apart they are counted. Some arrays count one for all paths of an adapter. */
function fewerThanOurs({ newKey, have, attempts, generation, moves }: Claims, after: Seen): boolean {
  const unknown = (path: PathIdentity): boolean => keyOf(after, path) === undefined;
  const ours = new Set([
    ...have.filter(unknown).map(({ index }) => index),
    ...attempts.filter(({ path, reply }) => reply.kind === "good" && unknown(path)).map(({ path }) => path.index),
  ]).size;
  const count = countOf(after, newKey);
  if (ours === 0 || count === undefined || count >= ours) return false;
  return count === 0 || (after.keys.prGeneration - generation) >>> 0 > moves;
}

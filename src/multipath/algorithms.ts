/**
 * From a PERSISTENT RESERVE OUT to the algorithm that does it over all paths; and what is done when a path comes back.
 *
 * What holds at every step is said where the steps are: registering.ts, releasing.ts, in-turn.ts. Here besides:
 * - After a change of key the registrations that this host still has under the old one, through paths that are gone, are removed:
 *   whoever fences the new key would not reach them, and their path would come back writable.
 * - Unregistering while a path that is gone holds the reservation releases it first; nobody could otherwise. What paths that are gone
 *   have left goes before this host's own registrations, without which it could not; as long as some of it is there, the call does not
 *   succeed.
 * - A path that came back is registered only while other registrations of this host under the key stand; then it is looked again.
 */
import {
  preempt,
  type RegisterFlags,
  registerAndMove,
  replaceLostReservation,
} from "../commands/persistent-reserve-out.ts";
import { isScsiError } from "../errors.ts";
import type { ReservationType } from "../reservation.ts";
import { noUsablePath, worstOf } from "./failures.ts";
import { vanished } from "./fenced.ts";
import { byKey, clearTurn, inTurn, preemptTurn, reserveTurn } from "./in-turn.ts";
import type { PathIdentity } from "./path.ts";
import { asItPersists, type Host, numbers, type Registered, registerPaths, withdraw } from "./registering.ts";
import { releaseAll, selfPreempt } from "./releasing.ts";
import type { MultipathRequest } from "./request.ts";
import { countOf, foreignWith, holdingOf, keyOf, missingOf, type Seen } from "./seen.ts";
import { type Algorithm, type Reply, take } from "./step.ts";

/** What a unit remembers between operations. */
export interface Memory {
  /** The key this host has registered; undefined: not known. */
  readonly key: bigint | undefined;
  /** Does this host hold the reservation? Undefined: not known. */
  readonly holds: boolean | undefined;
}

function* look(host: Host, why: string, first: readonly PathIdentity[] = []): Algorithm<Seen> {
  const seen = yield* take<"look">({ kind: "look", why, paths: numbers([...first, ...host.paths]) });
  if (seen === undefined) throw noUsablePath("no path answers");
  return seen;
}

/** The keys that this host had on its paths, the new one and 0 excepted. */
function oldKeys(host: Host, before: Seen, named: bigint | undefined, newKey: bigint): bigint[] {
  const keys = new Set(host.paths.map((path) => keyOf(before, path) ?? 0n));
  if (named !== undefined) keys.add(named);
  keys.delete(0n);
  keys.delete(newKey);
  return [...keys];
}

/** Removes what is left of this host under its old keys, through paths that are gone. */
function* sweep(
  host: Host,
  { before, after, done }: Registered,
  named: bigint | undefined,
  newKey: bigint,
  memory: Memory,
): Algorithm {
  const missing = missingOf(after, done, host.ports);
  for (const key of oldKeys(host, before, named, newKey)) {
    const foreign = foreignWith(after, key, host.ports);
    const { reservation } = after;
    const left =
      missing === undefined
        ? memory.holds === true && reservation.holder === "one-nexus" && reservation.key === key
        : missing.some((each) => each.key === key);
    // Somebody else's registrations with that key are not ours to remove.
    if (!left || (foreign !== undefined && foreign.length > 0)) continue;
    const type = reservation.holder === "none" ? "write-exclusive" : (reservation.type ?? "write-exclusive");
    try {
      yield* inTurn(host, {
        ...preemptTurn(done, after, { key: newKey, victimKey: key, type }, false),
        command: preempt({ key: newKey, victimKey: key, type }),
        why: "a path that is gone still has the old key; with the reservation, if it holds it. Nobody would fence it by the new key",
      });
    } catch (error) {
      // Somebody was faster, and meant this host by its old key.
      const seen = yield* look(host, "is it gone already, and who removed it");
      const conflict = isScsiError(error) && error.code === "RESERVATION_CONFLICT";
      const counted = conflict && (countOf(after, key) ?? 0) > 0 && countOf(seen, key) === 0;
      if (counted || vanished(after, seen, host.ports)) yield* withdraw(host, seen, newKey);
      throw error;
    }
  }
}

/** Unregisters all paths; what paths that are gone have left goes too. */
function* unregister(host: Host, named: bigint | undefined, flags: RegisterFlags, memory: Memory): Algorithm {
  const seen = yield* look(host, "who holds the reservation, and what of this host is registered where");
  const known = host.paths.map((path) => keyOf(seen, path)).find((key) => key !== undefined && key !== 0n);
  const key = named ?? known ?? memory.key ?? 0n;
  const asked = { newKey: 0n, flags, why: "all paths unregister" };
  const holding = holdingOf(seen, key, host.paths, host.ports);
  const { reservation } = seen;
  const certain = holding.by === "missing" && (holding.certain || memory.holds === true);
  if (key !== 0n && known !== undefined && certain && reservation.holder === "one-nexus") {
    yield* releaseAll(host, key, reservation.type ?? "write-exclusive");
  }
  const missing = missingOf(seen, host.paths, host.ports)?.filter((each) => each.key === key) ?? [];
  const foreign = foreignWith(seen, key, host.ports);
  if (key === 0n || known !== key || missing.length === 0 || foreign?.length !== 0 || certain) {
    yield* registerPaths(host, { ...asked, key: named });
    return;
  }
  yield* unregisterMissing(host, key, seen);
  yield* registerPaths(host, { ...asked, key: undefined, why: "what is still registered unregisters" });
}

/**
 * Unregisters paths that are gone, by PREEMPT of the own key: every registration with the key goes, but the holder's own
 * (spc4r36f 5.13.11.2.4.3).
 */
function* unregisterMissing(host: Host, key: bigint, first: Seen): Algorithm {
  const replies: Reply[] = [];
  const order = byKey(host.paths, first, key);
  let seen = first;
  const left = (): boolean =>
    missingOf(seen, host.paths, host.ports)?.some((each) => each.key === key) === true &&
    // Somebody else's registrations with that key are not ours to remove.
    foreignWith(seen, key, host.ports)?.length === 0;
  // Each path has a second chance, after all others.
  for (const path of [...order, ...order]) {
    if (!left()) return;
    if (keyOf(seen, path) !== key) continue;
    const { reservation } = seen;
    const type = reservation.holder === "none" ? "write-exclusive" : (reservation.type ?? "write-exclusive");
    const sends = [{ path: path.index, command: preempt({ key, victimKey: key, type }) }];
    const why = "paths that are gone are unregistered by PREEMPT of the own key";
    const reply = (yield* take<"send">({ kind: "send", sends, why })).get(path.index);
    if (reply === undefined || reply.kind === "good") return;
    if (reply.kind === "error") throw reply.error;
    replies.push(reply);
    seen = yield* look(host, "are the paths that are gone unregistered");
  }
  if (left()) throw worstOf(replies);
}

function* reserveThrough(host: Host, key: bigint, type: ReservationType, memory: Memory): Algorithm {
  const before = yield* look(host, "which paths are registered, and does one of them hold it already");
  try {
    yield* inTurn(host, reserveTurn(byKey(host.paths, before, key), key, type));
  } catch (error) {
    // A path that is gone may hold it: then this host does.
    const seen = yield* look(host, "is it this host's already, through a path that is gone");
    const holding = holdingOf(seen, key, host.paths, host.ports);
    const { reservation } = seen;
    const same = reservation.holder === "one-nexus" && reservation.type === type && reservation.key === key;
    const ours = holding.by === "missing" && (holding.certain || memory.holds === true);
    if (!same || !ours || !host.paths.some((path) => keyOf(seen, path) === key)) throw error;
    // Of these types the holder alone may write: it must be a path that lives.
    if (type === "write-exclusive" || type === "exclusive-access") {
      yield* selfPreempt(host, { key, victimKey: key, type, abort: false });
    }
  }
}

function* preemptThrough(host: Host, request: Extract<MultipathRequest, { readonly do: "preempt" }>): Algorithm {
  const { key, victimKey, type, abort } = request;
  const before = yield* look(host, "who is registered and who holds");
  const everybody = victimKey === 0n && before.reservation.holder === "all-registrants";
  if (everybody || victimKey === key) {
    yield* selfPreempt(host, { key, victimKey, type, abort });
    return;
  }
  yield* inTurn(host, preemptTurn(byKey(host.paths, before, key), before, { key, victimKey, type }, abort));
}

/** The algorithm for a request. */
export function* algorithmOf(host: Host, request: MultipathRequest, memory: Memory): Algorithm {
  switch (request.do) {
    case "register": {
      const { newKey, key, flags } = request;
      if (newKey === 0n) return yield* unregister(host, key, flags, memory);
      const why = "all paths register";
      const registered = yield* registerPaths(host, { newKey, key, flags, why });
      return yield* sweep(host, registered, key, newKey, memory);
    }
    case "release":
      return yield* releaseAll(host, request.key, request.type, memory.holds);
    case "reserve":
      return yield* reserveThrough(host, request.key, request.type, memory);
    case "clear": {
      const before = yield* look(host, "which paths are registered");
      yield* inTurn(host, clearTurn(byKey(host.paths, before, request.key), before, request.key));
      return;
    }
    case "preempt":
      return yield* preemptThrough(host, request);
    case "move": {
      const before = yield* look(host, "which path holds the reservation");
      yield* inTurn(host, {
        paths: byKey(host.paths, before, request.options.key),
        command: registerAndMove(request.options),
        why: "the holder's path hands the reservation over",
        otherwise: "a path that does not hold conflicts: the next one",
        judge: (_path, reply) => (reply.kind === "conflict" ? "next" : "stop"),
      });
      return;
    }
    case "replace-lost": {
      const { newKey, type, flags } = request;
      const path = yield* inTurn(host, {
        paths: host.paths,
        command: replaceLostReservation({ newKey, type, ...flags }),
        why: "one path starts anew",
        otherwise: "if the path is dead, the next one",
        judge: (_path, reply) => (reply.kind === "conflict" ? "next" : "stop"),
      });
      const others = host.paths.filter((each) => each !== path);
      if (others.length === 0) return;
      yield* registerPaths(
        { ...host, paths: others },
        { newKey, key: undefined, flags, anchors: [path], why: "and the other paths register" },
      );
    }
  }
}

/** What became of a path that came back. */
export type ReturnedPath = "registered" | "not-registered";

/**
 * A path came, or came back: registers it if this host is registered, and wipes what it has if this host is not. Until then it
 * must not be used.
 *
 * @param host with all paths of the host, usable or not, but this one
 */
export function* pathReturned(host: Host, path: PathIdentity, memory: Memory): Algorithm<ReturnedPath> {
  const self = { ...host, paths: [path] };
  const seen = yield* look(
    { ...host, paths: [path, ...host.paths] },
    "is this host registered through its other paths",
  );
  const own = host.paths.map((each) => keyOf(seen, each)).find((key) => key !== undefined && key !== 0n);
  const key = memory.key ?? own ?? 0n;
  const anchors = host.paths.filter((each) => keyOf(seen, each) === key);
  const present = keyOf(seen, path);
  const untold = present === undefined && (countOf(seen, key) ?? 0) > 0;
  const stays = key !== 0n && (anchors.length > 0 || present === key || untold);
  if (!stays && present === 0n) return "not-registered";
  const flags = yield* asItPersists([path, ...host.paths]);
  if (!stays) {
    const why = "this host is not registered any more: neither shall this path be";
    yield* registerPaths(self, { newKey: 0n, key: undefined, flags, why });
    return "not-registered";
  }
  const { after } = yield* registerPaths(self, {
    newKey: key,
    key: undefined,
    flags,
    anchors,
    why: "the path that came back registers as the others are",
  });
  if (untold) {
    // Registrations can only be counted: one more than before, or as many and nobody else has changed anything.
    const [was = 0, is = 0] = [countOf(seen, key), countOf(after, key)];
    const moved = (after.keys.prGeneration - seen.keys.prGeneration) >>> 0;
    if (is <= was && moved > 1) yield* withdraw(self, after, key);
  }
  return "registered";
}

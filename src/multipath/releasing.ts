/**
 * RELEASE over all paths; and what is done where the holder's path is gone, or where this host pre-empts its own key or everybody:
 * the registrations of its other paths go with it, and are restored.
 *
 * What holds at every step:
 * - The holder alone can release (spc4r36f 5.13.11.2.2). If its path is gone, the reservation is moved to a living path by PREEMPT of one's own key, and
 *   released there. Nobody else's registration has this key: it is looked at before, and refused otherwise.
 * - From PREEMPT until the other paths are registered again they are without: therefore the map is suspended before and resumed
 *   after, whatever happens; the caller's signal does not stop it in between; and they are registered first, before RELEASE.
 * - They are registered again only as long as the pre-empting path's own registration stands. If it is gone, this host has been
 *   fenced in between, and what was registered after that is taken back.
 * - RELEASE takes no registration (spc4r36f 5.13.11.2.2): one that is gone at the look after it was taken by another host, and then the call does not succeed,
 *   whatever a path has answered before.
 * - Persistence through power loss stays as it was: the last REGISTER decides about it for all (spc4r36f 5.13.5.1).
 */
import type { Command } from "../command.ts";
import { preempt, preemptAndAbort, type RegisterFlags, release } from "../commands/persistent-reserve-out.ts";
import { ScsiError } from "../errors.ts";
import type { ReservationType } from "../reservation.ts";
import { noUsablePath, preemptedMeanwhile, worstOf } from "./failures.ts";
import { vanished } from "./fenced.ts";
import { byKey, inTurn, preemptTurn } from "./in-turn.ts";
import type { PathIdentity } from "./path.ts";
import { asItPersists, type Host, hexKey, numbers, refuseShared, registerPaths } from "./registering.ts";
import { countOf, holdingOf, keyOf, registrationOf, type Seen } from "./seen.ts";
import { type Algorithm, type Reply, take } from "./step.ts";

/** A PREEMPT that takes registrations from this host's own paths. */
export interface SelfPreempting {
  readonly key: bigint;
  /** Its own key, or 0n for everybody's under an all registrants reservation. */
  readonly victimKey: bigint;
  readonly type: ReservationType;
  readonly abort: boolean;
}

const without = (host: Host, path: PathIdentity): Host => ({
  ...host,
  paths: host.paths.filter((each) => each !== path),
});

/** Pre-empts this host's own key (or everybody) through one path, and registers the others again. Returns that path. */
export function* selfPreempt(host: Host, asked: SelfPreempting): Algorithm<PathIdentity> {
  const { key, victimKey, type, abort } = asked;
  const before = yield* take<"look">({
    kind: "look",
    why: "has nobody else this key, and who holds",
    paths: numbers(host.paths),
  });
  if (before === undefined) throw noUsablePath("no path answers");
  if (victimKey !== 0n) refuseShared(host, before, key, "no");
  const flags = yield* asItPersists(host.paths);
  yield* take<"suspend">({
    kind: "suspend",
    why: "no I/O may meet a path while it is without registration",
  });
  const command: Command<void> = (abort ? preemptAndAbort : preempt)({ key, victimKey, type });
  const path = yield* inTurn(host, {
    ...preemptTurn(byKey(host.paths, before, key), before, { key, victimKey, type }, abort),
    command,
    why:
      victimKey === 0n
        ? "one path removes every other registration, this host's other paths' too"
        : "the reservation comes to this path; every other registration with this key goes",
    critical: true,
  });
  yield* restore(host, path, before, key, flags);
  yield* take<"resume">({ kind: "resume", why: "every living path is registered again" });
  return path;
}

/** Registers the paths again that a PREEMPT of one's own has taken it from. */
function* restore(host: Host, path: PathIdentity, before: Seen, key: bigint, flags: RegisterFlags): Algorithm {
  const after = yield* take<"look">({
    kind: "look",
    why: "is the path that pre-empted still registered",
    paths: numbers([path, ...host.paths]),
    critical: true,
  });
  if (after === undefined) throw noUsablePath("no path answers any more");
  const own = keyOf(after, path);
  if (own !== undefined && own !== key) {
    // Who does not hold takes its own registration too (spc4r36f 5.13.11.2.5); who does, keeps it (5.13.11.2.4.3): then somebody else has
    // taken it.
    const held = ["path", "missing"].includes(holdingOf(before, key, host.paths, host.ports).by);
    const moved = (after.keys.prGeneration - before.keys.prGeneration) >>> 0;
    if (held || moved > 1) {
      throw preemptedMeanwhile(`another host pre-empted this host, key ${hexKey(key)}, right after its own PREEMPT`);
    }
    yield* registerPaths(
      { ...host, paths: [path] },
      { newKey: key, key: undefined, flags, critical: true, why: "the path that pre-empted is registered again" },
    );
  }
  const others = without(host, path);
  if (others.paths.length === 0) return;
  yield* registerPaths(others, {
    newKey: key,
    key: undefined,
    flags,
    anchors: [path],
    critical: true,
    why: "the other paths are registered again",
  });
}

/** How often one path is asked to release before its refusal is believed. */
const TRIES = 3;

/** RELEASE through the path that holds. False: the path is dead, and the reservation still there. */
function* releaseThrough(host: Host, path: PathIdentity, key: bigint, type: ReservationType): Algorithm<boolean> {
  let last: Reply | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const sends = [{ path: path.index, command: release({ key, type }) }];
    const why = "the path that holds releases";
    last = (yield* take<"send">({ kind: "send", sends, why, critical: true })).get(path.index);
    if (last === undefined || (last.kind === "good" && last.settled !== true)) return true;
    if (last.kind === "error" || last.kind === "refused") throw last.error;
    const paths = numbers([...host.paths, path]);
    const seen = yield* take<"look">({ kind: "look", why: "is it released", paths, critical: true });
    if (seen !== undefined && (![key, undefined].includes(keyOf(seen, path)) || countOf(seen, key) === 0)) {
      throw preemptedMeanwhile(`another host pre-empted this host, key ${hexKey(key)}, before it could release`);
    }
    if (seen?.reservation.holder === "none") return true;
    const alive = yield* take<"probe">({ kind: "probe", why: "is the holder's path alive", paths: [path.index] });
    if (!alive.has(path.index)) return false;
  }
  throw last?.error ?? noUsablePath("no path is left");
}

/** The holder's path is gone: moves the reservation to a living path and releases it there. `gone` are paths found dead. */
function* releaseMissing(
  host: Host,
  gone: readonly PathIdentity[],
  key: bigint,
  type: ReservationType,
  flags: RegisterFlags,
): Algorithm {
  const left = [...gone];
  let rest = host;
  while (rest.paths.length > 0) {
    const path = yield* selfPreempt(rest, { key, victimKey: key, type, abort: false });
    const released = yield* releaseThrough(rest, path, key, type);
    rest = without(rest, path);
    if (released) {
      yield* readmit(host, left, path, key, flags);
      return;
    }
    // That path is gone too: from another one, all over again.
    left.push(path);
  }
  throw noUsablePath("no path is left that could release it");
}

/** Paths that were taken for dead and have lost their registration with it: those that live after all get it again. */
function* readmit(
  host: Host,
  left: readonly PathIdentity[],
  anchor: PathIdentity,
  key: bigint,
  flags: RegisterFlags,
): Algorithm {
  if (left.length === 0) return;
  const why = "paths that were taken for dead have lost their registration: does one live after all";
  const alive = yield* take<"probe">({ kind: "probe", why, paths: numbers(left) });
  const paths = left.filter(({ index }) => alive.has(index));
  if (paths.length === 0) return;
  yield* registerPaths(
    { ...host, paths },
    {
      newKey: key,
      key: undefined,
      flags,
      anchors: [anchor],
      critical: true,
      why: "it lives, and is registered again",
    },
  );
}

const wrongType = (type: ReservationType, held: string): ScsiError =>
  new ScsiError(`this host holds the reservation as ${held}, through a path that is gone, and not as ${type}`, {
    code: "RESERVATION_CONFLICT",
    delivered: "no",
  });

const notRegistered = (key: bigint): ScsiError =>
  new ScsiError(`no path is registered with key ${hexKey(key)}, and none can have released anything`, {
    code: "RESERVATION_CONFLICT",
    delivered: "yes",
  });

/** Is a registration of this host gone? RELEASE takes none. */
function fencedBetween(before: Seen | undefined, after: Seen | undefined, key: bigint, { ports }: Host): boolean {
  if (before === undefined || after === undefined) return false;
  const [was, is] = [countOf(before, key), countOf(after, key)];
  return vanished(before, after, ports) || (was !== undefined && is !== undefined && is < was);
}

/** RELEASE through all paths. */
export function* releaseAll(
  host: Host,
  key: bigint,
  type: ReservationType,
  /** False: this host is known to hold nothing, whatever key a holder has. */
  holds?: boolean,
): Algorithm {
  const before = yield* take<"look">({
    kind: "look",
    why: "who holds the reservation",
    paths: numbers(host.paths),
  });
  const registered = host.paths.filter((path) => keyOf(before, path) !== 0n);
  const paths = registered.length > 0 ? registered : host.paths;
  const replies = yield* take<"send">({
    kind: "send",
    sends: paths.map((path) => ({ path: path.index, command: release({ key, type }) })),
    why: "all paths release: the holder's does, for the others it is GOOD and nothing",
    otherwise:
      "if this host still holds it afterwards, through a path that is gone: suspend the map, PREEMPT the own key through a living path, register the others again, RELEASE there, resume",
  });
  const after = yield* take<"look">({
    kind: "look",
    why: "is it released",
    paths: numbers(host.paths),
  });
  const seen = after ?? before;
  if (seen === undefined) throw worstOf(replies.values());
  const released = paths.filter((path) => replies.get(path.index)?.kind === "good");
  const lost = [...replies.values()].some(({ kind }) => kind === "unknown");
  if ((released.length > 0 || lost) && fencedBetween(before, after, key, host)) {
    throw preemptedMeanwhile(`another host pre-empted this host, key ${hexKey(key)}, while it released`);
  }
  // That there is no reservation settles a lost answer; but one who is not registered cannot have released it.
  const good = released.some(
    (path) => replies.get(path.index)?.settled !== true || (keyOf(seen, path) !== 0n && countOf(seen, key) !== 0),
  );
  if (!good && released.length > 0) throw notRegistered(key);
  const holding = holdingOf(seen, key, host.paths, host.ports);
  const heldBefore = before !== undefined && before.reservation.holder !== "none";
  if (after === undefined) {
    // Nobody can be asked any more: only the holder's own answer tells.
    const holder = holding.by === "path" ? replies.get(holding.path) : undefined;
    if (holding.by === "none" || holding.by === "another" ? good : holder?.kind === "good") return;
    throw worstOf(replies.values());
  }
  switch (holding.by) {
    case "none":
      if (good || (lost && heldBefore)) return;
      throw worstOf(replies.values());
    case "another":
    case "all-registrants":
      if (good) return;
      throw worstOf(replies.values());
    case "path": {
      const holder = host.paths.find(({ index }) => index === holding.path) as PathIdentity;
      const reply = replies.get(holding.path);
      if (reply === undefined || reply.kind === "good") return;
      if (reply.kind !== "unreachable" && reply.kind !== "unknown") throw reply.error;
      if (registrationOf(after, holder)?.key !== key) throw worstOf(replies.values());
      const alive = yield* take<"probe">({ kind: "probe", why: "is the holder's path alive", paths: [holder.index] });
      if (alive.has(holder.index) && (yield* releaseThrough(host, holder, key, type))) return;
      const rest = without(host, holder);
      if (rest.paths.length === 0) throw worstOf(replies.values());
      const flags = yield* asItPersists(rest.paths);
      yield* releaseMissing(rest, [holder], key, type, flags);
      return;
    }
    case "missing": {
      if (!good) throw worstOf(replies.values());
      if (!holding.certain && holds === false) return;
      const { reservation } = after;
      if (reservation.holder === "one-nexus" && reservation.type !== type) {
        throw wrongType(type, reservation.type ?? `type ${reservation.typeCode}`);
      }
      yield* releaseMissing(host, [], key, type, yield* asItPersists(host.paths));
    }
  }
}

/**
 * REGISTER and REGISTER AND IGNORE EXISTING KEY over all paths, as an algorithm.
 *
 * What holds at every step:
 * - Every path is sent the key that the target shows for it, wherever that can be known, so that the target itself refuses a
 *   registration whose ground has moved (spc4r36f 5.13.7, table 67): between the look and the command nobody comes unnoticed. Where the target does not tell, a
 *   second try names the key that the path has in all likelihood, and ignores it only when there is none or the path conflicts with it again.
 * - A registration that had been there, or has been made here, and is gone at the next look means that another host pre-empted
 *   this one. Then nothing more is registered, and what was registered afterwards is taken back: no live path stays writable
 *   for a host that has been fenced. That is the only case in which anything is taken back; where an answer was lost and PRGENERATION
 *   does not rule it out, it is taken for that.
 *   What is taken back is all that this host may have: where the target does not tell, every path, also those that did not answer.
 *   Persistence through power loss, about which the last REGISTER decides for all (spc4r36f 5.13.5.1), stays as whoever fenced this host
 *   has made it.
 * - A failure takes nothing back. Paths that were registered before stay so; the error tells which are and which are not.
 * - Success means that every path that answers has the key: a path that did not take it is asked whether it lives, and if it
 *   does, the call fails. BUSY is an answer too.
 * - No registration is touched but this host's own. A key that another host uses is refused before anything is sent.
 */
import type { Command } from "../command.ts";
import { type RegisterFlags, register, registerAndIgnoreExistingKey } from "../commands/persistent-reserve-out.ts";
import { isScsiError } from "../errors.ts";
import type { TransportId } from "../transport-id.ts";
import { formatTransportId } from "../transport-id-text.ts";
import { keyShared, noUsablePath, pathsDiffer, preemptedMeanwhile, worstOf } from "./failures.ts";
import { type Attempted, fencedSince } from "./fenced.ts";
import { isPortOfHost, type PathIdentity } from "./path.ts";
import { countOf, foreignWith, keyOf, type Seen } from "./seen.ts";
import { type Algorithm, type ReplyKind, take } from "./step.ts";

/** This host, as algorithms know it. */
export interface Host {
  /** The paths that may be used, in order of preference. */
  readonly paths: readonly PathIdentity[];
  /** Every initiator port of this host that is known. */
  readonly ports: readonly TransportId[];
  /** Ports that were registered with this host's key on its demand: they share it, and whose they are is the caller's matter. */
  readonly named?: readonly TransportId[];
}

/** What is to be registered. */
export interface Registering {
  /** 0n unregisters. */
  readonly newKey: bigint;
  /** The key that this host has now; undefined: whatever it is. */
  readonly key: bigint | undefined;
  readonly flags: RegisterFlags;
  /** Other paths, which are registered with the new key and must stay so from before the first step to after the last one. */
  readonly anchors?: readonly PathIdentity[];
  /** Stopping half-way would leave live paths without registration. */
  readonly critical?: boolean;
  readonly why: string;
}

/** What came of it. */
export interface Registered {
  readonly before: Seen;
  readonly after: Seen;
  /** Paths that have the new key now. */
  readonly done: readonly PathIdentity[];
}

/** How often what did not succeed is looked at and tried again. */
const ROUNDS = 3;

/** A key as people write it. */
export const hexKey = (key: bigint): string => `0x${key.toString(16)}`;
/** The paths' numbers. */
export const numbers = (paths: readonly PathIdentity[]): number[] => paths.map(({ index }) => index);

/** Refuses a key that another host is registered with. */
export function refuseShared(host: Host, seen: Seen, key: bigint, delivered: "no" | "yes"): void {
  const { ports, named = [] } = host;
  const foreign = foreignWith(seen, key, ports)?.find(({ transportId }) => !isPortOfHost(named, transportId));
  if (foreign === undefined) return;
  const who = formatTransportId(foreign.transportId);
  throw keyShared(
    `another host, ${who}, is registered with key ${hexKey(key)}: two hosts with one key cannot be told apart, and one would be fenced with the other`,
    delivered,
  );
}

/** One path of each initiator port: with ALL_TG_PT its registration serves the others. */
function onePerHost(paths: readonly PathIdentity[]): PathIdentity[] {
  const first = new Map<string, PathIdentity>();
  for (const path of paths) if (!first.has(path.host)) first.set(path.host, path);
  return [...first.values()];
}

/** The flags of a REGISTER that leaves persistence through power loss as it is. */
export function* asItPersists(paths: readonly PathIdentity[], critical = false): Algorithm<RegisterFlags> {
  const active = yield* take<"persistence">({
    kind: "persistence",
    why: "is persistence through power loss active: the last REGISTER decides about it for all, and must not change it",
    paths: numbers(paths),
    critical,
  });
  return { persistThroughPowerLoss: active === true ? true : undefined };
}

/**
 * Unregisters a host that was fenced: every path that has a key, and where the target does not tell every path, whatever it has.
 * A path of which that is not known is let go only when it has said that it is unregistered.
 */
export function* withdraw(host: Host, after: Seen, newKey: bigint): Algorithm<never> {
  let seen: Seen | undefined = after;
  const taken = new Set<number>();
  const flags = yield* asItPersists(host.paths, true);
  let left: readonly PathIdentity[] = [];
  for (let rounds = 0; rounds < ROUNDS && seen !== undefined; rounds++) {
    const now: Seen = seen;
    // Also what is there under an old key: whoever fenced this host meant all of it.
    left = host.paths.filter((path) => {
      const key = keyOf(now, path);
      return key === undefined ? !taken.has(path.index) : key !== 0n;
    });
    if (left.length === 0) break;
    const replies = yield* take<"send">({
      kind: "send",
      sends: left.map((path) => {
        const key = keyOf(now, path);
        const command =
          key === undefined
            ? registerAndIgnoreExistingKey({ newKey: 0n, ...flags })
            : register({ key, newKey: 0n, ...flags });
        return { path: path.index, command };
      }),
      why: "this host has been pre-empted meanwhile: what it registered since is taken back",
      critical: true,
    });
    for (const { index } of left) if (replies.get(index)?.kind === "good") taken.add(index);
    left = left.filter(({ index }) => replies.get(index)?.kind !== "good");
    if (left.length === 0) break;
    const why = "is everything taken back";
    try {
      seen = yield* take<"look">({ kind: "look", why, paths: numbers(host.paths), critical: true });
    } catch (error) {
      // That this host was fenced counts for more than why it cannot be looked.
      if (!isScsiError(error)) throw error;
      break;
    }
  }
  const names = left.map(({ name }) => name).join(", ");
  throw preemptedMeanwhile(
    `another host pre-empted this host, or cleared all registrations, while it registered key ${hexKey(newKey)}; ${left.length === 0 ? "what it registered after that has been taken back" : `${names} could not be unregistered, and must not be used`}`,
  );
}

/** These are answers: somebody is there, even if the path is lost right after. */
const answered: ReadonlySet<ReplyKind> = new Set<ReplyKind>(["error", "conflict", "refused"]);

/** Paths that did not take it must be dead. The first that lives. */
function* findLiving(failed: readonly Attempted[]): Algorithm<Attempted | undefined> {
  if (failed.length === 0) return undefined;
  const answering = yield* take<"probe">({
    kind: "probe",
    why: "a path that did not take it must be dead: one that lives would be without the key",
    paths: failed.map(({ path }) => path.index),
  });
  return failed.find(({ path, reply }) => answered.has(reply.kind) || answering.has(path.index));
}

/** Registers, changes or unregisters the key on every path of the host. */
export function* registerPaths(host: Host, asked: Registering): Algorithm<Registered> {
  const { newKey, flags, anchors = [], critical = false } = asked;
  const removing = newKey === 0n;
  const wide = flags.allTargetPorts === true;
  const everyPath = numbers([...anchors, ...host.paths]);
  const before = yield* take<"look">({
    kind: "look",
    why: "who is registered now, and with which key each path",
    paths: everyPath,
    critical,
  });
  if (before === undefined) throw noUsablePath("no path answers");
  if (!removing) refuseShared(host, before, newKey, anchors.length > 0 ? "yes" : "no");

  const known = (seen: Seen, path: PathIdentity): bigint | undefined => (wide ? undefined : keyOf(seen, path));
  // Only if the key that was named is any path's is it this host's; paths that differ are then caught up. What nobody has is no path's.
  const possible = asked.key === 0n || (asked.key !== undefined && countOf(before, asked.key) !== 0);
  const matches =
    asked.key === undefined ||
    host.paths.some((path) => {
      const key = keyOf(before, path);
      return key === undefined ? possible : key === asked.key;
    });

  const done = new Map<number, PathIdentity>();
  const failed = new Map<number, Attempted>();
  /** Paths that may have the new key, although they have not said so. */
  const lost = new Set<number>();

  /** The key that a path has in all likelihood, where the target does not tell: then it refuses what has lost it. */
  function likelyKey({ index }: PathIdentity, seen: Seen, rounds: number): bigint | undefined {
    if (removing || wide || !matches) return undefined;
    const last = failed.get(index);
    const candidates: bigint[] = [];
    if (asked.key !== undefined && asked.key !== 0n && (countOf(seen, asked.key) ?? 0) > 0) candidates.push(asked.key);
    if (lost.has(index) && (countOf(seen, newKey) ?? 0) > done.size + anchors.length) candidates.push(newKey);
    // It was never registered, if that is what it says again.
    return candidates.find((key) => rounds < 2 || last?.reply.kind !== "conflict" || last.named !== key);
  }

  /** The command for a path, and the key that it names. */
  function commandFor(
    path: PathIdentity,
    seen: Seen,
    rounds: number,
    ports: boolean,
  ): [Command<void>, bigint | undefined] {
    const more = ports ? flags : { ...flags, initiatorPorts: undefined };
    const present = known(seen, path) ?? (rounds === 0 ? undefined : likelyKey(path, seen, rounds));
    const named =
      asked.key !== undefined && (!matches || (rounds === 0 && present === undefined)) ? asked.key : present;
    return named === undefined
      ? [registerAndIgnoreExistingKey({ newKey, ...more }), undefined]
      : [register({ key: named, newKey, ...more }), named];
  }

  /** One round: TransportIDs are registered with the first path alone, for a second time they would be refused. */
  function* round(open: readonly PathIdentity[], seen: Seen, rounds: number): Algorithm<Attempted[]> {
    const attempts: Attempted[] = [];
    const first = rounds === 0;
    const alone = first && flags.initiatorPorts !== undefined ? 1 : 0;
    for (const group of [open.slice(0, alone), open.slice(alone)]) {
      if (group.length === 0) continue;
      const built = group.map((path) => ({
        path,
        built: commandFor(path, seen, rounds, alone === 1 && path === open[0]),
      }));
      const replies = yield* take<"send">({
        kind: "send",
        sends: built.map(({ path, built: [command] }) => ({ path: path.index, command })),
        why: first ? asked.why : "paths that did not take it, with the key that the target shows for them now",
        otherwise:
          "a path on which it conflicts or fails is looked at and tried again; one that then stays without must be dead, or the call fails",
        critical,
      });
      for (const {
        path,
        built: [, named],
      } of built) {
        const reply = replies.get(path.index);
        if (reply !== undefined) attempts.push({ path, named, reply });
      }
    }
    return attempts;
  }

  let open = wide ? onePerHost(host.paths) : [...host.paths];
  let seen = before;
  let moves = 0;
  const generation = before.keys.prGeneration;
  const claims = { newKey, oldKey: asked.key, namedWereReal: matches && !wide, generation, ports: host.ports };
  if (fencedSince({ ...claims, previous: before, have: anchors, attempts: [], moves }, before)) {
    yield* withdraw(host, before, newKey);
  }

  for (let rounds = 0; rounds < ROUNDS && open.length > 0; rounds++) {
    if (removing && matches) {
      for (const path of open.filter((each) => known(seen, each) === 0n)) done.set(path.index, path);
      open = open.filter((path) => !done.has(path.index));
    }
    const attempts = yield* round(open, seen, rounds);
    const good = attempts.filter(({ reply }) => reply.kind === "good").map(({ path }) => path);
    moves += good.length;
    for (const { path, reply } of attempts) if (reply.kind === "unknown") lost.add(path.index);
    const after = yield* take<"look">({
      kind: "look",
      why: removing
        ? "is every path unregistered"
        : "has every path the key, and has nobody pre-empted this host meanwhile",
      paths: [...numbers(good), ...everyPath],
      critical: critical || !removing,
    });
    if (after !== undefined) {
      const previous = seen;
      seen = after;
      const have = [...anchors, ...done.values()];
      if (fencedSince({ ...claims, previous, have, attempts, moves }, after)) {
        yield* withdraw(host, after, newKey);
      }
    }
    for (const attempt of attempts) {
      const { path, reply } = attempt;
      const key = after === undefined ? undefined : known(after, path);
      if (key === newKey || (key === undefined && reply.kind === "good")) {
        done.set(path.index, path);
        failed.delete(path.index);
      } else {
        failed.set(path.index, attempt);
      }
    }
    if (after === undefined) break;
    const settled = ({ path, named, reply }: Attempted): boolean =>
      reply.kind === "error" ||
      // As on a single path: nothing says that it should not conflict. What ignores the key should not.
      (reply.kind === "conflict" &&
        named !== undefined &&
        done.size + anchors.length === 0 &&
        (!matches || known(after, path) === undefined));
    open = [...failed.values()].filter((attempt) => !settled(attempt)).map(({ path }) => path);
  }

  if (done.size + anchors.length === 0) throw worstOf([...failed.values()].map(({ reply }) => reply));
  const living = yield* findLiving([...failed.values()]);
  if (living !== undefined) {
    // Its old key is still there: whoever fences that one does not reach the paths that have the new one.
    const last = yield* take<"look">({
      kind: "look",
      why: "a path that lives did not take it: has this host been fenced by the key that it has there",
      paths: everyPath,
      critical,
    });
    const have = [...anchors, ...done.values()];
    if (last !== undefined && fencedSince({ ...claims, previous: seen, have, attempts: [], moves }, last)) {
      yield* withdraw(host, last, newKey);
    }
    throw pathsDiffer(living.path.name, living.reply);
  }
  if (!removing) refuseShared(host, seen, newKey, "yes");
  return { before, after: seen, done: [...done.values()] };
}

/**
 * One command through one path after the other, until a device server has decided: RESERVE, CLEAR, PREEMPT, PREEMPT AND ABORT,
 * REGISTER AND MOVE, REPLACE LOST RESERVATION.
 *
 * What holds at every step:
 * - The command is under way through one path at a time, and goes to the next only if it certainly was not executed, or if a look
 *   at the target shows that it was not. PREEMPT twice is not PREEMPT once.
 * - A lost answer is settled by looking through any path that still answers; what cannot be settled is said, and ends the call.
 * - A registration of a path of this host is taken by CLEAR, by REGISTER AND MOVE with UNREG, and by PREEMPT of this host's own key or of
 *   everybody (spc4r36f 5.13.11.2.4.3, 5.13.11.2.5): the last is releasing.ts's, which registers the paths again. By nothing else.
 */
import type { Command } from "../command.ts";
import { clear, preempt, preemptAndAbort, reserve } from "../commands/persistent-reserve-out.ts";
import type { ReservationType } from "../reservation.ts";
import { worstOf } from "./failures.ts";
import type { PathIdentity } from "./path.ts";
import { type Host, numbers } from "./registering.ts";
import { keyOf, registrationOf, type Seen } from "./seen.ts";
import { type Algorithm, type Reply, take } from "./step.ts";

/** What is sent in turn. */
export interface Turn {
  readonly paths: readonly PathIdentity[];
  readonly command: Command<void>;
  readonly why: string;
  readonly otherwise: string;
  /** What a look shows after a conflict or a lost answer: was it executed, may the next path try, or is it over? */
  judge(path: PathIdentity, reply: Reply, seen: Seen | undefined): "done" | "next" | "stop";
  readonly critical?: boolean;
}

/** Sends it. Returns the path through which it was executed. */
export function* inTurn(host: Host, turn: Turn): Algorithm<PathIdentity> {
  const { command, why, otherwise, critical = false } = turn;
  const replies: Reply[] = [];
  for (const path of turn.paths) {
    const sends = [{ path: path.index, command }];
    const reply = (yield* take<"send">({ kind: "send", sends, why, otherwise, critical })).get(path.index);
    if (reply === undefined) continue;
    if (reply.kind === "good") return path;
    replies.push(reply);
    if (reply.kind === "error") throw reply.error;
    if (reply.kind === "unreachable" || reply.kind === "refused") continue;
    const seen = yield* take<"look">({
      kind: "look",
      why: reply.kind === "unknown" ? "its answer was lost: was it executed" : "why does it conflict",
      paths: numbers(host.paths),
      critical,
    });
    const verdict = turn.judge(path, reply, seen);
    if (verdict === "done") return path;
    if (verdict === "stop") throw reply.error;
  }
  throw worstOf(replies);
}

/** The paths by how likely they are right: the holder's, those with the key, those of which nothing is known, the rest. */
export function byKey(paths: readonly PathIdentity[], seen: Seen | undefined, key: bigint): PathIdentity[] {
  const rank = (path: PathIdentity): number => {
    const registration = registrationOf(seen, path);
    if (registration === undefined) return 2;
    if (registration.key !== key) return 3;
    return registration.holder ? 0 : 1;
  };
  return [...paths].sort((a, b) => rank(a) - rank(b));
}

const unchanged = (before: Seen | undefined, seen: Seen): boolean =>
  before !== undefined && before.keys.prGeneration === seen.keys.prGeneration;

/** RESERVE: conflicts of paths that do not hold it mean nothing as long as one may. */
export function reserveTurn(paths: readonly PathIdentity[], key: bigint, type: ReservationType): Turn {
  return {
    paths,
    command: reserve({ key, type }),
    why: "one path reserves, for all that are registered",
    otherwise: "where it conflicts the next path tries: one of them may hold the reservation already",
    judge(path, reply, seen) {
      if (reply.kind === "conflict" || seen === undefined) return "next";
      const { reservation } = seen;
      const ours =
        registrationOf(seen, path)?.holder ?? (reservation.holder === "one-nexus" && reservation.key === key);
      return ours && reservation.holder !== "none" && reservation.type === type ? "done" : "next";
    },
  };
}

/** CLEAR. */
export function clearTurn(paths: readonly PathIdentity[], before: Seen | undefined, key: bigint): Turn {
  return {
    paths,
    command: clear({ key }),
    why: "one path clears everything",
    otherwise: "if the path is dead or not registered, the next one",
    judge(path, reply, seen) {
      if (seen === undefined) return reply.kind === "conflict" ? "next" : "stop";
      if (reply.kind === "conflict") return keyOf(seen, path) === key ? "stop" : "next";
      if (seen.keys.keys.length === 0 && seen.reservation.holder === "none") return "done";
      return unchanged(before, seen) ? "next" : "stop";
    },
  };
}

/** PREEMPT and PREEMPT AND ABORT of another host. */
export function preemptTurn(
  paths: readonly PathIdentity[],
  before: Seen | undefined,
  options: { readonly key: bigint; readonly victimKey: bigint; readonly type: ReservationType },
  abort: boolean,
): Turn {
  const { key, victimKey } = options;
  const victimHeld =
    before?.reservation.holder === "one-nexus" ? before.reservation.key === victimKey : victimKey === 0n;
  return {
    paths,
    command: abort ? preemptAndAbort(options) : preempt(options),
    why: "one path pre-empts: the victim's registrations go, whichever nexuses they are of",
    otherwise: "if the path is dead or not registered, the next one; never twice without having looked",
    judge(path, reply, seen) {
      if (reply.kind === "conflict") return seen !== undefined && keyOf(seen, path) === key ? "stop" : "next";
      if (seen === undefined) return "stop";
      const { keys } = seen.keys;
      const there =
        victimKey === 0n ? keys.some((each) => each !== key) : victimKey !== key && keys.includes(victimKey);
      if (there || victimKey === key) {
        if (registrationOf(seen, path)?.holder === true && !unchanged(before, seen)) return "done";
        return unchanged(before, seen) ? "next" : "stop";
      }
      if (!keys.includes(key)) return "stop";
      if (victimHeld) {
        const held = registrationOf(seen, path)?.holder;
        return (held ?? (seen.reservation.holder === "one-nexus" && seen.reservation.key === key)) ? "done" : "stop";
      }
      // One change since the look before it, and the victim is gone: but whether its commands were aborted cannot be seen.
      const once = before !== undefined && (seen.keys.prGeneration - before.keys.prGeneration) >>> 0 === 1;
      return once && !abort ? "done" : "stop";
    },
  };
}

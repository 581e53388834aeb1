/**
 * What happened: step by step, and path by path with what the target shows of it. Data, and how it is kept together.
 *
 * What holds at every step: the key of a path is what a look showed after the last command that was sent, or is said to be unknown; no
 * answer of a command stands for it.
 */
import type { ScsiError } from "../errors.ts";
import type { Attempt } from "../retry.ts";
import type { SenseData } from "../sense.ts";
import type { PathIdentity } from "./path.ts";
import { changedByOthers, registrationOf, type Seen } from "./seen.ts";
import type { Reply, ReplyKind, StepKind } from "./step.ts";

/** One path, after an operation. */
export interface PathAccount {
  /** The path's name. */
  readonly path: string;
  /** Did it answer when it was last asked? Undefined: it was not asked. */
  readonly alive: boolean | undefined;
  /** How the last command that changes something ended on it. */
  readonly reply: ReplyKind | "not-sent";
  /** With its sense data, if that command failed. */
  readonly error: ScsiError | undefined;
  /** The key with which it is registered afterwards, as the target shows it: 0n if it is not, undefined if that cannot be known. */
  readonly key: bigint | undefined;
  /** Does it hold the reservation, alone or with others? Undefined if that cannot be known. */
  readonly holder: boolean | undefined;
  /** Every delivery through it. */
  readonly attempts: readonly Attempt[];
}

/** One step, as it was carried out. */
export interface StepAccount {
  /** What kind of step it was. */
  readonly kind: StepKind;
  /** Why it was taken, in one sentence. */
  readonly why: string;
  /** What went through which path, and how it ended. Empty for steps that send nothing through a path of its own. */
  readonly sends: readonly { readonly path: string; readonly command: string; readonly reply: ReplyKind }[];
}

/** Everything that happened in one operation on a unit of several paths. */
export interface MultipathAccount {
  /** Each path, as it was left. */
  readonly paths: readonly PathAccount[];
  /** What was done, in order. */
  readonly steps: readonly StepAccount[];
  /** Did others change registrations meanwhile, by PRGENERATION? Undefined: it cannot be known. */
  readonly changedByOthers: boolean | undefined;
}

/** An account that is being written. */
export interface Recorder {
  readonly attempts: Map<number, Attempt[]>;
  readonly replies: Map<number, Reply>;
  readonly alive: Map<number, boolean>;
  readonly steps: StepAccount[];
  readonly unitAttentions: SenseData[];
  first: Seen | undefined;
  last: Seen | undefined;
  /** Has anything been sent since the last look, or has a later one failed? */
  stale: boolean;
  /** Commands of ours that moved PRGENERATION; and those that may have. */
  moves: number;
  doubtful: number;
}

/** An empty one. */
export const createRecorder = (): Recorder => ({
  attempts: new Map(),
  replies: new Map(),
  alive: new Map(),
  steps: [],
  unitAttentions: [],
  first: undefined,
  last: undefined,
  stale: false,
  moves: 0,
  doubtful: 0,
});

/** RESERVE and RELEASE do not move PRGENERATION (spc4r36f 6.15.2). */
const still: ReadonlySet<string> = new Set(["RESERVE", "RELEASE"]);

/** Notes how a command ended on a path. */
export function noteReply(recorder: Recorder, path: number, command: string, reply: Reply): void {
  recorder.replies.set(path, reply);
  recorder.alive.set(path, reply.kind !== "unreachable" && reply.kind !== "unknown");
  recorder.unitAttentions.push(...reply.unitAttentions);
  recorder.stale = true;
  if (still.has(command)) return;
  if (reply.kind === "good") recorder.moves++;
  // LIO says NOT READY after it has registered, where it cannot write its file: an error may have moved it.
  else if (reply.kind === "unknown" || reply.kind === "error") recorder.doubtful++;
}

/** The account as it stands. */
export function accountOf(recorder: Recorder, paths: readonly PathIdentity[]): MultipathAccount {
  const seen = recorder.stale ? undefined : recorder.last;
  return {
    paths: paths.map((path): PathAccount => {
      const reply = recorder.replies.get(path.index);
      const registration = registrationOf(seen, path);
      return {
        path: path.name,
        alive: recorder.alive.get(path.index),
        reply: reply?.kind ?? "not-sent",
        error: reply?.error,
        key: registration?.key,
        holder: registration === undefined ? undefined : registration.key !== 0n && registration.holder,
        attempts: recorder.attempts.get(path.index) ?? [],
      };
    }),
    steps: recorder.steps,
    changedByOthers: changedByOthers(recorder.first, seen, recorder.moves, recorder.doubtful),
  };
}

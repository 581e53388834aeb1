/**
 * Carries an algorithm out: sends its steps' commands through the paths, within limits, deadline and the caller's signal, and hands
 * the answers back. Decides nothing about reservations.
 *
 * What holds at every step: a map that was suspended is resumed, whatever happens, and while it is suspended the caller's signal waits;
 * no command is sent a second time but where the device server said that it did nothing (a unit attention, BUSY); whoever fails gets an
 * account of what the target shows afterwards.
 */
import type { Command } from "../command.ts";
import { readFullStatus, readKeys, readReservation, reportCapabilities } from "../commands/persistent-reserve-in.ts";
import { testUnitReady } from "../commands/test-unit-ready.ts";
import { isScsiError, ScsiError, type ScsiErrorCode } from "../errors.ts";
import type { AttemptObserver, ExecuteOptions } from "../logical-unit.ts";
import { defaultRetryPolicy, type RetryPolicy } from "../retry.ts";
import { noteReply, type Recorder } from "./account.ts";
import type { PathLimits } from "./limits.ts";
import type { Path } from "./path.ts";
import { registrationsFit, type Seen } from "./seen.ts";
import type { Algorithm, Answers, Reply, ReplyKind, Step } from "./step.ts";

/** The map that applications use: what there is to suspend. */
export interface MultipathMap {
  /** Holds all I/O up. */
  suspend(): Promise<void>;
  /** Lets it go on. */
  resume(): Promise<void>;
}

/** Everything that an operation needs of the world. */
export interface Execution {
  readonly paths: readonly Path[];
  readonly limits: PathLimits;
  /** What the limits count the unit by. */
  readonly unit: object;
  readonly map: MultipathMap | undefined;
  readonly options: ExecuteOptions;
  /** In milliseconds of `performance.now()`. */
  readonly deadline: number;
  readonly recorder: Recorder;
}

const unreachable: ReadonlySet<ScsiErrorCode> = new Set<ScsiErrorCode>([
  "CONNECTION_FAILED",
  "LOGIN_FAILED",
  "AUTHENTICATION_FAILED",
  "TARGET_NOT_FOUND",
  "PERMISSION_DENIED",
  "UNSUITABLE_DEVICE",
  "CONNECTION_LOST",
  "PROTOCOL_ERROR",
  "TIMEOUT",
  "CLOSED",
]);
const refused: ReadonlySet<ScsiErrorCode> = new Set<ScsiErrorCode>(["BUSY", "TASK_SET_FULL", "ACA_ACTIVE"]);

/** Of NOT READY: the port is in transition, standby or unavailable (SPC-4 asymmetric access): other ports may do. */
const portOutOfUse: ReadonlySet<number> = new Set([0x0a, 0x0b, 0x0c]);

/** What an error means for the path, and for the next one. */
export function replyKindOf(error: ScsiError): ReplyKind {
  if (error.code === "RESERVATION_CONFLICT") return "conflict";
  if (error.delivered === "unknown") return "unknown";
  if (error.delivered === "no" && unreachable.has(error.code)) return "unreachable";
  if (refused.has(error.code)) return "refused";
  const { sense } = error;
  if (error.code === "NOT_READY" && sense?.asc === 0x04 && portOutOfUse.has(sense.ascq)) return "unreachable";
  return "error";
}

/**
 * The policy for one path of several: unit attentions are passed over, for most are this host's own doing on another path, every
 * command names its key, and the algorithms look afterwards; what a path does is not waited for, for there are others.
 */
export function pathRetry(policy: RetryPolicy = defaultRetryPolicy): RetryPolicy {
  return {
    ...policy,
    maxAttempts: Math.max(policy.maxAttempts, defaultRetryPolicy.maxAttempts),
    decide(failure, effect) {
      if (failure.code === "UNIT_ATTENTION" && effect !== "medium") return "at-once";
      return unreachable.has(failure.code) ? "no" : policy.decide(failure, effect);
    },
  };
}

/** Waits for all, also where one fails; then rejects with the first failure in their order. */
async function allOf<const Promises extends readonly Promise<unknown>[]>(
  promises: Promises,
): Promise<{ -readonly [Index in keyof Promises]: Awaited<Promises[Index]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises) as never;
}

const CRITICAL_MS = 20_000;

/** Carries it out. Rejects with what the algorithm throws, or with what stopped it. */
export async function carryOut<Result>(algorithm: Algorithm<Result>, execution: Execution): Promise<Result> {
  const { paths, limits, unit, map, options, recorder } = execution;
  const retry = pathRetry(options.retry);
  let suspended = false;
  let ended = false;
  let lastStep: Step["kind"] | undefined;

  /** Options for one command; what is critical goes on although the caller has given up or the time is over. */
  function optionsFor(path: number, critical: boolean): ExecuteOptions {
    const left = execution.deadline - performance.now();
    const keep: AttemptObserver = (attempt, command) => {
      const attempts = recorder.attempts.get(path) ?? [];
      attempts.push(attempt);
      recorder.attempts.set(path, attempts);
      options.observer?.(attempt, command);
    };
    return {
      signal: critical ? undefined : options.signal,
      timeoutMs: options.timeoutMs,
      deadlineMs: critical ? Math.max(left, options.timeoutMs ?? CRITICAL_MS) : Math.max(left, 1),
      retry,
      observer: keep,
    };
  }

  const through = <Answer>(path: number, command: Command<Answer>, critical: boolean) => {
    const { target, name, unit: way } = paths[path] as Path;
    return limits.run(target ?? name, unit, () => way.perform(command, optionsFor(path, critical)));
  };

  const busy = (path: number): number => {
    const { target, name } = paths[path] as Path;
    return limits.underWay(target ?? name);
  };

  async function send(path: number, command: Command<void>, critical: boolean): Promise<Reply> {
    let reply: Reply;
    try {
      const { unitAttentions, settledBy } = await through(path, command, critical);
      reply = { kind: "good", unitAttentions, settled: settledBy !== undefined };
    } catch (error) {
      if (!isScsiError(error)) throw error;
      const unitAttentions = error.attempts.flatMap(({ code, sense }) =>
        code === "UNIT_ATTENTION" && sense !== undefined ? [sense] : [],
      );
      reply = { kind: replyKindOf(error), error, unitAttentions };
      if (error.code === "ABORTED" && !critical) {
        noteReply(recorder, path, command.name, reply);
        throw error;
      }
    }
    noteReply(recorder, path, command.name, reply);
    return reply;
  }

  /** Reads all three through one path, at the same time; again if they are of different moments. */
  async function lookThrough(path: number, critical: boolean): Promise<Seen> {
    for (let tries = 1; ; tries++) {
      const [{ result: keys }, { result: reservation }, full] = await allOf([
        through(path, readKeys(), critical),
        through(path, readReservation(), critical),
        through(path, readFullStatus(), critical).then(
          ({ result }) => result,
          (error: unknown) => {
            // Many targets do not have it.
            if (isScsiError(error) && (error.code === "ILLEGAL_REQUEST" || error.code === "MALFORMED_RESPONSE")) {
              return undefined;
            }
            throw error;
          },
        ),
      ]);
      const consistent =
        reservation.prGeneration === keys.prGeneration &&
        (full === undefined || full.prGeneration === keys.prGeneration);
      if (!consistent && tries < 3) continue;
      const fits =
        full !== undefined &&
        consistent &&
        !full.truncated &&
        !keys.truncated &&
        registrationsFit(keys.keys, full.registrations);
      return { keys, reservation, registrations: fits ? full.registrations : undefined, consistent };
    }
  }

  /** Those that answered last come first, and of those the ones with least to do. */
  function byHealth(order: readonly number[]): number[] {
    const rank = (path: number): number =>
      [true, undefined, false].indexOf(recorder.alive.get(path)) * 2 ** 20 + busy(path);
    const ranks = new Map(order.map((path) => [path, rank(path)]));
    return [...ranks.keys()].sort((a, b) => (ranks.get(a) as number) - (ranks.get(b) as number));
  }

  async function look(order: readonly number[], critical: boolean): Promise<Seen | undefined> {
    // Every one gets a second chance after all others.
    const once = byHealth(order);
    let answered: ScsiError | undefined;
    for (const path of [...once, ...once]) {
      try {
        const seen = await lookThrough(path, critical);
        recorder.alive.set(path, true);
        recorder.first ??= seen;
        recorder.last = seen;
        recorder.stale = false;
        return seen;
      } catch (error) {
        if (!isScsiError(error)) throw error;
        if (error.code === "ABORTED" && !critical) throw error;
        if (error.code === "ILLEGAL_REQUEST") throw error;
        recorder.alive.set(path, error.delivered === "yes");
        if (error.delivered === "yes") answered = error;
      }
    }
    // What was seen before is no longer certain.
    recorder.stale = true;
    // Somebody is there, and will not say.
    if (answered !== undefined) throw answered;
    return undefined;
  }

  async function firstAnswer<Answer>(
    order: readonly number[],
    command: Command<Answer>,
    critical: boolean,
  ): Promise<Answer | undefined> {
    const once = byHealth(order);
    for (const path of [...once, ...once]) {
      try {
        return (await through(path, command, critical)).result;
      } catch (error) {
        if (!isScsiError(error)) throw error;
        if (error.code === "ABORTED" && !critical) throw error;
        // What the device does not have through one path it has through none.
        if (error.code === "ILLEGAL_REQUEST") return undefined;
      }
    }
    return undefined;
  }

  async function isAlive(path: number): Promise<boolean> {
    const alive = await through(path, testUnitReady(), true).then(
      () => true,
      (error: unknown) => {
        if (!isScsiError(error)) throw error;
        return error.delivered === "yes" && replyKindOf(error) !== "unreachable";
      },
    );
    recorder.alive.set(path, alive);
    return alive;
  }

  async function answer(step: Step): Promise<Answers[Step["kind"]]> {
    const critical = suspended || ("critical" in step && step.critical === true);
    if (!critical && options.signal?.aborted === true) {
      throw new ScsiError("given up by the caller between two steps", {
        code: "ABORTED",
        delivered: recorder.replies.size === 0 ? "no" : "yes",
        cause: options.signal.reason,
      });
    }
    switch (step.kind) {
      case "send": {
        const replies = await Promise.all(
          step.sends.map(async ({ path, command }) => [path, await send(path, command, critical)] as const),
        );
        return new Map(replies);
      }
      case "look":
        return look(step.paths, critical);
      case "persistence":
        return (await firstAnswer(step.paths, reportCapabilities(), critical))?.persistThroughPowerLossActive;
      case "probe": {
        const alive = await Promise.all(step.paths.map(async (path) => [path, await isAlive(path)] as const));
        return new Set(alive.filter(([, lives]) => lives).map(([path]) => path));
      }
      case "suspend":
        if (map === undefined) return false;
        suspended = true;
        await map.suspend();
        return true;
      case "resume":
        if (suspended) await resume();
        return undefined;
    }
  }

  async function resume(): Promise<void> {
    suspended = false;
    await map?.resume();
  }

  const nameOf = (path: number): string => (paths[path] as Path).name;

  try {
    let next = algorithm.next();
    for (;;) {
      if (next.done === true) {
        ended = true;
        return next.value;
      }
      const step = next.value;
      let input: Answers[Step["kind"]];
      lastStep = step.kind;
      try {
        input = await answer(step);
      } catch (error) {
        // What a step runs into is the algorithm's matter; that the caller gives up is not.
        if (!isScsiError(error) || error.code === "ABORTED") throw error;
        next = algorithm.throw(error);
        continue;
      }
      const replies = step.kind === "send" ? (input as Answers["send"]) : undefined;
      recorder.steps.push({
        kind: step.kind,
        why: step.why,
        sends:
          step.kind === "send"
            ? step.sends.map(({ path, command }) => ({
                path: nameOf(path),
                command: command.name,
                reply: replies?.get(path)?.kind ?? "unreachable",
              }))
            : [],
      });
      next = algorithm.next(input);
    }
  } finally {
    if (suspended) await resume();
    // For the account: what the target shows of every path now; after a failure, whose cause may be news, unless it has just been seen.
    if ((recorder.stale || (!ended && lastStep !== "look")) && options.signal?.aborted !== true) {
      await look(
        paths.map((_, index) => index),
        true,
      ).catch(() => undefined);
    }
  }
}

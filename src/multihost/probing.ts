/**
 * One probe of one disk: asks as often as it takes until there is an answer that says something, or the deadline has come. What
 * passes by itself (BUSY, unit attentions, a connection that is made anew) is no verdict.
 */

import type { Command } from "../command.ts";
import * as commands from "../commands/index.ts";
import { isScsiError, ScsiError } from "../errors.ts";
import type { Unit } from "../logical-unit.ts";
import type { RegisteredKeys, ReservationState } from "../reservation.ts";
import { noRetries } from "../retry.ts";
import { type Clock, sleep } from "./clock.ts";
import { type Expectation, judgeAccess, type LossReason } from "./expectation.ts";
import { tellsReset } from "./reserve.ts";
import { type AskWay, askAnyWay } from "./several-paths.ts";

/** What a probe found. */
export type Finding =
  | {
      readonly kind: "held";
      /** What a reset or a loss of power had ended was made again. */
      readonly reinstated: boolean;
      /** A reset was met on the way, and what it ended was not made again. */
      readonly reset: boolean;
      readonly prGeneration: number | undefined;
    }
  | {
      readonly kind: "lost";
      readonly reason: LossReason;
      readonly because: string;
      readonly keys?: RegisteredKeys | undefined;
      readonly reservation?: ReservationState | undefined;
      /** The command that met a conflict. */
      readonly command?: string | undefined;
    }
  /** Nothing that says anything, until the deadline. */
  | { readonly kind: "silent"; readonly error: ScsiError };

const held = (prGeneration: number | undefined, reinstated = false, reset = false): Finding => ({
  kind: "held",
  reinstated,
  reset,
  prGeneration,
});

/** Of one disk, through all its probes: whether a reset was met that nobody has been told of. */
export interface Resets {
  met: boolean;
}

/** How to probe. */
export interface ProbeOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** When the verdict must be there, by the clock. */
  readonly deadline: number;
  /** PRGENERATION as the last probe saw it. */
  readonly prGeneration: number | undefined;
  readonly resets: Resets;
}

const ATTENTIONS = 16;
const PAUSE_MS = 10;
/** What the clock of the transport may tell later than ours. */
const LEAST_MS = 1;
/** Bounds nothing: each delivery has what is left until the probe's deadline. */
const NO_DEADLINE_MS = 2 ** 31;

const readKeys = commands.readKeys();
const readReservation = commands.readReservation();
const testUnitReady = commands.testUnitReady();
const reserve6 = commands.reserve6();
const reserve10 = commands.reserve10();

const probes: ReadonlySet<Command<unknown>> = new Set<Command<unknown>>([
  readKeys,
  readReservation,
  testUnitReady,
  reserve6,
  reserve10,
]);

/** Is it one of the commands that probes send? */
export const isProbe = (command: Command<unknown>): boolean => probes.has(command);

/** One probe under way: asks, and notes whether a reset was met. */
interface Asking {
  ask<Result>(command: Command<Result>): Promise<Result>;
  readonly resets: Resets;
}

function asking(unit: Unit, { clock, signal, deadline, resets }: ProbeOptions): Asking {
  const askWay: AskWay = async (way, command, over) => {
    for (let attentions = 0; ; ) {
      const timeoutMs = Math.max(deadline - clock.now(), LEAST_MS);
      try {
        return await way.execute(command, { signal, timeoutMs, deadlineMs: NO_DEADLINE_MS, retry: noRetries });
      } catch (error) {
        if (!isScsiError(error) || error.code === "RESERVATION_CONFLICT" || over()) throw error;
        if (error.code === "ABORTED" || error.code === "CLOSED") throw error;
        if (tellsReset(error.sense)) resets.met = true;
        if (error.code === "UNIT_ATTENTION" && ++attentions < ATTENTIONS) continue;
        if (clock.now() + PAUSE_MS >= deadline) throw error;
        await sleep(clock, PAUSE_MS, signal);
      }
    }
  };
  return { resets, ask: (command) => askAnyWay(unit, command, askWay) };
}

async function probeReserved(expected: Extract<Expectation, { kind: "reserved" }>, asked: Asking): Promise<Finding> {
  const command = expected.reinstate !== true ? testUnitReady : expected.longForm === true ? reserve10 : reserve6;
  await asked.ask(command);
  const again = expected.reinstate === true && asked.resets.met;
  const reset = asked.resets.met && !again;
  asked.resets.met = false;
  return held(undefined, again, reset);
}

const CONSISTENT_LOOKS = 3;

async function probeRegistered(
  expected: Extract<Expectation, { kind: "registered" }>,
  asked: Asking,
  known: number | undefined,
): Promise<Finding> {
  for (let looks = 1; ; looks++) {
    const keys = await asked.ask(readKeys);
    const there = keys.keys.includes(expected.key);
    const reservation = there ? await asked.ask(readReservation) : undefined;
    // Two questions, one moment: only then do the answers belong together.
    const consistent = reservation === undefined || reservation.prGeneration === keys.prGeneration;
    if (!consistent && looks < CONSISTENT_LOOKS) continue;
    const powerLost = keys.keys.length === 0 && known !== undefined && keys.prGeneration < known;
    if (expected.reinstate === true && powerLost && looks < CONSISTENT_LOOKS) {
      const { key, type, persistThroughPowerLoss } = expected;
      await asked.ask(commands.register({ newKey: key, persistThroughPowerLoss }));
      if (type !== undefined) await asked.ask(commands.reserve({ key, type }));
      const { prGeneration } = await asked.ask(readKeys);
      return held(prGeneration, true);
    }
    const judgement = judgeAccess(expected, keys, reservation);
    if (judgement.held) return held(keys.prGeneration);
    // A list that was cut proves nothing about a key that is not in it.
    if (keys.truncated && !there) {
      throw new ScsiError("More keys are registered than can be read", { code: "MALFORMED_RESPONSE" });
    }
    const { reason, because } = judgement;
    return { kind: "lost", reason, because, keys, reservation };
  }
}

/** Probes once. Rejects with code ABORTED or CLOSED alone. */
export async function probe(unit: Unit, expected: Expectation, options: ProbeOptions): Promise<Finding> {
  const asked = asking(unit, options);
  try {
    return expected.kind === "reserved"
      ? await probeReserved(expected, asked)
      : await probeRegistered(expected, asked, options.prGeneration);
  } catch (error) {
    if (!isScsiError(error)) throw error;
    if (error.code === "RESERVATION_CONFLICT") {
      const because = `Another host has the disk: ${error.command ?? "a command"} met RESERVATION CONFLICT`;
      return { kind: "lost", reason: "reserved-by-another", because, command: error.command };
    }
    if (options.signal.aborted) throw error;
    return { kind: "silent", error };
  }
}

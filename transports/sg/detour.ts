/**
 * Whether to wait for a call on the spot. To be told of a result through the event loop takes a detour that is longer than many calls
 * are: 20 µs and more. So a call of a device whose calls take less than twice that is waited for, no longer than four times
 * the detour; and if the event loop has to bring a result all the same, the others of that device hold back until it is there. Where that was in
 * vain, the next 2, 4, 8, … 64 are left to the event loop. A result that is there on the spot is told at once; but every 4 ms only after the event
 * loop has turned, and until then no further call is waited for.
 */
import { availableParallelism } from "node:os";
import type { CallGroup } from "./calls.ts";
import { Control, State } from "./memory.ts";

const MOST_MISSES = 6;
/** How long the detour is thought to be at first, at least and at most, in microseconds. It is measured. */
const FIRST = 50;
const LEAST = 20;
const MOST = 5000;
/** A detour that is longer than this counts as this when it is decided how long to wait and to look: both take a processor. */
const MOST_WAITED = 500;
/** It is what it is where nothing else goes on: shorter is believed sooner than longer. */
const SHORTER = 1 / 4;
const LONGER = 1 / 16;
/** A call is waited for if those before it took less than so many detours. */
const WORTH = 2;
/** Calls hold back only where the detour is shorter than this: where it is long (a busy machine, an emulated one), they would lose more than they gain. */
const HOLDING = 100;
/** So many detours are waited for: a thread that sleeps takes two or three to wake up. */
const PATIENCE = 4;
/** So many detours a thread looks for its next call: one, if that is given as soon as this one's result is there. */
const ALERT = 2;
/** Who makes one call after the other, each waited for, does not keep the event loop from turning for longer than this. */
const TURN_MS = 4;

/** What is known of the detour. */
export interface Detour {
  /** Are calls of this group so short that the detour takes longer? */
  isShort(group: CallGroup): boolean;
  /** Is the next call of this group to be waited for? */
  worthWaiting(group: CallGroup): boolean;
  /**
   * How long the thread that gets this call is to look for its next one, in microseconds. Only where that is of use: if several are under
   * way, or waiting has been in vain, it would take the processor from those that have something to do.
   */
  alertMicroseconds(group: CallGroup): number;
  /** Is the event loop about to turn, or a result of this group expected so soon, that it is better to give the next call afterwards? */
  holdsBack(group: CallGroup): boolean;
  /** Waits for a call that was given just now; false if the thread will send a message instead. */
  wait(group: CallGroup, control: Int32Array, now: number): boolean;
  /** Is it time to let the event loop turn, before the result that is there is told? If so, calls that would be waited for hold back until then. */
  letsTurn(): boolean;
  /** The event loop has turned. */
  turned(): void;
  /** The only call under way was given then, and has now come back by the event loop. */
  learn(givenAtMs: number, control: Int32Array): void;
}

/** Nothing is known yet. */
export function createDetour(): Detour {
  const alone = availableParallelism() < 2;
  let microseconds = alone ? 0 : FIRST;
  const waited = (): number => Math.min(microseconds, MOST_WAITED);
  let turnedAt = 0;
  let turning = false;

  /** Is the call over? A thread may even have ended since, if this one has not had a processor for long. */
  function backSoon(control: Int32Array, now: number): boolean {
    for (const until = now + (PATIENCE * waited()) / 1000; now < until; now = performance.now()) {
      for (let looks = 0; looks < 50; looks++) {
        if (Atomics.load(control, Control.STATE) !== State.WATCHED) return true;
      }
    }
    return Atomics.compareExchange(control, Control.STATE, State.WATCHED, State.ANNOUNCED) !== State.WATCHED;
  }

  const isWaitedFor = (group: CallGroup): boolean => group.microseconds < WORTH * waited();

  return {
    isShort: (group) => group.microseconds < WORTH * microseconds,
    worthWaiting: (group) => isWaitedFor(group) && group.rest-- <= 0,
    alertMicroseconds: (group) => (group.running === 0 && group.rest <= 0 ? ALERT * waited() : 0),
    holdsBack: (group) =>
      (turning && isWaitedFor(group)) ||
      (group.running > 0 &&
        microseconds < HOLDING &&
        group.microseconds < WORTH * microseconds &&
        performance.now() - group.announcedAt < (PATIENCE * microseconds) / 1000),
    wait(group, control, now) {
      if (backSoon(control, now)) {
        group.misses = 0;
        return true;
      }
      group.misses = Math.min(group.misses + 1, MOST_MISSES);
      group.rest = 2 ** group.misses;
      return false;
    },
    letsTurn() {
      turning = performance.now() - turnedAt >= TURN_MS;
      return turning;
    },
    turned() {
      turning = false;
      turnedAt = performance.now();
    },
    learn(givenAtMs, control) {
      if (alone) return;
      const taken = (performance.now() - givenAtMs) * 1000 - (control[Control.MICROSECONDS] as number);
      const difference = Math.max(LEAST, Math.min(taken, MOST)) - microseconds;
      microseconds += difference * (difference < 0 ? SHORTER : LONGER);
    },
  };
}

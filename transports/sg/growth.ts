/**
 * Whether one more thread helps calls that wait for one. To start it costs something, on Deno a stop of the whole event loop, and calls that
 * come back soon are better off sharing. Pure.
 */

/** How long calls wait for an idle thread before it is asked whether another one would help them, and then again: most calls end sooner. */
export const PATIENCE_MS = 5;

/** How it stands with the calls of one group that wait. Times in milliseconds. */
export interface Need {
  /** Threads that there are, for whatever group. */
  readonly threads: number;
  /** Since a call of the group last came back, or since the first of them began to wait. */
  readonly stalledMs: number;
  /** How long calls of the group have waited since it last had a rest, all together. */
  readonly waitedMs: number;
  /** Its calls take less time than to be told of their results. */
  readonly short: boolean;
  /** How long the event loop stood still when a thread was last started. */
  readonly stoodStillMs: number;
}

/**
 * A thread helps if none of the group's calls has come back for as long as it stops the event loop to start one. Where they come back, if they
 * are long, and have waited for as long as that.
 */
export function oneMoreHelps({ threads, stalledMs, waitedMs, short, stoodStillMs }: Need): boolean {
  const patience = Math.max(PATIENCE_MS, stoodStillMs);
  return threads === 0 || stalledMs >= patience || (!short && waitedMs >= patience);
}

/**
 * Time as what is simulated sees it: the real one, or one that stands still until it is told to go on. Nothing here
 * knows what the time is for.
 */

/** Tells the time, and calls back later. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Calls back once, in `ms` milliseconds. Returns what calls it off. */
  after(ms: number, callback: () => void): () => void;
}

/** The longest time that setTimeout can wait. */
const MAXIMUM_TIMER_MS = 2 ** 31 - 1;

/** The real time. */
export const realClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, MAXIMUM_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** A clock that moves when it is told to. */
export interface VirtualClock extends Clock {
  /**
   * Lets `ms` milliseconds pass: whatever is due is called back, in the order of its time, and what follows from it
   * before the next.
   */
  advance(ms: number): Promise<void>;
  /** Whether anything waits to be called back. */
  readonly idle: boolean;
}

/** Lets everything happen that waits for no time: a full turn of the event loop's microtasks. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 16; i++) await undefined;
};

/** A clock at 0 ms. */
export function createVirtualClock(): VirtualClock {
  let time = 0;
  let count = 0;
  const waiting = new Map<number, { readonly at: number; readonly callback: () => void }>();
  /** The next one that is due up to `end`; among equals the one that was asked for first. */
  function next(end: number): number | undefined {
    let first: number | undefined;
    for (const [id, { at }] of waiting) {
      if (at <= end && (first === undefined || at < (waiting.get(first) as { at: number }).at)) first = id;
    }
    return first;
  }
  return {
    now: () => time,
    after(ms, callback) {
      const id = count++;
      waiting.set(id, { at: time + Math.max(ms, 0), callback });
      return () => void waiting.delete(id);
    },
    async advance(ms) {
      const end = time + ms;
      await settle();
      for (let id = next(end); id !== undefined; id = next(end)) {
        const { at, callback } = waiting.get(id) as { at: number; callback: () => void };
        waiting.delete(id);
        time = at;
        callback();
        await settle();
      }
      time = end;
    },
    get idle() {
      return waiting.size === 0;
    },
  };
}

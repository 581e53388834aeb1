/** Time as multihost disks see it: the real one unless a test brings another. Nothing here knows what the time is for. */
import { transportError } from "../errors.ts";

/** Tells the time, and calls back later. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Calls back once, in `ms` milliseconds. Returns what calls it off. */
  after(ms: number, callback: () => void): () => void;
}

/** The real time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Waits; rejects with code `ABORTED` if the signal fires meanwhile. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      callOff();
      reject(transportError("ABORTED", "no", "Given up by the caller between two commands", signal?.reason));
    };
    const callOff = clock.after(ms, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

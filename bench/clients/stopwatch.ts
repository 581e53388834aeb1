/** Counting what is done between two moments, and stopping after that. */
import { cpuUsage } from "node:process";
import type { Sample, Times } from "../jobs.ts";

/** A count under way. */
export interface Stopwatch {
  /** Operations done; whoever does them adds to it. */
  done: number;
  /** Set when the time is over: nothing new is to be begun. */
  stopped: boolean;
  /** Resolves when the time is over. */
  readonly sample: Promise<Sample>;
}

const cpuUs = (): number => {
  const { user, system } = cpuUsage();
  return user + system;
};

/** Starts the time. Its ends are timers, so whoever is measured must let the event loop turn. */
export function start({ warmupMs, measureMs }: Times): Stopwatch {
  let finish: (sample: Sample) => void;
  const watch: Stopwatch = {
    done: 0,
    stopped: false,
    sample: new Promise((resolve) => {
      finish = resolve;
    }),
  };
  setTimeout(() => {
    const doneBefore = watch.done;
    const cpuBefore = cpuUs();
    const from = performance.now();
    setTimeout(() => {
      const seconds = (performance.now() - from) / 1000;
      const count = watch.done - doneBefore;
      watch.stopped = true;
      finish({ value: count / seconds, cpuUs: (cpuUs() - cpuBefore) / count });
    }, measureMs);
  }, warmupMs);
  return watch;
}

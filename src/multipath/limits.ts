/**
 * How many commands may be under way at once: to one target port, and of one logical unit. Arrays are known to stall when all paths
 * of a unit register in the same moment, and hosts to time out when thousands of units do. Counts only; knows no SCSI.
 *
 * What holds at every step: never more is under way than the limits say, and who asked first comes first. A command that waits for
 * its turn has not been sent: a signal or a deadline may still end it.
 */
import { checkInteger } from "../check.ts";

/** Limits that any number of units share. */
export interface PathLimits {
  /**
   * Runs a piece of work when both limits let it, in the order of asking.
   *
   * @param target what the one limit counts by
   * @param unit what the other counts by
   */
  run<Result>(target: string, unit: object, work: () => Promise<Result>): Promise<Result>;
  /** How many are under way to one target port, or wait for it. */
  underWay(target: string): number;
  /** Most that were under way at once to one target port so far. */
  readonly most: number;
}

/** Options of {@link createPathLimits}. */
export interface PathLimitOptions {
  /** Commands under way to one target port, 1 to 65536; 32 unless given. */
  readonly perTarget?: number | undefined;
  /** Commands under way of one logical unit, 1 to 65536; 4 unless given. */
  readonly perUnit?: number | undefined;
}

interface Count {
  running: number;
  readonly waiting: (() => void)[];
}

/** Takes a place, or waits for one. */
function enter(count: Count, most: number): Promise<void> | undefined {
  if (count.running < most) {
    count.running++;
    return undefined;
  }
  return new Promise((resolve) => count.waiting.push(resolve));
}

/** Gives the place to whoever waits longest. */
function leave(count: Count): void {
  const next = count.waiting.shift();
  if (next === undefined) count.running--;
  else next();
}

/**
 * Limits for one unit, or shared by many.
 *
 * @throws TypeError or RangeError for a limit that cannot be
 * @example
 * const limits = createPathLimits({ perTarget: 16 });
 * const units = await Promise.all(maps.map((paths) => createMultipathUnit(paths, { limits })));
 */
export function createPathLimits(options: PathLimitOptions = {}): PathLimits {
  const perTarget = checkInteger("perTarget", options.perTarget ?? 32, 1, 65536);
  const perUnit = checkInteger("perUnit", options.perUnit ?? 4, 1, 65536);
  const targets = new Map<string, Count>();
  const units = new WeakMap<object, Count>();
  let most = 0;
  return {
    async run(target, unit, work) {
      const ofTarget = targets.get(target) ?? { running: 0, waiting: [] };
      targets.set(target, ofTarget);
      const ofUnit = units.get(unit) ?? { running: 0, waiting: [] };
      units.set(unit, ofUnit);
      // Always in this order, so that nobody waits in a circle.
      await enter(ofUnit, perUnit);
      await enter(ofTarget, perTarget);
      most = Math.max(most, ofTarget.running);
      try {
        return await work();
      } finally {
        leave(ofTarget);
        leave(ofUnit);
      }
    },
    underWay(target) {
      const { running = 0, waiting = [] } = targets.get(target) ?? {};
      return running + waiting.length;
    },
    get most() {
      return most;
    },
  };
}

/** A small generator of pseudo-random numbers: the same seed gives the same sequence everywhere. Not for secrets. */

/** A sequence of numbers. */
export interface Random {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  /** True with a probability from 0 to 1. */
  chance(probability: number): boolean;
  /** One of several. */
  pick<T>(from: readonly T[]): T;
}

/**
 * A sequence of random numbers, always the same for a seed.
 *
 * @param seed a whole number; its lowest 32 bits count
 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  /** Mulberry32: 32 bits of state, a full period. */
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number): number => next() % limit;
  return {
    below,
    chance: (probability) => next() < probability * 2 ** 32,
    pick: (from) => from[below(from.length)] as (typeof from)[number],
  };
}

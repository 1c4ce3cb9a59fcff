/** The random seam: seeded generators for tests and simulation, system entropy for names. */

/** Uniform 32-bit numbers. */
export interface Random {
  /** The next number, from 0 to 2^32 − 1. */
  nextU32(): number;
}

/**
 * A seeded generator (Mulberry32; T. Ettinger, public domain). Same seed, same numbers.
 *
 * @param seed Any 32-bit number.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    nextU32(): number {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return (mixed ^ (mixed >>> 14)) >>> 0;
    },
  };
}

/** A short name that no other process will choose. */
export function uniqueName(): string {
  return crypto.randomUUID().slice(0, 8);
}

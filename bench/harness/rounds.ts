/** How long a line runs. `--quick` shortens rounds and changes nothing else. */

/** Lengths of a measurement. */
export interface Rounds {
  /** Pairs of blocks, ours and the peer's. */
  readonly pairs: number;
  /** Milliseconds that one block should take. */
  readonly blockMs: number;
  /** Milliseconds over which an idle node is watched. */
  readonly idleMs: number;
  /** Starts of a server. */
  readonly launches: number;
  /** Upgrades of a module over which a node's memory is watched; whole cycles of recycling. */
  readonly upgrades: number;
}

export const FULL_ROUNDS: Rounds = {
  pairs: 15,
  blockMs: 200,
  idleMs: 10_000,
  launches: 15,
  upgrades: 512,
};
export const QUICK_ROUNDS: Rounds = {
  pairs: 3,
  blockMs: 60,
  idleMs: 1_000,
  launches: 1,
  upgrades: 64,
};

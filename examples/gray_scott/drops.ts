/**
 * The start of a run: drops of V scattered over the field by a seeded generator.
 *
 * Thread rules: none; writes only the given fields.
 */

import type { Fields } from "./kernel.ts";

/** One drop for this many cells: after 64 frames of 40 steps most neighbours have met. */
const CELLS_PER_DROP = 9216;
/** Places that are tried for each drop. */
const CANDIDATES_PER_DROP = 3;
const DROP_RADIUS_MIN = 3;
const DROP_RADIUS_MAX = 10;

/**
 * Puts drops into an empty field: round, half U and about a quarter V. The noise in V keeps a drop
 * from growing as symmetrically as the grid.
 *
 * @param sizeCells Cells along each side.
 * @param fields Where the drops go.
 * @param seed Any 32-bit number; decides places, sizes and noise.
 */
export function scatterDrops(sizeCells: number, fields: Fields, seed: number): void {
  const random = uniform(seed);
  const dropCount = Math.max(1, Math.round(sizeCells ** 2 / CELLS_PER_DROP));
  const drops: Cell[] = [];
  while (drops.length < dropCount) {
    const { x: centreX, y: centreY } = loneliest(sizeCells, drops, random);
    drops.push({ x: centreX, y: centreY });
    const radius = DROP_RADIUS_MIN + random() * (DROP_RADIUS_MAX - DROP_RADIUS_MIN);
    const reach = Math.floor(radius);
    for (let y = -reach; y <= reach; y++) {
      for (let x = -reach; x <= reach; x++) {
        if (x * x + y * y > radius * radius) continue;
        const row = (centreY + y + sizeCells) % sizeCells;
        const column = (centreX + x + sizeCells) % sizeCells;
        const cell = row * sizeCells + column;
        fields.u[cell] = 0.5;
        fields.v[cell] = 0.25 + 0.1 * random();
      }
    }
  }
}

interface Cell {
  readonly x: number;
  readonly y: number;
}

/**
 * Of a few random cells the one farthest from all drops so far (best-candidate sampling,
 * D. P. Mitchell, "Spectrally optimal sampling for distribution ray tracing", SIGGRAPH 1991): even
 * enough to leave no large hole, uneven enough to look grown.
 */
function loneliest(sizeCells: number, drops: readonly Cell[], random: () => number): Cell {
  let best: Cell = { x: 0, y: 0 };
  let bestDistance = -1;
  for (let candidate = 0; candidate < CANDIDATES_PER_DROP; candidate++) {
    const cell = { x: Math.floor(random() * sizeCells), y: Math.floor(random() * sizeCells) };
    let nearest = Infinity;
    for (const drop of drops) nearest = Math.min(nearest, squaredDistance(sizeCells, cell, drop));
    if (nearest > bestDistance) [best, bestDistance] = [cell, nearest];
  }
  return best;
}

/** Along the shorter way round, as the grid is periodic. */
function squaredDistance(sizeCells: number, a: Cell, b: Cell): number {
  const x = Math.abs(a.x - b.x);
  const y = Math.abs(a.y - b.y);
  return Math.min(x, sizeCells - x) ** 2 + Math.min(y, sizeCells - y) ** 2;
}

/**
 * Uniform numbers in [0, 1) from a seed: xorshift32 (G. Marsaglia, "Xorshift RNGs", Journal of
 * Statistical Software 8(14), 2003). Its one bad state, zero, is avoided.
 */
function uniform(seed: number): () => number {
  let state = (seed >>> 0) || 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

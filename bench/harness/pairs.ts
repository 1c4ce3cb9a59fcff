/**
 * The method: ours and the peer take turns, block by block, in one run.
 *
 *     calibrate ours, calibrate peer │ ours peer │ peer ours │ ours peer │ …
 *                                    └─ pair 1 ──┴─ pair 2 ──┴─ pair 3 ──┘
 *
 * A disturbance from outside (another program, a clock change) hits both halves of a pair about
 * alike and so leaves their ratio alone; the order alternates so that neither half is always the
 * one that finds warm caches. The figure of a line is the median of the ratios of the pairs.
 */

import type { Block, Measurement, Side } from "./line.ts";
import type { Rounds } from "./rounds.ts";

/** Turns a block into a figure of the line's unit. */
export type Figure = (block: Block) => number;

/** Microseconds for one operation. */
export const microseconds: Figure = (block) => block.microsPerOp;

/** Operations in one second. */
export const perSecond: Figure = (block) => 1e6 / block.microsPerOp;

const FIRST_OPS = 64;
const OPS_MAX = 1 << 28;

/** Blocks in a row that must take about as long as wanted before a side counts as warm. */
const STEADY_BLOCKS = 2;
/** Blocks after which a side that never settles is taken as it is. */
const SETTLE_BLOCKS_MAX = 12;

/**
 * How many operations fill a block of `blockMs`. Runs ever longer blocks, and then again until
 * their length stays put, which also warms up the side: its caches, and the compiler's opinion of
 * its code.
 */
export async function calibrate(side: Side, blockMs: number): Promise<number> {
  let ops = await growToQuarter(side, blockMs);
  for (let block = 0, steady = 0; block < SETTLE_BLOCKS_MAX && steady < STEADY_BLOCKS; block++) {
    const { elapsedMs } = await side.run(ops);
    const share = elapsedMs / blockMs;
    steady = share > 0.75 && share < 1.33 ? steady + 1 : 0;
    ops = Math.max(1, Math.min(OPS_MAX, Math.round(ops / Math.max(share, 1e-6))));
  }
  return ops;
}

/** Doubles the operations until they take a quarter of a block. */
async function growToQuarter(side: Side, blockMs: number): Promise<number> {
  for (let ops = FIRST_OPS;; ops *= 2) {
    const { elapsedMs } = await side.run(ops);
    if (elapsedMs >= blockMs / 4 || ops >= OPS_MAX) return ops;
  }
}

/** Starts the peer, then ours; a peer whose opponent does not come up is closed. */
export async function startBoth<Ours>(
  startPeer: () => Promise<Side>,
  startOurs: () => Promise<Ours>,
): Promise<[Ours, Side]> {
  const peer = await startPeer();
  try {
    return [await startOurs(), peer];
  } catch (error) {
    await peer.close();
    throw error;
  }
}

/**
 * Runs the pairs and closes both sides, also when one of them fails.
 *
 * @param peerName What the peer is, for the reader of the table.
 */
export async function measurePairs(
  ours: Side,
  peer: Side,
  peerName: string,
  rounds: Rounds,
  figure: Figure,
): Promise<Measurement> {
  try {
    const oursOps = await calibrate(ours, rounds.blockMs);
    const peerOps = await calibrate(peer, rounds.blockMs);
    const samples: [number, number][] = [];
    let checksum = 0;
    for (let pair = 0; pair < rounds.pairs; pair++) {
      const peerFirst = pair % 2 === 1;
      const early = peerFirst ? await peer.run(peerOps) : undefined;
      const block = await ours.run(oursOps);
      const peerBlock = early ?? await peer.run(peerOps);
      samples.push([figure(block), figure(peerBlock)]);
      checksum = (checksum + block.checksum) >>> 0;
    }
    return { peer: peerName, samples, checksum };
  } finally {
    await Promise.all([ours.close(), peer.close()]);
  }
}

/** Runs the blocks of a line that has no peer, and closes its side, also when that fails. */
export async function measureAlone(
  ours: Side,
  rounds: Rounds,
  figure: Figure,
): Promise<Measurement> {
  try {
    const ops = await calibrate(ours, rounds.blockMs);
    const samples: [number, null][] = [];
    let checksum = 0;
    for (let round = 0; round < rounds.pairs; round++) {
      const block = await ours.run(ops);
      samples.push([figure(block), null]);
      checksum = (checksum + block.checksum) >>> 0;
    }
    return { peer: null, samples, checksum };
  } finally {
    await ours.close();
  }
}

/** Times `work`, which runs `ops` operations and returns the sum of their results. */
export async function timeBlock(
  ops: number,
  work: () => number | Promise<number>,
): Promise<Block> {
  const startMs = performance.now();
  const result = work();
  // No turn of the event loop belongs to a synchronous block.
  const sum = typeof result === "number" ? result : await result;
  const elapsedMs = performance.now() - startMs;
  return { microsPerOp: elapsedMs * 1000 / ops, elapsedMs, checksum: sum >>> 0 };
}

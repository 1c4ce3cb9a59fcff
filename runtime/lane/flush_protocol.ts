/**
 * What the leader of a flush and its members tell each other, by link entries of kind `flush`.
 *
 *   leader                                member: every worker, the leader's own too
 *     ── begin ──▶                          takes what its rings hold now, goes over to the other
 *                                           epoch, asks its modules for work that they hold back
 *     ◀── answer (held, open, ended) ──     before it `failed` (record, code) if a module threw
 *     ◀── news (open, ended) ──             when its tasks have got on, until the end
 *     ── ask ──▶                            asks its modules again
 *     ◀── answer (held, open, ended) ──
 *     ── end ──▶
 *
 * A step carries the epoch that the flush waits for: of a worker that is lost meanwhile the thread in
 * its place is told to begin again, and may have gone over already.
 *
 * An entry's words: step, and for an answer the held work above it; open; ended. Of the leader's:
 * step, epoch, and from a thread that retires, to the one in its place, the leader + 1.
 *
 * Thread rules: plain values.
 */

export const FlushStep = { begin: 0, ask: 1, end: 2, answer: 3, news: 4, failed: 5 } as const;
export type FlushStep = typeof FlushStep[keyof typeof FlushStep];

const STEP_BITS = 3;
/** More held work than this is as much. */
const HELD_MAX = 2 ** 24;

/** The first word of an entry. */
export function packStep(step: FlushStep, held: number): number {
  return step | Math.min(held, HELD_MAX) << STEP_BITS;
}

/** Whether an entry is the leader's, and not a member's. */
export function isForMember(word: number): word is 0 | 1 | 2 {
  return word <= FlushStep.end;
}

export function stepOf(word: number): FlushStep {
  return (word & (1 << STEP_BITS) - 1) as FlushStep;
}

export function heldOf(word: number): number {
  return word >> STEP_BITS;
}

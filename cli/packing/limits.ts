/** Sizes of the command line's own work with files. */

/**
 * Raw bytes of a task, when the user does not say. Smaller blocks compress worse and larger ones
 * keep lanes waiting for each other; docs/decisions.md has the figures.
 */
export const BLOCK_BYTES_DEFAULT = 1 << 20;
export const BLOCK_BYTES_MIN = 64 << 10;
/** Of a block, and so of a frame that is decompressed in one task; larger ones are streamed. */
export const BLOCK_BYTES_MAX = 32 << 20;

/** Shared memory for blocks under way. */
export const WINDOW_BYTES_MAX = 192 << 20;

/** What a session needs besides: its rings, task slots and error records. */
export const SESSION_BYTES_EXTRA = 32 << 20;

/** Tasks under way at once: each lane has one to run and one to run next; two are being written. */
export function windowOf(lanes: number): number {
  return 2 * lanes + 2;
}

/** Sizes of the command line's own work with files. */

import { smallestSessionBytes } from "../../runtime/session/mod.ts";

/**
 * Raw bytes of a task, when the user does not say. Measured on 200 MB of text, tables and images,
 * ratio and MB/s by two lanes:
 *
 *               128 KiB       512 KiB       1 MiB         4 MiB
 *     lz4 1     1.90  351     1.93  409     1.93  433     1.94  425
 *     zstd 3    2.89  195     3.06  212     3.09  244     3.12  242
 *     gzip 6    2.90  144     2.98  107     2.99  100     3.00   75
 *
 * Above 1 MiB hardly anything is gained, and a file of a few MiB would leave lanes without work.
 */
export const BLOCK_BYTES_DEFAULT = 1 << 20;
export const BLOCK_BYTES_MIN = 64 << 10;
/** Of a block, and so of a frame that is decompressed in one task; larger ones are streamed. */
export const BLOCK_BYTES_MAX = 32 << 20;

/** Shared memory for blocks under way. */
export const WINDOW_BYTES_MAX = 192 << 20;

/** A session with room for the window, beside what its port takes for each worker of the node. */
export function sessionBytes(workers: number): number {
  return WINDOW_BYTES_MAX + smallestSessionBytes(workers);
}

/** Tasks under way at once: each lane has one to run and one to run next; two are being written. */
export function windowOf(lanes: number): number {
  return 2 * lanes + 2;
}

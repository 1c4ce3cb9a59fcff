/** What frames of lz4 need from a provider beyond the bare block. */

import type { Provider } from "../provider.ts";

/** Bytes that a match can reach back. */
export const HISTORY_BYTES_MAX = 65536;

/** A provider of lz4 blocks. */
export interface Lz4Provider extends Provider {
  /**
   * Decompresses one block of a frame whose matches may reach into the bytes before it.
   *
   * @param dst Caps the output; the block's own length is not known beforehand.
   * @param history The last bytes before the block, at most 64 KiB. Fastest where it ends at the
   * first byte of `dst`.
   * @returns Bytes written. Throws CHI-6002 for damaged input, CHI-6004 when `dst` is too small.
   */
  decompressAfter(src: Uint8Array, dst: Uint8Array, history: Uint8Array): number;
}

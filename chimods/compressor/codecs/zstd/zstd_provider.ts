/** What frames of zstd need from a provider beyond the bare codec. */

import type { Provider } from "../provider.ts";

/**
 * A provider of zstd. Its bare form is a frame too, with the content size and without a checksum:
 * the block header has one already.
 */
export interface ZstdProvider extends Provider {
  /** As `compress`, with the content checksum that a frame of the command line carries. */
  compressFrame(src: Uint8Array, dst: Uint8Array, level: number): number;
}

/** Largest window that decoders accept, the default of the zstd program. */
export const WINDOW_BYTES_MAX = 128 << 20;

/** Size of a destination in which any `rawBytes` bytes fit, as one frame with its checksum. */
export function zstdBound(rawBytes: number): number {
  const SMALL_BYTES = 128 << 10;
  const margin = rawBytes < SMALL_BYTES ? (SMALL_BYTES - rawBytes) >>> 11 : 0;
  return rawBytes + Math.ceil(rawBytes / 256) + margin + 4;
}

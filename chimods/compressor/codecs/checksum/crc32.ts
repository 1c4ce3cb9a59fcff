/**
 * CRC-32 (IEEE 802.3), the checksum of gzip and of our block header.
 *
 * The runtime's own is the fastest at hand, ahead of the system libraries; it is the reason that
 * every open codec set has loaded `node:zlib`.
 */

/** Extends `seed`, the checksum of what came before, by `view`. Unsigned 32-bit numbers. */
export type Crc32 = (view: Uint8Array, seed?: number) => number;

/** Loads the checksum; costs some milliseconds the first time in an isolate. */
export async function loadCrc32(): Promise<Crc32> {
  const { crc32 } = await import("node:zlib");
  return crc32;
}

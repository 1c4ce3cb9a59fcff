/**
 * Deflate of data that does not shrink.
 *
 * Providers differ in what they make of noise, some up to an eighth more than there was. Whatever
 * would grow is written as stored blocks here, so one bound holds for all of them:
 *
 *     last? u8 │ length u16 │ ~length u16 │ up to 65535 bytes      … repeated
 */

import type { Provider } from "../provider.ts";

const STORED_BYTES_MAX = 65535;
const STORED_HEADER_BYTES = 5;

/** Size of `rawBytes` bytes as stored blocks: the most that {@linkcode deflateRaw} writes. */
export function storedBytes(rawBytes: number): number {
  const blocks = Math.max(1, Math.ceil(rawBytes / STORED_BYTES_MAX));
  return rawBytes + blocks * STORED_HEADER_BYTES;
}

/** Compresses by the provider, or stores; returns bytes written, or 0 when `dst` is too small. */
export function deflateRaw(
  provider: Provider,
  src: Uint8Array,
  dst: Uint8Array,
  level: number,
): number {
  const capacity = storedBytes(src.length);
  const written = provider.compress(src, dst.subarray(0, capacity), level);
  if (written > 0) return written;
  return dst.length < capacity ? 0 : store(src, dst);
}

function store(src: Uint8Array, dst: Uint8Array): number {
  let from = 0;
  let to = 0;
  do {
    const block = src.subarray(from, from + STORED_BYTES_MAX);
    from += block.length;
    dst[to] = from === src.length ? 1 : 0;
    dst[to + 1] = block.length;
    dst[to + 2] = block.length >>> 8;
    dst[to + 3] = ~block.length;
    dst[to + 4] = ~block.length >>> 8;
    dst.set(block, to + STORED_HEADER_BYTES);
    to += STORED_HEADER_BYTES + block.length;
  } while (from < src.length);
  return to;
}

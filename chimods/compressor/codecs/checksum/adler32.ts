/** Adler-32 (RFC 1950 section 8.2): the checksum at the end of a zlib stream. */

const MODULUS = 65521;

/** Most bytes before the sums of one run could pass 2^32. */
const RUN_BYTES = 5552;

/** The checksum of `view` as an unsigned 32-bit number. */
export function adler32(view: Uint8Array): number {
  let low = 1;
  let high = 0;
  let index = 0;
  while (index < view.length) {
    const end = Math.min(index + RUN_BYTES, view.length);
    for (; index < end; index++) {
      low += view[index]!;
      high += low;
    }
    low %= MODULUS;
    high %= MODULUS;
  }
  return ((high << 16) | low) >>> 0;
}

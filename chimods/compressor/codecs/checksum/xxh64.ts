/**
 * The low half of XXH64 with seed 0: the checksum at the end of a zstd frame.
 *
 * Every zstd library computes it itself. It is needed here for the one provider that cannot be
 * told to write it (zstd-codec, at most 4 MiB at a time), so plain 64-bit integers are fast enough.
 */

const PRIME_1 = 0x9e3779b185ebca87n;
const PRIME_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME_3 = 0x165667b19e3779f9n;
const PRIME_4 = 0x85ebca77c2b2ae63n;
const PRIME_5 = 0x27d4eb2f165667c5n;

const STRIPE_BYTES = 32;

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function rotate(word: bigint, bits: bigint): bigint {
  return u64(word << bits) | (word >> (64n - bits));
}

function round(lane: bigint, word: bigint): bigint {
  return u64(rotate(u64(lane + u64(word * PRIME_2)), 31n) * PRIME_1);
}

function merge(hash: bigint, lane: bigint): bigint {
  return u64(u64((hash ^ round(0n, lane)) * PRIME_1) + PRIME_4);
}

function hashStripes(words: DataView, end: number): bigint {
  let lane1 = u64(PRIME_1 + PRIME_2);
  let lane2 = PRIME_2;
  let lane3 = 0n;
  let lane4 = u64(-PRIME_1);
  for (let at = 0; at < end; at += STRIPE_BYTES) {
    lane1 = round(lane1, words.getBigUint64(at, true));
    lane2 = round(lane2, words.getBigUint64(at + 8, true));
    lane3 = round(lane3, words.getBigUint64(at + 16, true));
    lane4 = round(lane4, words.getBigUint64(at + 24, true));
  }
  const mixed = u64(
    rotate(lane1, 1n) + rotate(lane2, 7n) + rotate(lane3, 12n) + rotate(lane4, 18n),
  );
  return merge(merge(merge(merge(mixed, lane1), lane2), lane3), lane4);
}

/** The lower 32 bits of the checksum of `view`, as an unsigned number. */
export function xxh64Low(view: Uint8Array): number {
  const words = new DataView(view.buffer, view.byteOffset, view.byteLength);
  let at = view.length - view.length % STRIPE_BYTES;
  let hash = at === 0 ? PRIME_5 : hashStripes(words, at);
  hash = u64(hash + BigInt(view.length));
  for (; at + 8 <= view.length; at += 8) {
    hash = u64(rotate(hash ^ round(0n, words.getBigUint64(at, true)), 27n) * PRIME_1 + PRIME_4);
  }
  if (at + 4 <= view.length) {
    hash ^= u64(BigInt(words.getUint32(at, true)) * PRIME_1);
    hash = u64(rotate(hash, 23n) * PRIME_2 + PRIME_3);
    at += 4;
  }
  for (; at < view.length; at++) {
    hash = u64(rotate(hash ^ u64(BigInt(view[at]!) * PRIME_5), 11n) * PRIME_1);
  }
  hash = u64((hash ^ (hash >> 33n)) * PRIME_2);
  hash = u64((hash ^ (hash >> 29n)) * PRIME_3);
  return Number((hash ^ (hash >> 32n)) & 0xffffffffn);
}

/**
 * Measures an lz4 block without decoding it.
 *
 * A block is a row of sequences:
 *
 *     token │ literal length… │ literals │ offset u16 │ match length…
 *     4+4 b │ 255* n          │          │ 1…65535    │ 255* n
 *
 * The last sequence ends after its literals. A length nibble of 15 is continued by bytes that are
 * added up until one is below 255; a match has 4 bytes more than its length says.
 */

import { corrupt } from "../failure.ts";

const NIBBLE_MAX = 15;
const MATCH_BYTES_MIN = 4;

/**
 * The number of bytes that a block decodes to.
 *
 * @param historyBytes Bytes before the block that its matches may reach.
 * @throws CHI-6002 when a length or offset leaves the block or the history.
 */
export function rawBytesOfBlock(block: Uint8Array, historyBytes: number): number {
  const end = block.length;
  let at = 0;
  let raw = 0;
  while (at < end) {
    const token = block[at++]!;
    let literals = token >>> 4;
    if (literals === NIBBLE_MAX) {
      let more = 255;
      while (more === 255 && at < end) literals += more = block[at++]!;
      if (more === 255) throw damaged("a length runs past its end");
    }
    raw += literals;
    at += literals;
    if (at === end) return raw;
    if (at + 2 > end) throw damaged("literals run past its end");

    const offset = block[at]! | (block[at + 1]! << 8);
    at += 2;
    if (offset === 0 || offset > raw + historyBytes) {
      throw damaged("a match reaches before the data");
    }
    let match = token & NIBBLE_MAX;
    if (match === NIBBLE_MAX) {
      let more = 255;
      while (more === 255 && at < end) match += more = block[at++]!;
      if (more === 255) throw damaged("a length runs past its end");
    }
    raw += match + MATCH_BYTES_MIN;
  }
  throw damaged("it ends in the middle of a sequence");
}

function damaged(why: string): Error {
  return corrupt("decompress an lz4 block", why);
}

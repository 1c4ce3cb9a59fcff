/** What may follow the end of compressed data. */

import { corrupt } from "../failure.ts";

/**
 * Zeros at the start of `src`: after a gzip member they are padding, as tapes leave it.
 *
 * @param members Whether this is gzip, where another member may follow the padding. Of a zlib
 * stream nothing may follow.
 * @returns Bytes of padding. Throws CHI-6002 where none may be.
 */
export function paddingBytes(src: Uint8Array, members: boolean): number {
  if (!members && src.length > 0) {
    throw corrupt("decompress a zlib stream", "bytes follow its end");
  }
  let count = 0;
  while (count < src.length && src[count] === 0) count++;
  return count;
}

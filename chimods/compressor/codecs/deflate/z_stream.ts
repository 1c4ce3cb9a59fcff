/**
 * zlib's `z_stream` structure, by which libz is told where to read and write.
 *
 *      0 next_in   address      56 state     address
 *      8 avail_in  u32          64 zalloc, 72 zfree, 80 opaque: 0, the library's own
 *     16 total_in  u64          88 data_type i32
 *     24 next_out  address      96 adler     u64
 *     32 avail_out u32         104 reserved  u64
 *     40 total_out u64         112 end
 *     48 msg       address
 *
 * The layout is that of 64-bit systems whose `long` has 8 bytes (Linux on both processors).
 */

import { addressOf, pinnedBytes } from "chimaera/platform";
import { messageAt } from "../library.ts";

const SIZE_BYTES = 112;
const NEXT_IN = 0;
const AVAIL_IN = 8;
const NEXT_OUT = 24;
const AVAIL_OUT = 32;
const MSG = 48;

/** One `z_stream`. The library keeps its address, so the memory behind it never moves. */
export class ZStream {
  readonly bytes = pinnedBytes(SIZE_BYTES);
  readonly #fields = new DataView(this.bytes.buffer);

  /** Where the library reads next. The view must live until the call returns. */
  setInput(view: Uint8Array): void {
    this.#fields.setBigUint64(NEXT_IN, BigInt(addressOf(view)), true);
    this.#fields.setUint32(AVAIL_IN, view.length, true);
  }

  /** Where the library writes next. The view must live until the call returns. */
  setOutput(view: Uint8Array): void {
    this.#fields.setBigUint64(NEXT_OUT, BigInt(addressOf(view)), true);
    this.#fields.setUint32(AVAIL_OUT, view.length, true);
  }

  /** Input bytes that were not read. */
  get inputLeft(): number {
    return this.#fields.getUint32(AVAIL_IN, true);
  }

  /** Output bytes that were not written. */
  get outputLeft(): number {
    return this.#fields.getUint32(AVAIL_OUT, true);
  }

  /** The library's explanation of its last error. */
  get message(): string {
    return messageAt(this.#fields.getBigUint64(MSG, true));
  }
}

/** The checksums that blocks and frames carry. */

export { adler32 } from "./adler32.ts";
export { type Crc32, crc32 } from "./crc32.ts";
export { Xxh32, xxh32 } from "./xxh32.ts";
export { xxh64Low } from "./xxh64.ts";

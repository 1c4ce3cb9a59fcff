/**
 * What can be said of a frame before it is decoded.
 *
 * Frames of lz4 and zstd are measured by walking from block header to block header; our own gzip
 * members carry their size in a subfield. Of other gzip members, and of zlib streams, the length
 * is known only after decoding: they take the streaming decoder.
 */

/** The frame does not end within the bytes given: call again with more. */
export const FRAME_NEEDS_MORE = 0;

/** The length cannot be known without decoding. */
export const FRAME_LENGTH_UNKNOWN = -1;

/** The raw size is not declared. */
export const RAW_SIZE_UNKNOWN = -1;

const SKIPPABLE_MAGIC_FIRST = 0x184d2a50;
const SKIPPABLE_MAGIC_LAST = 0x184d2a5f;

/** Magic number and size word of a skippable frame, as zstd and lz4 define it. */
export const SKIPPABLE_HEADER_BYTES = 8;

/** Whether a frame of user data, which decoders pass over, begins with this magic number. */
export function isSkippableMagic(magic: number): boolean {
  return magic >= SKIPPABLE_MAGIC_FIRST && magic <= SKIPPABLE_MAGIC_LAST;
}

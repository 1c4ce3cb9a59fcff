/** Frames made by hand, of kinds that our own compressors do not write. */

import { xxh32 } from "../checksum/mod.ts";
import { writeU32 } from "../little_endian.ts";
import { concat } from "./data.ts";

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}

/** A skippable frame, for lz4 and zstd. */
export function skippableFrame(content: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(u32(0x184d2a53), u32(content.length), content);
}

const FIRST_BLOCK = "0123456789abcdef";
const LAST_LITERALS = "XYZ!?";

/** What {@linkcode linkedLz4Frame} holds. */
export const LINKED_CONTENT: Uint8Array<ArrayBuffer> = new TextEncoder().encode(
  FIRST_BLOCK + FIRST_BLOCK.slice(0, 12) + LAST_LITERALS,
);

/**
 * An lz4 frame of two blocks with checksums, whose second block reaches into the first, and whose
 * raw size is not declared.
 */
export function linkedLz4Frame(): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const flags = Uint8Array.of(0x54, 0x40);
  const head = concat(u32(0x184d2204), flags, Uint8Array.of(xxh32(flags) >>> 8));
  const first = encoder.encode(FIRST_BLOCK);
  // Token: no literals, a match of 12 bytes; offset 16. Token: 5 literals, the end.
  const second = concat(Uint8Array.of(0x08, 16, 0, 0x50), encoder.encode(LAST_LITERALS));
  return concat(
    head,
    u32(first.length | 0x80000000),
    first,
    u32(xxh32(first)),
    u32(second.length),
    second,
    u32(xxh32(second)),
    u32(0),
    u32(xxh32(LINKED_CONTENT)),
  );
}

/** A gzip member's header with every optional field, in front of any member of ours. */
export function decoratedGzip(member: Uint8Array): Uint8Array<ArrayBuffer> {
  const OUR_HEADER_BYTES = 20;
  const encoder = new TextEncoder();
  const head = Uint8Array.of(0x1f, 0x8b, 8, 0x1e, 1, 2, 3, 4, 0, 3);
  const extra = Uint8Array.of(6, 0, 0x58, 0x59, 2, 0, 7, 7);
  const names = encoder.encode("file.txt\0a comment\0");
  const checked = concat(head, extra, names);
  return concat(checked, headerChecksum(checked), member.subarray(OUR_HEADER_BYTES));
}

function headerChecksum(header: Uint8Array): Uint8Array {
  let crc = 0xffffffff;
  for (const byte of header) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) !== 0 ? 0xedb88320 : 0);
  }
  return u32(~crc).subarray(0, 2);
}

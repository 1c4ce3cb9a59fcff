/**
 * A tar archive with nothing in it but names and bytes: owner, times and order are fixed, so that
 * the same files always give the same archive.
 *
 * One entry (POSIX.1-1988 ustar):
 *
 *     0 ┌───────────────────────────────────────────────┐
 *       │ name 100 │ mode 8 │ uid 8 │ gid 8 │ size 12   │
 *       │ mtime 12 │ checksum 8 │ type 1 │ link 100     │
 *       │ "ustar\0" "00" │ (owner, device, prefix: 0)   │
 *   512 ├───────────────────────────────────────────────┤
 *       │ the file's bytes, padded to 512 with zeros    │
 *       └───────────────────────────────────────────────┘
 *
 * Two zero blocks end the archive. Numbers are octal text, the checksum is the sum of the header's
 * bytes with its own field as blanks.
 */

import { BuildError } from "./build_error.ts";

const BLOCK_BYTES = 512;
const NAME_BYTES_MAX = 100;
const encoder = new TextEncoder();

/** A file to pack: its path in the archive and its bytes. */
export interface TarFile {
  readonly path: string;
  readonly data: Uint8Array;
}

/** Packs the files and the folders they are in, in the given order. */
export function tar(files: readonly TarFile[]): Uint8Array<ArrayBuffer> {
  const blocks: Uint8Array[] = [];
  const folders = new Set<string>();
  for (const { path, data } of files) {
    for (const folder of foldersOf(path)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      blocks.push(header(folder, 0, { type: "5", mode: "0000755" }));
    }
    blocks.push(header(path, data.length, { type: "0", mode: "0000644" }), data);
    blocks.push(new Uint8Array(-data.length & (BLOCK_BYTES - 1)));
  }
  blocks.push(new Uint8Array(2 * BLOCK_BYTES));
  return concatenate(blocks);
}

/** `a/`, `a/b/` for `a/b/c.js`. */
function foldersOf(path: string): string[] {
  return path.split("/").slice(0, -1).map((_, index, parts) =>
    parts.slice(0, index + 1).join("/") + "/"
  );
}

function header(
  name: string,
  sizeBytes: number,
  kind: { type: string; mode: string },
): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (text: string, offset: number) => block.set(encoder.encode(text), offset);
  if (encoder.encode(name).length > NAME_BYTES_MAX) {
    throw new BuildError(`a packed path may have ${NAME_BYTES_MAX} bytes: ${name}`);
  }
  put(name, 0);
  put(kind.mode, 100);
  put("0000000", 108);
  put("0000000", 116);
  put(sizeBytes.toString(8).padStart(11, "0"), 124);
  put("00000000000", 136);
  put("        ", 148);
  put(kind.type, 156);
  put("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(sum.toString(8).padStart(6, "0") + "\0 ", 148);
  return block;
}

/** One array of all parts, in order. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

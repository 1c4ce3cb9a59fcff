/** Little-endian numbers in bytes, at any alignment. */

/** The little-endian 32-bit number at `at`. */
export function readU32(view: Uint8Array, at: number): number {
  return (view[at]! | (view[at + 1]! << 8) | (view[at + 2]! << 16) | (view[at + 3]! << 24)) >>> 0;
}

/** Writes a little-endian 32-bit number at `at`. */
export function writeU32(view: Uint8Array, at: number, value: number): void {
  view[at] = value;
  view[at + 1] = value >>> 8;
  view[at + 2] = value >>> 16;
  view[at + 3] = value >>> 24;
}

/** The little-endian 64-bit number at `at`; above 2^53 only its magnitude is right. */
export function readU64(view: Uint8Array, at: number): number {
  return readU32(view, at) + readU32(view, at + 4) * 2 ** 32;
}

/**
 * The byte-shuffle filter: all first bytes of an array's elements, then all second bytes, and so
 * on. Neighbours in a field of floats differ in their low bytes; sorted so, the high ones compress.
 *
 *     elements of 4 bytes:  a0 a1 a2 a3 │ b0 b1 b2 b3 │ c0 …     rest
 *     shuffled:             a0 b0 c0 … │ a1 b1 c1 … │ a2 …       rest
 *
 * Bytes after the last whole element stay where they are. Source and destination have the same
 * length and do not overlap.
 *
 * Elements of 4 and 8 bytes are moved as squares of 4 by 4 bytes, four words in and four out: the
 * square is turned over its diagonal, which is its own inverse, so both directions share it.
 */

/** Where the words of successive squares lie. */
interface Squares {
  /** The first word. */
  readonly at: number;
  /** From a word to the next of its square. */
  readonly stride: number;
  /** From a square to the next. */
  readonly step: number;
}

const SQUARE = 4;

/** Shuffles `src` into `dst` by elements of `typeSize` bytes. */
export function shuffle(src: Uint8Array, dst: Uint8Array, typeSize: 2 | 4 | 8): void {
  const elements = Math.floor(src.length / typeSize);
  const squares = Math.floor(elements / SQUARE);
  for (let byte = 0; byte + SQUARE <= typeSize; byte += SQUARE) {
    const from = { at: byte, stride: typeSize, step: SQUARE * typeSize };
    const to = { at: byte * elements, stride: elements, step: SQUARE };
    turnSquares(src, from, dst, to, squares);
  }
  const turned = typeSize < SQUARE ? 0 : squares * SQUARE;
  for (let byte = 0; byte < typeSize; byte++) {
    let at = turned * typeSize + byte;
    let to = byte * elements + turned;
    for (const end = (byte + 1) * elements; to < end; at += typeSize) dst[to++] = src[at]!;
  }
  const whole = elements * typeSize;
  dst.set(src.subarray(whole), whole);
}

/** Undoes {@linkcode shuffle}. */
export function unshuffle(src: Uint8Array, dst: Uint8Array, typeSize: 2 | 4 | 8): void {
  const elements = Math.floor(src.length / typeSize);
  const squares = Math.floor(elements / SQUARE);
  for (let byte = 0; byte + SQUARE <= typeSize; byte += SQUARE) {
    const from = { at: byte * elements, stride: elements, step: SQUARE };
    const to = { at: byte, stride: typeSize, step: SQUARE * typeSize };
    turnSquares(src, from, dst, to, squares);
  }
  const turned = typeSize < SQUARE ? 0 : squares * SQUARE;
  for (let byte = 0; byte < typeSize; byte++) {
    let at = byte * elements + turned;
    let to = turned * typeSize + byte;
    for (const end = (byte + 1) * elements; at < end; to += typeSize) dst[to] = src[at++]!;
  }
  const whole = elements * typeSize;
  dst.set(src.subarray(whole), whole);
}

function turnSquares(
  src: Uint8Array,
  from: Squares,
  dst: Uint8Array,
  to: Squares,
  count: number,
): void {
  // A DataView moves words at any alignment.
  const input = new DataView(src.buffer, src.byteOffset, src.byteLength);
  const output = new DataView(dst.buffer, dst.byteOffset, dst.byteLength);
  const { stride, step } = from;
  const { stride: toStride, step: toStep } = to;
  let at = from.at;
  let toAt = to.at;
  for (let square = 0; square < count; square++) {
    const a = input.getInt32(at, true);
    const b = input.getInt32(at + stride, true);
    const c = input.getInt32(at + 2 * stride, true);
    const d = input.getInt32(at + 3 * stride, true);
    at += step;
    output.setInt32(
      toAt,
      (a & 0xff) | ((b & 0xff) << 8) | ((c & 0xff) << 16) | (d << 24),
      true,
    );
    output.setInt32(
      toAt + toStride,
      ((a >>> 8) & 0xff) | (b & 0xff00) | ((c & 0xff00) << 8) | ((d & 0xff00) << 16),
      true,
    );
    output.setInt32(
      toAt + 2 * toStride,
      ((a >>> 16) & 0xff) | ((b >>> 8) & 0xff00) | (c & 0xff0000) | ((d & 0xff0000) << 8),
      true,
    );
    output.setInt32(
      toAt + 3 * toStride,
      (a >>> 24) | ((b >>> 16) & 0xff00) | ((c >>> 8) & 0xff0000) | (d & 0xff000000),
      true,
    );
    toAt += toStep;
  }
}

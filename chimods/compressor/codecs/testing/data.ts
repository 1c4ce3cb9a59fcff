/** Inputs for the codec tests: small, deterministic, and of every kind that codecs treat apart. */

/** Uniform bytes, the same for the same seed. */
export function randomBytes(sizeBytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  let state = seed >>> 0;
  for (let at = 0; at < sizeBytes; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** English-like text of that size. */
export function text(sizeBytes: number): Uint8Array<ArrayBuffer> {
  const words = ["lane", "task", "pool", "segment", "the", "a", "of", "is", "never", "pointer"];
  const picks = randomBytes(sizeBytes, 7);
  const encoder = new TextEncoder();
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0, word = 0; at < sizeBytes; word++) {
    const piece = encoder.encode(words[picks[word]! % words.length] + " ");
    bytes.set(piece.subarray(0, sizeBytes - at), at);
    at += piece.length;
  }
  return bytes;
}

/** A smooth field of floats, as a simulation writes it. */
export function floatField(elements: number): Uint8Array<ArrayBuffer> {
  const field = new Float32Array(elements);
  for (let at = 0; at < elements; at++) field[at] = 1 + Math.sin(at / 500) * 0.25;
  return new Uint8Array(field.buffer);
}

/** Long runs of few values, with breaks. */
export function runs(sizeBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at++) bytes[at] = (at >>> 12) % 3 === 0 ? at >>> 12 : 9;
  return bytes;
}

/** A copy backed by shared memory, not at its start. */
export function shared(bytes: Uint8Array): Uint8Array {
  const view = new Uint8Array(new SharedArrayBuffer(bytes.length + 3), 3, bytes.length);
  view.set(bytes);
  return view;
}

/** All of the pieces, one after another. */
export function concat(...pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Whether two views hold the same bytes; far quicker than a deep comparison. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}

/** A name and bytes for each kind of input. */
export const INPUTS: readonly (readonly [name: string, bytes: Uint8Array<ArrayBuffer>])[] = [
  ["empty", new Uint8Array(0)],
  ["one byte", Uint8Array.of(42)],
  ["13 bytes", text(13)],
  ["text", text(70_000)],
  ["random", randomBytes(70_000)],
  ["runs", runs(300_000)],
  ["zeros", new Uint8Array(65_536)],
  ["floats", floatField(20_000)],
  ["5 MiB", concat(text(2 << 20), randomBytes(1 << 20), runs(2 << 20))],
];

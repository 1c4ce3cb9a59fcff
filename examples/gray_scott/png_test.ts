import assert from "node:assert/strict";
import { crc32, inflateSync } from "node:zlib";
import fc from "fast-check";
import { encodePng } from "./png.ts";

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/** Splits a PNG file into chunks and checks signature, lengths and checksums. */
function chunksOf(file: Uint8Array): Chunk[] {
  assert.deepEqual([...file.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const chunks: Chunk[] = [];
  let offset = 8;
  while (offset < file.length) {
    const length = view.getUint32(offset);
    const typed = file.subarray(offset + 4, offset + 8 + length);
    assert.equal(typed.length, 4 + length, "the chunk is cut short");
    assert.equal(view.getUint32(offset + 8 + length), crc32(typed));
    chunks.push({
      type: new TextDecoder().decode(typed.subarray(0, 4)),
      data: typed.subarray(4),
    });
    offset += 12 + length;
  }
  return chunks;
}

/** Undoes the row filters of the format, all five, for three bytes a pixel. */
function unfilter(filtered: Uint8Array, width: number, height: number): Uint8Array {
  const rowBytes = 3 * width;
  const pixels = new Uint8Array(height * rowBytes);
  for (let y = 0; y < height; y++) {
    const filter = filtered[y * (rowBytes + 1)]!;
    for (let x = 0; x < rowBytes; x++) {
      const a = x < 3 ? 0 : pixels[y * rowBytes + x - 3]!;
      const b = y === 0 ? 0 : pixels[(y - 1) * rowBytes + x]!;
      const c = x < 3 || y === 0 ? 0 : pixels[(y - 1) * rowBytes + x - 3]!;
      const nearest = [a, b, c].sort((p, q) => Math.abs(a + b - c - p) - Math.abs(a + b - c - q));
      const predicted = [0, a, b, (a + b) >> 1, nearest[0]!][filter];
      assert.notEqual(predicted, undefined, `filter ${filter}`);
      pixels[y * rowBytes + x] = filtered[y * (rowBytes + 1) + 1 + x]! + predicted!;
    }
  }
  return pixels;
}

function decode(file: Uint8Array): { width: number; height: number; pixels: Uint8Array } {
  const chunks = chunksOf(file);
  assert.deepEqual(chunks.map(({ type }) => type), ["IHDR", "sRGB", "IDAT", "IEND"]);
  const header = chunks[0]!.data;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  assert.deepEqual([...header.subarray(8)], [8, 2, 0, 0, 0], "8 bits, true colour, plain");
  assert.equal(chunks[3]!.data.length, 0);
  const filtered = new Uint8Array(inflateSync(chunks[2]!.data));
  assert.equal(filtered.length, height * (1 + 3 * width));
  return { width, height, pixels: unfilter(filtered, width, height) };
}

Deno.test("encodePng() writes a file that decodes to the same pixels", () => {
  const side = fc.integer({ min: 1, max: 24 });
  const anyImage = fc.tuple(side, side).chain(([width, height]) => {
    const bytes = width * height * 3;
    return fc.uint8Array({ minLength: bytes, maxLength: bytes })
      .map((pixels) => ({ width, height, pixels }));
  });
  fc.assert(fc.property(anyImage, (image) => assert.deepEqual(decode(encodePng(image)), image)));
});

Deno.test("encodePng() makes a smooth picture much smaller than its pixels", () => {
  const [width, height] = [256, 256];
  const pixels = new Uint8Array(width * height * 3);
  pixels.forEach((_, index) => {
    const pixel = Math.floor(index / 3);
    pixels[index] = (pixel % width + Math.floor(pixel / width)) >> 1;
  });
  const file = encodePng({ width, height, pixels });
  assert.ok(file.length < pixels.length / 50, `${file.length} bytes`);
  assert.deepEqual(decode(file).pixels, pixels);
});

Deno.test("encodePng() refuses sides and lengths that do not fit", () => {
  for (const side of [0, -1, 1.5, NaN, 2 ** 31]) {
    const pixels = new Uint8Array(3);
    assert.throws(() => encodePng({ width: side, height: 1, pixels }), RangeError);
    assert.throws(() => encodePng({ width: 1, height: side, pixels }), RangeError);
  }
  assert.throws(
    () => encodePng({ width: 2, height: 2, pixels: new Uint8Array(11) }),
    /2 × 2 pixels are 12 bytes, received 11/,
  );
});

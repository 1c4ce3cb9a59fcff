import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { encodeSrgb, linearColors } from "./colormap.ts";
import { renderPng } from "./render.ts";
import { GrayScott } from "./simulation.ts";

/** Bytes of the one IDAT chunk, inflated: rows behind a filter byte. */
function rowsOf(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let offset = 8; offset < file.length; offset += 12 + view.getUint32(offset)) {
    const type = new TextDecoder().decode(file.subarray(offset + 4, offset + 8));
    const end = offset + 8 + view.getUint32(offset);
    if (type === "IDAT") return new Uint8Array(inflateSync(file.subarray(offset + 8, end)));
  }
  throw new Error("the file has no IDAT chunk");
}

Deno.test("renderPng() draws a picture of the field's size, the same one every time", () => {
  const simulation = new GrayScott({ sizeCells: 64, seed: 3, stepsPerFrame: 100 });
  const frame = new Float32Array(64 ** 2);
  simulation.advance(frame);
  const file = renderPng(frame, 64);
  const header = new DataView(file.buffer, 16, 8);
  assert.deepEqual([header.getUint32(0), header.getUint32(4)], [64, 64]);
  assert.deepEqual(file, renderPng(frame, 64));

  const shared = new Float32Array(new SharedArrayBuffer(simulation.frameBytes));
  shared.set(frame);
  assert.deepEqual(file, renderPng(shared, 64));
});

Deno.test("renderPng() paints level ground in one colour, close to the map's", () => {
  const rows = rowsOf(renderPng(new Float32Array(32 ** 2), 32));
  const first = [...rows.subarray(1, 4)]; // The first pixel has no neighbours, so it is itself.
  rows.fill(0, 1, 4);
  for (let row = 0; row < 32; row++) rows[row * 97] = 0;
  assert.ok(rows.every((difference) => difference === 0), "every other pixel equals the first");
  const map = [...linearColors(2).subarray(0, 3)].map(encodeSrgb);
  first.forEach((channel, index) => assert.ok(Math.abs(channel - map[index]!) < 10, `${first}`));
});

Deno.test("renderPng() survives values that no simulation makes", () => {
  const wild = new Float32Array(32 ** 2).fill(-1);
  wild[5] = 1e30;
  wild[77] = Infinity;
  wild[99] = NaN;
  assert.equal(rowsOf(renderPng(wild, 32)).length, 32 * 97);
});

Deno.test("renderPng() refuses a frame of another size", () => {
  assert.throws(() => renderPng(new Float32Array(10), 4), /4 × 4 cells, but 10 values/);
});

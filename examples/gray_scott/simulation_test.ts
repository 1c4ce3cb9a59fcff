import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { GrayScott, type GrayScottOptions } from "./simulation.ts";

const SMALL: GrayScottOptions = { sizeCells: 128, seed: 7, stepsPerFrame: 20 };

function hashOf(frame: Float32Array): string {
  return createHash("sha256").update(new Uint8Array(frame.slice().buffer)).digest("hex");
}

/** The frame after `frames` advances into one view. */
function frameAfter(frames: number, options: GrayScottOptions): Float32Array {
  const simulation = new GrayScott(options);
  const frame = new Float32Array(simulation.sizeCells ** 2);
  while (simulation.frameCount < frames) simulation.advance(frame);
  return frame;
}

Deno.test("a seed fixes every bit of a frame, on every machine", () => {
  assert.equal(
    hashOf(frameAfter(10, SMALL)),
    "32afcefa1c9c2502ad7b2cc4a9c4baec898c56d44063aea640e43e7d1c6ea7a7",
  );
});

Deno.test("different seeds give different frames", () => {
  const hashes = [0, 1, 7, -1].map((seed) => hashOf(frameAfter(2, { ...SMALL, seed })));
  assert.equal(new Set(hashes).size, hashes.length);
});

Deno.test("a frame may go into one view, into many, or into shared memory", () => {
  const expected = hashOf(frameAfter(6, SMALL));

  const many = new GrayScott(SMALL);
  const frames = Array.from({ length: 6 }, () => new Float32Array(128 ** 2));
  for (const frame of frames) many.advance(frame);
  assert.equal(hashOf(frames[5]!), expected);

  const shared = new GrayScott(SMALL);
  const heap = new SharedArrayBuffer(64 + 3 * shared.frameBytes);
  const blocks = [0, 1, 2].map((block) =>
    new Float32Array(heap, 64 + block * shared.frameBytes, 128 ** 2)
  );
  for (let index = 0; index < 6; index++) shared.advance(blocks[index % 3]!);
  assert.equal(hashOf(blocks[2]!), expected);
});

Deno.test("frames depend on the number of steps, not on how they are cut into frames", () => {
  const coarse = frameAfter(2, { ...SMALL, stepsPerFrame: 6 });
  for (const stepsPerFrame of [2, 3, 4]) {
    const fine = frameAfter(12 / stepsPerFrame, { ...SMALL, stepsPerFrame });
    assert.deepEqual(fine, coarse, `${stepsPerFrame} steps a frame`);
  }
});

Deno.test("concentrations stay between 0 and 1, and the pattern spreads from frame to frame", () => {
  const simulation = new GrayScott({ sizeCells: 256 });
  const frame = new Float32Array(256 ** 2);
  let covered = 0;
  for (let index = 1; index <= 24; index++) {
    simulation.advance(frame);
    assert.ok(frame.every((value) => value >= 0 && value <= 1), `frame ${index}`);
    if (index % 8 !== 0) continue;
    const now = frame.reduce((cells, value) => cells + (value > 0.05 ? 1 : 0), 0);
    assert.ok(now > 1.2 * covered, `frame ${index} covers ${now} cells, before ${covered}`);
    covered = now;
  }
});

Deno.test("a frame of the default size is exactly 4 MiB", () => {
  assert.equal(new GrayScott().frameBytes, 4 << 20);
});

Deno.test("sizes that cannot be computed are refused, and a refused frame changes nothing", () => {
  for (const sizeCells of [0, 31, 100.5, NaN, 1e9]) {
    assert.throws(() => new GrayScott({ sizeCells }), RangeError, `${sizeCells} cells`);
  }
  for (const stepsPerFrame of [1, 0, -2, 2.5, Infinity]) {
    assert.throws(() => new GrayScott({ stepsPerFrame }), RangeError, `${stepsPerFrame} steps`);
  }
  const simulation = new GrayScott(SMALL);
  assert.throws(() => simulation.advance(new Float32Array(5)), /16384 values, .* view has 5/);
  assert.equal(simulation.frameCount, 0);
  const frame = new Float32Array(128 ** 2);
  simulation.advance(frame);
  assert.equal(hashOf(frame), hashOf(frameAfter(1, SMALL)));
});

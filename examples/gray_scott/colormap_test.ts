import assert from "node:assert/strict";
import { encodeSrgb, linearColors } from "./colormap.ts";

/** Relative luminance of linear sRGB (ITU-R BT.709). */
function luminance(table: Float32Array, entry: number): number {
  const [red, green, blue] = table.subarray(entry * 3, entry * 3 + 3);
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

Deno.test("linearColors() stays within sRGB and gets lighter with every step", () => {
  const table = linearColors(256);
  assert.equal(table.length, 768);
  assert.ok(table.every((channel) => channel >= 0 && channel <= 1));
  for (let entry = 1; entry < 256; entry++) {
    assert.ok(luminance(table, entry) > luminance(table, entry - 1), `entry ${entry}`);
  }
});

Deno.test("linearColors() has no visible edge between neighbours", () => {
  const table = linearColors(256);
  for (let index = 3; index < table.length; index++) {
    const difference = Math.abs(encodeSrgb(table[index]!) - encodeSrgb(table[index - 3]!));
    assert.ok(difference <= 16, `channel ${index % 3} of entry ${Math.floor(index / 3)}`);
  }
});

Deno.test("encodeSrgb() meets the standard's fixed points and clips", () => {
  assert.equal(encodeSrgb(0), 0);
  assert.equal(encodeSrgb(1), 255);
  assert.equal(encodeSrgb(0.2158605), 128); // The middle grey of a screen is 21.6 % of its light.
  assert.equal(encodeSrgb(-1), 0);
  assert.equal(encodeSrgb(7), 255);
});

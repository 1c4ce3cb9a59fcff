/**
 * Draws a frame as a picture: V is a height, the colour map its paint, and a lamp at the upper
 * left lights the relief.
 *
 *     pixel = paint(height) · (ambient + diffuse · max(0, n·l))
 *           + height · gloss · max(0, n·h) ^ sharpness
 *
 * with n the surface normal from central differences (periodic like the field), l the direction to
 * the lamp and h half-way between lamp and eye (J. F. Blinn, "Models of light reflection for
 * computer synthesized pictures", SIGGRAPH 1977). All light is added up linearly and encoded once.
 *
 * Thread rules: reads the frame only.
 */

import { encodeSrgb, linearColors } from "./colormap.ts";
import { encodePng } from "./png.ts";

/** V that is painted in the brightest colour. */
const V_BRIGHTEST = 0.4;
/** Cells that a V of 1 stands high. */
const RELIEF_CELLS = 30;
const AMBIENT = 0.34;
const DIFFUSE = 0.92;
const GLOSS = 0.35;
const GLOSS_SHARPNESS = 40;
const PAINT_ENTRIES = 1024;

type Vector = readonly [x: number, y: number, z: number];

/** x to the right, y down, z out of the picture. */
const LAMP = normalize([-0.5, -0.62, 0.75]);
const HALFWAY = normalize([LAMP[0], LAMP[1], LAMP[2] + 1]);

/**
 * Renders a frame, one pixel a cell.
 *
 * @param frame V, `sizeCells²` values row by row; ordinary or shared memory.
 * @param sizeCells Cells along each side.
 * @returns The bytes of a PNG file.
 * @throws {RangeError} When `frame` has another length.
 */
export function renderPng(frame: Float32Array, sizeCells: number): Uint8Array<ArrayBuffer> {
  if (frame.length !== sizeCells ** 2) {
    throw new RangeError(
      `Cannot render: ${sizeCells} × ${sizeCells} cells, but ${frame.length} values`,
    );
  }
  const paint = linearColors(PAINT_ENTRIES);
  const pixels = new Uint8Array(frame.length * 3);
  const last = sizeCells - 1;
  for (let y = 0; y < sizeCells; y++) {
    const row = y * sizeCells;
    const above = (y === 0 ? last : y - 1) * sizeCells;
    const below = (y === last ? 0 : y + 1) * sizeCells;
    for (let x = 0; x < sizeCells; x++) {
      const west = frame[row + (x === 0 ? last : x - 1)]!;
      const east = frame[row + (x === last ? 0 : x + 1)]!;
      const fallEast = (west - east) * RELIEF_CELLS / 2;
      const fallSouth = (frame[above + x]! - frame[below + x]!) * RELIEF_CELLS / 2;
      const height = Math.min(1, Math.max(0, frame[row + x]! / V_BRIGHTEST));
      const entry = Math.round(height * (PAINT_ENTRIES - 1)) * 3;
      const { diffuse, gloss } = lightOn(normalize([fallEast, fallSouth, 1]));
      for (let channel = 0; channel < 3; channel++) {
        const linear = paint[entry + channel]! * diffuse + height * gloss;
        pixels[(row + x) * 3 + channel] = encodeSrgb(linear);
      }
    }
  }
  return encodePng({ width: sizeCells, height: sizeCells, pixels });
}

/** What the lamp and the sky give to a surface that faces `normal`. */
function lightOn(normal: Vector): { diffuse: number; gloss: number } {
  return {
    diffuse: AMBIENT + DIFFUSE * Math.max(0, dot(normal, LAMP)),
    gloss: GLOSS * Math.max(0, dot(normal, HALFWAY)) ** GLOSS_SHARPNESS,
  };
}

function normalize([x, y, z]: Vector): Vector {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

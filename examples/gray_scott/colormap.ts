/**
 * Heights from 0 to 1 as colours: from deep water over teal shallows to coral in the sun.
 *
 * The stops are written in Oklab, where equal steps look equal, and joined there; lightness rises
 * all the way, so the order of heights survives in grey and for colour-blind readers.
 *
 * Source of the colour space: B. Ottosson, "A perceptual color space for image processing" (2020).
 * The stops are our own.
 *
 * Thread rules: none; pure functions.
 */

/** Stops: height, then lightness (0–1), chroma and hue (degrees) of Oklab. */
const STOPS: readonly (readonly [
  height: number,
  lightness: number,
  chroma: number,
  hue: number,
])[] = [
  [0.00, 0.16, 0.050, 272],
  [0.30, 0.28, 0.100, 268],
  [0.50, 0.45, 0.085, 230],
  [0.65, 0.63, 0.098, 197],
  [0.75, 0.73, 0.060, 65],
  [0.85, 0.77, 0.135, 42],
  [1.00, 0.95, 0.055, 75],
];

/**
 * A table of colours for heights 0, 1/(count−1), … 1.
 *
 * @param count Entries; at least 2.
 * @returns `count` triples of red, green, blue in linear light, 0 to 1.
 */
export function linearColors(count: number): Float32Array {
  const table = new Float32Array(count * 3);
  for (let index = 0; index < count; index++) {
    table.set(linearColor(index / (count - 1)), index * 3);
  }
  return table;
}

/** Interpolates between the two stops around a height. */
function linearColor(height: number): [red: number, green: number, blue: number] {
  const upper = Math.max(1, STOPS.findIndex(([stop]) => stop >= height));
  const [fromHeight, ...from] = STOPS[upper - 1]!;
  const [toHeight, ...to] = STOPS[upper]!;
  const share = (height - fromHeight) / (toHeight - fromHeight);
  const [fromL, fromA, fromB] = oklab(...from);
  const [toL, toA, toB] = oklab(...to);
  return oklabToLinear(
    fromL + share * (toL - fromL),
    fromA + share * (toA - fromA),
    fromB + share * (toB - fromB),
  );
}

function oklab(
  lightness: number,
  chroma: number,
  hueDegrees: number,
): [lightness: number, a: number, b: number] {
  const hue = hueDegrees * Math.PI / 180;
  return [lightness, chroma * Math.cos(hue), chroma * Math.sin(hue)];
}

/** Oklab to linear sRGB; colours outside of sRGB are clipped. */
function oklabToLinear(
  lightness: number,
  a: number,
  b: number,
): [red: number, green: number, blue: number] {
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3;
  return [
    clip(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
    clip(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
    clip(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
  ];
}

function clip(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** Linear light, clipped to 0–1, as an 8-bit sRGB channel (IEC 61966-2-1). */
export function encodeSrgb(linear: number): number {
  const light = clip(linear);
  const encoded = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.round(255 * encoded);
}

/**
 * Writes an RGB picture as a PNG file.
 *
 *     signature │ IHDR │ sRGB │ IDAT │ IEND          each chunk: length │ type │ data │ CRC-32
 *                                                     big endian     u32    4 B         u32
 *
 * Eight bits a channel, no palette, no interlace, one IDAT chunk. Every row goes through the Paeth
 * filter, which suits smooth pictures; on the demo's frames choosing the best of the five filters
 * for each row was measured to pick it for 99 rows of 100 and to save less than 1 %.
 *
 * Source: Portable Network Graphics (PNG) Specification (Third Edition), W3C, 2025.
 *
 * Thread rules: none; pure functions.
 */

import { constants, crc32, deflateSync } from "node:zlib";

/** A picture of 8-bit sRGB pixels, row by row, three bytes each. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** `width · height · 3` bytes. */
  readonly pixels: Uint8Array;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const CHANNELS = 3;
const TRUE_COLOUR = 2;
const PAETH_FILTER = 4;
const PERCEPTUAL_INTENT = 0;
const SIDE_MAX = 2 ** 31 - 1;

/**
 * Encodes a picture.
 *
 * @returns The bytes of a PNG file.
 * @throws {RangeError} When a side is not a positive whole number, or `pixels` has another length.
 */
export function encodePng(image: RgbImage): Uint8Array<ArrayBuffer> {
  requireShape(image);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, image.width);
  view.setUint32(4, image.height);
  header[8] = 8; // Bits a channel; compression, filter and interlace method stay 0.
  header[9] = TRUE_COLOUR;
  return concatenate([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("sRGB", Uint8Array.of(PERCEPTUAL_INTENT)),
    chunk("IDAT", deflateSync(filterRows(image), { strategy: constants.Z_FILTERED })),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

function requireShape({ width, height, pixels }: RgbImage): void {
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1 || side > SIDE_MAX) {
      throw new RangeError(`Cannot encode a PNG: a side of ${side} pixels`);
    }
  }
  const expected = width * height * CHANNELS;
  if (pixels.length !== expected) {
    throw new RangeError(
      `Cannot encode a PNG: ${width} × ${height} pixels are ${expected} bytes, ` +
        `received ${pixels.length}`,
    );
  }
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 + data.length + 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  new TextEncoder().encodeInto(type, bytes.subarray(4, 8));
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** Each row behind its filter's number, as differences from what {@linkcode paeth} expects. */
function filterRows({ width, height, pixels }: RgbImage): Uint8Array {
  const rowBytes = width * CHANNELS;
  const filtered = new Uint8Array(height * (1 + rowBytes));
  for (let y = 0; y < height; y++) {
    const row = y * rowBytes;
    const target = y * (1 + rowBytes) + 1;
    filtered[target - 1] = PAETH_FILTER;
    for (let x = 0; x < rowBytes; x++) {
      // Outside of the picture everything is zero.
      const left = x < CHANNELS ? 0 : pixels[row + x - CHANNELS]!;
      const above = y === 0 ? 0 : pixels[row - rowBytes + x]!;
      const aboveLeft = x < CHANNELS || y === 0 ? 0 : pixels[row - rowBytes + x - CHANNELS]!;
      filtered[target + x] = pixels[row + x]! - paeth(left, above, aboveLeft);
    }
  }
  return filtered;
}

/** The one of three neighbours that is nearest to their linear continuation; ties in this order. */
function paeth(left: number, above: number, aboveLeft: number): number {
  const toLeft = Math.abs(above - aboveLeft);
  const toAbove = Math.abs(left - aboveLeft);
  const toAboveLeft = Math.abs(left + above - 2 * aboveLeft);
  if (toLeft <= toAbove && toLeft <= toAboveLeft) return left;
  return toAbove <= toAboveLeft ? above : aboveLeft;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * Reading and writing the kinds of field that take more than one typed-array access; called by the
 * generated accessors.
 *
 * Thread rules: plain functions of memory.
 */

import { ChimaeraError } from "../errors.ts";
import { type ScalarKind, SCALARS } from "./fields.ts";

/** Reads a u64 above 2^32. */
export function wideRead(low: number, high: number, name: string): number {
  if (high > 0x1fffff) {
    throw new ChimaeraError("badField", {
      what: `read ${name}`,
      why: "the value is above 2^53 − 1; declare the field with .big",
    });
  }
  return high * 4294967296 + low;
}

function checkWide(value: number, name: string): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new ChimaeraError("badField", {
    what: `set ${name}`,
    why: `${value} is not an integer from 0 to 2^53 − 1`,
  });
}

export function wideWrite(words: Uint32Array, at: number, value: number, name: string): void {
  checkWide(value, name);
  words[at] = value >>> 0;
  words[at + 1] = Math.floor(value / 4294967296);
}

export function signedRead(view: DataView, at: number, name: string): number {
  const value = Number(view.getBigInt64(at, true));
  if (!Number.isSafeInteger(value)) {
    throw new ChimaeraError("badField", {
      what: `read ${name}`,
      why: "the value is beyond ±(2^53 − 1); declare the field with .big",
    });
  }
  return value;
}

export function signedWrite(view: DataView, at: number, value: number, name: string): void {
  if (!Number.isSafeInteger(value)) {
    throw new ChimaeraError("badField", {
      what: `set ${name}`,
      why: `${value} is not an integer within ±(2^53 − 1)`,
    });
  }
  view.setBigInt64(at, BigInt(value), true);
}

export function bytesRead(
  words: Uint32Array,
  bytes: Uint8Array,
  at: number,
  max: number,
): Uint8Array {
  return bytes.slice(at * 4 + 4, at * 4 + 4 + Math.min(words[at]!, max));
}

export function bytesWrite(
  words: Uint32Array,
  bytes: Uint8Array,
  at: number,
  value: Uint8Array,
  max: number,
  name: string,
): void {
  if (value.length > max) {
    throw new ChimaeraError("badField", {
      what: `set ${name}`,
      why: `${value.length} bytes, the field holds ${max}`,
    });
  }
  words[at] = value.length;
  bytes.set(value, at * 4 + 4);
}

export function vecRead(view: DataView, at: number, kind: ScalarKind, max: number): number[] {
  const count = Math.min(view.getUint32(at * 4, true), max);
  const values = new Array<number>(count);
  for (let k = 0; k < count; k++) {
    values[k] = readScalar(view, at * 4 + 8 + k * SCALARS[kind], kind);
  }
  return values;
}

export function vecWrite(
  view: DataView,
  at: number,
  kind: ScalarKind,
  values: readonly number[],
  max: number,
  name: string,
): void {
  if (values.length > max) {
    throw new ChimaeraError("badField", {
      what: `set ${name}`,
      why: `${values.length} elements, the field holds ${max}`,
    });
  }
  view.setUint32(at * 4, values.length, true);
  values.forEach((v, k) => writeScalar(view, at * 4 + 8 + k * SCALARS[kind], kind, v));
}

function readScalar(view: DataView, at: number, kind: ScalarKind): number {
  switch (kind) {
    case "bool":
    case "u8":
      return view.getUint8(at);
    case "i8":
      return view.getInt8(at);
    case "u16":
      return view.getUint16(at, true);
    case "i16":
      return view.getInt16(at, true);
    case "u32":
      return view.getUint32(at, true);
    case "i32":
      return view.getInt32(at, true);
    case "f32":
      return view.getFloat32(at, true);
    case "f64":
      return view.getFloat64(at, true);
    case "u64":
      return wideRead(view.getUint32(at, true), view.getUint32(at + 4, true), "an element");
    case "i64":
      return signedRead(view, at, "an element");
  }
}

function writeScalar(view: DataView, at: number, kind: ScalarKind, value: number): void {
  switch (kind) {
    case "bool":
    case "u8":
      return view.setUint8(at, value);
    case "i8":
      return view.setInt8(at, value);
    case "u16":
      return view.setUint16(at, value, true);
    case "i16":
      return view.setInt16(at, value, true);
    case "u32":
      return view.setUint32(at, value, true);
    case "i32":
      return view.setInt32(at, value, true);
    case "f32":
      return view.setFloat32(at, value, true);
    case "f64":
      return view.setFloat64(at, value, true);
    case "u64":
      checkWide(value, "an element");
      return view.setBigUint64(at, BigInt(value), true);
    case "i64":
      return signedWrite(view, at, value, "an element");
  }
}

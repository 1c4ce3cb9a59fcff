/**
 * The words in which a module declares a task's fields: `IN.u64()`, `OUT.bulk("size", "capacity")`.
 *
 * A direction says which way a field travels: IN from caller to handler, OUT back, INOUT both. A
 * kind says how it lies in memory. `defineTask` turns them into offsets and accessors.
 */

import type { Pointer } from "../memory/mod.ts";

/** Which way a field travels, as bits: 1 to the handler, 2 back. */
export const Direction = { in: 1, out: 2, inout: 3 } as const;
/** One of the numbers of {@linkcode Direction}. */
export type Direction = typeof Direction[keyof typeof Direction];

/** Name of a kind of one number. */
export type ScalarKind =
  | "bool"
  | "u8"
  | "i8"
  | "u16"
  | "i16"
  | "u32"
  | "i32"
  | "f32"
  | "u64"
  | "i64"
  | "f64";

/** Bytes of each kind of one number. */
export const SCALARS = {
  bool: 1,
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  u64: 8,
  i64: 8,
  f64: 8,
} as const satisfies Record<ScalarKind, number>;

/** How a field lies in memory. */
export type FieldKind = ScalarKind | "string" | "bytes" | "pointer" | "bulk" | "vec" | "struct";

/** Bytes in shared memory that a task names: a block, or a checked view of one. */
export interface Bulk {
  /** Where they begin. */
  readonly pointer: Pointer;
  /** How many they are. */
  readonly size: number;
  /** The bytes in place. They may change under the reader when a client misbehaves. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

/** A declared field. `T` is the type that the task's accessor has. */
export interface Field<T> {
  /** How it lies in memory. */
  readonly kind: FieldKind;
  /** Which way it travels. */
  readonly direction: Direction;
  /** Elements or bytes at most, for string, bytes and vec. */
  readonly max: number;
  /** What a new task holds there; 0 or nothing when undefined. */
  readonly initial: number | bigint | boolean | undefined;
  /** Accessor yields bigint. */
  readonly bigint: boolean;
  /** Element of a vec. */
  readonly element: ScalarKind | undefined;
  /** Name of the u64 field with a bulk's size. */
  readonly sizeField: string | undefined;
  /** Name of the u64 field with a bulk's capacity; undefined: the size is also the capacity. */
  readonly capacityField: string | undefined;
  /** Members of a struct. */
  readonly fields: Fields | undefined;
  /** Never set: it only carries the type. */
  readonly type?: T;
}

/** Fields by name, in the order in which they lie. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** What the accessors of declared fields yield. */
export type ValuesOf<S> = {
  -readonly [K in keyof S as S[K] extends Field<unknown> ? K : never]: S[K] extends Field<infer T>
    ? T
    : never;
};

/** A 64-bit field; `.big` makes its accessor a bigint, without the limit of 2^53 − 1. */
export type WideField = Field<number> & { readonly big: Field<bigint> };

/** The kinds, in one direction. */
export interface FieldBuilder {
  /** 1 byte; whatever is not 0 reads as true. */
  bool(initial?: boolean): Field<boolean>;
  /**
   * Unsigned, 1 byte. As all whole numbers but the 64-bit ones it wraps like a typed array's
   * element.
   */
  u8(initial?: number): Field<number>;
  /** Unsigned, 2 bytes. */
  u16(initial?: number): Field<number>;
  /** Unsigned, 4 bytes. */
  u32(initial?: number): Field<number>;
  /** Signed, 1 byte. */
  i8(initial?: number): Field<number>;
  /** Signed, 2 bytes. */
  i16(initial?: number): Field<number>;
  /** Signed, 4 bytes. */
  i32(initial?: number): Field<number>;
  /** 4 bytes; rounds to single precision. */
  f32(initial?: number): Field<number>;
  /** 8 bytes. */
  f64(initial?: number): Field<number>;
  /** Reads and writes a number, and throws CHI-3001 beyond 2^53 − 1. */
  u64(initial?: number): WideField;
  /** As {@linkcode u64}, signed: from −2^53 + 1 to 2^53 − 1. */
  i64(initial?: number): WideField;
  /** UTF-8 text of at most `maxBytes`. */
  string(maxBytes: number): Field<string>;
  /** Bytes that travel inside the task; the accessor copies. */
  bytes(maxBytes: number): Field<Uint8Array>;
  /** A place in shared memory, without a size. */
  pointer(): Field<Pointer>;
  /**
   * Bytes outside the task, named by a pointer and the task's field `sizeField` (a u64). With
   * `capacityField` the handler may write up to that many and sets the size. Not within a struct.
   */
  bulk(sizeField: string, capacityField?: string): Field<Bulk>;
  /** At most `maxCount` numbers of one kind; the accessor copies. */
  vec(element: ScalarKind, maxCount: number): Field<number[]>;
  /** Fields in a row under one name; its members are read and set in place. */
  struct<S extends Fields>(fields: S): Field<ValuesOf<S>>;
}

function field<T>(kind: FieldKind, direction: Direction, rest: Partial<Field<T>> = {}): Field<T> {
  return {
    kind,
    direction,
    max: 0,
    initial: undefined,
    bigint: false,
    element: undefined,
    sizeField: undefined,
    capacityField: undefined,
    fields: undefined,
    ...rest,
  };
}

function wide(kind: "u64" | "i64", direction: Direction, initial: number | undefined): WideField {
  const plain = field<number>(kind, direction, { initial });
  return { ...plain, big: field<bigint>(kind, direction, { initial, bigint: true }) };
}

function builder(d: Direction): FieldBuilder {
  return {
    bool: (initial) => field("bool", d, { initial }),
    u8: (initial) => field("u8", d, { initial }),
    u16: (initial) => field("u16", d, { initial }),
    u32: (initial) => field("u32", d, { initial }),
    i8: (initial) => field("i8", d, { initial }),
    i16: (initial) => field("i16", d, { initial }),
    i32: (initial) => field("i32", d, { initial }),
    f32: (initial) => field("f32", d, { initial }),
    f64: (initial) => field("f64", d, { initial }),
    u64: (initial) => wide("u64", d, initial),
    i64: (initial) => wide("i64", d, initial),
    string: (max) => field("string", d, { max }),
    bytes: (max) => field("bytes", d, { max }),
    pointer: () => field("pointer", d),
    bulk: (sizeField, capacityField) => field("bulk", d, { sizeField, capacityField }),
    vec: (element, max) => field("vec", d, { element, max }),
    struct: (fields) => field("struct", d, { fields }),
  };
}

/** Fields that travel from the caller to the handler. */
export const IN: FieldBuilder = builder(Direction.in);
/** Fields that the handler sets and the caller reads. */
export const OUT: FieldBuilder = builder(Direction.out);
/** Fields that travel both ways. */
export const INOUT: FieldBuilder = builder(Direction.inout);

/**
 * Native libraries, for modules: opening one, and what crosses into it.
 *
 * A library is called on memory as it is: a view of shared memory reaches C as its address, nothing
 * is copied. No view outlives the call for the library, unless the caller keeps it alive and its
 * bytes in place ({@linkcode pinnedBytes}).
 *
 * Thread rules: a library belongs to the isolate that opened it. Whether its functions may run on
 * several threads at once is the library's own matter.
 */

import { ChimaeraError } from "../errors.ts";

/** Native types that are JavaScript numbers. */
export type NativeNumber = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "f64";

/** Native types that are bigints. */
export type NativeWide = "u64" | "i64" | "usize" | "isize";

/** Type of an argument or a result: `buffer` is the address of a view's bytes, for arguments only. */
export type NativeType = NativeNumber | NativeWide | "bool" | "pointer" | "buffer";

/** A function of a library, as its C header declares it. */
export interface NativeFunction {
  /** Types of its arguments, in order. */
  readonly parameters: readonly NativeType[];
  /** Type of what it returns. */
  readonly result: Exclude<NativeType, "buffer"> | "void";
  /** Whether it runs on another thread, and its caller gets a promise. */
  readonly nonblocking?: boolean;
}

/** The functions that a module wants of a library, by their C names. */
export type NativeFunctions = Readonly<Record<string, NativeFunction>>;

/** An address that came from a library; null is C's own. */
export type NativePointer = Deno.PointerValue;

/** A JavaScript value of a native type: 64-bit ones are bigints. */
export type NativeValue<T extends NativeType | "void"> = T extends NativeNumber ? number
  : T extends NativeWide ? bigint
  : T extends "bool" ? boolean
  : T extends "pointer" ? NativePointer
  : T extends "buffer" ? Uint8Array | null
  : void;

/** Arguments of a function with these parameters. */
export type NativeValues<P extends readonly NativeType[]> = {
  -readonly [I in keyof P]: NativeValue<P[I]>;
};

/** A function of a library, to be called. */
export type NativeCall<F extends NativeFunction> = (
  ...values: NativeValues<F["parameters"]>
) => F["nonblocking"] extends true ? Promise<NativeValue<F["result"]>> : NativeValue<F["result"]>;

/** The functions of an open library, by their C names. */
export type NativeCalls<S extends NativeFunctions> = {
  readonly [Name in keyof S]: NativeCall<S[Name]>;
};

/** An open library. */
export class NativeLibrary<S extends NativeFunctions = NativeFunctions> implements Disposable {
  /** The name by which it was found. */
  readonly name: string;
  #library: Deno.DynamicLibrary<Deno.ForeignLibraryInterface> | null;

  /** For {@linkcode openLibrary}. */
  constructor(name: string, library: Deno.DynamicLibrary<Deno.ForeignLibraryInterface>) {
    this.name = name;
    this.#library = library;
  }

  /** Its functions. Throws CHI-7001 once the library is closed: no call reaches unmapped code. */
  get symbols(): NativeCalls<S> {
    if (this.#library === null) throw closed(this.name);
    // The same functions; FFI's types do not know that shared memory is accepted.
    return this.#library.symbols as unknown as NativeCalls<S>;
  }

  /** Closes the library; what it allocated must have been given back. A second call does nothing. */
  [Symbol.dispose](): void {
    this.#library?.close();
    this.#library = null;
  }
}

function closed(name: string): ChimaeraError {
  return new ChimaeraError("ffiUnavailable", {
    what: `call ${name}`,
    why: "the library was closed",
    hint: "close a library after its last call",
  });
}

/** What {@linkcode openLibrary} found: a library, or why there is none. */
export type OpenedLibrary<S extends NativeFunctions> =
  | { readonly library: NativeLibrary<S>; readonly why: null }
  | { readonly library: null; readonly why: string };

/**
 * Opens the first of several names of a system library that is there with all of these functions.
 *
 * A library that is missing, or that this program may not call, is no error: a module has another
 * way, or says so in an error of its own.
 *
 * @param names Its soname, `libz.so.1`, or several, the best first.
 * @param functions Those to be called; a library without one of them is passed over.
 *
 * @example
 * ```ts
 * import { openLibrary } from "chimaera/platform";
 *
 * const { library, why } = openLibrary(["libm.so.6", "libm.so"], {
 *   cbrt: { parameters: ["f64"], result: "f64" },
 * });
 * if (library === null) {
 *   console.log(`cube roots by Math, because ${why}`);
 * } else {
 *   console.assert(library.symbols.cbrt(27) === 3);
 *   library[Symbol.dispose]();
 * }
 * ```
 */
export function openLibrary<const S extends NativeFunctions>(
  names: string | readonly string[],
  functions: S,
): OpenedLibrary<S> {
  // Asked first because a missing permission would make dlopen prompt on a terminal.
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    return { library: null, why: "FFI is not permitted" };
  }
  const reasons: string[] = [];
  for (const name of typeof names === "string" ? [names] : names) {
    try {
      const library = Deno.dlopen(name, functions as Deno.ForeignLibraryInterface);
      return { library: new NativeLibrary(name, library), why: null };
    } catch (thrown) {
      reasons.push(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }
  return { library: null, why: reasons.join("; ") || "no name was given" };
}

/**
 * Memory whose address never changes, for structures that a library keeps hold of: bytes of a small
 * view may move with the JavaScript heap, these do not. Zeroed; lives as long as the view.
 *
 * @example
 * ```ts
 * import { addressOf, pinnedBytes } from "chimaera/platform";
 * const state = pinnedBytes(112);
 * console.assert(state.length === 112);
 * // Where FFI is permitted, `addressOf(state)` is the same number at any time.
 * ```
 */
export function pinnedBytes(sizeBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(sizeBytes));
}

/**
 * The text of a C string, null for a null pointer.
 *
 * @param pointer Where it begins: a pointer that a library returned, or an address that it wrote.
 */
export function textAt(pointer: NativePointer | bigint): string | null {
  const place = typeof pointer === "bigint" ? Deno.UnsafePointer.create(pointer) : pointer;
  return place === null ? null : Deno.UnsafePointerView.getCString(place);
}

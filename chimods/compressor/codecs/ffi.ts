/**
 * The edge to native libraries: opening one, and what crosses it.
 *
 * All casts of the codecs stand here. A library is called on views as they are, shared memory
 * included: nothing is copied, and no view is kept by the library after the call.
 *
 * Thread rules: a library belongs to the isolate that opened it.
 */

import { failed, reasonOf, unavailable } from "./failure.ts";

/** An open library. `symbols` throws once it is closed, so no call can reach unmapped code. */
export class NativeLibrary<const S extends Deno.ForeignLibraryInterface> implements Disposable {
  readonly #name: string;
  #library: Deno.DynamicLibrary<S> | null;

  private constructor(name: string, library: Deno.DynamicLibrary<S>) {
    this.#name = name;
    this.#library = library;
  }

  /**
   * Opens a system library.
   *
   * @param name Its soname, `libz.so.1`.
   * @param symbols The functions to bind; one that is missing is an error here.
   * @throws CHI-6003 when FFI is not permitted, or the library or a function is missing.
   */
  static open<const S extends Deno.ForeignLibraryInterface>(
    name: string,
    symbols: S,
  ): NativeLibrary<S> {
    // Asked first because a missing permission would make dlopen prompt on a terminal.
    if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
      throw unavailable(`open ${name}`, "FFI is not permitted");
    }
    try {
      return new NativeLibrary(name, Deno.dlopen(name, symbols));
    } catch (error) {
      throw unavailable(`open ${name}`, reasonOf(error), error);
    }
  }

  get symbols(): Deno.DynamicLibrary<S>["symbols"] {
    if (this.#library === null) throw failed(`call ${this.#name}`, "the codec set is closed");
    return this.#library.symbols;
  }

  [Symbol.dispose](): void {
    this.#library?.close();
    this.#library = null;
  }
}

/** A view as FFI's types want it; shared backing is accepted at run time. */
export function native(view: Uint8Array): Uint8Array<ArrayBuffer> {
  return view as Uint8Array<ArrayBuffer>;
}

/** Memory whose address does not change: small views may live in the moving heap, this does not. */
export function pinned(sizeBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(sizeBytes));
}

/** The address of a view's first byte, 0 for an empty one. Valid while the view is alive. */
export function addressOf(view: Uint8Array): bigint {
  if (view.length === 0) return 0n;
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(native(view)));
}

/** A C string of the library. */
export function textAt(pointer: Deno.PointerValue): string {
  return pointer === null ? "no message" : Deno.UnsafePointerView.getCString(pointer);
}

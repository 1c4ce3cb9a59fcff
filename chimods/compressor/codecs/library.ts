/**
 * The system libraries of codecs.
 *
 * Thread rules: a library belongs to the isolate that opened it.
 */

import {
  type NativeFunctions,
  type NativeLibrary,
  type NativePointer,
  openLibrary,
  textAt,
} from "chimaera/platform";
import { unavailable } from "./failure.ts";

/**
 * Opens a library that a provider cannot be without.
 *
 * @param name Its soname, `libz.so.1`.
 * @throws CHI-6003 when FFI is not permitted, or the library or one of its functions is missing.
 */
export function requireLibrary<const S extends NativeFunctions>(
  name: string,
  functions: S,
): NativeLibrary<S> {
  const { library, why } = openLibrary(name, functions);
  if (library === null) throw unavailable(`open ${name}`, why);
  return library;
}

/** What a library says of its own error. */
export function messageAt(pointer: NativePointer | bigint): string {
  return textAt(pointer) ?? "no message";
}

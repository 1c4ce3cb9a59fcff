/**
 * `chimaera/platform`: what a module may use of the machine, so that a test can replace it.
 *
 *   clock      realClock, delay, seededRandom, uniqueName
 *   files      whole small files and folders; blocks of large ones are read and written by
 *              `DiskFile` of `chimaera`, for which a handler's task waits in the worker's ring
 *   FFI        openLibrary and what crosses into a library
 *   program    environment, packaging, VERSION
 *
 * @module
 */

export {
  addressOf,
  type Clock,
  copyMemory,
  delay,
  environment,
  ffiAvailable,
  listFolder,
  makePrivateFolder,
  type NativeCall,
  type NativeCalls,
  type NativeFunction,
  type NativeFunctions,
  NativeLibrary,
  type NativeNumber,
  type NativePointer,
  type NativeType,
  type NativeValue,
  type NativeValues,
  type NativeWide,
  type OpenedLibrary,
  openLibrary,
  type Packaging,
  packaging,
  pinnedBytes,
  type Random,
  readText,
  realClock,
  removeAll,
  seededRandom,
  textAt,
  uniqueName,
  VERSION,
  writeWhole,
} from "../runtime/platform/mod.ts";

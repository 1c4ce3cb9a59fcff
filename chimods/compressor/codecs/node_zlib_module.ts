/**
 * The runtime's `node:zlib`, loaded when something first needs it. It is 25 ms of a processor in every
 * worker that has it, and a pool of lz4 frames needs none of it.
 *
 * Thread rules: any isolate.
 */

import type * as Zlib from "node:zlib";

let loaded: typeof Zlib | null = null;

/** The module, at once. */
export function nodeZlib(): typeof Zlib {
  // The global is made when it is looked at; an import of it would be made in every isolate.
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: "node:zlib"): typeof Zlib };
  };
  return loaded ??= process.getBuiltinModule("node:zlib");
}

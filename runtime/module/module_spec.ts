/**
 * Where modules' code is, by library name: `<namespace>_<module>`.
 *
 * A module lives in a folder of its name and is entered by two files: `<module>_runtime` with its
 * `Server`, and the generated `<module>_lib_exec` with its dispatch.
 */

import type { ModuleSpec } from "../lane/mod.ts";
import { entryUrl, VERSION } from "../platform/mod.ts";

/** Modules of the core repo that are ordinary pools' code, by name. */
export const CORE_MODULES = [
  "admin",
  "compressor",
  "small_message",
  "worch_proc_round_robin",
  "worch_queue_round_robin",
] as const;

const CORE_NAMESPACE = "chimaera";

/** The modules that are part of the program. */
export function coreModules(): ModuleSpec[] {
  return CORE_MODULES.map((name) => ({
    libName: `${CORE_NAMESPACE}_${name}`,
    version: VERSION,
    runtimeUrl: entryUrl(`chimods/${name}/${name}_runtime`),
    libExecUrl: entryUrl(`chimods/${name}/${name}_lib_exec`),
  }));
}

/** The spec of a module that is loaded from where it is, and never again while the node runs. */
export function moduleInFolder(folder: URL, namespace: string): ModuleSpec {
  const name = folder.pathname.replace(/\/$/, "").split("/").at(-1)!;
  const base = folder.href.endsWith("/") ? folder.href : `${folder.href}/`;
  return {
    libName: `${namespace}_${name}`,
    version: "in place",
    runtimeUrl: `${base}${name}_runtime.ts`,
    libExecUrl: `${base}${name}_lib_exec.ts`,
  };
}

/**
 * Where modules' code is, by library name: `<namespace>_<module>`.
 *
 * A module lives in a folder of its name and is entered by two files: `<module>_runtime` with its
 * `Server`, and the generated `<module>_lib_exec` with its dispatch.
 */

import { ChimaeraError } from "../errors.ts";
import type { ModuleSpec } from "../lane/mod.ts";
import { entryUrl } from "../platform/mod.ts";

/** Modules of the core repo that are ordinary pools' code, by name. */
export const CORE_MODULES = [
  "admin",
  "compressor",
  "small_message",
  "worch_proc_round_robin",
  "worch_queue_round_robin",
] as const;

const CORE_NAMESPACE = "chimaera";

export class ModuleTable {
  readonly #specs = new Map<string, ModuleSpec>();

  constructor() {
    for (const name of CORE_MODULES) {
      this.add({
        libName: `${CORE_NAMESPACE}_${name}`,
        runtimeUrl: entryUrl(`chimods/${name}/${name}_runtime`),
        libExecUrl: entryUrl(`chimods/${name}/${name}_lib_exec`),
      });
    }
  }

  add(spec: ModuleSpec): void {
    this.#specs.set(spec.libName, spec);
  }

  get libNames(): string[] {
    return [...this.#specs.keys()];
  }

  /** Throws CHI-4003 with the names that there are. */
  get(libName: string): ModuleSpec {
    const spec = this.#specs.get(libName);
    if (spec === undefined) {
      throw new ChimaeraError("moduleNotFound", {
        what: `module ${libName}`,
        why: `no such library; known are ${this.libNames.join(", ")}`,
      });
    }
    return spec;
  }
}

/** The spec of a module in a folder laid out as a module is. */
export function moduleInFolder(folder: URL, namespace: string): ModuleSpec {
  const name = folder.pathname.replace(/\/$/, "").split("/").at(-1)!;
  const base = folder.href.endsWith("/") ? folder.href : `${folder.href}/`;
  return {
    libName: `${namespace}_${name}`,
    runtimeUrl: `${base}${name}_runtime.ts`,
    libExecUrl: `${base}${name}_lib_exec.ts`,
  };
}

/**
 * The files of a module that a program outside of the node runs: its client, its tasks, and what
 * these import of the module's own files.
 *
 * Thread rules: plain functions; nothing is run.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import { kindOf, readText } from "../../runtime/platform/mod.ts";
import {
  importProblem,
  importsOf,
  moduleFiles,
  namedModule,
  type RepoModule,
} from "../../runtime/repo/mod.ts";

/** What a module's client is for a program on Node. */
export interface ClientFiles {
  readonly module: RepoModule;
  /** Files that others import by name: `compressor_client.ts`, `compressor_tasks.ts`. */
  readonly doors: readonly string[];
  /** All files that run, doors included, by their paths in the module's folder. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Follows the imports of a module's client and tasks. Throws CHI-4021 at the place of an import that
 * there is not on Node, CHI-4005 for a file that cannot be read.
 */
export async function clientFiles(module: RepoModule, namespace: string): Promise<ClientFiles> {
  const { client, tasks } = moduleFiles(module.name);
  const doors = [client, tasks].filter((file) => kindOf(`${module.folder}/${file}`) === "file");
  const files: Record<string, string> = {};
  const queue = [...doors];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (path in files) continue;
    const file = `${module.folder}/${path}`;
    const text = readText(file);
    if (text === null) {
      throw new ChimaeraError("moduleLoad", { what: file, why: "it is imported and not there" });
    }
    files[path] = text;
    if (!/\.(ts|js)$/.test(path)) continue;
    for (const { specifier, line, column } of await importsOf(text, file)) {
      if (specifier === null) continue;
      const why = importProblem(path, specifier, namespace) ?? nodeProblem(specifier);
      if (why !== null) {
        throw new ChimaeraError("badImport", {
          what: `${file}:${line}:${column}`,
          why,
          hint: "a client on Node has `chimaera`, other clients and tasks, and its own files",
        });
      }
      if (specifier.startsWith(".")) {
        queue.push(new URL(specifier, `file:///${path}`).pathname.slice(1));
      }
    }
  }
  return { module, doors, files };
}

/** Why a client may import something in Deno and not on Node; null when it may. */
function nodeProblem(specifier: string): string | null {
  if (specifier.startsWith(".")) {
    return specifier.endsWith(".wasm") ? `Node 20 imports no WebAssembly: "${specifier}"` : null;
  }
  if (specifier === "chimaera" || specifier.startsWith("node:")) return null;
  return namedModule(specifier) === null ? `"${specifier}" is not there on Node` : null;
}

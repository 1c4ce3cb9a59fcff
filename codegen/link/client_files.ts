/**
 * The files of a module that a program outside of the node runs: its client, its tasks, and what
 * these import of the module's own files; and the files of the module whose types they name.
 *
 * Thread rules: plain functions; nothing is run.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import { kindOf, readText } from "../../runtime/platform/mod.ts";
import {
  importProblem,
  importsOf,
  importStatementsOf,
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
  /** Files that do not run, whose types those that run name; by their paths in the folder too. */
  readonly types: Readonly<Record<string, string>>;
}

/**
 * Follows the imports of a module's client and tasks. Throws CHI-4021 at the place of an import that
 * there is not on Node, CHI-4005 for a file that cannot be read.
 */
export async function clientFiles(module: RepoModule, namespace: string): Promise<ClientFiles> {
  const { client, tasks } = moduleFiles(module.name);
  const doors = [client, tasks].filter((file) => kindOf(`${module.folder}/${file}`) === "file");
  const files = await follow(
    module,
    doors,
    (text, path) => runImports(module, namespace, text, path),
  );
  const all = await follow(module, doors, (text, path) => allImports(module, text, path));
  const types = Object.fromEntries(Object.entries(all).filter(([path]) => !(path in files)));
  return { module, doors, files, types };
}

/** Files of a module, with those that they lead to, by their paths in its folder. */
async function follow(
  { folder }: RepoModule,
  doors: readonly string[],
  importsIn: (text: string, path: string) => Promise<string[]>,
): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const queue = [...doors];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (path in files) continue;
    const text = readText(`${folder}/${path}`);
    if (text === null) {
      const what = `${folder}/${path}`;
      throw new ChimaeraError("moduleLoad", { what, why: "it is imported and not there" });
    }
    files[path] = text;
    if (/\.(ts|js)$/.test(path)) queue.push(...await importsIn(text, path));
  }
  return files;
}

/** The module's files that a file imports to run. Throws CHI-4021. */
async function runImports(
  { folder }: RepoModule,
  namespace: string,
  text: string,
  path: string,
): Promise<string[]> {
  const paths: string[] = [];
  for (const { specifier, line, column } of await importsOf(text, `${folder}/${path}`)) {
    if (specifier === null) continue;
    const why = importProblem(path, specifier, namespace) ?? nodeProblem(specifier);
    if (why !== null) {
      throw new ChimaeraError("badImport", {
        what: `${folder}/${path}:${line}:${column}`,
        why,
        hint: "a client on Node has `chimaera`, other clients and tasks, and its own files",
      });
    }
    if (specifier.startsWith(".")) paths.push(pathOf(specifier, path));
  }
  return paths;
}

/** The module's files that a file imports for types too. One that is not there is `repo check`'s. */
async function allImports({ folder }: RepoModule, text: string, path: string): Promise<string[]> {
  const statements = await importStatementsOf(text, `${folder}/${path}`);
  return statements.filter(({ specifier }) => specifier.startsWith("."))
    .map(({ specifier }) => pathOf(specifier, path))
    .filter((found) => kindOf(`${folder}/${found}`) === "file");
}

/** The path in the module's folder that a relative specifier leads to. */
function pathOf(specifier: string, from: string): string {
  return decodeURIComponent(new URL(specifier, `file:///${from}`).pathname.slice(1));
}

/** Why a client may import something in Deno and not on Node; null when it may. */
function nodeProblem(specifier: string): string | null {
  if (specifier.startsWith(".")) {
    return specifier.endsWith(".wasm") ? `Node 20 imports no WebAssembly: "${specifier}"` : null;
  }
  if (specifier === "chimaera" || specifier.startsWith("node:")) return null;
  return namedModule(specifier) === null ? `"${specifier}" is not there on Node` : null;
}

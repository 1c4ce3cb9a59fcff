/**
 * What the executable is made of: the one table of entry points, import names and plain files.
 *
 * An entry point is a file that something reaches by its URL at run time: the program's start, the
 * worker's start, the doors of the SDK (by the import map) and the files of the core modules (by
 * the module loader). All are bundled in one run with code splitting, so that what they share
 * exists once: `instanceof` and module state hold across them.
 */

/** Entry points with fixed paths, without extension. */
export const ENTRIES: readonly string[] = [
  "main",
  "runtime/module/worker_main",
  // Makes the file that knows the program's root a chunk at that root; see its head comment.
  "runtime/platform/packaging",
  "runtime/session/wire_main",
  "sdk/mod",
  "sdk/node",
  "sdk/platform",
  "sdk/test",
];

/** Entry points of each core module: `chimods/<name>/<name>_<role>.ts`, those that exist. */
export const MODULE_ENTRY_ROLES: readonly string[] = [
  "runtime",
  "client",
  "tasks",
  "methods",
  "lib_exec",
  "monitor",
];

/** The SDK's names, and the entry point behind each. */
const SDK_NAMES: Readonly<Record<string, string>> = {
  "chimaera": "sdk/mod",
  "chimaera/node": "sdk/node",
  "chimaera/platform": "sdk/platform",
  "chimaera/test": "sdk/test",
};

/** The template of new modules, whose sources the program carries as they are. */
const TEMPLATE = "chimods/MOD_NAME/";

/** What others import of a module of the core repo: `chimaera/<name>_<role>`. */
const NAMED_MODULE_FILE = /^chimods\/\w+\/(\w+_(client|tasks))$/;

/**
 * Names that a module or a client program imports, and the entry point behind each.
 *
 * @param entries Entry points of the tree.
 */
export function importNames(entries: readonly string[]): Record<string, string> {
  const names = { ...SDK_NAMES };
  for (const entry of entries) {
    const file = NAMED_MODULE_FILE.exec(entry)?.[1];
    if (file !== undefined && !entry.startsWith(TEMPLATE)) names[`chimaera/${file}`] = entry;
  }
  return names;
}

/** Whether the program carries the file of this project path as it is. */
export function isAsset(path: string): boolean {
  if (!path.startsWith("chimods/")) return false;
  return path.endsWith(".yaml") || path.startsWith(TEMPLATE);
}

/**
 * What a module may import: `chimaera` and its sub-paths, clients and tasks of modules by name, its
 * own files, `node:*`, and the npm packages that the executable embeds.
 *
 * Thread rules: none; pure functions.
 */

/** npm packages that the executable embeds for modules, and that are there on every machine. */
export const MODULE_PACKAGES: readonly string[] = ["fflate", "lz4-wasm", "zstd-codec"];

const OWN_FILE = /\.(ts|js|json|wasm)$/;
const SDK_NAMES = ["chimaera", "chimaera/node", "chimaera/platform", "chimaera/test"];
const MODULE_NAME = /^([a-z][a-z0-9_]*)\/(([a-z][a-z0-9_]*)_(client|tasks))$/;

/** A module's client or tasks, as another module names them. */
export interface NamedModule {
  readonly namespace: string;
  readonly module: string;
  /** Without its extension: `compressor_client`. */
  readonly file: string;
}

/** Takes `example/compressor_client` apart; null for something else. */
export function namedModule(specifier: string): NamedModule | null {
  const match = MODULE_NAME.exec(specifier);
  return match === null ? null : { namespace: match[1]!, module: match[3]!, file: match[2]! };
}

/**
 * Why a module may not import something; null when it may.
 *
 * @param path Of the importing file, relative to the module's folder.
 * @param namespace Of the module's repo, whose modules it may name.
 */
export function importProblem(path: string, specifier: string, namespace: string): string | null {
  if (specifier.startsWith("./") || specifier.startsWith("../")) {
    return ownFileProblem(path, specifier);
  }
  if (SDK_NAMES.includes(specifier) || specifier.startsWith("node:")) return null;
  const named = namedModule(specifier);
  if (named !== null) {
    if (named.namespace === namespace || named.namespace === "chimaera") return null;
    return `"${specifier}" is a module of another repo; only those of ${namespace} and chimaera ` +
      "are known here";
  }
  const isNpm = specifier.startsWith("npm:");
  const name = isNpm ? specifier.replace(/^npm:\/?([^@/]+)(@[^/]*)?/, "$1") : specifier;
  if (MODULE_PACKAGES.some((one) => name === one || name.startsWith(`${one}/`))) {
    return isNpm ? `write "${name}" without npm:` : null;
  }
  return `"${specifier}" is none of: chimaera and its sub-paths, modules by name, own files, ` +
    `node:*, ${MODULE_PACKAGES.join(", ")}`;
}

/** The same for a path: it stays in the module's folder, and is written in one way only. */
function ownFileProblem(path: string, specifier: string): string | null {
  const [, ups, rest] = /^(?:\.\/)?((?:\.\.\/)*)(.*)$/s.exec(specifier)!;
  const isPlain = !/[%\\?#]/.test(rest!) &&
    rest!.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  if (!isPlain) return `"${specifier}" is no plain path: only its beginning may lead upwards`;
  const depth = path.split("/").length - 1;
  if (ups!.length / 3 > depth) return `"${specifier}" leads out of the module's folder`;
  if (OWN_FILE.test(specifier)) return null;
  return `"${specifier}" does not end in .ts, .js, .json or .wasm`;
}

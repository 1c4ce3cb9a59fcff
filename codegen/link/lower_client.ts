/**
 * Clients and tasks in the language of Node 20, with declarations: the `typescript` package inside
 * the program, on files in memory.
 *
 * It looks at types only to write them down. Whether they hold, `repo check` says.
 *
 * Thread rules: plain functions; loads TypeScript, which takes 150 ms, at the first call.
 */

import type TypeScript from "typescript";
import { ChimaeraError } from "../../runtime/errors.ts";
import type { ClientFiles } from "./client_files.ts";
import type { NodeSdk } from "./node_sdk.ts";

/** The folder in which TypeScript finds everything. */
const ROOT = "/chimaera_modules";

/**
 * Lowers the clients of a repo. Throws CHI-1309 for what has no declaration.
 *
 * @returns Files by their paths in the namespace's package: `compressor/compressor_client.js`.
 */
export async function lowerClients(
  clients: readonly ClientFiles[],
  namespace: string,
  sdk: NodeSdk,
): Promise<Record<string, string>> {
  const ts = await loadTypeScript();
  const given = new Map<string, string>();
  for (const [name, text] of Object.entries(sdk.lib)) given.set(`/lib/${name}`, text);
  for (const [path, text] of Object.entries(sdk.files)) {
    if (!path.endsWith(".js")) given.set(`${ROOT}/chimaera/${path}`, text);
  }
  const sources = new Set<string>();
  const notRun = new Set<string>();
  for (const { module, files, types } of clients) {
    for (const [path, text] of Object.entries({ ...files, ...types })) {
      given.set(`${ROOT}/${namespace}/${module.name}/${path}`, text);
      sources.add(`${module.name}/${path}`);
      if (path in types) notRun.add(`${module.name}/${path.replace(/ts$/, "js")}`);
    }
  }
  const options = optionsFor(ts, namespace, clients, sdk);
  const roots = [...sources].map((path) => `${ROOT}/${namespace}/${path}`)
    .filter((path) => /\.(ts|js)$/.test(path));
  const program = ts.createProgram(roots, options, hostOf(ts, given));
  const written: Record<string, string> = {};
  const { diagnostics } = program.emit(undefined, (path, text) => {
    const name = path.slice(`${ROOT}/${namespace}/`.length);
    if (notRun.has(name)) return;
    written[name] = name.endsWith(".d.ts") ? withNodeNames(text) : text;
  });
  if (diagnostics.length > 0) throw notLowered(ts, diagnostics[0]!, namespace);
  for (const { module, files, types } of clients) {
    for (const [path, text] of Object.entries({ ...files, ...types })) {
      // The compiler writes neither anew.
      if (/\.json$|\.d\.ts$/.test(path)) written[`${module.name}/${path}`] = text;
    }
  }
  return written;
}

/** CHI-1309 at the place of what cannot be written down. */
function notLowered(
  ts: typeof TypeScript,
  { file, start, messageText }: TypeScript.Diagnostic,
  namespace: string,
): ChimaeraError {
  const { line, character } = file?.getLineAndCharacterOfPosition(start ?? 0) ??
    { line: 0, character: 0 };
  const name = file?.fileName.slice(`${ROOT}/${namespace}/`.length) ?? namespace;
  return new ChimaeraError("badModuleFile", {
    what: `${name}:${line + 1}:${character + 1}`,
    why: `it has no declaration for Node: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    hint: "give it a type that has a name, and link again",
  });
}

/** In the bundled program all of it is the default export. */
async function loadTypeScript(): Promise<typeof TypeScript> {
  const loaded: typeof TypeScript & { default?: typeof TypeScript } = await import("typescript");
  return loaded.default ?? loaded;
}

function optionsFor(
  ts: typeof TypeScript,
  namespace: string,
  clients: readonly ClientFiles[],
  sdk: NodeSdk,
): TypeScript.CompilerOptions {
  const paths: Record<string, string[]> = { chimaera: [`${ROOT}/chimaera/sdk/mod.d.ts`] };
  for (const path of Object.keys(sdk.files)) {
    const core = /^chimods\/\w+\/(\w+_(?:client|tasks))\.d\.ts$/.exec(path)?.[1];
    if (core !== undefined) paths[`chimaera/${core}`] = [`${ROOT}/chimaera/${path}`];
  }
  for (const { module, doors } of clients) {
    for (const door of doors) {
      paths[`${namespace}/${door.slice(0, -3)}`] = [`${ROOT}/${namespace}/${module.name}/${door}`];
    }
  }
  return {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts", "lib.es2024.sharedmemory.d.ts"],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    allowJs: true,
    resolveJsonModule: true,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: true,
    declaration: true,
    rootDir: `${ROOT}/${namespace}`,
    outDir: `${ROOT}/${namespace}`,
    paths,
  };
}

/** A compiler's machine that consists of the given files. */
function hostOf(
  ts: typeof TypeScript,
  given: ReadonlyMap<string, string>,
): TypeScript.CompilerHost {
  const folders = new Set<string>();
  for (const path of given.keys()) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      folders.add(path.slice(0, at));
    }
  }
  return {
    getSourceFile(name, languageVersion) {
      const text = given.get(name);
      if (text === undefined) return undefined;
      return ts.createSourceFile(name, text, languageVersion, true);
    },
    getDefaultLibLocation: () => "/lib",
    getDefaultLibFileName: () => "/lib/lib.es2022.d.ts",
    fileExists: (path) => given.has(path),
    readFile: (path) => given.get(path),
    directoryExists: (path) => folders.has(path),
    getCurrentDirectory: () => "/",
    getCanonicalFileName: (path) => path,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    writeFile: () => {},
  };
}

/** Declarations name each other as TypeScript on Node wants it: by `.js`. */
function withNodeNames(text: string): string {
  return text.replaceAll(/((?:from|import\()\s*"\.[^"]*)\.ts"/g, '$1.js"');
}

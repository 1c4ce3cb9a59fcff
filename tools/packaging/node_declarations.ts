/**
 * Declarations of the SDK for TypeScript on Node: a `.d.ts` beside each source that a door leads to.
 *
 * They name each other by `.js`, as TypeScript on Node wants it. The platform's few types of `Deno`,
 * and types of Node, which a project may be without, are `any` in them: no door shows one.
 */

import ts from "typescript";
import { BuildError } from "./build_error.ts";
import { runDeno } from "./run_deno.ts";

/** The language as Node 20 has it, and `using`. */
const LIBRARY = ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts", "lib.es2024.sharedmemory.d.ts"];

const HEAD = '/// <reference lib="esnext.disposable" />\n' +
  '/// <reference lib="es2024.sharedmemory" />\n';

/** Declarations of everything that the entries lead to, by project path. */
export async function declarationsOf(
  root: string,
  entries: readonly string[],
): Promise<Record<string, string>> {
  const deno = await denoTypes();
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    declaration: true,
    emitDeclarationOnly: true,
    noEmitOnError: false,
    rootDir: root,
    outDir: root,
    types: [],
    lib: ["lib.esnext.d.ts"],
    paths: { "chimaera": [`${root}/sdk/mod.ts`] },
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  const DENO = `${root}/deno.d.ts`;
  host.getSourceFile = (name, target, ...rest) =>
    name === DENO ? ts.createSourceFile(name, deno, target) : read(name, target, ...rest);
  const sources = entries.map((entry) => `${root}/${entry}.ts`);
  const program = ts.createProgram([DENO, ...sources], options, host);
  const files: Record<string, string> = {};
  const write = (path: string, text: string) => {
    const name = path.slice(root.length + 1);
    if (name.startsWith("node_modules/") || !path.startsWith(`${root}/`)) return;
    files[name] = HEAD + forNode(name, text);
  };
  const { diagnostics } = program.emit(undefined, write, undefined, true);
  if (diagnostics.length > 0) {
    const text = ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (path) => path,
      getCurrentDirectory: () => root,
      getNewLine: () => "\n",
    });
    throw new BuildError(`no declarations:\n${text}`);
  }
  for (const entry of entries) {
    if (!(`${entry}.d.ts` in files)) throw new BuildError(`no declarations of ${entry}`);
  }
  return files;
}

/** A declaration file with the names that other files have on Node, and no type of Deno. */
function forNode(path: string, text: string): string {
  const named = text.replaceAll(/((?:from|import\()\s*"\.[^"]*)\.ts"/g, '$1.js"')
    .replaceAll(/(typeof )?import\("node:\w+"\)(\.\w+)*/g, "any");
  if (!path.startsWith("runtime/platform/")) return named;
  return named.replaceAll(/\bDeno\.\w+(<Deno\.\w+>)?/g, "any");
}

async function denoTypes(): Promise<string> {
  const result = await runDeno(["types"], { cwd: "." });
  if (!result.ok) throw new BuildError(`deno types failed:\n${result.text}`);
  return result.text;
}

/** TypeScript's own declarations of the language, with those that they refer to. */
export function languageLibrary(): Record<string, string> {
  const folder = ts.getDefaultLibFilePath({}).replace(/\/[^/]*$/, "");
  const found: Record<string, string> = {};
  const take = (name: string) => {
    if (name in found) return;
    const text = ts.sys.readFile(`${folder}/${name}`);
    if (text === undefined) throw new BuildError(`typescript has no ${name}`);
    found[name] = text;
    for (const [, lib] of text.matchAll(/^\/\/\/ <reference lib="([^"]+)" \/>/gm)) {
      take(`lib.${lib}.d.ts`);
    }
  };
  LIBRARY.forEach(take);
  return found;
}

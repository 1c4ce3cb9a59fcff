/**
 * What `repo check` needs to check types inside the program, and no other command loads:
 *
 *   dist/codegen/check/typescript.js     the compiler, made small
 *   dist/codegen/check/libraries.json    the language's, Deno's and Node's own types
 *
 * Figures: the compiler has 9.1 MB, made small 3.6 MB, of which 1.0 MB is left when compressed.
 */

import ts from "typescript";
import { fileURLToPath } from "node:url";
import { collectLibraries } from "../../codegen/check/libraries.ts";
import { exists, makeParent } from "../file_tree.ts";
import { BuildError } from "./build_error.ts";
import { runDeno } from "./run_deno.ts";

/**
 * The compiler asks for files and settings of Node's when it finds `process`. It shall not: what
 * it reads comes from its caller, and it starts faster so.
 */
const BEFORE =
  `const process = undefined, require = undefined, __filename = "", module = { exports: {} };\n`;
const AFTER = "\nexport default module.exports;\n";

/** Adds the compiler and the libraries to the bundle. `cache` keeps the compiler between builds. */
export async function addTypeChecker(dist: string, cache: string): Promise<void> {
  const folder = `${dist}/codegen/check`;
  makeParent(`${folder}/typescript.js`);
  Deno.copyFileSync(await smallCompiler(cache), `${folder}/typescript.js`);
  const libraries = Object.entries(await collectLibraries()).map((
    [path, text],
  ) => [path, withoutComments(path, text)]);
  const text = JSON.stringify(Object.fromEntries(libraries));
  Deno.writeTextFileSync(`${folder}/libraries.json`, text);
}

async function smallCompiler(cache: string): Promise<string> {
  const kept = `${cache}/typescript-${ts.version}.js`;
  if (exists(kept)) return kept;
  const work = Deno.makeTempDirSync({ prefix: "chimaera-build-" });
  try {
    const whole = Deno.readTextFileSync(fileURLToPath(import.meta.resolve("typescript")));
    Deno.writeTextFileSync(`${work}/typescript.js`, BEFORE + whole + AFTER);
    const flags = ["--quiet", "--platform", "deno", "--minify", "--outdir", `${work}/small`];
    const result = await runDeno(["bundle", ...flags, "typescript.js"], { cwd: work });
    if (!result.ok) throw new BuildError(`deno bundle of the compiler failed:\n${result.text}`);
    Deno.mkdirSync(cache, { recursive: true });
    const partial = `${kept}.${Deno.pid}`;
    Deno.copyFileSync(`${work}/small/typescript.js`, partial);
    Deno.renameSync(partial, kept);
    return kept;
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
}

/** Nobody reads these in an editor; they are half the size without. Licences stay. */
function withoutComments(path: string, text: string): string {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, false);
  return ts.createPrinter({ removeComments: true }).printFile(file);
}

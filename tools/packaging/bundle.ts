/**
 * Bundles a source tree into a `dist/` folder that both packagings carry:
 *
 *   dist/deno.json                          import map: chimaera, chimaera/node, …
 *   dist/main.js  dist/sdk/mod.js  …        one file per entry point
 *   dist/chunk-<hash>.js                    what they share
 *   dist/chimods/<module>/<file>.yaml …     files carried as they are
 *   dist/codegen/kit/  dist/codegen/check/  see kit.ts and type_checker.ts
 *   dist/codegen/link/node_package.json     the SDK for Node; see node_package.ts
 *
 * Names are kept readable: stacks of a running program name its functions.
 */

import { BuildError } from "./build_error.ts";
import { ENTRIES, importNames, isAsset, MODULE_ENTRY_ROLES } from "./entries.ts";
import { addKit } from "./kit.ts";
import { runDeno } from "./run_deno.ts";
import { exists, listFiles, makeParent } from "../file_tree.ts";

/** Entry points of the tree at `root`, project paths without extension. */
export function entriesOf(root: string): string[] {
  const missing = ENTRIES.filter((entry) => !exists(`${root}/${entry}.ts`));
  if (missing.length > 0) throw new BuildError(`no ${missing.join(".ts, ")}.ts in ${root}`);
  return [...ENTRIES, ...moduleEntries(root)];
}

function moduleEntries(root: string): string[] {
  const modules = [...Deno.readDirSync(`${root}/chimods`)]
    .filter((entry) => entry.isDirectory)
    .map((entry) => entry.name)
    .sort();
  return modules
    .flatMap((name) => MODULE_ENTRY_ROLES.map((role) => `chimods/${name}/${name}_${role}`))
    .filter((entry) => exists(`${root}/${entry}.ts`));
}

/** The package that is loaded by its name in the bundle too, from a file of its own. */
const COMPILER = { name: "typescript", file: "./codegen/check/typescript.js" } as const;

/**
 * Writes the `dist/` folder of the tree at `root` anew.
 *
 * @param cache Folder for what is kept between builds.
 */
export async function bundle(root: string, dist: string, cache: string): Promise<void> {
  if (exists(dist)) Deno.removeSync(dist, { recursive: true });
  // Loaded when it is needed: the compiler in them asks for the environment at once, and files of
  // tests are loaded without permissions too.
  const [{ declarations }, { addTypeChecker }] = await Promise.all([
    import("./declarations.ts"),
    import("./type_checker.ts"),
  ]);
  const entries = entriesOf(root);
  const names = importNames(entries);
  const [types] = await Promise.all([
    declarations(root, names),
    bundleCode(root, dist, entries),
  ]);
  copyAssets(root, dist);
  const imports: Record<string, string> = {};
  for (const [name, entry] of Object.entries(names)) imports[name] = `./${entry}.js`;
  if (exists(`${root}/codegen/check`)) {
    await addTypeChecker(dist, cache);
    imports[COMPILER.name] = COMPILER.file;
  }
  const config = JSON.stringify({ imports }, null, 2);
  Deno.writeTextFileSync(`${dist}/deno.json`, `${config}\n`);
  await addKit(dist, Object.values(names), types);
  if (exists(`${root}/codegen/link`)) await addNodePackage(root, dist, entries);
}

/** Loaded when it is needed, as the compiler is. */
async function addNodePackage(
  root: string,
  dist: string,
  entries: readonly string[],
): Promise<void> {
  const { NODE_PACKAGE_FILE, nodePackage } = await import("./node_package.ts");
  const node = inAscii(JSON.stringify(await nodePackage(root, entries)));
  makeParent(`${dist}/${NODE_PACKAGE_FILE}`);
  Deno.writeTextFileSync(`${dist}/${NODE_PACKAGE_FILE}`, node);
}

/** JSON whose bytes are the same in every encoding. */
function inAscii(json: string): string {
  return json.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

async function bundleCode(root: string, dist: string, entries: readonly string[]): Promise<void> {
  const files = entries.map((entry) => `${entry}.ts`);
  const external = ["--external", COMPILER.name];
  const flags = ["--platform", "deno", "--code-splitting", ...external, "--outdir", dist];
  const result = await runDeno(["bundle", "--quiet", ...flags, ...files], { cwd: root });
  if (!result.ok) throw new BuildError(`deno bundle failed:\n${result.text}`);
  for (const entry of entries) {
    if (!exists(`${dist}/${entry}.js`)) throw new BuildError(`deno bundle wrote no ${entry}.js`);
  }
  leaveHelpersAside(dist);
}

/** In the chunk with the bundler's helpers for CommonJS packages. */
const MARK_OF_HELPERS = "__deno_internal_createRequire(import.meta.url)";

/**
 * Takes out the imports of the bundler's helpers that bind no name of them. Every file has one, and
 * by it `node:module`: 20 ms of the start of each isolate, workers too, for a few files that need it.
 */
function leaveHelpersAside(dist: string): void {
  const scripts = listFiles(dist).filter((path) => path.endsWith(".js"));
  const texts = new Map(scripts.map((path) => [path, Deno.readTextFileSync(`${dist}/${path}`)]));
  const isHelper = (path: string) => texts.get(path)!.includes(MARK_OF_HELPERS);
  const helpers = scripts.filter((path) => /^chunk-\w+\.js$/.test(path) && isHelper(path));
  for (const helper of helpers) {
    const bare = new RegExp(`^import "(?:\\.\\.?/)+${helper.replace(".", "\\.")}";\n`, "m");
    for (const [path, text] of texts) {
      if (bare.test(text)) texts.set(path, text.replace(bare, ""));
    }
  }
  for (const [path, text] of texts) Deno.writeTextFileSync(`${dist}/${path}`, text);
}

function copyAssets(root: string, dist: string): void {
  const modules = listFiles(`${root}/chimods`).map((path) => `chimods/${path}`);
  for (const path of modules.filter(isAsset)) {
    makeParent(`${dist}/${path}`);
    Deno.copyFileSync(`${root}/${path}`, `${dist}/${path}`);
  }
}

/**
 * Bundles a source tree into a `dist/` folder that both packagings carry:
 *
 *   dist/deno.json                          import map: chimaera, chimaera/node, …
 *   dist/main.js  dist/sdk/mod.js  …        one file per entry point
 *   dist/chunk-<hash>.js                    what they share
 *   dist/chimods/<module>/<file>.yaml …     files carried as they are
 *   dist/node_package.json                  the SDK for Node; see node_package.ts
 *
 * Names are kept readable: stacks of a running program name its functions.
 */

import { BuildError } from "./build_error.ts";
import { ENTRIES, importNames, isAsset, MODULE_ENTRY_ROLES } from "./entries.ts";
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

/** Writes the `dist/` folder of the tree at `root` anew. */
export async function bundle(root: string, dist: string): Promise<void> {
  if (exists(dist)) Deno.removeSync(dist, { recursive: true });
  const entries = entriesOf(root);
  const files = entries.map((entry) => `${entry}.ts`);
  // TypeScript asks for that package for its own debugging, and does without.
  const without = ["--external", "source-map-support"];
  const flags = ["--platform", "deno", "--code-splitting", ...without, "--outdir", dist];
  const result = await runDeno(["bundle", "--quiet", ...flags, ...files], { cwd: root });
  if (!result.ok) throw new BuildError(`deno bundle failed:\n${result.text}`);
  for (const entry of entries) {
    if (!exists(`${dist}/${entry}.js`)) throw new BuildError(`deno bundle wrote no ${entry}.js`);
  }
  giveFileNames(dist);
  copyAssets(root, dist);
  const imports = Object.entries(importNames(entries)).map((
    [name, entry],
  ) => [name, `./${entry}.js`]);
  const config = JSON.stringify({ imports: Object.fromEntries(imports) }, null, 2);
  Deno.writeTextFileSync(`${dist}/deno.json`, `${config}\n`);
  // Loaded here: the compiler in it asks for the environment at once, and this file is loaded by
  // tests without permissions too.
  const { NODE_PACKAGE_FILE, nodePackage } = await import("./node_package.ts");
  const node = inAscii(JSON.stringify(await nodePackage(root, entries)));
  Deno.writeTextFileSync(`${dist}/${NODE_PACKAGE_FILE}`, node);
}

/** JSON whose bytes are the same in every encoding. */
function inAscii(json: string): string {
  return json.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Tells TypeScript, which was written for CommonJS, its own place: it looks at it when it starts. */
function giveFileNames(dist: string): void {
  const head = "const __filename = import.meta.filename, __dirname = import.meta.dirname;\n";
  for (const name of listFiles(dist).filter((name) => /^typescript-\w+\.js$/.test(name))) {
    Deno.writeTextFileSync(`${dist}/${name}`, head + Deno.readTextFileSync(`${dist}/${name}`));
  }
}

function copyAssets(root: string, dist: string): void {
  const modules = listFiles(`${root}/chimods`).map((path) => `chimods/${path}`);
  for (const path of modules.filter(isAsset)) {
    makeParent(`${dist}/${path}`);
    Deno.copyFileSync(`${root}/${path}`, `${dist}/${path}`);
  }
}

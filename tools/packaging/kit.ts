/**
 * What a user's module repo gets of the program: its code, so that `deno test` runs modules, and
 * its types, so that an editor and `deno check` know them. `codegen/kit/` puts both there.
 *
 *   dist/codegen/kit/kit.json      {"id": "0123456789abcdef", "files": ["main.js", …]}
 *   dist/codegen/kit/types.json    {"sdk/mod.d.ts": "…", …}
 *
 * The types are one file here: the first start of the program unpacks single files, and every
 * later one looks whether they are all there.
 */

import { listFiles, makeParent } from "../file_tree.ts";
import type { Declarations } from "./declarations.ts";

/** Folders of the bundle that only the program itself has a use for. */
const NOT_IN_KIT: readonly string[] = ["codegen/", "chimods/MOD_NAME/"];

/**
 * Adds the kit's list and types to the bundle.
 *
 * @param doors Entry points that others import, each of which has its declarations.
 */
export async function addKit(
  dist: string,
  doors: readonly string[],
  types: Declarations,
): Promise<void> {
  for (const door of doors) nameTypes(`${dist}/${door}.js`);
  const files = listFiles(dist).filter((path) => !NOT_IN_KIT.some((one) => path.startsWith(one)));
  const typesText = JSON.stringify(types);
  const id = await idOf(dist, files, typesText);
  makeParent(`${dist}/codegen/kit/kit.json`);
  Deno.writeTextFileSync(`${dist}/codegen/kit/kit.json`, JSON.stringify({ id, files }));
  Deno.writeTextFileSync(`${dist}/codegen/kit/types.json`, typesText);
}

/** Begins a file with the line by which Deno finds its declarations. */
function nameTypes(file: string): void {
  const name = file.slice(file.lastIndexOf("/") + 1).replace(/\.js$/, ".d.ts");
  const text = Deno.readTextFileSync(file);
  Deno.writeTextFileSync(file, `// @ts-self-types="./${name}"\n${text}`);
}

/** Sixteen digits that stand for all the bytes of the kit. */
async function idOf(dist: string, files: readonly string[], types: string): Promise<string> {
  const sums: string[] = [await sum(new TextEncoder().encode(types))];
  for (const path of files) sums.push(`${await sum(Deno.readFileSync(`${dist}/${path}`))} ${path}`);
  return (await sum(new TextEncoder().encode(sums.join("\n")))).slice(0, 16);
}

async function sum(data: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
}

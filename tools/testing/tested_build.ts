/**
 * The executable of this checkout, for tests: built when it was not built of these sources before,
 * because that takes a third of a minute.
 */

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { exists, listFiles } from "../file_tree.ts";
import { build } from "../packaging/mod.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
const CACHE = `${ROOT}/node_modules/.cache/chimaera_build`;

/** What the executable is made of. */
const SOURCES = ["chimods", "cli", "codegen", "runtime", "sdk", "tools/packaging"];
const FILES = ["main.ts", "deno.json", "deno.lock", "package.json"];

/** The folder with the executable, `chimaera`, and with the bundle that is in it, `dist`. */
export async function testedBuild(): Promise<string> {
  const paths = [
    ...SOURCES.flatMap((top) => listFiles(`${ROOT}/${top}`).map((path) => `${top}/${path}`)),
    ...FILES,
  ];
  const hash = createHash("sha256");
  for (const path of paths) hash.update(path).update(Deno.readFileSync(`${ROOT}/${path}`));
  const folder = `${CACHE}/tested-${hash.digest("hex").slice(0, 16)}`;
  if (exists(`${folder}/chimaera`)) return folder;
  Deno.mkdirSync(CACHE, { recursive: true });
  for (const old of builds().slice(1)) Deno.removeSync(old, { recursive: true });
  await build({
    root: ROOT,
    dist: `${folder}/dist`,
    output: `${folder}/chimaera`,
    cache: CACHE,
    packaging: "self-extract",
  });
  return folder;
}

/** Folders of builds before, the newest first: another run may be using that one. */
function builds(): string[] {
  return [...Deno.readDirSync(CACHE)]
    .filter(({ name }) => name.startsWith("tested-"))
    .map(({ name }) => `${CACHE}/${name}`)
    .sort((a, b) => madeMs(b) - madeMs(a));
}

function madeMs(folder: string): number {
  return Deno.statSync(folder).mtime?.getTime() ?? 0;
}

/**
 * The SDK as a package for Node 20: what `chimaera repo link --node` writes into a project.
 *
 * The client's half of the bundle, in the language of Node 20: `using` is lowered, and the files
 * that name `Deno` import it from `runtime/platform/node_host/`, which is in this package only.
 * Beside them declarations for TypeScript, made from the same sources. The whole is one JSON file in
 * `dist/`, because hundreds of small ones would be unpacked with every executable:
 *
 *   { "files": { "package.json": "…", "sdk/mod.js": "…", … }, "lib": { "lib.es5.d.ts": "…", … } }
 *
 * `lib` is what TypeScript needs to know of the language when it makes declarations of a module.
 */

import ts from "typescript";
import { exists, listFiles } from "../file_tree.ts";
import { BuildError } from "./build_error.ts";
import { declarationsOf, languageLibrary } from "./node_declarations.ts";
import { runDeno } from "./run_deno.ts";

/** The file in `dist/`. */
export const NODE_PACKAGE_FILE = "codegen/link/node_package.json";

/** Oldest Node that has everything in it: `process.getBuiltinModule`. */
const NODE_VERSION = ">=20.16";
const HOST = "runtime/platform/node_host";

/** Entry points besides those of modules; see `entries.ts`. */
const ENTRIES = ["sdk/mod", "runtime/platform/packaging", "runtime/session/wire_main"];
const CORE_FILE = /^chimods\/(?!MOD_NAME)(\w+)\/\1_(client|tasks)$/;

/** Packages of codecs, which only modules use. */
const NOT_FOR_CLIENTS = ["fflate", "lz4-wasm", "zstd-codec"];

/** What that file holds. */
export interface NodePackage {
  readonly files: Readonly<Record<string, string>>;
  readonly lib: Readonly<Record<string, string>>;
}

/**
 * Makes the package of the tree at `root`.
 *
 * @param entries Entry points of the tree, project paths without extension.
 */
export async function nodePackage(root: string, entries: readonly string[]): Promise<NodePackage> {
  const core = entries.filter((entry) => CORE_FILE.test(entry));
  const all = [...ENTRIES, ...core];
  const files = await bundled(root, all);
  for (const name of listFiles(`${root}/${HOST}`).filter((name) => !name.endsWith("_test.ts"))) {
    const text = lowered(Deno.readTextFileSync(`${root}/${HOST}/${name}`));
    files[`${HOST}/${name.replace(/\.ts$/, ".js")}`] = text.replace(
      /(from "\.\/\w+)\.ts"/g,
      '$1.js"',
    );
  }
  Object.assign(files, await declarationsOf(root, ["sdk/mod", ...core]));
  files["package.json"] = manifest(root, core);
  return { files, lib: languageLibrary() };
}

/** The bundled files, in the language of Node 20. */
async function bundled(root: string, entries: readonly string[]): Promise<Record<string, string>> {
  const folder = Deno.makeTempDirSync({ prefix: "chimaera-node-" });
  try {
    // The folder's option comes last: the one before it takes every word up to the next.
    const without = NOT_FOR_CLIENTS.flatMap((
      name,
    ) => ["--external", name, "--external", `${name}/*`]);
    const flags = ["--platform", "deno", "--code-splitting", ...without, "--outdir", folder];
    const sources = entries.map((entry) => `${entry}.ts`);
    const result = await runDeno(["bundle", "--quiet", ...flags, ...sources], { cwd: root });
    if (!result.ok) throw new BuildError(`deno bundle failed:\n${result.text}`);
    for (const entry of entries) {
      if (!exists(`${folder}/${entry}.js`)) {
        throw new BuildError(`deno bundle wrote no ${entry}.js`);
      }
    }
    const files = listFiles(folder).filter((path) => path.endsWith(".js")).map((path) =>
      [path, forNode(path, Deno.readTextFileSync(`${folder}/${path}`))] as const
    );
    return Object.fromEntries(files);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A bundled file with what it needs of Node. */
function forNode(path: string, text: string): string {
  const code = lowered(text.replaceAll(/^\/\/ (deno|\.\.)[^\n]*\n/gm, ""));
  if (!/\bDeno\./.test(code)) return code;
  const up = path.includes("/") ? "../".repeat(path.split("/").length - 1) : "./";
  return `import { Deno } from "${up}${HOST}/mod.js";\n${code}`;
}

function lowered(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  return outputText;
}

function manifest(root: string, core: readonly string[]): string {
  const { version } = JSON.parse(Deno.readTextFileSync(`${root}/deno.json`));
  const door = (entry: string) => ({ types: `./${entry}.d.ts`, default: `./${entry}.js` });
  const named = core.map((entry) => [`./${entry.split("/").at(-1)}`, door(entry)]);
  const text = {
    name: "chimaera",
    version: version ?? "0.0.0",
    private: true,
    description: "Clients of Chimaera nodes, on Node. Written by `chimaera repo link --node`.",
    type: "module",
    engines: { node: NODE_VERSION },
    exports: { ".": door("sdk/mod"), ...Object.fromEntries(named) },
  };
  return `${JSON.stringify(text, null, 2)}\n`;
}

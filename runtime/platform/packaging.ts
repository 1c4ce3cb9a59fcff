/**
 * Which form of the program runs, where its files are, and how it starts itself again.
 *
 *   source            `deno run main.ts` in a checkout
 *   bundle            `deno run dist/main.js`: the bundled program, not packed
 *   compiled          one file by `deno compile`; the bundle is embedded in it
 *   self-extracting   one file by `tools/build.ts`: a shell stub, the Deno runtime and the bundle;
 *                     the first start unpacks it into a cache (tools/packaging/stub.sh)
 *
 * In the last three the files are the same bundle. Its entry points keep their project paths with
 * `.js` for `.ts`, and code that several of them share lies in chunks at the bundle's root:
 *
 *   <root>/main.js   <root>/sdk/mod.js   <root>/runtime/module/worker_main.js   <root>/chunk-*.js
 *
 * This file is such code: `tools/packaging/entries.ts` makes it an entry point of its own so that
 * it always is, and `import.meta.url` below therefore is a file of the root.
 *
 * Thread rules: any thread; needs the `env` permission where a function says so.
 */

import config from "../../deno.json" with { type: "json" };

/** The program's version. */
export const VERSION: string = config.version;

/** The forms in which the program runs. */
export type Packaging = "source" | "bundle" | "compiled" | "self-extracting";

const HERE = import.meta.url;
const IS_SOURCE = HERE.endsWith("/runtime/platform/packaging.ts");

/** The folder with the program's files, as a URL that ends in a slash. */
export const PROGRAM_ROOT: URL = new URL(IS_SOURCE ? "../../" : "./", HERE);

/** The form in which this program runs. Reads the environment. */
export function packaging(): Packaging {
  if (IS_SOURCE) return "source";
  if (Deno.build.standalone) return "compiled";
  return selfExtractingFile() === undefined ? "bundle" : "self-extracting";
}

/** The file that the stub of a self-extracting program was started from. */
function selfExtractingFile(): string | undefined {
  return Deno.env.get("CHIMAERA_SELF");
}

/**
 * The URL of an entry point, for `import()` and `new Worker()`.
 *
 * @param path Project path without extension: `runtime/module/worker_main`.
 */
export function entryUrl(path: string): string {
  return new URL(`${path}.${IS_SOURCE ? "ts" : "js"}`, PROGRAM_ROOT).href;
}

/**
 * The URL of a file that the program carries as it is: a module's YAML, a template.
 *
 * @param path Project path: `chimods/admin/chimaera_mod.yaml`.
 */
export function assetUrl(path: string): URL {
  return new URL(path, PROGRAM_ROOT);
}

/**
 * The command, program and leading arguments, that starts this program again; the caller appends
 * the program's own arguments. Reads the environment.
 */
export function selfCommand(): [program: string, ...args: string[]] {
  const kind = packaging();
  if (kind === "compiled") return [Deno.execPath()];
  const file = selfExtractingFile();
  if (kind === "self-extracting" && file !== undefined) return [file];
  const config = pathOfUrl(assetUrl("deno.json"));
  const settings = kind === "source"
    ? ["--config", config]
    : ["--no-config", "--no-lock", "--import-map", config];
  return [Deno.execPath(), "run", "-A", "-q", ...settings, pathOfUrl(new URL(entryUrl("main")))];
}

/** The path of a file that a `file:` URL names. */
export function pathOfUrl(fileUrl: URL): string {
  return decodeURIComponent(fileUrl.pathname);
}

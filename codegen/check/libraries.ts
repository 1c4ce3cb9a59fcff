/**
 * The types that code of modules may use without importing them, and those of `node:` modules:
 *
 *   lib.esnext.d.ts …     the language
 *   deno.d.ts             `Deno` and what the web has, as `deno types` prints it
 *   node/assert.d.ts …    `node:assert` and the others
 *   modules.d.ts          what has no types of its own
 *
 * The built program carries them as one file. From source they are collected: that takes Deno, and
 * the packages of the checkout.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import { assetUrl, packaging, pathOfUrl, readText } from "../../runtime/platform/mod.ts";
import { MODULE_PACKAGES } from "../../runtime/repo/mod.ts";

/** Texts of declaration files, by name. */
export type Libraries = Readonly<Record<string, string>>;

/** The library that names all of the language's. */
export const LANGUAGE_LIBRARY = "lib.esnext.d.ts";

/**
 * Files of Node's types that say what Deno's say: `fetch`, `URL`, events. Timers stay, since they
 * are what Deno's own checker takes as soon as something of `node:` is imported.
 */
const NODE_WEB_GLOBALS = /^web-globals\/(?!timers)/;

/** The libraries of this program. */
export async function typeLibraries(): Promise<Libraries> {
  if (packaging() === "source") return await collectLibraries();
  return JSON.parse(read(assetUrl("codegen/check/libraries.json")));
}

/** Collects the libraries from the checkout, and from the Deno that runs this. */
export async function collectLibraries(): Promise<Libraries> {
  const packages = MODULE_PACKAGES.flatMap((name) => [name, `${name}/*`]);
  const untyped = [...packages, "*.wasm"];
  return {
    ...languageLibraries(),
    ...nodeLibraries(),
    "deno.d.ts": await denoLibrary(),
    "modules.d.ts": untyped.map((name) => `declare module "${name}";\n`).join(""),
  };
}

function languageLibraries(): Record<string, string> {
  const files: Record<string, string> = {};
  const visit = (name: string) => {
    if (name in files) return;
    const text = read(assetUrl(`node_modules/typescript/lib/${name}`));
    files[name] = text;
    for (const [, lib] of text.matchAll(/<reference lib="(.*?)"/g)) visit(`lib.${lib}.d.ts`);
  };
  visit(LANGUAGE_LIBRARY);
  return files;
}

function nodeLibraries(): Record<string, string> {
  const folder = assetUrl("node_modules/@types/node/");
  const index = read(new URL("index.d.ts", folder));
  const names = [...index.matchAll(/<reference path="(.*?)"/g)].map(([, name]) => name!);
  const wanted = names.filter((name) => !NODE_WEB_GLOBALS.test(name));
  return Object.fromEntries(
    wanted.map((name) => [`node/${name}`, read(new URL(name, folder))]),
  );
}

async function denoLibrary(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["types"],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  // It is in the list already what these lines ask for, in Deno's own words.
  return new TextDecoder().decode(stdout).replace(/^\/\/\/ <reference .*$/gm, "");
}

function read(file: URL): string {
  const text = readText(pathOfUrl(file));
  if (text !== null) return text;
  throw new ChimaeraError("internal", { what: "check types", why: `${file} is missing` });
}

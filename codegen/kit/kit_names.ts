/**
 * Names that code in a module repo imports of the program, and the files behind them.
 *
 *   "chimaera"                       ./.chimaera/sdk/mod.js
 *   "chimaera/test"                  ./.chimaera/sdk/test.js
 *   "chimaera/compressor_client"     ./.chimaera/chimods/compressor/compressor_client.js
 *
 * The program's own `deno.json` is the list: the checkout's, or that of the bundle.
 *
 * Thread rules: plain functions.
 */

import { ChimaeraError } from "../../runtime/errors.ts";
import { assetUrl, pathOfUrl, readText } from "../../runtime/platform/mod.ts";

/** The folder in a repo that is the program's, and that nobody edits. */
export const KIT_FOLDER = ".chimaera";

const NAME = /^chimaera(\/|$)/;

/** Names that modules and clients import, each with the program's own file: `sdk/mod.ts`. */
export function programImports(): Readonly<Record<string, string>> {
  const file = pathOfUrl(assetUrl("deno.json"));
  const text = readText(file);
  if (text === null) {
    throw new ChimaeraError("internal", { what: "read the program", why: `${file} is missing` });
  }
  const { imports } = JSON.parse(text) as { readonly imports: Readonly<Record<string, string>> };
  const named = Object.entries(imports).filter(([name]) => NAME.test(name));
  return Object.fromEntries(named.map(([name, path]) => [name, path.replace(/^\.\//, "")]));
}

/** The same names for a repo's `deno.json`: paths relative to the repo's folder. */
export function kitImports(): Readonly<Record<string, string>> {
  const named = Object.entries(programImports());
  return Object.fromEntries(
    named.map(([name, path]) => [name, `./${KIT_FOLDER}/${path.replace(/\.ts$/, ".js")}`]),
  );
}

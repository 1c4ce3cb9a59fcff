/**
 * The SDK as a folder beside a user's code, `.chimaera/`: what `chimaera` and its sub-paths lead to.
 *
 * From a checkout: files that hand on the checkout's own.
 *
 * Thread rules: plain functions.
 */

import { assetUrl, entryUrl, readText, writeText } from "../../runtime/platform/mod.ts";
import { kindOf, makeFolder } from "../../runtime/platform/mod.ts";

const DOORS = ["chimaera", "chimaera/node", "chimaera/platform", "chimaera/test"];

function entryOf(name: string): string {
  if (DOORS.includes(name)) return `sdk/${name === "chimaera" ? "mod" : name.slice(9)}`;
  const file = name.slice("chimaera/".length);
  return `chimods/${file.replace(/_(client|tasks)$/, "")}/${file}`;
}

/** Import names of the kit, and the files that they lead to from the kit's parent folder. */
export function kitImports(): Readonly<Record<string, string>> {
  const config: { imports: Record<string, string> } = JSON.parse(
    readText(decodeURIComponent(assetUrl("deno.json").pathname)) ?? "{}",
  );
  return Object.fromEntries(
    Object.keys(config.imports).map((name) => [name, `./.chimaera/${entryOf(name)}.js`]),
  );
}

/** Makes `<folder>/.chimaera/` current; true when it wrote. */
export function writeKit(folder: string): Promise<boolean> {
  let wrote = false;
  for (const name of Object.keys(kitImports())) {
    const path = `${folder}/.chimaera/${entryOf(name)}.js`;
    const url = entryUrl(entryOf(name));
    const text = `// @ts-self-types="${url}"\nexport * from "${url}";\n`;
    if (kindOf(path) !== null && readText(path) === text) continue;
    makeFolder(path.slice(0, path.lastIndexOf("/")));
    writeText(path, text);
    wrote = true;
  }
  return Promise.resolve(wrote);
}

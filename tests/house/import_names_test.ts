/** The names by which the SDK and the core modules are imported, wherever such names are listed. */

import assert from "node:assert/strict";
import { test } from "../permission.ts";
import { CORE_MODULES } from "../../runtime/module/module_spec.ts";
import { entriesOf } from "../../tools/packaging/bundle.ts";
import { importNames } from "../../tools/packaging/entries.ts";
import { ROOT } from "./source_tree.ts";

/** The names of a `deno.json`, each with the project path behind it. */
function namesIn(folder: string): Record<string, string> {
  const base = new URL(folder, `file://${ROOT}/`);
  const { imports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", base)));
  const paths = Object.entries(imports as Record<string, string>).map(([name, file]) => {
    return [name, new URL(file, base).pathname.slice(ROOT.length + 1)];
  });
  return Object.fromEntries(paths);
}

const NAMES: Record<string, string> = {
  "chimaera": "sdk/mod.ts",
  "chimaera/node": "sdk/node.ts",
  "chimaera/platform": "sdk/platform.ts",
  "chimaera/test": "sdk/test.ts",
};
for (const module of CORE_MODULES) {
  for (const role of ["client", "tasks"]) {
    NAMES[`chimaera/${module}_${role}`] = `chimods/${module}/${module}_${role}.ts`;
  }
}

test("import names: the project, its module repo and the executable agree on them", () => {
  assert.deepEqual(namesIn("./"), NAMES);
  assert.deepEqual(namesIn("./chimods/"), NAMES);
  const packed = Object.entries(importNames(entriesOf(ROOT)));
  assert.deepEqual(Object.fromEntries(packed.map(([name, entry]) => [name, `${entry}.ts`])), NAMES);
});

test("import names: every one leads to a file", () => {
  for (const path of Object.values(NAMES)) assert.ok(Deno.statSync(`${ROOT}/${path}`).isFile, path);
});

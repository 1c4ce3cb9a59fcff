import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { test } from "../../tests/permission.ts";
import { ScratchRepo } from "../testing/scratch_repo.ts";
import { kitImports } from "./kit_names.ts";
import { writeKit } from "./write_kit.ts";

/** Names in a repo's folder that begin with the kit's. */
function kitFolders({ folder }: ScratchRepo): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.startsWith(".chimaera"));
}

test("kit: names lead to files in the repo's own folder", () => {
  const imports = kitImports();
  assert.equal(imports["chimaera"], "./.chimaera/sdk/mod.js");
  assert.equal(imports["chimaera/test"], "./.chimaera/sdk/test.js");
  assert.equal(
    imports["chimaera/admin_client"],
    "./.chimaera/chimods/admin/admin_client.js",
  );
  assert.ok(Object.keys(imports).every((name) => /^chimaera(\/\w+)?$/.test(name)));
});

test("kit: it is written once, and again when it is another program's", async () => {
  using repo = new ScratchRepo();
  assert.equal(await writeKit(repo.folder), true);
  for (const path of Object.values(kitImports())) {
    assert.ok(Deno.statSync(`${repo.folder}/${path}`).isFile, path);
  }
  assert.equal(await writeKit(repo.folder), false);
  repo.write(".chimaera/id", "of an older program");
  repo.write(".chimaera/older.js", "");
  assert.equal(await writeKit(repo.folder), true);
  assert.throws(() => Deno.statSync(`${repo.folder}/.chimaera/older.js`), Deno.errors.NotFound);
  assert.deepEqual(kitFolders(repo), [".chimaera"]);
});

test("kit: a folder that cannot be written is CHI-1306", async () => {
  using repo = new ScratchRepo();
  await assert.rejects(writeKit(`${repo.folder}/chimaera_repo.yaml`), { code: "CHI-1306" });
});

test("kit: from source its files lead to those of the checkout", async () => {
  using repo = new ScratchRepo();
  await writeKit(repo.folder);
  for (const [name, path] of Object.entries(kitImports())) {
    const here = await import(name);
    const there = await import(pathToFileURL(`${repo.folder}/${path}`).href);
    assert.deepEqual({ ...there }, { ...here }, name);
  }
});

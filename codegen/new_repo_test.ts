/** A folder that cannot become a repo stays as it is. */

import assert from "node:assert/strict";
import { test } from "../tests/permission.ts";
import { newRepo } from "./new_repo.ts";
import { RepoFolder } from "./testing/repo_folder.ts";

test("repo new: where something is wrong, nothing is written", async () => {
  for (
    const [text, place] of [
      ['{\n  "imports": {,}\n}\n', "deno.json:2:15"],
      ['{\n  "importMap": "./map.json"\n}\n', "deno.json:2:3"],
    ] as const
  ) {
    using folder = new RepoFolder();
    folder.write("deno.json", text);
    await assert.rejects(() => newRepo(folder.path), { code: "CHI-1302", what: place });
    assert.deepEqual(folder.texts(), { "deno.json": text });
    assert.equal(folder.has(".chimaera"), false);
  }
});

test("repo new: a `.gitignore` that is no UTF-8 keeps its bytes", async () => {
  using folder = new RepoFolder();
  Deno.mkdirSync(folder.path);
  const latin = new Uint8Array([0x66, 0xfc, 0x72, 0x0a]);
  Deno.writeFileSync(`${folder.path}/.gitignore`, latin);
  await assert.rejects(() => newRepo(folder.path), { code: "CHI-1309", what: ".gitignore" });
  assert.deepEqual(Deno.readFileSync(`${folder.path}/.gitignore`), latin);
  assert.equal(folder.has("chimaera_repo.yaml"), false);
});

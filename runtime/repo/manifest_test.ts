/** Manifests of repos and modules, with the places of what is wrong in them. */

import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { ChimaeraError } from "../errors.ts";
import { enclosingRepo, isRepo, readModule, readRepo, surveyRepo } from "./manifest.ts";

/** A temporary folder with files, by their paths in it. */
class Folder {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "chimaera-manifest-" }));

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      const file = `${this.path}/${path}`;
      Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(file, text);
    }
  }

  /** Code and message of what a call throws, with the folder as `~`. */
  thrownBy(call: () => unknown): string {
    try {
      call();
    } catch (thrown) {
      assert.ok(thrown instanceof ChimaeraError);
      return `${thrown.code} ${thrown.message.replaceAll(this.path, "~")}`;
    }
    return "nothing";
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

test("manifests: a repo and its modules; other folders are the author's own", () => {
  using folder = new Folder();
  const repo = `${folder.path}/mods`;
  folder.write({
    "mods/chimaera_repo.yaml": "# Ours.\nnamespace: example\nlayout: 1\n",
    "mods/compressor/chimaera_mod.yaml": "name: compressor\nversion: 0.1.0\n",
    "mods/cache/chimaera_mod.yaml": "",
    "mods/docs/readme.md": "",
    "mods/.git/chimaera_mod.yaml": "name: wrong\n",
    "mods/MOD_NAME/chimaera_mod.yaml": "name: MOD_NAME\n",
    "mods/cache/codecs/lz4.ts": "",
  });
  assert.deepEqual(readRepo(repo), {
    folder: repo,
    namespace: "example",
    modules: [
      { name: "cache", folder: `${repo}/cache`, version: "" },
      { name: "compressor", folder: `${repo}/compressor`, version: "0.1.0" },
    ],
  });
  assert.deepEqual([isRepo(repo), isRepo(`${repo}/cache`), isRepo(folder.path)], [
    true,
    false,
    false,
  ]);
  assert.equal(enclosingRepo(`${repo}/cache/codecs`), repo);
  assert.equal(enclosingRepo(repo), repo);
  assert.equal(enclosingRepo(folder.path), null);
  assert.equal(readModule(`${repo}/docs`), null);
});

/** What is wrong in a repo's manifest, and what is said of it. */
const REPOS: readonly (readonly [text: string, says: string])[] = [
  ["", "CHI-1302 ~/chimaera_repo.yaml: it has no `namespace:` line"],
  ["layout: 1\n", "CHI-1302 ~/chimaera_repo.yaml: it has no `namespace:` line"],
  ["namespace:\n", "CHI-1302 ~/chimaera_repo.yaml:1:1: `namespace` is no name"],
  ["namespace: 7\n", "CHI-1302 ~/chimaera_repo.yaml:1:12: `namespace` is no name"],
  [
    "namespace: [a]\n",
    "CHI-1302 ~/chimaera_repo.yaml:1:1: `namespace` has more than one value; write a single value",
  ],
  [
    "namespace: a\nnamespace: b\n",
    "CHI-1302 ~/chimaera_repo.yaml:2:1: `namespace` stands in line 1 already; remove one of them",
  ],
  [
    "namespace: a\n\tlayout: 1\n",
    "CHI-1302 ~/chimaera_repo.yaml:2:1: a tab indents this line; YAML allows spaces only",
  ],
  [
    "- a\n",
    "CHI-1302 ~/chimaera_repo.yaml:1:1: it is no list of `name: value` lines; write one such line for each name",
  ],
  [
    "namespace: a\nlayout: 2\n",
    "CHI-1302 ~/chimaera_repo.yaml:2:9: layout 2 is not one that this program knows (1)",
  ],
  [
    "namespace: My-Mods\n",
    "CHI-1303 namespace `My-Mods`: it is not in snake_case: letters a to z, digits and single " +
    "underscores, a letter first",
  ],
];

test("manifests: what is wrong in a repo's is named with its place", () => {
  using folder = new Folder();
  assert.equal(
    folder.thrownBy(() => readRepo(folder.path)),
    "CHI-1301 ~: it has no chimaera_repo.yaml",
  );
  for (const [text, says] of REPOS) {
    folder.write({ "chimaera_repo.yaml": text });
    assert.equal(folder.thrownBy(() => readRepo(folder.path)), says);
  }
});

/** The same for a module's, in the folder `cache`. */
const MODULES: readonly (readonly [text: string, says: string])[] = [
  [
    "name: cash\n",
    "CHI-1302 ~/cache/chimaera_mod.yaml:1:7: it names the module `cash`, and its folder is `cache`",
  ],
  [
    "name: cache\npermissions: all\n",
    "CHI-1302 ~/cache/chimaera_mod.yaml:2:1: permissions of single modules are not enforced yet, " +
    "and so not promised",
  ],
  [
    "name: {}\n",
    "CHI-1302 ~/cache/chimaera_mod.yaml:1:1: `name` has more than one value; write a single value",
  ],
];

test("manifests: what is wrong in a module's is named with its place", () => {
  using folder = new Folder();
  folder.write({ "chimaera_repo.yaml": "namespace: example\n" });
  for (const [text, says] of MODULES) {
    folder.write({ "cache/chimaera_mod.yaml": text });
    assert.equal(folder.thrownBy(() => readModule(`${folder.path}/cache`)), says);
    assert.equal(folder.thrownBy(() => readRepo(folder.path)), says);
  }
  folder.write({ "Cache-2/chimaera_mod.yaml": "" });
  assert.match(
    folder.thrownBy(() => readModule(`${folder.path}/Cache-2`)),
    /^CHI-1303 module ~\/Cache-2: it is not in snake_case/,
  );
});

test("manifests: a folder that declares methods and has none is a mistake, that of C++ is not", () => {
  using folder = new Folder();
  folder.write({
    "chimaera_repo.yaml": "namespace: example\n",
    "cache/cache_methods.yaml": "kCreate: 0\n",
    "packer/include/packer/packer_methods.yaml": "kCreate: 0\n",
    "MOD_NAME/MOD_NAME_methods.yaml": "kCreate: 0\n",
    "docs/other_methods.yaml": "kCreate: 0\n",
  });
  const { repo, problems } = surveyRepo(folder.path);
  assert.deepEqual(repo.modules, []);
  assert.deepEqual(
    problems.map(({ code, message, hint }) =>
      `${code} ${message.replace(folder.path, "~")}; ${hint}`
    ),
    [
      "CHI-1302 ~/cache/chimaera_mod.yaml: it is missing, and cache_methods.yaml beside it declares " +
      "a module's methods; make it, with the two lines `name: cache` and `version: 0.1.0`",
    ],
  );
  assert.match(folder.thrownBy(() => readRepo(folder.path)), /^CHI-1302 /);
  assert.match(folder.thrownBy(() => readModule(`${folder.path}/cache`)), /^CHI-1302 /);
  assert.equal(readModule(`${folder.path}/packer`), null);
  assert.equal(readModule(`${folder.path}/MOD_NAME`), null);
});

test("manifests: the hint for a namespace is a line to write", () => {
  using folder = new Folder();
  for (
    const [text, hint] of [
      ["layout: 1\n", "add one, with a name of yours in snake_case: `namespace: my_mods`"],
      ["namespace: 7\n", "write a name in snake_case, as in `namespace: my_mods`"],
    ] as const
  ) {
    folder.write({ "chimaera_repo.yaml": text });
    assert.throws(() => readRepo(folder.path), { code: "CHI-1302", hint });
  }
  assert.equal(
    folder.thrownBy(() => readRepo(`${folder.path}/nowhere`)),
    "CHI-1301 ~/nowhere: no such folder",
  );
});

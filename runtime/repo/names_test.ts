/** Names in a module repo, and the files that they lead to. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ChimaeraError } from "../errors.ts";
import {
  blockName,
  checkName,
  handlerName,
  libNameOf,
  moduleFiles,
  nameProblem,
  snakeCase,
} from "./names.ts";

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,6}(_[a-z0-9]{1,6}){0,3}$/);

Deno.test("names: snake_case words name modules and namespaces", () => {
  for (const good of ["a", "bdev", "small_message", "x2_y3", "a".repeat(31)]) {
    assert.equal(nameProblem(good), null, good);
  }
  for (
    const bad of ["", "A", "my-mod", "_a", "a_", "a__b", "2x", "mod name", "ü", "a".repeat(32)]
  ) {
    assert.notEqual(nameProblem(bad), null, bad);
  }
});

Deno.test("names: what cannot be one is CHI-1303, with its rule", () => {
  const messageOf = (what: "namespace" | "module", name: string) => {
    try {
      checkName(what, name);
    } catch (thrown) {
      assert.ok(thrown instanceof ChimaeraError);
      return `${thrown.code} ${thrown.message}`;
    }
    return "nothing";
  };
  assert.equal(
    messageOf("module", "My-Mod"),
    "CHI-1303 module `My-Mod`: it is not in snake_case: letters a to z, digits and single " +
      "underscores, a letter first",
  );
  assert.equal(
    messageOf("namespace", "n".repeat(40)),
    `CHI-1303 namespace \`${"n".repeat(40)}\`: it is longer than 31 characters`,
  );
  assert.equal(messageOf("namespace", "example"), "nothing");
});

Deno.test("names: any text becomes a name or nothing", () => {
  assert.equal(snakeCase("My Repo-2"), "my_repo_2");
  assert.equal(snakeCase("compressorFast"), "compressor_fast");
  assert.equal(snakeCase("  42 things!"), "things");
  assert.equal(snakeCase("…"), "");
  fc.assert(fc.property(fc.string({ maxLength: 31 }), (text) => {
    const name = snakeCase(text);
    assert.ok(name === "" || nameProblem(name) === null || name.length > 31, `${text}: ${name}`);
    assert.equal(snakeCase(name), name);
  }));
  fc.assert(fc.property(word, (name) => assert.equal(snakeCase(name), name)));
});

Deno.test("names: of libraries, blocks, handlers and files", () => {
  assert.equal(libNameOf("example", "compressor"), "example_compressor");
  assert.equal(blockName("kCompress"), "Compress");
  assert.equal(handlerName("kCompress"), "compress");
  assert.equal(handlerName("kAVLTree"), "aVLTree");
  const files = moduleFiles("cache");
  assert.deepEqual(new Set(Object.values(files)).size, Object.values(files).length);
  assert.equal(files.runtime, "cache_runtime.ts");
  assert.equal(files.methodsYaml, "cache_methods.yaml");
});

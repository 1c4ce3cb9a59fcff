import assert from "node:assert/strict";
import { codecOfName, packedName, unpackedName } from "./output_name.ts";

Deno.test("output names: the codec's ending comes and goes", () => {
  assert.equal(packedName("a/b.tar", "zstd"), "a/b.tar.zst");
  assert.equal(packedName("-", "gzip"), "-");
  assert.equal(unpackedName("a/b.tar.zst"), "a/b.tar");
  assert.equal(unpackedName("x.lz4.gz"), "x.lz4");
  assert.equal(unpackedName("-"), "-");
  assert.equal(codecOfName("x.gz"), "gzip");
  assert.equal(codecOfName("x"), undefined);
});

Deno.test("output names: without an ending there is none", () => {
  for (const name of ["x", "x.zip", ".lz4", "folder/.gz"]) {
    assert.throws(() => unpackedName(name), /the output has no name/, name);
  }
});

import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { addressOf, ffiAvailable, openLibrary, pinnedBytes, textAt } from "./mod.ts";

const linux = Deno.build.os === "linux" ? test : Deno.test.ignore;

/** Opens the C library, or fails with the reason. */
function openC() {
  const { library, why } = openLibrary("libc.so.6", {
    abs: { parameters: ["i32"], result: "i32" },
    memchr: { parameters: ["buffer", "i32", "usize"], result: "pointer" },
    getenv: { parameters: ["buffer"], result: "pointer" },
    usleep: { parameters: ["u32"], result: "i32", nonblocking: true },
  });
  assert.ok(library !== null, why ?? "");
  return library;
}

linux("openLibrary: takes the first name that is there, and calls it on shared memory", () => {
  const { library, why } = openLibrary(["libnothing.so.7", "libc.so.6"], {
    strlen: { parameters: ["buffer"], result: "usize" },
  });
  assert.ok(library !== null, why ?? "");
  assert.equal(library.name, "libc.so.6");
  const bytes = new Uint8Array(new SharedArrayBuffer(16), 4);
  bytes.set(new TextEncoder().encode("lane"));
  assert.equal(library.symbols.strlen(bytes), 4n);
  library[Symbol.dispose]();
});

linux("openLibrary: says why there is none, for each name", () => {
  const { library, why } = openLibrary(["libnothing.so.7", "libc.so.6"], {
    no_such_function: { parameters: [], result: "void" },
  });
  assert.equal(library, null);
  assert.match(why ?? "", /libnothing\.so\.7.*; .*no_such_function/s);
});

Deno.test({
  name: "openLibrary: without the permission it opens nothing, and asks nobody",
  permissions: { ffi: false },
  fn() {
    const { library, why } = openLibrary("libc.so.6", {});
    assert.equal(library, null);
    assert.equal(why, "FFI is not permitted");
  },
});

linux("a library: its results have the types that were declared", async () => {
  using library = openC();
  const c = library.symbols;
  assert.equal(c.abs(-7), 7);
  assert.equal(await c.usleep(1), 0);
  const text = pinnedBytes(8);
  text.set(new TextEncoder().encode("a bell"));
  assert.equal(textAt(c.memchr(text, "b".charCodeAt(0), 8n)), "bell");
  assert.equal(textAt(BigInt(addressOf(text) + 2)), "bell");
  assert.equal(textAt(c.getenv(new TextEncoder().encode("CHIMAERA_NO_SUCH_VARIABLE\0"))), null);
});

linux("a library: a call after it was closed is an error, not a crash", () => {
  const library = openC();
  library[Symbol.dispose]();
  library[Symbol.dispose]();
  assert.throws(() => library.symbols, { code: "CHI-7001", why: "the library was closed" });
});

linux("addressOf: the address of a view, 0 of an empty one", () => {
  assert.ok(ffiAvailable());
  const memory = new Uint8Array(new SharedArrayBuffer(64));
  assert.equal(addressOf(memory.subarray(8)) - addressOf(memory), 8);
  assert.equal(addressOf(memory.subarray(64)), 0);
});

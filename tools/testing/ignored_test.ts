import assert from "node:assert/strict";
import { inCi, parseIgnored, unexpected } from "./ignored.ts";

Deno.test("parseIgnored: the name of a test that was ignored", () => {
  assert.equal(parseIgnored("lz4, block: empty ... ignored (0ms)"), "lz4, block: empty");
  const coloured = "a test ... \x1b[0m\x1b[33mignored\x1b[0m \x1b[0m\x1b[38;5;245m(0ms)\x1b[0m";
  assert.equal(parseIgnored(coloured), "a test");
  for (const line of ["a test ... ok (1ms)", "ok | 1 passed | 0 failed | 2 ignored (3ms)", ""]) {
    assert.equal(parseIgnored(line), null, line);
  }
});

Deno.test("unexpected: what a program is missing for is, what a machine forbids is not", () => {
  const names = ["uring: reads", "disk: killed clients, 2 workers", "a client in C attaches"];
  assert.deepEqual(unexpected(names), ["a client in C attaches"]);
});

Deno.test("inCi: by the variable", () => {
  for (const value of ["1", "true", "yes"]) assert.equal(inCi(value), true, value);
  for (const value of [undefined, "", "0", "false"]) assert.equal(inCi(value), false, `${value}`);
});

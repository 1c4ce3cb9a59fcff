import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import {
  parseProcessorMs,
  parseResidentBytes,
  processorMs,
  residentBytes,
} from "./process_usage.ts";

Deno.test("parseProcessorMs: the name of the program may look like fields", () => {
  const before = "4242 (a) 9 (b 7) S 1 2 3 4 5 6 7 8 9 10";
  assert.equal(parseProcessorMs(`${before} 150 50 0 0 20 0 1`), 2000);
});

Deno.test("parseResidentBytes: private and file pages, no shared ones", () => {
  const status =
    "VmRSS:\t    900 kB\nRssAnon:\t    100 kB\nRssFile:\t     20 kB\nRssShmem:\t 780 kB\n";
  assert.equal(parseResidentBytes(status), 120 * 1024);
});

test("this process uses something", { ignore: Deno.build.os !== "linux" }, () => {
  assert.ok(processorMs(Deno.pid) > 0);
  assert.ok(residentBytes(Deno.pid) > 1e6);
});

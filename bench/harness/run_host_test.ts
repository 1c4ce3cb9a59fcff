import assert from "node:assert/strict";
import { permitted, test } from "../../tests/permission.ts";
import { hasProgram } from "./cache.ts";
import { type BenchLine, Placement } from "./line.ts";
import { runInHost } from "./run_host.ts";

const CAN_PLACE = permitted() && Deno.build.os === "linux" && hasProgram("taskset");

/** A line that no host knows: its process ends with an error. */
const UNKNOWN: BenchLine = {
  name: "no.such.line",
  what: "",
  unit: "us",
  better: "lower",
  bar: "ours<=1",
  placement: Placement.oneCore,
  measure: () => Promise.reject(new Error("runs in the host only")),
};

test("runInHost: a host that dies is a failed line", { ignore: !CAN_PLACE }, async () => {
  const result = await runInHost(UNKNOWN, true);
  assert.ok("failed" in result);
  assert.match(result.skipped, /ended with 1/);
  assert.equal(result.ok, false);
});

test("runInHost: a host that hangs is a failed line", { ignore: !CAN_PLACE }, async () => {
  const result = await runInHost(UNKNOWN, true, 1);
  assert.ok("failed" in result);
  assert.match(result.skipped, /did not end within/);
});

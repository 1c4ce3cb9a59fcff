import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { allowedCpus, chooseCpus, onCpus, parseCpuList } from "./cpus.ts";
import { CannotRun, Placement } from "./line.ts";

Deno.test("parseCpuList: single processors and ranges", () => {
  assert.deepEqual(parseCpuList("0-1\n"), [0, 1]);
  assert.deepEqual(parseCpuList("3"), [3]);
  assert.deepEqual(parseCpuList("0-2,7,9-10"), [0, 1, 2, 7, 9, 10]);
});

test("allowedCpus: at least one on this machine", {
  ignore: Deno.build.os !== "linux",
}, () => {
  assert.ok(allowedCpus().length >= 1);
});

Deno.test("chooseCpus: one core needs one processor, the others two", () => {
  assert.deepEqual(chooseCpus(Placement.oneCore, [4]), [4, 4]);
  assert.deepEqual(chooseCpus(Placement.twoCores, [4, 6, 7]), [4, 6]);
  assert.throws(() => chooseCpus(Placement.twoCores, [4]), CannotRun);
  assert.throws(() => chooseCpus(Placement.free, [4]), CannotRun);
});

Deno.test("onCpus: puts taskset before the command", () => {
  assert.deepEqual(onCpus({ program: "x", args: ["a", "b"] }, [0, 1]), {
    program: "taskset",
    args: ["-c", "0,1", "x", "a", "b"],
  });
});

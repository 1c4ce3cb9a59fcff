import assert from "node:assert/strict";
import { defaultWorkers } from "./node_options.ts";

Deno.test("workers: one for each processor, within what a node can have", () => {
  const counts = [1, 2, 3, 64, 65, 512].map((cpus) => defaultWorkers(cpus));
  assert.deepEqual(counts, [2, 2, 3, 64, 64, 64]);
});

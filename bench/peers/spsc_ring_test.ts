import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { Placement } from "../harness/line.ts";
import { QUICK_ROUNDS } from "../harness/rounds.ts";
import { ringInProcess, ringToProcess } from "./spsc_ring_side.ts";

const CONTEXT = {
  rounds: QUICK_ROUNDS,
  submitterCpu: 0,
  serverCpu: 0,
  placement: Placement.oneCore,
};

/** Each message carries its number n as the words n, n + 1, … n + 15. */
function sumOf(count: number): number {
  return (16 * count * (count - 1) / 2 + 120 * count) % 2 ** 32;
}

for (const batch of [1, 64]) {
  // More slots than the ring has, so that both sides sleep and wake; not a multiple of the batch.
  const COUNTS = [1, 5000, 30_001];

  test(`ring in process, batch ${batch}: every slot arrives once`, async () => {
    const side = await ringInProcess(CONTEXT, batch);
    for (const count of COUNTS) assert.equal((await side.run(count)).checksum, sumOf(count));
    await side.close();
  });

  test(`ring to a process, batch ${batch}: every slot arrives once`, {
    ignore: Deno.build.os !== "linux",
  }, async () => {
    const side = await ringToProcess(CONTEXT, batch);
    for (const count of COUNTS) assert.equal((await side.run(count)).checksum, sumOf(count));
    await side.close();
  });
}

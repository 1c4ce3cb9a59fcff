/** When workers are recycled for what modules leave behind, and when they are not. */

import assert from "node:assert/strict";
import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Recycling } from "./recycling.ts";
import { ThreadRenewal } from "./thread_renewal.ts";

/** A renewal of workers that are only counted. */
function renewalOf(workers: number, onRecycle: (worker: number) => void = () => {}) {
  const recycled: number[] = [];
  const failed: ChimaeraError[] = [];
  const recycle = (worker: number) => {
    recycled.push(worker);
    onRecycle(worker);
    return Promise.resolve();
  };
  const renewal = new ThreadRenewal({
    workers,
    recycling: { recycle } as unknown as Recycling,
    onFailed: (error) => failed.push(error),
  });
  const note = (times: number) => {
    for (let k = 0; k < times; k++) renewal.note();
    return renewal.over;
  };
  return { renewal, recycled, failed, note };
}

Deno.test("thread renewal: after so many versions each worker is recycled once", async () => {
  const { recycled, failed, note } = renewalOf(3);
  await note(LIMITS.upgradesPerThread - 1);
  assert.deepEqual(recycled, []);
  await note(1);
  assert.deepEqual(recycled, [0, 1, 2]);
  await note(LIMITS.upgradesPerThread - 1);
  assert.deepEqual(recycled, [0, 1, 2]);
  await note(1);
  assert.deepEqual(recycled, [0, 1, 2, 0, 1, 2]);
  assert.deepEqual(failed, []);
});

Deno.test("thread renewal: a worker that stays is told of, and the others go on", async () => {
  const { recycled, failed, note } = renewalOf(3, (worker) => {
    if (worker === 0) {
      throw new ChimaeraError("recycleFailed", { what: "worker 0", why: "it is held" });
    }
    if (worker === 1) throw new Error("no thread");
  });
  await note(LIMITS.upgradesPerThread);
  assert.deepEqual(recycled, [0, 1, 2]);
  assert.deepEqual(failed.map(({ kind, message }) => [kind, message]), [
    ["recycleFailed", "worker 0: it is held"],
    ["recycleFailed", "recycle worker 1: no thread"],
  ]);
});

Deno.test("thread renewal: a node's only worker stays", async () => {
  const { recycled, note } = renewalOf(1);
  await note(2 * LIMITS.upgradesPerThread);
  assert.deepEqual(recycled, []);
});

Deno.test("thread renewal: when the node ends no further worker is recycled, nor told of", async () => {
  const { renewal, recycled, failed, note } = renewalOf(3, (worker) => {
    if (worker === 0) return;
    renewal.end();
    throw new Error("the node ends");
  });
  await note(LIMITS.upgradesPerThread);
  assert.deepEqual(recycled, [0, 1]);
  await note(LIMITS.upgradesPerThread);
  assert.deepEqual(recycled, [0, 1]);
  assert.deepEqual(failed, []);
});

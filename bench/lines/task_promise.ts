/** `task.promise.inprocess`: one promise per task, as an application writes it. */

import { type BenchLine, Placement } from "../harness/line.ts";
import { measurePairs, perSecond, startBoth } from "../harness/pairs.ts";
import { nodeInProcess } from "../ours/engine.ts";
import { loopSide } from "../ours/sides.ts";
import { bestPool, POOL_CANDIDATES, startPool } from "../peers/pools.ts";

const OUTSTANDING = 256;

export const TASK_PROMISE_LINES: readonly BenchLine[] = [{
  name: "task.promise.inprocess",
  what: `no-op tasks, one promise each, ${OUTSTANDING} outstanding`,
  unit: "op/s",
  better: "higher",
  bar: "ratio>=20",
  placement: Placement.free,
  async measure(context) {
    const pool = await bestPool(context, OUTSTANDING);
    const [target, peer] = await startBoth(
      () => startPool(pool, OUTSTANDING),
      () => nodeInProcess(context, 1),
    );
    return await measurePairs(
      loopSide(target, (ops) => target.promiseLoop(ops, OUTSTANDING)),
      peer,
      `${pool.pool} x${pool.workers} under Node, the best of ${POOL_CANDIDATES.length}`,
      context.rounds,
      perSecond,
    );
  },
}];

/** `task.promise.inprocess`: one promise per task, as an application writes it. */

import { type BenchLine, Placement } from "../harness/line.ts";
import { measurePairs, perSecond } from "../harness/pairs.ts";
import { nodeInProcess } from "../ours/engine.ts";
import { loopSide } from "../ours/sides.ts";
import { bestPool } from "../peers/pools.ts";

const OUTSTANDING = 256;

export const TASK_PROMISE_LINES: readonly BenchLine[] = [{
  name: "task.promise.inprocess",
  what: `no-op tasks, one promise each, ${OUTSTANDING} outstanding`,
  unit: "op/s",
  better: "higher",
  bar: "ratio>=20",
  placement: Placement.free,
  async measure(context) {
    const { side: peer, name } = await bestPool(context, OUTSTANDING);
    const target = await nodeInProcess(context, 1);
    return await measurePairs(
      loopSide(target, (ops) => target.promiseLoop(ops, OUTSTANDING)),
      peer,
      name,
      context.rounds,
      perSecond,
    );
  },
}];

/**
 * `canary.*`: lines that are sabotaged on purpose. The peer of each is the healthy line, block by
 * block in the same run, so that "ok" says that the bench saw the sabotage and nothing else: not that
 * a busy machine makes the healthy line slow as well.
 */

import { type BenchContext, type BenchLine, type Measurement, Placement } from "../harness/line.ts";
import { measurePairs, microseconds } from "../harness/pairs.ts";
import { nodeInProcess, servedNode } from "../ours/engine.ts";
import { borrowed, loopSide, medianSide } from "../ours/sides.ts";

async function measureSlowHandler(context: BenchContext): Promise<Measurement> {
  const target = await nodeInProcess(context, 1);
  return await measurePairs(
    loopSide(target, (ops) => target.slowLoop(ops)),
    borrowed(loopSide(target, (ops) => target.syncLoop(ops))),
    "the healthy line, task.sync.inprocess, on the same node",
    context.rounds,
    microseconds,
  );
}

async function measureCopyingClient(context: BenchContext): Promise<Measurement> {
  const target = await servedNode(context, 1);
  const buffer = target.makeBuffer(16 << 20);
  const copyAndPass = () => {
    buffer.copyIn();
    return buffer.pass();
  };
  return await measurePairs(
    medianSide(target, copyAndPass),
    borrowed(medianSide(target, () => buffer.pass())),
    "the healthy line, task.bulk.16MiB, on the same node",
    context.rounds,
    microseconds,
  );
}

export const CANARY_LINES: readonly BenchLine[] = [
  {
    name: "canary.slow_handler",
    what: "task.sync.inprocess with a handler slowed by 10 us: must be seen to be slower",
    unit: "us",
    better: "lower",
    bar: "ratio>1.1",
    placement: Placement.oneCore,
    measure: measureSlowHandler,
  },
  {
    name: "canary.copying_client",
    what: "task.bulk.16MiB with a client that copies: must be seen to be slower",
    unit: "us",
    better: "lower",
    bar: "ratio>1.3",
    placement: Placement.oneCore,
    measure: measureCopyingClient,
  },
];

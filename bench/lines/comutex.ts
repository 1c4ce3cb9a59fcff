/**
 * `comutex.uncontended`: what a lock costs that nobody else wants. There is no worker: a lock that is
 * free asks the context of a task for nothing but its root, and so the context stands alone here.
 */

import { CoMutex, RunContext } from "chimaera";
import type { RunHost } from "../../runtime/lane/mod.ts";
import { type BenchLine, Placement, type Side } from "../harness/line.ts";
import { measureAlone, microseconds, timeBlock } from "../harness/pairs.ts";

/** A context without a worker under it. */
function contextAlone(): RunContext {
  const host = { words: new Int32Array(64) } as unknown as RunHost;
  const rctx = new RunContext(host);
  type Parts = Parameters<RunContext["start"]>;
  rctx.start({ header: { block: 0 } } as Parts[0], null as unknown as Parts[1]);
  return rctx;
}

async function lockLoop(mutex: CoMutex, rctx: RunContext, ops: number): Promise<number> {
  let entered = 0;
  for (let op = 0; op < ops; op++) {
    using _ = await mutex.lock(rctx);
    if (mutex.locked) entered++;
  }
  return entered;
}

export const COMUTEX_LINES: readonly BenchLine[] = [{
  name: "comutex.uncontended",
  what: "locking and leaving a free CoMutex by `using`, with a RunContext outside any worker",
  unit: "us",
  better: "lower",
  bar: "ours<=0.2",
  placement: Placement.oneCore,
  async measure({ rounds }) {
    const mutex = new CoMutex();
    const rctx = contextAlone();
    const side: Side = {
      run: (ops) => timeBlock(ops, () => lockLoop(mutex, rctx, ops)),
      close: () => Promise.resolve(),
    };
    return await measureAlone(side, rounds, microseconds);
  },
}];

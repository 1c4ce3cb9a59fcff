/** `lane.mixed`: what no-op tasks notice of slow, high-latency ones. */

import {
  type BenchContext,
  type BenchLine,
  type Block,
  type Measurement,
  Placement,
  type Side,
} from "../harness/line.ts";
import { measurePairs, microseconds } from "../harness/pairs.ts";
import type { SpinTask } from "../modules/lanes/lanes_tasks.ts";
import { LanesTarget } from "../ours/lanes_target.ts";
import { borrowed, p99Side } from "../ours/sides.ts";

/** Rounds of a slow handler: some 5 ms. */
const SLOW_ROUNDS = 3_300_000;
/** Slow tasks under way: one runs, one waits. */
const SLOW_TASKS = 2;

/** Keeps slow tasks under way while a block of no-ops runs. */
class SlowLoad {
  readonly #target: LanesTarget;
  #open: SpinTask[] = [];

  constructor(target: LanesTarget) {
    this.#target = target;
  }

  /** Replaces those that are done. */
  keepUp(): void {
    while (this.#open[0]?.done) this.#open.shift()!.free();
    while (this.#open.length < SLOW_TASKS) this.#open.push(this.#target.startSlow(SLOW_ROUNDS));
  }

  end(): void {
    for (const task of this.#open.splice(0)) {
      task.waitSync();
      task.free();
    }
  }
}

/** No-ops while slow handlers run. */
function mixedSide(target: LanesTarget): Side {
  const load = new SlowLoad(target);
  const side = p99Side((op) => {
    load.keepUp();
    return target.noop(op);
  }, () => target.close());
  return {
    ...side,
    async run(ops): Promise<Block> {
      load.keepUp();
      const block = await side.run(ops);
      load.end();
      return block;
    },
  };
}

async function measureMixed(context: BenchContext): Promise<Measurement> {
  const target = await LanesTarget.open(context, 2);
  return await measurePairs(
    mixedSide(target),
    borrowed(p99Side((op) => target.noop(op), () => target.close())),
    "the same while no slow handler runs",
    context.rounds,
    microseconds,
  );
}

export const LANE_MIXED_LINES: readonly BenchLine[] = [{
  name: "lane.mixed",
  what: "p99 of low-latency no-ops by waitSync while another worker's handlers take 5 ms each",
  unit: "us",
  better: "lower",
  bar: "ratio<=3",
  placement: Placement.free,
  measure: measureMixed,
}];

/** Our half of a pair: loops of a {@linkcode Target} as blocks. */

import type { Block, Side } from "../harness/line.ts";
import { timeBlock } from "../harness/pairs.ts";
import { quantile } from "../harness/statistics.ts";
import type { Target } from "./target.ts";

/** Blocks of `loop`; closing the side closes the target. */
export function loopSide(
  target: Target,
  loop: (ops: number) => number | Promise<number>,
): Side {
  return {
    run: (ops) => timeBlock(ops, () => loop(ops)),
    close: () => target.close(),
  };
}

/** A side that shares its target with the other half of the pair, which closes it. */
export function borrowed(side: Side): Side {
  return { run: (ops) => side.run(ops), close: () => Promise.resolve() };
}

/** Blocks whose figure is the median time of one operation. */
export function medianSide(target: Target, operation: (index: number) => number): Side {
  return {
    run: (ops) => Promise.resolve(runEach(ops, operation, 0.5)),
    close: () => target.close(),
  };
}

/** Blocks whose figure is the 99th percentile of the time of one operation. */
export function p99Side(
  operation: (index: number) => number,
  close: () => Promise<void>,
): Side {
  return { run: (ops) => Promise.resolve(runEach(ops, operation, 0.99)), close };
}

function runEach(ops: number, operation: (index: number) => number, share: number): Block {
  const times: number[] = [];
  let sum = 0;
  const startMs = performance.now();
  let beforeMs = startMs;
  for (let op = 0; op < ops; op++) {
    sum = (sum + operation(op)) >>> 0;
    const nowMs = performance.now();
    times.push(nowMs - beforeMs);
    beforeMs = nowMs;
  }
  return {
    microsPerOp: quantile(times, share) * 1000,
    elapsedMs: beforeMs - startMs,
    checksum: sum,
  };
}

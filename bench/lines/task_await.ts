/** `task.await.*`: a no-op task by `await`, the caller's event loop running. */

import { type BenchLine, Placement } from "../harness/line.ts";
import { measurePairs, microseconds, startBoth } from "../harness/pairs.ts";
import { nodeInProcess, servedNode } from "../ours/engine.ts";
import { loopSide } from "../ours/sides.ts";
import { socketEcho } from "../peers/socket_echo.ts";
import { waitAsyncPingPong } from "../peers/wait_async.ts";

export const TASK_AWAIT_LINES: readonly BenchLine[] = [
  {
    name: "task.await.inprocess",
    what: "no-op task by await, in process",
    unit: "us",
    better: "lower",
    bar: "ratio<=2",
    placement: Placement.oneCore,
    async measure(context) {
      const [target, peer] = await startBoth(
        () => waitAsyncPingPong(context),
        () => nodeInProcess(context, 1),
      );
      return await measurePairs(
        loopSide(target, (ops) => target.awaitLoop(ops)),
        peer,
        "Atomics.waitAsync / Atomics.wait ping-pong with a worker",
        context.rounds,
        microseconds,
      );
    },
  },
  {
    name: "task.await.process",
    what: "no-op task by await, across processes",
    unit: "us",
    better: "lower",
    bar: "ratio<=1.3",
    placement: Placement.oneCore,
    async measure(context) {
      const [target, peer] = await startBoth(socketEcho, () => servedNode(context, 1));
      return await measurePairs(
        loopSide(target, (ops) => target.awaitLoop(ops)),
        peer,
        "64-byte message over a unix socket to another Deno process and back",
        context.rounds,
        microseconds,
      );
    },
  },
];

/** The consuming side of a ring within a process. */

import { pinTo } from "../harness/cpus.ts";
import type { BenchContext } from "../harness/line.ts";
import { atomicsSleeper, consumeUntilStopped } from "./spsc_ring.ts";

self.onmessage = (event: MessageEvent<{ words: Int32Array; context: BenchContext }>) => {
  const { words, context } = event.data;
  pinTo(context, context.serverCpu);
  self.postMessage("ready");
  consumeUntilStopped(words, atomicsSleeper(words));
  self.postMessage("ended");
};

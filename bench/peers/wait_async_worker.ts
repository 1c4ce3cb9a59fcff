/** The answering side of {@link ./wait_async.ts}: sleeps, adds one, answers. */

import { pinTo } from "../harness/cpus.ts";
import type { BenchContext } from "../harness/line.ts";

const REQUEST = 0;
const REPLY = 16;

function answerUntilStopped(words: Int32Array): void {
  for (let seen = 0;; seen++) {
    while (Atomics.load(words, REQUEST) === seen) Atomics.wait(words, REQUEST, seen);
    const value = words[REQUEST + 1]!;
    if (value < 0) return;
    words[REPLY + 1] = value + 1;
    Atomics.store(words, REPLY, seen + 1);
    Atomics.notify(words, REPLY, 1);
  }
}

self.onmessage = (event: MessageEvent<{ words: Int32Array; context: BenchContext }>) => {
  const { words, context } = event.data;
  pinTo(context, context.serverCpu);
  self.postMessage("ready");
  answerUntilStopped(words);
  self.postMessage("ended");
};

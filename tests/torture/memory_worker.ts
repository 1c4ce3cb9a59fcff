/**
 * A thread for the tests of shared words: each message names one operation on a word; the answer
 * is what it returned.
 */

import { setInterleaver, type SharedWords, store, wait, wake } from "../../runtime/platform/mod.ts";

/** One operation for a {@linkcode memory_worker}. */
export interface WordOrder {
  readonly kind: "wait" | "wake";
  readonly words: SharedWords;
  readonly index: number;
  readonly value: number;
}

self.onmessage = ({ data }: MessageEvent<WordOrder>) => {
  setInterleaver(null);
  const { kind, words, index, value } = data;
  if (kind === "wait") {
    store(words.i32, index + 1, 1); // About to sleep.
    self.postMessage(wait(words, index, value, 30_000));
  } else {
    store(words.i32, index, value);
    wake(words, index);
    self.postMessage("done");
  }
};

/**
 * Rings a bell each time that it is given the turn: as a thread of the sleeper's process, or as
 * `bell_ringer.ts PATH` in another one.
 *
 *   line 2, word 0 of the segment   the turn: rounds that the sleeper has begun, −1 at the end
 *   line 3                          the sleeper's bell
 *
 * Half of the rings come at once, half a moment later, when the sleeper is deep in its sleep.
 */

import { ringBell, Segment, type SegmentHandle, SegmentKind } from "../../runtime/memory/mod.ts";
import { load, type SharedWords, store, wait, wake } from "../../runtime/platform/mod.ts";

export const TURN_WORD = 2 * 16;
export const BELL_LINE = 3;

/** Gives the ringer its turn. */
export function giveTurn(words: SharedWords, round: number): void {
  store(words.i32, TURN_WORD, round);
  wake(words, TURN_WORD);
}

function ringAlong(words: SharedWords): void {
  let round = 0;
  while (true) {
    while (load(words.i32, TURN_WORD) === round) wait(words, TURN_WORD, round, Infinity);
    round = load(words.i32, TURN_WORD);
    if (round < 0) return;
    if (round % 2 === 0) wait(words, TURN_WORD, round, 0.05);
    ringBell(words, BELL_LINE);
  }
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  self.addEventListener("message", (event: MessageEvent<SegmentHandle>) => {
    ringAlong(Segment.attach(event.data).words);
    self.postMessage("done");
  });
} else if (import.meta.main) {
  ringAlong(Segment.open(Deno.args[0]!, 1, SegmentKind.bell, true).words);
}

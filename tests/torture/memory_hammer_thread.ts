/** A thread of the memory torture: one participant; answers with its tally, or with its error. */

import { Segment, type SegmentHandle } from "../../runtime/memory/mod.ts";
import { hammer, type Tally } from "./memory_hammer.ts";

/** What the thread is told. */
export interface HammerOrder {
  readonly handle: SegmentHandle;
  readonly id: number;
}

/** What it answers. */
export type HammerAnswer = { readonly tally: Tally } | { readonly error: string };

self.onmessage = ({ data: { handle, id } }: MessageEvent<HammerOrder>) => {
  let answer: HammerAnswer;
  try {
    answer = { tally: hammer(Segment.attach(handle), id) };
  } catch (error) {
    answer = { error: `participant ${id}: ${error instanceof Error ? error.stack : error}` };
  }
  self.postMessage(answer);
};

/**
 * A process of the memory torture: opens the segment and plays with several threads. Prints one
 * JSON line: the tallies and the errors.
 *
 *   memory_hammer_process.ts PATH FIRST_ID THREADS
 */

import { Segment, SegmentKind } from "../../runtime/memory/mod.ts";
import type { Tally } from "./memory_hammer.ts";
import type { HammerAnswer, HammerOrder } from "./memory_hammer_thread.ts";

const [path = "", firstId = "1", threads = "1"] = Deno.args;
const segment = Segment.open(path, 1, SegmentKind.session, true);

function play(id: number): Promise<HammerAnswer> {
  const worker = new Worker(new URL("./memory_hammer_thread.ts", import.meta.url), {
    type: "module",
  });
  return new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<HammerAnswer>) => resolve(data);
    worker.onerror = (event) => resolve({ error: event.message });
    worker.postMessage({ handle: segment.handle(), id } satisfies HammerOrder);
  });
}

const ids = Array.from({ length: Number(threads) }, (_, k) => Number(firstId) + k);
const answers = await Promise.all(ids.map(play));
const tallies: Tally[] = [];
const errors: string[] = [];
for (const answer of answers) {
  if ("tally" in answer) tallies.push(answer.tally);
  else errors.push(answer.error);
}
console.log(JSON.stringify({ tallies, errors }));
Deno.exit(0);

/** Where the rings of a client's port lie, in one block that the client allocated. */

import { LIMITS } from "../limits.ts";
import { ringBytes } from "../memory/mod.ts";
import { COMPLETION_WORDS, DESCRIPTOR_WORDS } from "../task/mod.ts";

/** Where the rings of a port for one worker lie. */
export function ringPlaces(ringsOffset: number, worker: number): {
  submissions: number;
  completions: number;
} {
  const submission = ringBytes(LIMITS.slotsPerPort, DESCRIPTOR_WORDS);
  const completion = ringBytes(LIMITS.slotsPerPort, COMPLETION_WORDS);
  const submissions = ringsOffset + worker * (submission + completion);
  return { submissions, completions: submissions + submission };
}

/** Bytes of a port's rings with so many workers. */
export function portRingsBytes(workers: number): number {
  return ringPlaces(0, workers).submissions;
}

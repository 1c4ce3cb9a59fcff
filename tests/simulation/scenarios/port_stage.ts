/** What the threads of the port scenario agree on: where things lie, what is noted, what is asked. */

import {
  bellLineOf,
  type PortPlaces,
  portRingsBytes,
  ringPlaces,
} from "../../../runtime/lane/mod.ts";
import { LIMITS } from "../../../runtime/limits.ts";
import { formatRing } from "../../../runtime/memory/mod.ts";
import { type SharedWords } from "../../../runtime/platform/mod.ts";
import type { Stage } from "../../../runtime/platform/interleave.ts";
import { defineTask, IN, OUT } from "../../../runtime/task/mod.ts";

export const WORKERS = 2;
/** Tasks of a run; each has a number of its own. */
export const TASKS = 8;
export const POOLS = 2;

/** A question whose answer is known. */
export class NumberTask extends defineTask(10, { number: IN.u32(), result: OUT.u32() }) {}

/** Word of a field, from the first. */
export function wordOf(name: "number" | "result"): number {
  return NumberTask.layout.fields.find((field) => field.name === name)!.offsetBytes / 4;
}

export const resultOf = (number: number) => number * 3 + 1;

const ERRORS_OFFSET = LIMITS.segmentReservedBytes;
const SLOTS_OFFSET = ERRORS_OFFSET + LIMITS.slotsPerPort * LIMITS.errorRecordBytes;
const RINGS_OFFSET = SLOTS_OFFSET + LIMITS.slotsPerPort * LIMITS.slotBytes;
export const MEMORY_BYTES = RINGS_OFFSET + portRingsBytes(WORKERS);

/** Bells lie in the part that a segment keeps for itself: all control words are of one memory. */
const BELLS_OFFSET = 4096;
const BELLS_BYTES = 4096;

/** The client's line is behind the workers'. */
const CLIENT_LINE = bellLineOf(WORKERS);

export const PLACES: PortPlaces = {
  index: 0,
  bellLine: CLIENT_LINE,
  slotsOffset: SLOTS_OFFSET,
  errorsOffset: ERRORS_OFFSET,
  ringsOffset: RINGS_OFFSET,
};

export function bellsOf(stage: Stage): SharedWords {
  return { i32: new Int32Array(stage.memory.buffer, BELLS_OFFSET, BELLS_BYTES / 4), address: 0 };
}

/** The client has all that it waits for. */
export const CLOSED_NOTE = 0;
/** The last task that was taken, by pool. */
export const LAST_NOTE = 1;
/** By task number: who has it (see {@linkcode Holder}), its slot, the slot's generation. */
export const HOLDER_NOTE = 16;
export const SLOT_NOTE = HOLDER_NOTE + TASKS;
export const GENERATION_NOTE = SLOT_NOTE + TASKS;
/** How often the task's block was given back. */
export const BLOCK_NOTE = GENERATION_NOTE + TASKS;

/** Who has a task: worker k as k + 1, or nobody. */
export const Holder = { nobody: 0, answered: 100, givenUp: 101 } as const;

/** Makes everything as a port finds it that has just been opened. */
export function layOutStage(stage: Stage): void {
  const u8 = new Uint8Array(stage.memory.buffer);
  u8.fill(0, BELLS_OFFSET, BELLS_OFFSET + BELLS_BYTES);
  u8.fill(0, SLOTS_OFFSET, SLOTS_OFFSET + 2 * TASKS * LIMITS.slotBytes);
  for (let worker = 0; worker < WORKERS; worker++) {
    const { submissions, completions } = ringPlaces(RINGS_OFFSET, worker);
    formatRing({ u8 }, submissions);
    formatRing({ u8 }, completions);
  }
  for (let pool = 0; pool <= POOLS; pool++) stage.notes[LAST_NOTE + pool] = -1;
}

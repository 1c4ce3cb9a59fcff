/** Three threads take slots from a free list and put them back; no slot is ever taken twice. */

import type { Scenario } from "../../../runtime/platform/interleave.ts";
import type { FreeList } from "../models/free_list.ts";

const SLOTS = 4;
const ROUNDS = 6;

export function freeListScenario(
  name: string,
  newList: (words: Int32Array) => FreeList,
): Scenario {
  return {
    name,
    threads: 3,
    memoryBytes: 65536,
    timeoutsFail: true,
    reset(stage) {
      const words = new Int32Array(stage.memory.buffer);
      words.fill(0, 0, 1 + SLOTS);
      const list = newList(words);
      for (let slot = 0; slot < SLOTS; slot++) list.push(slot);
    },
    run(stage, thread) {
      const list = newList(new Int32Array(stage.memory.buffer));
      const held: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        if (held.length < 2 && thread.random.nextU32() % 3 > 0) {
          const slot = list.pop();
          if (slot < 0) continue;
          if (slot >= SLOTS || stage.notes[slot] !== 0) thread.fail(`slot ${slot} is taken`);
          stage.notes[slot] = thread.index + 1;
          held.push(slot);
        } else if (held.length > 0) {
          const slot = held.shift()!;
          stage.notes[slot] = 0;
          list.push(slot);
        }
      }
      for (const slot of held) {
        stage.notes[slot] = 0;
        list.push(slot);
      }
    },
    check(stage) {
      const list = newList(new Int32Array(stage.memory.buffer));
      const left: number[] = [];
      for (let slot = list.pop(); slot >= 0 && left.length <= SLOTS; slot = list.pop()) {
        left.push(slot);
      }
      const whole = left.length === SLOTS && new Set(left).size === SLOTS;
      if (!whole) throw new Error(`of ${SLOTS} slots the list holds ${left}`);
    },
  };
}

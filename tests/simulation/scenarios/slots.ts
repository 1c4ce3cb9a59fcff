/**
 * A task may be answered twice: by a worker that was slow, and by the one that answered in its
 * place when it was given up. The first answer ends the task and its slot is used again; the
 * second is about a task that is gone and must be dropped, whatever the slot holds by then. The
 * client keeps its slots as a port of the engine does, with the engine's class.
 *
 *   client ──task──▶ worker     ──answer──▶ client
 *          ──task──▶ substitute ──answer──▶
 */

import { LIMITS } from "../../../runtime/limits.ts";
import { RingConsumer, RingProducer, type RingShape } from "../../../runtime/memory/mod.ts";
import type { Scenario, SimulatedThread, Stage } from "../../../runtime/platform/interleave.ts";
import type { PortSlots } from "../../../runtime/session/port_slots.ts";
import type { Task } from "../../../runtime/task/mod.ts";

/** Tasks under way at once: few, so that slots are used again soon. */
const OUTSTANDING_MAX = 2;
const TASKS = 8;
const CAPACITY = 16;
const SLOT_WORDS = 4;
const RING_WORDS = 128;
const SERVERS = [1, 2] as const;

function shapeOf(server: number, direction: 0 | 1): RingShape {
  const baseWord = (server * 2 + direction) * RING_WORDS;
  return { baseWord, capacity: CAPACITY, slotWords: SLOT_WORDS };
}

const resultOf = (task: number) => task * 3 + 1;

/** A task as far as the slots look at it, which they only hold. */
interface NumberedTask {
  readonly number: number;
}

function ask(stage: Stage, thread: SimulatedThread, slots: PortSlots): void {
  const words = new Int32Array(stage.memory.buffer);
  const requests = SERVERS.map((server) => new RingProducer(words, shapeOf(server, 0)));
  const answers = SERVERS.map((server) => new RingConsumer(words, shapeOf(server, 1)));
  let sent = 0;
  let received = 0;
  let dropped = 0;
  while (received + dropped < 2 * TASKS) {
    while (sent < TASKS && slots.running.length < OUTSTANDING_MAX) {
      const slot = slots.take();
      for (const ring of requests) {
        words.set([slot, slots.generationOf(slot), sent, 0], ring.claim());
        ring.commit();
        ring.publish();
      }
      const task: NumberedTask = { number: sent++ };
      slots.begin(slot, task as unknown as Task);
    }
    let idle = true;
    for (const ring of answers) {
      for (let k = ring.available(); k > 0; k--) {
        const at = ring.next();
        const slot = words[at]!;
        const result = words[at + 2]!;
        idle = false;
        const task = slots.end(slot, words[at + 1]!) as unknown as NumberedTask | null;
        if (task === null) {
          dropped++;
          continue;
        }
        received++;
        slots.give(slot);
        thread.record(result);
        if (result !== resultOf(task.number)) {
          thread.fail(`task ${task.number} was given the result ${result}`);
        }
      }
      ring.release();
    }
    if (idle) thread.pause();
  }
  if (received !== TASKS) thread.fail(`${received} of ${TASKS} tasks were completed`);
  if (slots.freeCount !== LIMITS.slotsPerPort) {
    thread.fail(`${slots.freeCount} of ${LIMITS.slotsPerPort} slots are free at the end`);
  }
}

function serve(stage: Stage, thread: SimulatedThread): void {
  const words = new Int32Array(stage.memory.buffer);
  const requests = new RingConsumer(words, shapeOf(thread.index, 0));
  const answers = new RingProducer(words, shapeOf(thread.index, 1));
  for (let served = 0; served < TASKS;) {
    if (requests.available() === 0) {
      thread.pause();
      continue;
    }
    const from = requests.next();
    const [slot, generation, task] = words.subarray(from, from + SLOT_WORDS);
    requests.release();
    words.set([slot!, generation!, resultOf(task!), 0], answers.claim());
    answers.commit();
    answers.publish();
    served++;
  }
}

/** A scenario of one client and two servers that both answer every task. */
export function slotsScenario(name: string, newSlots: () => PortSlots): Scenario {
  return {
    name,
    threads: 3,
    memoryBytes: 65536,
    timeoutsFail: true,
    reset: (stage) => void new Int32Array(stage.memory.buffer).fill(0, 0, 6 * RING_WORDS),
    run(stage, thread) {
      if (thread.index === 0) ask(stage, thread, newSlots());
      else serve(stage, thread);
    },
    check() {},
  };
}

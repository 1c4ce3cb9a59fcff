/**
 * A task may be answered twice: by a worker that was slow, and by the one that answered in its
 * place when it was given up. The first answer ends the task and its slot is used again; the
 * second is about a task that is gone and must be dropped, whatever the slot holds by then.
 *
 *   client ──task──▶ worker     ──answer──▶ client
 *          ──task──▶ substitute ──answer──▶
 */

import { RingConsumer, RingProducer, type RingShape } from "../../../runtime/memory/mod.ts";
import type { Scenario, SimulatedThread, Stage } from "../../../runtime/platform/interleave.ts";
import type { SlotTable } from "../models/slot_table.ts";

const SLOTS = 2;
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

function ask(stage: Stage, thread: SimulatedThread, table: SlotTable): void {
  const words = new Int32Array(stage.memory.buffer);
  const requests = SERVERS.map((server) => new RingProducer(words, shapeOf(server, 0)));
  const answers = SERVERS.map((server) => new RingConsumer(words, shapeOf(server, 1)));
  const taskOf: number[] = [];
  let sent = 0;
  let received = 0;
  let dropped = 0;
  while (received + dropped < 2 * TASKS) {
    for (let id = table.claim(); id !== null && sent < TASKS; id = table.claim()) {
      taskOf[id.slot] = sent;
      for (const ring of requests) {
        words.set([id.slot, id.generation, sent, 0], ring.claim());
        ring.commit();
        ring.publish();
      }
      if (++sent === TASKS) break;
    }
    let idle = true;
    for (const ring of answers) {
      for (let k = ring.available(); k > 0; k--) {
        const at = ring.next();
        const id = { slot: words[at]!, generation: words[at + 1]! };
        const result = words[at + 2]!;
        idle = false;
        if (!table.complete(id)) {
          dropped++;
          continue;
        }
        received++;
        thread.record(result);
        const task = taskOf[id.slot]!;
        if (result !== resultOf(task)) thread.fail(`task ${task} was given the result ${result}`);
      }
      ring.release();
    }
    if (idle) thread.pause();
  }
  if (received !== TASKS) thread.fail(`${received} of ${TASKS} tasks were completed`);
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
export function slotsScenario(name: string, newTable: (slots: number) => SlotTable): Scenario {
  return {
    name,
    threads: 3,
    memoryBytes: 65536,
    timeoutsFail: true,
    reset: (stage) => void new Int32Array(stage.memory.buffer).fill(0, 0, 6 * RING_WORDS),
    run(stage, thread) {
      if (thread.index === 0) ask(stage, thread, newTable(SLOTS));
      else serve(stage, thread);
    },
    check() {},
  };
}

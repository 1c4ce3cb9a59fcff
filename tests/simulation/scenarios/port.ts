/**
 * The life of a task, between a port of the engine and two workers that stand in for the engine's:
 * allocated, sent, taken, answered, waited for; or its caller stops waiting, or forgets it, or it
 * is given up by the node and answered twice.
 *
 *   client ──descriptors──▶ worker 0     ──completions──▶ client       a bell each
 *          ──descriptors──▶ worker 1     ──completions──▶
 *
 * No task may have another one's result, lose its slot or its block while it runs, overtake an
 * earlier one of its pool, or be waited for without end. At last all slots and blocks are back.
 */

import { Bell } from "../../../runtime/memory/mod.ts";
import type { Scenario } from "../../../runtime/platform/interleave.ts";
import { Port } from "../../../runtime/session/mod.ts";
import { PortSlots } from "../../../runtime/session/port_slots.ts";
import { type ClientParts, PortClient } from "./port_client.ts";
import { BLOCK_NOTE, layOutStage, MEMORY_BYTES, TASKS, WORKERS } from "./port_stage.ts";
import { type MakeBell, PortWorker } from "./port_worker.ts";

/** What is under test; all of it is the engine's, but in canaries. */
export interface PortParts extends ClientParts {
  readonly workerBell: MakeBell;
}

export const REAL_PORT: PortParts = {
  slots: PortSlots,
  port: Port,
  workerBell: (words, line) => new Bell(words, line),
};

/** A scenario of a client and its workers. */
export function portScenario(name: string, parts: PortParts): Scenario {
  return {
    name,
    threads: 1 + WORKERS,
    memoryBytes: MEMORY_BYTES,
    timeoutsFail: true,
    reset: layOutStage,
    run(stage, thread) {
      if (thread.index === 0) new PortClient(stage, thread, parts).run();
      else new PortWorker(stage, thread, parts.workerBell).run();
    },
    check({ notes }) {
      for (let number = 0; number < TASKS; number++) {
        const times = notes[BLOCK_NOTE + number];
        if (times !== 1) throw new Error(`the block of task ${number} came back ${times} times`);
      }
    },
  };
}

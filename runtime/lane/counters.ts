/**
 * What the runtime counts, in words of the node segment. Each line has one writer, a worker, that
 * uses plain stores; readers may see a value a moment old. Word 14 is the node thread's.
 *
 *   worker line, 16 words   0 ticks   1 tasks done
 *                           2 pool being run; −1: a module is being tried   3 method being run
 *                           4 failures that were no task's   5 sleeps   6 turns of the event loop
 *                           7 tasks handed to other workers   8 malformed descriptors
 *                           9 handlers in flight   10 cpu + 1, 0: not pinned
 *                           11 how it reaches disks (see DISK_BACKENDS)
 *                           12 pass of the thread that retired last, when it is done
 *                           13 tasks over the socket that this one had taken by then
 *                           14 tasks over the socket that were handed to it
 *                           15 pass: of the thread that may go on (see passOf)
 *   epoch line, 16 words    see epochs.ts; one per worker
 *   lane line, 16 words     0 worker   1 tasks waiting   2 tasks done   3 tasks failed
 */

import { LIMITS } from "../limits.ts";
import type { DiskBackend, WorkerInfo } from "./node_control.ts";

/** Names of the numbers in a worker's line. */
export const DISK_BACKENDS: readonly DiskBackend[] = ["unused", "io_uring", "blocking"];

export const WORKER_COUNTER = {
  ticks: 0,
  tasks: 1,
  pool: 2,
  method: 3,
  strays: 4,
  sleeps: 5,
  turns: 6,
  forwarded: 7,
  malformed: 8,
  inFlight: 9,
  cpu: 10,
  disk: 11,
  retired: 12,
  wireTaken: 13,
  wireHanded: 14,
  pass: 15,
} as const;

/**
 * What a worker's pass word holds while a thread may go on, by the threads that the node had given
 * up before it. Never 0, which is what memory holds that was given back.
 */
export function passOf(incarnation: number): number {
  return incarnation + 1;
}

export const LANE_COUNTER = { worker: 0, waiting: 1, done: 2, failed: 3 } as const;

export const COUNTER_LINE_WORDS = 16;
/** Lanes of a node. */
export const LANES_MAX = 16384;

/** The counters' place: one block of the node segment. */
export class Counters {
  readonly words: Int32Array;
  readonly #base: number;

  constructor(words: Int32Array, offsetBytes: number) {
    this.words = words;
    this.#base = offsetBytes >>> 2;
  }

  static bytes(): number {
    return (2 * LIMITS.workersMax + LANES_MAX) * COUNTER_LINE_WORDS * 4;
  }

  worker(id: number): number {
    return this.#base + id * COUNTER_LINE_WORDS;
  }

  epochs(worker: number): number {
    return this.#base + (LIMITS.workersMax + worker) * COUNTER_LINE_WORDS;
  }

  lane(id: number): number {
    return this.#base + (2 * LIMITS.workersMax + id) * COUNTER_LINE_WORDS;
  }
}

/** Failures that modules left behind and that were no task's, on all workers. */
export function strayCount(counters: Counters, workers: number): number {
  let count = 0;
  for (let id = 0; id < workers; id++) {
    count += counters.words[counters.worker(id) + WORKER_COUNTER.strays]!;
  }
  return count;
}

/** What the counters say of each worker. */
export function workerInfos(counters: Counters, workers: number): WorkerInfo[] {
  return Array.from({ length: workers }, (_, id) => {
    const line = counters.worker(id);
    const count = (name: keyof typeof WORKER_COUNTER) =>
      counters.words[line + WORKER_COUNTER[name]]!;
    const cpu = count("cpu");
    return {
      id,
      tasks: count("tasks"),
      forwarded: count("forwarded"),
      sleeps: count("sleeps"),
      turns: count("turns"),
      inFlight: count("inFlight"),
      malformed: count("malformed"),
      cpu: cpu > 0 ? cpu - 1 : null,
      disk: DISK_BACKENDS[count("disk")] ?? "unused",
    };
  });
}

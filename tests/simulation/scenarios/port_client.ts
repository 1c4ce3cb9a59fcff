/**
 * The program in the port scenario: it asks, waits, gives up waiting, forgets, and uses its slots
 * again, in an order of its own per seed.
 */

import { ChimaeraError } from "../../../runtime/errors.ts";
import { bellLineOf } from "../../../runtime/lane/mod.ts";
import { LIMITS } from "../../../runtime/limits.ts";
import { type Allocator, asOffset, ringBell, SegmentTable } from "../../../runtime/memory/mod.ts";
import type { SimulatedThread, Stage } from "../../../runtime/platform/interleave.ts";
import { Block, type Port, type PortHost, PortSleeper } from "../../../runtime/session/mod.ts";
import { PortSlots } from "../../../runtime/session/port_slots.ts";
import { TaskFlag, TaskState, type TaskType } from "../../../runtime/task/mod.ts";
import { segmentOf } from "./heap.ts";
import {
  bellsOf,
  BLOCK_NOTE,
  CLOSED_NOTE,
  Holder,
  HOLDER_NOTE,
  NumberTask,
  PLACES,
  POOLS,
  resultOf,
  TASKS,
  WORKERS,
} from "./port_stage.ts";

/** Tasks under way at once: few, so that slots are used again soon. */
const OUTSTANDING_MAX = 3;
const BLOCK_BYTES = 64;

/** What a client is made of. */
export interface ClientParts {
  readonly slots: new () => PortSlots;
  readonly port: typeof Port;
}

/** Blocks numbered by their tasks, of which is noted when they come back. */
function ledger(notes: Int32Array): Allocator {
  return {
    alloc: () => asOffset(0),
    free: (offset) => void notes[BLOCK_NOTE + offset / BLOCK_BYTES]!++,
    sizeOf: () => BLOCK_BYTES,
    stats: () => ({ sizeBytes: 0, usedBytes: 0, usedBlocks: 0, highWaterBytes: 0 }),
    flush: () => {},
  };
}

function hostOf(stage: Stage): PortHost {
  const segments = new SegmentTable();
  const segment = segmentOf(stage);
  segments.add(segment);
  return {
    segment,
    segments,
    heap: ledger(stage.notes),
    bells: bellsOf(stage),
    workers: WORKERS,
    blocking: true,
    held: null,
    longestSleepMs: () => Infinity,
    onNodeThread: false,
    ringWorker: () => {},
    checkAlive: () => {},
    homeOf: (poolId) => poolId % WORKERS,
  };
}

export class PortClient {
  readonly #stage: Stage;
  readonly #thread: SimulatedThread;
  readonly #host: PortHost;
  readonly #slots: PortSlots;
  readonly #port: Port;
  /** What the program would do when it returns to its event loop. */
  readonly #microtasks: (() => void)[] = [];
  #open: NumberTask[] = [];
  #sent = 0;

  constructor(stage: Stage, thread: SimulatedThread, parts: ClientParts) {
    this.#stage = stage;
    this.#thread = thread;
    this.#host = hostOf(stage);
    this.#slots = new parts.slots();
    this.#port = new parts.port(this.#host, PLACES, new PortSleeper(null), this.#slots);
    // A simulated thread never returns to its event loop: when it would, the seed says.
    globalThis.queueMicrotask = (call) => void this.#microtasks.push(call);
  }

  run(): void {
    while (this.#sent < TASKS || this.#open.length > 0) this.#act();
    while (this.#port.outstanding > 0) {
      this.#port.flush();
      if (this.#port.poll() === 0) this.#thread.pause();
    }
    if (this.#slots.freeCount !== LIMITS.slotsPerPort) {
      this.#thread.fail(`${LIMITS.slotsPerPort - this.#slots.freeCount} slots did not come back`);
    }
    this.#stage.notes[CLOSED_NOTE] = 1;
    for (let worker = 0; worker < WORKERS; worker++) {
      ringBell(this.#host.bells, bellLineOf(worker));
    }
  }

  #act(): void {
    const choice = this.#draw(10);
    if (choice < 4) {
      if (this.#sent < TASKS && this.#port.outstanding < OUTSTANDING_MAX) this.#submit();
    } else if (choice === 4) {
      for (const call of this.#microtasks.splice(0)) call();
    } else if (choice === 5) {
      if (this.#port.poll() === 0) this.#thread.pause();
    } else if (this.#open.length > 0) this.#treat(this.#draw(this.#open.length), choice);
  }

  #draw(choices: number): number {
    return this.#thread.random.nextU32() % choices;
  }

  #submit(): void {
    const number = this.#sent++;
    const task = this.#port.allocate(NumberTask as unknown as TaskType) as NumberTask;
    const { header } = task;
    task.number = number;
    header.poolId = 1 + this.#draw(POOLS);
    const offset = asOffset(number * BLOCK_BYTES);
    const block = new Block(this.#host.heap, this.#host.segment, offset, BLOCK_BYTES);
    header.pinned = [block];
    const forget = this.#draw(6) === 0;
    if (forget) header.flags |= TaskFlag.fireAndForget;
    this.#port.submit(task);
    block.free(); // It is given back when the task is done, and not before.
    if (!forget) this.#open.push(task);
  }

  /** Waits for a task, stops waiting for it, or lets go of it. */
  #treat(index: number, choice: number): void {
    const task = this.#open[index]!;
    const lapsed = task.header.state === TaskState.lapsed;
    if (choice < 9 && !lapsed && !this.#await(task, choice < 8 ? Infinity : 0)) return;
    this.#thread.record(task.header.state);
    this.#open.splice(index, 1);
    this.#port.free(task);
  }

  /** Whether the task ended in time; what came of it is looked at. */
  #await(task: NumberTask, timeoutMs: number): boolean {
    const { number } = task;
    try {
      this.#port.waitSync(task, timeoutMs);
    } catch (thrown) {
      if (!(thrown instanceof ChimaeraError)) throw thrown;
      if (thrown.kind === "timeout") return false;
      const givenUp = this.#stage.notes[HOLDER_NOTE + number] === Holder.givenUp;
      if (!givenUp) this.#thread.fail(`task ${number}, which nobody gave up: ${thrown.message}`);
      return true;
    }
    if (task.result !== resultOf(number)) {
      this.#thread.fail(`task ${number} was given the result ${task.result}`);
    }
    return true;
  }
}

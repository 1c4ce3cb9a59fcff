/**
 * Asks the modules whose home is on this worker for work that they hold back: the monitor of each
 * of their methods, in mode kFlushWork.
 *
 * A monitor adds to `rctx.flush.count` what it holds, and starts it: by letting handlers go on that
 * it made wait, or by sending tasks through `rctx`. The task that it is given is an empty one.
 *
 * Thread rules: one worker's isolate.
 */

import { type ChimaeraError, toChimaeraError } from "../errors.ts";
import {
  BLOCK_HEADER_WORDS,
  decodeParams,
  encodeParams,
  H,
  type Task,
  workerRootOrigin,
} from "../task/mod.ts";
import type { ContainerOnWorker } from "./container.ts";
import type { LibExec } from "./lib_exec.ts";
import { MonitorMode, RunContext, type RunHost } from "./run_context.ts";
import type { WorkerState } from "./worker_state.ts";

/** Numbers of roots that no started module has. */
const ROOT_BIT = 1 << 30;

export class HeldWork {
  readonly #state: WorkerState;
  readonly #host: RunHost;
  readonly #endOf: (parent: RunContext) => void;
  /** An empty task per method. */
  readonly #tasks = new WeakMap<LibExec, readonly (readonly [number, Task])[]>();
  /** The context of the next monitor; one from which a task was sent is that task's. */
  #rctx: RunContext | null = null;
  /** Block of the head that it stands on; 0: none. */
  #head = 0;
  #roots = 0;

  /** @param endOf A monitor has ended that has perhaps not given all its subtasks back. */
  constructor(state: WorkerState, host: RunHost, endOf: (parent: RunContext) => void) {
    this.#state = state;
    this.#host = host;
    this.#endOf = endOf;
  }

  /** How much the modules held, and the first thing that one of them threw. */
  ask(): { readonly held: number; readonly failure: ChimaeraError | null } {
    let held = 0;
    let failure: ChimaeraError | null = null;
    for (const container of this.#state.containers) {
      if (container === undefined || container.home.server === null) continue;
      try {
        held += this.#askOne(container);
      } catch (thrown) {
        const what = `${container.poolName}: monitor in kFlushWork`;
        failure ??= toChimaeraError(thrown, "handlerThrew", what);
      }
    }
    if (this.#head !== 0) this.#state.blocks.free(this.#head, 0);
    this.#head = 0;
    return { held, failure };
  }

  #askOne(container: ContainerOnWorker): number {
    const { home, libExec } = container;
    const rctx = this.#rctx ??= new RunContext(this.#host);
    if (this.#head === 0) this.#head = this.#makeHead();
    rctx.flush.count = 0;
    try {
      for (const [method, task] of this.#tasksOf(container)) {
        task.header.block = this.#head;
        rctx.start(task, home);
        try {
          libExec.monitor(home.server!, MonitorMode.kFlushWork, method, task, rctx);
        } finally {
          if (rctx.firstSubtask !== null) this.#endOf(rctx);
          rctx.leave();
        }
      }
    } finally {
      if (rctx.pinned) this.#giveAway(rctx);
    }
    return rctx.flush.count;
  }

  /** Stands above the tasks that a monitor sends, as if it were their parent. */
  #makeHead(): number {
    const { blocks, node, id } = this.#state;
    const head = blocks.alloc(0);
    const words = node.i32;
    words.fill(0, head, head + BLOCK_HEADER_WORDS);
    words[head + H.rootSlot] = ROOT_BIT | this.#roots++;
    words[head + H.rootOrigin] = workerRootOrigin(id);
    words[head + H.depth] = -1;
    return head;
  }

  #giveAway(rctx: RunContext): void {
    const head = this.#head;
    this.#rctx = null;
    this.#head = 0;
    rctx.onUnpinned(() => this.#state.blocks.free(head, 0));
  }

  #tasksOf({ libExec }: ContainerOnWorker): readonly (readonly [number, Task])[] {
    let tasks = this.#tasks.get(libExec);
    if (tasks === undefined) {
      tasks = libExec.tasks.map(([method, type]) =>
        [method, decodeParams(type, encodeParams(type, {}), type.layout.hash)] as const
      );
      this.#tasks.set(libExec, tasks);
    }
    return tasks;
  }
}

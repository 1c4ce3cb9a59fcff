/**
 * Tasks that handlers submit: allocated in the node segment, known by a ticket until they end.
 *
 * The caller's task object and the handler's stand on the same block, so nothing is copied. A
 * ticket's generation changes with each use; an end that comes for an older one is dropped.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import type { SegmentTable } from "../memory/mod.ts";
import {
  awaitTask,
  awaitTaskUntil,
  BLOCK_HEADER_WORDS,
  endsWhenFreed,
  H,
  isAwaited,
  notWaitable,
  OriginKind,
  settleWaiters,
  type Task,
  TaskFlag,
  type TaskHeader,
  type TaskOwner,
  TaskPool,
  TaskState,
  type TaskType,
  type WaitOptions,
} from "../task/mod.ts";
import { takeErrorRecord } from "./error_record_of.ts";
import type { Router } from "./router.ts";
import type { RunContext } from "./run_context.ts";
import type { WorkerState } from "./worker_state.ts";

/** What subtasks need of their worker. */
export interface SubtaskHooks {
  readonly router: () => Router;
  /** Something was submitted, perhaps outside a pass. */
  readonly onSubmit: () => void;
  /** A timer of the worker's loop; returns how to take it back. */
  readonly after: (ms: number, call: () => void) => () => void;
  /** Tells a subtask, on whichever worker it is, that nobody waits for it any more. */
  readonly abort: (block: number, ticket: number, generation: number) => void;
}

export class Subtasks implements TaskOwner {
  readonly segments: SegmentTable;
  readonly #state: WorkerState;
  readonly #hooks: SubtaskHooks;
  readonly #pool = new TaskPool(this);
  readonly #byTicket: (Task | null)[] = [];
  readonly #generations: number[] = [];
  /** Ends of tasks that a thread before this one sent find no ticket. */
  readonly #firstGeneration: number;
  readonly #freeTickets: number[] = [];
  /** By ticket: the handler whose task is not answered before this subtask has ended. */
  readonly #held: (RunContext | null)[] = [];

  constructor(state: WorkerState, hooks: SubtaskHooks) {
    this.#state = state;
    this.segments = state.segments;
    this.#hooks = hooks;
    this.#firstGeneration = state.incarnation << 24;
  }

  /** Whether no subtask is under way. */
  get isIdle(): boolean {
    return this.#held.every((parent) => parent === null);
  }

  /** A subtask of the task that `parent` runs. */
  allocate(type: TaskType, parent: RunContext): Task {
    const state = this.#state;
    const task = this.#pool.take(type);
    const layout = type.layout;
    const block = state.blocks.alloc(layout.fieldsBytes);
    if (task.$i32 !== state.node.i32) task.moveTo(state.node, 0);
    task.$at = block + BLOCK_HEADER_WORDS;
    layout.clear(task);
    const ticket = this.#freeTickets.pop() ?? this.#byTicket.push(null) - 1;
    this.#byTicket[ticket] = task;
    const generation = ((this.#generations[ticket] ?? this.#firstGeneration) + 1) | 0;
    this.#generations[ticket] = generation;
    const header = task.header;
    const words = state.node.i32;
    const above = parent.task.header.block;
    header.block = block;
    header.slot = ticket;
    header.generation = generation;
    header.state = TaskState.allocated;
    header.flags = 0;
    header.periodUs = 0;
    header.prio = 0;
    header.rootSlot = words[above + H.rootSlot]!;
    header.rootOrigin = words[above + H.rootOrigin]!;
    header.depth = words[above + H.depth]! + 1;
    header.error = null;
    attach(task, parent, "firstSubtask");
    parent.room.take();
    return task;
  }

  submit(task: Task): void {
    const header = task.header;
    if (header.state !== TaskState.allocated) {
      throw new ChimaeraError("taskState", { what: "submit a task", why: "it was sent before" });
    }
    const state = this.#state;
    const words = state.node.i32;
    const block = header.block;
    const layout = task.layout;
    words[block + H.slot] = header.slot;
    words[block + H.generation] = header.generation;
    words[block + H.pool] = header.poolId;
    words[block + H.method] = layout.method;
    words[block + H.layoutHash] = layout.hash | 0;
    words[block + H.queryKind] = header.queryKind;
    words[block + H.queryFirst] = header.queryFirst;
    words[block + H.querySecond] = header.querySecond;
    words[block + H.flags] = header.flags | header.prio;
    words[block + H.periodUs] = header.periodUs;
    words[block + H.rootSlot] = header.rootSlot;
    words[block + H.rootOrigin] = header.rootOrigin;
    words[block + H.depth] = header.depth;
    words[block + H.fields] = 0;
    words[block + H.returnCode] = 0;
    words[block + H.errorRecord] = 0;
    words[block + H.origin] = OriginKind.subtask;
    words[block + H.segment] = (header.context as RunContext).task.header.block;
    words[block + H.port] = state.id;
    words[block + H.custodian] = state.id;
    words[block + H.ticket] = header.slot;
    header.state = TaskState.submitted;
    header.pinned = null; // The parent's blocks are pinned by the parent, which waits for this.
    const container = state.containers[header.poolId];
    const type = container?.typeOf(layout.method);
    if (container === undefined || type === undefined) {
      this.#settle(task, notFound(header.poolId, layout.method, container?.poolName));
      return;
    }
    if (type.layout.hash !== layout.hash) {
      const what = `call ${container.libExec.libName}`;
      const why = "the caller's task layout is not the module's";
      this.#settle(task, new ChimaeraError("layoutMismatch", { what, why }));
      return;
    }
    container.active++;
    // What the parent's task names may be named by this one too: the parent's caller gets it back
    // when both are done, whether the parent waits or not.
    const parent = header.context as RunContext;
    this.#held[header.slot] = parent;
    parent.pin();
    state.epochs.inherit(block, parent.task.header.block);
    this.#hooks.router().route(container, state.view(container, type, block));
    if (parent.abortError !== null) this.#abort(task);
    this.#hooks.onSubmit();
  }

  /** A subtask ended; `code` and the block's error record when it ran on another worker. */
  finishRemote(ticket: number, generation: number, code: number): void {
    const task = this.#byTicket[ticket];
    if (!task || task.header.generation !== generation) return;
    let error: ChimaeraError | null = null;
    if (code !== 0) {
      const record = this.#state.node.i32[task.header.block + H.errorRecord]!;
      const { heap, node } = this.#state;
      error = takeErrorRecord(heap, node, record, code, "subtask");
    }
    this.finish(ticket, generation, error);
  }

  finish(ticket: number, generation: number, error: ChimaeraError | null): void {
    const task = this.#byTicket[ticket];
    if (!task || task.header.generation !== generation) return;
    const parent = this.#held[ticket] ?? null;
    this.#held[ticket] = null;
    // Who awaits a task that was freed meanwhile still learns that it ended.
    if (parent !== null) tellWaiters(task.header, error, parent);
    if (task.header.state === TaskState.abandoned) this.#recycle(task, parent);
    else this.#settle(task, error);
    parent?.unpin();
  }

  /**
   * Fails what a lost worker had. Its handlers may run on, so the blocks are never used again.
   */
  failHeld(worker: number, error: ChimaeraError): void {
    const words = this.#state.node.i32;
    for (const task of [...this.#byTicket]) {
      if (task === null || task.header.state === TaskState.allocated) continue;
      if (task.header.state === TaskState.done) continue;
      const { block, slot, generation } = task.header;
      if (words[block + H.custodian] !== worker) continue;
      this.#state.epochs.end(block);
      task.header.block = 0;
      this.finish(slot, generation, error);
    }
  }

  #settle(task: Task, error: ChimaeraError | null): void {
    const header = task.header;
    const isLapsed = header.state === TaskState.lapsed;
    header.state = TaskState.done;
    if (!isLapsed) header.error = error;
  }

  wait(task: Task, options?: WaitOptions): Promise<void> {
    const header = task.header;
    if (header.state === TaskState.done) {
      return header.error === null ? Promise.resolve() : Promise.reject(header.error);
    }
    if (header.state !== TaskState.submitted) return Promise.reject(notWaitable(header));
    if (options === undefined) {
      (header.context as RunContext).park();
      return awaitTask(header);
    }
    return this.#waitUntil(header, options, header.context as RunContext);
  }

  #waitUntil(header: TaskHeader, options: WaitOptions, parent: RunContext): Promise<void> {
    const giveUp = (error: ChimaeraError) => {
      if (header.state === TaskState.submitted) {
        header.state = TaskState.lapsed;
        header.error = error;
      }
      tellWaiters(header, error, parent);
      this.#hooks.abort(header.block, header.slot, header.generation);
    };
    try {
      const promise = awaitTaskUntil(header, options, giveUp, this.#hooks.after);
      parent.park();
      return promise;
    } catch (thrown) {
      return Promise.reject(thrown); // A deadline that is no time.
    }
  }

  waitSync(): void {
    throw new ChimaeraError("waitSyncInHandler", {
      what: "wait for a subtask",
      why: "blocking a lane would stop the tasks that it waits for",
    });
  }

  free(task: Task): void {
    const { state, context } = task.header;
    const parent = context as RunContext | null;
    if (state === TaskState.submitted || state === TaskState.lapsed) {
      this.#abandon(task, parent!);
    } else if (state === TaskState.done || state === TaskState.allocated) {
      this.#recycle(task, parent);
    }
  }

  #abandon(task: Task, parent: RunContext): void {
    const { header } = task;
    header.state = TaskState.abandoned;
    if ((header.flags & TaskFlag.longRunning) === 0) {
      forget(task, parent);
      return;
    }
    // It would go on for ever: forgotten, it may for as long as its handler runs.
    const ends = endsWhenFreed(header);
    if (ends || header.context === null) forget(task, parent);
    if (ends) this.#abort(task);
  }

  /** Whoever began these tasks has been given up: so are they, awaited or not. */
  abortOf(parent: RunContext): void {
    this.#abortList(parent.firstSubtask);
    this.#abortList(parent.firstForgotten);
  }

  #abortList(first: Task | null): void {
    for (let task = first, next; task !== null; task = next) {
      next = task.header.next; // One that only waits for its time ends at once.
      if (this.#held[task.header.slot] !== null) this.#abort(task);
    }
  }

  #abort({ header }: Task): void {
    this.#hooks.abort(header.block, header.slot, header.generation);
  }

  /** Takes back what a handler that has ended left: whoever still waits for it is told. */
  readonly endOf = (parent: RunContext): void => {
    for (let task = parent.firstSubtask; task !== null; task = parent.firstSubtask) {
      const { header } = task;
      detach(task);
      if (header.state === TaskState.abandoned) {
        header.flags &= ~TaskFlag.fireAndForget;
        this.#abandon(task, parent);
        continue;
      }
      const isUnderWay = header.state === TaskState.submitted || header.state === TaskState.lapsed;
      if (isUnderWay) this.#abandon(task, parent);
      else this.free(task);
      if (!isAwaited(header)) continue;
      const why = "the handler that sent it has ended";
      const error = new ChimaeraError("taskState", { what: "wait for a task", why });
      tellWaiters(task.header, error, parent);
    }
  };

  /** @param parent The handler that made it. */
  #recycle(task: Task, parent: RunContext | null): void {
    const header = task.header;
    header.state = TaskState.free;
    detach(task);
    this.#byTicket[header.slot] = null;
    this.#freeTickets.push(header.slot);
    if (header.block !== 0) this.#state.blocks.free(header.block, task.layout.fieldsBytes);
    this.#pool.give(task);
    parent?.room.give();
  }
}

/** Ends the waiting of those who await a subtask of `parent`. */
function tellWaiters(header: TaskHeader, error: ChimaeraError | null, parent: RunContext): void {
  for (let count = settleWaiters(header, error); count > 0; count--) parent.unpark();
}

/** The task is its handler's, which finds it without looking through all the worker's. */
function attach(task: Task, parent: RunContext, list: "firstSubtask" | "firstForgotten"): void {
  const { header } = task;
  const first = parent[list];
  header.context = parent;
  header.next = first;
  if (first !== null) first.header.previous = task;
  parent[list] = task;
}

/** Given back before it has ended: no more its handler's to look after, still a part of its task. */
function forget(task: Task, parent: RunContext): void {
  detach(task);
  attach(task, parent, "firstForgotten");
}

/** The task is no longer its handler's. */
function detach(task: Task): void {
  const { header } = task;
  const parent = header.context as RunContext | null;
  if (parent === null) return;
  const { previous, next } = header;
  if (previous === null) {
    if (parent.firstSubtask === task) parent.firstSubtask = next;
    else parent.firstForgotten = next;
  } else previous.header.next = next;
  if (next !== null) next.header.previous = previous;
  header.previous = null;
  header.next = null;
  header.context = null;
}

function notFound(poolId: number, method: number, poolName: string | undefined): ChimaeraError {
  return poolName === undefined
    ? new ChimaeraError("poolNotFound", { what: "call a pool", why: `no pool has id ${poolId}` })
    : new ChimaeraError("methodNotFound", {
      what: `call ${poolName}`,
      why: `its module has no method ${method}`,
    });
}

/**
 * A task as a program holds it: accessors on the bytes of one task, and waiting for its end.
 *
 * The same class serves both sides. A caller's object stands on a slot of its port; a handler's on
 * the task block that the worker copied. Objects are pooled and pointed at other bytes after
 * `free`: keep values, not tasks.
 *
 * Thread rules: an object belongs to its isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import {
  asOffset,
  asSegmentId,
  type Pointer,
  type Segment,
  type SegmentTable,
} from "../memory/mod.ts";
import { type Archive, defaultSerializeEnd, defaultSerializeStart } from "./archive.ts";
import { BulkView } from "./bulk_view.ts";
import type { Bulk } from "./fields.ts";
import { TaskFlag, TaskPrio } from "./header.ts";
import type { TaskLayout } from "./task_layout.ts";
import type { Waiter } from "./waiters.ts";

/** Life of a caller's task. */
export const TaskState = {
  free: 0,
  allocated: 1,
  submitted: 2,
  done: 3,
  /** Freed by its caller while it runs; the slot returns when the late completion does. */
  abandoned: 4,
  /** Its caller's deadline has passed, or its signal fired; not freed yet. */
  lapsed: 5,
} as const;
export type TaskState = typeof TaskState[keyof typeof TaskState];

/** How long to wait for a task. */
export interface WaitOptions {
  /** Give up after this long: CHI-3005. From 2^31 up: never; CHI-3001 for what is no time. */
  readonly timeoutMs?: number;
  /** Give up when it fires: CHI-3006. */
  readonly signal?: AbortSignal;
}

/** Who made a task object and carries out what it asks: a port, or a worker. */
export interface TaskOwner {
  /** Memory that its tasks may name. */
  readonly segments: SegmentTable;
  /** Sends a task. Throws CHI-3010 for one that is not just allocated. */
  submit(task: Task): void;
  /** As {@linkcode Task.wait}. */
  wait(task: Task, options?: WaitOptions): Promise<void>;
  /** As {@linkcode Task.waitSync}. */
  waitSync(task: Task, timeoutMs?: number): void;
  /** Takes a task back. */
  free(task: Task): void;
}

/**
 * What is known of a task besides its fields. In a worker it mirrors the block's header words; at
 * the caller it becomes the descriptor.
 */
export class TaskHeader {
  slot = 0;
  generation = 0;
  state: TaskState = TaskState.free;
  poolId = 0;
  prio = 0;
  flags = 0;
  /** Microseconds between two beginnings of a periodic task; 0: none. */
  periodUs = 0;
  queryKind = 0;
  queryFirst = 0;
  querySecond = 0;
  rootSlot = 0;
  rootOrigin = 0;
  depth = 0;
  returnCode = 0;
  /** Word index of the task's block in the node segment; 0 at a client. */
  block = 0;
  /** Offset of the fields, when they did not fit the slot and took a heap block; else 0. */
  fieldsBlock = 0;
  error: ChimaeraError | null = null;
  /** Blocks that a submitted task keeps from being freed. */
  pinned: Pinnable[] | null = null;
  /** What the task's owner keeps with it. */
  context: object | null = null;
  /** Neighbours in the list of a handler's subtasks. */
  previous: Task | null = null;
  next: Task | null = null;
  /** What settles the promise of the first caller that awaits; see `waiters.ts`. */
  resolve: (() => void) | null = null;
  reject: ((error: ChimaeraError) => void) | null = null;
  /** Further callers that await. */
  waiters: Waiter[] | null = null;
}

/** A task in its caller's or its handler's hands. Use it until `free`, not longer. */
export class Task {
  /** What `defineTask` computed; the instances' one is the same. */
  static readonly layout: TaskLayout;

  /** Places of its fields. */
  readonly layout: TaskLayout;
  /** The port or worker that made it. */
  readonly owner: TaskOwner;
  /** Everything besides the fields. For the runtime. */
  readonly header = new TaskHeader();
  // The bytes under the object; `$` keeps the names clear of declared fields.
  /** As 32-bit words. */
  $i32!: Int32Array;
  /** As 32-bit words without a sign. */
  $u32!: Uint32Array;
  /** One by one. */
  $u8!: Uint8Array;
  /** As 64-bit floats. */
  $f64!: Float64Array;
  /** At any alignment. */
  $view!: DataView;
  /** Word index of the first field. */
  $at = 0;

  /** For the runtime; programs get tasks from a client's stubs. */
  constructor(owner: TaskOwner, layout: TaskLayout) {
    this.owner = owner;
    this.layout = layout;
  }

  /** Points the object at other bytes. */
  moveTo(segment: Segment, at: number): void {
    this.$i32 = segment.i32;
    this.$u32 = segment.u32;
    this.$u8 = segment.u8;
    this.$f64 = segment.f64;
    this.$view = segment.view;
    this.$at = at;
  }

  /** The task's priority, one of TaskPrio; CHI-3001 for what is none. */
  get prio(): number {
    return this.header.prio;
  }

  set prio(prio: number) {
    // The word that carries it carries flags too.
    if (prio !== TaskPrio.kLowLatency && prio !== TaskPrio.kHighLatency) {
      throw new ChimaeraError("badField", { what: "set prio", why: `${prio} is no TaskPrio` });
    }
    this.header.prio = prio;
  }

  /** The method's number. */
  get method(): number {
    return this.layout.method;
  }

  /** Whether the result is there. */
  get done(): boolean {
    return this.header.state === TaskState.done;
  }

  /**
   * Resolves when the task is done; rejects with the handler's error, or CHI-3005 and CHI-3006.
   */
  wait(options?: WaitOptions): Promise<void> {
    return this.owner.wait(this, options);
  }

  /**
   * Blocks the calling thread until the task is done. Client programs only: CHI-3007 in a handler.
   */
  waitSync(timeoutMs?: number): void {
    this.owner.waitSync(this, timeoutMs);
  }

  /** Sends an allocated task. */
  submit(): void {
    this.owner.submit(this);
  }

  /**
   * Sends an allocated task whose result nobody wants; it is freed when it is done. If it fails,
   * its lane counts it. The object is no longer the caller's.
   */
  fireAndForget(): void {
    this.header.flags |= TaskFlag.fireAndForget;
    this.owner.submit(this);
    this.owner.free(this);
  }

  /**
   * Says that an allocated task may run for as long as its caller lives: flushes do not wait for
   * it, and freeing it fires its handler's signal. See {@linkcode setPeriodUs} for one that runs
   * again and again. Throws CHI-3010 once it is sent.
   */
  setLongRunning(): void {
    this.#plan("make a task long-running");
    this.header.flags |= TaskFlag.longRunning;
  }

  /**
   * Makes an allocated task periodic: it runs at once and then again and again on the container's
   * home lane, at least so many microseconds between two beginnings, never twice at a time. The
   * handler finds the fields as it left them. It ends when the handler calls
   * `rctx.endPeriodic()` or throws, when its caller frees it or gives up, or with its pool; its
   * result travels then. Throws CHI-3001 for a period that is not above 0 and below about 71
   * minutes, CHI-3010 once the task is sent.
   */
  setPeriodUs(us: number): void {
    this.#plan("set a task's period");
    const periodUs = Math.ceil(us);
    if (!(periodUs > 0 && periodUs <= LIMITS.periodUsMax)) {
      const why = `${us} µs; above 0 and at most ${LIMITS.periodUsMax}`;
      throw new ChimaeraError("badField", { what: "set a task's period", why });
    }
    this.header.periodUs = periodUs;
    this.header.flags |= TaskFlag.longRunning;
  }

  /** As {@linkcode setPeriodUs}, in nanoseconds; rounded up to microseconds. */
  setPeriodNs(ns: number): void {
    this.setPeriodUs(ns / 1e3);
  }

  /** As {@linkcode setPeriodUs}, in milliseconds. */
  setPeriodMs(ms: number): void {
    this.setPeriodUs(ms * 1e3);
  }

  /** As {@linkcode setPeriodUs}, in seconds. */
  setPeriodSec(seconds: number): void {
    this.setPeriodUs(seconds * 1e6);
  }

  /** As {@linkcode setPeriodUs}, in minutes. */
  setPeriodMin(minutes: number): void {
    this.setPeriodUs(minutes * 6e7);
  }

  #plan(what: string): void {
    if (this.header.state === TaskState.allocated) return;
    throw new ChimaeraError("taskState", { what, why: "it is not an allocated, unsent task" });
  }

  /**
   * Gives the task back. One that still runs is freed when it is done; a periodic or long-running
   * one is told to end.
   */
  free(): void {
    this.owner.free(this);
  }

  /** As {@linkcode free}. */
  [Symbol.dispose](): void {
    this.owner.free(this);
  }

  /** What travels to a handler that shares no memory with the caller. Override to change it. */
  serializeStart(ar: Archive): void {
    defaultSerializeStart(this, ar);
  }

  /** What travels back. Override to change it. */
  serializeEnd(ar: Archive): void {
    defaultSerializeEnd(this, ar);
  }

  /**
   * Makes this task a copy of another of its type, as it is before its handler runs. A shallow
   * copy names the same bulk bytes and does not own them.
   */
  copyStart(other: this, _deep: boolean): void {
    this.layout.copyIn(other.$i32, other.$at, this.$i32, this.$at);
  }

  // ---- called by the generated accessors -------------------------------------------------------

  /** Reads the two words of a pointer, unchecked; `word` counts from the first field, as below. */
  getPointer(word: number): Pointer {
    const at = this.$at + word;
    return { segment: asSegmentId(this.$u32[at]!), offset: asOffset(this.$u32[at + 1]!) };
  }

  /** Writes the two words of a pointer, unchecked. */
  setPointer(word: number, pointer: Pointer): void {
    const at = this.$at + word;
    this.$u32[at] = pointer.segment;
    this.$u32[at + 1] = pointer.offset;
  }

  /**
   * A view of the named bytes. Its `bytes` throw CHI-2002 for a place that is not in known memory.
   */
  getBulk(word: number, size: number): Bulk {
    return new BulkView(this.owner.segments, this.getPointer(word), size);
  }

  /**
   * Throws CHI-2002 for memory that the task's owner does not have, CHI-3001 for what is no block.
   */
  setBulk(word: number, bulk: Bulk): void {
    const pointer = (bulk as Bulk | null | undefined)?.pointer;
    if (pointer === undefined) throw noBulk(bulk);
    const pins = isPinnable(bulk);
    const segment = this.owner.segments.find(pointer.segment);
    // Sessions with two nodes may have segments of one number: a block also shows its memory. A
    // view of no bytes may point nowhere.
    const known = segment === undefined
      ? pointer.segment === 0 && bulk.size === 0
      : !pins || bulk.bytes.buffer === segment.buffer;
    if (!known) throw foreignBulk(bulk);
    this.setPointer(word, pointer);
    if (pins) (this.header.pinned ??= []).push(bulk);
  }
}

/** A block that must outlive the tasks that name it. */
export interface Pinnable {
  /** A task that names it is sent. Throws CHI-2004 for a freed one. */
  pin(): void;
  /** That task is done. */
  unpin(): void;
}

/** Programs without types pass bytes of their own. */
function noBulk(value: unknown): ChimaeraError {
  const type = Object.prototype.toString.call(value).slice(8, -1);
  return new ChimaeraError("badField", {
    what: "name a block in a task",
    why: `a value of type ${type} is no block`,
    hint: "copy the bytes into a block of the session: `session.alloc(sizeBytes)`",
  });
}

function foreignBulk({ pointer, size }: Bulk): ChimaeraError {
  return new ChimaeraError("badPointer", {
    what: "name a block in a task",
    why: `its ${size} bytes in segment ${pointer.segment} belong to another session`,
  });
}

/** Whether freeing a task that runs tells its handler to end: it may never do so by itself. */
export function endsWhenFreed({ flags }: TaskHeader): boolean {
  return (flags & (TaskFlag.longRunning | TaskFlag.fireAndForget)) === TaskFlag.longRunning;
}

/** Why a task that does not run cannot be waited for. */
export function notWaitable({ state, error }: TaskHeader): ChimaeraError {
  if (state === TaskState.lapsed && error !== null) return error;
  return new ChimaeraError("taskState", { what: "wait for a task", why: "it was not sent" });
}

/** Pins all blocks, or none when one of them throws. */
export function pinAll(blocks: readonly Pinnable[]): void {
  let pinned = 0;
  try {
    for (; pinned < blocks.length; pinned++) blocks[pinned]!.pin();
  } catch (thrown) {
    while (pinned > 0) blocks[--pinned]!.unpin();
    throw thrown;
  }
}

export function unpinAll(blocks: readonly Pinnable[]): void {
  for (const block of blocks) block.unpin();
}

function isPinnable(bulk: object): bulk is Bulk & Pinnable {
  return typeof (bulk as Partial<Pinnable>).pin === "function";
}

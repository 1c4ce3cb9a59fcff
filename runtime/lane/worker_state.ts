/**
 * What the parts of one worker share: its segments, containers, lanes with work, and pools of
 * reused objects.
 *
 * Thread rules: one worker's isolate.
 */

import type { ChimaeraError } from "../errors.ts";
import type { Allocator, Segment, SegmentTable } from "../memory/mod.ts";
import { LOADING } from "../observe/mod.ts";
import {
  BLOCK_HEADER_WORDS,
  H,
  OriginKind,
  type Task,
  TaskFlag,
  type TaskOwner,
  TaskPool,
  TaskState,
  type TaskType,
} from "../task/mod.ts";
import type { ClientPort } from "./client_port.ts";
import type { ContainerOnWorker } from "./container.ts";
import { type Counters, LANE_COUNTER, passOf, WORKER_COUNTER } from "./counters.ts";
import { EarlyAborts } from "./early_aborts.ts";
import { Epochs } from "./epochs.ts";
import type { Lane } from "./lane.ts";
import type { Links } from "./links.ts";
import type { NodeControl } from "./node_control.ts";
import { TaskBlocks } from "./task_blocks.ts";

/** Ends the loop of a worker that the node has given up: what it does from here on is nobody's. */
export class FencedOff extends Error {
  constructor() {
    super("the node has given this worker up");
  }
}

export interface WorkerParts {
  readonly id: number;
  readonly workers: number;
  /** Threads that were this worker before. */
  readonly incarnation: number;
  readonly node: Segment;
  readonly heap: Allocator;
  readonly segments: SegmentTable;
  readonly links: Links;
  readonly counters: Counters;
  readonly control: NodeControl;
  /** Owner of task objects that stand on blocks. */
  readonly owner: TaskOwner;
}

/** What keeps lanes from beginning what waits there. */
export interface Plug {
  readonly lanes: readonly Lane[];
  /** Whether tasks are there that were not looked at, which those that run may wait for. */
  readonly pending: boolean;
  /** Runs these. Part of the worker's pass. Returns how many there were. */
  runKin(): number;
}

export class WorkerState {
  readonly id: number;
  readonly workers: number;
  readonly incarnation: number;
  readonly node: Segment;
  readonly heap: Allocator;
  readonly segments: SegmentTable;
  readonly links: Links;
  readonly counters: Counters;
  readonly control: NodeControl;
  readonly #pass: number;
  /** First word of this worker's line of counters. */
  readonly counter: number;
  /** By pool id. */
  readonly containers: (ContainerOnWorker | undefined)[] = [];
  /** By lane id. */
  readonly lanes: (Lane | undefined)[] = [];
  /** By port number; every port of every session. */
  readonly ports = new Map<number, ClientPort>();
  /** Lanes of this worker that have tasks. */
  readonly ready: Lane[] = [];
  /** In the lanes that are to move or to be renewed: they are not among the ready ones. */
  plug: Plug | null = null;
  readonly tasks: TaskPool;
  readonly blocks: TaskBlocks;
  readonly epochs: Epochs;
  readonly earlyAborts = new EarlyAborts();
  /** Modules that are being tried, and may hold the thread. */
  #tried = 0;
  /** Sessions that close, and have tasks of theirs here or on their way. */
  closing = 0;
  /** Ports with completions to publish. */
  readonly dirty: ClientPort[] = [];

  constructor(parts: WorkerParts) {
    this.id = parts.id;
    this.workers = parts.workers;
    this.incarnation = parts.incarnation;
    this.#pass = passOf(parts.incarnation);
    this.node = parts.node;
    this.heap = parts.heap;
    this.segments = parts.segments;
    this.links = parts.links;
    this.counters = parts.counters;
    this.control = parts.control;
    this.counter = parts.counters.worker(parts.id);
    this.tasks = new TaskPool(parts.owner);
    this.blocks = new TaskBlocks(parts.heap);
    this.epochs = new Epochs(parts.node.i32, parts.counters.epochs(parts.id));
  }

  /** So many modules more, or less, are being tried: the stall watch reads it. */
  trying(delta: number): void {
    this.#tried += delta;
    this.counters.words[this.counter + WORKER_COUNTER.pool] = this.poolBetweenHandlers;
  }

  get isTrying(): boolean {
    return this.#tried > 0;
  }

  /** What the word of the pool that runs says when none does. */
  get poolBetweenHandlers(): number {
    return this.#tried > 0 ? LOADING : 0;
  }

  /** Whether plugged lanes have what those may wait for that run. */
  get hasKin(): boolean {
    return this.plug !== null && this.plug.pending;
  }

  /** Runs that. Part of the worker's pass. Returns how much there was. */
  runKin(): number {
    return this.hasKin ? this.plug!.runKin() : 0;
  }

  /** Whether the node has given this worker up, and another thread goes on in its place. */
  get fenced(): boolean {
    return this.counters.words[this.counter + WORKER_COUNTER.pass] !== this.#pass;
  }

  /** The task object of a block whose words and fields are in place. */
  view(container: ContainerOnWorker, type: TaskType, block: number): Task {
    const words = this.node.i32;
    const task = this.tasks.take(type);
    if (task.$i32 !== words) task.moveTo(this.node, 0);
    task.$at = block + BLOCK_HEADER_WORDS;
    const header = task.header;
    header.block = block;
    header.state = TaskState.submitted;
    header.poolId = container.poolId;
    header.prio = words[block + H.flags]! & TaskFlag.highLatency;
    return task;
  }

  /** Gives a task object and its block back. */
  release(task: Task): void {
    const block = task.header.block;
    task.header.context = null;
    this.tasks.give(task);
    this.blocks.free(block, task.layout.fieldsBytes);
  }

  /** Gives a block back of which only its place is known. */
  freeBlock(block: number): void {
    this.blocks.freeUnsized(block);
  }

  /** Puts a task on a lane of this worker. */
  enqueue(lane: Lane, task: Task): void {
    this.counters.words[lane.counter + LANE_COUNTER.waiting]!++;
    (task.header.prio === 0 ? lane.low : lane.high).push(task);
    if (!lane.listed) {
      lane.listed = true;
      this.ready.push(lane);
    }
  }

  /** Whether the session that a task came from is closing. */
  isOrphan(task: Task): boolean {
    const block = task.header.block;
    if (this.node.i32[block + H.origin] !== OriginKind.port) return false;
    return this.ports.get(this.node.i32[block + H.port]!)?.session.closing ?? false;
  }

  /** Queues a client's completion. */
  answer(port: ClientPort, slot: number, generation: number, error: ChimaeraError | null): void {
    port.complete(slot, generation, error);
    this.markDirty(port);
  }

  /** Lets the end of the pass publish the port's completions. */
  markDirty(port: ClientPort): void {
    if (port.dirty) return;
    port.dirty = true;
    this.dirty.push(port);
  }
}

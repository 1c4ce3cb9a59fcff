/**
 * `Module`: what every module's `Server` extends.
 *
 * Each lane has its own instance and is its only thread: fields need no locks. The instance of
 * group 0, lane 0 is the home instance, where `create`, `destroy` and the monitors run. Lanes
 * share only through tasks, heap blocks, and `shared`, a structured-cloneable value that `create`
 * may set and that every other lane's instance is made with.
 */

import { ChimaeraError } from "../errors.ts";
import type { Task } from "../task/mod.ts";
import type { HeapBlock } from "./heap_block.ts";
import type { Lane } from "./lane.ts";
import { LaneChoice } from "./lane_choice.ts";
import type { NodeControl } from "./node_control.ts";
import type { RunContext } from "./run_context.ts";
import type { SavedState } from "./saved_state.ts";

/** A group that `create` asked for. */
export interface LaneGroupSpec {
  readonly id: number;
  readonly count: number;
  readonly queue: number;
}

/** What the runtime gives an instance. */
export interface ModuleHost {
  readonly poolId: number;
  readonly poolName: string;
  readonly groups: readonly (readonly Lane[] | undefined)[];
  /** The instance's own lane; null in create, before there are lanes. */
  readonly lane: Lane | null;
  readonly node: NodeControl;
  /** Worker threads of the node. */
  readonly workers: number;
  createLaneGroup(id: number, count: number, queue: number): void;
  perWorker<T>(key: string, open: () => T, close: (value: T) => void): T;
  allocBlock(sizeBytes: number): HeapBlock;
}

/** Gives an instance its host. For the runtime. */
export let attachModule: (module: Module, host: ModuleHost) => void;

/** What a module's `Server` extends. Each lane has an instance of its own, on the lane's worker. */
export abstract class Module {
  #host: ModuleHost | null = null;
  #groups: readonly (readonly Lane[] | undefined)[] = [];
  /** By group. */
  readonly #choices: LaneChoice[] = [];

  /** Set in `create`; a copy of it is in every lane's instance. */
  shared: unknown = undefined;

  static {
    attachModule = (module, host) => {
      module.#host = host;
      module.#groups = host.groups;
    };
  }

  /** Makes the container ready; begins with `createLaneGroup`. */
  abstract create(task: Task, rctx: RunContext): void | Promise<void>;

  /** Chooses the lane of a task. May use the task, `shared`, and the loads of lanes. */
  abstract mapTaskToLane(task: Task): Lane;

  /**
   * Called on each lane's instance but the home one, after `shared` is there. May call other pools
   * and read files, as `create` may; `rctx.task` has the pool's create parameters.
   */
  open?(rctx: RunContext): void | Promise<void>;

  /** Called on each lane's instance before the container goes: frees and closes everything. */
  close?(): void | Promise<void>;

  /**
   * Everything that another instance needs to go on where this one stands. Called when the lane is
   * to move and nothing of it runs; the instance is not used afterwards unless the move fails, and
   * must be as before then. Without it the lane moves only while it holds no work, and its instance
   * is made anew.
   */
  saveState?(): SavedState | Promise<SavedState>;

  /**
   * Takes over what `saveState` of an instance of this module returned, of this version or the one
   * before. Called in place of `create` and `open`: it opens again what they opened. `rctx.task` has
   * the pool's create parameters. A throw, its own or that of another lane's in an upgrade, keeps
   * the instance that saved, with the bytes of its blocks as they were then: those that this one
   * frees stay until it is decided, and those that it has allocated itself are freed.
   */
  restoreState?(saved: SavedState, rctx: RunContext): void | Promise<void>;

  /**
   * Called on the instance that a lane left behind when it moved with its state: it closes what did
   * not travel, a native handle for one. What it saved is another's by now. (`close` is called on
   * an instance whose state goes with it: at the end of the pool, and when it was made anew.)
   */
  movedAway?(): void | Promise<void>;

  get #bound(): ModuleHost {
    if (this.#host !== null) return this.#host;
    throw new ChimaeraError("taskState", {
      what: "use the runtime in a module's constructor",
      why: "an instance is bound after it is made; use create() or open()",
    });
  }

  /**
   * The pool whose lane this is. Throws CHI-3010 in the constructor, as all that the runtime gives
   * does.
   */
  get poolId(): number {
    return this.#bound.poolId;
  }

  /** The name by which the pool was created; unique in the node. */
  get poolName(): string {
    return this.#bound.poolName;
  }

  /** This instance's lane. */
  get lane(): Lane | null {
    return this.#bound.lane;
  }

  /** Worker threads of the node: as many tasks can run at the same time. */
  get workerCount(): number {
    return this.#bound.workers;
  }

  /** Control of the node, for the admin. */
  get node(): NodeControl {
    return this.#bound.node;
  }

  /**
   * Makes a group of lanes. Only in `create`. Throws CHI-4006.
   *
   * @param id Number of the group, from 0.
   * @param count Lanes.
   * @param queue QUEUE_LOW_LATENCY or QUEUE_HIGH_LATENCY.
   */
  createLaneGroup(id: number, count: number, queue: number): void {
    this.#bound.createLaneGroup(id, count, queue);
  }

  /** A lane by its place. Throws CHI-4007. */
  getLane(group: number, index: number): Lane {
    const lane = this.#groups[group]?.[index];
    if (lane === undefined) this.#noLane(group);
    return lane;
  }

  /** The lane of a hash: the same hash, the same lane. */
  getLaneByHash(group: number, _prio: number, hash: number): Lane {
    const lanes = this.#groups[group];
    if (lanes === undefined) this.#noLane(group);
    return lanes[(hash >>> 0) % lanes.length]!;
  }

  /** The lane with the fewest tasks; among equals the next in turn. */
  getLeastLoadedLane(group: number, _prio: number): Lane {
    const lanes = this.#groups[group];
    if (lanes === undefined) this.#noLane(group);
    let choice = this.#choices[group];
    if (choice === undefined) this.#choices[group] = choice = new LaneChoice();
    return choice.next(lanes);
  }

  /** A resource of which each worker has one: a codec set, a native handle. */
  perWorker<T>(key: string, open: () => T, close: (value: T) => void): T {
    return this.#bound.perWorker(key, open, close);
  }

  /**
   * A block of the node's memory, which tasks and other lanes can be given by pointer. Free it in
   * `close`, or save it. Throws CHI-2001.
   */
  allocBlock(sizeBytes: number): HeapBlock {
    return this.#bound.allocBlock(sizeBytes);
  }

  #noLane(group: number): never {
    throw new ChimaeraError("noLane", {
      what: `pool ${this.#bound.poolName}`,
      why: `lane group ${group} does not have that lane`,
    });
  }
}

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
import type { Lane } from "./lane.ts";
import { LaneChoice } from "./lane_choice.ts";
import type { NodeControl } from "./node_control.ts";
import type { RunContext } from "./run_context.ts";

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
}

/** Gives an instance its host. For the runtime. */
export let attachModule: (module: Module, host: ModuleHost) => void;

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

  /** Called on each lane's instance before the container goes. */
  close?(): void | Promise<void>;

  get #bound(): ModuleHost {
    if (this.#host !== null) return this.#host;
    throw new ChimaeraError("taskState", {
      what: "use the runtime in a module's constructor",
      why: "an instance is bound after it is made; use create() or open()",
    });
  }

  get poolId(): number {
    return this.#bound.poolId;
  }

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

  #noLane(group: number): never {
    throw new ChimaeraError("noLane", {
      what: `pool ${this.#bound.poolName}`,
      why: `lane group ${group} does not have that lane`,
    });
  }
}

/**
 * A container as one worker sees it: the module's code, its lanes, and the instance that routes.
 *
 * Thread rules: one worker's isolate.
 */

import type { Task, TaskType } from "../task/mod.ts";
import type { Lane } from "./lane.ts";
import { HandlerOwner, handlerOwners } from "./handler_owner.ts";
import type { LaneHold } from "./lane_hold.ts";
import { handlerOf, type LibExec } from "./lib_exec.ts";
import type { Module } from "./module.ts";
import type { RunContext } from "./run_context.ts";

/** Methods below this number are found by index; a module may number its methods up to 2^32. */
const DENSE_METHODS = 256;

/** What is known of a method's handler. */
const Handler = { unknown: 0, synchronous: 1, asynchronous: 2 } as const;

const AsyncFunction = (async () => {}).constructor;

/** A pool's part on one worker. For the runtime. */
export class ContainerOnWorker {
  /** Number of the pool. */
  readonly poolId: number;
  /** Name of the pool. */
  readonly poolName: string;
  /** The module's generated dispatch. */
  readonly libExec: LibExec;
  /** Of the module's code; see ModuleSpec. */
  readonly version: string;
  /** The worker that has the home instance. */
  homeWorker: number;
  /** Lanes by group and index, of all workers. */
  readonly groups: Lane[][] = [];
  /** The instance that maps tasks to lanes here; null: the home worker does it. */
  router: Module | null = null;
  /** What is kept back here while a lane of the container moves. */
  hold: LaneHold | null = null;
  /** Tasks of this container between intake and completion on this worker. */
  active = 0;
  readonly #dense: (TaskType | undefined)[] = new Array(DENSE_METHODS).fill(undefined);
  readonly #sparse = new Map<number, TaskType>();
  readonly #handlers = new Uint8Array(DENSE_METHODS);

  /** Without lanes as yet. */
  constructor(
    poolId: number,
    poolName: string,
    homeWorker: number,
    libExec: LibExec,
    version: string,
  ) {
    this.version = version;
    this.poolId = poolId;
    this.poolName = poolName;
    this.homeWorker = homeWorker;
    this.libExec = libExec;
    for (const [method, type] of libExec.tasks) {
      if (method < DENSE_METHODS) this.#dense[method] = type;
      else this.#sparse.set(method, type);
    }
  }

  /** Lane 0 of the first group: where the home instance is. */
  get home(): Lane {
    return this.groups.find((group) => group !== undefined)![0]!;
  }

  /** The task type of a method. */
  typeOf(method: number): TaskType | undefined {
    return method >= 0 && method < DENSE_METHODS
      ? this.#dense[method]
      : this.#sparse.get(method >>> 0);
  }

  /** Runs a method's handler; one that makes promises as the owner of what comes of them. */
  run(server: Module, method: number, task: Task, rctx: RunContext): void | Promise<void> {
    if (this.#handlers[method] === Handler.synchronous) {
      const promise = this.libExec.run(server, method, task, rctx);
      // It is no async function, and makes promises all the same.
      if (promise !== undefined) this.#handlers[method] = Handler.asynchronous;
      return promise;
    }
    if (this.#handlers[method] === Handler.unknown) this.#look(server, method);
    const owner = new HandlerOwner(this, rctx);
    return handlerOwners.run(owner, () => this.libExec.run(server, method, task, rctx));
  }

  /** The first call of a method, whatever it is, has an owner. */
  #look(server: Module, method: number): void {
    const name = this.libExec.methodNames[method] ?? "";
    const isAsync = (server as unknown as Record<string, unknown>)[handlerOf(name)] instanceof
      AsyncFunction;
    this.#handlers[method] = isAsync ? Handler.asynchronous : Handler.synchronous;
  }

  /** `compressor.kCompress`, for messages. */
  nameOf(task: Task): string {
    return this.nameOfMethod(task.layout.method);
  }

  /** As {@linkcode nameOf}, when the task may be gone. */
  nameOfMethod(method: number): string {
    return `${this.libExec.libName}.${this.libExec.methodNames[method] ?? method}`;
  }
}

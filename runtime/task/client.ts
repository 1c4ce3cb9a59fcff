/**
 * Clients: what a module's `Client` class extends, and where its tasks go in.
 *
 * A stub (task_method.ts) submits through a session's port in a client program, and through the
 * running task in a handler: `this.other.in(rctx).compress(…)`. There is no ambient current task; a
 * stub used in a handler without `in(rctx)` throws CHI-3008.
 *
 * Thread rules: a client belongs to its isolate.
 */

import type { DomainQuery } from "../domain/mod.ts";
import { ChimaeraError, type ErrorName } from "../errors.ts";
import { ADMIN_POOL_ID } from "./create.ts";
import { DestroyContainerTask } from "./destroy.ts";
import { type Room, whenRoom } from "./room_queue.ts";
import type { Task } from "./task.ts";
import type { TaskType } from "./task_layout.ts";

/** A task's place in the graph of tasks: the root's id, and how far below it. */
export interface TaskNode {
  /** Slot of the root task in the port that it came by. */
  readonly rootSlot: number;
  /** Number of that port in the node; negative where the root came by no shared memory. */
  readonly rootOrigin: number;
  /** 0 for a root, one more for each subtask below it. */
  readonly depth: number;
}

/** Where tasks go in: a port of a session, or a running task. */
export interface Submitter {
  /** A zeroed task of the type, with defaults, bound to this submitter. */
  allocate(type: TaskType): Task;
  /** Sends an allocated task. Throws CHI-3010 for one that was sent before. */
  submit(task: Task): void;
  /** Whether `allocate` would find room. */
  readonly room: Room;
  /** The client object that submits here. */
  bind<C extends ModuleClient>(client: C): C;
}

/** The pool that a client and its bound copies call. */
interface Binding {
  poolId: number;
}

/** How a stub without a submitter fails. */
interface NoSubmitter {
  readonly kind: ErrorName;
  readonly why: string;
}

const IN_HANDLER: NoSubmitter = {
  kind: "noRunContext",
  why: "there is no current task in a handler",
};

let defaultSubmitter: Submitter | null = null;
let mayUseDefault = (): boolean => true;
let noSubmitter: NoSubmitter = { kind: "noSession", why: "no session is open in this program" };

/** What clients made without a session use. */
export function setDefaultSubmitter(submitter: Submitter): void {
  defaultSubmitter = submitter;
}

/** As {@linkcode setDefaultSubmitter}, unless there is one. */
export function offerDefaultSubmitter(submitter: Submitter): void {
  defaultSubmitter ??= submitter;
}

/** The submitter takes nothing any more. */
export function withdrawDefaultSubmitter(submitter: Submitter): void {
  if (defaultSubmitter === submitter) defaultSubmitter = null;
}

/** Stubs without a submitter fail as in a handler: this isolate is a worker's. */
export function setHandlersIsolate(): void {
  noSubmitter = IN_HANDLER;
}

/** Whose code may use the program's session: a simulated node runs handlers in its isolate. */
export function setDefaultSubmitterRule(rule: () => boolean): void {
  mayUseDefault = rule;
}

/** The client that a task method belongs to; null until it is used. */
export const OWNER: unique symbol = Symbol("owner");

/** What belongs to a client: a task method knows its client, for the forms that are called on it. */
export interface Owned {
  /** Set by `init`, and by a call. */
  [OWNER]: ModuleClient | null;
}

function withoutSubmitter({ kind, why }: NoSubmitter): ChimaeraError {
  return new ChimaeraError(kind, { what: "call a module", why });
}

function isOwned(value: unknown): value is Owned {
  return typeof value === "function" && OWNER in value;
}

/** What a module's `Client` extends: whom its stubs call, and by which way. */
export class ModuleClient {
  #submitter: Submitter | null;
  #binding: Binding = { poolId: 0 };
  /** Whether the task methods know that they are this client's. */
  #wired = false;

  /**
   * Bound to no pool yet.
   *
   * @param submitter A session; the program's first session when absent.
   */
  constructor(submitter?: Submitter) {
    this.#submitter = submitter ?? null;
  }

  /** The pool that this client calls; 0 before `create` or `init`. */
  get poolId(): number {
    return this.#binding.poolId;
  }

  /** Binds this client to an existing pool. Throws CHI-4001 for what is no pool's id. */
  init(poolId: number): void {
    if (poolId >>> 0 !== poolId) throw notBound(`${poolId} is no pool's id`);
    this.#binding.poolId = poolId;
    if (this.#wired) return;
    this.#wired = true;
    for (const value of Object.values(this)) if (isOwned(value)) value[OWNER] = this;
  }

  /**
   * Ends the pool that this client calls: its module's instances are closed, and tasks that wait fail
   * with CHI-4001. The document's `Destroy`; a module hears of it by `close()`.
   *
   * Throws CHI-4001 when the client is bound to no pool, or the pool has ended before; CHI-4020 when
   * a handler goes on all the same.
   *
   * @param dom Whose pools; `DomainQuery.getGlobalBcast()` for all nodes.
   */
  async destroy(dom: DomainQuery): Promise<void> {
    if (this.poolId === 0) throw notBound("the client is bound to none");
    const { submitter } = this;
    const { room } = submitter;
    const start = () => {
      const task = submitter.allocate(DestroyContainerTask) as DestroyContainerTask;
      task.header.poolId = ADMIN_POOL_ID;
      setQuery(task, dom);
      task.targetPool = this.poolId;
      return send(submitter, task);
    };
    using task = room.isOpen ? start() : await whenRoom(room, start);
    await task.wait();
  }

  /** The same client for calls from inside a handler. */
  in(rctx: Submitter): this {
    return rctx.bind(this);
  }

  /** Where this client's tasks go in. Throws CHI-5007, or CHI-3008 in a handler. */
  get submitter(): Submitter {
    if (this.#submitter !== null) return this.#submitter;
    if (!mayUseDefault()) throw withoutSubmitter(IN_HANDLER);
    if (defaultSubmitter === null) throw withoutSubmitter(noSubmitter);
    return defaultSubmitter;
  }

  /** A client of the same class and pool with another submitter. */
  copyFor(submitter: Submitter): this {
    const copy = new (this.constructor as new (s: Submitter) => this)(submitter);
    copy.#binding = this.#binding;
    copy.init(this.poolId);
    return copy;
  }
}

/** Sends a task, which the caller never sees when that throws. */
export function send<T extends Task>(submitter: Submitter, task: T): T {
  try {
    submitter.submit(task);
  } catch (thrown) {
    task.free();
    throw thrown;
  }
  return task;
}

/** Says which containers a task is for. */
export function setQuery({ header }: Task, dom: DomainQuery): void {
  header.queryKind = dom.kind;
  header.queryFirst = dom.first;
  header.querySecond = dom.second;
}

export function notBound(why: string): ChimaeraError {
  return new ChimaeraError("poolNotFound", {
    what: "call a module",
    why,
    hint: "call create(), or init() with the pool's id",
  });
}

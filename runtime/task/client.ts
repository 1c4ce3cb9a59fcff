/**
 * Typed stubs: what a module's `Client` class is made of.
 *
 * `asyncCompress = taskMethod(CompressTask)` gives the document's three forms:
 *
 *   asyncCompress(dom, fields)                            allocate and submit
 *   asyncCompress.alloc(taskNode, dom, fields)            allocate only
 *   asyncCompress.base(parent, taskNode, dom, fields)     submit as a child of `parent`
 *
 * a fourth for a result that nobody wants, and three that wait instead of throwing CHI-3011 when
 * too many tasks are under way:
 *
 *   asyncCompress.forget(dom, fields)                     fire and forget
 *   await asyncCompress.paced(dom, fields)                submit as soon as there is room
 *   await asyncCompress.pacedForget(dom, fields)          the same, and forget
 *   await asyncCompress.ask(dom, fields, read)            the same, wait, read the result, and free
 *
 * A stub submits through a session's port in a client program, and through the running task in a
 * handler: `this.other.in(rctx).compress(…)`. There is no ambient current task; a stub used in a
 * handler without `in(rctx)` throws CHI-3008.
 *
 * Thread rules: a client belongs to its isolate.
 */

import type { DomainQuery } from "../domain/mod.ts";
import { ChimaeraError, type ErrorName } from "../errors.ts";
import {
  ADMIN_POOL_ID,
  CreateContext,
  CreatePoolTask,
  type CreateTaskType,
  encodeParams,
} from "./create.ts";
import type { Room } from "./room_queue.ts";
import { TaskFlag } from "./header.ts";
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

let defaultSubmitter: Submitter | null = null;
let noSubmitter: { kind: ErrorName; why: string } = {
  kind: "noSession",
  why: "no session is open in this program",
};

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

/** How a stub without a submitter fails in this isolate. */
export function setNoSubmitterError(kind: ErrorName, why: string): void {
  noSubmitter = { kind, why };
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
    for (const value of Object.values(this)) wire(value, this);
  }

  /** The same client for calls from inside a handler. */
  in(rctx: Submitter): this {
    return rctx.bind(this);
  }

  /** Where this client's tasks go in. Throws CHI-5007, or CHI-3008 in a handler. */
  get submitter(): Submitter {
    const submitter = this.#submitter ?? defaultSubmitter;
    if (submitter === null) {
      throw new ChimaeraError(noSubmitter.kind, {
        what: "call a module",
        why: noSubmitter.why,
      });
    }
    return submitter;
  }

  /** A client of the same class and pool with another submitter. */
  copyFor(submitter: Submitter): this {
    const copy = new (this.constructor as new (s: Submitter) => this)(submitter);
    copy.#binding = this.#binding;
    copy.init(this.poolId);
    return copy;
  }
}

function notBound(why: string): ChimaeraError {
  return new ChimaeraError("poolNotFound", {
    what: "call a module",
    why,
    hint: "call create(), or init() with the pool's id",
  });
}

const owners = new WeakMap<object, (client: ModuleClient) => void>();

/** Tells a task method which client it belongs to, so that its `.alloc` and `.base` know. */
function wire(value: unknown, client: ModuleClient): void {
  if (typeof value === "function") owners.get(value)?.(client);
}

function setQuery(task: Task, dom: DomainQuery): void {
  const header = task.header;
  header.queryKind = dom.kind;
  header.queryFirst = dom.first;
  header.querySecond = dom.second;
}

/** The values of a task's own fields, as a caller may pass them. */
export type FieldsOf<T extends Task> = Partial<Omit<T, keyof Task>>;

/**
 * The document's three forms of an asynchronous call, one that forgets, and three that wait for room.
 *
 * A port has {@linkcode LIMITS.slotsPerPort} tasks under way or not freed, and a running task
 * {@linkcode LIMITS.subtasksPerTask}; what would be one more throws CHI-3011.
 */
export interface TaskMethod<T extends Task> {
  (this: ModuleClient, dom: DomainQuery, fields?: FieldsOf<T>): T;
  /** Makes the task and leaves it to the caller to send it, and to change it before that. */
  alloc(taskNode: TaskNode | null, dom: DomainQuery, fields?: FieldsOf<T>): T;
  /**
   * As a call, by `parent` in place of the client's own submitter: a subtask when that is a
   * context.
   */
  base(parent: Submitter, taskNode: TaskNode | null, dom: DomainQuery, fields?: FieldsOf<T>): T;
  /**
   * Sends a task whose result nobody wants; see {@linkcode Task.fireAndForget}. In a handler the
   * running task is answered only when what it forgot has ended too.
   */
  forget(dom: DomainQuery, fields?: FieldsOf<T>): void;
  /**
   * Sends a task as soon as there is room for it; the task, or a promise of it when there is none
   * yet. Such calls go in their own order. Nothing makes room but ends of tasks that are freed.
   */
  paced(dom: DomainQuery, fields?: FieldsOf<T>): T | Promise<T>;
  /** As {@linkcode forget}, as soon as there is room; a promise when there is none yet. */
  pacedForget(dom: DomainQuery, fields?: FieldsOf<T>): void | Promise<void>;
  /**
   * Sends a task as soon as there is room, waits for it, and frees it. Rejects as
   * {@linkcode Task.wait} does.
   */
  ask(dom: DomainQuery, fields?: FieldsOf<T>): Promise<void>;
  /** As above; resolves with what `read` makes of the task that is done. */
  ask<R>(dom: DomainQuery, fields: FieldsOf<T>, read: (task: T) => R): Promise<R>;
}

function send<T extends Task>(submitter: Submitter, task: T): T {
  try {
    submitter.submit(task);
  } catch (thrown) {
    task.free(); // The caller never sees it.
    throw thrown;
  }
  return task;
}

/** Calls `start`, now or as soon as there is room for a task. */
function inRoom<R>(submitter: Submitter, start: () => R): R | Promise<R> {
  if (submitter.room.isOpen) return start();
  return new Promise((resolve, reject) =>
    submitter.room.wait(() => {
      try {
        resolve(start());
      } catch (thrown) {
        reject(thrown);
      }
    })
  );
}

/** A task of a client with its fields, not sent yet. */
function prepare<T extends Task>(
  type: TaskType<T>,
  submitter: Submitter,
  client: ModuleClient,
  node: TaskNode | null,
  dom: DomainQuery,
  fields: FieldsOf<T> | undefined,
): T {
  const { poolId } = client;
  if (poolId === 0) throw notBound("the client is bound to none");
  const task = submitter.allocate(type) as T;
  task.header.poolId = poolId;
  setQuery(task, dom);
  if (node !== null) {
    task.header.rootSlot = node.rootSlot;
    task.header.rootOrigin = node.rootOrigin;
    task.header.depth = node.depth;
  }
  if (fields === undefined) return task;
  try {
    type.layout.assign(task, fields);
  } catch (thrown) {
    task.free();
    throw thrown;
  }
  return task;
}

function sendForgotten<T extends Task>(submitter: Submitter, task: T): void {
  task.header.flags |= TaskFlag.fireAndForget;
  send(submitter, task).free();
}

/** The forms of an asynchronous call that wait for room. */
function pacedForms<T extends Task>(type: TaskType<T>, ownerOf: () => ModuleClient | null) {
  const bound = (): ModuleClient => {
    const owner = ownerOf();
    if (owner === null) throw notBound("the client is bound to none");
    return owner;
  };
  const paced = (dom: DomainQuery, fields?: FieldsOf<T>): T | Promise<T> => {
    const client = bound();
    const { submitter } = client;
    return inRoom(
      submitter,
      () => send(submitter, prepare(type, submitter, client, null, dom, fields)),
    );
  };
  const pacedForget = (dom: DomainQuery, fields?: FieldsOf<T>): void | Promise<void> => {
    const client = bound();
    const { submitter } = client;
    return inRoom(
      submitter,
      () => sendForgotten(submitter, prepare(type, submitter, client, null, dom, fields)),
    );
  };
  const ask = async <R>(
    dom: DomainQuery,
    fields?: FieldsOf<T>,
    read?: (task: T) => R,
  ): Promise<R | void> => {
    const sent = paced(dom, fields);
    // Where there is room, the caller waits for the task at once and for nothing before it.
    using task = sent instanceof Promise ? await sent : sent;
    await task.wait();
    return read?.(task);
  };
  return { paced, pacedForget, ask };
}

/** Makes the asynchronous stubs of one method. Assign it to a field of a `ModuleClient`. */
export function taskMethod<T extends Task>(type: TaskType<T>): TaskMethod<T> {
  let owner: ModuleClient | null = null;
  const known = (): ModuleClient => {
    if (owner !== null) return owner;
    throw new ChimaeraError("taskState", {
      what: "allocate a task",
      why: "the client has not been used yet: call create() or init() first",
    });
  };
  const call = function (this: ModuleClient, dom: DomainQuery, fields?: FieldsOf<T>): T {
    owner = this;
    const submitter = this.submitter;
    return send(submitter, prepare(type, submitter, this, null, dom, fields));
  };
  const method: TaskMethod<T> = Object.assign(call, {
    alloc: (node: TaskNode | null, dom: DomainQuery, fields?: FieldsOf<T>): T => {
      const client = known();
      return prepare(type, client.submitter, client, node, dom, fields);
    },
    base: (
      parent: Submitter,
      node: TaskNode | null,
      dom: DomainQuery,
      fields?: FieldsOf<T>,
    ): T => {
      return send(parent, prepare(type, parent, known(), node, dom, fields));
    },
    forget: (dom: DomainQuery, fields?: FieldsOf<T>): void => {
      const client = known();
      sendForgotten(client.submitter, prepare(type, client.submitter, client, null, dom, fields));
    },
    ...pacedForms(type, () => owner),
  });
  owners.set(method, (client) => owner = client);
  return method;
}

/** The asynchronous call behind a module's `create`. */
export type CreateMethod<T extends Task> = (
  this: ModuleClient,
  dom: DomainQuery,
  affinity: DomainQuery,
  poolName: string,
  ctx?: CreateContext,
  params?: FieldsOf<T>,
) => CreatePoolTask;

/** Makes `asyncCreate` of a client: a CreatePool task for the admin. */
export function createMethod<T extends Task>(type: CreateTaskType<T>): CreateMethod<T> {
  return function (dom, affinity, poolName, ctx = new CreateContext(), params = {}) {
    const submitter = this.submitter;
    const task = submitter.allocate(CreatePoolTask) as CreatePoolTask;
    task.header.poolId = ADMIN_POOL_ID;
    setQuery(task, dom);
    try {
      task.poolName = poolName;
      task.libName = type.libName;
      task.affinityKind = affinity.kind;
      task.affinityFirst = affinity.first;
      task.affinitySecond = affinity.second;
      task.globalContainers = ctx.globalContainers;
      task.lanesPerContainer = ctx.lanesPerContainer;
      task.paramsLayout = type.layout.hash;
      task.params = encodeParams(type, params);
      submitter.submit(task);
    } catch (thrown) {
      task.free();
      throw thrown;
    }
    return task;
  };
}

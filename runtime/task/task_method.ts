/**
 * Typed stubs of a module's methods.
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
 * Every running task that calls a module has a client of its own for it, so a stub is one function
 * with two fields: its forms are shared by all stubs, by way of their prototype.
 *
 * Thread rules: a stub belongs to its client's isolate.
 */

import type { DomainQuery } from "../domain/mod.ts";
import { ChimaeraError } from "../errors.ts";
import {
  type ModuleClient,
  notBound,
  type Owned,
  OWNER,
  send,
  setQuery,
  type Submitter,
  type TaskNode,
} from "./client.ts";
import {
  ADMIN_POOL_ID,
  CreateContext,
  CreatePoolTask,
  type CreateTaskType,
  encodeParams,
} from "./create.ts";
import { TaskFlag } from "./header.ts";
import { whenRoom } from "./room_queue.ts";
import type { Task } from "./task.ts";
import type { TaskType } from "./task_layout.ts";

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

/** A task method as its forms see it. */
interface Stub<T extends Task> extends Owned {
  readonly type: TaskType<T>;
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

/** The client of a stub on which a form is called. */
function ownerOf(stub: Owned): ModuleClient {
  const owner = stub[OWNER];
  if (owner !== null) return owner;
  throw new ChimaeraError("taskState", {
    what: "allocate a task",
    why: "the client has not been used yet: call create() or init() first",
  });
}

/** The client of a stub for a form that waits for room. */
function boundOwnerOf(stub: Owned): ModuleClient {
  const owner = stub[OWNER];
  if (owner === null) throw notBound("the client is bound to none");
  return owner;
}

/** The forms of all stubs; `this` is the stub. */
const forms = {
  alloc<T extends Task>(
    this: Stub<T>,
    node: TaskNode | null,
    dom: DomainQuery,
    fields?: FieldsOf<T>,
  ): T {
    const client = ownerOf(this);
    return prepare(this.type, client.submitter, client, node, dom, fields);
  },

  base<T extends Task>(
    this: Stub<T>,
    parent: Submitter,
    node: TaskNode | null,
    dom: DomainQuery,
    fields?: FieldsOf<T>,
  ): T {
    return send(parent, prepare(this.type, parent, ownerOf(this), node, dom, fields));
  },

  forget<T extends Task>(this: Stub<T>, dom: DomainQuery, fields?: FieldsOf<T>): void {
    const client = ownerOf(this);
    const { submitter } = client;
    sendForgotten(submitter, prepare(this.type, submitter, client, null, dom, fields));
  },

  paced<T extends Task>(this: Stub<T>, dom: DomainQuery, fields?: FieldsOf<T>): T | Promise<T> {
    const { type } = this;
    const client = boundOwnerOf(this);
    const { submitter } = client;
    const start = () => send(submitter, prepare(type, submitter, client, null, dom, fields));
    return submitter.room.isOpen ? start() : whenRoom(submitter.room, start);
  },

  pacedForget<T extends Task>(
    this: Stub<T>,
    dom: DomainQuery,
    fields?: FieldsOf<T>,
  ): void | Promise<void> {
    const { type } = this;
    const client = boundOwnerOf(this);
    const { submitter } = client;
    const start = () =>
      sendForgotten(submitter, prepare(type, submitter, client, null, dom, fields));
    return submitter.room.isOpen ? start() : whenRoom(submitter.room, start);
  },

  async ask<T extends Task, R>(
    this: Stub<T>,
    dom: DomainQuery,
    fields?: FieldsOf<T>,
    read?: (task: T) => R,
  ): Promise<R | void> {
    const sent = forms.paced.call(this, dom, fields) as T | Promise<T>;
    // Where there is room, the caller waits for the task at once and for nothing before it.
    using task = sent instanceof Promise ? await sent : sent;
    await task.wait();
    return read?.(task);
  },
};

Object.setPrototypeOf(forms, Function.prototype);

/** Makes the asynchronous stubs of one method. Assign it to a field of a `ModuleClient`. */
export function taskMethod<T extends Task>(type: TaskType<T>): TaskMethod<T> {
  const stub = function (this: ModuleClient, dom: DomainQuery, fields?: FieldsOf<T>): T {
    stub[OWNER] = this;
    const submitter = this.submitter;
    return send(submitter, prepare(type, submitter, this, null, dom, fields));
  } as TaskMethod<T> & { type: TaskType<T> } & Owned;
  Object.setPrototypeOf(stub, forms);
  stub.type = type;
  stub[OWNER] = null;
  return stub;
}

/** The asynchronous call behind a module's `create`. */
export interface CreateMethod<T extends Task> {
  (
    this: ModuleClient,
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    ctx?: CreateContext,
    params?: FieldsOf<T>,
  ): CreatePoolTask;
  /**
   * As a call of `client`, as soon as there is room for the task; a promise when there is none yet.
   * It is bound to no pool so far, and has to be named.
   */
  paced(
    client: ModuleClient,
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    ctx?: CreateContext,
    params?: FieldsOf<T>,
  ): CreatePoolTask | Promise<CreatePoolTask>;
}

/** Makes `asyncCreate` of a client: a CreatePool task for the admin. */
export function createMethod<T extends Task>(type: CreateTaskType<T>): CreateMethod<T> {
  const create = function (
    this: ModuleClient,
    dom: DomainQuery,
    affinity: DomainQuery,
    poolName: string,
    ctx?: CreateContext,
    params?: FieldsOf<T>,
  ): CreatePoolTask {
    return sendCreate(type, this.submitter, dom, affinity, poolName, ctx, params);
  };
  const paced: CreateMethod<T>["paced"] = (client, dom, affinity, poolName, ctx, params) => {
    const { submitter } = client;
    const start = () => sendCreate(type, submitter, dom, affinity, poolName, ctx, params);
    return submitter.room.isOpen ? start() : whenRoom(submitter.room, start);
  };
  return Object.assign(create, { paced });
}

function sendCreate<T extends Task>(
  type: CreateTaskType<T>,
  submitter: Submitter,
  dom: DomainQuery,
  affinity: DomainQuery,
  poolName: string,
  ctx: CreateContext = new CreateContext(),
  params: FieldsOf<T> = {},
): CreatePoolTask {
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
}

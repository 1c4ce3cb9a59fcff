/**
 * Pool creation: the parameters that a module declares travel inside the admin's CreatePool task.
 *
 * A module's `CreateTask` is the struct of its own parameters. A client encodes them into the
 * `params` of a {@linkcode CreatePoolTask}; the pool's home worker lays them under a `CreateTask`
 * again and hands it to `create`. They are kept with the pool, for restarts.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { SegmentTable } from "../memory/mod.ts";
import { defineTask, type TaskClass, type TaskSpec } from "./define.ts";
import { IN, OUT } from "./fields.ts";
import type { PlacedField } from "./layout.ts";
import type { Task, TaskOwner } from "./task.ts";
import type { TaskType } from "./task_layout.ts";

/** Method number of every module's create. */
export const kCreate = 0;
/** Method number of every module's destroy. */
export const kDestroy = 1;

/** The admin's method that makes pools. */
export const kCreatePool = 10;
/** The admin's pool, which every node has. */
export const ADMIN_POOL_ID = 1;

/**
 * Worker that a pool's first task goes to, when nothing is known of the pool. A node places lanes in
 * turn from worker 0 on, so for the pools that it begins with, the admin's above all, it is right:
 * a client gets its answer from there, whatever handler holds another worker.
 */
export function firstGuess(poolId: number, workers: number): number {
  return ((poolId - ADMIN_POOL_ID) >>> 0) % workers;
}

/** What may be asked of a new pool besides its module's own parameters. */
export class CreateContext {
  /** Set on the way back: the pool's id. */
  id = 0;
  /** Containers in the cluster; 0: one per node. */
  globalContainers = 0;
  /** Lanes wanted of the default group; 0: the module's choice. */
  lanesPerContainer = 0;
}

/** A module's CreateTask class. */
export type CreateTaskType<T extends Task = Task> = TaskType<T> & { readonly libName: string };

/**
 * Declares the parameters of a module's pools.
 *
 * @param libName `<namespace>_<module>`; generated.
 * @param spec Parameters; IN fields.
 */
export function defineCreateTask<const S extends TaskSpec>(
  libName: string,
  spec: S,
): TaskClass<S> & { readonly libName: string } {
  return Object.assign(defineTask(kCreate, spec), { libName });
}

/** The admin's task behind every module's create. */
export class CreatePoolTask extends defineTask(kCreatePool, {
  poolName: IN.string(LIMITS.poolNameBytes),
  libName: IN.string(LIMITS.libNameBytes),
  affinityKind: IN.u32(),
  affinityFirst: IN.u32(),
  affinitySecond: IN.u32(),
  globalContainers: IN.u32(),
  lanesPerContainer: IN.u32(),
  paramsLayout: IN.u32(),
  params: IN.bytes(LIMITS.createParamsBytes),
  id: OUT.u32(),
  created: OUT.bool(),
}) {
  /** What `create` was called with; carries the id when the task is done. */
  readonly ctx = new CreateContext();
}

/** An owner for tasks that only hold parameters. */
const paramsOwner: TaskOwner = {
  segments: new SegmentTable(),
  submit: refuse,
  wait: refuse,
  waitSync: refuse,
  free: () => {},
};

function refuse(): never {
  throw new ChimaeraError("taskState", {
    what: "use the parameters of a pool as a task",
    why: "they are data of the pool's creation",
  });
}

function paramsTask<T extends Task>(type: TaskType<T>, bytes: SharedArrayBuffer): T {
  const task = new type(paramsOwner, type.layout);
  task.$i32 = new Int32Array(bytes);
  task.$u32 = new Uint32Array(bytes);
  task.$u8 = new Uint8Array(bytes);
  task.$f64 = new Float64Array(bytes);
  task.$view = new DataView(bytes);
  return task;
}

/** Create parameters as the bytes of their struct, defaults filled in. */
export function encodeParams(type: TaskType, values: object): Uint8Array {
  const bytes = new SharedArrayBuffer(Math.max(8, type.layout.fieldsBytes));
  const task = paramsTask(type, bytes);
  type.layout.clear(task);
  type.layout.assign(task, values);
  return new Uint8Array(bytes).slice(0, type.layout.fieldsBytes);
}

/**
 * Create parameters for another version of the module: fields of the same name and kind keep their
 * values, new ones get their defaults. Throws CHI-3001 for a value that has no room any more.
 *
 * @param paramsLayout Of `params`; 0: the module's defaults, which may be others by now.
 */
export function carryParams(
  from: TaskType,
  to: TaskType,
  { params, paramsLayout }: { readonly params: readonly number[]; readonly paramsLayout: number },
): { readonly params: readonly number[]; readonly paramsLayout: number } {
  if (paramsLayout === 0 || paramsLayout === to.layout.hash) return { params, paramsLayout };
  const old = decodeParams(from, Uint8Array.from(params), paramsLayout);
  const values = carriedValues(from.layout.fields, to.layout.fields, old);
  return { params: [...encodeParams(to, values)], paramsLayout: to.layout.hash };
}

/** What fields of the same name and kind hold, as the new ones take it. */
function carriedValues(
  from: readonly PlacedField[],
  to: readonly PlacedField[],
  holder: object,
): Record<string, unknown> {
  const values = holder as Readonly<Record<string, unknown>>;
  const known = new Map(from.map((old) => [old.name, old]));
  const carried: Record<string, unknown> = {};
  for (const { name, kind, members, field } of to) {
    const old = known.get(name);
    if (old?.kind !== kind || old.field.element !== field.element) continue;
    const value = values[name];
    if (kind === "struct") carried[name] = carriedValues(old.members, members, value as object);
    else if (old.field.bigint === field.bigint) carried[name] = value;
    else carried[name] = field.bigint ? BigInt(value as number) : Number(value);
  }
  return carried;
}

/** The struct over encoded parameters. Throws CHI-3002 when the layouts differ. */
export function decodeParams<T extends Task>(
  type: TaskType<T>,
  params: Uint8Array,
  layoutHash: number,
): T {
  if (layoutHash !== type.layout.hash || params.length !== type.layout.fieldsBytes) {
    throw new ChimaeraError("layoutMismatch", {
      what: "create the pool",
      why: "the client's create parameters are not those of the loaded module",
    });
  }
  const bytes = new SharedArrayBuffer(Math.max(8, params.length));
  new Uint8Array(bytes).set(params);
  return paramsTask(type, bytes);
}

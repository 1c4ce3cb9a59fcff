/**
 * What the admin module may ask of the node that runs it. Every other module gets CHI-4013.
 */

import type { RunContext } from "./run_context.ts";

/** A pool as the node knows it. */
export interface PoolInfo {
  /** 1 is the admin's; an id is not used again while the node lives. */
  readonly id: number;
  /** Unique in the node. */
  readonly name: string;
  /** `<namespace>_<module>`. */
  readonly libName: string;
  /** The worker of group 0, lane 0, where `create`, `destroy` and the monitors run. */
  readonly homeWorker: number;
  /** By group, then by place. */
  readonly lanes: readonly LaneInfo[];
}

/**
 * A lane and its counters, which other threads write: they may be a moment old, and wrap around.
 */
export interface LaneInfo {
  /** Number in the node's lane table; free for others when the pool has ended. */
  readonly id: number;
  /** Number of its group, as given to `createLaneGroup`. */
  readonly group: number;
  /** Place within the group, from 0. */
  readonly index: number;
  /** The worker that runs it; while it moves, the one that it leaves. */
  readonly worker: number;
  /** Tasks that wait on it, the running one not counted. */
  readonly waiting: number;
  /** Tasks that it has begun, failed ones too; a periodic task counts each time. */
  readonly done: number;
  /** Tasks that ended with an error. */
  readonly failed: number;
}

/** Everything needed to make a pool. */
export interface PoolRequest {
  /** At most 128 bytes, not empty: CHI-3001. */
  readonly name: string;
  /** `<namespace>_<module>` of a module that the node has. */
  readonly libName: string;
  /** Hash of the client's CreateTask, to be that of the loaded module: CHI-3002. */
  readonly paramsLayout: number;
  /** Fields of the CreateTask, laid out as in a task. */
  readonly params: Uint8Array;
}

/**
 * How a worker reaches its disks: by a ring of the kernel in which it also sleeps, or by calls that
 * block the lane. `unused` until the first operation, which is when it is found out.
 */
export type DiskBackend = "io_uring" | "blocking" | "unused";

/** A lane, and the worker that is to run it. */
export interface LaneMoveRequest {
  /** The pool that the lane is of. */
  readonly poolId: number;
  /** Number of its group. */
  readonly group: number;
  /** Place within the group, from 0. */
  readonly index: number;
  /** The worker that is to run it, from 0. */
  readonly worker: number;
}

/** What became of a lane that was moved. */
export interface LaneMoveInfo {
  /** The worker that it left; the one asked for when it was there already. */
  readonly from: number;
  /** Whether the module's state went with it; else its instance was made anew. */
  readonly isCarried: boolean;
  /** Tasks that waited on the lane and went with it. */
  readonly tasks: number;
  /** How long nothing that waited on the lane was begun, in milliseconds. */
  readonly stallMs: number;
}

/** What became of a worker whose thread was replaced. */
export interface RecycleInfo {
  /** The worker; its new thread has the same number. */
  readonly worker: number;
  /** Lanes that left the worker for as long as it took. */
  readonly lanes: number;
  /** Those of them whose modules save no state: their instances were made anew. */
  readonly restarted: number;
  /** Those that could not come back, and run on where they had gone. */
  readonly stayed: number;
  /** Why the first of those could not; empty when all are back. */
  readonly why: string;
  /** How long the worker took no tasks, in milliseconds; those of its lanes ran elsewhere. */
  readonly pauseMs: number;
}

/** A module that pools can be made of. */
export interface ModuleInfo {
  /** `<namespace>_<module>`. */
  readonly libName: string;
  /** Of the code that is loaded: 16 digits of its SHA-256, and how many were loaded before it. */
  readonly version: string;
  /** The module's folder; empty for those that are part of the program. */
  readonly folder: string;
  /** Pools that are made of it. */
  readonly pools: number;
}

/** What became of the modules of a repo that was made known. */
export interface RegisterInfo {
  /** Those that pools can be made of. */
  readonly modules: readonly ModuleInfo[];
  /** Those that could not be loaded, each with the parts of its error. */
  readonly failures: readonly {
    readonly folder: string;
    readonly code: string;
    readonly what: string;
    readonly why: string;
    readonly hint: string;
  }[];
}

/** What became of a module that was upgraded. */
export interface UpgradeInfo {
  /** `<namespace>_<module>`. */
  readonly libName: string;
  /** Version that served before. */
  readonly from: string;
  /** Version that serves now; the same when nothing in the folder has changed. */
  readonly to: string;
  /** Pools of the module. */
  readonly pools: number;
  /** Lanes of these pools. */
  readonly lanes: number;
  /** Those whose instances were made anew, because the old version saved no state. */
  readonly restarted: number;
  /** Tasks that waited on the lanes, and run on the new version. */
  readonly tasks: number;
  /** How long nothing of these pools was begun, in milliseconds. */
  readonly stallMs: number;
}

/** One worker's counters. */
export interface WorkerInfo {
  /** From 0. */
  readonly id: number;
  /** Tasks that it has begun; a periodic task counts each time. */
  readonly tasks: number;
  /** Tasks handed on to the worker that runs their lane. */
  readonly forwarded: number;
  /** Times it had nothing to do and slept. */
  readonly sleeps: number;
  /** Turns of its event loop. */
  readonly turns: number;
  /** Handlers that were begun and have not ended. */
  readonly inFlight: number;
  /** Descriptors that it refused; the session of each was ended. */
  readonly malformed: number;
  /** Processor that the worker is bound to; null: any. */
  readonly cpu: number | null;
  /** How it reaches disks. */
  readonly disk: DiskBackend;
}

/** A connected client. */
export interface SessionInfo {
  /** Unique among sessions of its kind: those over the socket have numbers of their own. */
  readonly id: number;
  /** Who it is, for people. */
  readonly client: string;
  /** How its tasks and bytes travel. */
  readonly transport: "in-process" | "shm" | "socket";
  /** Ports that are open; 1 over the socket. */
  readonly ports: number;
  /** Size of the memory that it shares with the node; 0 over the socket. */
  readonly memoryBytes: number;
  /** The client has gone, and tasks of its own have not ended. */
  readonly isClosing: boolean;
}

/** A handler that holds its lane. */
export interface StallInfo {
  /** The worker of the lane. */
  readonly worker: number;
  /** Name of the lane's pool; empty when it is a module's top level that runs. */
  readonly poolName: string;
  /** `<namespace>_<module>` of the lane's pool, or of the module that is loaded. */
  readonly libName: string;
  /** Number of the handler's method; 0 at a module's top level. */
  readonly method: number;
  /** The method's name; `method 7` where it is not known, empty at a module's top level. */
  readonly methodName: string;
  /** How long it has held the lane, in milliseconds. */
  readonly forMs: number;
}

/** A thread that is no longer its worker's. */
export interface LostWorkerInfo {
  /** The worker that the thread was; its replacement has the same number. */
  readonly worker: number;
  /** Whether it holds a processor for as long as its handler does not return. */
  readonly isStuck: boolean;
  /** What the loop failed with, or which handler did not come back; for people. */
  readonly why: string;
}

/** What a node tells about itself. */
export interface NodeStats {
  /** Of the process that the node runs in. */
  readonly pid: number;
  /** The program's. */
  readonly version: string;
  /** What lies behind the segments: `memfd` (sealed), `file`, or `private` to the process. */
  readonly backing: string;
  /** How its workers reach disks, as the first of them found out. */
  readonly diskBackend: DiskBackend;
  /** Size of the node segment. */
  readonly memoryBytes: number;
  /** Bytes of its pages that are not free. */
  readonly usedBytes: number;
  /** By number. */
  readonly workers: readonly WorkerInfo[];
  /** Connected clients, this process' own included. */
  readonly sessions: readonly SessionInfo[];
  /** Handlers that hold their lanes at this moment. */
  readonly stalls: readonly StallInfo[];
  /** Threads that were lost and replaced. */
  readonly lost: readonly LostWorkerInfo[];
  /** Sessions closed because of what they wrote. */
  readonly malformed: number;
}

/** The node, as its admin module asks it. Every method throws CHI-4013 in another module. */
export interface NodeControl {
  /**
   * Makes a pool, or finds the one of that name: `created` says which. Rejects with CHI-4002 when
   * that one has other parameters, CHI-4003 for an unknown module, and with what the module's
   * `create` throws.
   */
  createPool(request: PoolRequest): Promise<{ pool: PoolInfo; created: boolean }>;
  /** Ends a pool. Rejects with CHI-4001, with CHI-4014 for one that the node needs. */
  destroyPool(id: number): Promise<void>;
  /** Every pool, as of now. */
  listPools(): Promise<readonly PoolInfo[]>;
  /** The node's figures, each a moment old. */
  stats(): Promise<NodeStats>;
  /** Resolves when every task is done that came into the node before; `rctx` is the caller's. */
  flush(rctx: RunContext): Promise<void>;
  /** Pool whose tasks decide lane → worker (`queue`) or worker → CPU (`proc`). */
  setPolicy(kind: "queue" | "proc", poolId: number): Promise<void>;
  /** Has another worker run a lane. CHI-4001, 4007, 4017, 4018. */
  moveLane(request: LaneMoveRequest): Promise<LaneMoveInfo>;
  /**
   * Replaces a worker's thread by a fresh one; its lanes are on other workers meanwhile. CHI-3001,
   * 4017, 4018, 4019.
   */
  recycleWorker(worker: number): Promise<RecycleInfo>;
  /**
   * Makes the modules of a repo known, or one of them, so that pools can be made of them. CHI-1301,
   * CHI-1302, CHI-4022; a module that cannot be loaded is among the failures.
   *
   * @param folder Of the repo or of a module in it; absolute.
   */
  registerModule(folder: string): Promise<RegisterInfo>;
  /** Forgets a module. CHI-4003, 4023; CHI-4024 while there are pools of it. */
  destroyModule(libName: string): Promise<void>;
  /**
   * Has all pools of a module run the code that its folder has now. CHI-4003, 4005, 4021, 4023;
   * CHI-4025 when the old version serves on.
   *
   * @param dropState Begins anew without what the old version could save, also on the same code.
   */
  upgradeModule(libName: string, dropState: boolean): Promise<UpgradeInfo>;
  /** Every module that pools can be made of. */
  listModules(): Promise<readonly ModuleInfo[]>;
  /** Asks the node's program to end it, a moment later: the caller is answered first. */
  stop(): Promise<void>;
}

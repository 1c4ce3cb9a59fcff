/**
 * What the admin module may ask of the node that runs it. Every other module gets CHI-4013.
 */

import type { RunContext } from "./run_context.ts";

/** A pool as the node knows it. */
export interface PoolInfo {
  readonly id: number;
  readonly name: string;
  readonly libName: string;
  readonly homeWorker: number;
  readonly lanes: readonly LaneInfo[];
}

export interface LaneInfo {
  readonly id: number;
  readonly group: number;
  readonly index: number;
  readonly worker: number;
  readonly waiting: number;
  readonly done: number;
  readonly failed: number;
}

/** Everything needed to make a pool. */
export interface PoolRequest {
  readonly name: string;
  readonly libName: string;
  readonly paramsLayout: number;
  readonly params: Uint8Array;
}

/**
 * How a worker reaches its disks: by a ring of the kernel in which it also sleeps, or by calls that
 * block the lane. `unused` until the first operation, which is when it is found out.
 */
export type DiskBackend = "io_uring" | "blocking" | "unused";

/** A lane, and the worker that is to run it. */
export interface LaneMoveRequest {
  readonly poolId: number;
  readonly group: number;
  readonly index: number;
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

/** One worker's counters. */
export interface WorkerInfo {
  readonly id: number;
  readonly tasks: number;
  readonly forwarded: number;
  readonly sleeps: number;
  readonly turns: number;
  readonly inFlight: number;
  readonly malformed: number;
  /** Processor that the worker is bound to; null: any. */
  readonly cpu: number | null;
  readonly disk: DiskBackend;
}

/** A connected client. */
export interface SessionInfo {
  readonly id: number;
  /** Who it is, for people. */
  readonly client: string;
  readonly transport: "in-process" | "shm" | "socket";
  readonly ports: number;
  readonly memoryBytes: number;
}

/** A handler that holds its lane. */
export interface StallInfo {
  readonly worker: number;
  readonly poolName: string;
  readonly libName: string;
  readonly method: number;
  readonly methodName: string;
  readonly forMs: number;
}

/** A thread that is no longer its worker's. */
export interface LostWorkerInfo {
  readonly worker: number;
  /** Whether it holds a processor for as long as its handler does not return. */
  readonly isStuck: boolean;
  readonly why: string;
}

/** What a node tells about itself. */
export interface NodeStats {
  readonly pid: number;
  readonly version: string;
  /** What lies behind the segments: `memfd` (sealed), `file`, or `private` to the process. */
  readonly backing: string;
  /** How its workers reach disks, as the first of them found out. */
  readonly diskBackend: DiskBackend;
  readonly memoryBytes: number;
  readonly usedBytes: number;
  readonly workers: readonly WorkerInfo[];
  readonly sessions: readonly SessionInfo[];
  readonly stalls: readonly StallInfo[];
  /** Threads that were lost and replaced. */
  readonly lost: readonly LostWorkerInfo[];
  /** Sessions closed because of what they wrote. */
  readonly malformed: number;
}

export interface NodeControl {
  createPool(request: PoolRequest): Promise<{ pool: PoolInfo; created: boolean }>;
  destroyPool(id: number): Promise<void>;
  listPools(): Promise<readonly PoolInfo[]>;
  stats(): Promise<NodeStats>;
  /** Resolves when every task is done that came into the node before; `rctx` is the caller's. */
  flush(rctx: RunContext): Promise<void>;
  /** Pool whose tasks decide lane → worker (`queue`) or worker → CPU (`proc`). */
  setPolicy(kind: "queue" | "proc", poolId: number): Promise<void>;
  /** Has another worker run a lane. CHI-4001, 4007, 4017, 4018. */
  moveLane(request: LaneMoveRequest): Promise<LaneMoveInfo>;
  stop(): Promise<void>;
}

/**
 * What the admin module may ask of the node that runs it. Every other module gets CHI-4013.
 */

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
}

export interface NodeControl {
  createPool(request: PoolRequest): Promise<{ pool: PoolInfo; created: boolean }>;
  destroyPool(id: number): Promise<void>;
  listPools(): Promise<readonly PoolInfo[]>;
  workers(): Promise<readonly WorkerInfo[]>;
  /** Pool whose tasks decide lane → worker (`queue`) or worker → CPU (`proc`). */
  setPolicy(kind: "queue" | "proc", poolId: number): Promise<void>;
  stop(): Promise<void>;
}

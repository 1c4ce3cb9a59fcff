/**
 * The pools and modules of a node and the places of lanes, for whoever looks at it or changes it.
 *
 * Thread rules: the thread that assembled the node.
 */

import type { LaneMoveInfo, LaneMoveRequest, PoolInfo, PoolRequest } from "../lane/mod.ts";
import type { ClearedLane } from "./lane_moves.ts";
import type { KnownModule, Registered } from "./registry.ts";

/** A lane, and the worker that runs it at the moment. */
export interface LanePlace {
  /** Number in the node's lane table. */
  readonly id: number;
  /** Number of its group. */
  readonly group: number;
  /** Place within the group, from 0. */
  readonly index: number;
  /** Number of the worker, from 0. */
  readonly worker: number;
}

/** A pool, and the workers that it is on at the moment. */
export interface PoolPlace {
  /** Number of the pool. */
  readonly id: number;
  /** Has the home instance; tasks come from workers that have no lane of the pool. */
  readonly homeWorker: number;
  /** All its lanes. */
  readonly lanes: readonly LanePlace[];
}

/** Every pool of a node. */
export interface PoolDirectory {
  /**
   * Makes a pool, or finds the one of that name.
   *
   * Rejects with CHI-4002 when that has other parameters, CHI-4003 for an unknown module, and with
   * what the module's `create` throws.
   */
  create(request: PoolRequest): Promise<{ pool: PoolInfo; created: boolean }>;
  /**
   * Ends a pool. Rejects with CHI-4001, CHI-4009, CHI-4014, CHI-4020 and with what the module's
   * `destroy` throws; the last two of these when the pool has ended all the same.
   */
  destroy(id: number): Promise<void>;
  /** Where a pool is. Throws CHI-4001 when there is none of that number. */
  get(id: number): PoolPlace;
  /** As `pool list` shows them. */
  list(): PoolInfo[];
}

/** The modules of which a node can make pools: those of the program, and those of repos. */
export interface ModuleDirectory {
  /** Milliseconds in which a module's import must end; twice that if it holds its worker. */
  loadMs: number;
  /** All library names. */
  readonly libNames: string[];
  /** All of them. */
  readonly list: KnownModule[];
  /** The module of a library name, or of a module's bare name. Throws CHI-4003, CHI-4023. */
  get(name: string): KnownModule;
  /** The modules whose code a file is, or whose folder it is in. */
  using(path: string): string[];
  /**
   * Loads the modules of a repo that are not there yet, or one of them.
   *
   * @param path Of the repo, or of a module's folder in one. Rejects with CHI-1301 and CHI-1302 for
   * what is no repo, with CHI-4022 when there is another module of the same library name.
   */
  register(path: string): Promise<Registered>;
}

/** Has lanes change their worker, one after the other. */
export interface LaneMover {
  /** Milliseconds in which what a lane has begun must end. */
  drainMs: number;
  /** Milliseconds for each other step, up to where there is no way back. */
  stepMs: number;
  /**
   * Has another worker run a lane, after the moves that were asked for before.
   *
   * Throws CHI-4001 or CHI-4007 for a lane that does not exist, CHI-3001 for such a worker, CHI-4017
   * when what the lane has begun does not end, CHI-4018 when another step fails.
   */
  move(request: LaneMoveRequest): Promise<LaneMoveInfo>;
  /**
   * Moves all lanes of a worker away, each to the worker that then has the fewest.
   *
   * @param moved Gets each lane that has moved, with what undoes it.
   * @returns The same. Throws as {@linkcode LaneMover.move}; the lanes that have moved by then stay
   * where they are.
   */
  clear(worker: number, moved?: ClearedLane[]): Promise<readonly ClearedLane[]>;
}

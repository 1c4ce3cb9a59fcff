/**
 * Moving lanes between workers: plug, drain, save, move, restore, unplug, with no task lost,
 * repeated or overtaken. The order of the steps, and what each worker does, are in
 * `lane/lane_move_orders.ts` and `lane/lane_moves.ts`.
 *
 * One lane moves at a time. Until it is restored any failure leaves it where it was, with its old
 * instance and all its tasks.
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError } from "../errors.ts";
import type {
  CancelResult,
  ControlMessage,
  LaneMoveInfo,
  LaneMoveOrder,
  LaneMoveRequest,
  SaveResult,
} from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { atMost, type Clock } from "../platform/mod.ts";
import { ADMIN_POOL_ID } from "../task/mod.ts";
import type { LaneMover } from "./directory.ts";
import type { PlacedLane, Pool, Pools } from "./pools.ts";

export interface LaneMovesOptions {
  readonly workers: number;
  readonly pools: Pools;
  readonly clock: Clock;
  /** Sends a request to a worker. */
  readonly ask: (worker: number, message: ControlMessage) => Promise<unknown>;
}

/** A lane that has left its worker, as the request that moves it back. */
export interface ClearedLane extends LaneMoveRequest {
  /** The worker that it went to. */
  readonly to: number;
  /** Whether its state went along. */
  readonly isCarried: boolean;
}

/** A step's fields, without those that name the move. */
type Step = LaneMoveOrder extends infer Order
  ? Order extends LaneMoveOrder ? Omit<Order, "moveId" | "poolId" | "group" | "index"> : never
  : never;

/** One move under way. */
interface Move {
  readonly id: number;
  readonly pool: Pool;
  readonly lane: PlacedLane;
  readonly from: number;
  readonly to: number;
  readonly change: RouteChange;
  stage: Stage;
  /** Ends when it is known on which of the two the lane goes on. */
  readonly decided: PromiseWithResolvers<void>;
}

/**
 * What a thread that takes the place of a lost worker needs to know of a move: whether the workers
 * keep back tasks (hold), whether the lane is on neither side (restore), whether what was kept goes
 * its way and only what takes another way waits (switch).
 */
const Stage = { begin: 0, hold: 1, restore: 2, switch: 3, end: 4 } as const;
type Stage = typeof Stage[keyof typeof Stage];

/** Has lanes change their worker, one after the other. */
export class LaneMoves implements LaneMover {
  readonly #options: LaneMovesOptions;
  readonly #all: readonly number[];
  drainMs: number = LIMITS.laneDrainMs;
  stepMs: number = LIMITS.laneMoveStepMs;
  #lastId = 0;
  /** Settles when the last of the moves that were asked for is over; never rejects. */
  #tail: Promise<unknown> = Promise.resolve();
  /** Why no more steps are taken; null: they are. */
  #ended: ChimaeraError | null = null;
  /** The move under way. */
  #move: Move | null = null;
  #current: Promise<unknown> = Promise.resolve();

  /** For the runtime. */
  constructor(options: LaneMovesOptions) {
    this.#options = options;
    this.#all = Array.from({ length: options.workers }, (_, worker) => worker);
    options.pools.beforeEnd = async (id) => {
      if (this.#move?.pool.id === id) await this.#current;
    };
  }

  move(request: LaneMoveRequest): Promise<LaneMoveInfo> {
    return this.apart(() => this.#begin(request));
  }

  /** Calls `call` when the moves that were asked for before are over; no lane moves meanwhile. */
  apart<T>(call: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(call);
    this.#tail = turn.catch(() => {}); // Whoever asked is told.
    return turn;
  }

  async clear(worker: number, moved: ClearedLane[] = []): Promise<readonly ClearedLane[]> {
    const { pools } = this.#options;
    for (const pool of pools.all) {
      for (const { group, index, worker: at } of pool.lanes) {
        if (at !== worker) continue;
        const lane = { poolId: pool.id, group, index };
        const to = this.#idlest(worker);
        try {
          const { isCarried } = await this.move({ ...lane, worker: to });
          moved.push({ ...lane, worker, to, isCarried });
        } catch (thrown) {
          if (thrown instanceof ChimaeraError && thrown.kind === "poolNotFound") break;
          throw thrown;
        }
      }
    }
    return moved;
  }

  /**
   * Before a new thread gets the lanes of a lost worker: one that is leaving it may be on the other
   * worker already, and must not begin anew here.
   */
  async #settle(worker: number): Promise<void> {
    const move = this.#move;
    if (move === null || move.from !== worker || move.stage !== Stage.restore) return;
    await atMost(this.stepMs, move.decided.promise);
  }

  /**
   * Shows a new thread the pools, and has it keep back what the lost one would have: what its
   * clients send now would come before what others have kept for them. One of the two that the lane
   * goes between is not told: the move must end with it, and ends.
   */
  async replay(worker: number, ask: LaneMovesOptions["ask"]): Promise<void> {
    await this.#settle(worker);
    await this.#options.pools.replay(worker, ask);
    const move = this.#move;
    if (move === null || !holdsAgain(move, worker)) return;
    await ask(worker, { kind: "laneMove", order: orderOf(move, holdOf(move, worker, true)) });
  }

  #decide(move: Move, stage: Stage): void {
    move.stage = stage;
    move.decided.resolve();
  }

  /** The node ends, and its workers answer nothing more. */
  end(error: ChimaeraError): void {
    this.#ended = error;
  }

  /** The worker with the fewest lanes, other than one. */
  #idlest(except: number): number {
    const lanes = this.#options.pools.lanesOfWorker;
    let best = -1;
    lanes.forEach((count, worker) => {
      if (worker !== except && (best < 0 || count < lanes[best]!)) best = worker;
    });
    return best;
  }

  async #begin(request: LaneMoveRequest): Promise<LaneMoveInfo> {
    const { pools, workers } = this.#options;
    const pool = pools.get(request.poolId);
    const { group, index, worker: to } = request;
    const what = `move lane ${group}/${index} of pool ${pool.request.name}`;
    const lane = pool.lanes.find((lane) => lane.group === group && lane.index === index);
    if (lane === undefined) {
      const hint = "`chimaera lane list` names the lanes of each pool";
      throw new ChimaeraError("noLane", { what, why: "the pool has no such lane", hint });
    }
    if (!(Number.isInteger(to) && to >= 0 && to < workers)) {
      const why = `there is no worker ${to}; the last one is ${workers - 1}`;
      const hint = `name one of the node's workers, from 0 to ${workers - 1}`;
      throw new ChimaeraError("badField", { what, why, hint });
    }
    const from = lane.worker;
    if (from === to) return { from, isCarried: true, tasks: 0, stallMs: 0 };
    const change = routeChange(pool, lane, to, workers);
    const decided = Promise.withResolvers<void>();
    const id = ++this.#lastId;
    const move: Move = { id, pool, lane, from, to, change, stage: Stage.begin, decided };
    this.#move = move;
    const moving = this.#carryOut(move);
    this.#current = moving.catch(() => {}); // Whoever asked is told.
    try {
      return await moving;
    } finally {
      this.#move = null;
    }
  }

  async #carryOut(move: Move): Promise<LaneMoveInfo> {
    const { clock, pools } = this.#options;
    const { pool, lane, from, to, change } = move;
    let startMs = 0;
    let saved: SaveResult;
    try {
      const prepare = { step: "prepare", module: pool.module } as const;
      await Promise.all([this.#ask(move, from, prepare), this.#ask(move, to, prepare)]);
      startMs = clock.nowMs();
      // The admin's handlers wait for this thread and keep nothing in their instance; the one that
      // asks for this move would wait for itself.
      const drain = pool.id !== ADMIN_POOL_ID;
      await this.#ask(move, from, { step: "plug", drain }, this.drainMs);
      move.stage = Stage.hold;
      await this.#askAll(move, (worker) => holdOf(move, worker, false));
      saved = await this.#ask(move, from, { step: "save", to }) as SaveResult;
      move.stage = Stage.restore;
      await this.#restore(move, saved);
    } catch (thrown) {
      this.#decide(move, Stage.end);
      await this.#cancel(move);
      throw thrown;
    }
    // The lane runs on its new worker: there is no way back, and so no limit.
    pools.moved(lane, to);
    pool.homeWorker = change.homeWorker;
    this.#decide(move, Stage.switch);
    const switched = { step: "switch", to, homeWorker: pool.homeWorker } as const;
    await this.#askAll(move, () => switched, Infinity);
    const stallMs = clock.nowMs() - startMs;
    move.stage = Stage.end;
    await this.#askAll(move, () => ({ step: "release" }), Infinity);
    return { from, isCarried: saved.isCarried, tasks: saved.tasks, stallMs };
  }

  /**
   * Hands the parcel over. A worker that is late may have restored the lane all the same: only it
   * can say, however long that takes.
   */
  async #restore(move: Move, saved: SaveResult): Promise<void> {
    const { pool, lane, to } = move;
    const { paramsLayout, params } = pool.request;
    try {
      await this.#ask(move, to, {
        step: "restore",
        ...saved,
        module: pool.module,
        isHome: isHome(pool, lane),
        shared: pool.shared,
        paramsLayout,
        params: [...params],
      });
    } catch (thrown) {
      const answer = await this.#ask(move, to, { step: "cancel" }, Infinity) as CancelResult | null;
      if (answer?.isRestored === false) throw thrown;
    }
  }

  /**
   * Everything as it was before. A worker that is held up hears of it when it comes back: orders
   * are carried out in turn.
   */
  async #cancel(move: Move): Promise<void> {
    const cancels = this.#all.map((worker) => this.#ask(move, worker, { step: "cancel" }));
    await Promise.allSettled(cancels);
  }

  /** Takes a step on all workers at once. */
  async #askAll(move: Move, stepOf: (worker: number) => Step, limitMs?: number): Promise<void> {
    const asked = this.#all.map((worker) => this.#ask(move, worker, stepOf(worker), limitMs));
    await Promise.all(asked);
  }

  /** Takes a step on a worker. CHI-4018, or 4017 for plug, when it takes too long. */
  async #ask(
    move: Move,
    worker: number,
    step: Step,
    limitMs: number = this.stepMs,
  ): Promise<unknown> {
    if (this.#ended !== null) throw this.#ended;
    const order = orderOf(move, step);
    const answer = this.#options.ask(worker, { kind: "laneMove", order });
    if (limitMs === Infinity) return await answer.catch(unlessLost);
    answer.catch(() => {}); // One that comes too late is nobody's business.
    if (await atMost(limitMs, answer)) return await answer;
    const what = whatOf(move);
    if (step.step === "plug") {
      const why = `what it has begun did not end in ${limitMs} ms`;
      throw new ChimaeraError("laneBusy", { what, why });
    }
    const why = `worker ${worker} did not answer \`${step.step}\` in ${limitMs} ms`;
    throw new ChimaeraError("laneMoveFailed", { what, why });
  }
}

/** A lost worker has nothing left to change: the one in its place begins with what the node knows. */
function unlessLost(thrown: unknown): null {
  const lost = thrown instanceof ChimaeraError &&
    (thrown.kind === "workerDied" || thrown.kind === "workerStalled");
  if (lost) return null;
  throw thrown;
}

function whatOf({ pool, lane }: Move): string {
  return `move lane ${lane.group}/${lane.index} of pool ${pool.request.name}`;
}

function orderOf({ id: moveId, pool, lane }: Move, step: Step): LaneMoveOrder {
  const { group, index } = lane;
  return { ...step, moveId, poolId: pool.id, group, index } as LaneMoveOrder;
}

function holdOf({ change }: Move, worker: number, isLate: boolean): Step {
  return { step: "hold", isWhole: change.of.has(worker), isLate };
}

/** Whether a worker whose thread was replaced keeps tasks back again. */
function holdsAgain({ stage, from, to, change }: Move, worker: number): boolean {
  if (stage === Stage.hold || stage === Stage.restore) return worker !== from && worker !== to;
  return stage === Stage.switch && change.of.has(worker);
}

/** Whether a lane is the one whose instance ran `create`: the first that was placed. */
function isHome(pool: Pool, lane: PlacedLane): boolean {
  return pool.lanes[0] === lane;
}

/** What a move does to the ways of the pool's tasks. */
interface RouteChange {
  readonly homeWorker: number;
  /** Workers whose tasks for the pool go another way than before, whatever their lane. */
  readonly of: ReadonlySet<number>;
}

/** A worker with a lane of the pool maps tasks itself; others send them to the home worker. */
function routeChange(pool: Pool, moved: PlacedLane, to: number, workers: number): RouteChange {
  const homeWorker = isHome(pool, moved) ? to : pool.homeWorker;
  const hasLane = (worker: number, at: (lane: PlacedLane) => number) =>
    pool.lanes.some((lane) => at(lane) === worker);
  const of = new Set<number>();
  for (let worker = 0; worker < workers; worker++) {
    const before = hasLane(worker, (lane) => lane.worker);
    const after = hasLane(worker, (lane) => lane === moved ? to : lane.worker);
    if (before !== after || (!before && pool.homeWorker !== homeWorker)) of.add(worker);
  }
  return { homeWorker, of };
}

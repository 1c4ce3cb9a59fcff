/**
 * A worker's part in moving lanes from one worker to another; the steps are in
 * `lane_move_orders.ts`, and the thread that assembled the node takes them in turn, for one lane at
 * a time.
 *
 * Why no task is lost, repeated or overtaken: a plugged lane's tasks all come to its queue, until
 * every worker keeps what it has for the lane and the last of what it had sent before has arrived
 * (fences). Then the queue is complete and goes as one piece. What was kept follows it, in order,
 * by the same links as what is sent later. Where the way of other lanes' tasks changes too (the
 * container has come to a worker, has left one, or has another home) the workers concerned keep all
 * of the container's tasks, and go on when what took the old way has arrived.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import { asOffset } from "../memory/mod.ts";
import { ADMIN_POOL_ID, H, type Task, TaskState } from "../task/mod.ts";
import type { ContainerOnWorker } from "./container.ts";
import type { Containers } from "./containers.ts";
import { LANE_COUNTER } from "./counters.ts";
import type { Executor } from "./executor.ts";
import { Fences } from "./fences.ts";
import type { Flushes } from "./flushes.ts";
import { HELD, type Lane } from "./lane.ts";
import { LaneHold } from "./lane_hold.ts";
import { LanePlug } from "./lane_plug.ts";
import type {
  CancelResult,
  HoldOrder,
  LaneMoveOrder,
  PlugOrder,
  RestoreOrder,
  SaveOrder,
  SaveResult,
  SwitchOrder,
} from "./lane_move_orders.ts";
import type { Module } from "./module.ts";
import { entrust, entrustParcel, giveUpTasks } from "./moving_tasks.ts";
import type { Periodics } from "./periodics.ts";
import type { Router } from "./router.ts";
import {
  packParcel,
  type Parcel,
  readParcel,
  type SavedState,
  saveOf,
  serializer,
} from "./saved_state.ts";
import { TrialBlocks } from "./trial_blocks.ts";
import type { WorkerState } from "./worker_state.ts";

/** Of a module that saves no state. */
const NOTHING: SavedState = { v: 0, state: undefined, pointers: [] };

/** What of a worker has a part of a lane, besides its queue. */
export interface LaneMoveParts {
  readonly containers: Containers;
  readonly executor: Executor;
  readonly periodics: Periodics;
  readonly flushes: Flushes;
}

/** What this worker knows of the move under way. */
interface Move {
  readonly id: number;
  readonly lane: Lane;
  /** Of the worker that the lane leaves. */
  plug: LanePlug | null;
  saved: SavedState | null;
  /** Place of the parcel, and the worker that it is for; 0: there is none. */
  parcel: number;
  to: number;
  /** The instance that the lane left here. */
  left: Module | null;
  isRestored: boolean;
  /** Blocks of the instance that is made here. */
  readonly trial: TrialBlocks;
}

export class LaneMoves {
  readonly #state: WorkerState;
  readonly #containers: Containers;
  readonly #executor: Executor;
  readonly #router: Router;
  readonly #periodics: Periodics;
  readonly #flushes: Flushes;
  readonly #fences: Fences;
  #move: Move | null = null;
  /** Moves up to this one are over. */
  #lastId = 0;

  constructor(
    state: WorkerState,
    router: Router,
    { containers, executor, periodics, flushes }: LaneMoveParts,
  ) {
    this.#state = state;
    this.#containers = containers;
    this.#executor = executor;
    this.#router = router;
    this.#periodics = periodics;
    this.#flushes = flushes;
    this.#fences = new Fences(state.links, state.id, state.workers);
  }

  /** A fence of another worker. */
  receiveFence(from: number, key: number): void {
    this.#fences.receive(from, key);
  }

  /** A worker is lost, with the tasks of a lane on its way there; what it had sent is here. */
  lose(worker: number): void {
    this.#fences.lose(worker);
    const move = this.#move;
    if (move === null || move.parcel === 0 || move.to !== worker) return;
    giveUpTasks(this.#state, move.lane, this.#periodics);
    const { words } = this.#state.counters;
    words[move.lane.counter + LANE_COUNTER.worker] = this.#state.id;
    words[move.lane.counter + LANE_COUNTER.waiting] = 0;
  }

  /** Takes a step. Throws CHI-4017 or CHI-4018, or what the module threw. */
  carryOut(order: LaneMoveOrder): Promise<unknown> | unknown {
    switch (order.step) {
      case "prepare":
        return this.#containers.prepare(order.module).then(() => null);
      case "plug":
        return this.#plug(order);
      case "hold":
        return this.#hold(order);
      case "save":
        return this.#save(order);
      case "restore":
        return this.#restore(order);
      case "switch":
        return this.#switch(order);
      case "release":
        return this.#release(order);
      case "cancel":
        return this.#cancel(order);
    }
  }

  #moveOf(order: LaneMoveOrder): Move {
    if (this.#move?.id === order.moveId) return this.#move;
    const lane = this.#state.containers[order.poolId]?.groups[order.group]?.[order.index];
    if (order.moveId <= this.#lastId || lane === undefined) {
      const what = `move lane ${order.group}/${order.index} of pool ${order.poolId}`;
      throw new ChimaeraError("laneMoveFailed", { what, why: "the move is over" });
    }
    return this.#move = {
      id: order.moveId,
      lane,
      plug: null,
      saved: null,
      parcel: 0,
      to: -1,
      left: null,
      isRestored: false,
      trial: new TrialBlocks(),
    };
  }

  // ---- the worker that the lane leaves ---------------------------------------------------------

  #plug(order: PlugOrder): Promise<void> {
    const plugged = this.#plugOf(order).close(order.drain);
    if (order.poolId === ADMIN_POOL_ID) this.#flushes.handOn();
    return plugged;
  }

  #plugOf(order: LaneMoveOrder): LanePlug {
    const move = this.#moveOf(order);
    return move.plug ??= new LanePlug(this.#state, this.#executor, move.lane);
  }

  async #save(order: SaveOrder): Promise<SaveResult> {
    const state = this.#state;
    const move = this.#moveOf(order);
    const { lane } = move;
    this.#mustHold(move);
    const server = lane.server!;
    const isCarried = server.saveState !== undefined;
    const saved = isCarried ? await saveOf(server, lane) : NOTHING;
    const bytes = isCarried ? (await serializer()).serialize(saved.state) : new Uint8Array(0);
    if (move.id <= this.#lastId) throw over(lane);
    // From here to the end nothing can come in between.
    for (const block of saved.pointers) block.give();
    move.saved = saved;
    const periodics = this.#periodics.rest(lane);
    const parcel = packParcel(state.node, state.heap, lane, saved, bytes, periodics);
    move.parcel = parcel;
    move.to = order.to;
    lane.sendTo = HELD;
    // If the other worker is lost with the parcel, its tasks fail with what else it had.
    entrust(state, lane, this.#periodics, order.to);
    return { parcel, isCarried, tasks: lane.waiting };
  }

  /** The lane has arrived elsewhere: forgets what was its own here. */
  #forget(move: Move, container: ContainerOnWorker): void {
    const state = this.#state;
    const { lane } = move;
    giveUpTasks(state, lane, this.#periodics);
    state.plug = null;
    lane.listed = false;
    move.left = lane.server;
    for (const block of move.saved?.pointers ?? []) block.leave();
    lane.server = null;
    state.lanes[lane.id] = undefined;
    state.heap.free(asOffset(move.parcel));
    move.parcel = 0;
    // With the last lane of the container the way to the others has gone too.
    const other = container.groups.flat().find((own) => own?.server)?.server ?? null;
    const hold = container.hold!;
    if (hold.isWhole) hold.router = other;
    else if (container.router === move.left) container.router = other;
  }

  // ---- the worker that the lane comes to -------------------------------------------------------

  async #restore(order: RestoreOrder): Promise<void> {
    const move = this.#moveOf(order);
    const { node } = this.#state;
    const parcel = readParcel(node, asOffset(order.parcel));
    try {
      await this.#take(move, order, parcel);
    } catch (thrown) {
      // If the other worker is lost before it hears of this, it is the one to fail its tasks.
      if (move.id > this.#lastId) entrustParcel(node.i32, parcel, move.lane.worker);
      throw thrown;
    }
  }

  async #take(move: Move, order: RestoreOrder, parcel: Parcel): Promise<void> {
    const { lane } = move;
    this.#mustHold(move);
    const { node, heap } = this.#state;
    await this.#router.knowsPorts([...parcel.tasks, ...parcel.periodics]);
    let saved: SavedState | null = null;
    if (order.isCarried) {
      const { deserialize } = await serializer();
      // From the time of `cancel` on they are the other one's again.
      if (move.id <= this.#lastId) throw over(lane);
      const pointers = move.trial.take(node, heap, parcel.blocks);
      saved = { v: parcel.v, state: deserialize(parcel.state), pointers };
    }
    let module: Module;
    try {
      module = await this.#containers.receive(lane, order, saved, move.trial);
    } catch (thrown) {
      const what = `${lane.container.libExec.libName}.${saved ? "restoreState" : "create"}`;
      throw toChimaeraError(thrown, "laneMoveFailed", what);
    }
    if (move.id <= this.#lastId) {
      // Too late: the lane runs on where it was.
      try {
        await (saved === null ? module.close?.() : module.movedAway?.());
      } finally {
        move.trial.drop();
      }
      throw over(lane);
    }
    this.#adopt(move, module, parcel);
    move.trial.keep();
  }

  #adopt(move: Move, module: Module, parcel: Parcel): void {
    const state = this.#state;
    const { lane } = move;
    const { container } = lane;
    const { words } = state.counters;
    words[lane.counter + LANE_COUNTER.worker] = state.id;
    words[lane.counter + LANE_COUNTER.waiting] = 0;
    lane.server = module;
    lane.place(state.id);
    state.lanes[lane.id] = lane;
    if (container.poolId === ADMIN_POOL_ID) this.#flushes.takeLead();
    const view = (block: number): Task => {
      container.active++;
      const type = container.typeOf(state.node.i32[block + H.method]!)!;
      return this.#router.view(container, type, block);
    };
    const periodics = new Map(parcel.periodics.map((periodic) => [periodic.block, periodic]));
    for (const { block, isGivenUp } of parcel.tasks) {
      const task = view(block);
      if (isGivenUp) task.header.state = TaskState.lapsed;
      const periodic = periodics.get(block);
      if (periodic !== undefined) this.#periodics.adopt(lane, task, periodic);
      state.enqueue(lane, task);
    }
    for (const periodic of parcel.periodics) {
      if (!periodic.isQueued) this.#periodics.adopt(lane, view(periodic.block), periodic);
    }
    move.isRestored = true;
    const hold = container.hold!;
    if (hold.isWhole) hold.router ??= module;
    else {
      container.router ??= module;
      this.#router.release(container, hold.takeAll());
    }
  }

  // ---- every worker ----------------------------------------------------------------------------

  #hold(order: HoldOrder): Promise<void> {
    const move = this.#moveOf(order);
    const { lane } = move;
    const { container } = lane;
    const { isWhole, isLate } = order;
    // A thread that has taken a lost one's place may be told twice.
    if (container.hold?.moveId !== move.id) {
      container.hold = new LaneHold(move.id, lane, isWhole, isWhole ? container.router : null);
      if (isWhole) container.router = null;
      // The lane's own worker goes on adding to the queue, until it is saved.
      if (lane.server === null) lane.sendTo = HELD;
    }
    if (isLate) return Promise.resolve();
    return this.#fences.pass(move.id * 2).then(() => this.#router.earlyTasksGone());
  }

  #switch(order: SwitchOrder): Promise<void> {
    const move = this.#moveOf(order);
    const { lane } = move;
    const { container } = lane;
    lane.place(order.to);
    container.homeWorker = order.homeWorker;
    if (move.parcel !== 0) this.#forget(move, container);
    // A thread that took a lost one's place after `hold` has kept nothing.
    const { hold } = container;
    if (hold !== null && !hold.isWhole) this.#router.release(container, hold.takeAll());
    return this.#fences.pass(move.id * 2 + 1);
  }

  /** Throws CHI-4018 on a thread that took the place of one which was lost after `hold`. */
  #mustHold({ id, lane }: Move): void {
    if (lane.container.hold?.moveId === id) return;
    const what = whatOf(lane);
    throw new ChimaeraError("laneMoveFailed", { what, why: "its worker was replaced meanwhile" });
  }

  async #release(order: LaneMoveOrder): Promise<void> {
    const move = this.#moveOf(order);
    this.#endHold(move.lane.container);
    this.#over(move);
    const { left } = move;
    if (left !== null) await (left.saveState === undefined ? left.close?.() : left.movedAway?.());
  }

  #endHold(container: ContainerOnWorker): void {
    const { hold } = container;
    if (hold === null) return;
    container.hold = null;
    if (hold.isWhole) container.router = hold.router;
    this.#router.release(container, hold.takeAll());
  }

  #cancel(order: LaneMoveOrder): CancelResult {
    const move = this.#move;
    if (move === null || move.id !== order.moveId) {
      this.#end(order.moveId);
      return { isRestored: false };
    }
    if (move.isRestored) return { isRestored: true };
    const { lane } = move;
    move.trial.revoke();
    lane.sendTo = lane.worker;
    for (const block of move.saved?.pointers ?? []) block.takeBack();
    if (move.parcel !== 0) {
      this.#state.heap.free(asOffset(move.parcel));
      entrust(this.#state, lane, this.#periodics, this.#state.id);
    }
    this.#over(move);
    this.#periodics.resume(lane);
    move.plug?.open();
    this.#endHold(lane.container);
    return { isRestored: false };
  }

  #over(move: Move): void {
    this.#move = null;
    this.#end(move.id);
  }

  #end(moveId: number): void {
    this.#lastId = Math.max(this.#lastId, moveId);
    this.#fences.end(moveId * 2 + 1);
  }
}

function whatOf({ group, index, container }: Lane): string {
  return `move lane ${group}/${index} of pool ${container.poolName}`;
}

function over(lane: Lane): ChimaeraError {
  const what = whatOf(lane);
  return new ChimaeraError("laneMoveFailed", { what, why: "the move was given up meanwhile" });
}

/**
 * From a task block to a lane: the domain query picks the container, the module's `mapTaskToLane`
 * the lane, and the lane's worker gets the task.
 *
 * Thread rules: one worker's isolate.
 */

import { resolveOne, Unresolved } from "../domain/mod.ts";
import { ChimaeraError, toChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { H, type Task, TaskFlag, TaskState, type TaskType } from "../task/mod.ts";
import type { Answers } from "./answers.ts";
import type { ContainerOnWorker } from "./container.ts";
import { WORKER_COUNTER } from "./counters.ts";
import { EarlyTasks } from "./early_tasks.ts";
import { HELD, Lane } from "./lane.ts";
import type { KeptTask } from "./lane_hold.ts";
import { LinkKind } from "./links.ts";
import type { Module } from "./module.ts";
import type { Periodics } from "./periodics.ts";
import { FencedOff, type WorkerState } from "./worker_state.ts";

export class Router {
  readonly #state: WorkerState;
  readonly #answers: Answers;
  readonly #periodics: Periodics;
  readonly #early = new EarlyTasks();
  readonly #onEarly: (port: number) => void;

  /** @param onEarly Called when the first task of a port came that is not known here. */
  constructor(
    state: WorkerState,
    answers: Answers,
    periodics: Periodics,
    onEarly: (port: number) => void,
  ) {
    this.#state = state;
    this.#answers = answers;
    this.#periodics = periodics;
    this.#onEarly = onEarly;
  }

  /** Brings a task to its lane, here or on another worker. */
  route(container: ContainerOnWorker, task: Task): void {
    const router = container.router;
    if (router !== null) this.#map(container, router, task);
    else this.#toHome(container, task);
  }

  #toHome(container: ContainerOnWorker, task: Task): void {
    const hold = container.hold;
    if (hold !== null && hold.isWhole) hold.keep(task, null);
    else this.#forward(container.homeWorker, LinkKind.route, task, 0);
  }

  /** Has the instance `router` choose a lane. */
  #map(container: ContainerOnWorker, router: Module, task: Task): void {
    const words = this.#state.node.i32;
    const block = task.header.block;
    const id = resolveOne(
      words[block + H.queryKind]!,
      words[block + H.queryFirst]!,
      words[block + H.querySecond]!,
      1,
    );
    if (id < 0) {
      this.#answers.fail(task, unresolved(id, container));
      return;
    }
    if (words[block + H.periodUs] !== 0 && isPeriodic(words, block)) {
      const { home } = container;
      if (home.sendTo === this.#state.id) this.#periodics.begin(home, task);
      else this.#elsewhere(home, task);
      return;
    }
    let lane: Lane;
    try {
      lane = router.mapTaskToLane(task);
    } catch (thrown) {
      this.#answers.fail(
        task,
        toChimaeraError(thrown, "handlerThrew", `${container.nameOf(task)}: lane`),
      );
      return;
    }
    if (this.#state.fenced) throw new FencedOff();
    if (!(lane instanceof Lane) || lane.container !== container) {
      this.#answers.fail(
        task,
        new ChimaeraError("noLane", {
          what: container.nameOf(task),
          why: "mapTaskToLane returned something that is no lane of the container",
        }),
      );
      return;
    }
    if (lane.sendTo === this.#state.id) this.#state.enqueue(lane, task);
    else this.#elsewhere(lane, task);
  }

  /** Hands a task to its lane's worker, or keeps it while the lane moves. */
  #elsewhere(lane: Lane, task: Task): void {
    if (lane.sendTo === HELD) lane.container.hold!.keep(task, lane);
    else this.#forward(lane.sendTo, LinkKind.lane, task, lane.id);
  }

  /** Sends on what a move kept back, each to the lane that was chosen for it. */
  release(container: ContainerOnWorker, tasks: readonly KeptTask[]): void {
    for (const { task, lane } of tasks) {
      this.#lookForAbort(task);
      if (lane === null) this.route(container, task);
      else if (lane.sendTo === this.#state.id) this.#enqueue(lane, task);
      else this.#elsewhere(lane, task);
    }
  }

  /** Has a task that was begun here begin anew where its lane is now. */
  readonly handOn = (lane: Lane, task: Task): void => {
    this.release(lane.container, [{ task, lane }]);
  };

  /** A task of another worker's choice of lane, which may be a periodic one. */
  #enqueue(lane: Lane, task: Task): void {
    const words = this.#state.node.i32;
    const block = task.header.block;
    if (words[block + H.periodUs] !== 0 && isPeriodic(words, block)) {
      this.#periodics.begin(lane, task);
    } else this.#state.enqueue(lane, task);
  }

  /** The task object of a block that another worker handed over. */
  view(container: ContainerOnWorker, type: TaskType, block: number): Task {
    const task = this.#state.view(container, type, block);
    this.#lookForAbort(task);
    return task;
  }

  /** Marks a task that took longer to come than the news that nobody wants it. */
  #lookForAbort(task: Task): void {
    const { earlyAborts, node } = this.#state;
    if (earlyAborts.has(node.i32, task.header.block)) task.header.state = TaskState.lapsed;
  }

  /** A block that another worker handed over, for a lane (`kind` lane) or to be routed. */
  receive(kind: number, block: number, laneId: number): void {
    const state = this.#state;
    const port = state.node.i32[block + H.rootOrigin]!;
    if (port > 0 && !state.ports.has(port)) {
      this.#keepEarly(port, kind, block, laneId);
      return;
    }
    const poolId = state.node.i32[block + H.pool]!;
    const container = state.containers[poolId];
    const type = container?.typeOf(state.node.i32[block + H.method]!);
    if (container === undefined || type === undefined) {
      const why = `pool ${poolId} was ended while the task was on its way`;
      this.#answers.failBlock(
        block,
        new ChimaeraError("poolNotFound", { what: "run a task", why }),
      );
      return;
    }
    if (layoutChanged(type, state.node.i32, block)) {
      const what = `${container.libExec.libName}.${
        container.libExec.methodNames[type.layout.method]
      }`;
      const why = "the module was upgraded while the task was on its way, and its fields changed";
      this.#answers.failBlock(block, new ChimaeraError("layoutMismatch", { what, why }));
      return;
    }
    state.node.i32[block + H.custodian] = state.id;
    container.active++;
    const task = this.view(container, type, block);
    const lane = kind === LinkKind.lane ? state.lanes[laneId] : undefined;
    if (lane !== undefined && lane.sendTo === state.id) {
      this.#enqueue(lane, task);
      return;
    }
    // What others sent here is older than what they hold back: it still goes the way of before.
    const router = container.router ?? container.hold?.router ?? null;
    if (router !== null) this.#map(container, router, task);
    else this.#toHome(container, task);
  }

  /** Whether tasks wait here for their root's port. */
  get hasEarly(): boolean {
    return !this.#early.isEmpty;
  }

  /** Keeps a task until its root's port is known here; see EarlyTasks. */
  #keepEarly(port: number, kind: number, block: number, laneId: number): void {
    this.#state.node.i32[block + H.custodian] = this.#state.id;
    if (this.#early.keep(port, kind, block, laneId)) this.#onEarly(port);
  }

  /** Resolves when no task that has come by now waits for its port any more. */
  earlyTasksGone(): Promise<void> {
    return this.#early.gone();
  }

  /** Resolves when the ports are known here that the roots of these tasks came from. */
  async knowsPorts(tasks: readonly { readonly block: number }[]): Promise<void> {
    const { node, ports } = this.#state;
    const roots = new Set(tasks.map(({ block }) => node.i32[block + H.rootOrigin]!));
    for (const port of roots) {
      if (port <= 0 || ports.has(port)) continue;
      const known = this.#early.opened(port);
      this.#onEarly(port);
      await known;
    }
  }

  /** A port is known from here on: what came before it goes on. */
  portOpened(port: number): void {
    this.#early.release(port, (kind, block, laneId) => this.receive(kind, block, laneId));
  }

  /** No port of the session will come any more: whatever waited for one belongs to nobody. */
  sessionGone(sessionId: number): void {
    this.#early.releaseSession(sessionId, (_kind, block) => {
      const why = "the session that it belongs to has ended";
      this.#answers.failBlock(
        block,
        new ChimaeraError("sessionClosed", { what: "run a task", why }),
      );
    });
  }

  #forward(worker: number, kind: LinkKind, task: Task, laneId: number): void {
    const state = this.#state;
    const block = task.header.block;
    const container = state.containers[task.header.poolId];
    if (!state.links.offer(worker, kind, block, laneId, 0)) {
      this.#answers.fail(task, noRoom(worker));
      return;
    }
    if (container !== undefined) container.active--;
    task.header.context = null;
    state.tasks.give(task);
    state.counters.words[state.counter + WORKER_COUNTER.forwarded]!++;
  }
}

/** Whether a task was judged by a version of the module that had other fields for it. */
export function layoutChanged(type: TaskType, words: Int32Array, block: number): boolean {
  return words[block + H.layoutHash] !== (type.layout.hash | 0);
}

function isPeriodic(words: Int32Array, block: number): boolean {
  return (words[block + H.flags]! & TaskFlag.longRunning) !== 0;
}

function noRoom(worker: number): ChimaeraError {
  return new ChimaeraError("outOfMemory", {
    what: `hand a task to worker ${worker}`,
    why: `${LIMITS.workerOverflowMax} tasks wait for it already`,
    hint: "wait for outstanding tasks before sending more; `chimaera status` shows stalled lanes",
  });
}

function unresolved(reason: number, container: ContainerOnWorker): ChimaeraError {
  const what = `task for pool ${container.poolName}`;
  switch (reason) {
    case Unresolved.pastEnd:
      return new ChimaeraError("domainEmpty", { what, why: "the query names no such container" });
    case Unresolved.unknown:
      return new ChimaeraError("badDomain", { what, why: "unknown kind of domain query" });
    default:
      return new ChimaeraError("domainEmpty", { what, why: "the query selects no container" });
  }
}

/**
 * A worker: the loop that takes tasks, runs lanes, answers, and sleeps.
 *
 * One pass is a `tick()`: take from clients and from other workers, fire timers, run lanes, publish
 * and ring. Between passes the loop lets resumed handlers go on (microtasks need no event loop),
 * and gives the event loop a turn when something foreign is pending. With nothing to do it sleeps:
 * in its event loop when something foreign is pending, in the kernel's ring when only disk
 * operations are, else in a futex. The bell wakes it everywhere.
 *
 * Thread rules: everything here runs on the worker's thread.
 */

import { LIMITS } from "../limits.ts";
import { Bell, BellState, ringBell } from "../memory/mod.ts";
import {
  type Clock,
  eventLoopTurn,
  every,
  ringDoorbell,
  type SharedWords,
} from "../platform/mod.ts";
import type { Task } from "../task/mod.ts";
import { Aborts } from "./aborts.ts";
import { Answers } from "./answers.ts";
import { ClientSessions } from "./client_sessions.ts";
import { Containers } from "./containers.ts";
import { DISK_BACKENDS, WORKER_COUNTER } from "./counters.ts";
import { ControlChannel } from "./control.ts";
import type { DiskBackend } from "./node_control.ts";
import { DiskQueue } from "./disk_queue.ts";
import { Executor } from "./executor.ts";
import { Flushes } from "./flushes.ts";
import { HeldWork } from "./held_work.ts";
import { Intake } from "./intake.ts";
import { LaneMoves } from "./lane_moves.ts";
import { LaneOrder } from "./lane_order.ts";
import { LoopVisits } from "./loop_visits.ts";
import { bellLineOf, LinkKind, type Links } from "./links.ts";
import { Periodics } from "./periodics.ts";
import { PoolUpgrades } from "./pool_upgrades.ts";
import { Router } from "./router.ts";
import type { RunContext, RunHost } from "./run_context.ts";
import { type SubtaskHooks, Subtasks } from "./subtasks.ts";
import { Takeover } from "./takeover.ts";
import { WireIntake } from "./wire_intake.ts";
import { blockOwner, nodeControl } from "./worker_edges.ts";
import type { WorkerOptions } from "./worker_options.ts";
import type { WorkerPace } from "./worker_pace.ts";
import { FencedOff, WorkerState } from "./worker_state.ts";
import { WorkerTimers } from "./worker_timers.ts";

export class LaneWorker implements RunHost {
  readonly workerId: number;
  readonly control: ControlChannel;
  readonly containers: Containers;
  readonly moves: LaneMoves;
  readonly upgrades: PoolUpgrades;
  readonly sessions: ClientSessions;
  readonly disk: DiskQueue;
  readonly words: Int32Array;
  readonly takeover: Takeover;
  readonly #bells: SharedWords;
  readonly #bell: Bell;
  readonly #clock: Clock;
  readonly #pace: WorkerPace | null;
  readonly #links: Links;
  readonly #state: WorkerState;
  readonly #router: Router;
  readonly #intake: Intake;
  readonly #wire: WireIntake;
  readonly #aborts: Aborts;
  readonly #flushes: Flushes;
  readonly executor: Executor;
  readonly #subtasks: Subtasks;
  readonly #timers = new WorkerTimers(() => this.wake());
  #parked = 0;
  readonly #visits = new LoopVisits();
  /** The handler that went on last outside a pass. */
  #resumed: RunContext | null = null;
  #stopping = false;
  /** Ends the present sleep in the event loop. */
  #poke: (() => void) | null = null;
  #lastTurnMs = 0;
  #tasksSinceTurn = 0;

  constructor(options: WorkerOptions) {
    const { id, workers, incarnation, node, heap, segments, links, counters, laneSeed } = options;
    this.workerId = id;
    this.words = node.i32;
    this.#bells = options.bells;
    this.#bell = new Bell(options.bells, bellLineOf(id));
    this.#clock = options.clock;
    this.#pace = options.pace;
    this.#links = links;
    const wake = () => this.wake();
    this.control = new ControlChannel(node, heap, links, options.onControl, wake, incarnation);
    const onBackend = (backend: DiskBackend) => {
      counters.words[counters.worker(id) + WORKER_COUNTER.disk] = DISK_BACKENDS.indexOf(backend);
    };
    const [bell, clock] = [this.#bell, this.#clock];
    this.disk = new DiskQueue({ heap, node, bell, clock, onReady: wake, onBackend });
    const flush = (rctx: RunContext) => this.#flushes.flush(rctx);
    const control = nodeControl(this.control, workers, flush);
    const parts = { id, workers, incarnation, node, heap, segments, links, counters, control };
    this.#state = new WorkerState({ ...parts, owner: blockOwner(segments) });
    this.#aborts = new Aborts(this.#state, () => this.executor, wake);
    const hooks: SubtaskHooks = {
      router: () => this.#router,
      onSubmit: wake,
      after: (ms, call) => this.after(ms, call),
      abort: this.#aborts.fromHandler,
    };
    this.#subtasks = new Subtasks(this.#state, hooks);
    const answers = new Answers(this.#state, this.#subtasks, () => this.#wire);
    const periodics = new Periodics(this.#state, this.#clock, this.#timers, answers);
    const onEarly = (port: number) => this.sessions.expect(port);
    this.#router = new Router(this.#state, answers, periodics, onEarly);
    this.#wire = new WireIntake(this.#state, this.#router, this.#aborts.fromClient);
    const { handOn } = this.#router;
    const ends = { answers, subtasks: this.#subtasks, periodics, handOn, onSettled: wake };
    const order = laneSeed === null ? null : new LaneOrder(laneSeed, id);
    this.executor = new Executor(this.#state, this, ends, this.#clock, order);
    this.#intake = new Intake(this.#state, this.#router, (session, why) => {
      this.control.send(workers, { kind: "malformed", sessionId: session.id, why });
    }, this.#aborts.fromClient);
    const takers = { router: this.#router, intake: this.#intake, executor: this.executor };
    this.sessions = new ClientSessions(this.#state, takers, this.control);
    this.containers = new Containers(this.#state, this, {
      load: options.load,
      executor: this.executor,
      endOf: this.#subtasks.endOf,
    });
    const work = new HeldWork(this.#state, this, this.#subtasks.endOf);
    const sources = { intake: this.#intake, wire: this.#wire, periodics, work };
    const flushes = this.#flushes = new Flushes(this.#state, sources, hooks);
    const served = { containers: this.containers, executor: this.executor, periodics, flushes };
    this.moves = new LaneMoves(this.#state, this.#router, served);
    this.upgrades = new PoolUpgrades(this.#state, this.#router, { ...served, answers });
    const known = { ...sources, ...served, router: this.#router, subtasks: this.#subtasks };
    const orders = { moves: this.moves, control: this.control };
    this.takeover = new Takeover(this.#state, { ...known, ...orders });
  }

  // ---- the loop --------------------------------------------------------------------------------

  /** Runs until {@linkcode stop}. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      if (this.#pace !== null) await this.#pace.next();
      const worked = this.tick();
      if (this.#foreign > 0) {
        this.#name();
        await this.#letHandlersRun();
      }
      if (worked > 0 || this.#state.ready.length > 0) {
        this.#visits.worked();
        if (this.#turnDue()) await this.#turn();
        continue;
      }
      await this.#sleep();
    }
    if (this.#state.fenced) throw new FencedOff();
    await eventLoopTurn(); // The order to stop is answered later than it is carried out.
    this.containers.close();
    this.disk.close();
    this.#flush();
    if (this.takeover.isRetiring) await this.takeover.leave();
  }

  /** One pass. Returns how much there was to do. */
  tick(): number {
    const words = this.#state.counters.words;
    if (this.#state.fenced) throw new FencedOff();
    words[this.#state.counter + WORKER_COUNTER.ticks]!++;
    words[this.#state.counter + WORKER_COUNTER.pool] = this.#state.poolBetweenHandlers;
    let worked = this.#links.poll(this.#onLink);
    worked += this.#intake.poll();
    worked += this.disk.poll();
    // The clock is read only where somebody waits for it.
    if (this.#timers.nextMs !== Infinity) worked += this.#timers.fire(this.#clock.nowMs());
    // Other workers begin with what is theirs before this one runs what is its own.
    if (worked > 0) this.#links.flush();
    worked += this.#state.runKin();
    const ran = this.executor.runLanes();
    this.#tasksSinceTurn += ran;
    this.#flush();
    this.#flushes.afterPass(ran);
    return worked + ran;
  }

  /** Ends the loop after the present pass. */
  stop(): void {
    this.#stopping = true;
    this.wake();
  }

  /** Ends a sleep in the event loop, from something that ran in it. */
  wake(): void {
    this.#poke?.();
  }

  /** In the place of a lost thread, the worker has what that one had: tasks may come. */
  takeTasks(): void {
    this.takeover.end(this.#onLink);
    this.wake();
  }

  readonly #onLink = (from: number, kind: number, a: number, b: number, c: number): void => {
    if (this.takeover.isWaiting && this.takeover.keep(from, kind, a, b, c)) return;
    switch (kind) {
      case LinkKind.lane:
      case LinkKind.route:
        this.#router.receive(kind, a, b);
        break;
      case LinkKind.abort:
        this.#aborts.receive(from, a, b, c);
        break;
      case LinkKind.abortSubtask:
        this.#aborts.receiveSubtask(from, a, b, c);
        break;
      case LinkKind.flush:
        this.#flushes.receive(from, a, b, c);
        break;
      case LinkKind.done:
        this.#subtasks.finishRemote(a, b, c);
        break;
      case LinkKind.control:
        this.control.receive(from, a, b);
        break;
      case LinkKind.fence:
        this.moves.receiveFence(from, a);
        break;
      case LinkKind.wire:
        this.#wire.receive(a, b, c);
        break;
    }
  };

  #flush(): void {
    this.disk.submit();
    this.#links.flush();
    const dirty = this.#state.dirty;
    for (let k = 0; k < dirty.length; k++) {
      const port = dirty[k]!;
      port.dirty = false;
      port.completions.publish();
      const found = ringBell(this.#bells, port.bellLine);
      if (found === BellState.eventLoop && port.doorbell >= 0) ringDoorbell(port.doorbell);
      if (port.session.closing) this.sessions.report(port.session);
    }
    dirty.length = 0;
    this.#state.epochs.show();
  }

  // ---- waiting ---------------------------------------------------------------------------------

  /** Handlers that are neither done nor waiting for something that this loop resolves. */
  get #foreign(): number {
    return this.executor.inFlight - this.#parked;
  }

  get #eventLoopWanted(): boolean {
    return this.#foreign > 0 || this.control.busy > 0;
  }

  #turnDue(): boolean {
    if (this.#eventLoopWanted) {
      return this.#tasksSinceTurn >= LIMITS.tickTasksMax ||
        (this.#clock.nowMs() - this.#lastTurnMs) * 1000 >= LIMITS.tickMicros;
    }
    return this.#parked > 0 && this.#visits.looksNow && this.#visitDueMs() <= 0;
  }

  /** Time until handlers that wait for this loop are given a visit to the event loop. */
  #visitDueMs(): number {
    return this.#visits.periodMs - (this.#clock.nowMs() - this.#lastTurnMs);
  }

  /** Says which handler runs until the next pass, as far as is known: the stall watch reads it. */
  #name(): void {
    const rctx = this.#resumed;
    // What is imported runs between passes, as what is resumed does, and is the likelier to hold it.
    if (rctx === null || this.#state.isTrying) return;
    const { words } = this.#state.counters;
    words[this.#state.counter + WORKER_COUNTER.method] = rctx.task.layout.method;
    words[this.#state.counter + WORKER_COUNTER.pool] = rctx.lane?.container.poolId ?? 0;
  }

  /** Lets handlers that were resumed go on to their end or their next wait. */
  async #letHandlersRun(): Promise<void> {
    for (let turn = 0; turn < LIMITS.microtaskTurns && this.#foreign > 0; turn++) await null;
  }

  async #turn(): Promise<void> {
    this.#state.counters.words[this.#state.counter + WORKER_COUNTER.turns]!++;
    await eventLoopTurn();
    this.#lastTurnMs = this.#clock.nowMs();
    this.#tasksSinceTurn = 0;
  }

  /** Whether a pass would find nothing to do: a worker that sleeps otherwise has lost a wake. */
  get idle(): boolean {
    return !this.#links.pending && !this.#intake.pending && this.#state.ready.length === 0 &&
      this.#state.dirty.length === 0 && !this.disk.pending && !this.#state.hasKin;
  }

  async #sleep(): Promise<void> {
    const counters = this.#state.counters.words;
    let timeoutMs = this.#longestSleepMs();
    if (this.#eventLoopWanted) return await this.#stayInEventLoop(timeoutMs);
    if (this.#parked > 0 || this.#visits.wokenForNothing) {
      const dueMs = this.#visitDueMs();
      if (dueMs <= 0) return await this.#visitEventLoop(timeoutMs);
      if (this.#parked > 0) timeoutMs = Math.min(timeoutMs, this.#visits.longestSleepMs(dueMs));
    }
    this.#bell.prepare(BellState.futex);
    if (this.idle && timeoutMs > 0) {
      counters[this.#state.counter + WORKER_COUNTER.sleeps]!++;
      if (this.disk.inFlight > 0) this.disk.sleep(timeoutMs);
      else if (this.#pace !== null) await this.#pace.sleep(this.#bell, timeoutMs);
      else this.#bell.sleep(timeoutMs);
    }
    this.#bell.finish();
  }

  async #stayInEventLoop(timeoutMs: number): Promise<void> {
    this.disk.watch();
    this.#bell.prepare(BellState.eventLoop);
    if (this.idle && timeoutMs > 0) await this.#sleepInEventLoop(timeoutMs);
    this.#bell.finish();
    this.#lastTurnMs = this.#clock.nowMs();
    this.#tasksSinceTurn = 0;
  }

  async #visitEventLoop(timeoutMs: number): Promise<void> {
    const lengthMs = this.#parked > 0 ? this.#visits.lengthMs : 0;
    this.#visits.visited();
    if (lengthMs === 0) await this.#turn();
    else await this.#stayInEventLoop(Math.min(timeoutMs, lengthMs));
  }

  /**
   * Until the next timer. A bell that a client damaged needs no limit here: the node's thread
   * nudges its workers every 100 ms while there are such clients, which costs nothing per task.
   */
  #longestSleepMs(): number {
    const nextMs = this.#timers.nextMs;
    const longestMs = this.#links.blocked ? 1 : Infinity;
    return nextMs === Infinity
      ? longestMs
      : Math.min(longestMs, Math.max(0, nextMs - this.#clock.nowMs()));
  }

  /** Until the bell, a handler that goes on, the timer, or a lost ring's 100 ms. */
  #sleepInEventLoop(timeoutMs: number): Promise<void> {
    this.#state.counters.words[this.#state.counter + WORKER_COUNTER.turns]!++;
    return new Promise((resolve) => {
      const boundMs = Math.min(LIMITS.sleepMs, Math.max(1, timeoutMs));
      const stop = every(boundMs, () => done());
      const done = () => {
        if (this.#poke !== done) return;
        this.#poke = null;
        stop();
        this.#bell.cancel();
        resolve();
      };
      this.#poke = done;
      this.#bell.sleepAsync(boundMs).then(done);
    });
  }

  // ---- RunHost ---------------------------------------------------------------------------------

  allocateSubtask = (type: Parameters<Subtasks["allocate"]>[0], parent: RunContext): Task =>
    this.#subtasks.allocate(type, parent);

  submitSubtask(task: Task): void {
    this.#subtasks.submit(task);
  }

  abortSubtasks(parent: RunContext): void {
    this.#subtasks.abortOf(parent);
  }

  sleep(ms: number, rctx: RunContext): Promise<void> {
    return this.#timers.sleep(this.#clock.nowMs() + ms, rctx);
  }

  after(ms: number, call: () => void): () => void {
    return this.#timers.add(this.#clock.nowMs() + ms, call);
  }

  parked(delta: number): void {
    this.#parked += delta;
  }

  resumed(rctx: RunContext): void {
    this.#resumed = rctx;
  }
}

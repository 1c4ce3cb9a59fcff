/**
 * A node: segments, workers, pools and sessions, put together on one thread.
 *
 * The assembling thread runs no module code and no tasks. It makes what workers share, carries out
 * what the admin module asks for, and watches the workers. It sleeps in its event loop.
 *
 * Thread rules: a `Node` belongs to the isolate that started it.
 */

import { ChimaeraError } from "./errors.ts";
import {
  ControlChannel,
  type ControlMessage,
  Counters,
  HostLoop,
  LinkKind,
  Links,
  linksBytes,
  type NodeStats,
  readLaneSeed,
  strayCount,
  type WorkerInfo,
  workerInfos,
} from "./lane/mod.ts";
import { LIMITS } from "./limits.ts";
import {
  type Allocator,
  BELL_BYTES,
  DebugHeap,
  Heap,
  Prefaulter,
  Segment,
  SegmentKind,
} from "./memory/mod.ts";
import {
  type LaneMover,
  LaneMoves,
  makeCorePools,
  type ModuleDirectory,
  type ModuleRegistry,
  Policies,
  type PoolDirectory,
  Pools,
  Recycling,
  ThreadRenewal,
  Upgrades,
  WorkerCrew,
} from "./module/mod.ts";
import { type Stall, StallWatch } from "./observe/mod.ts";
import { atMost, environment, processId, realClock, removeAll, VERSION } from "./platform/mod.ts";
import {
  type Instance,
  NodeSessions,
  openLocalSession,
  recordOfThis,
  type SegmentPlaces,
  type Session,
  type SessionDirectory,
  sessionsBytesMax,
  SessionServer,
  WireHost,
} from "./session/mod.ts";
import { defaultNodeBytes, type NodeOptions, segmentPlaces, workerCount } from "./node_options.ts";
import { loadRepos, makeRegistry } from "./node_repos.ts";
import { carryOut, type RequestedParts } from "./node_requests.ts";

/** A node in this process, started by `startNode`. */
export class Node {
  /** Worker threads. */
  readonly workers: number;
  /** Memory of tasks and tables, which every worker maps. */
  readonly segment: Segment;
  /** The words that threads sleep on. */
  readonly bells: Segment;
  /** Sessions in shared memory, those of this process too. */
  readonly sessions: SessionDirectory;
  readonly #sessions: NodeSessions;
  /** Every pool, and how to make one. */
  readonly pools: PoolDirectory;
  readonly #pools: Pools;
  /** Has lanes change their worker. */
  readonly moves: LaneMover;
  readonly #moves: LaneMoves;
  /** Replaces workers' threads. */
  readonly recycling: Recycling;
  readonly #renewal: ThreadRenewal;
  /** Modules of which pools can be made. */
  readonly modules: ModuleDirectory;
  readonly #registry: ModuleRegistry;
  /** Has modules' pools run newer code. */
  readonly upgrades: Upgrades;
  /** Whether blocks are fenced and tagged, as chosen. */
  readonly debugHeap: boolean;
  /** Seed by which turns of lanes are shuffled; null: not at all. */
  readonly laneSeed: number | null;
  readonly #heap: Allocator;
  readonly #links: Links;
  readonly #control: ControlChannel;
  readonly #prefaulter: Prefaulter;
  readonly #counters: Counters;
  readonly #loop: HostLoop;
  readonly #crew: WorkerCrew;
  /** Sessions of this process; closed with the node, if they are not before. */
  readonly #opened = new Set<Session>();
  readonly #policies: Policies;
  readonly #wire: WireHost;
  #server: SessionServer | null = null;
  #instance: Instance | null = null;
  readonly #stalls: StallWatch;
  readonly #parts: RequestedParts;
  /** Whether it ends, or has ended. */
  isStopping = false;
  #loopDone: Promise<void> = Promise.resolve();
  /** Resolves when somebody asked the node to stop. */
  readonly stopAsked: Promise<void>;
  #askStop!: () => void;

  private constructor(options: NodeOptions) {
    const workers = workerCount(options);
    this.workers = workers;
    const place = segmentPlaces(options.backing, options.instance);
    const sizeBytes = options.memoryBytes ?? defaultNodeBytes();
    const { node, bell } = SegmentKind;
    this.segment = Segment.create({ ...place(1), workers, id: 1, kind: node, sizeBytes });
    this.bells = Segment.create({ ...place(2), workers, id: 2, kind: bell, sizeBytes: BELL_BYTES });
    this.debugHeap = options.debugHeap ?? environment("CHIMAERA_DEBUG_HEAP") === "1";
    this.laneSeed = options.laneSeed ?? readLaneSeed();
    const heap = new Heap(this.segment);
    this.#heap = this.debugHeap ? new DebugHeap(heap, this.segment, workers) : heap;
    this.#prefaulter = new Prefaulter(this.segment, heap);
    const linksOffset = heap.alloc(linksBytes(workers + 1));
    const countersOffset = heap.alloc(Counters.bytes());
    this.#counters = new Counters(this.segment.i32, countersOffset);
    const words = this.bells.words;
    this.#links = new Links(this.segment, words, workers, workers + 1, linksOffset);
    this.#loop = new HostLoop(words, this.#links, workers);
    const onRequest = (message: ControlMessage, from: number) =>
      carryOut(this.#parts, message, from);
    const wake = () => this.#loop.wake();
    const links = this.#links;
    this.#control = new ControlChannel(this.segment, this.#heap, links, onRequest, wake, 0);
    this.#crew = this.#makeCrew(options, { linksOffset, countersOffset });
    const ask = this.#crew.ask;
    const counters = this.#counters;
    const tried = new Map<number, string>();
    const stallOf = (worker: number) => this.#stalls.stalled.get(worker);
    this.modules = this.#registry = makeRegistry(
      options,
      workers,
      ask,
      (worker) => stallOf(worker) !== undefined,
      tried,
      () => this.#renewal.note(),
    );
    const pools = new Pools({ workers, modules: this.#registry, counters, ask, stallOf });
    this.pools = this.#pools = pools;
    const moves = this.moves = this.#moves = new LaneMoves({
      workers,
      pools,
      clock: realClock,
      ask,
    });
    this.recycling = new Recycling({ workers, pools, moves, crew: this.#crew, clock: realClock });
    const onFailed = (error: ChimaeraError) => options.onRenewalFailed?.(error);
    this.#renewal = new ThreadRenewal({ workers, recycling: this.recycling, onFailed });
    const [registry, clock] = [this.#registry, realClock];
    this.upgrades = new Upgrades({ workers, pools, moves, registry, clock, ask });
    this.sessions = this.#sessions = this.#makeSessions(options, heap, place);
    this.#wire = new WireHost(this.segment, this.#heap, heap, links, workers, counters, wake);
    this.#policies = new Policies({ workers, ask, counters });
    const onStall = (stall: Stall) => options.onStall?.(stall);
    const namesOf = (id: number) => pools.namesOf(id);
    this.#stalls = new StallWatch(counters, workers, namesOf, tried, onStall, realClock);
    this.stopAsked = new Promise((resolve) => this.#askStop = resolve);
    this.#parts = {
      crew: this.#crew,
      pools,
      registry: this.#registry,
      upgrades: this.upgrades,
      moves,
      recycling: this.recycling,
      sessions: this.#sessions,
      policies: this.#policies,
      stats: () => this.stats(),
      askStop: () => this.#askStop(),
    };
  }

  /** Starts a node and its core pools. Throws CHI-1001 for options out of range. */
  static async start(options: NodeOptions = {}): Promise<Node> {
    const node = new Node(options);
    try {
      await node.#begin();
      await loadRepos(node.#registry, options);
      if (options.instance !== undefined) node.#serve(options.instance);
      return node;
    } catch (thrown) {
      await node.close();
      throw thrown;
    }
  }

  #makeSessions(options: NodeOptions, tables: Allocator, place: SegmentPlaces): NodeSessions {
    return new NodeSessions({
      workers: this.workers,
      node: this.segment,
      heap: tables,
      ask: this.#crew.ask,
      handOver: (worker, sessionId, handle) => {
        this.#crew.post(worker, { kind: "segment", sessionId, handle });
      },
      memoryBytesMax: sessionsBytesMax(options.sessionMemoryBytes),
      place,
    });
  }

  #makeCrew(
    options: NodeOptions,
    places: { linksOffset: number; countersOffset: number },
  ): WorkerCrew {
    const { workers, debugHeap } = this;
    const paths = options.instance?.paths;
    return new WorkerCrew({
      workers,
      control: this.#control,
      links: this.#links,
      counters: this.#counters,
      startMessage: (id, incarnation) => {
        const doorbellPath = paths?.workerDoorbell(id) ?? "";
        // The socket of the thread before this one.
        if (incarnation > 0 && doorbellPath !== "") removeAll(doorbellPath);
        return {
          kind: "start",
          id,
          workers,
          incarnation,
          node: this.segment.handle(),
          bells: this.bells.handle(),
          debugHeap,
          laneSeed: this.laneSeed,
          doorbellPath,
          ...places,
        };
      },
      restore: async (worker, ask) => {
        await this.#sessions.replay(worker, ask);
        this.upgrades.beforeReplay(worker);
        await this.#moves.replay(worker, ask);
        await this.#policies.replay(worker, ask);
      },
      failHeld: async (worker, error, ask) => {
        const blocks = this.#wire.failHeld(worker, error);
        await this.#sessions.failHeld(worker, error, ask, blocks);
      },
      stallAbandonMs: options.stallAbandonMs ?? Infinity,
      onLost: (lost) => options.onWorkerLost?.(lost),
      onBroken: this.fail,
    });
  }

  async #begin(): Promise<void> {
    this.#loopDone = this.#loop.run(this.#onLink, () => {
      this.#stalls.look();
      this.#crew.giveUp(this.#stalls.stalled.values());
      this.#prefaulter.advance();
    });
    await this.#crew.start();
    const { queue, proc } = await makeCorePools(this.#pools);
    const session = await this.#openSession(LIMITS.policySessionBytes);
    this.#policies.attach(session, this.#pools);
    await this.#policies.use("queue", queue.id);
    await this.#policies.use("proc", proc.id);
    this.#prefaulter.start();
  }

  // ---- messages of the workers -----------------------------------------------------------------

  readonly #onLink = (from: number, kind: number, a: number, b: number, c: number): void => {
    if (kind === LinkKind.control) this.#control.receive(from, a, b);
    else if (kind === LinkKind.wireDone) this.#wire.receive(a, b, c);
    else if (kind === LinkKind.wireFull) this.#wire.receiveFull(a, b, c);
  };

  // ---- what others use -------------------------------------------------------------------------

  /** A session of this process; clients that name none use the first. Its size may be left open. */
  async connect(sizeBytes: number = this.#sessions.fittingBytes): Promise<Session> {
    const session = await this.#openSession(sizeBytes);
    session.offerDefault();
    return session;
  }

  async #openSession(sizeBytes: number): Promise<Session> {
    if (this.isStopping) throw this.#stoppedError();
    const { workers, debugHeap } = this;
    const parts = { bells: this.bells.words, workers, debugHeap };
    const onClose = (closed: Session) => void this.#opened.delete(closed);
    const opened = await openLocalSession(this.#sessions, parts, sizeBytes, onClose);
    this.#opened.add(opened);
    return opened;
  }

  /** Lets other processes connect. */
  #serve(instance: Instance): void {
    const { workers, bells, debugHeap } = this;
    const { paths } = instance;
    const shared = { sessions: this.#sessions, workers, bells, debugHeap, wire: this.#wire };
    this.#instance = instance;
    this.#server = new SessionServer({ ...shared, paths, onBroken: this.fail });
    instance.publish(recordOfThis(paths.name, workers));
  }

  /** What the node tells about itself. */
  stats(): NodeStats {
    const workers = this.workerInfo();
    return {
      pid: processId(),
      version: VERSION,
      backing: this.segment.backing,
      diskBackend: workers.find(({ disk }) => disk !== "unused")?.disk ?? "unused",
      memoryBytes: this.segment.sizeBytes,
      usedBytes: this.#heap.stats().usedBytes,
      workers,
      sessions: [...this.#sessions.info(), ...this.#wire.info()],
      stalls: [...this.#stalls.stalled.values()],
      lost: this.#crew.lost,
      malformed: this.#sessions.malformed,
    };
  }

  /** Failures that modules left behind and that were no task's. */
  get strays(): number {
    return strayCount(this.#counters, this.workers);
  }

  /** Each worker's counters, a moment old. */
  workerInfo(): WorkerInfo[] {
    return workerInfos(this.#counters, this.workers);
  }

  #endSessions(error: ChimaeraError): void {
    this.#server?.end(error);
    this.#sessions.endLocal(error);
  }

  /** It cannot go on: its clients hear why, and whoever started it is asked to close it. */
  readonly fail = (error: ChimaeraError): void => {
    this.#endSessions(error);
    this.#askStop();
  };

  /**
   * Ends sessions, workers and memory. Tasks under way get a moment; what still runs after it is
   * given up, with the worker that runs it.
   */
  async close(): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    const ended = this.#stoppedError();
    this.#renewal.end();
    this.#endSessions(ended);
    const sessions = this.#sessions.list.map((session) => this.#sessions.close(session.id));
    await atMost(LIMITS.closeGraceMs, Promise.all(sessions));
    for (const session of this.#opened) await session.close();
    await this.#server?.close();
    await atMost(LIMITS.closeGraceMs, this.#renewal.over);
    await this.#crew.end();
    const stops = this.workerInfo().map(({ id }) => this.#control.request(id, { kind: "stop" }));
    const stopped = await atMost(LIMITS.closeGraceMs, Promise.all(stops));
    this.#moves.end(ended);
    this.upgrades.end(ended);
    this.#control.abandon(ended);
    this.#loop.end();
    await this.#loopDone;
    await this.#prefaulter.idle;
    if (stopped) {
      this.segment.discard();
      this.bells.discard();
    } else for (const thread of this.#crew.threads) thread.terminate();
    this.#registry.close();
    this.#instance?.release();
  }

  #stoppedError(): ChimaeraError {
    const what = `instance ${this.#instance?.paths.name ?? "in this process"}`;
    return new ChimaeraError("shutdown", { what, why: "the node is stopping" });
  }

  /** As {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

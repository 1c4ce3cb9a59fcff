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
  bellLineOf,
  ControlChannel,
  type ControlMessage,
  Counters,
  LinkKind,
  Links,
  linksBytes,
  type NodeStats,
  type PoolRequest,
  WORKER_COUNTER,
  type WorkerInfo,
} from "./lane/mod.ts";
import { LIMITS } from "./limits.ts";
import {
  type Allocator,
  type Backing,
  Bell,
  BELL_BYTES,
  BellState,
  DebugHeap,
  Heap,
  memoryFilesReachable,
  nudgeBell,
  Prefaulter,
  Segment,
  SegmentKind,
} from "./memory/mod.ts";
import {
  ModuleTable,
  Policies,
  Pools,
  type SegmentMessage,
  type WorkerStart,
} from "./module/mod.ts";
import { type Stall, StallWatch } from "./observe/mod.ts";
import {
  after,
  atMost,
  cpuCount,
  entryUrl,
  environment,
  every,
  ffiAvailable,
  isWritableFolder,
  machineMemoryBytes,
  processId,
  realClock,
  startThread,
  type Thread,
  VERSION,
} from "./platform/mod.ts";
import {
  type Instance,
  type InstancePaths,
  LOCAL_CLIENT,
  type NodeLink,
  NodeSessions,
  PROTOCOL_VERSION,
  type SegmentPlace,
  Session,
  SessionServer,
  WireHost,
} from "./session/mod.ts";
import { ADMIN_POOL_ID } from "./task/mod.ts";

export interface NodeOptions {
  /** Worker threads; one per processor and at least 2 when absent. */
  readonly workers?: number;
  /** Bytes of the node segment. */
  readonly memoryBytes?: number;
  /** Fence and tag blocks: errors of memory use are reported. CHIMAERA_DEBUG_HEAP=1 sets it. */
  readonly debugHeap?: boolean;
  /**
   * What other processes map: `memfd`, sealed memory files; `file`, files that trust this user;
   * `private`, nothing. The first that works when absent.
   */
  readonly backing?: Backing;
  /** Module repos: their modules' specs, besides the core ones. */
  readonly modules?: readonly Parameters<ModuleTable["add"]>[0][];
  /** Claimed runtime directory, for a node that other processes may connect to. */
  readonly instance?: Instance;
  /** Called when a handler holds its lane too long. */
  readonly onStall?: (stall: Stall) => void;
  /** Called when a worker fails outside any handler. */
  readonly onWorkerDeath?: (worker: number, why: string) => void;
}

export class Node {
  readonly workers: number;
  readonly segment: Segment;
  readonly bells: Segment;
  readonly sessions: NodeSessions;
  readonly pools: Pools;
  readonly modules = new ModuleTable();
  readonly debugHeap: boolean;
  readonly #heap: Allocator;
  readonly #links: Links;
  readonly #control: ControlChannel;
  readonly #prefaulter: Prefaulter;
  readonly #counters: Counters;
  readonly #bell: Bell;
  readonly #threads: Thread[] = [];
  /** Sessions of this process; closed with the node, if they are not before. */
  readonly #opened = new Set<Session>();
  readonly #policies: Policies;
  readonly #wire: WireHost;
  #server: SessionServer | null = null;
  #instance: Instance | null = null;
  readonly #stalls: StallWatch;
  readonly #onWorkerDeath: (worker: number, why: string) => void;
  #started = 0;
  #allStarted: () => void = () => {};
  #poke: (() => void) | null = null;
  #stopping = false;
  #ended = false;
  #pumpDone: Promise<void> = Promise.resolve();
  /** Resolves when somebody asked the node to stop. */
  readonly stopAsked: Promise<void>;
  #askStop!: () => void;

  private constructor(options: NodeOptions) {
    const workers = options.workers ?? Math.max(2, cpuCount());
    if (!Number.isInteger(workers) || workers < 1 || workers > LIMITS.workersMax) {
      throw new ChimaeraError("usage", {
        what: "start a node",
        why: `${workers} workers; 1 to ${LIMITS.workersMax} are possible`,
      });
    }
    this.workers = workers;
    const place = segmentPlaces(options.backing, options.instance);
    this.segment = Segment.create({
      ...place(1),
      workers,
      id: 1,
      kind: SegmentKind.node,
      sizeBytes: options.memoryBytes ?? defaultNodeBytes(),
    });
    this.bells = Segment.create({
      ...place(2),
      workers,
      id: 2,
      kind: SegmentKind.bell,
      sizeBytes: BELL_BYTES,
    });
    this.debugHeap = options.debugHeap ?? environment("CHIMAERA_DEBUG_HEAP") === "1";
    const heap = new Heap(this.segment);
    this.#heap = this.debugHeap ? new DebugHeap(heap, this.segment, workers) : heap;
    this.#prefaulter = new Prefaulter(this.segment, heap);
    const linksOffset = heap.alloc(linksBytes(workers + 1));
    const countersOffset = heap.alloc(Counters.bytes());
    this.#counters = new Counters(this.segment.i32, countersOffset);
    const words = this.bells.words;
    this.#links = new Links(this.segment, words, workers, workers + 1, linksOffset);
    this.#bell = new Bell(words, bellLineOf(workers));
    this.#control = new ControlChannel(
      this.segment,
      this.#heap,
      this.#links,
      (message, from) => this.#carryOut(message, from),
      () => this.#wake(),
    );
    const ask = (worker: number, message: ControlMessage) => this.#control.request(worker, message);
    for (const spec of options.modules ?? []) this.modules.add(spec);
    this.pools = new Pools({ workers, modules: this.modules, counters: this.#counters, ask });
    this.sessions = new NodeSessions({
      workers,
      ask,
      handOver: (worker, sessionId, handle) => {
        const message: SegmentMessage = { kind: "segment", sessionId, handle };
        this.#threads[worker]!.post(message);
      },
      memoryBytesMax: Math.max(LIMITS.sessionBytesDefault, machineMemoryBytes() / 4),
      place,
    });
    this.#wire = new WireHost(this.segment, this.#heap, this.#links, workers, () => this.#wake());
    this.#policies = new Policies({ workers, ask, counters: this.#counters });
    this.#stalls = new StallWatch(
      this.#counters,
      workers,
      (id) => this.pools.namesOf(id),
      (stall) => {
        options.onStall?.(stall);
      },
    );
    this.#onWorkerDeath = options.onWorkerDeath ?? (() => {});
    this.stopAsked = new Promise((resolve) => this.#askStop = resolve);
    this.#startWorkers(options.instance?.paths ?? null, { linksOffset, countersOffset });
  }

  /** Starts a node and its core pools. Throws CHI-1001 for options out of range. */
  static async start(options: NodeOptions = {}): Promise<Node> {
    const node = new Node(options);
    try {
      await node.#begin();
      if (options.instance !== undefined) node.#serve(options.instance);
      return node;
    } catch (thrown) {
      await node.close();
      throw thrown;
    }
  }

  #startWorkers(
    paths: InstancePaths | null,
    places: { linksOffset: number; countersOffset: number },
  ): void {
    for (let id = 0; id < this.workers; id++) {
      const thread = startThread(
        entryUrl("runtime/module/worker_main"),
        `chimaera-${id}`,
        (why) => this.#onDeath(id, String(why)),
        (why) => this.#onDeath(id, why),
      );
      this.#threads.push(thread);
      const start: WorkerStart = {
        kind: "start",
        id,
        workers: this.workers,
        node: this.segment.handle(),
        bells: this.bells.handle(),
        debugHeap: this.debugHeap,
        doorbellPath: paths === null ? "" : paths.workerDoorbell(id),
        ...places,
      };
      thread.post(start);
    }
  }

  async #begin(): Promise<void> {
    this.#pumpDone = this.#pump();
    await new Promise<void>((resolve) => {
      this.#allStarted = resolve;
      if (this.#started === this.workers) resolve();
    });
    const pool = (name: string, libName: string) => this.pools.create(corePool(name, libName));
    const { pool: admin } = await pool("admin", "chimaera_admin");
    if (admin.id !== ADMIN_POOL_ID) throw new Error("the admin's pool must be the first");
    const { pool: queue } = await pool("worch_queue", "chimaera_worch_queue_round_robin");
    const { pool: proc } = await pool("worch_proc", "chimaera_worch_proc_round_robin");
    const session = await this.#openSession(LIMITS.policySessionBytes);
    this.#policies.attach(session, this.pools);
    await this.#policies.use("queue", queue.id);
    await this.#policies.use("proc", proc.id);
    this.#prefaulter.start();
  }

  // ---- the loop of this thread -----------------------------------------------------------------

  async #pump(): Promise<void> {
    const stopWatch = every(LIMITS.heartbeatMs, () => {
      this.#stalls.look();
      this.#prefaulter.advance();
      this.#nudge();
      this.#wake();
    });
    while (!this.#ended) {
      const worked = this.#links.poll(this.#onLink);
      this.#links.flush();
      if (worked > 0) {
        await null;
        continue;
      }
      this.#bell.prepare(BellState.eventLoop);
      if (!this.#links.pending) await this.#sleep();
      this.#bell.finish();
    }
    stopWatch();
  }

  /**
   * Other processes can write to the bells: a ring that they suppressed comes late, not never. An
   * idle worker wakes ten times a second for it, which is less than 0.1 % of a processor.
   */
  #nudge(): void {
    for (let worker = 0; worker < this.workers; worker++) {
      nudgeBell(this.bells.words, bellLineOf(worker));
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        if (this.#poke !== done) return;
        this.#poke = null;
        resolve();
      };
      this.#poke = done;
      this.#bell.sleepAsync(LIMITS.sleepMs).then(done);
    });
  }

  #wake(): void {
    const poke = this.#poke;
    if (poke === null) return;
    this.#bell.cancel();
    poke();
  }

  readonly #onLink = (from: number, kind: number, a: number, b: number, c: number): void => {
    if (kind === LinkKind.control) this.#control.receive(from, a, b);
    else if (kind === LinkKind.wireDone) this.#wire.receive(a, b, c);
    else if (kind === LinkKind.wireFull) this.#wire.receiveFull(a, b, c);
  };

  #carryOut(message: ControlMessage, from: number): unknown {
    switch (message.kind) {
      case "started":
        if (++this.#started === this.workers) this.#allStarted();
        return null;
      case "createPool": {
        const request = message.request as PoolRequest;
        return this.pools.create({ ...request, params: Uint8Array.from(request.params) });
      }
      case "destroyPool":
        return this.pools.destroy(message.id as number);
      case "listPools":
        return this.pools.list();
      case "stats":
        return this.stats();
      case "setPolicy":
        return this.#policies.use(message.policy as "queue" | "proc", message.poolId as number);
      case "stop":
        // The task that asked is answered first.
        after(LIMITS.stopGraceMs, () => this.#askStop());
        return null;
      case "malformed":
        return this.sessions.endMalformed(message.sessionId as number, message.why as string);
      case "closing":
        this.sessions.onClosing(
          from,
          message.sessionId as number,
          message.taken as number,
          message.answered as number,
        );
        return null;
      default:
        throw new ChimaeraError("badDescriptor", {
          what: `message of worker ${from}`,
          why: `unknown kind ${message.kind}`,
        });
    }
  }

  // ---- what others use -------------------------------------------------------------------------

  /** A session of this process. Clients that name no session use the first one opened. */
  async connect(sizeBytes: number = LIMITS.sessionBytesDefault): Promise<Session> {
    const session = await this.#openSession(sizeBytes);
    session.offerDefault();
    return session;
  }

  async #openSession(sizeBytes: number): Promise<Session> {
    let opened: Session | null = null;
    const session = await this.sessions.open(LOCAL_CLIENT, sizeBytes, (why) => opened?.fail(why));
    const link: NodeLink = {
      reserveBellLine: () => Promise.resolve(this.sessions.reserveBellLine(session)),
      openPort: (places) => this.sessions.openPort(session, places, ""),
      close: () => {
        if (opened !== null) this.#opened.delete(opened);
        return this.sessions.close(session.id);
      },
      checkAlive: () => {},
      // This thread nudges the others; while it is blocked nobody nudges it.
      longestSleepMs: () => this.sessions.hasForeign ? LIMITS.sleepMs : Infinity,
      ringWorker: () => {},
      blocking: true,
      doorbell: () => null,
    };
    opened = await Session.open({
      id: session.id,
      segment: session.segment,
      bells: this.bells.words,
      workers: this.workers,
      transport: "in-process",
      reason: "the node runs in this process",
      nodePid: processId(),
      debugHeap: this.debugHeap,
    }, link);
    this.#opened.add(opened);
    return opened;
  }

  /** Lets other processes connect. */
  #serve(instance: Instance): void {
    const { workers, bells, debugHeap } = this;
    this.#instance = instance;
    this.#server = new SessionServer({
      paths: instance.paths,
      sessions: this.sessions,
      workers,
      bells,
      debugHeap,
      wire: this.#wire,
    });
    instance.publish({
      instance: instance.paths.name,
      pid: processId(),
      protocol: PROTOCOL_VERSION,
      version: VERSION,
      workers,
      startedMs: realClock.wallMs(),
    });
  }

  /** What the node tells about itself. */
  stats(): NodeStats {
    const { usedBytes } = this.#heap.stats();
    return {
      pid: processId(),
      version: VERSION,
      backing: this.segment.backing,
      memoryBytes: this.segment.sizeBytes,
      usedBytes,
      workers: this.workerInfo(),
      sessions: [...this.sessions.info(), ...this.#wire.info()],
      stalls: [...this.#stalls.stalled.values()],
      malformed: this.sessions.malformed,
    };
  }

  workerInfo(): WorkerInfo[] {
    const words = this.#counters.words;
    return Array.from({ length: this.workers }, (_, id) => {
      const line = this.#counters.worker(id);
      const count = (name: keyof typeof WORKER_COUNTER) => words[line + WORKER_COUNTER[name]]!;
      const cpu = count("cpu");
      return {
        id,
        tasks: count("tasks"),
        forwarded: count("forwarded"),
        sleeps: count("sleeps"),
        turns: count("turns"),
        inFlight: count("inFlight"),
        malformed: count("malformed"),
        cpu: cpu > 0 ? cpu - 1 : null,
      };
    });
  }

  /**
   * A worker's loop has ended by an error. Its tasks will never be answered, so every session ends
   * with one, and the node asks to be stopped.
   */
  #onDeath(worker: number, why: string): void {
    this.#onWorkerDeath(worker, why);
    this.#endSessions(new ChimaeraError("workerDied", { what: `worker ${worker}`, why }));
    this.#askStop();
  }

  #endSessions(error: ChimaeraError): void {
    this.#server?.end(error);
    this.sessions.endLocal(error);
  }

  /**
   * Ends sessions, workers and memory. Tasks under way get a moment; what still runs after it is
   * given up, with the worker that runs it.
   */
  async close(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const what = `instance ${this.#instance?.paths.name ?? "in this process"}`;
    this.#endSessions(new ChimaeraError("shutdown", { what, why: "the node is stopping" }));
    const sessions = this.sessions.list.map((session) => this.sessions.close(session.id));
    await atMost(LIMITS.closeGraceMs, Promise.all(sessions));
    for (const session of this.#opened) await session.close();
    await this.#server?.close();
    const all = Array.from({ length: this.workers }, (_, worker) => worker);
    const stops = all.map((worker) => this.#control.request(worker, { kind: "stop" }));
    const stopped = await atMost(LIMITS.closeGraceMs, Promise.all(stops));
    this.#ended = true;
    this.#wake();
    await this.#pumpDone;
    await this.#prefaulter.idle;
    if (stopped) {
      this.segment.discard();
      this.bells.discard();
    } else for (const thread of this.#threads) thread.terminate();
    this.#instance?.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function corePool(name: string, libName: string): PoolRequest {
  return { name, libName, paramsLayout: 0, params: new Uint8Array() };
}

/** Where segments are made, by their id. */
function segmentPlaces(
  wanted: Backing | undefined,
  instance: Instance | undefined,
): (id: number) => SegmentPlace {
  if (wanted === "private" || !ffiAvailable()) return () => ({ private: true });
  if (wanted !== "file" && (wanted === "memfd" || memoryFilesReachable())) return () => ({});
  const folder = isWritableFolder("/dev/shm") ? "/dev/shm" : instance?.paths.folder;
  if (folder === undefined) return () => ({ private: true });
  return (id) => ({ file: `${folder}/chimaera-${processId()}-${id}` });
}

function defaultNodeBytes(): number {
  return Math.min(LIMITS.nodeBytesDefault, Math.floor(machineMemoryBytes() / 8 / 65536) * 65536);
}

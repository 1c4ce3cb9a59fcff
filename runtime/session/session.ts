/**
 * A session: a program's shared memory with a node, and its ports.
 *
 * Thread rules: belongs to the isolate that opened it. Another thread of the program opens its own.
 */

import { ChimaeraError } from "../errors.ts";
import { type PortPlaces, portRingsBytes, ringPlaces } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import {
  DebugHeap,
  formatRing,
  Heap,
  type HeapStats,
  notePort,
  type Offset,
  Prefaulter,
  type RingConsumer,
  type RingShape,
  type Segment,
  SegmentTable,
} from "../memory/mod.ts";
import type { SharedWords } from "../platform/mod.ts";
import {
  firstGuess,
  type ModuleClient,
  offerDefaultSubmitter,
  type Room,
  setDefaultSubmitter,
  type Submitter,
  type Task,
  type TaskType,
  withdrawDefaultSubmitter,
} from "../task/mod.ts";
import { Block } from "./block.ts";
import { type Held, HeldThings } from "./held.ts";
import { Port } from "./port.ts";
import { PortSleeper } from "./port_sleeper.ts";
import { SessionHeap } from "./session_heap.ts";
import type { Doorbell } from "../platform/mod.ts";

/** How a session's tasks and bytes travel. */
export type Transport = "in-process" | "shm" | "socket";

/** The session's line to its node, for everything that is not a task. */
export interface NodeLink {
  reserveBellLine(): Promise<number>;
  openPort(places: PortPlaces, doorbellPath: string, port: () => Port): Promise<void>;
  close(): Promise<void>;
  /** How long a blocked thread may sleep before it must look around. */
  longestSleepMs(): number;
  /** Throws CHI-5005 when the node is gone. */
  checkAlive(): void;
  ringWorker(worker: number): void;
  /** Whether a thread that blocks still gets its results. */
  readonly blocking: boolean;
  /** What kept it from that, where something failed. */
  readonly whyNotBlocking?: unknown;
  /** The end of a completion ring; an ordinary one where this is absent. */
  readonly completions?: ((shape: RingShape) => RingConsumer) | undefined;
  /** A socket for workers to ring; null where the bell itself does it. */
  doorbell(portIndex: number): Doorbell | null;
}

/** What the node tells a program of its new session. */
export interface SessionParts {
  readonly id: number;
  readonly segment: Segment;
  readonly bells: SharedWords;
  /** Those that the session's rings lead to: over the socket one, which stands for all. */
  readonly workers: number;
  /** Worker threads of the node, where those are others. */
  readonly nodeWorkers?: number;
  readonly transport: Transport;
  /** Why this transport and no faster one. */
  readonly reason: string;
  readonly nodePid: number;
  readonly debugHeap: boolean;
}

/** What a program has not given back; nothing is known without the debug heap. For tests' nodes. */
export let heldOf: (session: Session) => Held;

/** A program's memory in common with a node, and its ports. From `connect` or `node.connect`. */
export class Session implements Submitter {
  /** Given by the node; unique among its sessions of this kind. */
  readonly id: number;
  /** How tasks and bytes travel. */
  readonly transport: Transport;
  /** Why that way and no faster one, for people. */
  readonly reason: string;
  /** Process of the node. */
  readonly nodePid: number;
  /** Worker threads of the node. */
  readonly workers: number;
  /** Memory of the session's blocks and tasks; for the runtime. */
  readonly segment: Segment;
  readonly #ringWorkers: number;
  readonly #link: NodeLink;
  readonly #heap: SessionHeap;
  readonly #prefaulter: Prefaulter;
  /** What the program has not given back; null without the debug heap. */
  readonly #held: HeldThings | null;
  readonly #segments = new SegmentTable();
  readonly #bells: SharedWords;
  readonly #ports: Port[] = [];
  readonly #sleepers: PortSleeper[] = [];
  /** The last port that is being opened. */
  #opening: Promise<unknown> = Promise.resolve();
  /** A bell line that the node reserved and no port has yet. */
  #bellLine: number | null = null;
  #closed = false;
  /** Why the session is of no more use. */
  #lost: ChimaeraError | null = null;

  static {
    heldOf = (session) => {
      session.#poll();
      return session.#held?.list() ?? { blocks: [], tasks: [] };
    };
  }

  private constructor(parts: SessionParts, link: NodeLink) {
    this.id = parts.id;
    this.transport = parts.transport;
    this.reason = parts.reason;
    this.nodePid = parts.nodePid;
    this.workers = parts.nodeWorkers ?? parts.workers;
    this.#ringWorkers = parts.workers;
    this.segment = parts.segment;
    this.#bells = parts.bells;
    this.#link = link;
    const heap = new Heap(parts.segment);
    this.#heap = new SessionHeap(
      parts.debugHeap ? new DebugHeap(heap, parts.segment, parts.id) : heap,
      () => this.#poll(),
    );
    this.#held = parts.debugHeap ? new HeldThings() : null;
    this.#segments.add(parts.segment);
    this.#prefaulter = new Prefaulter(parts.segment, this.#heap);
  }

  /**
   * Takes over a segment that the node made for this program, and opens the first port. When that
   * fails, the session is closed.
   */
  static async open(parts: SessionParts, link: NodeLink): Promise<Session> {
    const session = new Session(parts, link);
    try {
      await session.openPort();
    } catch (thrown) {
      await session.close();
      throw thrown;
    }
    session.#prefaulter.start();
    return session;
  }

  /** The session's first port: where its clients' tasks go in. */
  get port(): Port {
    const port = this.#ports[0];
    if (port === undefined || this.#closed) throw this.#closedError();
    return port;
  }

  /** Opens a further port. Throws CHI-5009 beyond 16. */
  openPort(): Promise<Port> {
    // One after the other: the node takes ports in the order of their numbers.
    const opened = this.#opening.then(() => this.#openNextPort());
    this.#opening = opened.catch(() => {});
    return opened;
  }

  async #openNextPort(): Promise<Port> {
    if (this.#closed) throw this.#closedError();
    if (this.#lost !== null) throw this.#lost;
    const index = this.#ports.length;
    if (index >= LIMITS.portsPerSession) {
      throw new ChimaeraError("tooManyPorts", {
        what: "open a port",
        why: `the session has ${LIMITS.portsPerSession}`,
      });
    }
    this.#bellLine ??= await this.#link.reserveBellLine();
    const blocks: Offset[] = [];
    try {
      const sizes = [
        LIMITS.slotsPerPort * LIMITS.slotBytes,
        LIMITS.slotsPerPort * LIMITS.errorRecordBytes,
        portRingsBytes(this.#ringWorkers),
      ];
      for (const sizeBytes of sizes) blocks.push(this.#heap.alloc(sizeBytes));
      const [slotsOffset, errorsOffset, ringsOffset] = blocks as [Offset, Offset, Offset];
      const places = { index, bellLine: this.#bellLine, slotsOffset, errorsOffset, ringsOffset };
      const port = await this.#openPortAt(places);
      this.#bellLine = null;
      return port;
    } catch (thrown) {
      for (const block of blocks) this.#heap.free(block);
      throw thrown;
    }
  }

  async #openPortAt(places: PortPlaces): Promise<Port> {
    for (let worker = 0; worker < this.#ringWorkers; worker++) {
      const { submissions, completions } = ringPlaces(places.ringsOffset, worker);
      formatRing(this.segment, submissions);
      formatRing(this.segment, completions);
    }
    const link = this.#link;
    const doorbell = link.doorbell(places.index);
    const sleeper = new PortSleeper(doorbell);
    const port = new Port(
      {
        segment: this.segment,
        heap: this.#heap,
        segments: this.#segments,
        bells: this.#bells,
        workers: this.#ringWorkers,
        held: this.#held?.tasks ?? null,
        get blocking() {
          return link.blocking;
        },
        get whyNotBlocking() {
          return link.whyNotBlocking;
        },
        onNodeThread: this.transport === "in-process",
        ringWorker: (worker) => this.#link.ringWorker(worker),
        checkAlive: () => this.#link.checkAlive(),
        longestSleepMs: () => this.#link.longestSleepMs(),
        homeOf: (poolId) => firstGuess(poolId, this.#ringWorkers),
        completions: link.completions,
      },
      places,
      sleeper,
    );
    try {
      await this.#link.openPort(places, doorbell?.path ?? "", () => port);
      if (this.#lost !== null) throw this.#lost; // Nobody would tell this port.
    } catch (thrown) {
      sleeper.close();
      throw thrown;
    }
    notePort(this.segment.i32, places);
    this.#ports.push(port);
    this.#sleepers.push(sleeper);
    return port;
  }

  /** A block of shared memory. Throws CHI-2001. */
  alloc(sizeBytes: number): Block {
    if (this.#closed) throw this.#closedError();
    const block = new Block(this.#heap, this.segment, this.#heap.alloc(sizeBytes), sizeBytes);
    this.#held?.add(block);
    if (sizeBytes >= LIMITS.prefaultStepBytes / 4) this.#prefaulter.advance();
    return block;
  }

  /** Figures of the session's memory. */
  memory(): HeapStats {
    return this.#heap.stats();
  }

  // ---- Submitter: the first port ---------------------------------------------------------------

  /** As {@linkcode Port.allocate}, at the first port. */
  allocate(type: TaskType): Task {
    return this.port.allocate(type);
  }

  /** As {@linkcode Port.submit}, at the first port. */
  submit(task: Task): void {
    this.port.submit(task);
  }

  /** As {@linkcode Port.room}, of the first port. */
  get room(): Room {
    return this.port.room;
  }

  /** The client, calling by this session's first port. */
  bind<M extends ModuleClient>(client: M): M {
    return client.copyFor(this);
  }

  /** Makes this the session of clients that name none. */
  makeDefault(): void {
    setDefaultSubmitter(this);
  }

  /** As {@linkcode makeDefault}, unless the program has such a session. */
  offerDefault(): void {
    offerDefaultSubmitter(this);
  }

  // ---- the end ---------------------------------------------------------------------------------

  /** The node died, or ended the session. */
  fail(error: ChimaeraError): void {
    this.#lost ??= error;
    this.#heap.end(error);
    for (const port of this.#ports) port.fail(error);
  }

  /** Takes completions that nobody waits for: what their tasks held is free then. */
  #poll(): void {
    for (const port of this.#ports) port.poll();
  }

  /** Ends the session. Tasks that still run are abandoned. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    withdrawDefaultSubmitter(this);
    this.fail(this.#closedError());
    for (const sleeper of this.#sleepers) sleeper.close();
    await this.#link.close();
    await this.#prefaulter.idle;
  }

  /** As {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #closedError(): ChimaeraError {
    return new ChimaeraError("sessionClosed", { what: "use the session", why: "it was closed" });
  }
}

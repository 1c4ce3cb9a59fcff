/**
 * The sessions of a node, on the thread that assembled it: made, given ports, and closed when
 * nothing of theirs is under way any more.
 *
 * Closing takes three steps. No worker takes anything more from the session; when none of its tasks
 * is in the runtime's hands any more, the workers forget it; then its memory goes back.
 *
 * A worker that a handler holds does not keep a session from opening. Its orders wait for it, each
 * until the one before it is carried out; tasks that other workers hand to it meanwhile wait there
 * for the port (lane/early_tasks.ts), and those in the session's own rings wait in them.
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import {
  type ControlMessage,
  custodyBytes,
  errorData,
  heldBy,
  isCustodyEmpty,
  type PortOrder,
  type PortPlaces,
  portRingsBytes,
  type SessionInfo,
} from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import {
  type Allocator,
  BELL_LINES,
  HEAP_OFFSET,
  type Offset,
  Segment,
  type SegmentHandle,
  SegmentKind,
  type SegmentOptions,
} from "../memory/mod.ts";
import { atMost, closeFile, connectDoorbell, ffiAvailable, removeAll } from "../platform/mod.ts";
import { smallestSessionBytes } from "./session_size.ts";

/** Name of sessions of the node's own process. */
export const LOCAL_CLIENT = "this process";

/** A session as the node keeps it. */
export interface NodeSession {
  readonly id: number;
  readonly segment: Segment;
  /** The client, for people. */
  readonly client: string;
  readonly ports: NodePort[];
  /** Bell lines that are the session's, in use or not yet. */
  readonly lines: number[];
  /** By worker: settles when it has carried out its last order about the session. */
  readonly orders: Promise<unknown>[];
  /** Tells the client why the node ends its session. */
  readonly onEnd: (error: ChimaeraError) => void;
}

interface NodePort {
  readonly places: PortPlaces;
  /** Where the node notes the port's tasks under way. */
  readonly custody: Offset;
  readonly doorbell: number;
  /** Its socket's file, which a client that was killed leaves; empty for none. */
  readonly doorbellPath: string;
}

interface Closing {
  /** Whether no worker takes anything more. */
  stopped: boolean;
  readonly answered: () => void;
  /** Resolves when the session is gone. */
  readonly gone: Promise<void>;
}

/** What decides what lies behind a segment. */
export type SegmentPlace = Pick<SegmentOptions, "private" | "file">;

/** The same by a segment's id. */
export type SegmentPlaces = (segmentId: number) => SegmentPlace;

/** Sends an order to a worker and waits for its answer. */
type Ask = (worker: number, message: ControlMessage) => Promise<unknown>;

export interface NodeSessionsOptions {
  readonly workers: number;
  readonly node: Segment;
  readonly heap: Allocator;
  readonly ask: Ask;
  /** Hands a segment to a worker's thread. */
  readonly handOver: (worker: number, sessionId: number, handle: SegmentHandle) => void;
  readonly memoryBytesMax: number;
  /** Where a session's segment is made. */
  readonly place: SegmentPlaces;
}

export class NodeSessions {
  readonly #options: NodeSessionsOptions;
  readonly #byId = new Map<number, NodeSession>();
  readonly #closing = new Map<number, Closing>();
  readonly #freeLines: number[] = [];
  #lastId = 0;
  #memoryBytes = 0;
  /** Sessions ended because of what they wrote. */
  malformed = 0;

  constructor(options: NodeSessionsOptions) {
    this.#options = options;
    const firstLine = 2 + options.workers;
    for (let line = BELL_LINES - 1; line >= firstLine; line--) this.#freeLines.push(line);
  }

  get list(): readonly NodeSession[] {
    return [...this.#byId.values()];
  }

  /** Bytes where a client names no size: the default, or what is left, down to the least of use. */
  get fittingBytes(): number {
    const { memoryBytesMax, workers } = this.#options;
    const roomBytes = Math.floor((memoryBytesMax - this.#memoryBytes) / 65536) * 65536;
    return Math.max(smallestSessionBytes(workers), Math.min(LIMITS.sessionBytesDefault, roomBytes));
  }

  /** Whether other processes have the bells mapped. */
  get hasForeign(): boolean {
    for (const session of this.#byId.values()) if (session.client !== LOCAL_CLIENT) return true;
    return false;
  }

  info(): SessionInfo[] {
    return this.list.map(({ id, client, segment, ports }) => ({
      id,
      client,
      transport: client === LOCAL_CLIENT ? "in-process" : "shm",
      ports: ports.length,
      memoryBytes: segment.sizeBytes,
      isClosing: this.#closing.has(id),
    }));
  }

  /**
   * Makes a session's segment and shows it to the workers. Throws CHI-2001 for one without room
   * for anything, CHI-2007, CHI-2008 for what is no size, CHI-5008.
   *
   * @param onEnd Called once when the node ends the session by itself.
   */
  async open(
    client: string,
    sizeBytes: number,
    onEnd: (error: ChimaeraError) => void,
  ): Promise<NodeSession> {
    const { memoryBytesMax, workers } = this.#options;
    checkSize(sizeBytes);
    if (this.#byId.size >= LIMITS.sessionsMax) {
      throw new ChimaeraError("tooManySessions", {
        what: `connect ${client}`,
        why: `${LIMITS.sessionsMax} sessions are open`,
      });
    }
    if (this.#memoryBytes + sizeBytes > memoryBytesMax) {
      throw new ChimaeraError("sessionMemory", {
        what: `connect ${client}`,
        why: `${sizeBytes} bytes asked, ${this.#memoryBytes} of ${memoryBytesMax} are in use`,
      });
    }
    const id = ++this.#lastId;
    const segment = Segment.create({
      id: 16 + id,
      kind: SegmentKind.session,
      sizeBytes,
      workers,
      ...this.#options.place(16 + id),
    });
    this.#memoryBytes += segment.sizeBytes;
    const orders = Array.from({ length: workers }, () => Promise.resolve());
    const session = { id, segment, client, ports: [], lines: [], orders, onEnd };
    this.#byId.set(id, session);
    for (let worker = 0; worker < workers; worker++) {
      this.#options.handOver(worker, id, segment.handle());
    }
    await this.#show(session, { kind: "attach", sessionId: id });
    return session;
  }

  /** A bell line for a new port of the session. Throws CHI-5009. */
  reserveBellLine(session: NodeSession): number {
    const refuse = (why: string): never => {
      throw new ChimaeraError("tooManyPorts", { what: "open a port", why });
    };
    if (session.lines.length >= LIMITS.portsPerSession) {
      refuse(`the session has ${LIMITS.portsPerSession} bell lines`);
    }
    const line = this.#freeLines.pop() ?? refuse("no bell line is free");
    session.lines.push(line);
    return line;
  }

  /**
   * Opens a port whose parts the client allocated. The places are checked here, once, and taken
   * from nowhere else.
   *
   * @param doorbellPath Socket that the client listens on; empty in the node's own process.
   */
  async openPort(session: NodeSession, wanted: PortPlaces, doorbellPath: string): Promise<void> {
    if (this.#closing.has(session.id)) {
      throw new ChimaeraError("sessionClosed", { what: "open a port", why: "the session ends" });
    }
    const places = checkPlaces(session, wanted, this.#options.workers);
    const doorbell = doorbellPath !== "" && ffiAvailable() ? connectDoorbell(doorbellPath) : -1;
    const sizeBytes = custodyBytes(this.#options.workers);
    const custody = this.#options.heap.alloc(sizeBytes);
    this.#options.node.u8.fill(0, custody, custody + sizeBytes);
    const port = { places, custody, doorbell, doorbellPath };
    session.ports.push(port);
    await this.#show(session, openPortMessage(session.id, port, false));
  }

  /** Shows every session to a thread that takes the place of a lost worker. */
  async replay(worker: number, ask: Ask): Promise<void> {
    const { handOver } = this.#options;
    for (const { id, segment, ports } of this.list) {
      handOver(worker, id, segment.handle());
      await ask(worker, { kind: "attach", sessionId: id });
      for (const port of ports) await ask(worker, openPortMessage(id, port, true));
      if (this.#closing.has(id)) await ask(worker, { kind: "closeSession", sessionId: id });
    }
  }

  /**
   * Has the thread in place of a lost worker answer the tasks that the worker had.
   *
   * @param answered Blocks of tasks that are answered already, and only counted.
   */
  async failHeld(
    worker: number,
    error: ChimaeraError,
    ask: Ask,
    answered: readonly number[],
  ): Promise<void> {
    const { node } = this.#options;
    const data = errorData(error);
    const others = answered.flatMap((block) => [0, 0, block]);
    await ask(worker, { kind: "failTasks", port: -1, tasks: others, error: data });
    for (const session of this.list) {
      for (const port of session.ports) {
        const held = heldBy(node.i32, port.custody >>> 2, worker);
        if (held.length === 0) continue;
        await ask(worker, {
          kind: "failTasks",
          port: session.id * LIMITS.portsPerSession + port.places.index,
          tasks: held.flatMap(({ slot, generation, block }) => [slot, generation, block]),
          error: data,
        });
      }
    }
  }

  /** Ends a session whose client broke the rules of shared memory, and tells the client why. */
  async endMalformed(id: number, why: string): Promise<void> {
    const session = this.#byId.get(id);
    if (session === undefined || this.#closing.has(id)) return;
    this.malformed++;
    session.onEnd(
      new ChimaeraError("badDescriptor", { what: `session of ${session.client}`, why }),
    );
    await this.close(id);
  }

  /** Ends a session. Resolves when its memory is given back, for each of several callers. */
  close(id: number): Promise<void> {
    const closing = this.#closing.get(id);
    if (closing !== undefined) return closing.gone;
    const session = this.#byId.get(id);
    if (session === undefined) return Promise.resolve();
    let answered = () => {};
    const allAnswered = new Promise<void>((resolve) => answered = resolve);
    const gone = this.#close(session, allAnswered).catch(unlessNodeEnds);
    this.#closing.set(id, { stopped: false, answered, gone });
    return gone;
  }

  async #close(session: NodeSession, allAnswered: Promise<void>): Promise<void> {
    const { id } = session;
    await this.#order(session, { kind: "closeSession", sessionId: id });
    this.#closing.get(id)!.stopped = true;
    this.onClosing(id);
    await allAnswered;
    await this.#order(session, { kind: "forgetSession", sessionId: id });
    this.#closing.delete(id);
    this.#byId.delete(id);
    this.#memoryBytes -= session.segment.sizeBytes;
    for (const { custody, doorbell, doorbellPath } of session.ports) {
      this.#options.heap.free(custody);
      if (doorbell >= 0) closeFile(doorbell);
      if (doorbellPath !== "") removeAll(doorbellPath);
    }
    this.#freeLines.push(...session.lines);
    session.segment.discard();
  }

  /** Tells the programs of this process that their sessions end. */
  endLocal(error: ChimaeraError): void {
    for (const session of this.#byId.values()) {
      if (session.client === LOCAL_CLIENT) session.onEnd(error);
    }
  }

  /** A worker got a task of a session that it does not know: not yet, or not any more. */
  onUnknown(id: number, worker: number): unknown {
    if (this.#byId.has(id)) return null;
    return this.#options.ask(worker, { kind: "forgetSession", sessionId: id });
  }

  /** A worker has answered tasks of a closing session. */
  onClosing(id: number): void {
    const closing = this.#closing.get(id);
    if (closing === undefined || !closing.stopped) return;
    const isEmpty = (port: NodePort) => isCustodyEmpty(this.#options.node.i32, port.custody >>> 2);
    if (this.#byId.get(id)!.ports.every(isEmpty)) closing.answered();
  }

  /** Has every worker carry out an order, after those about the session that it had before. */
  #order(session: NodeSession, message: ControlMessage): Promise<unknown> {
    const { ask } = this.#options;
    const done = session.orders.map((before, worker) => before.then(() => ask(worker, message)));
    // One that fails is told to whoever gave it, and does not keep the session from ending.
    done.forEach((order, worker) => session.orders[worker] = order.catch(() => {}));
    return Promise.all(done);
  }

  /** Shows the workers something new of a session, without waiting for one that is held. */
  async #show(session: NodeSession, message: ControlMessage): Promise<void> {
    const shown = this.#order(session, message);
    if (await atMost(LIMITS.sessionAnswerMs, shown)) return;
    // Nobody waits any more who could be told of a failure: it ends the session.
    shown.catch((thrown) => this.#endFailed(session, thrown));
  }

  async #endFailed(session: NodeSession, thrown: unknown): Promise<void> {
    const error = toChimaeraError(thrown, "internal", `session of ${session.client}`);
    if (error.kind === "shutdown") return; // The node has told the client by itself.
    session.onEnd(error);
    await this.close(session.id);
  }
}

function checkSize(sizeBytes: number): void {
  const what = "open a session";
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
    throw new ChimaeraError("badSize", { what, why: `${sizeBytes} bytes are no size` });
  }
  // Before the heap nothing but fixed parts has room. What the ports need is for the heap to say.
  if (sizeBytes <= HEAP_OFFSET) {
    throw new ChimaeraError("outOfMemory", { what, why: `${sizeBytes} bytes hold no task` });
  }
}

function openPortMessage(
  sessionId: number,
  { places, doorbell, custody }: NodePort,
  resumed: boolean,
): ControlMessage {
  const order: PortOrder = { doorbell, custody: custody >>> 2, resumed };
  return { kind: "openPort", sessionId, places, order };
}

/** With the node its sessions are gone, whatever they waited for. */
function unlessNodeEnds(thrown: unknown): void {
  if (!(thrown instanceof ChimaeraError) || thrown.kind !== "shutdown") throw thrown;
}

/** The places of a new port, with nothing in them that was not looked at. */
function checkPlaces(session: NodeSession, places: PortPlaces, workers: number): PortPlaces {
  const { index, bellLine, slotsOffset, errorsOffset, ringsOffset } = places;
  const refuse = (why: string): never => {
    throw new ChimaeraError("badDescriptor", { what: "open a port", why });
  };
  const inside = (offset: number, sizeBytes: number, name: string) => {
    if (!Number.isInteger(offset) || offset % 64 !== 0) refuse(`${name} are misplaced`);
    if (offset < HEAP_OFFSET || offset + sizeBytes > session.segment.sizeBytes) {
      refuse(`${name} leave the segment`);
    }
  };
  if (session.ports.length >= LIMITS.portsPerSession) {
    throw new ChimaeraError("tooManyPorts", {
      what: "open a port",
      why: `the session has ${LIMITS.portsPerSession}`,
    });
  }
  if (index !== session.ports.length) refuse(`index ${index} is not the next`);
  // A line of somebody else, or one past the end, would let a client disturb whoever sleeps there.
  const taken = session.ports.some((port) => port.places.bellLine === bellLine);
  if (taken || !session.lines.includes(bellLine)) refuse(`bell line ${bellLine} is not reserved`);
  inside(slotsOffset, LIMITS.slotsPerPort * LIMITS.slotBytes, "task slots");
  inside(errorsOffset, LIMITS.slotsPerPort * LIMITS.errorRecordBytes, "error records");
  inside(ringsOffset, portRingsBytes(workers), "rings");
  return { index, bellLine, slotsOffset, errorsOffset, ringsOffset };
}

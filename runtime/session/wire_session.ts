/**
 * The node's side of a session without shared memory: moves whole tasks between the connection and
 * the workers, without looking into them.
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import {
  type Counters,
  errorData,
  LinkKind,
  type Links,
  type SessionInfo,
  WORKER_COUNTER,
} from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { type Allocator, asOffset, type Segment } from "../memory/mod.ts";
import { type FrameConnection, uniqueName } from "../platform/mod.ts";
import { WireCustody } from "./wire_custody.ts";
import { ABORT_POOL, C, DESCRIPTOR_WORDS, firstGuess, H, RESULT_HEAD_BYTES } from "../task/mod.ts";
import { encodeJson, FrameType } from "./protocol.ts";

/** Slots of a client: those of its ports, numbered through. */
const SLOTS_MAX = LIMITS.portsPerSession * LIMITS.slotsPerPort;

/** What all wire sessions of a node share. */
export class WireHost {
  readonly #node: Segment;
  readonly #heap: Allocator;
  readonly #tables: Allocator;
  readonly #links: Links;
  readonly #workers: number;
  readonly #counters: Counters;
  readonly #wake: () => void;
  readonly #sessions = new Map<number, WireSession>();
  #lastId = 0;

  /** @param tables Heap for what lives as long as a session; the debug heap is for tasks. */
  constructor(
    node: Segment,
    heap: Allocator,
    tables: Allocator,
    links: Links,
    workers: number,
    counters: Counters,
    wake: () => void,
  ) {
    this.#counters = counters;
    this.#node = node;
    this.#heap = heap;
    this.#tables = tables;
    this.#links = links;
    this.#workers = workers;
    this.#wake = wake;
  }

  info(): SessionInfo[] {
    const open = [...this.#sessions.values()].filter(({ isGone }) => !isGone);
    return open.map(({ id, client }) => ({
      id,
      client,
      transport: "socket",
      ports: 1,
      memoryBytes: 0,
      isClosing: false,
    }));
  }

  add(session: WireSession): number {
    this.#sessions.set(++this.#lastId, session);
    return this.#lastId;
  }

  /** The wire session of that number, for who knows its key. Throws CHI-3009. */
  find(id: number, key: string): WireSession {
    const session = this.#sessions.get(id);
    if (session === undefined || session.key !== key) refuse("no such session", "join a session");
    return session;
  }

  /** The client has gone: nobody waits for its tasks any more. */
  leave(id: number): void {
    for (let worker = 0; worker < this.#workers; worker++) {
      this.#links.push(worker, LinkKind.abort, -id, -1, 0);
    }
    this.#wake();
  }

  /** Nothing of the session's is under way any more. */
  forget(id: number): void {
    this.#sessions.delete(id);
  }

  /**
   * Hands a task to the worker that is its pool's first guess. Throws CHI-2001.
   *
   * @param custody Where the session's table has the task; null for what is no task.
   */
  submit(session: number, message: Uint8Array, custody: WireCustody | null): void {
    const offset = this.#heap.alloc(message.length);
    this.#node.u8.set(message, offset);
    const words = this.#node.i32;
    const at = offset >>> 2;
    const worker = firstGuess(this.#node.i32[at + H.pool]!, this.#workers);
    if (custody !== null) {
      words[at + H.fields] = custody.begin(words[at + H.slot]!, words[at + H.generation]!, worker);
    }
    if (!this.#links.offer(worker, LinkKind.wire, offset | 0, message.length, session)) {
      custody?.end(words[at + H.slot]!);
      this.#heap.free(offset);
      throw new ChimaeraError("outOfMemory", {
        what: `hand a task to worker ${worker}`,
        why: `${LIMITS.workerOverflowMax} tasks wait for it already`,
      });
    }
    this.#counters.words[this.#counters.worker(worker) + WORKER_COUNTER.wireHanded]!++;
    this.#wake();
  }

  /** Memory for a session's table. */
  custody(): WireCustody {
    return new WireCustody(this.#node, this.#tables);
  }

  /** Answers the tasks that a lost worker had. Returns the blocks of those that had one. */
  failHeld(worker: number, error: ChimaeraError): number[] {
    return [...this.#sessions.values()].flatMap((session) => session.failHeld(worker, error));
  }

  /** A worker found no room for a result, nor for its error. */
  receiveFull(slot: number, generation: number, session: number): void {
    const error = new ChimaeraError("outOfMemory", {
      what: "pack a result",
      why: "the node's heap has no room for it",
    });
    this.#sessions.get(session)?.answer(packFailure(slot, generation, error));
  }

  /** A worker packed a result. */
  receive(block: number, sizeBytes: number, session: number): void {
    const offset = asOffset(block >>> 0);
    const result = this.#node.u8.slice(offset, offset + sizeBytes);
    this.#heap.free(offset);
    this.#sessions.get(session)?.answer(result);
  }
}

export class WireSession {
  readonly id: number;
  /** The client, for people. */
  readonly client: string;
  /** Whoever knows it may join the session by another connection. */
  readonly key = uniqueName();
  #connection: FrameConnection;
  readonly #host: WireHost;
  readonly #custody: WireCustody;
  /** The client has gone, and tasks of it may be under way. */
  isGone = false;

  constructor(client: string, connection: FrameConnection, host: WireHost) {
    this.client = client;
    this.#connection = connection;
    this.#host = host;
    this.#custody = host.custody();
    this.id = host.add(this);
  }

  /** From now on the answers leave by this connection. */
  move(connection: FrameConnection): void {
    this.#connection = connection;
  }

  /** Takes a task; one that there is no room for is answered so. Throws CHI-3009. */
  submit(message: Uint8Array<ArrayBuffer>): void {
    if (this.isGone) refuse("its session has ended");
    if (message.length < DESCRIPTOR_WORDS * 4) refuse("it is cut short");
    const head = new Int32Array(message.buffer, message.byteOffset, DESCRIPTOR_WORDS);
    const isAbort = head[H.pool] === ABORT_POOL;
    const slot = head[H.slot]!;
    if (slot < 0 || slot >= SLOTS_MAX) refuse(`task slot ${slot} does not exist`);
    if (!isAbort && this.#custody.has(slot)) refuse(`task slot ${slot} is in use`);
    try {
      this.#host.submit(this.id, message, isAbort ? null : this.#custody);
    } catch (thrown) {
      if (isAbort) return; // Best effort; the task is answered in any case.
      const error = toChimaeraError(thrown, "outOfMemory", "take a task");
      this.answer(packFailure(head[H.slot]!, head[H.generation]!, error));
    }
  }

  /** The tasks that a lost worker had are answered by the node. */
  failHeld(worker: number, error: ChimaeraError): number[] {
    const held = this.#custody.heldBy(worker);
    for (const { slot, generation } of held) this.answer(packFailure(slot, generation, error));
    return held.map(({ block }) => block).filter((block) => block !== 0);
  }

  /** A result; nobody wants it when the client has gone meanwhile. */
  answer(result: Uint8Array): void {
    this.#custody.end(new DataView(result.buffer, result.byteOffset).getInt32(0, true));
    if (this.isGone) this.#forgetIfDone();
    else this.#connection.send(FrameType.completion, result);
  }

  /** The client has gone. */
  close(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.#host.leave(this.id);
    this.#forgetIfDone();
  }

  #forgetIfDone(): void {
    if (!this.#custody.isEmpty) return;
    this.#custody.close();
    this.#host.forget(this.id);
  }
}

function refuse(why: string, what = "task"): never {
  throw new ChimaeraError("badDescriptor", { what, why });
}

/** The result of a task that no worker has seen. */
function packFailure(slot: number, generation: number, error: ChimaeraError): Uint8Array {
  const text = encodeJson(errorData(error));
  const result = new Uint8Array(RESULT_HEAD_BYTES + text.length);
  const words = new Int32Array(result.buffer, 0, RESULT_HEAD_BYTES / 4);
  words[C.slot] = slot;
  words[C.generation] = generation;
  words[C.returnCode] = error.number;
  result.set(text, RESULT_HEAD_BYTES);
  return result;
}

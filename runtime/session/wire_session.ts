/**
 * The node's side of a session without shared memory: moves whole tasks between the connection and
 * the workers, without looking into them.
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import { errorData, LinkKind, type Links, type SessionInfo } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { type Allocator, asOffset, type Segment } from "../memory/mod.ts";
import { type FrameConnection, uniqueName } from "../platform/mod.ts";
import { ABORT_POOL, C, DESCRIPTOR_WORDS, H, RESULT_HEAD_BYTES } from "../task/mod.ts";
import { encodeJson, FrameType } from "./protocol.ts";

/** A client has no more task slots than these. */
const UNDER_WAY_MAX = LIMITS.portsPerSession * LIMITS.slotsPerPort;

/** What all wire sessions of a node share. */
export class WireHost {
  readonly #node: Segment;
  readonly #heap: Allocator;
  readonly #links: Links;
  readonly #workers: number;
  readonly #wake: () => void;
  readonly #sessions = new Map<number, WireSession>();
  #lastId = 0;

  constructor(
    node: Segment,
    heap: Allocator,
    links: Links,
    workers: number,
    wake: () => void,
  ) {
    this.#node = node;
    this.#heap = heap;
    this.#links = links;
    this.#workers = workers;
    this.#wake = wake;
  }

  info(): SessionInfo[] {
    return [...this.#sessions.values()].map(({ id, client }) => ({
      id,
      client,
      transport: "socket",
      ports: 1,
      memoryBytes: 0,
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
  remove(id: number): void {
    this.#sessions.delete(id);
    for (let worker = 0; worker < this.#workers; worker++) {
      this.#links.push(worker, LinkKind.abort, -id, -1, 0);
    }
    this.#wake();
  }

  /** Hands a task to the worker that is its pool's first guess. Throws CHI-2001. */
  submit(session: number, message: Uint8Array): void {
    const offset = this.#heap.alloc(message.length);
    this.#node.u8.set(message, offset);
    const poolId = this.#node.u32[(offset >>> 2) + H.pool]!;
    const worker = poolId % this.#workers;
    if (!this.#links.offer(worker, LinkKind.wire, offset | 0, message.length, session)) {
      this.#heap.free(offset);
      throw new ChimaeraError("outOfMemory", {
        what: `hand a task to worker ${worker}`,
        why: `${LIMITS.workerOverflowMax} tasks wait for it already`,
      });
    }
    this.#wake();
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
    // The client may have gone meanwhile: then nobody wants the result.
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
  #closed = false;
  /** Tasks that were taken and not answered. */
  #underWay = 0;

  constructor(client: string, connection: FrameConnection, host: WireHost) {
    this.client = client;
    this.#connection = connection;
    this.#host = host;
    this.id = host.add(this);
  }

  /** From now on the answers leave by this connection. */
  move(connection: FrameConnection): void {
    this.#connection = connection;
  }

  /** Takes a task; one that there is no room for is answered so. Throws CHI-3009. */
  submit(message: Uint8Array<ArrayBuffer>): void {
    if (this.#closed) refuse("its session has ended");
    if (message.length < DESCRIPTOR_WORDS * 4) refuse("it is cut short");
    const head = new Int32Array(message.buffer, message.byteOffset, DESCRIPTOR_WORDS);
    const isAbort = head[H.pool] === ABORT_POOL;
    if (!isAbort && ++this.#underWay > UNDER_WAY_MAX) refuse("its client has too many under way");
    try {
      this.#host.submit(this.id, message);
    } catch (thrown) {
      if (isAbort) return; // Best effort; the task is answered in any case.
      const error = toChimaeraError(thrown, "outOfMemory", "take a task");
      this.answer(packFailure(head[H.slot]!, head[H.generation]!, error));
    }
  }

  answer(result: Uint8Array): void {
    this.#underWay--;
    this.#connection.send(FrameType.completion, result);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#host.remove(this.id);
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

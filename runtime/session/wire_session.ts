/**
 * The node's side of a session without shared memory: moves whole tasks between the connection and
 * the workers, without looking into them.
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError } from "../errors.ts";
import { LinkKind, type Links, type SessionInfo } from "../lane/mod.ts";
import { type Allocator, asOffset, type Segment } from "../memory/mod.ts";
import type { FrameConnection } from "../platform/mod.ts";
import { DESCRIPTOR_WORDS, H } from "../task/mod.ts";
import { FrameType } from "./protocol.ts";

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

  remove(id: number): void {
    this.#sessions.delete(id);
  }

  /** Hands a task to the worker that is its pool's first guess. */
  submit(session: number, message: Uint8Array): void {
    const offset = this.#heap.alloc(message.length);
    this.#node.u8.set(message, offset);
    const poolId = this.#node.u32[(offset >>> 2) + H.pool]!;
    this.#links.push(poolId % this.#workers, LinkKind.wire, offset | 0, message.length, session);
    this.#wake();
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
  readonly #connection: FrameConnection;
  readonly #host: WireHost;

  constructor(client: string, connection: FrameConnection, host: WireHost) {
    this.client = client;
    this.#connection = connection;
    this.#host = host;
    this.id = host.add(this);
  }

  submit(message: Uint8Array): void {
    if (message.length < DESCRIPTOR_WORDS * 4) {
      throw new ChimaeraError("badDescriptor", { what: "task", why: "it is cut short" });
    }
    this.#host.submit(this.id, message);
  }

  answer(result: Uint8Array): void {
    this.#connection.send(FrameType.completion, result);
  }

  close(): void {
    this.#host.remove(this.id);
  }
}

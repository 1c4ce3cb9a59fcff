/**
 * What travels on a control socket: frames of JSON requests and answers, and, for clients without
 * shared memory, frames that carry tasks.
 *
 * The connection is the client's lease: when it ends, so does the session. A node that ends a
 * session by itself first says why, in an answer to no request.
 */

import { LIMITS } from "../limits.ts";
import type { ErrorData } from "../lane/mod.ts";
import { atMost, type FrameConnection } from "../platform/mod.ts";
import { errorFromData } from "../lane/mod.ts";
import { ChimaeraError } from "../errors.ts";

export const FrameType = { json: 1, task: 2, completion: 3 } as const;

/** The `id` of the answer that tells why the session ends; requests count from 1. */
export const END_ID = 0;

/** Largest frame: one task's bulk and some. */
export const FRAME_BYTES_MAX: number = LIMITS.sessionBytesDefault + 65536;

export interface Hello {
  readonly kind: "hello";
  readonly protocol: number;
  readonly pid: number;
  /** Absent where the node may choose. */
  readonly sizeBytes?: number;
  /** False: tasks will come over this connection. */
  readonly shared: boolean;
}

export interface Welcome {
  readonly sessionId: number;
  readonly nodePid: number;
  readonly workers: number;
  readonly debugHeap: boolean;
  readonly segmentId: number;
  readonly segmentPath: string;
  readonly bellsId: number;
  readonly bellsPath: string;
  /** For {@linkcode Join}; empty for a session in shared memory. */
  readonly key: string;
}

/** Another connection of a session without shared memory, which its tasks take from then on. */
export interface Join {
  readonly kind: "join";
  readonly sessionId: number;
  readonly key: string;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: ChimaeraError) => void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

export function decodeJson(bytes: Uint8Array): Record<string, unknown> {
  return JSON.parse(decoder.decode(bytes));
}

/** Requests over a connection, and their answers. */
export class Requests {
  readonly #connection: Pick<FrameConnection, "send">;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  /** Why the node ends the session, once it has said so. */
  ended: ChimaeraError | null = null;
  /** Why no answer comes any more. */
  #lost: ChimaeraError | null = null;

  constructor(connection: Pick<FrameConnection, "send">) {
    this.#connection = connection;
  }

  /** Rejects with the node's error, at once when the connection has ended. */
  ask<T>(message: object): Promise<T> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    const id = ++this.#lastId;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#connection.send(FrameType.json, encodeJson({ ...message, id }));
    });
  }

  /** An answer came in. */
  settle(message: Record<string, unknown>): void {
    const id = message.id as number;
    if (id === END_ID && message.error !== undefined) {
      this.ended = errorFromData(message.error as ErrorData);
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (message.error !== undefined) waiting?.reject(errorFromData(message.error as ErrorData));
    else waiting?.resolve(message.value);
  }

  /** No answer will come any more. */
  abandon(error: ChimaeraError): void {
    this.#lost ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/**
 * Says hello on a new connection, which is closed when that leads to nothing. Throws the node's
 * error, CHI-5004 when it does not answer.
 */
export async function greet(
  connection: Pick<FrameConnection, "close">,
  requests: Requests,
  hello: Hello,
): Promise<Welcome> {
  try {
    const answer = requests.ask<Welcome>(hello);
    if (await atMost(LIMITS.helloMs, answer)) return await answer;
    throw new ChimaeraError("connectFailed", {
      what: "connect to the node",
      why: `it has not answered for ${LIMITS.helloMs} ms`,
      hint: "it may be stopped (SIGSTOP), or have too much to do; see its log",
    });
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

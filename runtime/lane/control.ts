/**
 * Messages between the thread that assembled a node and its workers: JSON in a block of the node
 * segment, announced by a link entry. For everything that is not a task.
 *
 * Thread rules: one `ControlChannel` per participant, in its isolate.
 */

import {
  ChimaeraError,
  errorFromElsewhere,
  type ErrorName,
  errorNameOf,
  moduleStackOf,
  toChimaeraError,
} from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { type Allocator, asOffset, type Segment } from "../memory/mod.ts";
import { delay } from "../platform/mod.ts";
import { LinkKind, type Links } from "./links.ts";

/** A message; `kind` says which. */
export interface ControlMessage {
  readonly kind: string;
  readonly [key: string]: unknown;
}

/** An error as JSON. */
export interface ErrorData {
  readonly code: number;
  readonly what: string;
  readonly why: string;
  readonly hint: string;
  /** Where in a module it came from; empty for none. */
  readonly stack: string;
}

/** Longest text of an error that travels: a module may throw megabytes. */
const ERROR_TEXT_MAX = 4096;

export function errorData(error: ChimaeraError): ErrorData {
  const clip = (text: string) => text.slice(0, ERROR_TEXT_MAX);
  return {
    code: error.number,
    what: clip(error.what),
    why: clip(error.why),
    hint: clip(error.hint),
    stack: clip(moduleStackOf(error)),
  };
}

export function errorFromData(data: ErrorData): ChimaeraError {
  const kind: ErrorName = errorNameOf(data.code) ?? "handlerThrew";
  return errorFromElsewhere(kind, data, data.stack ?? "");
}

/** Carries out a request of another participant; its result must be JSON. */
export type ControlHandler = (message: ControlMessage, from: number) => unknown;

interface Waiting {
  readonly to: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: ChimaeraError) => void;
}

const IDS_PER_INCARNATION = 2 ** 40;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class ControlChannel {
  readonly #node: Segment;
  readonly #heap: Allocator;
  readonly #links: Links;
  readonly #handle: ControlHandler;
  readonly #flush: () => void;
  readonly #waiting = new Map<number, Waiting>();
  /** Messages that there was no room for, in order. */
  readonly #unsent: { readonly to: number; readonly bytes: Uint8Array }[] = [];
  #lastId: number;
  /** Requests of others that are not answered yet, and messages that wait for room. */
  busy = 0;

  /**
   * @param flush Called when a message was queued outside the participant's own loop.
   * @param incarnation Threads that were this participant before: answers to what they asked settle
   * nothing of this one's.
   */
  constructor(
    node: Segment,
    heap: Allocator,
    links: Links,
    handle: ControlHandler,
    flush: () => void,
    incarnation: number,
  ) {
    this.#node = node;
    this.#heap = heap;
    this.#links = links;
    this.#handle = handle;
    this.#flush = flush;
    this.#lastId = incarnation * IDS_PER_INCARNATION;
  }

  /** Sends a message that has no answer. */
  send(to: number, message: ControlMessage): void {
    const bytes = encoder.encode(JSON.stringify(message));
    if (bytes.length > LIMITS.controlMessageBytes) {
      throw new ChimaeraError("outOfMemory", {
        what: `send control message ${message.kind}`,
        why: `${bytes.length} bytes, at most ${LIMITS.controlMessageBytes}`,
      });
    }
    if (this.#unsent.length > 0 || !this.#post(to, bytes)) {
      this.#unsent.push({ to, bytes });
      if (this.#unsent.length === 1) void this.#postLater();
    }
  }

  /** False when the heap has no room at the moment. */
  #post(to: number, bytes: Uint8Array): boolean {
    let block: number;
    try {
      block = this.#heap.alloc(bytes.length);
    } catch (thrown) {
      if (thrown instanceof ChimaeraError && thrown.kind === "outOfMemory") return false;
      throw thrown;
    }
    this.#node.u8.set(bytes, block);
    this.#links.push(to, LinkKind.control, block | 0, bytes.length, 0);
    this.#flush();
    return true;
  }

  /** A node whose heap is full must still be able to end what fills it: messages wait for room. */
  async #postLater(): Promise<void> {
    this.busy++;
    while (this.#unsent.length > 0) {
      await delay(1);
      const { to, bytes } = this.#unsent[0]!;
      if (this.#post(to, bytes)) this.#unsent.shift();
    }
    this.busy--;
  }

  /** Sends a request and waits for its answer; rejects with the other side's error. */
  request(to: number, message: ControlMessage): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { to, resolve, reject });
      this.send(to, { ...message, requestId: id });
    });
  }

  /** Fails every request under way, when its answers can no longer come. */
  abandon(error: ChimaeraError): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  /** Fails the requests under way to a participant that is lost. */
  abandonTo(to: number, error: ChimaeraError): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.to !== to) continue;
      this.#waiting.delete(id);
      waiting.reject(error);
    }
  }

  /** A control entry came in. */
  receive(from: number, block: number, sizeBytes: number): void {
    const offset = asOffset(block >>> 0);
    const text = decoder.decode(this.#node.u8.slice(offset, offset + sizeBytes));
    this.#heap.free(offset);
    const message = JSON.parse(text) as ControlMessage;
    if (message.kind === "reply") this.#settle(message);
    else void this.#carryOut(from, message);
  }

  #settle(message: ControlMessage): void {
    const waiting = this.#waiting.get(message.answerTo as number);
    this.#waiting.delete(message.answerTo as number);
    if (message.error !== undefined) waiting?.reject(errorFromData(message.error as ErrorData));
    else waiting?.resolve(message.value);
  }

  async #carryOut(from: number, message: ControlMessage): Promise<void> {
    this.busy++;
    let reply: ControlMessage;
    try {
      const value = await this.#handle(message, from);
      reply = { kind: "reply", answerTo: message.requestId, value: value ?? null };
    } catch (thrown) {
      const error = toChimaeraError(thrown, "moduleLoad", `node: ${message.kind}`);
      reply = { kind: "reply", answerTo: message.requestId, error: errorData(error) };
    }
    this.busy--;
    if (message.requestId === undefined) return;
    try {
      this.send(from, reply);
    } catch (thrown) {
      const error = toChimaeraError(thrown, "outOfMemory", `answer ${message.kind}`);
      this.send(from, { kind: "reply", answerTo: message.requestId, error: errorData(error) });
    }
  }
}

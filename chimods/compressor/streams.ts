/**
 * The decoders of the streams that one lane holds.
 *
 * An id is the lane's number below a random upper part: a task with it finds its lane by hash, and
 * a client does not come upon another's stream by chance.
 *
 *     id:  random, 21 bits │ lane, 32 bits
 *
 * A client that goes away leaves its streams behind; when a lane holds {@linkcode STREAMS_MAX}, the
 * one that was idle longest makes room for the next.
 *
 * Thread rules: one lane.
 */

import { ChimaeraError } from "chimaera";
import type { FrameDecoder } from "./codecs/mod.ts";

/** Streams of one lane; each may hold a window of some MiB. */
export const STREAMS_MAX = 16;

const LANE_VALUES = 2 ** 32;
const RANDOM_MASK = 2 ** 21 - 1;

/** The number by which an id's lane is found. */
export function laneHashOf(id: number): number {
  return id % LANE_VALUES;
}

export class Streams {
  readonly #laneIndex: number;
  readonly #byId = new Map<number, FrameDecoder>();

  constructor(laneIndex: number) {
    this.#laneIndex = laneIndex;
  }

  get count(): number {
    return this.#byId.size;
  }

  /** Takes a decoder in; returns its stream's id. */
  add(decoder: FrameDecoder): number {
    if (this.#byId.size >= STREAMS_MAX) this.#closeOldest();
    let id: number;
    do id = randomUpper() * LANE_VALUES + this.#laneIndex; while (this.#byId.has(id));
    this.#byId.set(id, decoder);
    return id;
  }

  /** The decoder of a stream, which is the most recent from now on. Throws CHI-3010. */
  get(id: number): FrameDecoder {
    const decoder = this.#byId.get(id);
    if (decoder === undefined) {
      throw new ChimaeraError("taskState", {
        what: "decompress a stream",
        why: "no such stream is open: it was closed, or was idle while many others were opened",
        hint: "open it again and start from its first byte",
      });
    }
    this.#byId.delete(id);
    this.#byId.set(id, decoder);
    return decoder;
  }

  /** Forgets a stream and gives its decoder back. */
  close(id: number): void {
    this.get(id)[Symbol.dispose]();
    this.#byId.delete(id);
  }

  closeAll(): void {
    for (const decoder of this.#byId.values()) decoder[Symbol.dispose]();
    this.#byId.clear();
  }

  #closeOldest(): void {
    // A map keeps the order in which its keys came, and `get` puts a stream last.
    const [oldest] = this.#byId.keys();
    if (oldest !== undefined) this.close(oldest);
  }
}

function randomUpper(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! & RANDOM_MASK;
}

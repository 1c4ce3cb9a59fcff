/**
 * The decoders of the streams that one lane holds.
 *
 * An id is the lane's number below a random upper part: a task with it finds its lane by hash, and
 * a client does not come upon another's stream by chance.
 *
 *     id:  random, 21 bits │ lane, 32 bits
 *
 * A client that goes away leaves its streams behind. When a lane holds {@linkcode STREAMS_MAX}, those
 * that were idle for {@linkcode STREAM_IDLE_MS} make room for the next; one in use never does.
 *
 * Thread rules: one lane.
 */

import { ChimaeraError } from "chimaera";
import { type Clock, realClock } from "chimaera/platform";
import type { FrameDecoder } from "./codecs/mod.ts";

/** Streams of one lane, each of which may hold a window of some MiB; CHI-6006. */
export const STREAMS_MAX = 16;
/** After it a stream may be taken for one that its client left behind. */
export const STREAM_IDLE_MS = 600_000;

interface Stream {
  readonly decoder: FrameDecoder;
  usedMs: number;
}

const LANE_VALUES = 2 ** 32;
const RANDOM_MASK = 2 ** 21 - 1;

/** The number by which an id's lane is found. */
export function laneHashOf(id: number): number {
  return id % LANE_VALUES;
}

export class Streams {
  readonly #laneIndex: number;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #byId = new Map<number, Stream>();

  constructor(laneIndex: number, clock: Pick<Clock, "nowMs"> = realClock) {
    this.#laneIndex = laneIndex;
    this.#clock = clock;
  }

  get count(): number {
    return this.#byId.size;
  }

  /** Sees to it that there is room for one more. Throws CHI-6006. */
  makeRoom(): void {
    if (this.#byId.size < STREAMS_MAX) return;
    this.#closeIdle();
    if (this.#byId.size < STREAMS_MAX) return;
    throw new ChimaeraError("tooManyStreams", {
      what: "open a stream",
      why: `${STREAMS_MAX} are open on lane ${this.#laneIndex}, and all were used of late`,
    });
  }

  /** Takes a decoder in, for which room was made; returns its stream's id. */
  add(decoder: FrameDecoder): number {
    let id: number;
    do id = randomUpper() * LANE_VALUES + this.#laneIndex; while (this.#byId.has(id));
    this.#byId.set(id, { decoder, usedMs: this.#clock.nowMs() });
    return id;
  }

  /** The decoder of a stream, which counts as used. Throws CHI-3010. */
  get(id: number): FrameDecoder {
    const stream = this.#byId.get(id);
    if (stream === undefined) {
      throw new ChimaeraError("taskState", {
        what: "decompress a stream",
        why: "no such stream is open: it was closed, or was idle for " +
          `${STREAM_IDLE_MS / 60_000} minutes while others were opened`,
        hint: "open it again and start from its first byte",
      });
    }
    stream.usedMs = this.#clock.nowMs();
    return stream.decoder;
  }

  /** Forgets a stream and gives its decoder back. */
  close(id: number): void {
    this.get(id)[Symbol.dispose]();
    this.#byId.delete(id);
  }

  closeAll(): void {
    for (const { decoder } of this.#byId.values()) decoder[Symbol.dispose]();
    this.#byId.clear();
  }

  #closeIdle(): void {
    const latestMs = this.#clock.nowMs() - STREAM_IDLE_MS;
    for (const [id, { usedMs }] of this.#byId) if (usedMs <= latestMs) this.close(id);
  }
}

function randomUpper(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! & RANDOM_MASK;
}

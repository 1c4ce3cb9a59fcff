/**
 * Rings between exactly one producer and one consumer, of fixed slots of 32-bit words.
 *
 *   word 0        head: slots the consumer has released, wraps at 2^32   (consumer's line)
 *   word 16       tail: slots the producer has published                 (producer's line)
 *   word 32 …     capacity × slotWords words of slots
 *
 * The producer writes slots with plain stores and publishes a batch with one store of the tail;
 * the consumer learns of a batch with one load of it, and returns the room with one store of the
 * head. Each side keeps its own counter privately and never believes its copy in memory, so a
 * hostile peer can only invent or hide entries, not move the other side.
 *
 * Thread rules: one producer object and one consumer object per ring, each on one thread.
 */

import { load, store } from "../platform/mod.ts";

const HEAD = 0;
const TAIL = 16;
const SLOTS = 32;

/** Words of a ring; both ends are made from the same shape. */
export interface RingShape {
  /** Word index of the ring's start, a multiple of 16. */
  readonly baseWord: number;
  /** Slots; a power of two. */
  readonly capacity: number;
  /** Words of a slot; a power of two. */
  readonly slotWords: number;
}

/** Bytes that a ring takes. */
export function ringBytes(capacity: number, slotWords: number): number {
  return (SLOTS + capacity * slotWords) * 4;
}

/** Makes memory that held something else an empty ring. Both ends are made after this. */
export function formatRing(segment: { readonly u8: Uint8Array }, offsetBytes: number): void {
  segment.u8.fill(0, offsetBytes, offsetBytes + SLOTS * 4);
}

export class RingProducer {
  readonly words: Int32Array;
  readonly capacity: number;
  readonly #base: number;
  readonly #mask: number;
  readonly #shift: number;
  #tail: number;
  #published: number;
  #headSeen: number;

  /** Continues where the ring's words stand, so that an end can be handed to another thread. */
  constructor(words: Int32Array, shape: RingShape) {
    this.words = words;
    this.capacity = shape.capacity;
    this.#base = shape.baseWord;
    this.#mask = shape.capacity - 1;
    this.#shift = Math.log2(shape.slotWords);
    this.#tail = load(words, shape.baseWord + TAIL);
    this.#published = this.#tail;
    this.#headSeen = load(words, shape.baseWord + HEAD);
  }

  /**
   * The word index of the next free slot, or −1 when the ring is full. Fill the slot with plain
   * stores, then {@linkcode commit} it.
   */
  claim(): number {
    if (((this.#tail - this.#headSeen) | 0) >= this.capacity) {
      this.#headSeen = load(this.words, this.#base + HEAD);
      if (((this.#tail - this.#headSeen) | 0) >= this.capacity) return -1;
    }
    return this.#base + SLOTS + ((this.#tail & this.#mask) << this.#shift);
  }

  /** As {@linkcode claim} for a ring that holds every entry its user can owe: never full. */
  claimUnchecked(): number {
    return this.#base + SLOTS + ((this.#tail & this.#mask) << this.#shift);
  }

  /** Counts the claimed slot; the consumer sees it after {@linkcode publish}. */
  commit(): void {
    this.#tail = (this.#tail + 1) | 0;
  }

  /** Shows all committed slots to the consumer. False when there was nothing to show. */
  publish(): boolean {
    if (this.#tail === this.#published) return false;
    this.#published = this.#tail;
    store(this.words, this.#base + TAIL, this.#tail);
    return true;
  }

  /** Slots committed so far, published or not; wraps at 2^32. */
  get tail(): number {
    return this.#tail;
  }

  /** Takes over slots that another producer committed and did not publish. */
  adopt(tail: number): void {
    this.#tail = tail;
  }

  /** Slots that the consumer has not released yet, by the last look at it. */
  get pending(): number {
    this.#headSeen = load(this.words, this.#base + HEAD);
    return (this.#tail - this.#headSeen) | 0;
  }
}

export class RingConsumer {
  readonly words: Int32Array;
  readonly capacity: number;
  readonly #base: number;
  readonly #mask: number;
  readonly #shift: number;
  #head: number;

  constructor(words: Int32Array, shape: RingShape) {
    this.words = words;
    this.capacity = shape.capacity;
    this.#base = shape.baseWord;
    this.#mask = shape.capacity - 1;
    this.#shift = Math.log2(shape.slotWords);
    this.#head = load(words, shape.baseWord + HEAD);
  }

  /**
   * Published slots not yet taken. Negative or above the capacity: the producer is broken, and
   * the ring must not be read.
   */
  available(): number {
    return (load(this.words, this.#base + TAIL) - this.#head) | 0;
  }

  /**
   * As {@linkcode available}, but without the cost of an ordered load when nothing is new. What it
   * misses by being early a later look finds; before sleeping, {@linkcode available} decides.
   */
  glance(): number {
    return this.words[this.#base + TAIL] === this.#head ? 0 : this.available();
  }

  /** The word index of the next slot. Valid until {@linkcode release}. */
  next(): number {
    const at = this.#base + SLOTS + ((this.#head & this.#mask) << this.#shift);
    this.#head = (this.#head + 1) | 0;
    return at;
  }

  /** Slots taken so far; wraps around. */
  get taken(): number {
    return this.#head;
  }

  /** Returns the room of all slots taken so far to the producer. */
  release(): void {
    store(this.words, this.#base + HEAD, this.#head);
  }
}

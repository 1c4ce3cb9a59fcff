/**
 * Rings between the participants of a node: its workers, and the thread that assembled it.
 *
 * One ring per ordered pair, of slots of four words; when one is full its producer keeps entries
 * in a list of its own, so a push never blocks. Of new tasks that list takes a bounded number.
 * Tails are published and bells rung once per batch.
 *
 *   slot word 0 kind   1 … 3 by kind:
 *     lane      block (word index), lane id                  run the task on that lane
 *     route     block                                        map the task to a lane, then run it
 *     done      ticket, generation, return code              a subtask of yours is done
 *     control   offset, bytes                                a message, see control.ts
 *     abort     port or −session, slot or −1, generation     nobody waits for this task any more
 *     abortSubtask   block, ticket, generation               nor for this one, which you may run
 *     flush     step, and two numbers by step                see flush_protocol.ts
 *     wire      offset, bytes, wire session                  a task of a client without memory
 *     wireDone  offset, bytes, wire session                  and its result
 *     wireFull  slot, generation, wire session               that there was no room for its result
 *     fence     move                                         what I sent before it is all I sent
 *
 * Thread rules: one `Links` per participant, in its isolate.
 */

import { LIMITS } from "../limits.ts";
import { ringBell, ringBytes, RingConsumer, RingProducer } from "../memory/mod.ts";
import type { Segment } from "../memory/mod.ts";
import type { SharedWords } from "../platform/mod.ts";

export const LinkKind = {
  lane: 1,
  route: 2,
  done: 3,
  control: 4,
  wire: 5,
  wireDone: 6,
  wireFull: 7,
  abort: 8,
  abortSubtask: 9,
  fence: 10,
  flush: 11,
} as const;
export type LinkKind = typeof LinkKind[keyof typeof LinkKind];

const SLOT_WORDS = 4;

/** Receives entries; plain numbers, nothing is kept. */
export type LinkHandler = (from: number, kind: number, a: number, b: number, c: number) => void;

/** Bytes for the rings of so many participants. */
export function linksBytes(participants: number): number {
  return participants * participants * ringBytes(LIMITS.workerRingSlots, SLOT_WORDS);
}

export class Links {
  readonly #bells: SharedWords;
  readonly #producers: RingProducer[] = [];
  readonly #consumers: RingConsumer[] = [];
  readonly #overflow: number[][] = [];
  /** Where the overflow of each begins that is not sent yet. */
  readonly #sent: number[] = [];
  readonly #dirty: boolean[] = [];
  readonly #participants: number;

  /**
   * @param self This participant's number; also the number of its bell line, from line 1 on.
   * @param offsetBytes Where the rings are in the node segment.
   */
  constructor(
    node: Segment,
    bells: SharedWords,
    self: number,
    participants: number,
    offsetBytes: number,
  ) {
    this.#bells = bells;
    this.#participants = participants;
    const bytes = ringBytes(LIMITS.workerRingSlots, SLOT_WORDS);
    const shape = (from: number, to: number) => ({
      baseWord: (offsetBytes + (from * participants + to) * bytes) / 4,
      capacity: LIMITS.workerRingSlots,
      slotWords: SLOT_WORDS,
    });
    for (let other = 0; other < participants; other++) {
      this.#producers.push(new RingProducer(node.i32, shape(self, other)));
      this.#consumers.push(new RingConsumer(node.i32, shape(other, self)));
      this.#overflow.push([]);
      this.#sent.push(0);
      this.#dirty.push(false);
    }
  }

  /**
   * Sends an entry with the next {@linkcode flush}. Never blocks and never fails: for what answers
   * something, and so is bounded by what was asked.
   */
  push(to: number, kind: LinkKind, a: number, b: number, c: number): void {
    this.#dirty[to] = true;
    const overflow = this.#overflow[to]!;
    if (overflow.length > 0 || !this.#write(to, kind, a, b, c)) overflow.push(kind, a, b, c);
  }

  /** As {@linkcode push} for what is new; false when too much waits for the receiver already. */
  offer(to: number, kind: LinkKind, a: number, b: number, c: number): boolean {
    const keptWords = this.#overflow[to]!.length - this.#sent[to]!;
    if (keptWords >= LIMITS.workerOverflowMax * SLOT_WORDS) return false;
    this.push(to, kind, a, b, c);
    return true;
  }

  #write(to: number, kind: number, a: number, b: number, c: number): boolean {
    const ring = this.#producers[to]!;
    const at = ring.claim();
    if (at < 0) return false;
    const words = ring.words;
    words[at] = kind;
    words[at + 1] = a;
    words[at + 2] = b;
    words[at + 3] = c;
    ring.commit();
    return true;
  }

  /** Publishes what was pushed and wakes those who sleep. */
  flush(): void {
    for (let to = 0; to < this.#participants; to++) {
      if (!this.#dirty[to]) continue;
      const overflow = this.#overflow[to]!;
      let moved = this.#sent[to]!;
      while (
        moved < overflow.length &&
        this.#write(
          to,
          overflow[moved]!,
          overflow[moved + 1]!,
          overflow[moved + 2]!,
          overflow[moved + 3]!,
        )
      ) moved += SLOT_WORDS;
      if (moved * 2 >= overflow.length) { // Moving the rest costs less than what was sent before.
        if (moved > 0) overflow.splice(0, moved);
        moved = 0;
      }
      this.#sent[to] = moved;
      this.#dirty[to] = overflow.length > 0;
      if (this.#producers[to]!.publish()) ringBell(this.#bells, bellLineOf(to));
    }
  }

  /** Takes what has come in, at most a batch per ring. Returns how many entries. */
  poll(handle: LinkHandler): number {
    let total = 0;
    for (let from = 0; from < this.#participants; from++) {
      const ring = this.#consumers[from]!;
      let count = ring.glance();
      if (count === 0) continue;
      if (count > LIMITS.ringBatch) count = LIMITS.ringBatch;
      const words = ring.words;
      for (let k = 0; k < count; k++) {
        const at = ring.next();
        handle(from, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
      }
      ring.release();
      total += count;
    }
    return total;
  }

  /** Whether another participant has sent what is not taken yet. */
  waitsFrom(from: number): boolean {
    return this.#consumers[from]!.available() !== 0;
  }

  /** Drops what has not been shown to another participant yet, and what it has not taken. */
  discard(to: number): void {
    this.#overflow[to]!.length = 0;
    this.#sent[to] = 0;
    this.#producers[to]!.publish();
  }

  /** Begins after what another participant has sent so far, which `drop` gets. */
  skip(from: number, drop: (kind: number, a: number) => void): void {
    const ring = this.#consumers[from]!;
    for (let count = ring.available(); count > 0; count--) {
      const at = ring.next();
      drop(ring.words[at]!, ring.words[at + 1]!);
    }
    ring.release();
  }

  /** Whether a full ring keeps something back. */
  get blocked(): boolean {
    for (let k = 0; k < this.#participants; k++) if (this.#overflow[k]!.length > 0) return true;
    return false;
  }

  /** Whether anything waits to be taken, or was pushed and not flushed. */
  get pending(): boolean {
    for (let k = 0; k < this.#participants; k++) {
      if (this.#consumers[k]!.available() !== 0) return true;
      // What waits for room in a full ring is sent by a later pass; its receiver is awake.
      if (this.#dirty[k] && this.#overflow[k]!.length === 0) return true;
    }
    return false;
  }
}

/** Bell line of a participant; line 0 is the segment's header. */
export function bellLineOf(participant: number): number {
  return 1 + participant;
}

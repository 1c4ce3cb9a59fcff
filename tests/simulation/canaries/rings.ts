/** Rings that are wrong on purpose. */

import { RingConsumer, RingProducer, type RingShape } from "../../../runtime/memory/mod.ts";
import { type Producer, REAL_RING, type RingEnds } from "../scenarios/ring.ts";

/** Publishes a slot when it is claimed, before the caller has filled it. */
class EarlyTail implements Producer {
  readonly #ring: RingProducer;
  #shown = 0;

  constructor(words: Int32Array, shape: RingShape) {
    this.#ring = new RingProducer(words, shape);
  }

  claim(): number {
    const slot = this.#ring.claim();
    if (slot < 0) return -1;
    this.#ring.commit();
    this.#ring.publish();
    this.#shown++;
    void this.#ring.pending; // A look at the head: the consumer may run here.
    return slot;
  }

  commit(): void {}

  publish(): boolean {
    const shown = this.#shown > 0;
    this.#shown = 0;
    return shown;
  }
}

/** Gives a slot's room back when it hands the slot out, before the caller has read it. */
class EarlyHead extends RingConsumer {
  override next(): number {
    const slot = super.next();
    super.release();
    super.available(); // A look at the tail: the producer may run here.
    return slot;
  }
}

export const EARLY_TAIL: RingEnds = {
  ...REAL_RING,
  producer: (words, shape) => new EarlyTail(words, shape),
};

export const EARLY_HEAD: RingEnds = {
  ...REAL_RING,
  consumer: (words, shape) => new EarlyHead(words, shape),
};

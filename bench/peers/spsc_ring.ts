/**
 * Peer of `task.pipe.*`: a bare ring of 64-byte slots between one producer and one consumer, with
 * nothing around it: no task, no routing, no answer, no memory management. What remains is what
 * moving 64 bytes from one thread to another costs in JavaScript.
 *
 * Layout, in 32-bit words; positions count slots and wrap at 2^32:
 *
 *       0   head: the consumer's position          written by the consumer
 *       1   sum of all values consumed
 *      16   tail: the producer's position          written by the producer
 *      32   the consumer sleeps (on word 16)
 *      48   the producer sleeps (on word 50)
 *      49   head at which the producer wants to be woken
 *      50   wake epoch of the producer
 *      51   the consumer should end
 *      64   slots, 16 words each: a value, value + 1, … value + 15
 *
 * Sleeping is lazy: a side that finds nothing to do looks again a few hundred times before it
 * sleeps, and is woken only when it said that it sleeps. A full ring lets the producer sleep until
 * half of it is free again.
 */

const HEAD = 0;
const SUM = 1;
const TAIL = 16;
const CONSUMER_SLEEPS = 32;
const PRODUCER_SLEEPS = 48;
const WAKE_AT = 49;
const WAKE_EPOCH = 50;
const STOP = 51;
const FIRST_SLOT = 64;
const SLOT_WORDS = 16;

/** Looks at the ring before a side goes to sleep. */
const LOOKS = 200;
/** Slots that the consumer takes before it hands them back. */
const TAKE_MAX = 256;

/** Slots of the ring: as many messages may be under way as a port of ours has tasks. */
export const RING_SLOTS = 4096;
/** Bytes of memory that a ring needs. */
export const RING_BYTES = (FIRST_SLOT + RING_SLOTS * SLOT_WORDS) * 4;

/** How a thread sleeps on a word and wakes who sleeps there; by futex or by `Atomics`. */
export interface Sleeper {
  wait(index: number, expected: number): void;
  wake(index: number): void;
}

/** Sleeps within one process. */
export function atomicsSleeper(words: Int32Array): Sleeper {
  return {
    wait: (index, expected) => void Atomics.wait(words, index, expected),
    wake: (index) => void Atomics.notify(words, index),
  };
}

/** The sending end. One thread. */
export class SpscProducer {
  readonly #words: Int32Array;
  readonly #sleeper: Sleeper;
  #tail = 0;
  /** Tail at which the ring may be full. */
  #limit = RING_SLOTS;
  #sumBefore = 0;

  constructor(words: Int32Array, sleeper: Sleeper) {
    this.#words = words;
    this.#sleeper = sleeper;
  }

  /** Sends `count` messages, publishing `batch` at a time, and waits until all are consumed. */
  sendAll(count: number, batch: number): number {
    for (let sent = 0; sent < count;) {
      const end = Math.min(sent + batch, count);
      for (; sent < end; sent++) this.push(sent);
      this.publish();
    }
    this.#waitForHead(this.#tail);
    const sum = this.#words[SUM]!;
    const delta = (sum - this.#sumBefore) >>> 0;
    this.#sumBefore = sum;
    return delta;
  }

  /** Writes one message of 64 bytes; waits when the ring is full. */
  push(value: number): void {
    if (this.#tail === this.#limit) this.#waitForRoom();
    const words = this.#words;
    const slot = FIRST_SLOT + (this.#tail & (RING_SLOTS - 1)) * SLOT_WORDS;
    for (let word = 0; word < SLOT_WORDS; word++) words[slot + word] = value + word;
    this.#tail = (this.#tail + 1) | 0;
  }

  /** Shows the consumer what was pushed. */
  publish(): void {
    Atomics.store(this.#words, TAIL, this.#tail);
    if (Atomics.load(this.#words, CONSUMER_SLEEPS) !== 0) this.#sleeper.wake(TAIL);
  }

  #waitForRoom(): void {
    let head = Atomics.load(this.#words, HEAD);
    if (head === ((this.#tail - RING_SLOTS) | 0)) {
      this.publish();
      head = this.#waitForHead((this.#tail - RING_SLOTS / 2) | 0);
    }
    this.#limit = (head + RING_SLOTS) | 0;
  }

  #waitForHead(wanted: number): number {
    const words = this.#words;
    for (;;) {
      for (let look = 0; look < LOOKS; look++) {
        const head = Atomics.load(words, HEAD);
        if (((head - wanted) | 0) >= 0) return head;
      }
      const epoch = Atomics.load(words, WAKE_EPOCH);
      Atomics.store(words, WAKE_AT, wanted);
      Atomics.store(words, PRODUCER_SLEEPS, 1);
      if (((Atomics.load(words, HEAD) - wanted) | 0) < 0) this.#sleeper.wait(WAKE_EPOCH, epoch);
      Atomics.store(words, PRODUCER_SLEEPS, 0);
    }
  }

  /** Tells the consumer to end. */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
    // A changed tail ends the sleep, or keeps it from beginning; STOP is looked at before each.
    Atomics.add(this.#words, TAIL, 1);
    this.#sleeper.wake(TAIL);
  }
}

/** Takes slots until it is told to stop. One thread. */
export function consumeUntilStopped(words: Int32Array, sleeper: Sleeper): void {
  let head = 0;
  let sum = 0;
  for (let looks = 0;;) {
    let available = (Atomics.load(words, TAIL) - head) | 0;
    if (available === 0) {
      if (++looks < LOOKS) continue;
      looks = 0;
      Atomics.store(words, CONSUMER_SLEEPS, 1);
      if (Atomics.load(words, STOP) !== 0) return;
      sleeper.wait(TAIL, head);
      Atomics.store(words, CONSUMER_SLEEPS, 0);
      continue;
    }
    looks = 0;
    if (available > TAKE_MAX) available = TAKE_MAX;
    for (; available > 0; available--) {
      const slot = FIRST_SLOT + (head & (RING_SLOTS - 1)) * SLOT_WORDS;
      for (let word = 0; word < SLOT_WORDS; word++) sum = (sum + words[slot + word]!) | 0;
      head = (head + 1) | 0;
    }
    words[SUM] = sum;
    Atomics.store(words, HEAD, head);
    if (Atomics.load(words, PRODUCER_SLEEPS) !== 0) wakeProducer(words, sleeper, head);
  }
}

function wakeProducer(words: Int32Array, sleeper: Sleeper, head: number): void {
  if (((head - Atomics.load(words, WAKE_AT)) | 0) < 0) return;
  Atomics.add(words, WAKE_EPOCH, 1);
  sleeper.wake(WAKE_EPOCH);
}

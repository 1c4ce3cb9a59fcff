/**
 * A ring of bytes between exactly one producer and one consumer: a pipe in shared memory.
 *
 *   word 0        head: bytes the consumer has released, wraps at 2^32   (consumer's line)
 *   word 16       tail: bytes the producer has published                 (producer's line)
 *   word 32 …     the bytes, as many as the capacity says
 *
 * Either side sees its part in place, as one run of bytes: what wraps around comes as a second run
 * after the first was dealt with.
 *
 * Thread rules: one producer object and one consumer object per ring, each on one thread. Both
 * threads are of one program and trust each other.
 */

import { load, store } from "../platform/mod.ts";

const HEAD = 0;
const TAIL = 16;
const BYTES = 32;

/** Bytes that a ring takes; the capacity is a power of two. */
export function byteRingBytes(capacity: number): number {
  return BYTES * 4 + capacity;
}

/** Either end of a ring. */
abstract class ByteRingEnd {
  protected readonly words: Int32Array;
  protected readonly bytes: Uint8Array<SharedArrayBuffer>;
  protected readonly capacity: number;
  protected readonly base: number;

  constructor(buffer: SharedArrayBuffer, offsetBytes: number, capacity: number) {
    this.words = new Int32Array(buffer);
    this.base = offsetBytes / 4;
    this.bytes = new Uint8Array(buffer, offsetBytes + BYTES * 4, capacity);
    this.capacity = capacity;
  }

  /** Bytes that were published and not released. */
  protected filled(): number {
    return (load(this.words, this.base + TAIL) - load(this.words, this.base + HEAD)) | 0;
  }

  protected run(position: number, sizeBytes: number): Uint8Array<SharedArrayBuffer> {
    const at = position & (this.capacity - 1);
    return this.bytes.subarray(at, at + Math.min(sizeBytes, this.capacity - at));
  }

  protected move(word: number, sizeBytes: number): void {
    store(this.words, this.base + word, (load(this.words, this.base + word) + sizeBytes) | 0);
  }
}

export class ByteRingProducer extends ByteRingEnd {
  /** Where the next bytes go, in place; empty when the ring is full. */
  room(): Uint8Array<SharedArrayBuffer> {
    return this.run(load(this.words, this.base + TAIL), this.capacity - this.filled());
  }

  /** Shows the first so many bytes of {@linkcode room} to the consumer. */
  publish(sizeBytes: number): void {
    this.move(TAIL, sizeBytes);
  }

  /** Copies bytes in for as long as there is room. Returns how many. */
  push(bytes: Uint8Array): number {
    let pushed = 0;
    while (pushed < bytes.length) {
      const room = this.room();
      if (room.length === 0) break;
      const part = bytes.subarray(pushed, pushed + room.length);
      room.set(part);
      this.publish(part.length);
      pushed += part.length;
    }
    return pushed;
  }
}

export class ByteRingConsumer extends ByteRingEnd {
  /** The next bytes, in place; empty when there are none. Valid until they are released. */
  next(): Uint8Array<SharedArrayBuffer> {
    return this.run(load(this.words, this.base + HEAD), this.filled());
  }

  /** Returns the room of the first so many bytes of {@linkcode next} to the producer. */
  release(sizeBytes: number): void {
    this.move(HEAD, sizeBytes);
  }
}

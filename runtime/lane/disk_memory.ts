/**
 * Where the bytes of a disk transfer are, as the kernel sees them.
 *
 * Bytes of a segment, and of any shared buffer, stay where they are: the kernel transfers them in
 * place. A private buffer may be taken away while the kernel works, and lies where direct access
 * cannot reach it, so its bytes go through a block of the node's heap, with one copy.
 *
 * Thread rules: one worker's isolate.
 */

import type { Allocator, Offset, Segment } from "../memory/mod.ts";
import { addressOf } from "../platform/mod.ts";
import type { Bulk } from "../task/mod.ts";

/** What a transfer may name: shared memory, which is best, or any bytes. */
export type DiskBytes = Bulk | Uint8Array;

/** The bytes in place. */
export function bytesOf(memory: DiskBytes): Uint8Array {
  return memory instanceof Uint8Array ? memory : memory.bytes;
}

/** Memory that the kernel is given for one transfer. */
export interface TransferMemory {
  readonly bytes: Uint8Array;
  /** Where they are for the kernel. */
  readonly address: number;
  /** The kernel is done with it; `readBytes` of it are new. */
  done(readBytes: number): void;
}

/** Where bytes for private buffers come from. */
export interface BounceSource {
  readonly heap: Allocator;
  readonly node: Segment;
}

/** Memory for a transfer of `bytes`. Throws CHI-2001 when a copy is needed and there is no room. */
export function transferMemory(
  bytes: Uint8Array,
  isWrite: boolean,
  source: BounceSource,
): TransferMemory {
  return bytes.buffer instanceof SharedArrayBuffer
    ? new SharedMemory(bytes as Uint8Array<SharedArrayBuffer>)
    : new BounceMemory(bytes, isWrite, source);
}

// A shared buffer is never moved, and asking for an address costs ten times as much as this.
const addressOfBuffer = new WeakMap<SharedArrayBuffer, number>();

class SharedMemory implements TransferMemory {
  /** Held, so that the pages stay mapped. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;

  constructor(bytes: Uint8Array<SharedArrayBuffer>) {
    this.bytes = bytes;
  }

  get address(): number {
    const { buffer, byteOffset } = this.bytes;
    let base = addressOfBuffer.get(buffer);
    if (base === undefined) {
      base = addressOf(new Uint8Array(buffer));
      addressOfBuffer.set(buffer, base);
    }
    return base + byteOffset;
  }

  done(): void {}
}

class BounceMemory implements TransferMemory {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly #private: Uint8Array;
  readonly #isWrite: boolean;
  readonly #source: BounceSource;
  readonly #block: Offset;

  constructor(bytes: Uint8Array, isWrite: boolean, source: BounceSource) {
    this.#private = bytes;
    this.#isWrite = isWrite;
    this.#source = source;
    this.#block = source.heap.alloc(bytes.length);
    this.bytes = source.node.u8.subarray(this.#block, this.#block + bytes.length);
    if (isWrite) this.bytes.set(bytes);
  }

  get address(): number {
    return this.#source.node.address + this.#block;
  }

  done(readBytes: number): void {
    try {
      if (!this.#isWrite && readBytes > 0) this.#private.set(this.bytes.subarray(0, readBytes));
    } finally {
      this.#source.heap.free(this.#block);
    }
  }
}

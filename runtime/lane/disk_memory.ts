/**
 * Where the bytes of a disk transfer are, as the kernel sees them.
 *
 * Bytes of a segment, and of any shared buffer, stay where they are: the kernel transfers them in
 * place. Bytes of a private buffer may be moved or taken away while the kernel works, so they go
 * through a block of the node's heap, with one copy.
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
  readonly address: number;
  readonly sizeBytes: number;
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
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly address: number;

  constructor(bytes: Uint8Array<SharedArrayBuffer>) {
    this.#bytes = bytes;
    let base = addressOfBuffer.get(bytes.buffer);
    if (base === undefined) {
      base = addressOf(new Uint8Array(bytes.buffer));
      addressOfBuffer.set(bytes.buffer, base);
    }
    this.address = base + bytes.byteOffset;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  done(): void {}
}

class BounceMemory implements TransferMemory {
  readonly #bytes: Uint8Array;
  readonly #isWrite: boolean;
  readonly #source: BounceSource;
  readonly #block: Offset;
  readonly address: number;
  readonly sizeBytes: number;

  constructor(bytes: Uint8Array, isWrite: boolean, source: BounceSource) {
    this.#bytes = bytes;
    this.#isWrite = isWrite;
    this.#source = source;
    this.#block = source.heap.alloc(bytes.length);
    this.address = source.node.address + this.#block;
    this.sizeBytes = bytes.length;
    if (isWrite) source.node.u8.set(bytes, this.#block);
  }

  done(readBytes: number): void {
    const { heap, node } = this.#source;
    try {
      if (!this.#isWrite && readBytes > 0) {
        this.#bytes.set(node.u8.subarray(this.#block, this.#block + readBytes));
      }
    } finally {
      heap.free(this.#block);
    }
  }
}

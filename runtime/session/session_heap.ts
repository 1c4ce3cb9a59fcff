/**
 * The heap of a session's segment, as its program uses it: with room made by what has ended
 * meanwhile, and silent once the session is over.
 *
 * Thread rules: the session's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import type { Allocator, HeapStats, Offset } from "../memory/mod.ts";

export class SessionHeap implements Allocator {
  readonly #heap: Allocator;
  readonly #makeRoom: () => void;
  #over: ChimaeraError | null = null;

  /** @param makeRoom Gives back what only waits for somebody to look. */
  constructor(heap: Allocator, makeRoom: () => void) {
    this.#heap = heap;
    this.#makeRoom = makeRoom;
  }

  /** Throws why the session is over, once it is. */
  alloc(sizeBytes: number): Offset {
    if (this.#over !== null) throw this.#over;
    try {
      return this.#heap.alloc(sizeBytes);
    } catch (thrown) {
      if (!(thrown instanceof ChimaeraError) || thrown.kind !== "outOfMemory") throw thrown;
      this.#makeRoom();
      return this.#heap.alloc(sizeBytes);
    }
  }

  /** Does nothing once the session is over: the node has its memory back. */
  free(offset: Offset): void {
    if (this.#over === null) this.#heap.free(offset);
  }

  sizeOf(offset: Offset): number {
    return this.#heap.sizeOf(offset);
  }

  stats(): HeapStats {
    return this.#heap.stats();
  }

  flush(): void {
    if (this.#over === null) this.#heap.flush();
  }

  /** The session is over. */
  end(why: ChimaeraError): void {
    this.#over ??= why;
  }
}

/**
 * A thread that is to be a worker: it has started and loaded code, and waits to be told which one it
 * is. So whoever is replaced by it takes no tasks for milliseconds, and not for as long as a thread
 * needs to start.
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError } from "../errors.ts";
import type { ModuleSpec } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { atMost, entryUrl, isSimulated, startThread, type Thread } from "../platform/mod.ts";
import type { WorkerWarmUp } from "./worker_start.ts";

export class SpareThread {
  readonly thread: Thread;
  /** Resolves when its code is loaded, or it has died. */
  readonly ready: Promise<void>;
  /** Why it died; null while it lives. */
  #why: string | null = null;
  #onDeath: ((why: string) => void) | null = null;

  private constructor(name: string, modules: readonly ModuleSpec[]) {
    const ready = Promise.withResolvers<void>();
    const die = (why: string) => {
      this.#why = why;
      this.#onDeath?.(why);
      ready.resolve();
    };
    this.ready = ready.promise;
    this.thread = startThread(
      entryUrl("runtime/module/worker_main"),
      name,
      (message) => typeof message === "string" ? die(message) : ready.resolve(),
      die,
    );
    this.thread.post({ kind: "warm", modules } satisfies WorkerWarmUp);
  }

  /**
   * A thread with these modules; null where threads are simulated, and start in no time. Throws
   * CHI-4019 for one that has not loaded them in `limitMs`, or has died.
   */
  static async start(
    worker: number,
    modules: readonly ModuleSpec[],
    limitMs: number = LIMITS.moduleLoadMs,
  ): Promise<SpareThread | null> {
    if (isSimulated()) return null;
    const spare = new SpareThread(`chimaera-${worker}`, modules);
    if (!await atMost(limitMs, spare.ready)) {
      spare.drop();
      throw new ChimaeraError("recycleFailed", {
        what: `recycle worker ${worker}`,
        why: `its new thread has not loaded the modules in ${limitMs} ms`,
        hint: "a module must not wait for anything at its top level; the old thread runs on",
      });
    }
    spare.mustLive(worker);
    return spare;
  }

  /** Throws CHI-4019 when it has died, while the thread before it still can go on. */
  mustLive(worker: number): void {
    if (this.#why === null) return;
    throw new ChimaeraError("recycleFailed", {
      what: `recycle worker ${worker}`,
      why: `its new thread died before it began: ${this.#why || "nobody said why"}`,
      hint: "are the program's files still there? the old thread runs on",
    });
  }

  /** From now on `onDeath` is called when the thread dies, which it may have done. */
  watch(onDeath: (why: string) => void): Thread {
    this.#onDeath = onDeath;
    if (this.#why !== null) onDeath(this.#why);
    return this.thread;
  }

  /** It is not needed. */
  drop(): void {
    if (this.#onDeath === null) this.thread.terminate();
  }
}

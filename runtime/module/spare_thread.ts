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
import { atMost, entryUrl, startThread, type Thread, threadsAreReal } from "../platform/mod.ts";
import type { WorkerWarmUp } from "./worker_start.ts";

export class SpareThread {
  readonly thread: Thread;
  /** Resolves when its code is loaded, or it has died. */
  readonly ready: Promise<void>;
  /** Why it died; empty while it lives. */
  #why = "";
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
   * CHI-4019 for one that has not loaded them in `limitMs`.
   */
  static async start(
    worker: number,
    modules: readonly ModuleSpec[],
    limitMs: number = LIMITS.moduleLoadMs,
  ): Promise<SpareThread | null> {
    if (!threadsAreReal()) return null;
    const spare = new SpareThread(`chimaera-${worker}`, modules);
    if (await atMost(limitMs, spare.ready)) return spare;
    spare.drop();
    throw new ChimaeraError("recycleFailed", {
      what: `recycle worker ${worker}`,
      why: `its new thread has not loaded the modules in ${limitMs} ms`,
      hint: "a module must not wait for anything at its top level; the old thread runs on",
    });
  }

  /** From now on `onDeath` is called when the thread dies, which it may have done. */
  watch(onDeath: (why: string) => void): Thread {
    this.#onDeath = onDeath;
    if (this.#why !== "") onDeath(this.#why);
    return this.thread;
  }

  /** It is not needed. */
  drop(): void {
    if (this.#onDeath === null) this.thread.terminate();
  }
}

/** For the tests of locks: contexts of handlers without a worker under them. */

import { BLOCK_HEADER_WORDS, H, type Task } from "../task/mod.ts";
import type { Lane } from "./lane.ts";
import { RunContext, type RunHost } from "./run_context.ts";

/** What a worker does for contexts, with a clock that stands until it is told. */
export class FakeHost {
  readonly words = new Int32Array(128 * BLOCK_HEADER_WORDS);
  #blocks = 0;
  parkedHandlers = 0;
  #timers: { ms: number; call: (() => void) | null }[] = [];

  /** The context of a handler whose task has that root. */
  handler(root: number): RunContext {
    const block = this.#blocks++ * BLOCK_HEADER_WORDS;
    this.words[block + H.rootOrigin] = 16;
    this.words[block + H.rootSlot] = root;
    const rctx = new RunContext(this as unknown as RunHost);
    rctx.start({ header: { block } } as unknown as Task, null as unknown as Lane);
    return rctx;
  }

  parked(delta: number): void {
    this.parkedHandlers += delta;
  }

  resumed(): void {}

  after(ms: number, call: () => void): () => void {
    const timer: { ms: number; call: (() => void) | null } = { ms, call };
    this.#timers.push(timer);
    return () => timer.call = null;
  }

  pass(ms: number): void {
    for (const timer of this.#timers) {
      timer.ms -= ms;
      if (timer.ms > 0) continue;
      timer.call?.();
      timer.call = null;
    }
  }

  get timers(): number {
    return this.#timers.filter(({ call }) => call !== null).length;
  }
}

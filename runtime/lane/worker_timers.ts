/**
 * Timers that the worker's loop fires itself, so that a sleeping handler does not keep the worker
 * in its event loop. A binary heap by due time.
 *
 * Thread rules: one worker's isolate.
 */

import type { RunContext } from "./run_context.ts";

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  call: (() => void) | null;
}

export class WorkerTimers {
  readonly #heap: Timer[] = [];
  #order = 0;
  readonly #onAdd: () => void;

  /** @param onAdd Called with each new timer: whoever sleeps until the next one must look again. */
  constructor(onAdd: () => void = () => {}) {
    this.#onAdd = onAdd;
  }

  /** Milliseconds of the next timer; Infinity for none. */
  get nextMs(): number {
    while (this.#heap.length > 0 && this.#heap[0]!.call === null) this.#pop();
    return this.#heap.length > 0 ? this.#heap[0]!.dueMs : Infinity;
  }

  /** Calls back once at `dueMs`; the returned function takes it back. */
  add(dueMs: number, call: () => void): () => void {
    const timer: Timer = { dueMs, order: this.#order++, call };
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!before(timer, heap[up]!)) break;
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = timer;
    this.#onAdd();
    return () => timer.call = null;
  }

  /** Resolves at `dueMs`; rejects as soon as nobody waits for the handler's task any more. */
  sleep(dueMs: number, rctx: RunContext): Promise<void> {
    if (rctx.abortError !== null) return Promise.reject(rctx.abortError);
    const { life } = rctx;
    const wakeUp = () => {
      // A sleep that outlives its handler must not be counted for the next one of the context.
      if (rctx.life === life) rctx.unpark();
    };
    rctx.park();
    return new Promise((resolve, reject) => {
      const ignoreAbort = rctx.onAbort((error) => {
        cancel();
        wakeUp();
        reject(error);
      });
      const cancel = this.add(dueMs, () => {
        ignoreAbort();
        wakeUp();
        resolve();
      });
    });
  }

  /** Fires what is due. Returns how many. */
  fire(nowMs: number): number {
    let fired = 0;
    while (this.nextMs <= nowMs) {
      const call = this.#pop().call;
      if (call !== null) {
        call();
        fired++;
      }
    }
    return fired;
  }

  #pop(): Timer {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = at * 2 + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && before(heap[down + 1]!, heap[down]!)) down++;
      if (!before(heap[down]!, last)) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

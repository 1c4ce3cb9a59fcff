/**
 * Which handler a failure belongs to that no one awaits: a rejection, or a callback that throws.
 *
 * An asynchronous handler runs with its owner in the isolate's async store, so that the owner is
 * found again wherever the handler's calls lead. A synchronous one does not pay for that: what it
 * leaves behind fails after its task has ended in any case.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { AsyncStore } from "../platform/mod.ts";
import type { RunContext } from "./run_context.ts";

/** A container, which knows its methods' names. */
interface Named {
  nameOfMethod(method: number): string;
}

export class HandlerOwner {
  readonly #rctx: RunContext;
  readonly #life: number;
  readonly #container: Named;
  readonly #method: number;

  constructor(container: Named, rctx: RunContext) {
    this.#rctx = rctx;
    this.#life = rctx.life;
    this.#container = container;
    this.#method = rctx.task.layout.method;
  }

  /** `compressor.kCompress`, for messages. */
  get name(): string {
    return this.#container.nameOfMethod(this.#method);
  }

  /** Fails the task, if it still runs and its caller still waits. Whether it did. */
  fail(error: ChimaeraError): boolean {
    return this.#rctx.life === this.#life && this.#rctx.fail(error);
  }
}

/** The handler whose calls led here. */
export const handlerOwners = new AsyncStore<HandlerOwner>();

/** What a handler left behind, as the error of its task. */
export function strayFailure(name: string, how: string, thrown: unknown): ChimaeraError {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return new ChimaeraError("strayFailure", { what: name, why: `${how}: ${text}`, cause: thrown });
}

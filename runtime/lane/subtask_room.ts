/**
 * How many subtasks a running task may have, and those of its handler's calls that wait for room.
 *
 * A handler that sends more than others can run would fill the node's memory, and no slot stops it
 * as a client's port does; so a task has a number of them, those included that it forgot.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { type Room, RoomQueue } from "../task/mod.ts";

/** Told that the handler waits, and waits no more, for what the worker's loop resolves. */
export interface Parking {
  park(): void;
  unpark(): void;
}

export class SubtaskRoom implements Room {
  readonly #handler: Parking;
  /** Subtasks that have not ended, or that the handler has not given back. */
  #used = 0;
  /** Made when it is needed. */
  #queue: RoomQueue | null = null;

  constructor(handler: Parking) {
    this.#handler = handler;
  }

  readonly #isOpen = (): boolean => this.#used < LIMITS.subtasksPerTask;

  get isOpen(): boolean {
    return this.#isOpen();
  }

  wait(call: () => void): void {
    this.#handler.park();
    this.#queue ??= new RoomQueue();
    this.#queue.add(() => {
      this.#handler.unpark();
      call();
    });
  }

  /** Throws CHI-3011 when there is no room for one more. */
  check(): void {
    if (this.#isOpen()) return;
    throw new ChimaeraError("noFreeSlot", {
      what: "allocate a subtask",
      why:
        `${LIMITS.subtasksPerTask} subtasks of the running task have not ended or were not freed`,
      hint: "`await client.in(rctx).asyncX.paced(…)` waits for room",
    });
  }

  /** A subtask was made. */
  take(): void {
    this.#used++;
  }

  /** One has ended and is nobody's any more. */
  give(): void {
    this.#used--;
    if (this.#queue !== null) this.#queue.serve(this.#isOpen);
  }

  /** Another handler begins. */
  reset(): void {
    this.#used = 0;
  }

  /** The handler is over: nobody waits any more. */
  leave(): void {
    this.#queue?.clear();
  }
}

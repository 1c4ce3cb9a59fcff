/**
 * Callers that wait until a task can be allocated: first come, first served.
 *
 * A call runs in the very moment in which there is room, and takes it: so nobody who comes later
 * gets in between, and callers go in the order in which they came.
 *
 * Thread rules: one isolate.
 */

/** Where tasks go in: whether there is room for one more, its memory aside. */
export interface Room {
  /** Whether a task can be allocated now. */
  readonly isOpen: boolean;
  /** Calls back once, as soon as there is room, in the order of such calls. */
  wait(call: () => void): void;
}

/** Calls `start` as soon as there is room for a task, which there is not now. */
export function whenRoom<R>(room: Room, start: () => R): Promise<R> {
  return new Promise((resolve, reject) =>
    room.wait(() => {
      try {
        resolve(start());
      } catch (thrown) {
        reject(thrown);
      }
    })
  );
}

/** Calls at the front that were served, until the list is cut. */
const SERVED_MAX = 1024;

export class RoomQueue {
  readonly #calls: (() => void)[] = [];
  #served = 0;
  #serving = false;

  /** Whether anybody waits. */
  get isEmpty(): boolean {
    return this.#served === this.#calls.length;
  }

  /** `call` must not throw. */
  add(call: () => void): void {
    this.#calls.push(call);
  }

  /** Lets callers in while there is room. What they do may make room, and so come back here. */
  serve(hasRoom: () => boolean): void {
    if (this.#serving) return;
    this.#serving = true;
    while (!this.isEmpty && hasRoom()) {
      const call = this.#calls[this.#served++]!;
      if (this.#served === SERVED_MAX) this.#cut();
      call();
    }
    if (this.isEmpty) this.#cut();
    this.#serving = false;
  }

  /** Forgets all who wait. */
  clear(): void {
    this.#served = this.#calls.length;
    this.#cut();
  }

  #cut(): void {
    this.#calls.splice(0, this.#served);
    this.#served = 0;
  }
}

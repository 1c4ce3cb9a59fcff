/**
 * Locks of handlers against a model, and their order against locks that are unfair on purpose.
 *
 * The model is a list of who is in and a list of who waits, looked through from its beginning at
 * every step; nothing in it is fast.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { ChimaeraError } from "../errors.ts";
import { CoMutex } from "./co_mutex.ts";
import { CoRwLock, StrictCoRwLock } from "./co_rw_lock.ts";
import { type LockGuard, releaseKept } from "./lock_guard.ts";
import { LockQueue } from "./lock_queue.ts";
import { FakeHost } from "./lock_test_kit.ts";
import type { RunContext } from "./run_context.ts";

const ROOTS = 4;
const HANDLERS = 8;
/** Microtasks after which whatever can happen without a timer has happened. */
const TURNS = 12;

/** A request, as the model and as the lock see it. */
interface Ask {
  readonly handler: number;
  readonly owner: number;
  readonly isWriter: boolean;
  readonly options: AbortController;
  guard: LockGuard | null;
  code: string | null;
}

class Model {
  inside: Ask[] = [];
  queue: Ask[] = [];
  readonly refused = new Map<Ask, string>();
  readonly #isStrict: boolean;

  constructor(isStrict: boolean) {
    this.#isStrict = isStrict;
  }

  #isIn(owner: number): boolean {
    return this.inside.some((ask) => ask.owner === owner);
  }

  #fits({ owner, isWriter }: Ask): boolean {
    return this.inside.every((other) => other.owner === owner || (!isWriter && !other.isWriter));
  }

  ask(ask: Ask): void {
    const { handler, owner } = ask;
    if (this.#isStrict && [...this.inside, ...this.queue].some((a) => a.handler === handler)) {
      this.refused.set(ask, "CHI-3021");
    } else if (this.#fits(ask) && (this.queue.length === 0 || this.#isIn(owner))) {
      this.inside.push(ask);
    } else if (!this.#isIn(owner)) this.queue.push(ask);
    else {
      const first = this.queue[0];
      if (first && first.owner !== owner && this.#isIn(first.owner)) {
        this.refused.set(ask, "CHI-3022");
      } else this.queue.unshift(ask);
    }
  }

  leave(ask: Ask): void {
    this.inside = this.inside.filter((other) => other !== ask);
    this.#admit();
  }

  giveUp(ask: Ask, code: string): void {
    if (!this.queue.includes(ask)) return;
    this.refused.set(ask, code);
    this.queue = this.queue.filter((other) => other !== ask);
    this.#admit();
  }

  #admit(): void {
    while (this.queue.length > 0 && this.#fits(this.queue[0]!)) {
      const first = this.queue.shift()!;
      this.inside.push(first);
      for (const ask of this.queue.filter(({ owner }) => owner === first.owner)) {
        if (!this.#fits(ask)) continue;
        this.queue = this.queue.filter((other) => other !== ask);
        this.inside.push(ask);
      }
    }
  }
}

/** The lock and its model side by side. */
class Pair {
  readonly #host = new FakeHost();
  readonly #lock: CoRwLock;
  readonly #model: Model;
  readonly #isStrict: boolean;
  readonly #handlers: RunContext[] = [];
  readonly #asks: Ask[] = [];

  constructor(isStrict: boolean) {
    this.#isStrict = isStrict;
    this.#lock = isStrict ? new StrictCoRwLock() : new CoRwLock();
    this.#model = new Model(isStrict);
    for (let k = 0; k < HANDLERS; k++) this.#handlers.push(this.#host.handler(k % ROOTS));
  }

  ask(handler: number, isWriter: boolean): void {
    const owner = this.#isStrict ? handler : handler % ROOTS;
    const options = new AbortController();
    const ask: Ask = { handler, owner, isWriter, options, guard: null, code: null };
    this.#asks.push(ask);
    this.#model.ask(ask);
    const rctx = this.#handlers[handler]!;
    const { signal } = options;
    const wait = isWriter
      ? this.#lock.writeLock(rctx, { signal })
      : this.#lock.readLock(rctx, { signal });
    wait.then((guard) => ask.guard = guard, (error: ChimaeraError) => ask.code = error.code);
  }

  release(pick: number): void {
    const { inside } = this.#model;
    const ask = inside[pick % inside.length];
    if (ask === undefined) return;
    ask.guard!.release();
    ask.guard!.release();
    this.#model.leave(ask);
  }

  giveUp(pick: number): void {
    const { queue } = this.#model;
    const ask = queue[pick % queue.length];
    if (ask === undefined) return;
    ask.options.abort();
    this.#model.giveUp(ask, "CHI-3006");
  }

  /** A handler ends: what it waits for first, the last one first; then what it holds. */
  end(handler: number): void {
    const mine = this.#asks.filter((ask) => ask.handler === handler).reverse();
    const waiting = mine.filter((ask) => this.#model.queue.includes(ask));
    for (const ask of waiting) this.#model.giveUp(ask, "CHI-3010");
    for (const ask of mine) if (this.#model.inside.includes(ask)) this.#model.leave(ask);
    releaseKept(this.#handlers[handler]!, null);
  }

  async check(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await null;
    const { inside, queue, refused } = this.#model;
    for (const ask of this.#asks) {
      assert.equal(ask.code, refused.get(ask) ?? null);
      if (inside.includes(ask)) assert.notEqual(ask.guard, null);
      if (queue.includes(ask)) assert.equal(ask.guard, null);
    }
    assert.equal(this.#lock.locked, inside.length > 0);
    const writers = inside.filter(({ isWriter }) => isWriter);
    if (writers.length > 0) assert.ok(inside.every(({ owner }) => owner === writers[0]!.owner));
  }

  /** Everybody leaves: then everybody must have been in. */
  async drain(): Promise<void> {
    while (this.#model.inside.length > 0) {
      this.release(0);
      await this.check();
    }
    assert.deepEqual(this.#model.queue, []);
    assert.equal(this.#asks.filter(({ guard, code }) => guard === null && code === null).length, 0);
    assert.ok(this.#handlers.every(({ guards }) => guards === null));
  }
}

const pick = fc.nat({ max: 1000 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant("read" as const), pick) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("write" as const), pick) },
  { weight: 6, arbitrary: fc.tuple(fc.constant("release" as const), pick) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("giveUp" as const), pick) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("end" as const), pick) },
);

for (const isStrict of [false, true]) {
  Deno.test(`${isStrict ? "StrictCoRwLock" : "CoRwLock"}: does what the model does`, async () => {
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 80, size: "max" }),
      async (steps) => {
        const pair = new Pair(isStrict);
        for (const [what, number] of steps) {
          if (what === "release") pair.release(number);
          else if (what === "giveUp") pair.giveUp(number);
          else if (what === "end") pair.end(number % HANDLERS);
          else pair.ask(number % HANDLERS, what === "write");
          await pair.check();
        }
        await pair.drain();
      },
    );
    await fc.assert(property, { numRuns: 800 });
  });
}

// ---- order ---------------------------------------------------------------------------------------

/** The last that comes is the next that enters: the first may wait for ever. */
class LastComesFirst extends LockQueue {
  override push(guard: LockGuard): void {
    this.pushFirst(guard);
  }
}

/** Says that nobody waits: whoever fits comes in, and a writer may wait for ever. */
class SaysNobodyWaits extends LockQueue {
  override get isEmpty(): boolean {
    return true;
  }
}

class LastInMutex extends CoMutex {
  protected override readonly queue = new LastComesFirst();
}

class OvertakingRwLock extends CoRwLock {
  protected override readonly queue = new SaysNobodyWaits();
}

interface Visit {
  readonly isWriter: boolean;
  guard: LockGuard | null;
}

/** Fails when a handler comes in before one that asked earlier, but for readers after readers. */
function inOrder(make: () => CoMutex | CoRwLock): fc.IAsyncProperty<unknown> {
  return fc.asyncProperty(
    fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 60, size: "max" }),
    async (steps) => {
      const lock = make();
      const host = new FakeHost();
      const visits: Visit[] = [];
      const present: Visit[] = [];
      for (const [comes, isWriter] of steps) {
        if (comes) {
          const rctx = host.handler(visits.length);
          const visit: Visit = { isWriter: isWriter || lock instanceof CoMutex, guard: null };
          visits.push(visit);
          const wait = lock instanceof CoMutex
            ? lock.lock(rctx)
            : isWriter
            ? lock.writeLock(rctx)
            : lock.readLock(rctx);
          wait.then((guard) => {
            visit.guard = guard;
            present.push(visit);
          });
        } else present.shift()?.guard?.release();
        for (let turn = 0; turn < TURNS; turn++) await null;
        const waits = visits.findIndex(({ guard }) => guard === null);
        if (waits < 0) continue;
        assert.ok(visits.slice(waits).every(({ guard }) => guard === null), "somebody overtook");
      }
    },
  );
}

Deno.test("locks are fair: nobody comes in before those who asked earlier", async () => {
  await fc.assert(inOrder(() => new CoMutex()), { numRuns: 300 });
  await fc.assert(inOrder(() => new CoRwLock()), { numRuns: 300 });
});

Deno.test("locks that starve are found by the same property", async () => {
  for (const make of [() => new LastInMutex(), () => new OvertakingRwLock()]) {
    const { failed, numRuns, errorInstance } = await fc.check(inOrder(make), { numRuns: 1000 });
    assert.ok(failed, `not found in ${numRuns} runs`);
    assert.match(String(errorInstance), /somebody overtook/);
  }
});

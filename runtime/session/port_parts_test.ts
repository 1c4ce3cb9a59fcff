/** The parts of a port that need no node: slots, routes, the session's heap, requests. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ChimaeraError } from "../errors.ts";
import { errorData } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { Heap, type Offset, Segment, SegmentKind } from "../memory/mod.ts";
import type { FrameConnection } from "../platform/mod.ts";
import type { Task, TaskHeader } from "../task/mod.ts";
import { PortRoutes } from "./port_routes.ts";
import { PortSlots } from "./port_slots.ts";
import { decodeJson, encodeJson, END_ID, Requests } from "./protocol.ts";
import { SessionHeap } from "./session_heap.ts";

Deno.test("port slots: one at a time for a task, with a generation of its own", () => {
  fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 300 }), (steps) => {
    const slots = new PortSlots();
    const used = new Map<number, { task: Task; generation: number }>();
    for (const step of steps) {
      if (step % 3 !== 0 || used.size === 0) {
        const slot = slots.take();
        assert.ok(!used.has(slot) && slot >= 0 && slot < LIMITS.slotsPerPort);
        const task = { slot } as unknown as Task;
        slots.begin(slot, task);
        used.set(slot, { task, generation: slots.generationOf(slot) });
      } else {
        const [slot, { task, generation }] = [...used][step % used.size]!;
        assert.equal(slots.end(slot, generation + 1), null);
        assert.equal(slots.end(slot, generation), task);
        assert.equal(slots.end(slot, generation), null, "an answer that comes twice");
        slots.give(slot);
        assert.equal(slots.end(slot, generation), null, "an answer that comes late");
        used.delete(slot);
      }
      assert.equal(slots.freeCount, LIMITS.slotsPerPort - used.size);
      assert.equal(slots.running.length, used.size);
    }
  }));
});

Deno.test("port routes: a key keeps its worker while any of its tasks is under way", () => {
  const step = fc.record({
    pool: fc.integer({ min: 1, max: 400 }),
    prio: fc.integer({ min: 0, max: 1 }),
    end: fc.boolean(),
    worker: fc.integer({ min: -1, max: 5 }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const workers = 4;
    const routes = new PortRoutes(workers);
    const underWay: { slot: number; key: string; worker: number }[] = [];
    let slot = 0;
    for (const { pool, prio, end, worker } of steps) {
      if (end && underWay.length > 0) {
        routes.end(underWay.shift()!.slot, worker);
        continue;
      }
      const header = { poolId: pool, prio, slot } as TaskHeader;
      const chosen = routes.begin(header, (id) => id % workers);
      assert.ok(chosen >= 0 && chosen < workers);
      assert.equal(routes.workerOf(slot), chosen);
      const key = `${pool}:${prio}`;
      for (const other of underWay) if (other.key === key) assert.equal(other.worker, chosen);
      underWay.push({ slot, key, worker: chosen });
      slot++;
    }
  }));
});

function privateHeap(): Heap {
  return new Heap(Segment.create({
    id: 16,
    kind: SegmentKind.session,
    sizeBytes: 4 << 20,
    workers: 1,
    private: true,
  }));
}

Deno.test("session heap: makes room before it says that there is none", () => {
  const inner = privateHeap();
  const waiting: Offset[] = [];
  let asked = 0;
  const heap = new SessionHeap(inner, () => {
    asked++;
    for (const offset of waiting.splice(0)) inner.free(offset);
  });
  waiting.push(heap.alloc(1 << 20));
  assert.throws(() => heap.alloc(8 << 20), { code: "CHI-2001" });
  assert.equal(asked, 1);
  waiting.push(heap.alloc(2 << 20));
  heap.alloc(2 << 20);
  assert.equal(asked, 2);
  assert.throws(() => heap.alloc(-1), { code: "CHI-2008" });
});

Deno.test("session heap: is silent once the session is over", () => {
  const heap = new SessionHeap(privateHeap(), () => {});
  const offset = heap.alloc(64);
  heap.end(new ChimaeraError("sessionClosed", { what: "use the session", why: "it was closed" }));
  heap.end(new ChimaeraError("nodeLost", { what: "instance", why: "it is gone" }));
  heap.free(offset);
  heap.free(offset);
  heap.flush();
  assert.throws(() => heap.alloc(64), { code: "CHI-5006" });
});

Deno.test("requests: each gets its own answer, whatever the order", async () => {
  const sent: Record<string, unknown>[] = [];
  const connection = {
    send: (_type: number, bytes: Uint8Array) => sent.push(decodeJson(bytes)),
  } as unknown as FrameConnection;
  const requests = new Requests(connection);
  const answers = ["a", "b", "c"].map((kind) => requests.ask<string>({ kind }));
  const error = new ChimaeraError("poolNotFound", { what: "look", why: "nothing there" });
  requests.settle({ id: sent[2]!.id, value: "third" });
  requests.settle({ id: 999, value: "nobody's" });
  requests.settle({ id: sent[0]!.id, error: errorData(error) });
  const lost = new ChimaeraError("nodeLost", { what: "instance", why: "it is gone" });
  requests.abandon(lost);
  const settled = await Promise.allSettled(answers);
  assert.deepEqual(settled.map((one) => one.status === "fulfilled" ? one.value : one.reason.code), [
    "CHI-4001",
    "CHI-5005",
    "third",
  ]);
  await assert.rejects(requests.ask({ kind: "d" }), { code: "CHI-5005" });
  assert.equal(sent.length, 3, "nobody would read it");
  assert.equal(requests.ended, null);
  requests.settle({ id: END_ID, error: errorData(error) });
  assert.equal(requests.ended!.code, "CHI-4001");
  assert.deepEqual(decodeJson(encodeJson({ a: "ü" })), { a: "ü" });
});

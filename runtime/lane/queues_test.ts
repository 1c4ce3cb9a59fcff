/** The worker's queues: tasks first in, first out; timers in the order in which they are due. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Task } from "../task/mod.ts";
import { TaskQueue } from "./task_queue.ts";
import { WorkerTimers } from "./worker_timers.ts";

Deno.test("task queue: behaves as an array does", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -30, max: 40 }), { maxLength: 60 }), (steps) => {
    const queue = new TaskQueue();
    const model: Task[] = [];
    let next = 0;
    for (const step of steps) {
      for (let k = 0; k < step; k++) {
        const task = { number: next++ } as unknown as Task;
        queue.push(task);
        model.push(task);
      }
      for (let k = 0; k > step && model.length > 0; k--) assert.equal(queue.shift(), model.shift());
      assert.equal(queue.length, model.length);
    }
    while (model.length > 0) assert.equal(queue.shift(), model.shift());
  }));
});

Deno.test("task queue: what is taken out leaves the others in order", () => {
  const shape = fc.record({
    shifted: fc.nat({ max: 40 }),
    wanted: fc.array(fc.boolean(), { maxLength: 60 }),
    first: fc.nat({ max: 70 }),
  });
  fc.assert(fc.property(shape, ({ shifted, wanted, first }) => {
    const queue = new TaskQueue();
    const make = (place: number, isWanted: boolean) => {
      return { place, isWanted } as unknown as Task & { place: number; isWanted: boolean };
    };
    // The queue's beginning is somewhere in its circle.
    for (let k = 0; k < shifted; k++) {
      queue.push(make(-1, false));
      queue.shift();
    }
    const all = wanted.map((isWanted, place) => make(place, isWanted));
    for (const task of all) queue.push(task);
    const isTaken = (task: typeof all[number]) => task.place >= first && task.isWanted;
    const taken = queue.takeFrom(first, (task) => (task as typeof all[number]).isWanted);
    assert.deepEqual(taken, all.filter(isTaken));
    queue.push(make(999, false));
    const rest: Task[] = [];
    queue.forEach((task) => rest.push(task));
    assert.deepEqual(rest, [...all.filter((task) => !isTaken(task)), make(999, false)]);
    while (queue.length > 0) assert.equal(queue.shift(), rest.shift());
  }));
});

Deno.test("worker timers: fire when due, in order, unless taken back", () => {
  const timer = fc.record({
    dueMs: fc.integer({ min: 0, max: 50 }),
    taken: fc.boolean(),
    again: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(timer, { maxLength: 40 }), (timers) => {
    const queue = new WorkerTimers();
    const fired: [number, number][] = [];
    const wanted: [number, number][] = [];
    let nowMs = 0;
    const takeBack = timers.map(({ dueMs, again }, order) =>
      queue.add(dueMs, () => {
        fired.push([dueMs, order]);
        // A timer that sets another one, due at once.
        if (again) queue.add(nowMs, () => fired.push([nowMs, -1]));
      })
    );
    timers.forEach(({ dueMs, taken }, order) => {
      if (taken) takeBack[order]!();
      else wanted.push([dueMs, order]);
    });
    wanted.sort(([a, first], [b, second]) => a - b || first - second);
    const least = wanted[0]?.[0] ?? Infinity;
    assert.equal(queue.nextMs, least);
    for (nowMs = 0; nowMs <= 50; nowMs++) {
      queue.fire(nowMs);
      assert.ok(queue.nextMs > nowMs);
    }
    assert.deepEqual(fired.filter(([, order]) => order >= 0), wanted);
    const again = timers.filter((one) => one.again && !one.taken).length;
    assert.equal(fired.length, wanted.length + again);
    assert.equal(queue.nextMs, Infinity);
  }));
});

Deno.test("worker timers: one that is taken back while others fire stays silent", () => {
  const queue = new WorkerTimers();
  const fired: string[] = [];
  let takeBack = () => {};
  queue.add(1, () => {
    fired.push("first");
    takeBack();
  });
  takeBack = queue.add(2, () => fired.push("second"));
  queue.fire(5);
  assert.deepEqual(fired, ["first"]);
});

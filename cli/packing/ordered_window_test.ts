import assert from "node:assert/strict";
import fc from "fast-check";
import { OrderedWindow } from "./ordered_window.ts";

Deno.test("ordered window: hands on in order, never more than the limit under way", async () => {
  const delays = fc.array(fc.nat({ max: 5 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(delays, fc.integer({ min: 1, max: 6 }), async (turns, limit) => {
      const window = new OrderedWindow<number>(limit);
      let running = 0;
      let most = 0;
      const work = async (k: number) => {
        running++;
        most = Math.max(most, running);
        for (let turn = 0; turn < turns[k]!; turn++) await null;
        running--;
        return k;
      };
      const add = async () => {
        for (let k = 0; k < turns.length; k++) {
          await window.room();
          window.add(work(k));
        }
        await window.empty();
        window.end();
      };
      const taken: number[] = [];
      await Promise.all([add(), window.handOn((k) => Promise.resolve(void taken.push(k)))]);
      assert.deepEqual(taken, turns.map((_, k) => k));
      assert.ok(most <= limit);
      assert.equal(window.length, 0);
    }),
  );
});

Deno.test("ordered window: work that fails stops both sides", async () => {
  const window = new OrderedWindow<number>(2);
  const taken: number[] = [];
  const taking = window.handOn((k) => Promise.resolve(void taken.push(k)));
  window.add(Promise.resolve(1));
  window.add(Promise.reject(new Error("broken")));
  await assert.rejects(taking, /broken/);
  assert.deepEqual(taken, [1]);
  await assert.rejects(window.room(), /broken/);
  await assert.rejects(window.oneLess(), /broken/);
  await assert.rejects(window.empty(), /broken/);
});

Deno.test("ordered window: a taker that fails stops whoever waits for room", async () => {
  const window = new OrderedWindow<number>(1);
  window.add(Promise.resolve(1));
  const room = window.room();
  await assert.rejects(window.handOn(() => Promise.reject(new Error("disk full"))), /disk full/);
  await assert.rejects(room, /disk full/);
});

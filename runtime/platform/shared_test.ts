import assert from "node:assert/strict";
import { askPeer, newSegment } from "../../tests/torture/memory_harness.ts";
import type { WordOrder } from "../../tests/torture/memory_worker.ts";
import { test } from "../../tests/permission.ts";
import {
  add,
  cas,
  delay,
  exchange,
  giveTurn,
  type Interleaver,
  load,
  notify,
  setInterleaver,
  type SharedWords,
  store,
  takeTurn,
  wait,
  waitAsync,
  WaitResult,
  wake,
} from "./mod.ts";

function privateWords(): SharedWords {
  return { i32: new Int32Array(new SharedArrayBuffer(256)), address: 0 };
}

/** Sends one order to a thread of its own. */
function onThread(order: WordOrder): Promise<unknown> {
  const url = new URL("../../tests/torture/memory_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(event.error);
    worker.onmessage = ({ data }) => {
      worker.terminate();
      resolve(data);
    };
    worker.postMessage(order);
  });
}

Deno.test("shared: operations return what was there", () => {
  const { i32 } = privateWords();
  store(i32, 3, 7);
  assert.equal(load(i32, 3), 7);
  assert.equal(add(i32, 3, 5), 7);
  assert.equal(exchange(i32, 3, -1), 12);
  assert.equal(cas(i32, 3, 99, 1), -1);
  assert.equal(load(i32, 3), -1);
  assert.equal(cas(i32, 3, -1, 1), -1);
  assert.equal(load(i32, 3), 1);
  store(i32, 3, 0x7fffffff);
  assert.equal(add(i32, 3, 1), 0x7fffffff);
  assert.equal(load(i32, 3), -0x80000000);
  assert.throws(() => load(i32, i32.length), RangeError);
});

Deno.test("shared: a wait ends at once on a changed word, and with its time-out on another", () => {
  const words = privateWords();
  words.i32[5] = 1;
  assert.equal(wait(words, 5, 0, Infinity), WaitResult.changed);
  assert.equal(wait(words, 5, 1, 1), WaitResult.timedOut);
  assert.equal(wait(words, 5, 1, 0), WaitResult.timedOut);
});

test("shared: the same on mapped words, by futex", () => {
  using segment = newSegment(65536);
  const { words } = segment;
  words.i32[500] = 1;
  assert.equal(wait(words, 500, 0, Infinity), WaitResult.changed);
  assert.equal(wait(words, 500, 1, 1), WaitResult.timedOut);
  assert.equal(wait(words, 500, 1, 0.25), WaitResult.timedOut);
});

for (const kind of ["private", "mapped"] as const) {
  test(`shared: threads wake each other on ${kind} words`, async () => {
    using segment = newSegment(65536, { private: kind === "private" });
    const { words } = segment;
    const sleeper = onThread({ kind: "wait", words, index: 500, value: 0 });
    while (load(words.i32, 501) === 0) await delay(1);
    store(words.i32, 500, 1);
    wake(words, 500);
    assert.notEqual(await sleeper, WaitResult.timedOut);

    const waker = onThread({ kind: "wake", words, index: 600, value: 1 });
    await delay(0); // The thread is made by this one.
    assert.notEqual(wait(words, 600, 0, 30_000), WaitResult.timedOut);
    assert.equal(await waker, "done");
  });
}

test("shared: one wake reaches sleepers in several processes", async () => {
  using segment = newSegment(65536);
  const { words } = segment;
  const sleepers = [600, 600].map((word) => askPeer("wait", segment.path(), word, 0));
  const here = onThread({ kind: "wait", words, index: 600, value: 0 });
  while (load(words.i32, 601) === 0) await delay(1);
  await delay(50); // Most are asleep by now; those that are not will find the word changed.
  store(words.i32, 600, 1);
  wake(words, 600);
  for (const { json } of await Promise.all(sleepers)) assert.deepEqual(json, { woken: true });
  assert.notEqual(await here, WaitResult.timedOut);
});

test("shared: another process wakes a sleeper of this one", async () => {
  using segment = newSegment(65536);
  const waker = askPeer("wake", segment.path(), 700, 5);
  assert.notEqual(wait(segment.words, 700, 0, 30_000), WaitResult.timedOut);
  assert.equal(segment.i32[700], 5);
  await waker;
});

Deno.test("shared: waiting without blocking ends with a notice, a change or its time-out", async () => {
  const words = privateWords();
  const alive = setInterval(() => {}, 1000); // Such a wait does not keep a program alive.
  await waitAsync(words, 2, 1, Infinity);
  await waitAsync(words, 2, 0, 1);
  const waiting = waitAsync(words, 2, 0, Infinity);
  notify(words, 2);
  await waiting;
  clearInterval(alive);
});

Deno.test("shared: a turn is taken once, and is not seen by an interleaver", () => {
  const { i32 } = privateWords();
  setInterleaver({
    point: () => assert.fail("seen"),
    wait: () => assert.fail("seen"),
    wake: () => assert.fail("seen"),
  });
  try {
    giveTurn(i32, 1, 3);
    assert.equal(takeTurn(i32, 1), 3);
    assert.equal(i32[1], 0);
  } finally {
    setInterleaver(null);
  }
});

Deno.test("shared: an interleaver stands before every operation, in place of every sleep", () => {
  const words = privateWords();
  const seen: string[] = [];
  const interleaver: Interleaver = {
    point: (i32, index) => seen.push(`point ${index} ${i32[index]}`),
    wait(_words, index, expected, timeoutMs) {
      seen.push(`wait ${index} ${expected} ${timeoutMs}`);
      return WaitResult.woken;
    },
    wake: (_words, index) => seen.push(`wake ${index}`),
  };
  setInterleaver(interleaver);
  try {
    store(words.i32, 1, 10);
    load(words.i32, 1);
    add(words.i32, 1, 1);
    exchange(words.i32, 1, 12);
    cas(words.i32, 1, 12, 13);
    assert.equal(wait(words, 2, 0, 50), WaitResult.woken);
    wake(words, 3);
  } finally {
    setInterleaver(null);
  }
  load(words.i32, 1);
  assert.deepEqual(seen, [
    "point 1 0",
    "point 1 10",
    "point 1 10",
    "point 1 11",
    "point 1 12",
    "wait 2 0 50",
    "wake 3",
  ]);
});

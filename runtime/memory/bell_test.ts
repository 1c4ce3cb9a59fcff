import assert from "node:assert/strict";
import { askPeer, newSegment } from "../../tests/torture/memory_harness.ts";
import { test } from "../../tests/permission.ts";
import type { SharedWords } from "../platform/mod.ts";
import { Bell, BELL_BYTES, BELL_LINES, BellState, ringBell, SegmentKind } from "./mod.ts";

const STATE = 0;
const EPOCH = 1;
const LINE_WORDS = 16;

function privateBells(): SharedWords {
  return newSegment(BELL_BYTES, { kind: SegmentKind.bell, private: true }).words;
}

Deno.test("bell: ringing for somebody awake changes nothing", () => {
  const words = privateBells();
  const before = words.i32.slice();
  assert.equal(ringBell(words, 1), BellState.awake);
  assert.deepEqual(words.i32.slice(), before);
});

Deno.test("bell: a ring between getting ready and sleeping ends the sleep at once", () => {
  const words = privateBells();
  const bell = new Bell(words, 3);
  bell.prepare(BellState.futex);
  assert.equal(ringBell(words, 3), BellState.futex);
  assert.equal(ringBell(words, 3), BellState.awake, "the first ring turned the state");
  assert.equal(bell.sleep(Infinity), false);
  bell.finish();
});

Deno.test("bell: a sleep nobody ends is told by its time-out", () => {
  const bell = new Bell(privateBells(), 1);
  bell.prepare(BellState.futex);
  assert.equal(bell.sleep(1), true);
  bell.finish();
});

Deno.test("bell: an older ring does not end a later sleep", () => {
  const words = privateBells();
  const bell = new Bell(words, 1);
  bell.prepare(BellState.futex);
  ringBell(words, 1);
  bell.finish();
  bell.prepare(BellState.futex);
  assert.equal(bell.sleep(1), true);
});

Deno.test("bell: lines do not touch each other, from the first to the last", () => {
  const words = privateBells();
  for (const line of [1, 2, BELL_LINES - 1]) {
    const bell = new Bell(words, line);
    bell.prepare(BellState.futex);
    const before = words.i32.slice();
    ringBell(words, line);
    const base = line * LINE_WORDS;
    before[base + STATE] = BellState.awake;
    before[base + EPOCH]!++;
    assert.deepEqual(words.i32.slice(), before);
  }
  assert.throws(() => ringBell(words, BELL_LINES), RangeError);
});

Deno.test("bell: the epoch may wrap", () => {
  const words = privateBells();
  words.i32[LINE_WORDS + EPOCH] = 0x7fffffff;
  const bell = new Bell(words, 1);
  bell.prepare(BellState.futex);
  ringBell(words, 1);
  assert.equal(bell.sleep(Infinity), false);
  assert.equal(words.i32[LINE_WORDS + EPOCH], -0x80000000);
});

Deno.test("bell: a sleeper in its event loop is rung from its own process", async () => {
  const words = privateBells();
  const bell = new Bell(words, 1);
  const alive = setInterval(() => {}, 1000); // Such a sleep does not keep a program alive.
  bell.prepare(BellState.eventLoop);
  const sleep = bell.sleepAsync(Infinity);
  assert.equal(ringBell(words, 1), BellState.eventLoop);
  await sleep;
  bell.finish();

  bell.prepare(BellState.eventLoop);
  const cancelled = bell.sleepAsync(Infinity);
  bell.cancel();
  await cancelled;
  bell.finish();
  clearInterval(alive);
});

test("bell: a sleeper in another process is woken", async () => {
  using segment = newSegment(BELL_BYTES, { kind: SegmentKind.bell });
  const sleeper = askPeer("sleep", segment.path(), 5);
  while (ringBell(segment.words, 5) === BellState.awake) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const { json } = await sleeper;
  assert.deepEqual(json, { lines: BELL_LINES, timedOut: false });
});

test("bell: another process wakes a sleeper here", async () => {
  using segment = newSegment(BELL_BYTES, { kind: SegmentKind.bell });
  const bell = new Bell(segment.words, 6);
  bell.prepare(BellState.futex);
  const ringer = askPeer("ring", segment.path(), 6);
  assert.equal(bell.sleep(30_000), false);
  bell.finish();
  assert.deepEqual((await ringer).json, { rung: true });
});

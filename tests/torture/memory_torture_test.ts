/**
 * Several processes, each with several threads, on one segment: its heap with the debug form on,
 * and its atomics. In the end every count is zero and the memory is whole.
 *
 * And processes that are killed in the middle of heap work: what they leave may be locked for good,
 * which is why a heap belongs to one process, and why nobody else touches it.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  asOffset,
  DebugHeap,
  Heap,
  HEAP_OFFSET,
  PAGE_BYTES,
  type Segment,
} from "../../runtime/memory/mod.ts";
import { delay, exchange, load, seededRandom, store, wake } from "../../runtime/platform/mod.ts";
import { listFiles } from "../../tools/file_tree.ts";
import { test } from "../permission.ts";
import { BOXES, HAMMER, type Tally } from "./memory_hammer.ts";
import { newSegment, openDescriptors } from "./memory_harness.ts";

const MIB = 1 << 20;
const PROCESSES = 2;
const PLAY_MS = 700;

interface Outcome {
  readonly tallies: Tally[];
  readonly errors: string[];
}

function startProcess(path: string, firstId: number, threads: number): Deno.ChildProcess {
  const script = new URL("./memory_hammer_process.ts", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, path, `${firstId}`, `${threads}`],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function outcomeOf(child: Deno.ChildProcess): Promise<Outcome> {
  const { stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout);
  assert.notEqual(text, "", new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

/** Lets all participants begin at once; a process that ended before that fails the test. */
async function begin(
  segment: Segment,
  participants: number,
  ended: Promise<unknown>,
): Promise<void> {
  let waiting = true;
  const early = ended.then((outcome) => {
    if (waiting) throw new Error(`ended early: ${JSON.stringify(outcome)}`);
  });
  while (load(segment.i32, HAMMER.ready) < participants) await Promise.race([early, delay(2)]);
  waiting = false;
  store(segment.i32, HAMMER.go, 1);
  wake(segment.words, HAMMER.go);
}

/** Nothing is lost, nothing is used, and the heap can be had in one piece again. */
function assertConsistent(segment: Segment, outcomes: readonly Outcome[]): void {
  assert.deepEqual(outcomes.flatMap(({ errors }) => errors), []);
  const heap = new DebugHeap(new Heap(segment), segment, 0);
  for (let k = 0; k < BOXES; k++) {
    const left = exchange(segment.i32, HAMMER.boxes + k, 0);
    if (left !== 0) heap.free(asOffset(left));
  }
  heap.flush();
  const { usedBlocks, usedBytes, sizeBytes } = heap.stats();
  assert.deepEqual({ usedBlocks, usedBytes }, { usedBlocks: 0, usedBytes: 0 });
  const tallies = outcomes.flatMap((outcome) => outcome.tallies);
  const rounds = tallies.reduce((sum, tally) => sum + tally.rounds, 0);
  assert.equal(load(segment.i32, HAMMER.rounds), rounds);
  assert.ok(tallies.every((tally) => tally.rounds > 0));

  const plain = new Heap(segment);
  const pages = Array.from({ length: sizeBytes / PAGE_BYTES }, () => plain.alloc(PAGE_BYTES));
  assert.equal(new Set(pages).size, pages.length);
  assert.ok(pages.every((page) => page > HEAP_OFFSET));
}

for (const threads of [1, 2, 4]) {
  test(`memory torture: ${PROCESSES} processes of ${threads} threads on one heap`, async () => {
    using segment = newSegment(5 * MIB);
    const children = Array.from(
      { length: PROCESSES },
      (_, k) => startProcess(segment.path(), 1 + k * threads, threads),
    );
    const outcomes = Promise.all(children.map(outcomeOf));
    await begin(segment, PROCESSES * threads, outcomes);
    await delay(PLAY_MS);
    store(segment.i32, HAMMER.stop, 1);
    assertConsistent(segment, await outcomes);
    const swaps = (await outcomes).flatMap(({ tallies }) => tallies.map((tally) => tally.swaps));
    assert.ok(swaps.some((count) => count > 0));
  });
}

test("memory torture: processes killed in heap work take nothing but their own heap", async () => {
  const before = openDescriptors();
  {
    using survivors = newSegment(5 * MIB);
    const outcome = outcomeOf(startProcess(survivors.path(), 1, 2));
    await begin(survivors, 2, outcome);
    const random = seededRandom(1);
    for (let victim = 0; victim < 6; victim++) {
      using segment = newSegment(5 * MIB);
      const child = startProcess(segment.path(), 1, 2);
      await begin(segment, 2, child.status);
      const rounds = 1 + random.nextU32() % 3000;
      while (load(segment.i32, HAMMER.rounds) < rounds) await delay(0);
      child.kill("SIGKILL");
      assert.equal((await child.status).signal, "SIGKILL");
      await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
      const played = load(survivors.i32, HAMMER.rounds);
      while (load(survivors.i32, HAMMER.rounds) === played) await delay(1);
    }
    store(survivors.i32, HAMMER.stop, 1);
    assertConsistent(survivors, [await outcome]);
  }
  assert.equal(openDescriptors(), before);
});

test("memory torture: the engine ends no thread that may be in a heap", () => {
  // Worker.terminate() of a busy thread stops it seconds later, wherever it is then: measured, with
  // the heap's lock held. So threads are asked to stop, and those that do not listen are left alone
  // until the node's memory is nobody's any more (node.ts). The wire's thread uses no heap, and a
  // spare thread that nobody needs has not been told of any.
  const runtime = fileURLToPath(new URL("../../runtime", import.meta.url));
  const isExempt = (path: string) =>
    /_test\.ts$|^node\.ts$|^platform\/(interleave|threads)|^session\/wire_thread|^module\/spare_/
      .test(path);
  const callers = listFiles(runtime).filter((path) =>
    !isExempt(path) && Deno.readTextFileSync(`${runtime}/${path}`).includes(".terminate(")
  );
  assert.deepEqual(callers, []);
});

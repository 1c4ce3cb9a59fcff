/** Fences: whoever has all of them has everything that was sent before. */

import assert from "node:assert/strict";
import { Heap, Segment, SegmentKind } from "../memory/mod.ts";
import { Fences } from "./fences.ts";
import { LinkKind, Links, linksBytes } from "./links.ts";

const WORKERS = 3;

interface Side {
  readonly links: Links;
  readonly fences: Fences;
  /** What came besides fences. */
  readonly seen: number[];
  poll(): void;
}

/** Workers with their fences, on private memory. */
function workers(): [Side, Side, Side] {
  const shape = { workers: WORKERS, private: true };
  const node = Segment.create({ ...shape, id: 1, kind: SegmentKind.node, sizeBytes: 16 << 20 });
  const bells = Segment.create({ ...shape, id: 2, kind: SegmentKind.bell, sizeBytes: 1 << 20 });
  const offset = new Heap(node).alloc(linksBytes(WORKERS + 1));
  const side = (id: number): Side => {
    const links = new Links(node, bells.words, id, WORKERS + 1, offset);
    const fences = new Fences(links, id, WORKERS);
    const seen: number[] = [];
    const poll = () => {
      links.flush();
      links.poll((from, kind, a) => {
        if (kind === LinkKind.fence) fences.receive(from, a);
        else seen.push(a);
      });
    };
    return { links, fences, seen, poll };
  };
  return [side(0), side(1), side(2)];
}

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

Deno.test("fences: pass when all that was sent before has come, through full rings too", async () => {
  const all = workers();
  for (let k = 0; k < 5000; k++) all[1].links.push(0, LinkKind.lane, k, 0, 0);
  const passed = all.map(({ fences }) => fences.pass(2));
  const first = passed[0]!.then(() => all[0].seen.length);
  for (let round = 0; round < 3; round++) for (const { poll } of all) poll();
  assert.equal(await isSettled(passed[2]!), true, "it has everything");
  assert.equal(await isSettled(passed[0]!), false, "tasks are on their way to it");
  for (let round = 0; round < 40; round++) for (const { poll } of all) poll();
  assert.equal(await first, 5000);
});

Deno.test("fences: some may come before their own worker begins", async () => {
  const [a, b, c] = workers();
  const early = [b.fences.pass(4), c.fences.pass(4)];
  for (let round = 0; round < 2; round++) for (const { poll } of [a, b, c]) poll();
  const late = a.fences.pass(4);
  assert.equal(await isSettled(late), true);
  for (let round = 0; round < 2; round++) for (const { poll } of [a, b, c]) poll();
  await Promise.all(early);
});

Deno.test("fences: a move that is given up ends the wait, and its fences count for no other", async () => {
  const [a, b, c] = workers();
  const waiting = a.fences.pass(6);
  void b.fences.pass(6);
  b.poll();
  a.poll();
  a.fences.end(7);
  await assert.rejects(waiting, { code: "CHI-4018" });
  const next = a.fences.pass(8);
  void b.fences.pass(8);
  for (const { poll } of [b, a]) poll();
  assert.equal(await isSettled(next), false, "one is missing");
  a.fences.lose(2);
  assert.equal(await isSettled(next), true, "a lost worker sends none");
  c.fences.end(8);
});

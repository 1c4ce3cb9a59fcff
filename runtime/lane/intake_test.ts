/** The trust line: whatever a client changes while its task is taken, a handler sees what was checked. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMITS } from "../limits.ts";
import { Heap, Segment, SegmentKind, SegmentTable } from "../memory/mod.ts";
import {
  BLOCK_HEADER_WORDS,
  defineTask,
  DESCRIPTOR_WORDS,
  H,
  IN,
  INOUT,
  OriginKind,
  type Task,
  type TaskOwner,
  type TaskType,
} from "../task/mod.ts";
import type { ClientPort } from "./client_port.ts";
import { ContainerOnWorker } from "./container.ts";
import { Counters } from "./counters.ts";
import { Intake } from "./intake.ts";
import type { LibExec } from "./lib_exec.ts";
import { Links, linksBytes } from "./links.ts";
import type { NodeControl } from "./node_control.ts";
import type { Router } from "./router.ts";
import { WorkerState } from "./worker_state.ts";

const POOL = 4;
const SESSION_SEGMENT = 17;
const SESSION_BYTES = 32 << 20;
const FIELDS_AT = 2 << 20;
const RING_AT = 1 << 18; // Word index of the descriptor that is taken.

const SmallTask = defineTask(10, { value: IN.u64(), text: IN.string(20) });
const LargeTask = defineTask(11, { raw: IN.bytes(4000), more: IN.vec("u64", 100) });
const BulkTask = defineTask(12, {
  source: IN.bulk("sourceSize"),
  sourceSize: IN.u64(),
  both: INOUT.bulk("bothSize", "bothRoom"),
  bothRoom: IN.u64(),
  bothSize: INOUT.u64(),
});
const TYPES = [SmallTask, LargeTask, BulkTask] as unknown as TaskType[];

const libExec: LibExec = {
  libName: "tests_intake",
  create: SmallTask as unknown as TaskType,
  tasks: TYPES.map((type) => [type.layout.method, type]),
  methodNames: {},
  run: () => {},
  monitor: () => {},
};

/** Worker state on private memory, with one container. */
function workerState(): WorkerState {
  const node = Segment.create({
    id: 1,
    kind: SegmentKind.node,
    sizeBytes: 8 << 20,
    workers: 1,
    private: true,
  });
  const heap = new Heap(node);
  const segments = new SegmentTable();
  segments.add(node);
  const links = new Links(node, node.words, 0, 2, heap.alloc(linksBytes(2)));
  const owner: TaskOwner = {
    segments,
    submit: () => {},
    wait: () => Promise.resolve(),
    waitSync: () => {},
    free: () => {},
  };
  const state = new WorkerState({
    id: 0,
    workers: 1,
    incarnation: 0,
    node,
    heap,
    segments,
    links,
    counters: new Counters(node.i32, heap.alloc(Counters.bytes())),
    control: {} as NodeControl,
    owner,
  });
  state.containers[POOL] = new ContainerOnWorker(POOL, "pool", 0, libExec, "1");
  return state;
}

const state = workerState();
const routed: Task[] = [];
const malformed: string[] = [];
/** Blocks of tasks that were taken, by slot. */
const held = new Map<number, number>();
const router = { route: (_: unknown, task: Task) => routed.push(task) } as unknown as Router;
const session = {
  id: 1,
  segment: { id: SESSION_SEGMENT, sizeBytes: SESSION_BYTES },
  ports: [],
  answered: 0,
  closing: false,
};

/** Memory whose owner writes to it between any two reads of a word. */
function changing(words: ReadonlyMap<number, readonly number[]>): Int32Array {
  const reads = new Map<number, number>();
  const at = (index: number) => {
    const values = words.get(index) ?? [0];
    const turn = reads.get(index) ?? 0;
    reads.set(index, turn + 1);
    return values[Math.min(turn, values.length - 1)]!;
  };
  return new Proxy({} as Int32Array, {
    get(_, key) {
      if (key === "subarray") {
        return (from: number, to: number) =>
          Int32Array.from({ length: to - from }, (_, k) => at(from + k));
      }
      return at(Number(key));
    },
  });
}

/** Takes one task out of such memory. */
function take(words: ReadonlyMap<number, readonly number[]>): void {
  routed.length = 0;
  malformed.length = 0;
  held.clear();
  session.closing = false;
  const intake = new Intake(state, router, (_, why) => malformed.push(why), () => {});
  let left = 1;
  const port = {
    session,
    number: 16,
    submissions: {
      words: changing(words),
      capacity: LIMITS.slotsPerPort,
      glance: () => left,
      available: () => left,
      next: () => {
        left = 0;
        return RING_AT;
      },
      release: () => {},
    },
    held: (slot: number) => held.get(slot) ?? 0,
    hold: (slot: number, block: number) => void held.set(slot, block),
    complete: () => session.answered++,
    dirty: true,
  } as unknown as ClientPort;
  intake.add(port);
  intake.poll();
}

/** What a handler may rely on. */
function checkRouted(task: Task): void {
  const { i32, u32 } = state.node;
  const block = task.header.block;
  const word = (index: number) => i32[block + index]!;
  assert.ok(word(H.slot) >= 0 && word(H.slot) < LIMITS.slotsPerPort);
  assert.equal(word(H.pool), POOL);
  assert.equal(word(H.method), task.layout.method);
  assert.equal(word(H.origin), OriginKind.port);
  assert.equal(word(H.segment), SESSION_SEGMENT);
  assert.equal(word(H.depth), 0);
  const fields = u32[block + H.fields]!;
  assert.ok(fields >= LIMITS.segmentReservedBytes && fields % 8 === 0);
  assert.ok(fields + task.layout.fieldsBytes <= SESSION_BYTES);
  const base = block + BLOCK_HEADER_WORDS;
  for (const field of task.layout.fields) {
    const count = i32[base + field.offsetBytes / 4]!;
    if (["string", "bytes", "vec"].includes(field.kind)) {
      assert.ok(count >= 0 && count <= field.field.max, field.name);
    }
  }
  for (const bulk of task.layout.bulks) {
    const size = u32[base + bulk.sizeWord]! + u32[base + bulk.sizeWord + 1]! * 2 ** 32;
    const [segment, offset] = [u32[base + bulk.word]!, u32[base + bulk.word + 1]!];
    if (segment === 0 && offset === 0 && size === 0) continue;
    assert.equal(segment, SESSION_SEGMENT);
    assert.ok(offset >= LIMITS.segmentReservedBytes && offset + size <= SESSION_BYTES);
  }
  state.release(task);
}

/** The words of a right task. */
function rightTask(type: TaskType): Map<number, number[]> {
  const words = new Map<number, number[]>();
  const descriptor = new Int32Array(DESCRIPTOR_WORDS);
  descriptor[H.slot] = 5;
  descriptor[H.pool] = POOL;
  descriptor[H.method] = type.layout.method;
  descriptor[H.layoutHash] = type.layout.hash;
  descriptor[H.fields] = FIELDS_AT;
  descriptor.forEach((value, k) => words.set(RING_AT + k, [value]));
  for (const bulk of type.layout.bulks) {
    words.set(FIELDS_AT / 4 + bulk.word, [SESSION_SEGMENT]);
    words.set(FIELDS_AT / 4 + bulk.word + 1, [4 << 20]);
    words.set(FIELDS_AT / 4 + bulk.sizeWord, [100]);
    if (bulk.capacityWord >= 0) words.set(FIELDS_AT / 4 + bulk.capacityWord, [200]);
  }
  return words;
}

const edges = [
  0,
  1,
  -1,
  4,
  7,
  POOL,
  10,
  11,
  12,
  17,
  64,
  LIMITS.slotsPerPort,
  1 << 20,
  FIELDS_AT,
  SESSION_BYTES - 8,
  0x7fffffff,
  -0x80000000,
  ...TYPES.map((type) => type.layout.hash | 0),
];
const value = fc.oneof(fc.constantFrom(...edges), fc.integer());

Deno.test("intake: a right task reaches its lane as it was written", () => {
  for (const type of TYPES) {
    take(rightTask(type));
    assert.deepEqual(malformed, []);
    assert.equal(routed.length, 1);
    assert.equal(routed[0]!.layout, type.layout);
    checkRouted(routed[0]!);
  }
});

Deno.test("intake: words that change while they are read are checked as they are used", () => {
  const change = fc.record({
    inDescriptor: fc.boolean(),
    at: fc.nat(),
    // What the word holds at the second look, the third one, and so on.
    later: fc.array(value, { minLength: 1, maxLength: 4 }),
    atOnce: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...TYPES),
      fc.array(change, { minLength: 1, maxLength: 6 }),
      (type, changes) => {
        const words = rightTask(type);
        for (const { inDescriptor, at, later, atOnce } of changes) {
          const index = inDescriptor
            ? RING_AT + at % DESCRIPTOR_WORDS
            : FIELDS_AT / 4 + at % (type.layout.fieldsBytes / 4);
          const first = words.get(index)?.[0] ?? 0;
          words.set(index, atOnce ? later : [first, ...later]);
        }
        const answered = session.answered;
        take(words);
        // Exactly one of: it runs, it is answered, its session ends, or it was no task.
        const outcomes = routed.length + (session.answered - answered) + malformed.length;
        assert.ok(outcomes <= 1);
        assert.equal(held.size, routed.length);
        for (const task of routed) checkRouted(task);
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("intake: a heap without room fails the task and keeps the session", () => {
  const small = workerState();
  const blocks: number[] = [];
  const hold = () => {
    for (;;) blocks.push(small.heap.alloc(64));
  };
  assert.throws(hold, { code: "CHI-2001" });
  let answer: unknown = null;
  const intake = new Intake(small, router, (_, why) => malformed.push(why), () => {});
  malformed.length = 0;
  const words = rightTask(LargeTask as unknown as TaskType);
  let left = 1;
  intake.add({
    session: { ...session, closing: false },
    number: 17,
    submissions: {
      words: changing(words),
      capacity: 4096,
      glance: () => left,
      next: () => {
        left = 0;
        return RING_AT;
      },
      release: () => {},
    },
    held: () => 0,
    complete: (_slot: number, _generation: number, error: { code: string }) => answer = error.code,
  } as unknown as ClientPort);
  intake.poll();
  assert.equal(answer, "CHI-2001");
  assert.deepEqual(malformed, []);
});

/** Control messages: answered once, with their errors, and sent late rather than never. */

import assert from "node:assert/strict";
import { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { Heap, type Offset, Segment, SegmentKind } from "../memory/mod.ts";
import { ControlChannel, type ControlHandler } from "./control.ts";
import { LinkKind, Links, linksBytes } from "./links.ts";

/** Two channels on private memory, and what carries their entries. */
class Line {
  readonly heap: Heap;
  asking: ControlChannel;
  readonly answering: ControlChannel;
  readonly #ends: readonly [Links, Links];
  readonly #node: Segment;
  #timer: ReturnType<typeof setInterval>;

  constructor(handle: ControlHandler) {
    const shape = { workers: 2, private: true };
    const node = Segment.create({ ...shape, id: 1, kind: SegmentKind.node, sizeBytes: 16 << 20 });
    const bells = Segment.create({ ...shape, id: 2, kind: SegmentKind.bell, sizeBytes: 1 << 20 });
    this.#node = node;
    this.heap = new Heap(node);
    const offset = this.heap.alloc(linksBytes(2));
    this.#ends = [
      new Links(node, bells.words, 0, 2, offset),
      new Links(node, bells.words, 1, 2, offset),
    ];
    const none = () => {};
    this.asking = new ControlChannel(node, this.heap, this.#ends[0], () => null, none, 0);
    this.answering = new ControlChannel(node, this.heap, this.#ends[1], handle, none, 0);
    this.#timer = setInterval(() => this.#carry(), 1);
  }

  /** Another thread takes the place of the one that asks. */
  replace(): void {
    const end = this.#ends[0];
    this.asking = new ControlChannel(this.#node, this.heap, end, () => null, () => {}, 1);
  }

  #carry(): void {
    this.#ends[0].flush();
    this.#ends[1].flush();
    this.#ends[0].poll((from, kind, a, b) => this.#receive(this.asking, from, kind, a, b));
    this.#ends[1].poll((from, kind, a, b) => this.#receive(this.answering, from, kind, a, b));
  }

  #receive(channel: ControlChannel, from: number, kind: number, a: number, b: number): void {
    assert.equal(kind, LinkKind.control);
    channel.receive(from, a, b);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

Deno.test("control: a request gets its own answer, or its error", async () => {
  using line = new Line(({ kind, value }) => {
    if (kind === "fail") {
      throw new ChimaeraError("poolNotFound", { what: "look", why: String(value) });
    }
    return kind === "slow"
      ? new Promise((resolve) => setTimeout(() => resolve(value), 20))
      : value ?? undefined;
  });
  const ask = (kind: string, value: unknown) => line.asking.request(1, { kind, value });
  const slow = ask("slow", "first");
  assert.deepEqual(await ask("echo", { a: [1, "ü"] }), { a: [1, "ü"] });
  assert.equal(await ask("echo", null), null);
  assert.equal(await slow, "first");
  await assert.rejects(ask("fail", "gone"), { code: "CHI-4001", message: "look: gone" });
  assert.equal(line.answering.busy, 0);
});

Deno.test("control: what is too long to answer is an error, and the channel goes on", async () => {
  using line = new Line(({ size }) => "x".repeat(size as number));
  const size = LIMITS.controlMessageBytes;
  await assert.rejects(line.asking.request(1, { kind: "long", size }), { code: "CHI-2001" });
  assert.equal(await line.asking.request(1, { kind: "short", size: 3 }), "xxx");
  const request = line.asking.request(1, { kind: "long", text: "x".repeat(size) });
  await assert.rejects(request, { code: "CHI-2001" });
});

Deno.test("control: a message waits for room in a full heap, and keeps its place", async () => {
  const seen: unknown[] = [];
  using line = new Line(({ kind }) => {
    seen.push(kind);
    return kind;
  });
  const held: Offset[] = [];
  const fill = (sizeBytes: number) => {
    try {
      for (;;) held.push(line.heap.alloc(sizeBytes));
    } catch {
      // Full of blocks of this size.
    }
  };
  for (const sizeBytes of [1 << 20, 65536, 4096, 2048, 64]) fill(sizeBytes);
  const answers = ["one", "two", "three"].map((kind) => line.asking.request(1, { kind }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(seen, []);
  assert.equal(line.asking.busy, 1);
  for (const offset of held) line.heap.free(offset);
  assert.deepEqual(await Promise.all(answers), ["one", "two", "three"]);
  assert.deepEqual(seen, ["one", "two", "three"]);
  assert.equal(line.asking.busy, 0);
});

Deno.test("control: requests that can no longer be answered are told so", async () => {
  using line = new Line(() => new Promise(() => {}));
  const request = line.asking.request(1, { kind: "never" });
  const error = new ChimaeraError("workerDied", { what: "worker 1", why: "it died" });
  line.asking.abandon(error);
  await assert.rejects(request, { code: "CHI-4008" });
});

Deno.test("control: an answer to a lost thread settles nothing of the one in its place", async () => {
  const answers: (() => void)[] = [];
  using line = new Line(({ kind }) => new Promise((resolve) => answers.push(() => resolve(kind))));
  void line.asking.request(1, { kind: "old" });
  while (answers.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  line.replace();
  const request = line.asking.request(1, { kind: "new" });
  while (answers.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const answer of answers) answer();
  assert.equal(await request, "new");
});

/**
 * Tasks of clients that share no memory: unpacked into blocks of the node segment, and packed
 * again when they are done.
 *
 * Bulk bytes get buffers of their own here, which go back when the result is packed. That may be on
 * another worker than the one that made them, so the task's block leads to a list of them:
 *
 *   list: word 0 count   1 … offset of each buffer
 *
 * Thread rules: one worker's isolate; blocks, buffers and lists go from worker to worker.
 */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import { asOffset, NULL_POINTER, type Offset } from "../memory/mod.ts";
import {
  ABORT_POOL,
  BLOCK_HEADER_WORDS,
  type Bulk,
  BulkView,
  DESCRIPTOR_WORDS,
  H,
  InArchive,
  OriginKind,
  OutArchive,
  RESULT_HEAD_BYTES,
  type Task,
  wireRoot,
} from "../task/mod.ts";
import { checkCapacity, reachOf } from "./bulk_check.ts";
import { errorData } from "./control.ts";
import { LinkKind } from "./links.ts";
import type { Router } from "./router.ts";
import type { WorkerState } from "./worker_state.ts";

const HEAD_BYTES = DESCRIPTOR_WORDS * 4;

/** Word of the table in which the door notes who has the task; see wire_custody in the session. */
function cellOf(words: Int32Array, head: number): number {
  return words[head + H.fields]!;
}
const encoder = new TextEncoder();

export class WireIntake {
  readonly #state: WorkerState;
  readonly #router: Router;
  /** Messages that came; wraps around. */
  taken = 0;
  readonly #onAbort: (origin: number, slot: number, generation: number) => void;

  /** @param onAbort Called for a task that its caller gave up; the session is negative. */
  constructor(
    state: WorkerState,
    router: Router,
    onAbort: (origin: number, slot: number, generation: number) => void,
  ) {
    this.#state = state;
    this.#router = router;
    this.#onAbort = onAbort;
  }

  /** A message of the node's door: the bytes of one task. */
  receive(block: number, sizeBytes: number, session: number): void {
    const state = this.#state;
    this.taken = (this.taken + 1) | 0;
    const offset = asOffset(block >>> 0);
    const message = state.node.u8.slice(offset, offset + sizeBytes);
    state.heap.free(offset);
    const words = new Int32Array(message.buffer, 0, DESCRIPTOR_WORDS);
    try {
      this.#unpack(message, words, session);
    } catch (thrown) {
      this.#answer(session, words, 0, toChimaeraError(thrown, "badDescriptor", "task"), []);
    }
  }

  #unpack(message: Uint8Array, words: Int32Array, session: number): void {
    const state = this.#state;
    const poolId = words[H.pool]!;
    const method = words[H.method]!;
    if (poolId === ABORT_POOL) {
      this.#onAbort(-session, words[H.slot]!, words[H.generation]!);
      return;
    }
    const container = state.containers[poolId];
    if (container === undefined) {
      throw new ChimaeraError("poolNotFound", {
        what: "call a pool",
        why: `no pool has id ${poolId}`,
      });
    }
    const type = container.typeOf(method);
    if (type === undefined) {
      throw new ChimaeraError("methodNotFound", {
        what: `call ${container.poolName}`,
        why: `${container.libExec.libName} has no method ${method >>> 0}`,
      });
    }
    if (words[H.layoutHash] !== (type.layout.hash | 0)) {
      throw new ChimaeraError("layoutMismatch", {
        what: `call ${container.libExec.libName}.${container.libExec.methodNames[method]}`,
        why: "the caller's task layout is not the module's",
      });
    }
    const block = state.blocks.alloc(type.layout.fieldsBytes);
    const to = state.node.i32;
    to.fill(0, block, block + BLOCK_HEADER_WORDS);
    to.set(words, block);
    to[block + H.returnCode] = 0;
    to[block + H.errorRecord] = 0;
    to[block + H.origin] = OriginKind.wire;
    to[block + H.port] = session;
    to[block + H.custodian] = state.id;
    to[block + H.rootSlot] = wireRoot(words[H.slot]!, words[H.generation]!);
    to[block + H.rootOrigin] = -session;
    to[block + H.depth] = 0;
    const task = state.view(container, type, block);
    const buffers: Offset[] = [];
    const rooms = new Map<string, number>();
    const place = (name: string, roomBytes: number) => {
      rooms.set(name, roomBytes);
      return this.#buffer(buffers, roomBytes);
    };
    try {
      task.serializeStart(new InArchive(task, message, HEAD_BYTES, false, { place }));
      this.#checkBulks(task, rooms);
      this.#list(block, buffers);
    } catch (thrown) {
      for (const buffer of buffers) state.heap.free(buffer);
      state.release(task);
      throw thrown;
    }
    to[cellOf(words, 0)] = block;
    container.active++;
    state.epochs.begin(block);
    task.header.context = this;
    this.#router.route(container, task);
  }

  /** The fields must promise no more than the buffers that came with them hold. */
  #checkBulks(task: Task, rooms: ReadonlyMap<string, number>): void {
    const words = this.#state.node.u32;
    for (const bulk of task.layout.bulks) {
      const failure = checkCapacity(words, task.$at, bulk);
      if (failure !== null) throw failure;
      const room = rooms.get(bulk.name);
      if (room === undefined) task.setPointer(bulk.word, NULL_POINTER);
      else if (reachOf(words, task.$at, bulk) > room) {
        const why = `it names more than the ${room} bytes that came`;
        throw new ChimaeraError("badDescriptor", { what: `field ${bulk.name}`, why });
      }
    }
  }

  #buffer(buffers: Offset[], roomBytes: number): Bulk {
    const { heap, segments, node } = this.#state;
    const offset = heap.alloc(Math.max(1, roomBytes));
    buffers.push(offset);
    return new BulkView(segments, { segment: node.id, offset }, roomBytes);
  }

  /** Lets whoever finishes the task find its buffers. */
  #list(block: number, buffers: readonly Offset[]): void {
    if (buffers.length === 0) return;
    const { heap, node } = this.#state;
    const list = heap.alloc(4 * (1 + buffers.length));
    node.u32.set([buffers.length, ...buffers], list >>> 2);
    node.u32[block + H.ticket] = list;
  }

  #dropBuffers(block: number): void {
    const { heap, node } = this.#state;
    const list = node.u32[block + H.ticket]!;
    if (list === 0) return;
    const at = list >>> 2;
    for (let k = 1; k <= node.u32[at]!; k++) heap.free(asOffset(node.u32[at + k]!));
    heap.free(asOffset(list));
  }

  /** Answers for a task that no handler will see. */
  failBlock(block: number, error: ChimaeraError): void {
    const words = this.#state.node.i32;
    this.#answer(words[block + H.port]!, words, block, error, []);
    this.#dropBuffers(block);
    this.#state.freeBlock(block);
  }

  /** Packs a result and gives back what the task held. */
  finish(task: Task, error: ChimaeraError | null): void {
    const words = this.#state.node.i32;
    const block = task.header.block;
    let parts: Uint8Array[] = [];
    let failure = error;
    if (failure === null) {
      try {
        const archive = new OutArchive(task, new Uint8Array(0), true);
        task.serializeEnd(archive);
        parts = archive.parts;
      } catch (thrown) {
        failure = toChimaeraError(thrown, "badField", "pack the result");
      }
    }
    this.#answer(words[block + H.port]!, words, block, failure, parts);
    this.#dropBuffers(block);
    this.#state.release(task);
  }

  /** @param head Where in `words` the task's head is. */
  #answer(
    session: number,
    words: Int32Array,
    head: number,
    error: ChimaeraError | null,
    parts: readonly Uint8Array[],
  ): void {
    const { heap, node, links, workers, id } = this.#state;
    const slot = words[head + H.slot]!;
    const generation = words[head + H.generation]!;
    // Its block is free from here on, and the answer on its way.
    node.i32[cellOf(words, head)] = -1 - id;
    const body = error === null ? parts : [encoder.encode(JSON.stringify(errorData(error)))];
    const sizeBytes = body.reduce((sum, part) => sum + part.length, RESULT_HEAD_BYTES);
    let offset: Offset;
    try {
      offset = heap.alloc(sizeBytes);
    } catch (thrown) {
      if (!(thrown instanceof ChimaeraError) || thrown.kind !== "outOfMemory") throw thrown;
      links.push(workers, LinkKind.wireFull, slot, generation, session);
      return;
    }
    const at = offset >>> 2;
    node.i32[at] = slot;
    node.i32[at + 1] = generation;
    node.i32[at + 2] = error === null ? 0 : error.number;
    node.i32[at + 3] = 0;
    let to = offset + RESULT_HEAD_BYTES;
    for (const part of body) {
      node.u8.set(part, to);
      to += part.length;
    }
    links.push(workers, LinkKind.wireDone, offset | 0, sizeBytes, session);
  }
}

/**
 * Taking tasks from clients: copy, check, and only then look.
 *
 * The descriptor and the fields are copied into a task block of the node segment; every check and
 * every handler reads that copy. A task that a client could send by mistake (unknown pool, other
 * layout) fails with its error; a descriptor that no working client sends closes its session.
 *
 * Thread rules: one worker's isolate.
 */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import {
  ABORT_POOL,
  BLOCK_HEADER_WORDS,
  H,
  OriginKind,
  portRoot,
  type TaskLayout,
} from "../task/mod.ts";
import { checkCapacity, reachOf } from "./bulk_check.ts";
import type { ClientPort, ClientSession } from "./client_port.ts";
import type { ContainerOnWorker } from "./container.ts";
import { WORKER_COUNTER } from "./counters.ts";
import type { Router } from "./router.ts";
import type { WorkerState } from "./worker_state.ts";

export class Intake {
  readonly #state: WorkerState;
  readonly #router: Router;
  readonly #onMalformed: (session: ClientSession, why: string) => void;
  readonly #onAbort: (port: number, slot: number, generation: number) => void;
  #ports: ClientPort[] = [];
  /** Takes nothing for now. */
  isPaused = false;

  constructor(
    state: WorkerState,
    router: Router,
    onMalformed: (session: ClientSession, why: string) => void,
    onAbort: (port: number, slot: number, generation: number) => void,
  ) {
    this.#state = state;
    this.#router = router;
    this.#onMalformed = onMalformed;
    this.#onAbort = onAbort;
  }

  add(port: ClientPort): void {
    this.#ports.push(port);
    this.#state.ports.set(port.number, port);
  }

  /** Takes nothing more from a session; its tasks under way still find their port. */
  remove(session: ClientSession): void {
    this.#ports = this.#ports.filter((port) => port.session !== session);
  }

  get count(): number {
    return this.#ports.length;
  }

  /** Whether a client has something for this worker. */
  get pending(): boolean {
    if (this.isPaused) return false;
    for (let k = 0; k < this.#ports.length; k++) {
      if (this.#ports[k]!.submissions.available() !== 0) return true;
    }
    return false;
  }

  /** Remembers what clients have sent up to now. */
  mark(): void {
    for (const port of this.#ports) {
      const ring = port.submissions;
      port.marked = (ring.taken + Math.max(0, ring.available())) | 0;
    }
  }

  /** Whether everything was taken that was there at the last {@linkcode mark}. */
  get reached(): boolean {
    for (const { marked, submissions } of this.#ports) {
      // A client that takes its tasks back is malformed, or will be.
      if (((marked - submissions.taken) | 0) > 0 && submissions.available() !== 0) return false;
    }
    return true;
  }

  /** Takes at most a batch from each port. Returns how many tasks. */
  poll(): number {
    let total = 0;
    if (this.isPaused) return total;
    const ports = this.#ports;
    for (let k = 0; k < ports.length; k++) {
      const port = ports[k]!;
      const ring = port.submissions;
      let count = ring.glance();
      if (count === 0) continue;
      if (count < 0 || count > ring.capacity) {
        this.#malformed(port, "the submission ring's tail is out of range");
        continue;
      }
      if (count > LIMITS.ringBatch) count = LIMITS.ringBatch;
      for (let n = 0; n < count && !port.session.closing; n++) this.#take(port, ring.next());
      ring.release();
      total += count;
    }
    return total;
  }

  #take(port: ClientPort, at: number): void {
    const state = this.#state;
    const from = port.submissions.words;
    // Read once: the client may change these words while they are looked at.
    const slot = from[at + H.slot]!;
    const generation = from[at + H.generation]!;
    const poolId = from[at + H.pool]!;
    const method = from[at + H.method]!;
    if (slot < 0 || slot >= LIMITS.slotsPerPort) {
      this.#malformed(port, `task slot ${slot} does not exist`);
      return;
    }
    if (poolId === ABORT_POOL) {
      this.#onAbort(port.number, slot, generation);
      return;
    }
    const held = port.held(slot);
    if (held !== 0) {
      // The same one again is what a lost worker had taken; it is answered with the others of its.
      if (state.node.i32[held + H.generation] === generation) return;
      this.#malformed(port, `task slot ${slot} is in use`);
      return;
    }
    const container = state.containers[poolId];
    const type = container?.typeOf(method);
    const known = container !== undefined && type !== undefined;
    if (!known || (type.layout.hash | 0) !== from[at + H.layoutHash]) {
      state.answer(port, slot, generation, mistake(container, poolId, method));
      return;
    }
    const layout = type.layout;
    let block: number;
    try {
      block = state.blocks.alloc(layout.fieldsBytes);
    } catch (thrown) {
      const error = toChimaeraError(thrown, "outOfMemory", `call ${container.poolName}`);
      state.answer(port, slot, generation, error);
      return;
    }
    const to = state.node.i32;
    // These were judged above: from here on only the block's copy counts.
    to[block + H.slot] = slot;
    to[block + H.generation] = generation;
    to[block + H.pool] = poolId;
    to[block + H.method] = method;
    const why = this.#copy(port, at, block, layout);
    if (why !== null) {
      state.freeBlock(block);
      this.#malformed(port, why);
      return;
    }
    const failure = layout.bulks.length === 0 ? null : this.#checkCapacities(block, layout);
    if (failure !== null) {
      state.freeBlock(block);
      state.answer(port, slot, generation, failure);
      return;
    }
    port.hold(slot, block);
    container.active++;
    state.epochs.begin(block);
    const task = state.view(container, type, block);
    task.header.context = port;
    this.#router.route(container, task);
  }

  /** Copies the rest of descriptor and fields into a block. Returns what is wrong with them. */
  #copy(port: ClientPort, at: number, block: number, layout: TaskLayout): string | null {
    const from = port.submissions.words;
    const to = this.#state.node.i32;
    to[block + H.layoutHash] = layout.hash; // Judged above.
    to[block + H.queryKind] = from[at + H.queryKind]!;
    to[block + H.queryFirst] = from[at + H.queryFirst]!;
    to[block + H.querySecond] = from[at + H.querySecond]!;
    to[block + H.flags] = from[at + H.flags]!;
    to[block + H.periodUs] = from[at + H.periodUs]!;
    to[block + H.fields] = from[at + H.fields]!;
    to[block + H.returnCode] = 0;
    to[block + H.errorRecord] = 0;
    to[block + H.origin] = OriginKind.port;
    to[block + H.segment] = port.session.segment.id;
    to[block + H.port] = port.number;
    to[block + H.custodian] = this.#state.id;
    // A client cannot claim another's root, nor a place deep in a graph.
    to[block + H.rootSlot] = portRoot(to[block + H.slot]!, to[block + H.generation]!);
    to[block + H.rootOrigin] = port.number;
    to[block + H.depth] = 0;
    const fields = to[block + H.fields]! >>> 0;
    const end = fields + layout.fieldsBytes;
    if (fields % 8 !== 0 || fields < LIMITS.segmentReservedBytes) return "fields are misplaced";
    if (end > port.session.segment.sizeBytes) return "fields leave the segment";
    if (!layout.copyIn(from, fields >>> 2, to, block + BLOCK_HEADER_WORDS)) {
      return "a field's count is above its maximum";
    }
    return layout.bulks.length === 0 ? null : this.#checkBulks(port, block, layout);
  }

  /** Bulk must lie in the sender's own segment, past the part that the runtime uses. */
  #checkBulks(port: ClientPort, block: number, layout: TaskLayout): string | null {
    const words = this.#state.node.u32;
    const base = block + BLOCK_HEADER_WORDS;
    for (const bulk of layout.bulks) {
      const segment = words[base + bulk.word]!;
      const offset = words[base + bulk.word + 1]!;
      const size = reachOf(words, base, bulk);
      if (segment === 0 && offset === 0 && size === 0) continue;
      if (segment !== port.session.segment.id) return `${bulk.name} points into another segment`;
      if (offset < LIMITS.segmentReservedBytes) return `${bulk.name} points into the header`;
      if (offset + size > port.session.segment.sizeBytes) return `${bulk.name} leaves the segment`;
    }
    return null;
  }

  #checkCapacities(block: number, layout: TaskLayout): ChimaeraError | null {
    for (const bulk of layout.bulks) {
      const error = checkCapacity(this.#state.node.u32, block + BLOCK_HEADER_WORDS, bulk);
      if (error !== null) return error;
    }
    return null;
  }

  #malformed(port: ClientPort, why: string): void {
    const { counters, counter } = this.#state;
    counters.words[counter + WORKER_COUNTER.malformed]!++;
    this.remove(port.session);
    port.session.closing = true;
    this.#onMalformed(port.session, why);
  }
}

/** Why a working client's task cannot be taken. */
function mistake(
  container: ContainerOnWorker | undefined,
  poolId: number,
  method: number,
): ChimaeraError {
  if (container === undefined) {
    return new ChimaeraError("poolNotFound", {
      what: "call a pool",
      why: `no pool has id ${poolId}`,
    });
  }
  const { libName, methodNames } = container.libExec;
  if (container.typeOf(method) === undefined) {
    return new ChimaeraError("methodNotFound", {
      what: `call ${container.poolName}`,
      why: `${libName} has no method ${method >>> 0}`,
    });
  }
  return new ChimaeraError("layoutMismatch", {
    what: `call ${libName}.${methodNames[method] ?? method}`,
    why: "the caller's task layout is not the module's",
  });
}

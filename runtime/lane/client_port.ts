/**
 * A client's port as a worker sees it: the ring its tasks come in by and the ring they return by.
 *
 * Everything in the client's segment may change at any time and may be wrong. A descriptor is
 * copied once and judged by the copy; the ring's counters are judged by this side's own.
 *
 * Thread rules: one worker's isolate.
 */

import {
  asOffset,
  type PortPlaces,
  type RingConsumer,
  type RingProducer,
  type Segment,
} from "../memory/mod.ts";
import type { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { C, writeErrorRecord } from "../task/mod.ts";
import { tailWord } from "./custody.ts";

export type { PortPlaces };

/** A session on one worker. */
export class ClientSession {
  readonly id: number;
  readonly segment: Segment;
  readonly ports: ClientPort[] = [];
  /** Nothing more is taken. */
  closing = false;
  /** The node said so. */
  ended = false;

  constructor(id: number, segment: Segment) {
    this.id = id;
    this.segment = segment;
  }
}

export class ClientPort {
  readonly session: ClientSession;
  readonly index: number;
  readonly number: number;
  readonly submissions: RingConsumer;
  readonly completions: RingProducer;
  readonly bellLine: number;
  /** Socket of a client that sleeps in its event loop in another process; −1: none. */
  readonly doorbell: number;
  /** First word of the port's table of tasks in the runtime's hands, in the node segment. */
  readonly custody: number;
  readonly #errorsOffset: number;
  readonly #worker: number;
  readonly #nodeWords: Int32Array;
  readonly #tailWord: number;
  /** What the submission ring had got when a flush began; see Intake.mark. */
  marked = 0;
  /** Whether completions wait to be published. */
  dirty = false;

  constructor(
    session: ClientSession,
    places: PortPlaces,
    submissions: RingConsumer,
    completions: RingProducer,
    doorbell: number,
    worker: number,
    nodeWords: Int32Array,
    custody: number,
  ) {
    this.session = session;
    this.index = places.index;
    this.number = session.id * LIMITS.portsPerSession + places.index;
    this.bellLine = places.bellLine;
    this.#errorsOffset = places.errorsOffset;
    this.submissions = submissions;
    this.completions = completions;
    this.doorbell = doorbell;
    this.#worker = worker;
    this.#nodeWords = nodeWords;
    this.custody = custody;
    this.#tailWord = tailWord(custody, worker);
  }

  /** Block of the task that has a slot; 0: none. */
  held(slot: number): number {
    return this.#nodeWords[this.custody + slot]!;
  }

  /** Notes the block of a task that was taken. */
  hold(slot: number, block: number): void {
    this.#nodeWords[this.custody + slot] = block;
  }

  /** Goes on after a worker that was lost: what it answered and did not publish is kept. */
  resume(): void {
    this.completions.adopt(this.#nodeWords[this.#tailWord]!);
  }

  /** Begins with the rings as they are. */
  begin(): void {
    this.#nodeWords[this.#tailWord] = this.completions.tail;
  }

  /**
   * Tells the client that a task is done. Published with the batch. A client whose session has
   * ended is told nothing here: it hears why from the node, and must not take a task that was
   * given up with the session for one that its caller gave up.
   */
  complete(slot: number, generation: number, error: ChimaeraError | null): void {
    if (this.session.ended) {
      this.#nodeWords[this.custody + slot] = 0;
      return;
    }
    if (error !== null) this.#writeError(slot, error);
    const ring = this.completions;
    const at = ring.claimUnchecked();
    const words = ring.words;
    words[at + C.slot] = slot;
    words[at + C.generation] = generation;
    words[at + C.returnCode] = error === null ? 0 : error.number;
    words[at + C.worker] = this.#worker;
    ring.commit();
    const node = this.#nodeWords;
    node[this.custody + slot] = 0;
    node[this.#tailWord] = ring.tail;
  }

  /** The record of a slot: byte count, then JSON. */
  #writeError(slot: number, error: ChimaeraError): void {
    const at = asOffset(this.#errorsOffset + slot * LIMITS.errorRecordBytes);
    writeErrorRecord(this.session.segment, at, error);
  }
}

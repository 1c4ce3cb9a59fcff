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

export type { PortPlaces };

/** A session on one worker. */
export class ClientSession {
  readonly id: number;
  readonly segment: Segment;
  readonly ports: ClientPort[] = [];
  /** Tasks that this worker took from the session, and that it answered to it. */
  taken = 0;
  answered = 0;
  closing = false;

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
  readonly #errorsOffset: number;
  readonly #worker: number;
  /** Whether completions wait to be published. */
  dirty = false;

  constructor(
    session: ClientSession,
    places: PortPlaces,
    submissions: RingConsumer,
    completions: RingProducer,
    doorbell: number,
    worker: number,
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
  }

  /** Tells the client that a task is done. Published with the batch. */
  complete(slot: number, generation: number, error: ChimaeraError | null): void {
    if (error !== null) this.#writeError(slot, error);
    const ring = this.completions;
    const at = ring.claimUnchecked();
    const words = ring.words;
    words[at + C.slot] = slot;
    words[at + C.generation] = generation;
    words[at + C.returnCode] = error === null ? 0 : error.number;
    words[at + C.worker] = this.#worker;
    ring.commit();
    this.session.answered++;
  }

  /** The record of a slot: byte count, then JSON. */
  #writeError(slot: number, error: ChimaeraError): void {
    const at = asOffset(this.#errorsOffset + slot * LIMITS.errorRecordBytes);
    writeErrorRecord(this.session.segment, at, error);
  }
}

/**
 * Stands where a worker would in a session without shared memory: takes tasks from the rings of the
 * program's ports, sends them as frames, and puts their results back.
 *
 * Frames go by the session's own connection, or by a thread's, which the program may block beside.
 *
 * Thread rules: the session's isolate, which packs and unpacks: how a task travels is its module's
 * to say.
 */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import { bellLineOf, type ErrorData, errorFromData, ringPlaces } from "../lane/mod.ts";
import type { PortPlaces } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import {
  Bell,
  BellState,
  ringBell,
  RingConsumer,
  RingProducer,
  type RingShape,
  type Segment,
} from "../memory/mod.ts";
import type { FrameConnection } from "../platform/mod.ts";
import {
  ABORT_POOL,
  C,
  COMPLETION_WORDS,
  DESCRIPTOR_WORDS,
  H,
  InArchive,
  OutArchive,
  RESULT_HEAD_BYTES,
  type Task,
  writeErrorRecord,
} from "../task/mod.ts";
import type { Port } from "./port.ts";
import { decodeJson, FrameType } from "./protocol.ts";
import type { NodeLink } from "./session.ts";
import { FIRST_PORT_LINE } from "./wire_stream.ts";
import { PolledCompletions, type WireThread } from "./wire_thread.ts";

/** How long a blocked program waits for its thread to start. */
const THREAD_START_MS = 10_000;

export class WirePump implements NodeLink {
  readonly #connection: FrameConnection;
  /** What moves the frames while the program blocks; null: the connection does, and it may not. */
  thread: WireThread | null = null;
  /** Why there is no thread, if one was to be started. */
  whyNotBlocking: unknown = undefined;
  #segment!: Segment;
  #bells!: Segment;
  #bell!: Bell;
  #nextLine: number = FIRST_PORT_LINE;
  readonly #ports: {
    readonly port: () => Port;
    readonly places: PortPlaces;
    readonly submissions: RingConsumer;
    readonly completions: RingProducer;
  }[] = [];

  constructor(connection: FrameConnection) {
    this.#connection = connection;
  }

  get blocking(): boolean {
    return this.thread !== null;
  }

  readonly completions = (shape: RingShape): RingConsumer =>
    new PolledCompletions(this.#segment.i32, shape, () => this.thread?.poll());

  /** The thread did not start: its frames leave by the connection. */
  withoutThread(unsent: readonly Uint8Array[], cause: unknown): void {
    this.thread = null;
    this.whyNotBlocking = cause;
    this.#connection.sendFramed(unsent);
  }

  attach(segment: Segment, bells: Segment): void {
    this.#segment = segment;
    this.#bells = bells;
    this.#bell = new Bell(bells.words, bellLineOf(0));
    this.#bell.prepare(BellState.eventLoop);
  }

  reserveBellLine(): Promise<number> {
    return Promise.resolve(this.#nextLine++);
  }

  openPort(places: PortPlaces, _doorbell: string, port: () => Port): Promise<void> {
    const rings = ringPlaces(places.ringsOffset, 0);
    const words = this.#segment.i32;
    this.#ports.push({
      port,
      places,
      submissions: new RingConsumer(words, {
        baseWord: rings.submissions / 4,
        capacity: LIMITS.slotsPerPort,
        slotWords: DESCRIPTOR_WORDS,
      }),
      completions: new RingProducer(words, {
        baseWord: rings.completions / 4,
        capacity: LIMITS.slotsPerPort,
        slotWords: COMPLETION_WORDS,
      }),
    });
    return Promise.resolve();
  }

  doorbell(): null {
    return null;
  }

  longestSleepMs(): number {
    return LIMITS.sleepMs;
  }

  checkAlive(): void {
    if (this.thread === null || this.thread.startingMs < THREAD_START_MS) return;
    throw new ChimaeraError("connectFailed", {
      what: "send tasks over the socket",
      why: `the thread for it has not started after ${THREAD_START_MS} ms`,
    });
  }

  close(): Promise<void> {
    this.thread?.close();
    this.#connection.close();
    return Promise.resolve();
  }

  /** The port published tasks: send them. */
  ringWorker(): void {
    this.#bell.prepare(BellState.eventLoop);
    this.#ports.forEach(({ port, submissions }, index) => {
      const words = submissions.words;
      for (let count = submissions.available(); count > 0; count--) {
        const at = submissions.next();
        const descriptor = words.slice(at, at + DESCRIPTOR_WORDS);
        if (descriptor[H.pool] === ABORT_POOL) {
          this.#put(headOf(index, descriptor));
          continue;
        }
        const task = port().taskAt(descriptor[H.slot]!);
        if (task !== null) this.#send(index, task, descriptor);
      }
      submissions.release();
    });
    this.thread?.flush();
  }

  /** Sends a task's parts. Its bytes are taken now: they may be the caller's blocks. */
  #put(...parts: Uint8Array[]): void {
    if (this.thread !== null) this.thread.send(FrameType.task, ...parts);
    else this.#connection.send(FrameType.task, ...parts.map((part) => part.slice()));
  }

  #send(index: number, task: Task, descriptor: Int32Array): void {
    try {
      const archive = new OutArchive(task, headOf(index, descriptor), false);
      task.serializeStart(archive);
      this.#put(...archive.parts);
    } catch (thrown) {
      const error = toChimaeraError(thrown, "badField", "send a task");
      this.#complete(index, task.header.slot, task.header.generation, error);
    }
  }

  /** A result came in. */
  onResult(message: Uint8Array<ArrayBuffer>): void {
    const words = new Int32Array(message.buffer, 0, RESULT_HEAD_BYTES / 4);
    const [slotOfAll, generation, code] = [words[0]!, words[1]!, words[2]!];
    const index = Math.floor(slotOfAll / LIMITS.slotsPerPort);
    const slot = slotOfAll % LIMITS.slotsPerPort;
    const task = this.#ports[index]?.port().taskAt(slot);
    // The result of an older task of the slot is nobody's.
    if (!task || task.header.generation !== generation) return;
    let error: ChimaeraError | null = null;
    if (code !== 0) {
      error = errorFromData(
        decodeJson(message.subarray(RESULT_HEAD_BYTES)) as unknown as ErrorData,
      );
    } else {
      const target = { place: (name: string) => bulkOf(task, name) };
      try {
        task.serializeEnd(new InArchive(task, message, RESULT_HEAD_BYTES, true, target));
      } catch (thrown) {
        error = toChimaeraError(thrown, "badField", "take a result");
      }
    }
    this.#complete(index, slot, generation, error);
  }

  #complete(index: number, slot: number, generation: number, error: ChimaeraError | null): void {
    const { completions, places } = this.#ports[index]!;
    if (error !== null) {
      writeErrorRecord(this.#segment, places.errorsOffset + slot * LIMITS.errorRecordBytes, error);
    }
    const at = completions.claimUnchecked();
    const words = completions.words;
    words[at + C.slot] = slot;
    words[at + C.generation] = generation;
    words[at + C.returnCode] = error === null ? 0 : error.number;
    words[at + C.worker] = 0;
    completions.commit();
    completions.publish();
    ringBell(this.#bells.words, places.bellLine);
  }
}

/**
 * A descriptor as it travels. On the connection the ports' slots are numbered through, so that a
 * result finds its port.
 */
function headOf(portIndex: number, descriptor: Int32Array): Uint8Array {
  const words = descriptor.slice();
  words[H.slot]! += portIndex * LIMITS.slotsPerPort;
  words[H.fields] = 0;
  return new Uint8Array(words.buffer as ArrayBuffer);
}

/** The caller's own buffer of a bulk field. */
function bulkOf(task: Task, name: string): ReturnType<Task["getBulk"]> {
  const place = task.layout.bulks.find((bulk) => bulk.name === name)!;
  const word = task.$at + (place.capacityWord < 0 ? place.sizeWord : place.capacityWord);
  const room = task.$u32[word]! + task.$u32[word + 1]! * 4294967296;
  return task.getBulk(place.word, room);
}

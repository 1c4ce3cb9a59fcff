/**
 * A session over the socket, for programs that cannot share memory with the node.
 *
 * The program has a session of the usual form in memory of its own; what would be a worker is this
 * pump, which sends tasks as frames and puts their results back. So everything behaves as in
 * shared memory, but for `waitSync` (CHI-3014): results come in through the event loop.
 *
 * Thread rules: the session's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { bellLineOf, type ErrorData, errorFromData, ringPlaces } from "../lane/mod.ts";
import type { PortPlaces } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import {
  Bell,
  BELL_BYTES,
  BellState,
  ringBell,
  RingConsumer,
  RingProducer,
  Segment,
  SegmentKind,
} from "../memory/mod.ts";
import { FrameConnection, processId } from "../platform/mod.ts";
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
import { type InstancePaths, nodeGone, PROTOCOL_VERSION } from "./instance.ts";
import type { Port } from "./port.ts";
import {
  decodeJson,
  FRAME_BYTES_MAX,
  FrameType,
  type Hello,
  Requests,
  type Welcome,
} from "./protocol.ts";
import { type NodeLink, Session } from "./session.ts";

/** Opens a session whose tasks travel over the socket. */
export async function openWireSession(
  paths: InstancePaths,
  reason: string,
  sizeBytes: number,
): Promise<Session> {
  const connection = await FrameConnection.connect(paths.socket, FRAME_BYTES_MAX);
  const requests = new Requests(connection);
  const pump = new WirePump(connection);
  let lost = (_: ChimaeraError) => {};
  const gone = nodeGone(paths);
  void connection.receive((type, payload) => {
    if (type === FrameType.completion) pump.onResult(payload);
    else if (type === FrameType.json) requests.settle(decodeJson(payload));
  }, () => {
    const why = requests.ended ?? gone;
    requests.abandon(why);
    lost(why);
  });
  const hello: Hello = {
    kind: "hello",
    protocol: PROTOCOL_VERSION,
    pid: processId(),
    sizeBytes,
    shared: false,
  };
  const welcome = await requests.ask<Welcome>(hello).catch((refused) => {
    connection.close();
    throw refused;
  });
  connection.unref();
  const shape = { workers: 1, private: true };
  const segment = Segment.create({ ...shape, id: 16, kind: SegmentKind.session, sizeBytes });
  const bells = Segment.create({ ...shape, id: 2, kind: SegmentKind.bell, sizeBytes: BELL_BYTES });
  pump.attach(segment, bells);
  const session = await Session.open({
    id: welcome.sessionId,
    segment,
    bells: bells.words,
    workers: 1,
    transport: "socket",
    reason,
    nodePid: welcome.nodePid,
    debugHeap: welcome.debugHeap,
  }, pump);
  lost = (error) => session.fail(error);
  return session;
}

/** Stands where a worker would: takes from the port's ring, and answers into it. */
class WirePump implements NodeLink {
  readonly #connection: FrameConnection;
  #segment!: Segment;
  #bells!: Segment;
  #bell!: Bell;
  #nextLine = 8;
  readonly #ports: {
    readonly port: () => Port;
    readonly places: PortPlaces;
    readonly submissions: RingConsumer;
    readonly completions: RingProducer;
  }[] = [];

  constructor(connection: FrameConnection) {
    this.#connection = connection;
  }

  readonly blocking = false;

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

  checkAlive(): void {}

  close(): Promise<void> {
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
          this.#connection.send(FrameType.task, headOf(index, descriptor));
          continue;
        }
        const task = port().taskAt(descriptor[H.slot]!);
        if (task !== null) this.#send(index, task, descriptor);
      }
      submissions.release();
    });
  }

  #send(index: number, task: Task, descriptor: Int32Array): void {
    try {
      const archive = new OutArchive(task, headOf(index, descriptor), false);
      task.serializeStart(archive);
      // Bytes are taken now: the caller may change its blocks while the frame waits to be sent.
      this.#connection.send(FrameType.task, ...archive.parts.map((part) => part.slice()));
    } catch (thrown) {
      const error = thrown instanceof ChimaeraError
        ? thrown
        : new ChimaeraError("badField", { what: "send a task", why: String(thrown) });
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
      task.serializeEnd(new InArchive(task, message, RESULT_HEAD_BYTES, true, target));
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

/**
 * A client without the client library: it attaches to a node and then writes into its own segment
 * whatever it likes. What a hostile or broken program could do, it can.
 *
 *   2 MiB   task slots       4 MiB   error records       16 MiB   rings
 *
 * Thread rules: the isolate that connected; the segment may be scribbled on by others.
 */

import { InstancePaths } from "chimaera/node";
import type { ChimaeraError } from "../../../runtime/errors.ts";
import { bellLineOf, type PortPlaces, ringPlaces } from "../../../runtime/lane/mod.ts";
import { LIMITS } from "../../../runtime/limits.ts";
import {
  ringBell,
  RingConsumer,
  RingProducer,
  Segment,
  SegmentKind,
} from "../../../runtime/memory/mod.ts";
import { FrameConnection, processId } from "../../../runtime/platform/mod.ts";
import { PROTOCOL_VERSION } from "../../../runtime/session/instance.ts";
import {
  decodeJson,
  FRAME_BYTES_MAX,
  FrameType,
  Requests,
  type Welcome,
} from "../../../runtime/session/protocol.ts";
import { COMPLETION_WORDS, DESCRIPTOR_WORDS, H, type TaskType } from "../../../runtime/task/mod.ts";

export const SLOTS_OFFSET = 2 << 20;
const ERRORS_OFFSET = 4 << 20;
const RINGS_OFFSET = 16 << 20;
const SIZE_BYTES = 32 << 20;

/** What a hello says; other values than the defaults are the test's business. */
export interface RawHello {
  readonly protocol?: unknown;
  readonly sizeBytes?: unknown;
  readonly shared?: unknown;
}

export class RawClient {
  readonly connection: FrameConnection;
  readonly requests: Requests;
  /** Resolves when the node has closed the connection, with the reason if it said one. */
  readonly ended: Promise<ChimaeraError | null>;
  /** Frames that are no JSON. */
  readonly frames: { type: number; payload: Uint8Array }[] = [];
  welcome!: Welcome;
  segment!: Segment;
  bells!: Segment;
  /** By worker. */
  readonly rings: RingProducer[] = [];
  readonly #completions: RingConsumer[] = [];

  private constructor(connection: FrameConnection) {
    this.connection = connection;
    this.requests = new Requests(connection);
    this.ended = new Promise((resolve) => {
      void connection.receive((type, payload) => {
        if (type === FrameType.json) this.requests.settle(decodeJson(payload));
        else this.frames.push({ type, payload });
      }, () => resolve(this.requests.ended));
    });
  }

  /** A connection on which nothing was said yet. */
  static async open(instance?: string): Promise<RawClient> {
    const { socket } = new InstancePaths(instance);
    return new RawClient(await FrameConnection.connect(socket, FRAME_BYTES_MAX));
  }

  /** A client with a segment and one port. */
  static async connect(instance?: string): Promise<RawClient> {
    const client = await RawClient.open(instance);
    await client.hello();
    client.attach();
    await client.openPort();
    return client;
  }

  async hello(hello: RawHello = {}): Promise<void> {
    this.welcome = await this.requests.ask<Welcome>({
      kind: "hello",
      protocol: PROTOCOL_VERSION,
      pid: processId(),
      sizeBytes: SIZE_BYTES,
      shared: true,
      ...hello,
    });
  }

  attach(): void {
    const { segmentPath, segmentId, bellsPath, bellsId } = this.welcome;
    this.segment = Segment.open(segmentPath, segmentId, SegmentKind.session, true);
    this.bells = Segment.open(bellsPath, bellsId, SegmentKind.bell, true);
  }

  /** @param wrong What the test wants to be wrong about the port's places. */
  async openPort(wrong: Partial<Record<keyof PortPlaces, unknown>> = {}): Promise<void> {
    const bellLine = await this.requests.ask<number>({ kind: "reserveBellLine" });
    const places = {
      index: 0,
      bellLine,
      slotsOffset: SLOTS_OFFSET,
      errorsOffset: ERRORS_OFFSET,
      ringsOffset: RINGS_OFFSET,
      ...wrong,
    };
    await this.requests.ask({ kind: "openPort", places, doorbell: false });
    for (let worker = 0; worker < this.welcome.workers; worker++) {
      const { submissions, completions } = ringPlaces(RINGS_OFFSET, worker);
      this.rings.push(
        new RingProducer(this.segment.i32, {
          baseWord: submissions / 4,
          capacity: LIMITS.slotsPerPort,
          slotWords: DESCRIPTOR_WORDS,
        }),
      );
      this.#completions.push(
        new RingConsumer(this.segment.i32, {
          baseWord: completions / 4,
          capacity: LIMITS.slotsPerPort,
          slotWords: COMPLETION_WORDS,
        }),
      );
    }
  }

  /** How many tasks the node has answered; no completion is read for it, nor taken. */
  get answered(): number {
    return this.#completions.reduce((sum, ring) => sum + ring.available(), 0);
  }

  /** A right descriptor of a task in slot `slot`. */
  descriptor(type: TaskType, poolId: number, slot: number): Int32Array {
    const words = new Int32Array(DESCRIPTOR_WORDS);
    words[H.slot] = slot;
    words[H.generation] = 1;
    words[H.pool] = poolId;
    words[H.method] = type.layout.method;
    words[H.layoutHash] = type.layout.hash;
    words[H.queryKind] = 1;
    words[H.queryFirst] = 1;
    words[H.fields] = SLOTS_OFFSET + slot * LIMITS.slotBytes;
    return words;
  }

  /** Puts a descriptor into a worker's ring and rings. */
  submit(words: Int32Array, worker = 0): void {
    const ring = this.rings[worker]!;
    this.segment.i32.set(words, ring.claimUnchecked());
    ring.commit();
    ring.publish();
    ringBell(this.bells.words, bellLineOf(worker));
  }

  /** Sets the tail of a worker's ring. */
  setTail(worker: number, tail: number): void {
    const { submissions } = ringPlaces(RINGS_OFFSET, worker);
    this.segment.i32[submissions / 4 + 16] = tail;
    ringBell(this.bells.words, bellLineOf(worker));
  }

  close(): void {
    this.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * The connection of a session without shared memory, as its program uses it: frames go out and
 * come in through pipes, and a thread of their own reads and writes the socket. So results come in
 * while the program blocks.
 *
 * Thread rules: the session's isolate.
 */

import { ChimaeraError } from "../errors.ts";
import { Bell, BellState, ringBell, RingConsumer, type Segment } from "../memory/mod.ts";
import {
  entryUrl,
  errnoText,
  FRAME_HEAD_BYTES,
  type FrameHandler,
  frameHead,
  load,
  payloadBytes,
  realClock,
  startBackgroundThread,
  store,
} from "../platform/mod.ts";
import { FRAME_BYTES_MAX } from "./protocol.ts";
import {
  ERRNO_WORD,
  newStream,
  programEnds,
  RECEIVER_LINE,
  RELIEF_LINE,
  SENDER_LINE,
  STATE_WORD,
  StreamState,
  WANTS_ROOM_WORD,
  type WireThreadStart,
} from "./wire_stream.ts";

/** What a thread's program hears of it. */
export interface WireThreadEvents {
  readonly onFrame: FrameHandler;
  /** The connection stands; what is sent now goes before what was sent earlier. */
  readonly onConnected: (thread: WireThread) => void;
  /** The connection has ended, after everything that came by it; or it failed to come about. */
  readonly onEnded: (failure: ChimaeraError | null) => void;
  /** The thread did not start, and why. What was sent is handed back, with the frames' heads. */
  readonly onNoThread: (unsent: readonly Uint8Array[], cause: unknown) => void;
}

export class WireThread {
  readonly #events: WireThreadEvents;
  readonly #bells: Segment;
  readonly #control: Int32Array;
  readonly #pipes: ReturnType<typeof programEnds>;
  readonly #start: WireThreadStart;
  #thread: { terminate(): void } | null = null;
  #startedMs = Infinity;
  /** Parts of frames that found no room in the pipe, or came before the connection. */
  #queue: Uint8Array[] = [];
  /** What this side has seen of the connection's state. */
  #seen: number = StreamState.starting;
  #polling = false;
  #closed = false;
  readonly #head = new Uint8Array(FRAME_HEAD_BYTES);
  #headBytes = 0;
  #payload: Uint8Array<ArrayBuffer> | null = null;
  #payloadBytes = 0;

  constructor(socketPath: string, bells: Segment, events: WireThreadEvents) {
    const stream = newStream();
    this.#events = events;
    this.#bells = bells;
    this.#control = new Int32Array(stream);
    this.#pipes = programEnds(stream);
    this.#start = { socketPath, stream, bells: bells.handle() };
  }

  #startThread(): void {
    const url = entryUrl("runtime/session/wire_main");
    this.#startedMs = realClock.nowMs();
    try {
      this.#thread = startBackgroundThread(url, "socket", this.#start, (why) => this.#onDeath(why));
    } catch (thrown) {
      this.#onDeath(thrown); // What that means to the program, `waitSync` says.
      return;
    }
    void this.#relieve();
  }

  /** For how long the thread has been about to connect. */
  get startingMs(): number {
    return this.#seen === StreamState.starting ? realClock.nowMs() - this.#startedMs : 0;
  }

  /** Sends a frame, in order. Parts are copied now. Call {@linkcode flush} after the last one. */
  send(type: number, ...parts: Uint8Array[]): void {
    if (this.#closed) return;
    const frame = [frameHead(type, parts), ...parts];
    if (this.#queue.length > 0 || this.#seen !== StreamState.connected) {
      for (const part of frame) this.#queue.push(part.slice());
    } else this.#queue = this.#push(frame).map((rest) => rest.slice());
  }

  /** Lets the thread see what was sent; the first time it is started, which takes a moment. */
  flush(): void {
    if (this.#thread === null) {
      if (!this.#closed) this.#startThread();
      return;
    }
    ringBell(this.#bells.words, SENDER_LINE);
    if (this.#queue.length > 0) this.#drain();
  }

  /** Puts into the pipe what there is room for. Returns the rest. */
  #push(parts: readonly Uint8Array[]): Uint8Array[] {
    for (let k = 0; k < parts.length; k++) {
      const part = parts[k]!;
      const count = this.#pipes.out.push(part);
      if (count < part.length) return [part.subarray(count), ...parts.slice(k + 1)];
    }
    return [];
  }

  #drain(): void {
    if (this.#seen !== StreamState.connected) return;
    this.#queue = this.#push(this.#queue);
    while (this.#queue.length > 0) {
      store(this.#control, WANTS_ROOM_WORD, 1);
      // The thread may have made room just before.
      if (this.#pipes.out.room().length === 0) break;
      this.#queue = this.#push(this.#queue);
    }
    ringBell(this.#bells.words, SENDER_LINE);
  }

  /** Takes what has come in, and sends what there is room for now. */
  poll(): void {
    if (this.#polling || this.#closed) return;
    this.#polling = true;
    try {
      const state = load(this.#control, STATE_WORD);
      if (state !== this.#seen) this.#onState(state);
      if (this.#queue.length > 0) this.#drain();
      this.#take();
      if (state === StreamState.ended && !this.#closed) {
        this.close();
        this.#events.onEnded(this.#failure());
      }
    } finally {
      this.#polling = false;
    }
  }

  #onState(state: number): void {
    this.#seen = state;
    if (state !== StreamState.connected) return;
    const unsent = this.#queue;
    this.#queue = [];
    this.#events.onConnected(this);
    this.#queue.push(...unsent);
    this.#drain();
  }

  #take(): void {
    let bytes = this.#pipes.in.next();
    while (bytes.length > 0) {
      this.#assemble(bytes);
      this.#pipes.in.release(bytes.length);
      ringBell(this.#bells.words, RECEIVER_LINE);
      bytes = this.#pipes.in.next();
    }
  }

  /** Makes frames of the bytes. */
  #assemble(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#payload === null) {
        const part = bytes.subarray(at, at + FRAME_HEAD_BYTES - this.#headBytes);
        this.#head.set(part, this.#headBytes);
        this.#headBytes += part.length;
        at += part.length;
        if (this.#headBytes < FRAME_HEAD_BYTES) return;
        const sizeBytes = payloadBytes(this.#head);
        if (sizeBytes < 0 || sizeBytes > FRAME_BYTES_MAX) {
          this.close();
          this.#events.onEnded(null);
          return;
        }
        this.#payload = new Uint8Array(sizeBytes);
      }
      const part = bytes.subarray(at, at + this.#payload.length - this.#payloadBytes);
      this.#payload.set(part, this.#payloadBytes);
      this.#payloadBytes += part.length;
      at += part.length;
      if (this.#payloadBytes === this.#payload.length) this.#finishFrame(this.#payload);
    }
  }

  #finishFrame(payload: Uint8Array<ArrayBuffer>): void {
    this.#payload = null;
    this.#payloadBytes = 0;
    this.#headBytes = 0;
    this.#events.onFrame(this.#head[FRAME_HEAD_BYTES - 1]!, payload);
  }

  /** For as long as nobody of the program looks: room for the thread, and what waits for room. */
  async #relieve(): Promise<void> {
    const bell = new Bell(this.#bells.words, RELIEF_LINE);
    for (;;) {
      bell.prepare(BellState.eventLoop);
      this.poll();
      if (this.#closed) return;
      await bell.sleepAsync(Infinity);
    }
  }

  /** Why the thread could not connect; null when it could, or nobody was there. */
  #failure(): ChimaeraError | null {
    const errno = load(this.#control, ERRNO_WORD);
    if (errno === 0) return null;
    const what = `connect to ${this.#start.socketPath}`;
    return new ChimaeraError("connectFailed", { what, why: errnoText(errno) });
  }

  #onDeath(cause: unknown): void {
    if (this.#closed) return;
    const unsent = this.#queue;
    const starting = this.#seen === StreamState.starting;
    this.close();
    if (starting) this.#events.onNoThread(unsent, cause);
    else this.#events.onEnded(null);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#thread?.terminate();
    ringBell(this.#bells.words, RELIEF_LINE);
  }
}

/** A completion ring whose entries are made when somebody looks for them. */
export class PolledCompletions extends RingConsumer {
  readonly #poll: () => void;

  constructor(
    words: Int32Array,
    shape: ConstructorParameters<typeof RingConsumer>[1],
    poll: () => void,
  ) {
    super(words, shape);
    this.#poll = poll;
  }

  override available(): number {
    this.#poll();
    return super.available();
  }

  override glance(): number {
    return this.available();
  }
}

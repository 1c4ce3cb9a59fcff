/**
 * The socket seam: doorbells, and connections that carry frames.
 *
 *   frame   u32 bytes that follow · u8 type · payload
 */

import { LIMITS } from "../limits.ts";
import { acceptAll } from "./accepting.ts";
import { realClock } from "./clock.ts";
import { connectFailed, isConnectionEnd, isCrowded } from "./socket_errors.ts";
import { delay } from "./timers.ts";

/** A unix socket whose only message is that somebody knocked. */
export class Doorbell {
  readonly path: string;
  readonly #listener: Deno.UnixListener;
  readonly #connections = new Set<Deno.UnixConn>();
  #ring: () => void = () => {};
  #closed = false;

  /** @param path Where to listen; at most 107 bytes. */
  constructor(path: string) {
    this.path = path;
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#listener.unref();
    void acceptAll(this.#listener, (connection) => {
      if (this.#closed) return closeQuietly(connection); // It came at the last moment.
      connection.unref();
      this.#connections.add(connection);
      void this.#read(connection);
    });
  }

  /** What to call for each ring, or several at once. */
  onRing(ring: () => void): void {
    this.#ring = ring;
  }

  async #read(connection: Deno.UnixConn): Promise<void> {
    const bytes = new Uint8Array(256);
    try {
      while (await connection.read(bytes) !== null) this.#ring();
    } catch {
      // Closed under the read.
    }
    this.#connections.delete(connection);
    closeQuietly(connection);
  }

  close(): void {
    this.#closed = true;
    closeQuietly(this.#listener);
    for (const connection of this.#connections) closeQuietly(connection);
    removeQuietly(this.path);
  }
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.BadResource)) throw thrown;
  }
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
}

/** Receives one frame. The payload is the receiver's to keep. */
export type FrameHandler = (type: number, payload: Uint8Array<ArrayBuffer>) => void;

/** Bytes of a frame before its payload. */
export const FRAME_HEAD_BYTES = 5;

/** The head of a frame whose payload is these parts. */
export function frameHead(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const head = new Uint8Array(FRAME_HEAD_BYTES);
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 1);
  new DataView(head.buffer).setUint32(0, sizeBytes, true);
  head[4] = type;
  return head;
}

/** Bytes of the payload that a frame's head announces. */
export function payloadBytes(head: Uint8Array<ArrayBuffer>): number {
  return new DataView(head.buffer).getUint32(0, true) - 1;
}

/** A stream connection that carries frames. */
export class FrameConnection {
  readonly #connection: Deno.UnixConn;
  readonly #bytesMax: number;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  /** Called when less waits to be sent. */
  #onSent: () => void = () => {};
  #writing = false;
  #ending = false;
  #closed = false;
  #onClose: () => void = () => {};

  /** @param bytesMax Largest frame taken; a larger one ends the connection. */
  constructor(connection: Deno.UnixConn, bytesMax: number) {
    this.#connection = connection;
    this.#bytesMax = bytesMax;
  }

  /** Connects to a unix path. Throws CHI-5004 with what the system said. */
  static async connect(path: string, bytesMax: number): Promise<FrameConnection> {
    return new FrameConnection(await connectUnix(path), bytesMax);
  }

  /** An open connection does not keep the program alive. */
  unref(): void {
    this.#connection.unref();
  }

  /** Queues a frame; frames leave in order. */
  send(type: number, ...parts: Uint8Array[]): void {
    this.sendFramed([frameHead(type, parts), ...parts]);
  }

  /** Queues frames with their heads. */
  sendFramed(parts: readonly Uint8Array[]): void {
    if (this.#closed || this.#ending || parts.length === 0) return;
    this.#queue.push(...parts);
    this.#queuedBytes += parts.reduce((sum, part) => sum + part.length, 0);
    if (!this.#writing) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#queue.length > 0) {
        const parts = this.#queue;
        this.#queue = [];
        for (const part of together(parts)) {
          for (let at = 0; at < part.length;) {
            at += await this.#connection.write(part.subarray(at));
          }
          this.#queuedBytes -= part.length;
          this.#onSent();
        }
      }
    } catch {
      this.close(); // The reader's loop tells whoever is interested.
    }
    this.#writing = false;
    if (this.#ending) this.close();
  }

  /** Closes the connection when what was sent before has left. */
  end(): void {
    this.#ending = true;
    if (!this.#writing) this.close();
  }

  /**
   * Reads frames until the end; then calls `onClose`, once.
   *
   * @param unreadBytesMax Takes no frame while the other side leaves more than this unread. For one
   * of the two sides only: if both waited for the other to read, neither would.
   */
  async receive(
    handle: FrameHandler,
    onClose: () => void,
    unreadBytesMax = Infinity,
  ): Promise<void> {
    this.#onClose = onClose;
    try {
      for (;;) {
        while (this.#queuedBytes > unreadBytesMax && !this.#closed) {
          await new Promise<void>((resolve) => this.#onSent = resolve);
        }
        const head = await this.#readExactly(FRAME_HEAD_BYTES);
        if (head === null) break;
        const sizeBytes = payloadBytes(head);
        if (sizeBytes < 0 || sizeBytes > this.#bytesMax) break;
        const payload = await this.#readExactly(sizeBytes);
        if (payload === null) break;
        handle(head[4]!, payload);
      }
    } catch (thrown) {
      if (!isConnectionEnd(thrown)) throw thrown;
    } finally {
      this.close();
    }
  }

  async #readExactly(sizeBytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = new Uint8Array(sizeBytes);
    for (let at = 0; at < sizeBytes;) {
      const count = await this.#connection.read(bytes.subarray(at));
      if (count === null) return null;
      at += count;
    }
    return bytes;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeQuietly(this.#connection);
    this.#onSent();
    this.#onClose();
  }
}

/** A stream connection as plain bytes. */
export class ByteConnection {
  readonly #connection: Deno.UnixConn;

  private constructor(connection: Deno.UnixConn) {
    this.#connection = connection;
  }

  /** Connects to a unix path. Throws CHI-5004 with what the system said. */
  static async connect(path: string): Promise<ByteConnection> {
    return new ByteConnection(await connectUnix(path));
  }

  /** Reads some bytes, at least one. Returns how many; 0 when the connection has ended. */
  async read(into: Uint8Array): Promise<number> {
    return await this.#unlessEnded(this.#connection.read(into)) ?? 0;
  }

  /** Writes some bytes, at least one. Returns how many; 0 when the connection has ended. */
  async write(bytes: Uint8Array): Promise<number> {
    return await this.#unlessEnded(this.#connection.write(bytes)) ?? 0;
  }

  async #unlessEnded(operation: Promise<number | null>): Promise<number | null> {
    try {
      return await operation;
    } catch (thrown) {
      if (isConnectionEnd(thrown)) return null;
      throw thrown;
    }
  }

  close(): void {
    closeQuietly(this.#connection);
  }
}

/** Small parts are joined up to this size. */
const TOGETHER_BYTES = 65536;

/** The same bytes in fewer parts, since each part that is written costs a system call. */
function* together(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let group: Uint8Array[] = [];
  let sizeBytes = 0;
  for (const part of parts) {
    if (group.length > 0 && sizeBytes + part.length > TOGETHER_BYTES) {
      yield joined(group, sizeBytes);
      group = [];
      sizeBytes = 0;
    }
    group.push(part);
    sizeBytes += part.length;
  }
  if (group.length > 0) yield joined(group, sizeBytes);
}

function joined(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A listener with too many callers at once is asked again, as a client waits for its hello. */
async function connectUnix(path: string): Promise<Deno.UnixConn> {
  const endMs = realClock.nowMs() + LIMITS.helloMs;
  for (;;) {
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch (cause) {
      if (!isCrowded(cause) || realClock.nowMs() > endMs) throw connectFailed(path, cause);
      await delay(LIMITS.acceptRetryMs);
    }
  }
}

/** Listens for frame connections on a unix path. */
export class FrameListener {
  readonly #listener: Deno.UnixListener;
  readonly #path: string;
  readonly #bytesMax: number;

  constructor(path: string, bytesMax: number) {
    this.#path = path;
    this.#bytesMax = bytesMax;
    this.#listener = Deno.listen({ transport: "unix", path });
  }

  /**
   * Hands on one connection after the other, the next when that is done. Resolves when the listener
   * is closed; rejects when it broke.
   */
  accept(handle: (connection: FrameConnection) => void | Promise<void>): Promise<void> {
    return acceptAll(
      this.#listener,
      (connection) => handle(new FrameConnection(connection, this.#bytesMax)),
    );
  }

  close(): void {
    closeQuietly(this.#listener);
    removeQuietly(this.#path);
  }
}

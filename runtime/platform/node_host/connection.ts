/**
 * A connection to a unix socket with the manners of Deno's: reads and writes are promises, a read
 * takes what is there, a write has left when its promise resolves. An open connection keeps its
 * thread alive.
 *
 * Thread rules: the isolate that connected.
 */

import { connect, type Socket } from "node:net";
import { errors, systemError } from "./errors.ts";

/** Most that one write hands over, so that a large one makes way for others. */
const WRITE_BYTES_MAX = 1 << 20;

/** Between two turns of an idle connection: a day. */
const LIFE_MS = 86_400_000;

/** Connects to a unix path. Throws what the system says, in Deno's form. */
export function connectUnix({ path }: { readonly path: string }): Promise<UnixConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    const refuse = (thrown: Error) => reject(systemError(thrown));
    socket.once("error", refuse);
    socket.once("connect", () => {
      socket.off("error", refuse);
      resolve(new UnixConnection(socket));
    });
  });
}

/** A connection that stands. */
export class UnixConnection {
  readonly #socket: Socket;
  /** Read from the socket, and not asked for yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #failure: Error | null = null;
  #hasEnded = false;
  #wake: () => void = () => {};
  /**
   * Node counts a socket that nobody reads or writes at the moment as nothing to live for, and a
   * thread that waits for room to read into would end.
   */
  readonly #life = setInterval(() => {}, LIFE_MS);

  constructor(socket: Socket) {
    this.#socket = socket;
    const wake = () => this.#wake();
    socket.on("readable", wake);
    socket.on("end", () => {
      this.#hasEnded = true;
      wake();
    });
    socket.on("error", (thrown) => {
      this.#failure ??= systemError(thrown);
      wake();
    });
    socket.on("close", () => {
      this.#failure ??= new errors.BadResource("the connection is closed");
      clearInterval(this.#life);
      wake();
    });
  }

  /** Reads at least one byte; null at the end. One read at a time. */
  async read(into: Uint8Array): Promise<number | null> {
    if (into.length === 0) return 0;
    for (;;) {
      if (this.#rest.length === 0) {
        this.#rest = this.#socket.read() as Uint8Array | null ?? this.#rest;
      }
      if (this.#rest.length > 0) break;
      if (this.#hasEnded) return null;
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const part = this.#rest.subarray(0, into.length);
    into.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  /** Writes at least one byte; resolves when the caller may change the bytes again. */
  write(bytes: Uint8Array): Promise<number> {
    const part = bytes.subarray(0, WRITE_BYTES_MAX);
    return new Promise((resolve, reject) => {
      this.#socket.write(part, (thrown) => {
        if (thrown) reject(systemError(thrown));
        else resolve(part.length);
      });
    });
  }

  /** An open connection does not keep the program alive. */
  unref(): void {
    this.#life.unref();
    this.#socket.unref();
  }

  close(): void {
    if (this.#socket.destroyed) throw new errors.BadResource("the connection is closed");
    this.#socket.destroy();
  }
}

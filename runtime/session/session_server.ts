/**
 * The node's door: takes connections of other processes and makes them sessions.
 *
 * Thread rules: the assembling thread.
 */

import { ChimaeraError, toChimaeraError } from "../errors.ts";
import { errorData, type PortPlaces } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import type { Segment } from "../memory/mod.ts";
import {
  type FrameConnection,
  FrameListener,
  hasDescriptors,
  processId,
  realClock,
} from "../platform/mod.ts";
import { type InstancePaths, PROTOCOL_VERSION } from "./instance.ts";
import type { NodeSession, NodeSessions } from "./node_sessions.ts";
import {
  decodeJson,
  encodeJson,
  END_ID,
  FRAME_BYTES_MAX,
  FrameType,
  type Hello,
  type Join,
  type Welcome,
} from "./protocol.ts";
import { smallestSessionBytes } from "./session_size.ts";
import { type Stranger, Strangers } from "./strangers.ts";
import { type WireHost, WireSession } from "./wire_session.ts";

export interface SessionServerOptions {
  readonly paths: InstancePaths;
  readonly sessions: NodeSessions;
  readonly workers: number;
  readonly bells: Segment;
  readonly debugHeap: boolean;
  readonly wire: WireHost;
  /** Called when no connection can be taken any more. */
  readonly onBroken: (error: ChimaeraError) => void;
}

export class SessionServer {
  readonly #options: SessionServerOptions;
  readonly #listener: FrameListener;
  readonly #clients = new Set<ClientConnection>();
  readonly #strangers = new Strangers(realClock);
  readonly #accepting: Promise<void>;

  constructor(options: SessionServerOptions) {
    this.#options = options;
    this.#listener = new FrameListener(options.paths.socket, FRAME_BYTES_MAX);
    this.#accepting = this.#listener.accept((connection) => this.#take(connection))
      .catch((thrown) => {
        const what = `take connections at ${options.paths.socket}`;
        options.onBroken(toChimaeraError(thrown, "systemCall", what));
      });
  }

  /** Resolves when the next connection may come. */
  #take(connection: FrameConnection): Promise<void> {
    const client = new ClientConnection(connection, this.#options, this.#strangers);
    this.#clients.add(client);
    void client.serve().finally(() => this.#clients.delete(client));
    return this.#strangers.room();
  }

  /** Ends every session, and tells its client why. */
  end(error: ChimaeraError): void {
    for (const client of this.#clients) client.end(error);
  }

  /** Closes the door, and every connection that is still open. */
  async close(): Promise<void> {
    this.#listener.close();
    this.#closeClients(); // Each that leaves makes room: the door waits for none of them.
    await this.#accepting;
    this.#closeClients(); // One may have come in at the last moment.
  }

  #closeClients(): void {
    for (const client of this.#clients) client.close();
  }
}

class ClientConnection implements Stranger {
  readonly sinceMs = realClock.nowMs();
  readonly #strangers: Strangers;
  readonly #connection: FrameConnection;
  readonly #options: SessionServerOptions;
  #session: NodeSession | null = null;
  #wire: WireSession | null = null;
  #greeted = false;
  #gone = false;

  constructor(
    connection: FrameConnection,
    options: SessionServerOptions,
    strangers: Strangers,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#strangers = strangers;
  }

  /** Until the client goes; then its session is closed. */
  async serve(): Promise<void> {
    this.#strangers.enter(this);
    await this.#connection.receive(
      (type, payload) => this.#onFrame(type, payload),
      () => {
        this.#gone = true;
        this.#strangers.leave(this);
      },
      LIMITS.unreadAnswersBytes,
    );
    this.#wire?.close();
    if (this.#session !== null) await this.#options.sessions.close(this.#session.id);
  }

  close(): void {
    this.#connection.close();
  }

  #onFrame(type: number, payload: Uint8Array<ArrayBuffer>): void {
    if (type === FrameType.json) {
      void this.#onRequest(payload);
      return;
    }
    try {
      if (type !== FrameType.task || this.#wire === null) {
        const why = `nothing of type ${type} is expected here`;
        throw new ChimaeraError("badDescriptor", { what: "frame", why });
      }
      this.#wire.submit(payload);
    } catch (thrown) {
      this.end(toChimaeraError(thrown, "badDescriptor", "frame"));
    }
  }

  /** Says why, and closes the connection; the session ends with it. */
  end(error: ChimaeraError): void {
    this.#connection.send(FrameType.json, encodeJson({ id: END_ID, error: errorData(error) }));
    this.#connection.end();
  }

  async #onRequest(payload: Uint8Array): Promise<void> {
    let id: unknown = 0;
    let answer: object;
    try {
      const message = decodeJson(payload);
      id = message.id;
      answer = { id, value: await this.#carryOut(message) ?? null };
    } catch (thrown) {
      answer = { id, error: errorData(toChimaeraError(thrown, "badDescriptor", "request")) };
    }
    this.#connection.send(FrameType.json, encodeJson(answer));
  }

  #carryOut(message: Record<string, unknown>): unknown {
    switch (message.kind) {
      case "hello":
        return this.#hello(message as unknown as Hello);
      case "join":
        return this.#join(message as unknown as Join);
      case "reserveBellLine":
        return this.#options.sessions.reserveBellLine(this.#ownSession());
      case "openPort":
        return this.#openPort(message);
      default:
        throw new ChimaeraError("badDescriptor", {
          what: "request",
          why: `unknown kind ${message.kind}`,
        });
    }
  }

  async #hello(hello: Hello): Promise<Welcome> {
    if (hello.protocol !== PROTOCOL_VERSION) {
      throw new ChimaeraError("protocolVersion", {
        what: `connect process ${hello.pid}`,
        why: `it speaks version ${hello.protocol}, the node version ${PROTOCOL_VERSION}`,
      });
    }
    if (this.#greeted) {
      throw new ChimaeraError("badDescriptor", { what: "hello", why: "it was said before" });
    }
    this.#greeted = true;
    this.#strangers.leave(this);
    try {
      this.#requireDescriptors(hello);
      return hello.shared ? await this.#welcomeShared(hello) : this.#welcomeWire(hello);
    } catch (thrown) {
      this.#greeted = false;
      if (!this.#gone) this.#strangers.enter(this);
      throw thrown;
    }
  }

  /** A session takes one for its memory, one for a port's doorbell, and one of each worker's. */
  #requireDescriptors(hello: Hello): void {
    const count = LIMITS.descriptorsKept + 2 + this.#options.workers;
    if (hasDescriptors(count)) return;
    throw new ChimaeraError("tooManySessions", {
      what: `connect process ${hello.pid}`,
      why: `the node can open fewer than ${count} files more`,
      hint: "close idle clients, or start the node with more open files (`ulimit -n`)",
    });
  }

  async #welcomeShared(hello: Hello): Promise<Welcome> {
    const { sessions, workers, bells, debugHeap } = this.#options;
    const wanted = hello.sizeBytes === undefined ? sessions.fittingBytes : Number(hello.sizeBytes);
    const sizeBytes = Math.min(
      LIMITS.segmentBytesMax,
      Math.max(Number.isFinite(wanted) ? wanted : 0, smallestSessionBytes(workers)),
    );
    const client = `process ${hello.pid}`;
    const session = await sessions.open(client, sizeBytes, (error) => this.end(error));
    if (this.#gone) {
      await sessions.close(session.id);
      throw new ChimaeraError("sessionClosed", { what: "hello", why: "the client has gone" });
    }
    this.#session = session;
    return {
      nodePid: processId(),
      workers,
      debugHeap,
      sessionId: session.id,
      segmentId: session.segment.id,
      segmentPath: session.segment.path(),
      bellsId: bells.id,
      bellsPath: bells.path(),
      key: "",
    };
  }

  #welcomeWire(hello: Hello): Welcome {
    const { workers, debugHeap, wire } = this.#options;
    this.#wire = new WireSession(`process ${hello.pid}`, this.#connection, wire);
    return {
      nodePid: processId(),
      workers,
      debugHeap,
      sessionId: this.#wire.id,
      segmentId: 0,
      segmentPath: "",
      bellsId: 0,
      bellsPath: "",
      key: this.#wire.key,
    };
  }

  #join({ sessionId, key }: Join): void {
    if (this.#greeted) {
      throw new ChimaeraError("badDescriptor", { what: "join a session", why: "hello was said" });
    }
    const session = this.#options.wire.find(sessionId, key);
    this.#greeted = true;
    this.#strangers.leave(this);
    this.#wire = session;
    session.move(this.#connection);
  }

  #ownSession(): NodeSession {
    if (this.#session !== null) return this.#session;
    throw new ChimaeraError("badDescriptor", { what: "open a port", why: "no hello yet" });
  }

  async #openPort(message: Record<string, unknown>): Promise<void> {
    const session = this.#ownSession();
    const { paths, sessions } = this.#options;
    const places = message.places as PortPlaces | undefined;
    if (typeof places !== "object" || places === null) {
      throw new ChimaeraError("badDescriptor", { what: "open a port", why: "no places are given" });
    }
    const doorbell = message.doorbell === true
      ? paths.portDoorbell(session.id, session.ports.length)
      : "";
    await sessions.openPort(session, places, doorbell);
  }
}

/**
 * `connect()`: a session with a node in another process.
 *
 * The first way that works is taken: the node's memory file through `/proc`, else tasks and bytes
 * over the socket. The session says which, and why.
 *
 * Thread rules: the session belongs to the calling isolate.
 */

import { ChimaeraError } from "../errors.ts";
import type { PortPlaces } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { Segment, SegmentKind } from "../memory/mod.ts";
import {
  closeFile,
  connectDoorbell,
  Doorbell,
  ffiAvailable,
  FrameConnection,
  processId,
  realClock,
  ringDoorbell,
} from "../platform/mod.ts";
import { DEFAULT_INSTANCE, InstancePaths, nodeGone, PROTOCOL_VERSION } from "./instance.ts";
import { decodeJson, FRAME_BYTES_MAX, FrameType, greet, type Hello, Requests } from "./protocol.ts";
import { type NodeLink, Session } from "./session.ts";
import { openWireSession } from "./wire_client.ts";

/** Which node to connect to, and how. */
export interface ConnectOptions {
  /** Name of the node's instance. */
  readonly instance?: string;
  /**
   * Bytes of the session's shared memory. Absent: 256 MiB, or what the node has left for sessions
   * if that is less, down to 32 MiB.
   */
  readonly sizeBytes?: number;
  /** `shm` or `socket` insist on one way; the first that works when absent. */
  readonly transport?: "auto" | "shm" | "socket";
}

/**
 * Opens a session with a running node. Clients that name no session use the first one opened.
 *
 * Throws CHI-1001 for options that there are not, CHI-5001 when no node runs, CHI-5003 for another protocol version, CHI-5004 when it does
 * not answer.
 */
export async function connect(options: ConnectOptions = {}): Promise<Session> {
  const session = await openSession(options);
  session.offerDefault();
  return session;
}

const TRANSPORTS: readonly unknown[] = ["auto", "shm", "socket"];

function checkOptions({ sizeBytes, transport = "auto" }: ConnectOptions): void {
  const refuse = (why: string, hint: string): never => {
    throw new ChimaeraError("usage", { what: "connect", why, hint });
  };
  if (!TRANSPORTS.includes(transport)) {
    refuse(`\`${transport}\` is no transport`, "leave `transport` out, or pass `shm` or `socket`");
  }
  const isSize = Number.isSafeInteger(sizeBytes) && sizeBytes! > 0;
  if (sizeBytes === undefined || isSize && sizeBytes <= LIMITS.segmentBytesMax) return;
  refuse(
    `a session of ${sizeBytes} bytes is not possible`,
    `pass whole bytes up to ${LIMITS.segmentBytesMax}, or leave \`sizeBytes\` to the node`,
  );
}

async function openSession(options: ConnectOptions): Promise<Session> {
  checkOptions(options);
  const paths = new InstancePaths(options.instance ?? DEFAULT_INSTANCE);
  if (paths.find() === null) {
    throw new ChimaeraError("nodeNotRunning", {
      what: `connect to instance ${paths.name}`,
      why: `no node runs in ${paths.folder}`,
    });
  }
  const transport = options.transport ?? "auto";
  let reason = "the caller asked for it";
  if (transport !== "socket") {
    const why = ffiAvailable() ? null : "FFI is denied, or not there, so memory cannot be mapped";
    if (why === null) {
      const found = await connectShared(paths, options.sizeBytes);
      if (found instanceof Session) return found;
      reason = found;
    } else reason = why;
    if (transport === "shm") {
      throw new ChimaeraError("connectFailed", { what: "share memory with the node", why: reason });
    }
  }
  return await openWireSession(paths, reason, options.sizeBytes ?? LIMITS.sessionBytesDefault);
}

/** A connection with requests, whose end fails the session. */
async function openLink(paths: InstancePaths): Promise<{
  connection: FrameConnection;
  requests: Requests;
  onLost: (call: (error: ChimaeraError) => void) => void;
}> {
  const connection = await FrameConnection.connect(paths.socket, FRAME_BYTES_MAX);
  const requests = new Requests(connection);
  let lost: (error: ChimaeraError) => void = () => {};
  let ended: ChimaeraError | null = null;
  const gone = nodeGone(paths);
  void connection.receive((type, payload) => {
    if (type === FrameType.json) requests.settle(decodeJson(payload));
  }, () => {
    const why = requests.ended ?? gone;
    ended = why;
    requests.abandon(why);
    lost(why);
  });
  const onLost = (call: (error: ChimaeraError) => void) => {
    lost = call;
    // The end may have come right behind the last answer, before anybody could ask to be told.
    if (ended !== null) call(ended);
  };
  return { connection, requests, onLost };
}

/** A session in shared memory, or why there is none. */
async function connectShared(
  paths: InstancePaths,
  sizeBytes: number | undefined,
): Promise<Session | string> {
  const { connection, requests, onLost } = await openLink(paths);
  const hello: Hello = {
    kind: "hello",
    protocol: PROTOCOL_VERSION,
    pid: processId(),
    ...sizeBytes === undefined ? {} : { sizeBytes },
    shared: true,
  };
  const welcome = await greet(connection, requests, hello);
  let segment: Segment;
  let bells: Segment;
  try {
    if (welcome.segmentPath === "") throw new Error("the node's memory is private to its process");
    const { segmentPath, segmentId, bellsPath, bellsId } = welcome;
    const sealed = segmentPath.startsWith("/proc/");
    segment = Segment.open(segmentPath, segmentId, SegmentKind.session, sealed);
    bells = Segment.open(bellsPath, bellsId, SegmentKind.bell, sealed);
  } catch (thrown) {
    connection.close();
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
  connection.unref();
  const session = await Session.open({
    id: welcome.sessionId,
    segment,
    bells: bells.words,
    workers: welcome.workers,
    transport: "shm",
    reason: segment.backing === "memfd"
      ? "the node's sealed memory is mapped"
      : "the node's memory is mapped from a file, unsealed: it trusts this user",
    nodePid: welcome.nodePid,
    debugHeap: welcome.debugHeap,
  }, new SharedLink(paths, connection, requests, welcome.sessionId));
  onLost((error) => session.fail(error));
  return session;
}

class SharedLink implements NodeLink {
  readonly #paths: InstancePaths;
  readonly #connection: FrameConnection;
  readonly #requests: Requests;
  readonly #sessionId: number;
  readonly #doorbells: (number | undefined)[] = [];
  readonly blocking = true;
  #lookedMs = 0;

  constructor(
    paths: InstancePaths,
    connection: FrameConnection,
    requests: Requests,
    sessionId: number,
  ) {
    this.#paths = paths;
    this.#connection = connection;
    this.#requests = requests;
    this.#sessionId = sessionId;
  }

  reserveBellLine(): Promise<number> {
    return this.#requests.ask({ kind: "reserveBellLine" });
  }

  doorbell(portIndex: number): Doorbell {
    return new Doorbell(this.#paths.portDoorbell(this.#sessionId, portIndex));
  }

  async openPort(places: PortPlaces, doorbellPath: string): Promise<void> {
    await this.#requests.ask({ kind: "openPort", places, doorbell: doorbellPath !== "" });
  }

  ringWorker(worker: number): void {
    const known = this.#doorbells[worker] ?? -1;
    if (known >= 0) {
      if (ringDoorbell(known)) return;
      closeFile(known); // Another thread is the worker now.
    }
    const socket = connectDoorbell(this.#paths.workerDoorbell(worker));
    this.#doorbells[worker] = socket;
    // Without a doorbell the worker looks around by itself within 100 ms.
    if (socket >= 0) ringDoorbell(socket);
  }

  longestSleepMs(): number {
    return LIMITS.sleepMs;
  }

  checkAlive(): void {
    const nowMs = realClock.nowMs();
    if (nowMs - this.#lookedMs < LIMITS.livenessMs) return;
    this.#lookedMs = nowMs;
    if (!this.#paths.isHeld()) throw nodeGone(this.#paths);
  }

  close(): Promise<void> {
    for (const socket of this.#doorbells) {
      if (socket !== undefined && socket >= 0) closeFile(socket);
    }
    this.#connection.close();
    return Promise.resolve();
  }
}

/**
 * A session over the socket, for programs that cannot share memory with the node.
 *
 * The program has a session of the usual form in memory of its own; what would be a worker is a
 * pump, which sends tasks as frames and puts their results back. A thread of the program reads and
 * writes the socket, so everything behaves as in shared memory. Where there can be no thread,
 * results come in through the event loop, and `waitSync` fails with CHI-3014.
 *
 * Thread rules: the session's isolate.
 */

import type { ChimaeraError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { BELL_BYTES, Segment, SegmentKind } from "../memory/mod.ts";
import { FrameConnection, processId } from "../platform/mod.ts";
import { type InstancePaths, nodeGone, PROTOCOL_VERSION } from "./instance.ts";
import {
  decodeJson,
  FRAME_BYTES_MAX,
  FrameType,
  greet,
  type Hello,
  type Join,
  Requests,
  type Welcome,
} from "./protocol.ts";
import { Session } from "./session.ts";
import { WirePump } from "./wire_pump.ts";
import { WireThread } from "./wire_thread.ts";

/** Opens a session whose tasks travel over the socket. */
export async function openWireSession(
  paths: InstancePaths,
  reason: string,
  sizeBytes: number,
): Promise<Session> {
  const connection = await FrameConnection.connect(paths.socket, FRAME_BYTES_MAX);
  const requests = new Requests(connection);
  const pump = new WirePump(connection);
  let session: Session | null = null;
  let ended: ChimaeraError | null = null;
  const onEnded = (why: ChimaeraError) => {
    ended ??= why;
    session?.fail(why);
  };
  void connection.receive((type, payload) => {
    if (type === FrameType.completion) pump.onResult(payload);
    else if (type === FrameType.json) requests.settle(decodeJson(payload));
  }, () => {
    const why = requests.ended ?? nodeGone(paths);
    requests.abandon(why);
    onEnded(why);
  });
  const hello: Hello = {
    kind: "hello",
    protocol: PROTOCOL_VERSION,
    pid: processId(),
    sizeBytes,
    shared: false,
  };
  const welcome = await greet(connection, requests, hello);
  connection.unref();
  const { segment, bells } = privateSegments(sizeBytes);
  pump.attach(segment, bells);
  // Of a node that cannot have its sessions joined the key is missing.
  if (welcome.key) pump.thread = threadFor(paths, welcome, bells, pump, onEnded);
  session = await Session.open({
    id: welcome.sessionId,
    segment,
    bells: bells.words,
    workers: 1,
    nodeWorkers: welcome.workers,
    transport: "socket",
    reason,
    nodePid: welcome.nodePid,
    debugHeap: welcome.debugHeap,
  }, pump);
  if (ended !== null) session.fail(ended);
  return session;
}

/** What in shared memory the node would have made. */
function privateSegments(wantedBytes: number): { segment: Segment; bells: Segment } {
  const wanted = Number.isFinite(wantedBytes) ? wantedBytes : 0;
  const sizeBytes = Math.max(wanted, LIMITS.sessionBytesMin);
  const shape = { workers: 1, private: true };
  return {
    segment: Segment.create({ ...shape, id: 16, kind: SegmentKind.session, sizeBytes }),
    bells: Segment.create({ ...shape, id: 2, kind: SegmentKind.bell, sizeBytes: BELL_BYTES }),
  };
}

/**
 * The thread that tasks go by from the first on, which starts it. The program need not wait for it:
 * what is sent meanwhile leaves when it has connected.
 */
function threadFor(
  paths: InstancePaths,
  { sessionId, key }: Welcome,
  bells: Segment,
  pump: WirePump,
  onEnded: (why: ChimaeraError) => void,
): WireThread {
  let requests: Requests | null = null;
  return new WireThread(paths.socket, bells, {
    onConnected: (thread) => {
      requests = new Requests(thread);
      const join: Join = { kind: "join", sessionId, key };
      requests.ask(join).catch(onEnded);
    },
    onFrame: (type, payload) => {
      if (type === FrameType.completion) pump.onResult(payload);
      else if (type === FrameType.json) requests?.settle(decodeJson(payload));
    },
    onEnded: (failure) => {
      const why = requests?.ended ?? failure ?? nodeGone(paths);
      requests?.abandon(why);
      onEnded(why);
    },
    onNoThread: (unsent, cause) => pump.withoutThread(unsent, cause),
  });
}

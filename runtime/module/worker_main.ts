/**
 * Entry of a worker thread: maps the node's segments, guards the isolate against its modules, and
 * runs the loop.
 *
 * Thread rules: one isolate per worker.
 */

import { ChimaeraError } from "../errors.ts";
import {
  type ControlMessage,
  Counters,
  type CreateOrder,
  type LanesOrder,
  LaneWorker,
  Links,
  type PortPlaces,
} from "../lane/mod.ts";
import { DebugHeap, Heap, Segment, type SegmentHandle, SegmentTable } from "../memory/mod.ts";
import { Doorbell, pinThread, realClock, unpinThread } from "../platform/mod.ts";
import { setNoSubmitterError } from "../task/mod.ts";
import { guardIsolate } from "./guard_isolate.ts";
import { loadModule } from "./load_module.ts";
import type { SegmentMessage, WorkerStart } from "./worker_start.ts";

/** Segments that came by `postMessage` before or after the order that names them. */
class SegmentMail {
  readonly #arrived = new Map<number, SegmentHandle>();
  readonly #waiting = new Map<number, (handle: SegmentHandle) => void>();

  put({ sessionId, handle }: SegmentMessage): void {
    const waiting = this.#waiting.get(sessionId);
    this.#waiting.delete(sessionId);
    if (waiting !== undefined) waiting(handle);
    else this.#arrived.set(sessionId, handle);
  }

  take(sessionId: number): Promise<SegmentHandle> {
    const handle = this.#arrived.get(sessionId);
    this.#arrived.delete(sessionId);
    if (handle !== undefined) return Promise.resolve(handle);
    return new Promise((resolve) => this.#waiting.set(sessionId, resolve));
  }
}

const mail = new SegmentMail();

function start(message: WorkerStart): void {
  const node = Segment.attach(message.node);
  const bells = Segment.attach(message.bells);
  const heap = new Heap(node);
  const segments = new SegmentTable();
  segments.add(node);
  const participants = message.workers + 1;
  setNoSubmitterError("noRunContext", "there is no current task in a handler");
  const close = guardIsolate();
  const worker: LaneWorker = new LaneWorker({
    id: message.id,
    workers: message.workers,
    node,
    bells: bells.words,
    heap: message.debugHeap ? new DebugHeap(heap, node, message.id) : heap,
    segments,
    links: new Links(node, bells.words, message.id, participants, message.linksOffset),
    counters: new Counters(node.i32, message.countersOffset),
    clock: realClock,
    load: loadModule,
    onControl: (order) => carryOut(worker, order),
  });
  if (message.doorbellPath !== "") new Doorbell(message.doorbellPath).onRing(() => worker.wake());
  worker.control.send(message.workers, { kind: "started", worker: message.id });
  worker.run().then(close, (thrown) => {
    const why = thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
    // By the only way that needs nothing of what may have broken.
    self.postMessage(why);
  });
}

/** The node's orders. */
async function carryOut(worker: LaneWorker, order: ControlMessage): Promise<unknown> {
  switch (order.kind) {
    case "create":
      return await worker.containers.create(order.order as CreateOrder);
    case "lanes":
      return await worker.containers.setLanes(order.order as LanesOrder);
    case "destroy":
      return await worker.containers.destroy(order.poolId as number);
    case "attach":
      worker.sessions.attach(
        order.sessionId as number,
        Segment.attach(await mail.take(order.sessionId as number)),
      );
      return null;
    case "openPort":
      worker.sessions.openPort(
        order.sessionId as number,
        order.places as PortPlaces,
        order.doorbell as number,
      );
      return null;
    case "closeSession":
      worker.sessions.close(order.sessionId as number);
      return null;
    case "forgetSession":
      worker.sessions.forget(order.sessionId as number);
      return null;
    case "pin":
      return (order.cpu as number) < 0 ? unpinThread() : pinThread(order.cpu as number);
    case "stop":
      worker.stop();
      return null;
    default:
      throw new ChimaeraError("badDescriptor", {
        what: "control message",
        why: `unknown kind ${order.kind}`,
      });
  }
}

self.addEventListener("message", (event: MessageEvent<WorkerStart | SegmentMessage>) => {
  if (event.data.kind === "start") start(event.data);
  else mail.put(event.data);
});

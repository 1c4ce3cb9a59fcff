/**
 * Entry of a worker thread: guards the isolate against its modules, and runs the worker that the
 * node's first message describes.
 *
 * Thread rules: one isolate per worker.
 */

import { WORKER_COUNTER } from "../lane/mod.ts";
import { Doorbell, pinThread, unpinThread } from "../platform/mod.ts";
import { setHandlersIsolate } from "../task/mod.ts";
import { guardIsolate } from "./guard_isolate.ts";
import { loadModule } from "./load_module.ts";
import { NodeWorker } from "./node_worker.ts";
import type { SegmentMessage, WorkerStart } from "./worker_start.ts";

/** Messages of segments come after the first one. */
let worker: NodeWorker;

function start(message: WorkerStart): void {
  setHandlersIsolate();
  const close = guardIsolate(() => {
    const { counters, id } = worker.parts;
    counters.words[counters.worker(id) + WORKER_COUNTER.strays]!++;
  });
  worker = new NodeWorker(message, {
    load: loadModule,
    pin: (cpu) => cpu < 0 ? unpinThread() : pinThread(cpu),
    pace: null,
  });
  if (message.doorbellPath !== "") {
    new Doorbell(message.doorbellPath).onRing(() => worker.lanes.wake());
  }
  worker.run().then(close, (thrown) => {
    const why = thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
    // By the only way that needs nothing of what may have broken.
    self.postMessage(why);
    close();
  });
}

self.addEventListener("message", (event: MessageEvent<WorkerStart | SegmentMessage>) => {
  if (event.data.kind === "start") start(event.data);
  else worker.receive(event.data);
});

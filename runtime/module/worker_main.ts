/**
 * Entry of a worker thread: guards the isolate against its modules, and runs the worker that the
 * node's message describes. A thread that is to take another's place is warmed up before: it loads
 * the modules that it will need while the other one still works.
 *
 * Thread rules: one isolate per worker.
 */

import { serializer, WORKER_COUNTER } from "../lane/mod.ts";
import { Doorbell, pinThread, unpinThread } from "../platform/mod.ts";
import { setHandlersIsolate } from "../task/mod.ts";
import { guardIsolate } from "./guard_isolate.ts";
import { loadModule } from "./load_module.ts";
import { NodeWorker } from "./node_worker.ts";
import type { SegmentMessage, WorkerStart, WorkerWarmUp } from "./worker_start.ts";

/** Messages of segments come after the one that makes it. */
let worker: NodeWorker | null = null;
const close = guardIsolate(() => {
  if (worker === null) return; // Of a module that is loaded beforehand: nobody's handler.
  const { counters, id } = worker.parts;
  counters.words[counters.worker(id) + WORKER_COUNTER.strays]!++;
});
setHandlersIsolate();

function start(message: WorkerStart): void {
  worker = new NodeWorker(message, {
    load: loadModule,
    pin: (cpu) => cpu < 0 ? unpinThread() : pinThread(cpu),
    pace: null,
  });
  if (message.doorbellPath !== "") {
    const { lanes } = worker;
    new Doorbell(message.doorbellPath).onRing(() => lanes.wake());
  }
  worker.run().then(close, (thrown) => {
    const why = thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
    // By the only way that needs nothing of what may have broken.
    self.postMessage(why);
    close();
  });
}

/** A module that cannot be loaded now fails where it is needed. */
async function warmUp({ modules }: WorkerWarmUp): Promise<void> {
  await Promise.allSettled([serializer(), ...modules.map(loadModule)]);
  self.postMessage({ kind: "warm" });
}

type WorkerMessage = WorkerWarmUp | WorkerStart | SegmentMessage;

self.addEventListener("message", ({ data }: MessageEvent<WorkerMessage>) => {
  if (data.kind === "start") start(data);
  else if (data.kind === "warm") void warmUp(data);
  else worker!.receive(data);
});

/**
 * A worker of a node, whatever runs it: assembled from the node's first message, it carries out the
 * node's orders and runs its loop.
 *
 * Thread rules: one isolate; a simulation has several of them in its own.
 */

import { ChimaeraError } from "../errors.ts";
import {
  type ControlMessage,
  Counters,
  type CreateOrder,
  type ErrorData,
  errorFromData,
  type LaneMoveOrder,
  type LanesOrder,
  LaneWorker,
  Links,
  type LoadedModule,
  type ModuleSpec,
  type PoolUpgradeOrder,
  type PortOrder,
  type PortPlaces,
  type WorkerOptions,
  type WorkerPace,
} from "../lane/mod.ts";
import { DebugHeap, Heap, Segment, type SegmentHandle, SegmentTable } from "../memory/mod.ts";
import { atMost, realClock } from "../platform/mod.ts";
import type { SegmentMessage, WorkerStart } from "./worker_start.ts";

/** What a worker needs of whatever runs it. */
export interface WorkerPlace {
  readonly load: (spec: ModuleSpec) => Promise<LoadedModule>;
  /** Binds the worker's thread to a processor, −1: to none. False where that is impossible. */
  readonly pin: (cpu: number) => boolean;
  /** Null for a worker with a thread of its own. */
  readonly pace: WorkerPace | null;
}

/** Segments that came as messages, before or after the order that names them. */
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

  /** One that came twice. */
  drop(sessionId: number): void {
    this.#arrived.delete(sessionId);
  }
}

export class NodeWorker {
  readonly lanes: LaneWorker;
  /** The parts that the worker was made of. */
  readonly parts: WorkerOptions;
  readonly #place: WorkerPlace;
  readonly #mail = new SegmentMail();
  /** Whether the thread before this one left nothing half done. */
  readonly #hasRetired: boolean;

  constructor(start: WorkerStart, place: WorkerPlace) {
    this.#place = place;
    this.#hasRetired = start.hasRetired;
    this.parts = this.#partsOf(start);
    this.lanes = new LaneWorker(this.parts);
  }

  #partsOf(start: WorkerStart): WorkerOptions {
    const { id, workers, debugHeap } = start;
    const node = Segment.attach(start.node);
    const bells = Segment.attach(start.bells).words;
    const heap = new Heap(node);
    const segments = new SegmentTable();
    segments.add(node);
    return {
      id,
      workers,
      incarnation: start.incarnation,
      node,
      bells,
      heap: debugHeap ? new DebugHeap(heap, node, id) : heap,
      segments,
      links: new Links(node, bells, id, workers + 1, start.linksOffset),
      counters: new Counters(node.i32, start.countersOffset),
      clock: realClock,
      laneSeed: start.laneSeed,
      pace: this.#place.pace,
      load: this.#place.load,
      onControl: (order) => this.#carryOut(order),
    };
  }

  /** A segment of a new session. */
  receive(message: SegmentMessage): void {
    this.#mail.put(message);
  }

  /** Tells the node that the worker is there, and runs until the node stops it. */
  run(): Promise<void> {
    const { id, workers, incarnation } = this.parts;
    if (incarnation > 0) this.lanes.takeover.begin(this.#hasRetired);
    this.lanes.control.send(workers, { kind: "started", worker: id });
    return this.lanes.run();
  }

  /** Imports a module. Throws CHI-4005 for one whose import takes too long. */
  async #probe(module: ModuleSpec, limitMs: number): Promise<null> {
    const prepared = this.lanes.containers.prepare(module);
    this.lanes.containers.trying(1);
    try {
      if (await atMost(limitMs, prepared)) return null;
    } finally {
      this.lanes.containers.trying(-1);
    }
    prepared.catch(() => {}); // It comes too late for anybody.
    throw new ChimaeraError("moduleLoad", {
      what: `load module ${module.libName}`,
      why: `its import did not end in ${limitMs} ms`,
      hint: "a module must not wait for anything at its top level",
    });
  }

  /** The node's orders. */
  async #carryOut(order: ControlMessage): Promise<unknown> {
    const { containers, sessions } = this.lanes;
    const sessionId = order.sessionId as number;
    switch (order.kind) {
      case "create":
        return await containers.create(order.order as CreateOrder);
      case "lanes":
        return await containers.setLanes(order.order as LanesOrder);
      case "laneMove":
        return await this.lanes.moves.carryOut(order.order as LaneMoveOrder);
      case "probe":
        return await this.#probe(order.module as ModuleSpec, order.limitMs as number);
      case "upgrade":
        return await this.lanes.upgrades.carryOut(order.order as PoolUpgradeOrder);
      case "destroy":
        return await containers.destroy(order.poolId as number);
      case "attach":
        if (sessions.has(sessionId)) this.#mail.drop(sessionId);
        else sessions.attach(sessionId, Segment.attach(await this.#mail.take(sessionId)));
        return null;
      case "openPort":
        sessions.openPort(sessionId, order.places as PortPlaces, order.order as PortOrder);
        return null;
      case "closeSession":
        sessions.close(sessionId);
        return null;
      case "forgetSession":
        sessions.forget(sessionId);
        return null;
      case "workerLost": {
        const error = errorFromData(order.error as ErrorData);
        return await this.lanes.takeover.failSubtasksOf(order.worker as number, error);
      }
      case "failTasks": {
        const error = errorFromData(order.error as ErrorData);
        this.lanes.takeover.failTasks(order.port as number, order.tasks as number[], error);
        return null;
      }
      case "takeTasks":
        this.lanes.takeTasks();
        return null;
      case "pin":
        return this.#place.pin(order.cpu as number);
      case "retire":
        if (!this.lanes.takeover.retire()) return false;
        this.lanes.stop();
        return true;
      case "stop":
        this.lanes.stop();
        return null;
      default:
        throw new ChimaeraError("badDescriptor", {
          what: "control message",
          why: `unknown kind ${order.kind}`,
        });
    }
  }
}

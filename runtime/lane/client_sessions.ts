/**
 * The clients of one worker: their segments and ports, from the node's orders to come and go.
 *
 * A session that closes is not taken from any more; when all that was taken is answered, the node
 * lets the worker forget the session.
 *
 * Thread rules: one worker's isolate.
 */

import { LIMITS } from "../limits.ts";
import { RingConsumer, RingProducer, type Segment } from "../memory/mod.ts";
import { COMPLETION_WORDS, DESCRIPTOR_WORDS } from "../task/mod.ts";
import { ClientPort, ClientSession, type PortPlaces } from "./client_port.ts";
import type { ControlChannel } from "./control.ts";
import type { Executor } from "./executor.ts";
import type { Intake } from "./intake.ts";
import { ringPlaces } from "./ring_places.ts";
import type { Router } from "./router.ts";
import type { WorkerState } from "./worker_state.ts";

/** What the node knows of a new port besides its places. */
export interface PortOrder {
  /** Socket of a client in another process; −1: none. */
  readonly doorbell: number;
  /** Word of the port's table of tasks under way. */
  readonly custody: number;
  /** Whether another thread had this worker's end of the port before. */
  readonly resumed: boolean;
}

/** The parts of a worker that have to do with a session's tasks. */
export interface SessionTakers {
  readonly router: Router;
  readonly intake: Intake;
  readonly executor: Executor;
}

export class ClientSessions {
  readonly #state: WorkerState;
  readonly #router: Router;
  readonly #intake: Intake;
  readonly #executor: Executor;
  readonly #control: ControlChannel;
  readonly #byId = new Map<number, ClientSession>();

  constructor(
    state: WorkerState,
    { router, intake, executor }: SessionTakers,
    control: ControlChannel,
  ) {
    this.#state = state;
    this.#router = router;
    this.#intake = intake;
    this.#executor = executor;
    this.#control = control;
  }

  /**
   * Whether the session is known. A thread in the place of a lost one is shown all that there is,
   * and may then get an order that waited for it meanwhile.
   */
  has(id: number): boolean {
    return this.#byId.has(id);
  }

  attach(id: number, segment: Segment): void {
    this.#state.segments.add(segment);
    this.#byId.set(id, new ClientSession(id, segment));
  }

  openPort(
    sessionId: number,
    places: PortPlaces,
    { doorbell, custody, resumed }: PortOrder,
  ): void {
    const session = this.#byId.get(sessionId);
    if (session === undefined) return;
    if (session.ports.some(({ index }) => index === places.index)) return; // See `has`.
    const rings = ringPlaces(places.ringsOffset, this.#state.id);
    const words = session.segment.i32;
    const shape = (offsetBytes: number, slotWords: number) => ({
      baseWord: offsetBytes / 4,
      capacity: LIMITS.slotsPerPort,
      slotWords,
    });
    const port = new ClientPort(
      session,
      places,
      new RingConsumer(words, shape(rings.submissions, DESCRIPTOR_WORDS)),
      new RingProducer(words, shape(rings.completions, COMPLETION_WORDS)),
      doorbell,
      this.#state.id,
      this.#state.node.i32,
      custody,
    );
    if (resumed) {
      port.resume();
      this.#state.markDirty(port);
    } else port.begin();
    session.ports.push(port);
    this.#intake.add(port);
    this.#router.portOpened(port.number);
  }

  /**
   * A task came whose root's port is not known here. Either the order to open that is on its way,
   * or the session is gone, which the node answers by an order to forget it.
   */
  expect(port: number): void {
    const sessionId = Math.floor(port / LIMITS.portsPerSession);
    this.#control.send(this.#state.workers, { kind: "unknownSession", sessionId });
  }

  /** Takes nothing more from a session, and tells the node when its tasks are answered. */
  close(id: number): void {
    const session = this.#byId.get(id);
    if (session === undefined || session.ended) return;
    session.ended = true;
    session.closing = true;
    this.#state.closing++;
    this.#intake.remove(session);
    this.#executor.abortOrphans();
    this.report(session);
  }

  /** Forgets a session whose tasks are all answered. */
  forget(id: number): void {
    this.#router.sessionGone(id);
    const session = this.#byId.get(id);
    if (session === undefined) return;
    this.#byId.delete(id);
    if (session.ended) this.#state.closing--;
    for (const port of session.ports) this.#state.ports.delete(port.number);
    this.#state.segments.remove(session.segment.id);
  }

  /** Tells the node that it may look how far a closing session is. */
  report(session: ClientSession): void {
    this.#control.send(this.#state.workers, { kind: "closing", sessionId: session.id });
  }
}

/**
 * The clients of one worker: their segments and ports, from the node's orders to come and go.
 *
 * A session that closes is not taken from any more; when the worker has answered what it took, the
 * node lets it forget the session.
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
import type { WorkerState } from "./worker_state.ts";

export class ClientSessions {
  readonly #state: WorkerState;
  readonly #intake: Intake;
  readonly #executor: Executor;
  readonly #control: ControlChannel;
  readonly #byId = new Map<number, ClientSession>();

  constructor(state: WorkerState, intake: Intake, executor: Executor, control: ControlChannel) {
    this.#state = state;
    this.#intake = intake;
    this.#executor = executor;
    this.#control = control;
  }

  attach(id: number, segment: Segment): void {
    this.#state.segments.add(segment);
    this.#byId.set(id, new ClientSession(id, segment));
  }

  /** @param doorbell Socket of a client in another process; −1: none. */
  openPort(sessionId: number, places: PortPlaces, doorbell: number): void {
    const session = this.#byId.get(sessionId);
    if (session === undefined) return;
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
    );
    session.ports.push(port);
    this.#intake.add(port);
  }

  /** Takes nothing more from a session, and tells the node when its tasks are answered. */
  close(id: number): void {
    const session = this.#byId.get(id);
    if (session === undefined) return;
    session.closing = true;
    this.#state.closing++;
    this.#intake.remove(session);
    this.#executor.abortOrphans();
    this.report(session);
  }

  /** Forgets a session whose tasks are all answered. */
  forget(id: number): void {
    const session = this.#byId.get(id);
    if (session === undefined) return;
    this.#byId.delete(id);
    this.#state.closing--;
    for (const port of session.ports) this.#state.ports.delete(port.number);
    this.#state.segments.remove(session.segment.id);
  }

  /** Tells the node how far a closing session is. */
  report(session: ClientSession): void {
    const { id, taken, answered } = session;
    this.#control.send(this.#state.workers, { kind: "closing", sessionId: id, taken, answered });
  }
}

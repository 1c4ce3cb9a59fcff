/**
 * A client of the simulated node: a process with a session of its own, whose memory it shares with
 * the node and nobody else, and whose requests take their time to the node and back.
 *
 * It may vanish at any point: then nothing of it goes on, and the node learns of it a moment later.
 */

import { ChimaeraError } from "../../../runtime/errors.ts";
import type { Node } from "../../../runtime/node.ts";
import type { Segment } from "../../../runtime/memory/mod.ts";
import { delay } from "../../../runtime/platform/mod.ts";
import {
  type NodeLink,
  type NodeSessions,
  type Port,
  Session,
} from "../../../runtime/session/mod.ts";
import { Dice, HOST, type World } from "../../../runtime/testing/mod.ts";

const SESSION_BYTES = 32 << 20;

export class ClientProcess {
  readonly owner: number;
  readonly dice: Dice;
  readonly #world: World;
  readonly #node: Node;
  #record: { readonly id: number } | null = null;
  #session: Session | null = null;
  readonly ports: Port[] = [];
  portsAsked = 1;
  /** What it does at the moment, by name. */
  readonly busyWith = new Map<number, string>();
  #lastJob = 0;
  /** It vanished, or closed its session. */
  gone = false;
  /** It runs no code of ours any more, and writes anything into its memory. */
  hostile = false;
  /** Why the node ended its session. */
  ended: ChimaeraError | null = null;
  /** Rejects with the line to the node. */
  readonly #over = Promise.withResolvers<never>();

  constructor(world: World, node: Node, owner: number, seed: number) {
    this.#world = world;
    this.#node = node;
    this.owner = owner;
    this.dice = new Dice(seed, owner);
    this.#over.promise.catch(() => {}); // Not everybody asks something at the time.
  }

  /** Null before it is connected, and when it is over. */
  get session(): Session | null {
    return this.gone || this.hostile ? null : this.#session;
  }

  /** The memory that it shares with the node. */
  get segment(): Segment | null {
    return this.#session?.segment ?? null;
  }

  /** Number of the session at the node; 0: none yet. */
  get sessionId(): number {
    return this.#record?.id ?? 0;
  }

  async connect(): Promise<void> {
    await this.#way();
    const opened = this.#node.sessions.open(
      `client ${this.owner}`,
      SESSION_BYTES,
      (why) => this.#onEnd(why),
    );
    const { id, segment } = await this.#answerTo(opened);
    this.#record = { id };
    if (this.gone) { // It was killed while it knocked.
      void this.#world.as(HOST, () => this.#node.sessions.close(id));
      return;
    }
    await this.#way();
    const session = await Session.open({
      id,
      segment,
      bells: this.#node.bells.words,
      workers: this.#node.workers,
      transport: "shm",
      reason: "simulated",
      nodePid: 1,
      debugHeap: true,
    }, this.#link(id));
    this.#session = session;
    this.ports.push(session.port);
  }

  /** Does something, and remembers what until it is over. */
  start(name: string, job: () => Promise<void>): void {
    const id = ++this.#lastJob;
    this.busyWith.set(id, name);
    void this.#world.as(this.owner, async () => {
      try {
        await job();
      } catch (thrown) {
        const why = thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
        const isExpected = this.hostile || this.gone || this.ended !== null;
        if (!isExpected) this.#world.fail(`client ${this.owner}: ${name}: ${why}`);
      }
      this.busyWith.delete(id);
    });
  }

  /** A further port of the session. */
  async openPort(): Promise<void> {
    this.portsAsked++;
    const port = await this.#session!.openPort();
    this.ports.push(port);
  }

  /** Ends the session as a program does. */
  async close(): Promise<void> {
    this.gone = true;
    await this.#session?.close();
  }

  /** The process is killed. The node sees its line close `ms` later. */
  vanish(ms: number): void {
    this.gone = true;
    this.#world.vanish(this.owner);
    const record = this.#record;
    void this.#world.as(HOST, async () => {
      await delay(ms);
      if (record !== null) await this.#node.sessions.close(record.id);
    });
  }

  /** From now on the process is somebody else's, who has its memory and its line to the node. */
  becomeHostile(): void {
    if (this.hostile) return;
    this.hostile = true;
    this.busyWith.clear();
    this.#world.vanish(this.owner);
  }

  #onEnd(why: ChimaeraError): void {
    if (this.gone || this.hostile) return;
    this.#world.fail(`the node ended the session of client ${this.owner}: ${why.message}`);
  }

  /** The node says that it stops. */
  nodeEnds(why: ChimaeraError): void {
    if (this.gone || this.hostile) return;
    this.ended = why;
    void this.#world.as(this.owner, async () => {
      await this.#way();
      this.#session?.fail(why);
      this.#over.reject(why);
    });
  }

  /** What the node answers, unless the line to it ends before. */
  #answerTo<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.#over.promise]);
  }

  /** A message's time on its way. */
  #way(): Promise<void> {
    return delay(this.dice.between(1, 3));
  }

  #link(id: number): NodeLink {
    // The simulation stands where the node's own door stands, which knows more than others do.
    const sessions = this.#node.sessions as NodeSessions;
    const record = () => {
      const found = sessions.list.find((session) => session.id === id);
      if (found !== undefined) return found;
      throw new ChimaeraError("sessionClosed", { what: "ask the node", why: "no such session" });
    };
    return {
      reserveBellLine: async () => {
        await this.#way();
        return sessions.reserveBellLine(record());
      },
      openPort: async (places) => {
        await this.#way();
        await this.#answerTo(
          this.#world.as(HOST, () => sessions.openPort(record(), places, "")),
        );
        await this.#way();
      },
      close: async () => {
        await this.#way();
        void this.#world.as(HOST, () => sessions.close(id));
      },
      checkAlive: () => {},
      longestSleepMs: () => 100,
      ringWorker: () => {},
      blocking: false,
      doorbell: () => null,
    };
  }
}

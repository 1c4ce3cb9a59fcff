/** `lane.move`: how long a client sees nothing of a lane that moves to another worker. */

import { CreateContext, DomainQuery, type Session } from "chimaera";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { Client as SmallMessage } from "../../chimods/small_message/small_message_client.ts";
import type { MdTask } from "../../chimods/small_message/small_message_tasks.ts";
import { type BenchContext, type BenchLine, type Measurement, Placement } from "../harness/line.ts";
import { servedSession } from "../ours/engine.ts";

const HERE = DomainQuery.getLocalId();
const WORKERS = 2;
/** Moves of one block, of which the 99th percentile is taken. */
const MOVES = 100;
const OUTSTANDING = 1024;
/** Tasks between two moves. */
const BETWEEN = 2000;

/** A client that keeps a lane busy, and knows the longest time between two results. */
class Load {
  readonly #client: SmallMessage;
  readonly #open: MdTask[] = [];
  #lastMs = performance.now();
  longestMs = 0;
  done = 0;

  constructor(client: SmallMessage) {
    this.#client = client;
  }

  /** Goes on until `isOver`, with tasks always under way. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      while (this.#open.length < OUTSTANDING) this.#open.push(this.#client.asyncMd(HERE));
      for (const task of this.#open.splice(0, OUTSTANDING / 2)) await this.#finish(task);
    }
  }

  /** Waits for what is under way. */
  async drain(): Promise<void> {
    for (const task of this.#open.splice(0)) await this.#finish(task);
  }

  async #finish(task: MdTask): Promise<void> {
    await task.wait();
    if (task.ret !== 1) throw new Error(`small_message answered ${task.ret}`);
    task.free();
    this.done++;
    const nowMs = performance.now();
    this.longestMs = Math.max(this.longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }

  /** Begins to measure anew. */
  reset(): void {
    this.longestMs = 0;
    this.#lastMs = performance.now();
  }
}

/** The 99th percentile of the stalls of a block of moves, in milliseconds. */
async function stallP99(load: Load, move: () => Promise<void>): Promise<number> {
  const stalls: number[] = [];
  for (let k = 0; k < MOVES; k++) {
    const next = load.done + BETWEEN;
    await load.run(() => load.done >= next);
    load.reset();
    let isOver = false;
    const moving = move().finally(() => isOver = true);
    await Promise.all([moving, load.run(() => isOver)]);
    stalls.push(load.longestMs);
  }
  stalls.sort((a, b) => a - b);
  return stalls[Math.ceil(stalls.length * 0.99) - 1]!;
}

/** Moves the pool's only lane to the other worker. */
function moverOf(session: Session, poolId: number, from: number): () => Promise<void> {
  const admin = new Admin(session);
  let at = from;
  return async () => {
    at = WORKERS - 1 - at;
    await admin.moveLane(HERE, poolId, 0, 0, at);
  };
}

async function measureMove(context: BenchContext): Promise<Measurement> {
  const { session, close } = await servedSession(context, WORKERS);
  const client = new SmallMessage(session);
  await client.create(HERE, HERE, "moving", new CreateContext(), 1);
  const pools = await new Admin(session).listPools(HERE);
  const { homeWorker } = pools.find(({ id }) => id === client.poolId)!;
  const move = moverOf(session, client.poolId, homeWorker);
  const load = new Load(client);
  await stallP99(load, move); // Warms the code of both workers.
  const samples: [number, null][] = [];
  for (let k = 0; k < context.rounds.pairs; k++) samples.push([await stallP99(load, move), null]);
  await load.drain();
  await close();
  return { peer: null, samples, checksum: load.done };
}

export const LANE_MOVE_LINES: readonly BenchLine[] = [{
  name: "lane.move",
  what: "longest time without a result while a lane moves under full load; p99 of 100 moves",
  unit: "ms",
  better: "lower",
  bar: "ours<=10",
  placement: Placement.free,
  measure: measureMove,
}];

/**
 * A short measurement of tasks, by nothing but a core module: what a call costs, how many go
 * through, and that a large buffer costs no more to pass than a small one.
 */

import { type Block, DomainQuery, type Session } from "../../sdk/mod.ts";
import { Client } from "../../chimods/small_message/small_message_client.ts";
import { realClock } from "../../runtime/platform/mod.ts";

const LOCAL = DomainQuery.getLocalId();
const POOL_NAME = "command_line_bench";
const BATCH_TASKS = 256;
const LARGE_BYTES = 16 << 20;
/** Bytes of a passed block that the handler reads. */
const READ_BYTES = 64;
/** The handler of an Io task sums the bytes. */
const MODE_SUM = 1;

/** A measured value. */
export interface Figure {
  readonly name: string;
  readonly what: string;
  readonly unit: "us" | "tasks/s";
  /** Median and 99th percentile of one call, for `us`. */
  readonly p50?: number;
  readonly p99?: number;
  /** For `tasks/s`. */
  readonly perSecond?: number;
  readonly rounds: number;
  /** Why there is no value. */
  readonly skipped?: string;
}

/** Measures through the session; takes about 2 seconds, or a fifth of that when quick. */
export async function measure(session: Session, quick: boolean): Promise<Figure[]> {
  const client = new Client(session);
  await client.create(LOCAL, LOCAL, POOL_NAME, undefined, 1);
  const rounds = quick ? 2000 : 20_000;
  const canBlock = session.transport !== "socket";
  const figures: Figure[] = [];
  if (canBlock) {
    figures.push(latency("call.sync", "one no-op, by waitSync", rounds, () => callSync(client)));
  } else {
    const what = "one no-op, by waitSync";
    const skipped = "a session over the socket cannot block";
    figures.push({ name: "call.sync", what, unit: "us", rounds: 0, skipped });
  }
  figures.push(await awaited("call.await", "one no-op, by await", rounds, () => call(client)));
  figures.push(await throughput(client, quick ? 100 : 1000));
  for (const sizeBytes of [READ_BYTES, LARGE_BYTES]) {
    using block = session.alloc(sizeBytes);
    const name = `pass.${sizeBytes === LARGE_BYTES ? "16MiB" : `${sizeBytes}B`}`;
    const what = `a block passed along, ${READ_BYTES} bytes of it read`;
    figures.push(await awaited(name, what, rounds / 4, () => pass(client, block)));
  }
  return figures;
}

function callSync(client: Client): void {
  using task = client.asyncMd(LOCAL, { depthLeft: 0 });
  task.waitSync();
}

async function call(client: Client): Promise<void> {
  using task = client.asyncMd(LOCAL, { depthLeft: 0 });
  await task.wait();
}

async function pass(client: Client, block: Block): Promise<void> {
  using task = client.asyncIo(LOCAL, {
    mode: MODE_SUM,
    data: block,
    size: READ_BYTES,
    capacity: block.size,
  });
  await task.wait();
}

function latency(name: string, what: string, rounds: number, once: () => void): Figure {
  for (let k = 0; k < rounds / 4; k++) once();
  const samples = new Float64Array(rounds);
  for (let k = 0; k < rounds; k++) {
    const beganMs = realClock.nowMs();
    once();
    samples[k] = realClock.nowMs() - beganMs;
  }
  return figureOf(name, what, samples);
}

async function awaited(
  name: string,
  what: string,
  rounds: number,
  once: () => Promise<void>,
): Promise<Figure> {
  for (let k = 0; k < rounds / 4; k++) await once();
  const samples = new Float64Array(rounds);
  for (let k = 0; k < rounds; k++) {
    const beganMs = realClock.nowMs();
    await once();
    samples[k] = realClock.nowMs() - beganMs;
  }
  return figureOf(name, what, samples);
}

function figureOf(name: string, what: string, samplesMs: Float64Array): Figure {
  samplesMs.sort();
  const at = (part: number) => {
    const ms = samplesMs[Math.min(samplesMs.length - 1, Math.floor(part * samplesMs.length))]!;
    return Math.round(ms * 1e4) / 10;
  };
  return { name, what, unit: "us", p50: at(0.5), p99: at(0.99), rounds: samplesMs.length };
}

/** Batches of tasks sent at once; a lane answers them in their order. */
async function throughput(client: Client, batches: number): Promise<Figure> {
  const run = async () => {
    const tasks = Array.from(
      { length: BATCH_TASKS },
      () => client.asyncMd(LOCAL, { depthLeft: 0 }),
    );
    await tasks.at(-1)!.wait();
    for (const task of tasks) {
      if (!task.done) await task.wait();
      task.free();
    }
  };
  for (let k = 0; k < batches / 4; k++) await run();
  const beganMs = realClock.nowMs();
  for (let k = 0; k < batches; k++) await run();
  const seconds = (realClock.nowMs() - beganMs) / 1000;
  return {
    name: "pipe",
    what: `no-ops, ${BATCH_TASKS} sent at a time`,
    unit: "tasks/s",
    perSecond: Math.round(batches * BATCH_TASKS / seconds),
    rounds: batches * BATCH_TASKS,
  };
}

/**
 * `mod.upgrade.*`: a module of `serve --watch` is written in one version after the other; each answer
 * says which version gave it.
 */

import { connect, DomainQuery, type Session } from "chimaera";
import { Client as Admin } from "../../chimods/admin/admin_client.ts";
import { type AddTask, LedgerClient, LedgerRepo } from "../../tests/system/kit/ledger_repo.ts";
import { type BenchContext, type BenchLine, type Measurement, Placement } from "../harness/line.ts";
import { residentBytes } from "../harness/process_usage.ts";
import { builtProgram, needProgram, Program } from "../ours/program.ts";

const HERE = DomainQuery.getLocalId();
const LIBRARY = "shop_ledger";
/** Saves of one sample of `mod.upgrade.idle`, of which the median is taken. */
const SAVES = 9;
/** Upgrades of one sample under load, of which the 99th percentile is taken. */
const UPGRADES = 100;
const CLIENTS = 4;
const OUTSTANDING = 256;
/** Tasks of each client between two upgrades. */
const BETWEEN = 500;
/** Upgrades before memory is looked at: what grows once has grown, and threads were recycled twice. */
const WARM_UP = 128;

/** A served repo, and sessions with its node. */
class Shop {
  readonly repo = new LedgerRepo();
  readonly note: string;
  readonly program: Program;
  #version = 1;

  constructor(words: readonly string[]) {
    needProgram();
    const { served, note } = builtProgram();
    this.note = note;
    const args = [...served.args, "--workers", "2", "--repo", this.repo.folder, ...words];
    this.program = Program.start({ ...served, args });
  }

  /** Writes the next version; returns its number. */
  save(): number {
    this.repo.write({ version: ++this.#version });
    return this.#version;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.stop();
    this.repo[Symbol.dispose]();
  }
}

async function ledgerOf(session: Session): Promise<LedgerClient> {
  const client = new LedgerClient(session);
  await client.create("books");
  return client;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1]!;
}

/** Milliseconds from a save to the first answer of what was saved. */
async function goesLiveMs(shop: Shop, client: LedgerClient): Promise<number> {
  const startMs = performance.now();
  const version = shop.save();
  for (;;) {
    const answer = await client.add(0, 0);
    if (answer.version === version) return performance.now() - startMs;
    await new Promise((wake) => setTimeout(wake, 1));
  }
}

async function measureIdle({ rounds }: BenchContext): Promise<Measurement> {
  await using shop = new Shop(["--watch"]);
  const session = await shop.program.connect();
  const client = await ledgerOf(session);
  await goesLiveMs(shop, client);
  const samples: [number, null][] = [];
  for (let k = 0; k < rounds.pairs; k++) {
    const times: number[] = [];
    for (let save = 0; save < SAVES; save++) times.push(await goesLiveMs(shop, client));
    samples.push([median(times), null]);
  }
  await session.close();
  return { peer: null, note: shop.note, samples, checksum: samples.length };
}

/** A client that always has tasks under way, and knows the longest time between two answers. */
class Load {
  readonly #client: LedgerClient;
  readonly #open: AddTask[] = [];
  #lastMs = performance.now();
  longestMs = 0;
  done = 0;
  #sum = 0;

  constructor(client: LedgerClient) {
    this.#client = client;
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      while (this.#open.length < OUTSTANDING) {
        this.#open.push(this.#client.asyncAdd(HERE, { lane: 0, amount: 1 }));
      }
      for (const task of this.#open.splice(0, OUTSTANDING / 2)) await this.#finish(task);
    }
  }

  /** Waits for what is under way. Throws when an answer was lost or repeated on the way. */
  async drain(): Promise<void> {
    for (const task of this.#open.splice(0)) await this.#finish(task);
  }

  async #finish(task: AddTask): Promise<void> {
    await task.wait();
    // The lane's sum goes along from version to version: each answer is later than the last one.
    if (task.sum <= this.#sum) throw new Error(`the sum went from ${this.#sum} to ${task.sum}`);
    this.#sum = task.sum;
    task.free();
    this.done++;
    const nowMs = performance.now();
    this.longestMs = Math.max(this.longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }

  reset(): void {
    this.longestMs = 0;
    this.#lastMs = performance.now();
  }
}

/** The longest times that any client saw nothing while acts took place, and how long those took. */
async function stallsOf(
  loads: readonly Load[],
  act: (at: number) => Promise<unknown>,
): Promise<{ readonly p99Ms: number; readonly tookMs: readonly number[] }> {
  const stalls: number[] = [];
  const tookMs: number[] = [];
  for (let k = 0; k < UPGRADES; k++) {
    const until = loads.map((load) => load.done + BETWEEN);
    await Promise.all(loads.map((load, at) => load.run(() => load.done >= until[at]!)));
    for (const load of loads) load.reset();
    let isOver = false;
    const startMs = performance.now();
    const acting = act(k).finally(() => {
      isOver = true;
      tookMs.push(performance.now() - startMs);
    });
    await Promise.all([acting, ...loads.map((load) => load.run(() => isOver))]);
    stalls.push(Math.max(...loads.map(({ longestMs }) => longestMs)));
  }
  return { p99Ms: p99(stalls), tookMs };
}

async function measureLoad({ rounds }: BenchContext): Promise<Measurement> {
  await using shop = new Shop([]);
  const first = await shop.program.connect();
  const sessions = [first];
  while (sessions.length < CLIENTS) sessions.push(await connect({ transport: "shm" }));
  const loads: Load[] = [];
  for (const session of sessions) loads.push(new Load(await ledgerOf(session)));
  const admin = new Admin(first);
  const samples: [number, number][] = [];
  for (let k = 0; k < rounds.launches; k++) {
    const upgraded = await stallsOf(loads, () => {
      shop.save();
      return admin.upgradeModule(HERE, LIBRARY);
    });
    // The same lengths of time, one by one.
    const left = await stallsOf(loads, (at) => {
      return new Promise((wake) => setTimeout(wake, upgraded.tookMs[at]));
    });
    samples.push([upgraded.p99Ms, left.p99Ms]);
  }
  for (const load of loads) await load.drain();
  const done = loads.reduce((sum, load) => sum + load.done, 0);
  // Every task of every client was run, once: the lane's sum is their number.
  const { sum } = await (await ledgerOf(first)).add(0, 0);
  if (sum !== done) throw new Error(`${done} tasks were answered, and the sum is ${sum}`);
  for (const session of sessions) await session.close();
  const peer = "the same clients for as long, and no upgrade";
  return { peer, note: shop.note, samples, checksum: done };
}

async function measureMemory({ rounds: { upgrades } }: BenchContext): Promise<Measurement> {
  await using shop = new Shop([]);
  const session = await shop.program.connect();
  const client = await ledgerOf(session);
  const admin = new Admin(session);
  const upgrade = async () => {
    const version = shop.save();
    await admin.upgradeModule(HERE, LIBRARY);
    const answer = await client.add(0, 1);
    if (answer.version !== version) throw new Error(`version ${answer.version} serves`);
  };
  for (let k = 0; k < WARM_UP; k++) await upgrade();
  const before = residentBytes(shop.program.pid);
  for (let k = 0; k < upgrades; k++) await upgrade();
  const grownMb = (residentBytes(shop.program.pid) - before) / 1e6;
  await session.close();
  return { peer: null, note: shop.note, samples: [[grownMb, null]], checksum: upgrades };
}

export const MOD_UPGRADE_LINES: readonly BenchLine[] = [
  {
    name: "mod.upgrade.idle",
    what: "from saving a module of `serve --watch` to the first answer of what was saved; p50",
    unit: "ms",
    better: "lower",
    bar: "ours<=50",
    placement: Placement.free,
    measure: measureIdle,
  },
  {
    name: "mod.upgrade.load",
    what:
      "longest time without a result while a module is upgraded that four clients call at full " +
      "rate, p99 of 100 upgrades; no task is lost, failed or run twice",
    unit: "ms",
    better: "lower",
    bar: "ours<=20",
    placement: Placement.free,
    measure: measureLoad,
  },
  {
    name: "mod.upgrade.memory",
    what: "what a node grows by in 512 upgrades, 64 with --quick, after 128 before them",
    unit: "MB",
    better: "lower",
    bar: "ours<=20",
    placement: Placement.free,
    measure: measureMemory,
  },
];

/**
 * Everything at once, over several ports, for `ms`: by waiting, by blocking, in batches, with
 * subtasks, with bulk bytes, with deadlines that pass. Every answer is checked. Says `soaked` with
 * what was sent and answered, and what is left in the session's memory.
 */

import { ChimaeraError, DomainQuery, type Session } from "chimaera";
import { seededRandom } from "chimaera/platform";
import type { ClientConfig, ScenarioIo } from "../kit/client.ts";
import { liveBlocks } from "../../../runtime/memory/mod.ts";
import { Client } from "../modules/faulty/faulty_client.ts";
import type { OkTask } from "../modules/faulty/faulty_tasks.ts";

const HERE = DomainQuery.getLocalId();
const PORTS = 3;
const LANES = 4;

/** What a soak came to. */
export interface Soaked {
  /** Tasks that somebody waits for. */
  sent: number;
  answered: number;
  /** Tasks given up by a deadline. */
  lapsed: number;
  outstanding: number;
  /** Blocks of the session beyond those of its ports. */
  leftBlocks: number;
}

/** One port's work. */
class Soaker {
  readonly #client: Client;
  readonly #session: Session;
  readonly #mayBlock: boolean;
  readonly #random: ReturnType<typeof seededRandom>;
  sent = 0;
  answered = 0;
  lapsed = 0;

  constructor(client: Client, session: Session, seed: number) {
    this.#client = client;
    this.#session = session;
    this.#mayBlock = session.transport !== "socket";
    this.#random = seededRandom(seed);
  }

  #below(limit: number): number {
    return this.#random.nextU32() % limit;
  }

  #check(what: string, result: number, expected: number): void {
    if (result !== expected) throw new Error(`${what}: ${result} instead of ${expected}`);
    this.answered++;
  }

  async run(untilMs: number): Promise<void> {
    const steps = [
      () => this.#one(),
      () => this.#batch(),
      () => this.#batch(),
      () => this.#promises(),
      () => this.#block(),
      () => this.#subtasks(),
      () => this.#bulk(),
      () => this.#giveUp(),
      () => this.#forget(),
    ];
    while (performance.now() < untilMs) await steps[this.#below(steps.length)]!();
  }

  async #one(): Promise<void> {
    const value = this.#below(1e9);
    this.sent++;
    this.#check("one", await this.#client.ok(HERE, value, this.#below(LANES)), value + 1);
  }

  async #batch(): Promise<void> {
    const first = this.#below(1e9);
    const tasks: OkTask[] = [];
    for (let k = this.#below(300); k >= 0; k--) {
      const task = this.#client.asyncOk.alloc(null, HERE, {
        value: first + tasks.length,
        lane: this.#below(LANES),
      });
      task.prio = this.#below(8) === 0 ? 1 : 0;
      task.submit();
      tasks.push(task);
    }
    this.sent += tasks.length;
    for (const [k, task] of tasks.entries()) {
      await task.wait();
      this.#check("batch", task.result, first + k + 1);
      task.free();
    }
  }

  async #promises(): Promise<void> {
    const calls = Array.from({ length: 1 + this.#below(50) }, async (_, k) => {
      this.sent++;
      const ms = this.#below(3);
      this.#check("sleep", await this.#client.sleep(HERE, ms, k, this.#below(LANES)), k + 1);
    });
    await Promise.all(calls);
  }

  #block(): Promise<void> {
    for (let k = 0; this.#mayBlock && k < 20; k++) {
      this.sent++;
      const task = this.#client.asyncOk(HERE, { value: k, lane: this.#below(LANES) });
      task.waitSync();
      this.#check("block", task.result, k + 1);
      task.free();
    }
    return Promise.resolve();
  }

  async #subtasks(): Promise<void> {
    const count = 1 + this.#below(30);
    const value = this.#below(1000);
    this.sent++;
    const sum = await this.#client.call(HERE, {
      targetLane: this.#below(LANES),
      lane: this.#below(LANES),
      together: this.#below(2) === 0,
      count,
      value,
    });
    this.#check("subtasks", sum, count * (value + 1) + count * (count - 1) / 2);
  }

  async #bulk(): Promise<void> {
    const sizeBytes = 1 + this.#below(20_000);
    using source = this.#session.alloc(sizeBytes);
    using target = this.#session.alloc(sizeBytes);
    source.bytes.fill(this.#below(200));
    this.sent++;
    using task = this.#client.asyncTransform(HERE, {
      add: 5,
      lane: this.#below(LANES),
      source,
      sourceSize: sizeBytes,
      target,
      targetCapacity: sizeBytes,
    });
    await task.wait();
    const at = this.#below(sizeBytes);
    this.#check("bulk", target.bytes[at]!, source.bytes[at]! + 5);
  }

  /** A deadline that may or may not pass. */
  async #giveUp(): Promise<void> {
    using block = this.#session.alloc(1000);
    using task = this.#client.asyncTransform(HERE, {
      ms: this.#below(40),
      stubborn: this.#below(2) === 0,
      both: block,
      bothSize: 1000,
      bothCapacity: 1000,
      lane: this.#below(LANES),
    });
    try {
      await task.wait({ timeoutMs: this.#below(20) });
    } catch (thrown) {
      if (!(thrown instanceof ChimaeraError) || thrown.code !== "CHI-3005") throw thrown;
      this.lapsed++;
    }
  }

  #forget(): Promise<void> {
    for (let k = 0; k < 20; k++) {
      this.#client.asyncOk(HERE, { value: k, lane: this.#below(LANES) }).free();
    }
    return Promise.resolve();
  }
}

/** Soaks a session; exported for programs that have one already. */
export async function soak(session: Session, seed: number, ms: number): Promise<Soaked> {
  const client = new Client(session);
  await client.create(HERE, HERE, "faulty");
  const before = liveBlocks(session.segment).length;
  const ports = [session.port];
  while (ports.length < PORTS) ports.push(await session.openPort());
  const portBlocks = liveBlocks(session.segment).length - before;
  const soakers = ports.map((port, k) => new Soaker(client.in(port), session, seed + k));
  const untilMs = performance.now() + ms;
  await Promise.all(soakers.map((soaker) => soaker.run(untilMs)));
  const outstanding = () =>
    ports.reduce((sum, port) => {
      port.poll();
      return sum + port.outstanding;
    }, 0);
  for (let k = 0; k < 500 && outstanding() > 0; k++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const total = (of: (soaker: Soaker) => number) => soakers.reduce((sum, s) => sum + of(s), 0);
  return {
    sent: total((soaker) => soaker.sent),
    answered: total((soaker) => soaker.answered),
    lapsed: total((soaker) => soaker.lapsed),
    outstanding: outstanding(),
    leftBlocks: liveBlocks(session.segment).length - before - portBlocks,
  };
}

export async function run(session: Session, config: ClientConfig, io: ScenarioIo): Promise<void> {
  const soaked = await soak(session, Number(config.seed), Number(config.ms));
  io.say({ kind: "soaked", soaked });
}

/**
 * Work orchestration: asks the pools of the policies in force, and does what they answer.
 *
 * Thread rules: the assembling thread.
 */

import { DomainQuery } from "../domain/mod.ts";
import { ChimaeraError } from "../errors.ts";
import { type ControlMessage, type Counters, WORKER_COUNTER } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { allowedCpus } from "../platform/mod.ts";
import {
  ModuleClient,
  ScheduleProcTask,
  ScheduleQueueTask,
  type Submitter,
  taskMethod,
} from "../task/mod.ts";
import type { Pools } from "./pools.ts";

/** Which decision a policy makes. */
export type PolicyKind = "queue" | "proc";

class QueuePolicyClient extends ModuleClient {
  asyncSchedule = taskMethod(ScheduleQueueTask);
}

class ProcPolicyClient extends ModuleClient {
  asyncSchedule = taskMethod(ScheduleProcTask);
}

/** Sends an order to a worker and waits for its answer. */
type Ask = (worker: number, message: ControlMessage) => Promise<unknown>;

export interface PoliciesOptions {
  readonly workers: number;
  readonly counters: Counters;
  readonly ask: Ask;
}

export class Policies {
  readonly #options: PoliciesOptions;
  #submitter: Submitter | null = null;
  #pools: Pools | null = null;
  /** Pool of the policy in force, by kind. */
  readonly inForce: Record<PolicyKind, number> = { queue: 0, proc: 0 };

  constructor(options: PoliciesOptions) {
    this.#options = options;
  }

  /** Gives the policies a way to send tasks. */
  attach(submitter: Submitter, pools: Pools): void {
    this.#submitter = submitter;
    this.#pools = pools;
    pools.needFor = (id) => {
      const kind = (["queue", "proc"] as const).find((kind) => this.inForce[kind] === id);
      return kind === undefined ? null : `the ${kind} policy in force`;
    };
  }

  /** Puts a pool in charge of a decision. A failing policy is not put in charge. */
  async use(kind: PolicyKind, poolId: number): Promise<void> {
    if (kind === "queue") await this.#useQueue(poolId);
    else await this.#useProc(poolId);
    this.inForce[kind] = poolId;
  }

  async #useQueue(poolId: number): Promise<void> {
    const client = new QueuePolicyClient(this.#submitter!);
    client.init(poolId);
    const place = async (laneCount: number, lanesOfWorker: readonly number[]) => {
      using task = client.asyncSchedule(DomainQuery.getLocalId(), {
        laneCount,
        lanesOfWorker: [...lanesOfWorker],
      });
      await task.wait({ timeoutMs: LIMITS.policyMs });
      const workers = task.workers;
      checkAnswer(workers, laneCount, 0, this.#options.workers - 1);
      return workers;
    };
    await place(1, new Array(this.#options.workers).fill(0));
    this.#pools!.placeLanes = place;
  }

  /** Binds a thread that takes the place of a lost worker as the lost one was. */
  async replay(worker: number, ask: Ask): Promise<void> {
    const { counters } = this.#options;
    const cpu = counters.words[counters.worker(worker) + WORKER_COUNTER.cpu]! - 1;
    if (cpu >= 0) await ask(worker, { kind: "pin", cpu });
  }

  async #useProc(poolId: number): Promise<void> {
    const { workers, ask, counters } = this.#options;
    const client = new ProcPolicyClient(this.#submitter!);
    client.init(poolId);
    using task = client.asyncSchedule(DomainQuery.getLocalId(), {
      workerCount: workers,
      allowedCpus: allowedCpus(),
    });
    await task.wait({ timeoutMs: LIMITS.policyMs });
    const cpus = task.cpus;
    checkAnswer(cpus, workers, -1, LIMITS.cpusMax - 1);
    await Promise.all(
      cpus.map(async (cpu, worker) => {
        const done = await ask(worker, { kind: "pin", cpu });
        const line = counters.worker(worker);
        counters.words[line + WORKER_COUNTER.cpu] = done === true && cpu >= 0 ? cpu + 1 : 0;
      }),
    );
  }
}

/** Throws CHI-4015 unless a policy answered `count` numbers in the range. */
function checkAnswer(answer: readonly number[], count: number, least: number, most: number): void {
  const wrong = answer.find((value) => value < least || value > most);
  if (answer.length === count && wrong === undefined) return;
  throw new ChimaeraError("badPolicy", {
    what: "ask the policy",
    why: wrong === undefined
      ? `it placed ${answer.length} of ${count}`
      : `it answered ${wrong}; ${least} to ${most} are possible`,
  });
}

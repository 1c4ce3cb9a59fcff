/**
 * A sender of numbered steps to the lanes of tests_nomad, which checks that each lane saw them in
 * order, one by one.
 */

import assert from "node:assert/strict";
import { DomainQuery } from "chimaera";
import type { Client } from "../modules/nomad/nomad_client.ts";
import type { StepTask } from "../modules/nomad/nomad_tasks.ts";

const HERE = DomainQuery.getLocalId();
/** Steps under way at most. */
const OUTSTANDING = 3000;

interface Sent {
  readonly task: StepTask;
  readonly sequence: number;
}

export class Strider {
  readonly #client: Client;
  readonly #sender: number;
  readonly #prio: number;
  readonly #next: number[] = [];

  /** @param sender A number of its own, among all that use the pool. */
  constructor(client: Client, sender: number, prio = 0) {
    this.#client = client;
    this.#sender = sender;
    this.#prio = prio;
  }

  /** Sends to `lanes` lanes in turn while `goesOn`, and checks everything. Returns how many. */
  async run(lanes: number, goesOn: () => boolean): Promise<number> {
    const open: Sent[] = [];
    let sent = 0;
    while (goesOn()) {
      while (open.length < OUTSTANDING) open.push(this.#send(sent++ % lanes));
      for (const [k, step] of open.splice(0, OUTSTANDING / 2).entries()) {
        await this.#check(step);
        if (k % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    for (const step of open) await this.#check(step);
    return sent;
  }

  #send(lane: number): Sent {
    const sequence = this.#next[lane] ?? 0;
    this.#next[lane] = sequence + 1;
    const task = this.#client.asyncStep.alloc(null, HERE, {
      lane,
      sender: this.#sender,
      sequence,
    });
    task.prio = this.#prio;
    task.submit();
    return { task, sequence };
  }

  async #check({ task, sequence }: Sent): Promise<void> {
    await task.wait();
    assert.equal(task.previous, sequence - 1, `sender ${this.#sender}`);
    task.free();
  }
}

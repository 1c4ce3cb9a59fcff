/** What the jobs of a run share: the node's pools, and which errors are to be expected. */

import { ChimaeraError, type ErrorName } from "../../../runtime/errors.ts";
import { LIMITS } from "../../../runtime/limits.ts";
import type { Node } from "../../../runtime/node.ts";
import type { Port } from "../../../runtime/session/mod.ts";
import type { Task, WaitOptions } from "../../../runtime/task/mod.ts";
import type { ClientProcess } from "./client_process.ts";
import { Client as BusyClient } from "./modules/busy/busy_client.ts";
import type { Witness } from "./witness.ts";
import type { World } from "../../../runtime/testing/mod.ts";

/** What a client may hear when its node stops. */
const AT_THE_END: readonly ErrorName[] = ["shutdown", "aborted", "sessionClosed"];

export class Scene {
  readonly world: World;
  readonly node: Node;
  readonly witness: Witness;
  /** Pools of the busy module, as far as their makers know. */
  readonly pools = new Map<string, number>();
  /** The node's memory is, or was, all in use. */
  wasFull = false;
  /** Workers that died. */
  lostWorkers = 0;

  constructor(world: World, node: Node, witness: Witness) {
    this.world = world;
    this.node = node;
    this.witness = witness;
  }

  /** A stub of some pool by some port of the client; null while there is none. */
  stub(client: ClientProcess): { stub: BusyClient; port: Port; poolId: number } | null {
    const pools = [...this.pools.values()];
    if (pools.length === 0 || client.ports.length === 0) return null;
    const poolId = client.dice.pick(pools);
    const port = client.dice.pick(client.ports);
    const stub = new BusyClient(port);
    stub.init(poolId);
    return { stub, port, poolId };
  }

  /** A name for the next task of a port. */
  nameFor(client: ClientProcess, port: Port): number {
    return this.witness.sent(this.portNumber(client, port));
  }

  /** Number of a port at the node. */
  portNumber(client: ClientProcess, port: Port): number {
    return client.sessionId * LIMITS.portsPerSession + port.places.index;
  }

  /**
   * Sends a task that was allocated.
   *
   * @returns Whether it went: a full heap and an ended session may keep it.
   */
  send(client: ClientProcess, make: () => Task): Task | null {
    try {
      const task = make();
      task.submit();
      return task;
    } catch (thrown) {
      this.expect(client, thrown, []);
      return null;
    }
  }

  /**
   * Waits for a task's answer.
   *
   * @param expected Errors that the job asked for.
   * @returns Whether it succeeded.
   */
  async answer(
    client: ClientProcess,
    id: number,
    task: Task,
    expected: readonly ErrorName[],
    options?: WaitOptions,
  ): Promise<boolean> {
    try {
      await task.wait(options);
    } catch (thrown) {
      const kind = this.expect(client, thrown, expected);
      if (kind !== "timeout" && kind !== "aborted") this.#heard(client, id, kind);
      return false;
    }
    this.#heard(client, id, null);
    return !client.hostile;
  }

  #heard(client: ClientProcess, id: number, kind: ErrorName | null): void {
    if (id !== 0 && !client.hostile && !client.gone) this.witness.answered(id, kind);
  }

  /** The kind of an error that may come here; any other one is thrown on. */
  expect(client: ClientProcess, thrown: unknown, expected: readonly ErrorName[]): ErrorName {
    if (!(thrown instanceof ChimaeraError)) throw thrown;
    const { kind } = thrown;
    const known = expected.includes(kind) || kind === "poolNotFound" ||
      (kind === "outOfMemory" && this.wasFull) ||
      (kind === "workerDied" && this.lostWorkers > 0) ||
      (client.ended !== null && AT_THE_END.includes(kind)) || client.gone || client.hostile;
    if (!known) throw thrown;
    return kind;
  }

  /** Fails the run unless a result is what it must be. */
  check(client: ClientProcess, is: unknown, mustBe: unknown, what: string): void {
    if (is === mustBe || client.hostile) return;
    this.world.fail(`client ${client.owner}: ${what} is ${is}, not ${mustBe}`);
  }
}

/**
 * Nodes for modules' tests: started, looked over and closed. What `chimaera/test` gives.
 *
 * Thread rules: the test's isolate.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { Node } from "../runtime/node.ts";
import type { NodeOptions } from "../runtime/node_options.ts";
import { environment } from "../runtime/platform/mod.ts";
import type { Session } from "../runtime/session/mod.ts";
import {
  checkFaults,
  type FaultName,
  type Faults,
  LeakCheck,
  leakError,
  showSuppressed,
  SimulatedNode,
} from "../runtime/testing/mod.ts";

/** What may be chosen of a test's node, besides what may be chosen of any. */
export interface TestOptions extends NodeOptions {
  /**
   * Simulates the node in the test's own thread: with one seed everything happens in one order,
   * with another in another. A whole number from 0 to 2^32 − 1.
   */
  readonly seed?: number;
  /** What goes wrong, and how often; with a seed only. */
  readonly faults?: Faults;
  /** Why memory, tasks or workers may be left when the node is closed; else that is an error. */
  readonly mayLeak?: string;
}

/** A node and a session with it; both are closed together. */
export interface TestNode {
  /** Runs in this process, with the debug heap on. */
  readonly node: Node;
  /** The session of clients that name none. */
  readonly session: Session;
  /**
   * Closes the session, ends the test's pools, looks for what was left, and closes the node.
   *
   * Rejects with CHI-4026 when something was: a block or a task that was not freed, a handler that
   * goes on, a worker that died, a failure that nobody was told of.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A node that is simulated. */
export interface SeededNode extends TestNode {
  /** What decides its order. */
  readonly seed: number;
  /** A hash of all that has happened so far, in order: the same for the same seed. */
  readonly history: string;
  /** How many times some thread has gone on so far. */
  readonly steps: number;
  /** How often each thing has gone wrong so far. */
  readonly faults: Readonly<Record<FaultName, number>>;
}

/** Nodes of this isolate that are open, and whether one is simulated: that one is alone. */
let open = 0;
let isSimulated = false;

/**
 * Starts a node in this process for a test, with the debug heap on and a session that clients use.
 * When it is closed, nothing may be left.
 *
 * Without a seed its workers are threads, as in a program. With one the node is simulated: workers,
 * clock and timers are played in the test's own thread, and the seed decides before each pass of a
 * loop who goes on. The test calls modules and awaits them as usual; time passes while it does, and
 * for `delay` of `chimaera/platform`. See docs/testing_modules.md for what differs.
 *
 * @param options As for `startNode` of `chimaera/node`; two workers when absent. Throws CHI-1001
 * for a seed or faults that there are not, and for a simulated node beside another one.
 *
 * @example
 * ```ts
 * import { DomainQuery } from "chimaera";
 * import { Client } from "chimaera/small_message_client";
 * import { startNode } from "chimaera/test";
 *
 * await using started = await startNode({ seed: 7 });
 * const here = DomainQuery.getLocalId();
 * const client = new Client(started.session);
 * await client.create(here, here, "messages");
 * console.assert(await client.md(here, 3) === 4);
 * ```
 */
export function startNode(options: TestOptions & { readonly seed: number }): Promise<SeededNode>;
/** The same; simulated or not. */
export function startNode(options?: TestOptions): Promise<TestNode>;
export async function startNode(options: TestOptions = {}): Promise<TestNode> {
  const { seed, faults = {}, mayLeak, ...nodeOptions } = options;
  checkOptions(options);
  showSuppressed();
  open++;
  isSimulated = seed !== undefined;
  try {
    const settings = { workers: 2, debugHeap: true, ...nodeOptions };
    return seed === undefined
      ? await startReal(settings, mayLeak)
      : await startSeeded(settings, seed, faults, mayLeak);
  } catch (thrown) {
    onClosed();
    throw thrown;
  }
}

/**
 * Runs a test once for each seed from 0 on, with a fresh simulated node each time.
 *
 * Rejects with CHI-4028, which names the seed, when the test or the end of its node fails; the
 * cause is that failure. With CHIMAERA_SEED in the environment only that seed is run.
 *
 * @param count How many seeds.
 * @param options As for {@linkcode startNode}.
 */
export async function forSeeds(
  count: number,
  options: TestOptions,
  test: (started: SeededNode) => void | Promise<void>,
): Promise<void> {
  const only = environment("CHIMAERA_SEED") ?? "";
  const seeds = only === "" ? Array.from({ length: count }, (_, seed) => seed) : [Number(only)];
  for (const seed of seeds) {
    const failures = await failuresOf(seed, options, test);
    if (failures.length === 0) continue;
    const cause = failures[0]; // What comes at the end may come of it.
    throw new ChimaeraError("seedFailed", {
      what: `seed ${seed}`,
      why: cause instanceof Error ? cause.message || cause.name : String(cause),
      hint: `CHIMAERA_SEED=${seed} runs this one again`,
      cause,
    });
  }
}

/** What a test and the end of its node fail with, in this order. */
async function failuresOf(
  seed: number,
  options: TestOptions,
  test: (started: SeededNode) => void | Promise<void>,
): Promise<unknown[]> {
  const failures: unknown[] = [];
  const note = (thrown: unknown) => void failures.push(thrown);
  try {
    const started = await startNode({ ...options, seed });
    await Promise.resolve(started).then(test).catch(note);
    await started[Symbol.asyncDispose]();
  } catch (thrown) {
    note(thrown);
  }
  return failures;
}

function checkOptions({ seed, faults, instance }: TestOptions): void {
  const refuse = (why: string, hint: string): never => {
    throw new ChimaeraError("usage", { what: "start a test's node", why, hint });
  };
  if (seed === undefined) {
    if (faults !== undefined) refuse("faults need a seed", "add `seed: 0`, or leave `faults` out");
    if (isSimulated) refuse("a simulated one is open", "close it first");
    return;
  }
  if (seed >>> 0 !== seed) refuse(`${seed} is no seed`, "a seed is a whole number from 0 on");
  if (open > 0) refuse("another one is open", "a simulated node is alone: close the other first");
  if (instance !== undefined) {
    refuse("other processes cannot reach a simulated node", "leave out `instance` or `seed`");
  }
  checkFaults(faults ?? {});
}

function onClosed(): void {
  open--;
  isSimulated = false;
}

async function firstSession(node: Node, close: () => Promise<void>): Promise<Session> {
  try {
    const session = await node.connect();
    session.makeDefault();
    return session;
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function startReal(options: NodeOptions, mayLeak: string | undefined): Promise<TestNode> {
  const node = await Node.start(options);
  const check = new LeakCheck(node);
  const session = await firstSession(node, () => node.close());
  let isOpen = true;
  return {
    node,
    session,
    async [Symbol.asyncDispose](): Promise<void> {
      if (!isOpen) return;
      isOpen = false;
      let found: readonly string[] = [];
      try {
        if (mayLeak === undefined) found = await check.finish(session);
        else await session.close();
      } finally {
        await node.close();
        onClosed();
      }
      const error = leakError("end of the test's node", found);
      if (error !== null) throw error;
    },
  };
}

async function startSeeded(
  options: NodeOptions,
  seed: number,
  faults: Faults,
  mayLeak: string | undefined,
): Promise<SeededNode> {
  const simulated = await SimulatedNode.start(options, seed, faults);
  const { node } = simulated;
  const check = new LeakCheck(node);
  const session = await firstSession(node, () => simulated.close());
  simulated.disturb();
  let isOpen = true;
  return {
    node,
    session,
    seed,
    get history() {
      return simulated.history;
    },
    get steps() {
      return simulated.steps;
    },
    get faults() {
      return simulated.faults;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      if (!isOpen) return;
      isOpen = false;
      let found: readonly string[] = [];
      try {
        found = await finishSeeded(simulated, check, session, mayLeak);
      } finally {
        await simulated.close();
        onClosed();
      }
      if (simulated.failure !== null) throw simulated.failure;
      const error = leakError(`end of the node with seed ${seed}`, found);
      if (error !== null) throw error;
    },
  };
}

async function finishSeeded(
  simulated: SimulatedNode,
  check: LeakCheck,
  session: Session,
  mayLeak: string | undefined,
): Promise<readonly string[]> {
  await simulated.calm();
  if (mayLeak !== undefined || simulated.failure !== null) {
    await session.close();
    return [];
  }
  const { usedAtLoss } = simulated;
  const found = await check.finish(session, { usedAtLoss });
  return [...found, ...simulated.strays];
}

/**
 * What a test has left of a node when it closes it: blocks that did not come back, tasks that were
 * not freed, handlers that go on, workers that died, failures that nobody was told of.
 *
 * Memory is compared with what was in use before the test began, so the pools that the test made are
 * ended first, the last one first, and with them what their modules hold. Blocks are known with the
 * debug heap only.
 *
 * Thread rules: the thread that assembled the node.
 */

import { ChimaeraError } from "../errors.ts";
import type { PoolInfo } from "../lane/mod.ts";
import { LIMITS } from "../limits.ts";
import { type LiveBlock, liveBlocks } from "../memory/mod.ts";
import type { Node } from "../node.ts";
import { delay, realClock } from "../platform/mod.ts";
import { heldOf, type Session } from "../session/mod.ts";

/** What is no leak. */
export interface Pardon {
  /** What was in use when a worker was lost on purpose; null when none was. */
  readonly usedAtLoss: readonly LiveBlock[] | null;
}

const NO_PARDON: Pardon = { usedAtLoss: null };
/** Between two looks whether memory has come back; it grows. */
const LOOK_MS_MAX = 50;

export class LeakCheck {
  readonly #node: Node;
  readonly #blocksBefore: ReadonlySet<string>;
  readonly #poolsBefore: ReadonlySet<number>;
  readonly #found: string[] = [];

  /** Notes what is in use before a test begins. */
  constructor(node: Node) {
    this.#node = node;
    this.#blocksBefore = new Set(this.#blocks().map(identity));
    this.#poolsBefore = new Set(node.pools.list().map(({ id }) => id));
  }

  /** Something else that a test must not leave. */
  note(what: string): void {
    this.#found.push(what);
  }

  /**
   * Closes the session, ends the pools, waits for memory to come back.
   *
   * @returns What was left; empty for nothing.
   */
  async finish(session: Session, pardon: Pardon = NO_PARDON): Promise<readonly string[]> {
    const node = this.#node;
    this.#noteHeld(session);
    await session.close();
    if (node.isStopping) return this.#found;
    const pools = node.pools.list().filter(({ id }) => !this.#poolsBefore.has(id));
    this.#noteSessions();
    await this.#endPools(pools);
    await this.#noteBlocks(pools, pardon);
    this.#noteFailures(pardon);
    return this.#found;
  }

  /** What the test itself has not given back. */
  #noteHeld(session: Session): void {
    const { blocks, tasks } = heldOf(session);
    for (const { block, where } of blocks) {
      const place = where.split("\n")[0]?.replace(/^\s*at /, "") ?? "";
      this.note(
        `a block of ${block.size} bytes of the session was not freed` +
          (place === "" ? "" : `; allocated at ${place}`),
      );
    }
    const names = tasks.map((task) => `${task.constructor.name} of pool ${task.header.poolId}`);
    for (const [name, count] of counted(names)) {
      this.note(count === 1 ? `a ${name} was not freed` : `${count} ${name} were not freed`);
    }
  }

  /** A session that does not end is held by a handler. */
  #noteSessions(): void {
    const open = this.#node.sessions.info().filter(({ isClosing }) => isClosing);
    for (const { id } of open) this.note(`tasks of session ${id} go on after its end`);
  }

  async #endPools(pools: readonly PoolInfo[]): Promise<void> {
    for (const { id } of pools.toReversed()) {
      try {
        await this.#node.pools.destroy(id);
      } catch (thrown) {
        if (!(thrown instanceof ChimaeraError)) throw thrown;
        // A policy in force, and a pool that was ended meanwhile, are nobody's mistake.
        if (thrown.kind === "poolInUse" || thrown.kind === "poolNotFound") continue;
        this.note(thrown.message);
      }
    }
  }

  async #noteBlocks(pools: readonly PoolInfo[], { usedAtLoss }: Pardon): Promise<void> {
    const endMs = realClock.nowMs() + LIMITS.leakGraceMs;
    const pardoned = new Set(usedAtLoss?.map(identity));
    const left = () =>
      this.#blocks().filter((block) => {
        const name = identity(block);
        if (this.#blocksBefore.has(name) || pardoned.has(name)) return false;
        // Error records that nobody lived to read.
        return usedAtLoss === null || block.sizeBytes !== LIMITS.errorRecordBytes;
      });
    let blocks = left();
    for (let ms = 1; blocks.length > 0 && realClock.nowMs() < endMs; ms *= 2) {
      await delay(Math.min(ms, LOOK_MS_MAX));
      blocks = left();
    }
    for (const [what, count] of counted(blocks.map((block) => describe(block, pools)))) {
      this.note(`${count === 1 ? "a block" : `${count} blocks`} of ${what}`);
    }
  }

  #noteFailures({ usedAtLoss }: Pardon): void {
    const { lost, malformed } = this.#node.stats();
    for (const { worker, why } of usedAtLoss === null ? lost : lost.slice(1)) {
      this.note(`worker ${worker} was lost: ${why}`);
    }
    if (malformed > 0) this.note(`${malformed} sessions broke the rules of shared memory`);
    const { strays } = this.#node;
    if (strays > 0) this.note(`${strays} failures that no task was told of, see standard error`);
  }

  #blocks(): LiveBlock[] {
    return this.#node.debugHeap ? liveBlocks(this.#node.segment) : [];
  }
}

function identity({ offset, owner, generation }: LiveBlock): string {
  return `${offset} ${owner} ${generation}`;
}

function describe({ sizeBytes, label, owner }: LiveBlock, pools: readonly PoolInfo[]): string {
  if (label === 0) return `${sizeBytes} bytes of the runtime on worker ${owner}`;
  const pool = pools.find(({ id }) => id === label);
  const name = pool === undefined ? `pool ${label}` : `pool ${pool.name} (${pool.libName})`;
  return `${sizeBytes} bytes of ${name}`;
}

function counted(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** What was left, as one error; null for nothing. */
export function leakError(what: string, found: readonly string[]): ChimaeraError | null {
  if (found.length === 0) return null;
  return new ChimaeraError("leak", { what, why: found.join("; ") });
}

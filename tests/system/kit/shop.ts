/**
 * A node with a module repo whose module `ledger` a test rewrites, and what tests of upgrades do
 * with it.
 */

import assert from "node:assert/strict";
import { DomainQuery, type Session, type UpgradeInfo } from "chimaera";
import { type ModuleSpec, type Node, startNode } from "chimaera/node";
import { Client as Admin } from "chimaera/admin_client";
import type { Client as Faulty } from "../modules/faulty/faulty_client.ts";
import { Fault } from "../modules/faulty/faulty_tasks.ts";
import { eventually } from "./expect.ts";
import { LedgerClient, LedgerRepo, type LedgerVersion } from "./ledger_repo.ts";
import { liveBlocks } from "../../../runtime/memory/mod.ts";

const HERE = DomainQuery.getLocalId();

export const LEDGER = "shop_ledger";

/** A node with the repo of {@linkcode LedgerRepo}. */
export interface Shop {
  readonly repo: LedgerRepo;
  readonly node: Node;
  readonly session: Session;
  readonly admin: Admin;
  readonly client: LedgerClient;
  /** Has the ledger's pools run what its folder has now. */
  readonly upgrade: () => Promise<UpgradeInfo>;
}

export interface ShopOptions {
  readonly workers?: number;
  readonly first?: LedgerVersion;
  /** Modules besides the ledger. */
  readonly modules?: readonly ModuleSpec[];
  /** Whether blocks may be left: those of a lost worker are. */
  readonly leavesBlocks?: boolean;
}

/** Runs `body` with a shop; checks that no block is left when its pools have ended. */
export async function withShop(
  { workers = 2, first = { version: 1 }, modules = [], leavesBlocks = false }: ShopOptions,
  body: (shop: Shop) => Promise<void>,
): Promise<void> {
  using repo = new LedgerRepo(first);
  await using node = await startNode({
    workers,
    debugHeap: true,
    memoryBytes: 128 << 20,
    repos: [repo.folder],
    modules,
  });
  {
    await using session = await node.connect(64 << 20);
    const admin = new Admin(session);
    const upgrade = () => admin.upgradeModule(HERE, LEDGER);
    await body({ repo, node, session, admin, client: new LedgerClient(session), upgrade });
    for (const { id, libName } of node.pools.list()) {
      if (libName === LEDGER) await admin.destroyContainer(HERE, id);
    }
  }
  if (leavesBlocks) return;
  await eventually("no block is left", () => liveBlocks(node.segment).length === 0);
}

/** Waits until so many tasks of a pool's lanes have begun. */
export async function begun({ node, client }: Shop, count: number): Promise<void> {
  await eventually(`${count} tasks have begun`, () => {
    const { lanes } = node.pools.list().find(({ id }) => id === client.poolId)!;
    return lanes.reduce((sum, { done }) => sum + done, 0) >= count;
  });
}

/** Has a worker's thread die, on which `faulty` has a lane. */
export async function loseWorker({ node }: Shop, faulty: Faulty, worker: number): Promise<void> {
  const before = node.stats().lost.length;
  const { lanes } = node.pools.list().find(({ id }) => id === faulty.poolId)!;
  const lane = lanes.find((lane) => lane.worker === worker)!.index;
  const fails = faulty.fail(HERE, Fault.endsTheLoop, lane).catch(() => {}); // Often it is answered.
  await eventually(`worker ${worker} is lost`, () => node.stats().lost.length > before);
  await fails;
}

/** The versions that the lanes of the ledger answer with, and their sums. */
export async function answers(
  { client }: Shop,
  lanes: number,
): Promise<readonly { readonly sum: number; readonly version: number }[]> {
  const found: { sum: number; version: number }[] = [];
  for (let lane = 0; lane < lanes; lane++) found.push(await client.add(lane, 0));
  return found;
}

/** Fails unless all lanes answer with a version and these sums. */
export async function answersAre(
  shop: Shop,
  version: number,
  sums: readonly number[],
): Promise<void> {
  const expected = sums.map((sum) => ({ sum, version }));
  assert.deepEqual(await answers(shop, sums.length), expected);
}

/** Live upgrades: the code of a module is replaced while its pools are used. */

import assert from "node:assert/strict";
import { DomainQuery } from "chimaera";
import { startNode } from "chimaera/test";
import { Client as Admin } from "chimaera/admin_client";
import { test } from "../permission.ts";
import { LedgerClient, LedgerRepo, type LedgerVersion } from "./kit/ledger_repo.ts";
import { WORKER_COUNTS } from "./kit/worker_counts.ts";

const LOCAL = DomainQuery.getLocalId();

async function shop(workers: number, first: LedgerVersion = { version: 1 }) {
  const repo = new LedgerRepo(first);
  const started = await startNode({ workers, repos: [repo.folder] });
  const { session, node } = started;
  const admin = new Admin(session);
  const client = new LedgerClient(session);
  const upgrade = () => admin.upgradeModule(LOCAL, "shop_ledger");
  return {
    repo,
    node,
    session,
    admin,
    client,
    upgrade,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      repo[Symbol.dispose]();
    },
  };
}

for (const workers of WORKER_COUNTS) {
  test(`upgrade: the new code answers, with the state of the old one (W = ${workers})`, async () => {
    await using it = await shop(workers);
    await it.client.create("books", 3);
    for (let lane = 0; lane < 3; lane++) await it.client.add(lane, 10 * (lane + 1));
    it.repo.write({ version: 2 });
    assert.deepEqual(await it.client.add(0, 1), { sum: 11, version: 1 });
    const info = await it.upgrade();
    assert.deepEqual([info.pools, info.lanes, info.restarted], [1, 3, 0]);
    assert.notEqual(info.from, info.to);
    assert.deepEqual(await it.client.add(0, 1), { sum: 12, version: 2 });
    assert.deepEqual(await it.client.add(1, 1), { sum: 21, version: 2 });
    assert.deepEqual(await it.client.add(2, 1), { sum: 31, version: 2 });
    const again = await it.upgrade();
    assert.equal(again.to, info.to);
  });
}

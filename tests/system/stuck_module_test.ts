/** A module that does not come back from its top level, while a worker tries it. */

import assert from "node:assert/strict";
import { DomainQuery } from "chimaera";
import { startNode } from "chimaera/node";
import { Client as Admin } from "chimaera/admin_client";
import { test } from "../permission.ts";
import { rejectsWith } from "./kit/expect.ts";
import { LedgerClient, LedgerRepo } from "./kit/ledger_repo.ts";
import { LEDGER } from "./kit/shop.ts";

const HERE = DomainQuery.getLocalId();
const ABANDON_MS = 1100;
/** It ends some time, or the test's process would not. */
const LOOPS = "const endMs = Date.now() + 3000;\nwhile (Date.now() < endMs);";

test("a module that loops at its top level is named, and its worker replaced", async () => {
  using repo = new LedgerRepo();
  const held: string[] = [];
  await using node = await startNode({
    workers: 2,
    debugHeap: true,
    memoryBytes: 128 << 20,
    repos: [repo.folder],
    stallAbandonMs: ABANDON_MS,
    onStall: ({ libName, poolName }) => void held.push(`${libName} of "${poolName}"`),
  });
  await using session = await node.connect(64 << 20);
  const admin = new Admin(session);
  const client = new LedgerClient(session);
  await client.create("books", 2);
  await client.add(0, 3);

  // Handlers run up to the moment, and must not be taken for what holds the worker.
  let isBusy = true;
  const callers = Array.from({ length: 8 }, async (_, lane) => {
    while (isBusy) await client.add(lane % 2, 0).catch(() => {}); // Some are lost with the worker.
  });
  repo.write({ version: 2, top: LOOPS });
  // The worker that tries it has the admin's lane too, and its task is lost with it.
  const error = await rejectsWith("CHI-4009", admin.upgradeModule(HERE, LEDGER));
  assert.match(error.message, /the top level of shop_ledger: it held worker \d for \d+ ms/);
  assert.deepEqual(held, [`${LEDGER} of ""`]);
  assert.deepEqual(node.stats().lost.map(({ isStuck }) => isStuck), [true]);

  isBusy = false;
  await Promise.all(callers);
  // Others are tried elsewhere meanwhile, and pools are made.
  repo.write({ version: 3 });
  await admin.upgradeModule(HERE, LEDGER);
  assert.equal((await client.add(1, 1)).version, 3);
  await client.create("more books", 2);
});

/** Tests of the MOD_NAME module, on a node in this process. */

import assert from "node:assert/strict";
import { DomainQuery } from "chimaera";
import { startNode } from "chimaera/test";
import { Client } from "./MOD_NAME_client.ts";

const LOCAL = DomainQuery.getLocalId();
const REPO = new URL("..", import.meta.url);

Deno.test("MOD_NAME: a pool is made, and found again by its name", async () => {
  await using started = await startNode({ repos: [REPO] });
  const first = new Client(started.session);
  await first.create(LOCAL, LOCAL, "pool");
  const second = new Client(started.session);
  await second.create(LOCAL, LOCAL, "pool");
  assert.equal(second.poolId, first.poolId);
});

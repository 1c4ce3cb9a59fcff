import assert from "node:assert/strict";
import { DomainQuery } from "chimaera";
import { moduleInFolder } from "chimaera/node";
import { startNode } from "chimaera/test";
import { test } from "../../tests/permission.ts";
import { Client } from "./MOD_NAME_client.ts";

const LOCAL = DomainQuery.getLocalId();
const MODULE = moduleInFolder(new URL(".", import.meta.url), "chimaera");

test("MOD_NAME: a pool is made, and found again by its name", async () => {
  await using started = await startNode({ modules: [MODULE] });
  const first = new Client(started.session);
  await first.create(LOCAL, LOCAL, "pool");
  const second = new Client(started.session);
  await second.create(LOCAL, LOCAL, "pool");
  assert.equal(second.poolId, first.poolId);
});

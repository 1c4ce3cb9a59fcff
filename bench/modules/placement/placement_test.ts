import assert from "node:assert/strict";
import { CreateContext, DomainQuery } from "chimaera";
import { moduleInFolder } from "chimaera/node";
import { startNode } from "chimaera/test";
import { Client as AdminClient } from "../../../chimods/admin/admin_client.ts";
import { test } from "../../../tests/permission.ts";
import { Client } from "./placement_client.ts";

const HERE = DomainQuery.getLocalId();
const MODULES = [moduleInFolder(new URL("./", import.meta.url), "bench")];

test("placement: binds every worker to the one processor", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using started = await startNode({ workers: 2, modules: MODULES });
  const { node, session } = started;
  const policy = new Client(session);
  await policy.create(HERE, HERE, "placement", new CreateContext(), 0);
  await new AdminClient(session).setWorkOrchProcPolicy(HERE, policy.poolId);
  assert.deepEqual(node.workerInfo().map(({ cpu }) => cpu), [0, 0]);
});

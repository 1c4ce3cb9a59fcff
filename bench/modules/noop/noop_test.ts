import assert from "node:assert/strict";
import { DomainQuery } from "chimaera";
import { moduleInFolder } from "chimaera/node";
import { startNode } from "chimaera/test";
import { test } from "../../../tests/permission.ts";
import { Client } from "./noop_client.ts";

const HERE = DomainQuery.getLocalId();
const MODULES = [moduleInFolder(new URL("./", import.meta.url), "bench")];

for (const workers of [1, 2]) {
  test(`noop with ${workers} workers: every method answers`, async () => {
    await using started = await startNode({ workers, modules: MODULES });
    const { session } = started;
    const client = new Client(session);
    await client.create(HERE, HERE, "noop");
    assert.equal(await client.noop(HERE, 41), 42);
    assert.equal(await client.slowNoop(HERE, 41), 42);
    assert.equal(await client.nest(HERE, 100), 5050);
    using block = session.alloc(1000);
    block.bytes.fill(3);
    assert.equal(await client.pass(HERE, block), 1006);
  });
}

test("noop: nest finds a lane of another worker where there is one", async () => {
  await using started = await startNode({ workers: 2, modules: MODULES });
  const client = new Client(started.session);
  await client.create(HERE, HERE, "noop");
  assert.equal(await client.nest(HERE, 100, true), 5050);
});

test("noop: nest across workers needs two of them", async () => {
  await using started = await startNode({ workers: 1, modules: MODULES });
  const client = new Client(started.session);
  await client.create(HERE, HERE, "noop");
  await assert.rejects(client.nest(HERE, 1, true), { code: "CHI-4007" });
});

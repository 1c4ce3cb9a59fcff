import assert from "node:assert/strict";
import { join } from "node:path";
import { CreateContext, DomainQuery } from "chimaera";
import { moduleInFolder } from "chimaera/node";
import { startNode } from "chimaera/test";
import { test } from "../../../tests/permission.ts";
import { Client } from "./lanes_client.ts";

const HERE = DomainQuery.getLocalId();
const MODULES = [moduleInFolder(new URL("./", import.meta.url), "bench")];

for (const workers of [1, 2]) {
  test(`lanes with ${workers} workers: every method answers`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const path = join(folder, "pages");
      await Deno.writeFile(path, new Uint8Array(8192).fill(3));
      await using started = await startNode({ workers, modules: MODULES });
      const client = new Client(started.session);
      await client.create(HERE, HERE, "lanes", new CreateContext(), path);
      assert.equal(await client.noop(HERE, 41), 42);
      assert.equal(await client.fanout(HERE, 64), 64 * 65 / 2);
      assert.equal(await client.read(HERE, 4096), 4096 * 3);
      assert.equal(await client.spin(HERE, 1, 1), 270369);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

test("lanes: work finds a lane of another worker where there is one", async () => {
  await using started = await startNode({ workers: 2, modules: MODULES });
  const client = new Client(started.session);
  await client.create(HERE, HERE, "lanes");
  assert.equal(await client.fanout(HERE, 64, true), 64 * 65 / 2);
  assert.equal(await client.spin(HERE, 1, 1, true), 270369);
});

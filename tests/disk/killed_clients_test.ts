/** Clients that are killed while the kernel writes into their memory. */

import assert from "node:assert/strict";
import { Instance } from "chimaera/node";
import { test } from "../permission.ts";
import { eventually } from "../system/kit/expect.ts";
import { RuntimeFolder } from "../system/kit/runtime_folder.ts";
import { checkPattern, HAS_RING } from "./files.ts";
import { HERE, POOL, Store } from "./store.ts";

const ROUNDS = 8;
const BLOCK_BYTES = 8192;
const SCRIPT = new URL("./client.ts", import.meta.url).pathname;

/** Starts a client and waits until its reads are under way. */
async function startClient(store: Store): Promise<Deno.ChildProcess> {
  const client = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", SCRIPT, POOL, store.path, store.pipe],
    stdout: "piped",
  }).spawn();
  const reader = client.stdout.getReader();
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value), "under way\n");
  await reader.cancel();
  return client;
}

/** Reads as an untouched client does. */
async function readOn(store: Store): Promise<void> {
  using data = store.session.alloc(BLOCK_BYTES);
  for (let round = 0; round < 50; round++) {
    assert.equal(await store.client.read(HERE, data, round * 97), BLOCK_BYTES);
    checkPattern(data.bytes, round * 97);
  }
}

const sessionsOf = (store: Store) =>
  store.node.stats().sessions.filter(({ transport }) => transport === "shm").length;

for (const workers of [1, 2]) {
  test({
    name: `disk: killed clients, ${workers} workers`,
    ignore: !HAS_RING,
    fn: async () => {
      using _folder = new RuntimeFolder();
      await using store = await Store.open({ workers, instance: Instance.claim() });
      for (let round = 0; round < ROUNDS; round++) {
        const client = await startClient(store);
        await readOn(store);
        client.kill("SIGKILL");
        await client.status;
        await readOn(store);
        // What the kernel may still write into is not given back.
        assert.equal(sessionsOf(store), 1);
        for (let left = 2; left > 0; left--) {
          await store.writePipe("late");
          await store.client.echo(HERE, 1);
        }
        await eventually("the session goes", () => sessionsOf(store) === 0);
        await readOn(store);
      }
    },
  });
}

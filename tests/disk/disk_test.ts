import assert from "node:assert/strict";
import { test } from "../permission.ts";
import { checkPattern, HAS_RING, pattern } from "./files.ts";
import { Client } from "./modules/store/store_client.ts";
import { FILE_BYTES, HERE, Store } from "./store.ts";

const BLOCK_BYTES = 8192;

/** Sets a variable for the workers that start meanwhile. */
function withVariable(name: string, value: string): Disposable {
  const before = Deno.env.get(name);
  Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      if (before === undefined) Deno.env.delete(name);
      else Deno.env.set(name, before);
    },
  };
}

/** Reads and writes over every lane at once, and compares with what the file holds. */
async function exercise(store: Store, lanes: number): Promise<void> {
  const { session, client } = store;
  const readers = Array.from({ length: 32 }, async (_, reader) => {
    using data = session.alloc(BLOCK_BYTES);
    for (let round = 0; round < 20; round++) {
      const offset = (reader * 7919 + round * 104729) % (FILE_BYTES - BLOCK_BYTES);
      data.bytes.fill(0);
      assert.equal(await client.read(HERE, data, offset, reader % lanes), BLOCK_BYTES);
      checkPattern(data.bytes, offset);
    }
  });
  await Promise.all(readers);

  using data = session.alloc(BLOCK_BYTES);
  assert.equal(await client.read(HERE, data, FILE_BYTES - 100), 100);
  checkPattern(data.bytes.subarray(0, 100), FILE_BYTES - 100);
  assert.equal(await client.read(HERE, data, FILE_BYTES), 0);

  data.bytes.set(pattern(5, BLOCK_BYTES));
  for (let lane = 0; lane < lanes; lane++) {
    const offset = FILE_BYTES + lane * BLOCK_BYTES;
    assert.equal(await client.write(HERE, data, offset, lane), BLOCK_BYTES);
  }
  const bytes = Deno.readFileSync(store.path);
  assert.equal(bytes.length, FILE_BYTES + lanes * BLOCK_BYTES);
  for (let lane = 0; lane < lanes; lane++) {
    const offset = FILE_BYTES + lane * BLOCK_BYTES;
    checkPattern(bytes.subarray(offset, offset + BLOCK_BYTES).map((b) => b), 5);
  }
}

for (const workers of [1, 2, 4]) {
  test(`disk: handlers read and write, ${workers} workers`, async () => {
    const lanes = workers * 2;
    await using store = await Store.open({ workers, lanes });
    await exercise(store, lanes);
    for (let lane = 0; lane < lanes; lane++) {
      const backend = await store.client.check(HERE, 2 * FILE_BYTES, lane);
      assert.equal(backend, HAS_RING ? "io_uring" : "blocking");
    }
    const { diskBackend, workers: infos } = store.node.stats();
    assert.equal(diskBackend, HAS_RING ? "io_uring" : "blocking");
    assert.ok(infos.every(({ disk }) => disk === diskBackend), "every worker has used its own");
  });

  test(`disk: the same without a ring, ${workers} workers`, async () => {
    using _ = withVariable("CHIMAERA_IO_URING", "0");
    const lanes = workers * 2;
    await using store = await Store.open({ workers, lanes });
    await exercise(store, lanes);
    assert.equal(await store.client.check(HERE, 2 * FILE_BYTES), "blocking");
  });
}

test("disk: what the system refuses is the error of its task, and of no other", async () => {
  await using store = await Store.open({ workers: 1 });
  const { client, session } = store;
  using data = session.alloc(64);
  const full = new Client(session);
  await full.create(HERE, HERE, "full", { path: "/dev/full" });
  for (let round = 0; round < 20; round++) {
    const refused = full.write(HERE, data, 0);
    const read = client.read(HERE, data, round);
    await assert.rejects(refused, { code: "CHI-1105", message: /^write \/dev\/full: ENOSPC/ });
    assert.equal(await read, 64);
    checkPattern(data.bytes, round);
  }
});

test({
  name: "disk: other tasks of the lane go on while a read takes its time",
  ignore: !HAS_RING,
  fn: async () => {
    await using store = await Store.open({ workers: 1 });
    const { client, session } = store;
    using data = session.alloc(64);
    using other = session.alloc(BLOCK_BYTES);
    for (let round = 0; round < 5; round++) {
      let ended = false;
      const reading = client.readPipe(HERE, data).finally(() => ended = true);
      for (let value = 0; value < 200; value++) {
        assert.equal(await client.echo(HERE, value), value + 1);
        if (value % 10 === 0) {
          assert.equal(await client.read(HERE, other, value), BLOCK_BYTES);
          checkPattern(other.bytes, value);
        }
      }
      assert.equal(ended, false);
      await store.writePipe(`round ${round}`);
      assert.equal(await reading, 7);
      assert.equal(new TextDecoder().decode(data.bytes.slice(0, 7)), `round ${round}`);
    }
  },
});

test({
  name: "disk: more reads than the kernel is given at once",
  ignore: !HAS_RING,
  fn: async () => {
    await using store = await Store.open({ workers: 1 });
    const { client, session } = store;
    using data = session.alloc(1);
    // Every one waits for the pipe; those beyond the limit for their turn.
    const readings = Array.from({ length: 300 }, () => client.readPipe(HERE, data));
    assert.equal(await client.echo(HERE, 1), 2);
    let left = readings.length;
    for (const reading of readings) reading.then(() => left--);
    while (left > 0) {
      await store.writePipe("x");
      await client.echo(HERE, left);
    }
    for (const reading of readings) assert.equal(await reading, 1);
  },
});

test({
  name: "disk: a completion is noticed in the event loop too",
  ignore: !HAS_RING,
  fn: async () => {
    await using store = await Store.open({ workers: 1 });
    const { client, session } = store;
    using data = session.alloc(64);
    for (let round = 0; round < 5; round++) {
      const holding = client.hold(HERE);
      const reading = client.readPipe(HERE, data);
      assert.equal(await client.echo(HERE, round), round + 1);
      await store.writePipe("hello");
      assert.equal(await reading, 5); // While the other handler waits for something foreign.
      assert.equal(await client.read(HERE, data, round), 64);
      checkPattern(data.bytes, round);
      await client.release(HERE);
      await holding;
    }
  },
});

test({
  name: "disk: a task is over when the kernel is done with it, and not before",
  ignore: !HAS_RING,
  fn: async () => {
    await using store = await Store.open({ workers: 1 });
    const { client, session } = store;
    using data = session.alloc(64);
    let ended = false;
    const reading = client.readPipe(HERE, data, false).finally(() => ended = true);
    for (let value = 0; value < 100; value++) await client.echo(HERE, value);
    assert.equal(ended, false);
    await store.writePipe("late");
    await reading;
    assert.equal(new TextDecoder().decode(data.bytes.slice(0, 4)), "late");
  },
});

test({
  name: "disk: a node ends while reads wait",
  ignore: !HAS_RING,
  fn: async () => {
    const rings = () => Deno.readTextFileSync("/proc/self/maps").match(/io_uring/g)?.length ?? 0;
    const before = rings();
    {
      await using store = await Store.open({ workers: 2, lanes: 2 });
      using data = store.session.alloc(64);
      const readings = [0, 1].map((lane) => store.client.readPipe(HERE, data, true, lane));
      for (const lane of [0, 1]) await store.client.echo(HERE, 1, lane);
      const outcomes = Promise.allSettled(readings);
      await store.session.close();
      for (const outcome of await outcomes) assert.equal(outcome.status, "rejected");
    }
    assert.equal(rings(), before);
  },
});

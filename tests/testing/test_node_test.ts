/**
 * Nodes for modules' tests: what is left is found; a seed decides everything, and nothing else does;
 * what cannot be simulated is named.
 */

import assert from "node:assert/strict";
import { ChimaeraError, CreateContext, DomainQuery } from "chimaera";
import { moduleInFolder } from "chimaera/node";
import { Client as Messages } from "chimaera/small_message_client";
import { delay } from "chimaera/platform";
import { type Faults, forSeeds, type SeededNode, startNode, type TestOptions } from "chimaera/test";
import { test } from "../permission.ts";
import { Client as Nomad } from "../system/modules/nomad/nomad_client.ts";
import { Flaw } from "../system/modules/nomad/nomad_tasks.ts";
import { Client as Mischief } from "./modules/mischief/mischief_client.ts";
import { Wait } from "./modules/mischief/mischief_tasks.ts";
import { Client as Tally } from "./modules/tally/tally_client.ts";

const HERE = DomainQuery.getLocalId();
const [MISCHIEF, TALLY] = ["mischief", "tally"].map((name) =>
  moduleInFolder(new URL(`./modules/${name}/`, import.meta.url), "trial")
);
const MODULES = { modules: [MISCHIEF!, TALLY!] };

/** Runs with real threads, and simulated. */
const WAYS: readonly (readonly [string, TestOptions])[] = [
  ["threads", MODULES],
  ["a seed", { ...MODULES, seed: 3 }],
];

/** What closing a node after `use` says of what was left. */
async function leftOf(
  options: TestOptions,
  use: (client: Mischief) => unknown,
): Promise<ChimaeraError | null> {
  const started = await startNode(options);
  const client = new Mischief(started.session);
  await client.create(HERE, HERE, "mischief");
  await use(client);
  try {
    await started[Symbol.asyncDispose]();
    return null;
  } catch (thrown) {
    assert.ok(thrown instanceof ChimaeraError, String(thrown));
    return thrown;
  }
}

/** Calls of a module with several lanes at once. */
async function chat({ session }: SeededNode): Promise<void> {
  const client = new Messages(session);
  await client.create(HERE, HERE, "messages", new CreateContext(), 3);
  const depths = [0, 1, 2, 3, 4, 5];
  const counts = await Promise.all(depths.map((depth, k) => client.md(HERE, depth, k)));
  assert.deepEqual(counts, depths.map((depth) => depth + 1));
  using block = session.alloc(1000);
  block.bytes.fill(2);
  assert.equal(await client.io(HERE, block, 0), 15_000);
}

/** The history of a run. */
async function historyOf(seed: number, options: TestOptions = {}): Promise<string> {
  await using started = await startNode({ ...options, seed });
  await chat(started);
  return started.history;
}

// ---- leaks -----------------------------------------------------------------------------------

for (const [way, options] of WAYS) {
  test(`test node with ${way}: nothing is left of what gives everything back`, async () => {
    assert.equal(await leftOf(options, () => {}), null);
  });

  test(`test node with ${way}: a block that a module keeps is named`, async () => {
    const error = await leftOf(options, async (client) => {
      await client.keep(HERE, 4000);
      await client.keep(HERE, 4000);
      await client.keep(HERE, 100);
    });
    assert.equal(error?.code, "CHI-4026");
    assert.match(error.why, /2 blocks of 4000 bytes of pool mischief \(trial_mischief\)/);
    assert.match(error.why, /a block of 100 bytes of pool mischief \(trial_mischief\)/);
    assert.equal(/runtime/.test(error.why), false, error.why);
    assert.equal(/seed 3/.test(error.what), options.seed === 3);
  });

  test(`test node with ${way}: a block that the test keeps is named, with its line`, async () => {
    const error = await leftOf(options, (client) => {
      const session = client.submitter as unknown as { alloc(sizeBytes: number): unknown };
      session.alloc(1234);
    });
    assert.equal(error?.code, "CHI-4026");
    assert.match(error.why, /^a block of 1234 bytes of the session .* at .*test_node_test\.ts:\d+/);
  });

  test(`test node with ${way}: tasks that the test keeps are named`, async () => {
    const error = await leftOf(options, async (client) => {
      for (let k = 0; k < 2; k++) await client.asyncStray(HERE, { ms: 0 }).wait().catch(() => {});
      client.asyncKeep.alloc(null, HERE, { sizeBytes: 1 });
      client.asyncReal(HERE, { how: Wait.delay }).free(); // This one was given back.
    });
    assert.equal(error?.code, "CHI-4026");
    assert.match(
      error.why,
      /2 StrayTask of pool \d+ were not freed; a KeepTask of pool \d+ was not/,
    );
    assert.equal(/RealTask/.test(error.why), false);
  });

  test(`test node with ${way}: a failure that no task was told of is one of the test's`, async () => {
    const error = await leftOf(options, async (client) => {
      await client.stray(HERE, 0);
      await delay(50);
    });
    assert.equal(error?.code, "CHI-4026");
    assert.match(error.why, /nobody waits for me|1 failures that no task was told of/);
  });

  test(`test node with ${way}: it may leave what it says`, async () => {
    const pardoned = { ...options, mayLeak: "the module under test keeps its blocks" };
    assert.equal(await leftOf(pardoned, (client) => client.keep(HERE, 4000)), null);
  });
}

test("test node: a handler that goes on after its caller has gone is named", async () => {
  const error = await leftOf({ ...MODULES, seed: 1 }, async (client) => {
    client.asyncReal(HERE, { how: Wait.nothing }).free();
    await delay(1);
  });
  assert.equal(error?.code, "CHI-4026");
  assert.match(error.why, /tasks of session \d+ go on after its end/);
  assert.match(error.why, /end pool mischief: .*trial_mischief.kReal/);
});

// ---- seeds -----------------------------------------------------------------------------------

test("seeds: one plays again, whatever was played between", async () => {
  const first = await historyOf(11);
  const others = [];
  for (let seed = 12; seed < 20; seed++) others.push(await historyOf(seed));
  assert.equal(new Set([first, ...others]).size, 9);
  assert.equal(await historyOf(11), first);
});

test("seeds: what the test does in the real machine changes nothing", async () => {
  async function withPauses(pauseMs: number): Promise<string> {
    await using started = await startNode({ seed: 5 });
    const client = new Messages(started.session);
    await client.create(HERE, HERE, "messages");
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    assert.equal(await client.md(HERE, 3), 4);
    await Deno.readTextFile(new URL(import.meta.url));
    assert.equal(await client.md(HERE, 4), 5);
    return started.history;
  }
  assert.equal(await withPauses(0), await withPauses(30));
});

test("seeds: time is the node's own, and passes while the test waits for it", async () => {
  await using started = await startNode({ seed: 1 });
  const { steps } = started;
  await delay(60_000);
  assert.ok(started.steps > steps);
});

test("seeds: an ordinary test of a module holds under each, with each number of workers", async () => {
  for (const workers of [1, 2, 4]) {
    let runs = 0;
    await forSeeds(20, { workers }, async (started) => {
      await chat(started);
      assert.equal(started.node.workers, workers);
      assert.equal(started.seed, runs++);
    });
    assert.equal(runs, 20);
  }
});

test("seeds: files of a DiskFile are read and written, at once and the same every time", async () => {
  const folder = Deno.makeTempDirSync();
  async function run(): Promise<string> {
    await using started = await startNode({ ...MODULES, seed: 4 });
    const client = new Mischief(started.session);
    await client.create(HERE, HERE, "mischief");
    assert.equal(await client.disk(HERE, `${folder}/file`), 8192);
    return started.history;
  }
  try {
    assert.equal(await run(), await run());
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

/** A machine that has other things to do. */
const BUSY = { ...MODULES, faults: { pause: 0.05 } };

/** The test of a module that is wrong: on most days it passes. */
async function addTwice({ session }: SeededNode): Promise<void> {
  const client = new Tally(session);
  await client.create(HERE, HERE, "tally");
  const first = client.add(HERE, 0, 5);
  await delay(1); // Long after that is done, one would think.
  await Promise.all([first, client.add(HERE, 1, 7)]);
  assert.equal(await client.read(HERE), 12);
}

test("seeds: a lost update is found, by few of them, and plays again", async () => {
  const failing: number[] = [];
  for (let seed = 0; seed < 100; seed++) {
    await using started = await startNode({ ...BUSY, seed });
    try {
      await addTwice(started);
    } catch (thrown) {
      assert.ok(thrown instanceof assert.AssertionError, String(thrown));
      failing.push(seed);
    }
  }
  assert.ok(failing.length > 0, "no seed found it");
  assert.ok(failing.length < 50, "a plain run would have found it");
  await assert.rejects(
    forSeeds(100, BUSY, addTwice),
    ({ code, what, hint, cause }: ChimaeraError) => {
      assert.equal(code, "CHI-4028");
      assert.equal(what, `seed ${failing[0]}`);
      assert.match(hint, new RegExp(`CHIMAERA_SEED=${failing[0]} `));
      return cause instanceof assert.AssertionError;
    },
  );
});

test("seeds: of what a test and its node's end fail with, the test's own is shown", async () => {
  const run = async () => {
    await using started = await startNode({ seed: 1 });
    started.session.alloc(10);
    throw new TypeError("the test's own");
  };
  await assert.rejects(run, ({ error, cause }: SuppressedError & { cause: unknown }) => {
    assert.equal((error as ChimaeraError).code, "CHI-4026");
    return cause instanceof TypeError;
  });
  const inSeeds = forSeeds(1, {}, ({ session }) => {
    session.alloc(10);
    throw new TypeError("the test's own");
  });
  await assert.rejects(inSeeds, { code: "CHI-4028", message: "seed 0: the test's own" });
  const atItsEnd = forSeeds(1, {}, ({ session }) => void session.alloc(10));
  await assert.rejects(atItsEnd, {
    code: "CHI-4028",
    message: /seed 0: end of the node .* 10 bytes/,
  });
});

test("seeds: CHIMAERA_SEED has only that one run", async () => {
  const seen: number[] = [];
  Deno.env.set("CHIMAERA_SEED", "17");
  try {
    await forSeeds(3, {}, ({ seed }) => void seen.push(seed));
    Deno.env.set("CHIMAERA_SEED", "many");
    await assert.rejects(forSeeds(3, {}, () => {}), { message: /NaN is no seed/ });
  } finally {
    Deno.env.delete("CHIMAERA_SEED");
  }
  assert.deepEqual(seen, [17]);
});

// ---- what is not simulated -------------------------------------------------------------------

for (const [name, wait] of [["timer", Wait.timer], ["process", Wait.process]] as const) {
  test(`seeds: a handler that waits for a real ${name} is named, and nobody hangs`, async () => {
    const started = await startNode({ ...MODULES, seed: 2 });
    const client = new Mischief(started.session);
    await client.create(HERE, HERE, "mischief");
    const named = { code: "CHI-4027", what: "trial_mischief.kReal" };
    await assert.rejects(client.real(HERE, wait), named);
    await assert.rejects(started[Symbol.asyncDispose](), named);
  });
}

test("seeds: a handler that waits for nothing is named; one that waits for `delay` is none", async () => {
  const started = await startNode({ ...MODULES, seed: 2 });
  const client = new Mischief(started.session);
  await client.create(HERE, HERE, "mischief");
  await client.real(HERE, Wait.delay);
  await assert.rejects(client.real(HERE, Wait.nothing), {
    code: "CHI-4027",
    what: "trial_mischief.kReal",
  });
  await assert.rejects(started[Symbol.asyncDispose](), { code: "CHI-4027" });
});

test("seeds: a handler is a handler: no call without its context, and its own strays", async () => {
  await using started = await startNode({ ...MODULES, seed: 2 });
  const client = new Mischief(started.session);
  await client.create(HERE, HERE, "mischief");
  await assert.rejects(client.bare(HERE), { code: "CHI-3008" });
  await assert.rejects(client.stray(HERE, 20), { code: "CHI-4016" });
});

test("seeds: nothing blocks the thread that all share", async () => {
  await using started = await startNode({ seed: 2 });
  const client = new Messages(started.session);
  await client.create(HERE, HERE, "messages");
  using task = client.asyncMd(HERE, { depthLeft: 1, lane: 0 });
  assert.throws(() => task.waitSync(), { code: "CHI-3012" });
  await task.wait();
  assert.equal(task.ret, 2);
});

test("seeds: what cannot be is refused, and leaves nothing open", async () => {
  const refused = { code: "CHI-1001" };
  await assert.rejects(startNode({ faults: { pause: 0.1 } }), refused);
  await assert.rejects(startNode({ seed: -1 }), refused);
  await assert.rejects(startNode({ seed: 0.5 }), refused);
  await assert.rejects(startNode({ seed: 1, faults: { pause: 2 } }), refused);
  await assert.rejects(startNode({ seed: 1, faults: { flood: 1 } as Faults }), refused);
  await assert.rejects(startNode({ seed: 1, workers: 0 }), refused);
  await using started = await startNode({ seed: 1 });
  await assert.rejects(startNode(), refused);
  await assert.rejects(startNode({ seed: 1 }), refused);
  await chat(started);
});

// ---- faults ----------------------------------------------------------------------------------

const HARMLESS: Faults = { pause: 0.02, wakeForNothing: 0.05, moveLane: 0.02, recycleWorker: 0.01 };

test("faults: those that a module must stand happen, and it stands them", async () => {
  const counts = { pause: 0, wakeForNothing: 0, moveLane: 0, recycleWorker: 0 };
  await forSeeds(30, { faults: HARMLESS }, async (started) => {
    await chat(started);
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) {
      counts[name] += started.faults[name];
    }
  });
  for (const [name, count] of Object.entries(counts)) assert.ok(count > 5, `${count} × ${name}`);
});

test("faults: a module that does not stand a move is found, by its own error", async () => {
  const modules = [moduleInFolder(new URL("../system/modules/nomad/", import.meta.url), "tests")];
  const run = (flaw: Flaw) =>
    forSeeds(10, { modules, faults: { moveLane: 0.05 } }, async ({ session }) => {
      const client = new Nomad(session);
      await client.create(HERE, HERE, "nomad", new CreateContext(), 4, flaw);
      await delay(20);
    });
  await run(Flaw.none);
  await assert.rejects(
    run(Flaw.restoreThrows),
    ({ code, cause }: ChimaeraError) =>
      code === "CHI-4028" && (cause as ChimaeraError).code === "CHI-4018",
  );
});

test("faults: they are the seed's, too", async () => {
  assert.equal(
    await historyOf(3, { faults: HARMLESS }),
    await historyOf(3, { faults: HARMLESS }),
  );
  assert.notEqual(await historyOf(3, { faults: HARMLESS }), await historyOf(3));
});

test("faults: whoever needs memory is told that there is none", async () => {
  let failed = 0;
  let happened = 0;
  const options = { ...MODULES, faults: { fillMemory: 0.02 }, mayLeak: "the module keeps blocks" };
  await forSeeds(20, options, async (started) => {
    const client = new Mischief(started.session);
    try {
      await client.create(HERE, HERE, "mischief");
      for (let k = 0; k < 10; k++) await client.keep(HERE, 100_000);
    } catch (thrown) {
      if (!(thrown instanceof ChimaeraError)) throw thrown;
      assert.equal(thrown.kind, "outOfMemory");
      failed++;
    }
    happened += started.faults.fillMemory;
  });
  assert.ok(happened > 0);
  assert.ok(failed > 0 && failed < 20, `${failed} of 20`);
});

test("faults: a worker is lost once, and its callers are told", async () => {
  let failed = 0;
  let happened = 0;
  await forSeeds(30, { faults: { loseWorker: 0.01 } }, async (started) => {
    try {
      await chat(started);
    } catch (thrown) {
      if (!(thrown instanceof ChimaeraError)) throw thrown;
      assert.equal(thrown.kind, "workerDied");
      failed++;
    }
    assert.ok(started.faults.loseWorker <= 1);
    happened += started.faults.loseWorker;
  });
  assert.ok(happened > 5, `${happened} workers`);
  assert.ok(failed > 0 && failed < happened, `${failed} of ${happened}`);
});

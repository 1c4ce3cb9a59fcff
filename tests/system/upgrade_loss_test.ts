/**
 * What happens to nodes in the middle of an upgrade: workers that are lost at each step, pools that
 * come and go, a second upgrade, the end of the node. Afterwards all lanes run the same version.
 */

import assert from "node:assert/strict";
import { ChimaeraError, CreateContext, DomainQuery } from "chimaera";
import { startNode } from "chimaera/node";
import { test } from "../permission.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { LedgerClient, LedgerRepo } from "./kit/ledger_repo.ts";
import { answers, answersAre, begun, LEDGER, loseWorker, type Shop, withShop } from "./kit/shop.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client as Faulty } from "./modules/faulty/faulty_client.ts";

const HERE = DomainQuery.getLocalId();
const SLOW = 1_000_000;

/** Restores as ever; lanes of which `where` holds take their time. */
function slowRestore(where: string, ms: number): string {
  return `override async restoreState(saved: SavedState, rctx: RunContext): Promise<void> {
    this.sum = (saved.state as { sum: number }).sum;
    const { index } = this.lane!;
    if (${where}) await rctx.sleep(${ms});
  }
  override saveState(): SavedState { return { v: 0, state: { sum: this.sum }, pointers: [] }; }`;
}

/** A step in which a worker is lost: how the new version, or what runs, makes it last. */
const STEPS = [
  { step: "drain", first: `if (task.amount === ${SLOW}) await rctx.sleep(600);` },
  { step: "home", next: slowRestore("index === 0", 600) },
  { step: "build", next: slowRestore("index > 0", 600) },
  // The lanes of the other worker are restored at once: it is lost when it has answered.
  { step: "one part of build", next: slowRestore("rctx.workerId === WORKER", 900) },
] as const;

for (const workers of [1, 2]) {
  for (const [k, { step, ...how }] of STEPS.entries()) {
    if (workers === 1 && k === 3) continue;
    test(`a worker is lost in step ${step} of an upgrade, ${workers} workers`, async () => {
      const lost = workers - 1;
      const first = {
        version: 1,
        isAsync: true,
        add: "first" in how ? how.first : "",
      };
      const options = { workers, first, modules: TEST_MODULES, leavesBlocks: true };
      await withShop(options, async (shop) => {
        const { client, node, repo, session, upgrade } = shop;
        const faulty = new Faulty(session);
        await faulty.create(HERE, HERE, "faulty", new CreateContext(), workers);
        await client.create("books", 2 * workers);
        if ("first" in how) {
          client.add(0, SLOW).catch(() => {}); // Its worker may be the one that is lost.
          await begun(shop, 1);
        }
        // Where the others wait is written down by them.
        const note = `${repo.folder}/step.txt`;
        const next = "next" in how ? how.next.replace("WORKER", `${1 - lost}`) : "";
        const members = next.replaceAll(
          "await rctx",
          `(writeFileSync(${JSON.stringify(note)}, "there"), 0); await rctx`,
        );
        const top = 'import { writeFileSync } from "node:fs";';
        repo.write({ ...first, version: 2, top, members, saves: next === "" });
        // Not by a task: it would be lost with the worker of the admin's lane.
        const refused = rejectsWith("CHI-4025", node.upgrades.upgrade(LEDGER));
        refused.catch(() => {}); // It is awaited below.
        if ("next" in how) await eventually("it is in that step", () => exists(note));
        else await eventually("its lanes are plugged", () => holdsBack(shop));
        await loseWorker(shop, faulty, lost);
        await refused;
        await eventually("all lanes answer", () => tries(() => answers(shop, 2 * workers)));
        const all = await answers(shop, 2 * workers);
        assert.deepEqual(all.map(({ version }) => version), all.map(() => 1));
        repo.write({ version: 3 });
        await upgrade();
        const sums = all.map(({ sum }) => sum);
        await answersAre(shop, 3, sums);
      });
    });
  }
}

test("a worker that is lost when there is no way back comes up with the new version", async () => {
  // The old instances take their time to leave: the last step lasts as long.
  const members = "override async movedAway() { await new Promise((go) => setTimeout(go, 700)); }";
  const options = { first: { version: 1, members }, modules: TEST_MODULES, leavesBlocks: true };
  await withShop(options, async (shop) => {
    const { client, node, repo, session } = shop;
    const faulty = new Faulty(session);
    await faulty.create(HERE, HERE, "faulty", new CreateContext(), 2);
    await client.create("books", 4);
    await client.add(0, 8);
    repo.write({ version: 2 });
    const upgrading = node.upgrades.upgrade(LEDGER);
    await eventually("the new version serves", async () => (await client.add(0, 0)).version === 2);
    await loseWorker(shop, faulty, 1);
    const info = await upgrading;
    assert.deepEqual([info.lanes, info.restarted], [4, 0]);
    await eventually("all lanes answer", () => tries(() => answers(shop, 4)));
    const all = await answers(shop, 4);
    assert.deepEqual(all.map(({ version }) => version), [2, 2, 2, 2]);
    const lanes = node.pools.list().find(({ id }) => id === client.poolId)!.lanes;
    assert.equal(all[0]!.sum, lanes[0]!.worker === 1 ? 0 : 8);
  });
});

test("pools may be made and ended while their module is upgraded", async () => {
  await withShop({}, async (shop) => {
    const { admin, client, repo, session, upgrade } = shop;
    await client.create("books", 2);
    for (let round = 0; round < 6; round++) {
      repo.write({ version: round + 2, members: slowRestore("true", 30), saves: false });
      const made = new LedgerClient(session);
      const ended = new LedgerClient(session);
      await ended.create("ended", 1);
      const upgrading = upgrade();
      await new Promise((resolve) => setTimeout(resolve, 15 * round));
      // Neither of the two has part of one version and part of the other.
      await Promise.all([
        made.create("made", 3),
        admin.destroyContainer(HERE, ended.poolId),
        // A module in use is not forgotten, and who asks does not get in the way of the upgrade.
        rejectsWith("CHI-4024", admin.destroyModule(HERE, LEDGER)),
        upgrading,
      ]);
      const versions = new Set<number>();
      for (let lane = 0; lane < 3; lane++) versions.add((await made.add(lane, 1)).version);
      assert.deepEqual([...versions], [round + 2]);
      await rejectsWith("CHI-4001", ended.add(0, 1));
      await answersAre(shop, round + 2, [0, 0]);
      await admin.destroyContainer(HERE, made.poolId);
    }
  });
});

test("upgrades that are asked for together end with what the folder had last", async () => {
  await withShop({}, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 2);
    for (let round = 0; round < 4; round++) {
      const all = [];
      for (let k = 0; k < 3; k++) {
        repo.write({ version: 10 * round + k, add: "void 0;".repeat(k === 0 ? 2000 : 1) });
        all.push(upgrade());
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      const infos = await Promise.all(all);
      // Each goes on where the one before it has ended.
      for (let k = 1; k < 3; k++) assert.equal(infos[k]!.from, infos[k - 1]!.to);
      await answersAre(shop, 10 * round + 2, [0, 0]);
    }
  });
});

test("a module without pools is upgraded: the next pool has the new version", async () => {
  await withShop({}, async (shop) => {
    const { client, repo, upgrade } = shop;
    repo.write({ version: 2 });
    const info = await upgrade();
    assert.deepEqual([info.pools, info.lanes], [0, 0]);
    assert.notEqual(info.from, info.to);
    await client.create("books", 1);
    await answersAre(shop, 2, [0]);
  });
});

test("a worker that a handler holds keeps a module from being upgraded, and what waits goes on", async () => {
  await withShop({ modules: TEST_MODULES }, async (shop) => {
    const { admin, client, node, repo, session, upgrade } = shop;
    const faulty = new Faulty(session);
    await faulty.create(HERE, HERE, "faulty", new CreateContext(), 2);
    await client.create("books", 2);
    node.upgrades.stepMs = 200;
    repo.write({ version: 2 });
    // The import of the new version comes before, and has its own limit.
    const upgrading = upgrade();
    const held = faulty.block(HERE, 1200, 1);
    const outcome = await upgrading.then(() => "upgraded", (thrown) => thrown as ChimaeraError);
    if (outcome !== "upgraded") {
      assert.equal((outcome as ChimaeraError).code, "CHI-4025");
      assert.match((outcome as ChimaeraError).message, /worker 1 did not answer/);
    }
    await held;
    const [first, second] = await answers(shop, 2);
    assert.equal(first!.version, second!.version, "both lanes run the same");
    node.upgrades.stepMs = 5000;
    repo.write({ version: 3 });
    await upgrade();
    await answersAre(shop, 3, [0, 0]);
    await admin.destroyContainer(HERE, faulty.poolId);
  });
});

test("a node may be closed in the middle of an upgrade, and leaves no copy behind", async () => {
  for (const ms of [0, 30, 80, 150, 300]) {
    const members = slowRestore("true", 400);
    using repo = new LedgerRepo();
    const node = await startNode({ workers: 2, debugHeap: true, repos: [repo.folder] });
    const session = await node.connect(64 << 20);
    const client = new LedgerClient(session);
    await client.create("books", 3);
    const { copyUrl } = node.modules.get(LEDGER).spec.source!;
    const copies = new URL("../..", copyUrl);
    repo.write({ version: 2, members, saves: false });
    const upgrading = node.upgrades.upgrade(LEDGER).then(() => "upgraded", ({ code }) => code);
    await new Promise((resolve) => setTimeout(resolve, ms));
    await node.close();
    assert.match(await upgrading, /^(CHI-4025|CHI-4005|CHI-5011|upgraded)$/);
    assert.equal(exists(copies), false, "no copy is left");
  }
});

test("a handler that upgrades its own module is told, as it is in its way", async () => {
  const first = {
    version: 1,
    isAsync: true,
    top: `import { Client as Admin } from "chimaera/admin_client";
import { DomainQuery } from "chimaera";`,
    add: `if (task.amount === ${SLOW}) {
      await new Admin().in(rctx).upgradeModule(DomainQuery.getLocalId(), "${LEDGER}");
    }`,
  };
  await withShop({ first }, async (shop) => {
    const { client, node, repo, upgrade } = shop;
    await client.create("books", 1);
    node.upgrades.drainMs = 100;
    repo.write({ ...first, version: 2 });
    const error = await rejectsWith("CHI-4025", client.add(0, SLOW));
    assert.match(error.message, /did not end in 100 ms/);
    await answersAre(shop, 1, [0]);
    await upgrade();
    await answersAre(shop, 2, [0]);
  });
});

/** Whether tasks wait on lanes that have nothing else to do. */
function holdsBack({ client, node }: Shop): boolean {
  client.add(1, 0).catch(() => {}); // It may be lost with its worker.
  const { lanes } = node.pools.list().find(({ id }) => id === client.poolId)!;
  return lanes[1]!.waiting > 2;
}

function exists(path: string | URL): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw thrown;
  }
}

/** Whether it went well; a task may be lost with its worker. */
function tries(call: () => Promise<unknown>): Promise<boolean> {
  return call().then(() => true, (thrown) => {
    if (thrown instanceof ChimaeraError && thrown.code === "CHI-4008") return false;
    throw thrown;
  });
}

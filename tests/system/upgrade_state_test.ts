/** What goes from the old version of a module to the new one, and what does not. */

import assert from "node:assert/strict";
import { CreateContext, DomainQuery } from "chimaera";
import { startNode } from "chimaera/node";
import { Client as Admin } from "chimaera/admin_client";
import { test } from "../permission.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { LedgerClient } from "./kit/ledger_repo.ts";
import { RepoCopy } from "./kit/repo_copy.ts";
import { answers, answersAre, begun, loseWorker, withShop } from "./kit/shop.ts";
import { TEST_MODULES } from "./kit/test_modules.ts";
import { Client as Faulty } from "./modules/faulty/faulty_client.ts";
import { Client as Steady } from "./modules/steady/steady_client.ts";

const HERE = DomainQuery.getLocalId();

/** Add(…, 777) answers with what `shared` holds. */
const TELLS_SHARED = `if (task.amount === 777) {
  task.sum = (this.shared as { value: number }).value;
  task.version = 0;
  return;
}`;

test("shared is carried, and the new home instance may change it for all", async () => {
  const first = { version: 1, create: "this.shared = { value: 5 };", add: TELLS_SHARED };
  await withShop({ first }, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 3);
    const values = async () => {
      const all = [];
      for (let lane = 0; lane < 3; lane++) all.push((await client.add(lane, 777)).sum);
      return all;
    };
    await client.add(1, 30);
    repo.write({ ...first, version: 2, create: "this.shared = { value: 6 };" });
    await upgrade();
    assert.deepEqual(await values(), [5, 5, 5], "create() is not called");
    const restore = `override restoreState(saved: SavedState): void {
      this.sum = (saved.state as { sum: number }).sum;
      const { value } = this.shared as { value: number };
      if (this.lane!.index === 0) this.shared = { value: value + 1 };
    }
    override saveState(): SavedState {
      return { v: 0, state: { sum: this.sum }, pointers: [] };
    }`;
    repo.write({ ...first, version: 3, saves: false, members: restore });
    await upgrade();
    assert.deepEqual(await values(), [6, 6, 6], "what the home instance made of it");
    await answersAre(shop, 3, [0, 30, 0]);
  });
});

test("a module without saveState begins anew, and the answer counts its lanes", async () => {
  await withShop({ first: { version: 1, saves: false } }, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 3);
    for (let lane = 0; lane < 3; lane++) await client.add(lane, 10);
    const open = "override open(): void { this.sum = 100; }";
    const create = "this.sum = 1000;";
    repo.write({ version: 2, saves: false, members: open, create });
    const info = await upgrade();
    assert.deepEqual([info.pools, info.lanes, info.restarted], [1, 3, 3]);
    await answersAre(shop, 2, [1000, 100, 100]);
    repo.write({ version: 3 });
    assert.equal((await upgrade()).restarted, 3, "there was nothing to restore from");
    repo.write({ version: 4 });
    assert.equal((await upgrade()).restarted, 0);
  });
});

test("kUpgrade is called in the place of restoreState, with what the old version saved", async () => {
  await withShop({}, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 2);
    await client.add(1, 40);
    const takesOver = `upgrade(module, saved, rctx) {
      return (module as Server).upgrade(saved, rctx);
    },`;
    const members = `override saveState(): SavedState { return { v: 1, state: 0, pointers: [] }; }
  upgrade(saved: SavedState, _rctx: RunContext): void {
    this.sum = (saved.state as { sum: number }).sum * 2 + saved.v;
  }`;
    repo.write({ version: 2, saves: false, members, libExec: takesOver });
    assert.equal((await upgrade()).restarted, 0);
    await answersAre(shop, 2, [0, 80]);
  });
});

test("a state that the new version cannot take is not thrown away: the old one serves", async () => {
  await withShop({}, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 2);
    await client.add(0, 7);
    repo.write({ version: 2, saves: false });
    const error = await rejectsWith("CHI-4025", upgrade());
    assert.match(error.message, /neither kUpgrade nor restoreState\(\)/);
    await answersAre(shop, 1, [7, 0]);
  });
});

test("a new version opens worker's resources of its own, and those of the old one are closed", async () => {
  const version = (number: number, folder: string, more = "") => ({
    version: number,
    top: `import { appendFileSync } from "node:fs";
const log = (what: string) => appendFileSync("${folder}/log.txt", \`\${what} ${number}\\n\`);`,
    members: `
  book() { this.perWorker("book", () => log("open"), () => log("close")); }
  override movedAway() { this.book(); log("left"); }
  ${more}`,
    add: "this.book();",
  });
  await withShop({ workers: 1 }, async (shop) => {
    const { admin, client, repo, session, upgrade } = shop;
    const log = () => {
      const lines = Deno.readTextFileSync(`${repo.folder}/log.txt`).trim().split("\n");
      Deno.writeTextFileSync(`${repo.folder}/log.txt`, "");
      return lines;
    };
    repo.write(version(1, repo.folder));
    await upgrade();
    await client.create("books", 1);
    const other = new LedgerClient(session);
    await other.create("more books", 1);
    await client.add(0, 1);
    await other.add(0, 1);
    assert.deepEqual(log(), ["open 1"]);
    repo.write(version(2, repo.folder));
    await upgrade();
    assert.deepEqual(log(), ["left 1", "left 1", "close 1"], "closed when all have left");
    await client.add(0, 1);
    assert.deepEqual(log(), ["open 2"]);
    // One that fails leaves nothing open.
    const fails = `override restoreState(): void { this.book(); throw new Error("no"); }
  override saveState(): SavedState { return { v: 0, state: 0, pointers: [] }; }`;
    repo.write({ ...version(3, repo.folder, fails), saves: false });
    await rejectsWith("CHI-4025", upgrade());
    assert.deepEqual(log(), ["open 3", "close 3"]);
    await admin.destroyContainer(HERE, other.poolId);
    await answersAre(shop, 2, [2]);
  });
});

test("create parameters are carried: kept, and new ones with their defaults", async () => {
  const add = TELLS_SHARED;
  const modules = TEST_MODULES;
  await withShop({ workers: 2, modules, leavesBlocks: true }, async (shop) => {
    const { client, node, repo, session, upgrade } = shop;
    await client.create("books", 3);
    await client.add(2, 5);
    const create = "this.shared = { value: task.lanes * 100 + task.pages };";
    repo.write({ version: 2, params: "pages: IN.u32(12),", create, add });
    await upgrade();
    await answersAre(shop, 2, [0, 0, 5]);
    // A client of before cannot tell whether the pool is the one that it wants.
    const asker = new LedgerClient(session);
    const error = await rejectsWith("CHI-3002", asker.create("books", 3));
    assert.match(error.hint, /chimaera repo refresh/);
    // They count when instances are made anew: on threads that take a lost one's place …
    const faulty = new Faulty(session);
    await faulty.create(HERE, HERE, "faulty", new CreateContext(), 2);
    for (const worker of [0, 1]) {
      await loseWorker(shop, faulty, worker);
      await eventually("all lanes are back", () => answers(shop, 3).then(() => true, () => false));
    }
    assert.equal((await client.add(0, 777)).sum, 312);
    assert.equal(node.stats().lost.length, 2);
    await answersAre(shop, 2, [0, 0, 0]);
  });
});

test("workers that are recycled after an upgrade have the new version and its parameters", async () => {
  await withShop({ workers: 2 }, async (shop) => {
    const { admin, client, repo, upgrade } = shop;
    await client.create("books", 2);
    const create = "this.shared = { value: task.pages };";
    repo.write({
      version: 2,
      params: "pages: IN.u32(12),",
      create,
      saves: false,
      add: TELLS_SHARED,
    });
    await rejectsWith("CHI-4025", upgrade());
    const version = { version: 2, params: "pages: IN.u32(12),", create, add: TELLS_SHARED };
    repo.write(version);
    await upgrade();
    await client.add(1, 3);
    for (const worker of [0, 1]) await admin.recycleWorker(HERE, worker);
    await answersAre(shop, 2, [0, 3]);
  });
});

test("tasks of another layout fail with CHI-3002, waiting ones too, and are not misread", async () => {
  const first = {
    version: 1,
    isAsync: true,
    add: "if (task.amount === 1000) await rctx.sleep(300);",
  };
  await withShop({ first }, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 2);
    const slow = client.add(0, 1000);
    await begun(shop, 1);
    repo.write({ version: 2, fields: "note: IN.u64(),", add: "this.sum += 1_000_000;" });
    let over = false;
    const upgrading = upgrade().finally(() => over = true);
    const codes: string[] = [];
    const hints = new Set<string>();
    const sent: Promise<void>[] = [];
    while (!over || sent.length < 50) {
      sent.push(
        client.add(sent.length % 2, 1).then(
          ({ version }) => void codes.push(`version ${version}`),
          (thrown) => {
            codes.push(thrown.code);
            hints.add(thrown.hint);
          },
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(sent);
    const { tasks } = await upgrading;
    assert.ok(tasks > 0, "some waited");
    assert.equal((await slow).version, 1);
    assert.deepEqual([...new Set(codes)].sort(), ["CHI-3002", "version 1"]);
    assert.match([...hints].join(), /^the client was built against another version .* refresh`$/);
    await rejectsWith("CHI-3002", client.add(0, 1));
    // The old fields again: nothing of the refused tasks has been added.
    const ran = codes.filter((code) => code === "version 1").length;
    repo.write({ version: 3 });
    await upgrade();
    const [one, two] = [await client.add(0, 0), await client.add(1, 0)];
    assert.equal(one.sum + two.sum, 1000 + ran);
  });
});

test("a method that is gone answers with CHI-4004, to those that waited for it as well", async () => {
  const first = {
    version: 1,
    isAsync: true,
    add: "if (task.amount === 1000) await rctx.sleep(300);",
  };
  await withShop({ first }, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 2);
    const slow = client.add(0, 1000);
    await begun(shop, 1);
    repo.write({ version: 2, hasAdd: false });
    const upgrading = upgrade();
    let code = "";
    while (code === "") {
      code = await client.add(0, 1).then(() => "", (thrown) => thrown.code);
    }
    assert.equal(code, "CHI-4004");
    const { tasks } = await upgrading;
    assert.ok(tasks > 0, "that one had waited");
    assert.equal((await slow).version, 1);
    await rejectsWith("CHI-4004", client.add(1, 1));
  });
});

for (const workers of [1, 2]) {
  test(`periodic tasks go on across upgrades, as they were, ${workers} workers`, async () => {
    using repo = new RepoCopy("steady");
    await using node = await startNode({ workers, debugHeap: true, repos: [repo.folder] });
    await using session = await node.connect(64 << 20);
    const admin = new Admin(session);
    const client = new Steady(session);
    await client.create(HERE, HERE, "steady", new CreateContext(), 2);
    const beat = (periodMs: number, key: number, until: number, ms = 0) => {
      const task = client.asyncBeat.alloc(null, HERE, { key, until, ms });
      task.setPeriodMs(periodMs);
      task.submit();
      return task;
    };
    using often = beat(2, 1, 80);
    // Each run begins as soon as the one before is over.
    using always = beat(1, 2, 60, 8);
    using hourly = beat(3_600_000, 3, 0);
    // A handler's own ones end with it: the first upgrade waits for both.
    using relay = client.asyncRelay(HERE, { key: 4, periodUs: 2000, until: 30, lane: 1 });
    await eventually("all have begun", async () => await client.tally(HERE, 3, 0) === 1);
    for (let round = 0; round < 3; round++) {
      repo.touch("steady");
      await admin.upgradeModule(HERE, "steady");
    }
    assert.equal(await client.tally(HERE, 3, 0), 0, "no run before its time");
    await relay.wait();
    assert.equal(relay.runs, 30);
    await Promise.all([often.wait(), always.wait()]);
    assert.deepEqual([often.runs, often.overlaps], [80, 0]);
    assert.deepEqual([always.runs, always.overlaps], [60, 0]);
    await admin.flush(HERE);
    assert.equal(await client.tally(HERE, 3, 0), 1, "a flush has it run once more");
    assert.equal(hourly.done, false);
  });
}

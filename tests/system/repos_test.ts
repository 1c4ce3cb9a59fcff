/** Modules of repos: registered, named, forgotten; what is wrong with one keeps no other one out. */

import assert from "node:assert/strict";
import { DomainQuery, type RegisterInfo } from "chimaera";
import { Instance, startNode } from "chimaera/node";
import { Client as Admin } from "chimaera/admin_client";
import { test } from "../permission.ts";
import { rejectsWith } from "./kit/expect.ts";
import { LedgerClient, LedgerRepo } from "./kit/ledger_repo.ts";
import { RuntimeFolder } from "./kit/runtime_folder.ts";
import { answersAre, LEDGER, withShop } from "./kit/shop.ts";

const HERE = DomainQuery.getLocalId();
const LEDGER_FILES = ["tasks", "methods", "lib_exec", "runtime"];

/** Adds a module to a repo that is the ledger under another name. Returns its folder. */
function addModule(repo: LedgerRepo, name: string): string {
  const folder = `${repo.folder}/${name}`;
  Deno.mkdirSync(folder);
  Deno.writeTextFileSync(`${folder}/chimaera_mod.yaml`, `name: ${name}\n`);
  for (const file of LEDGER_FILES) {
    const text = Deno.readTextFileSync(`${repo.module}/ledger_${file}.ts`);
    Deno.writeTextFileSync(`${folder}/${name}_${file}.ts`, text.replaceAll("ledger", name));
  }
  return folder;
}

function renameNamespace(repo: LedgerRepo, to: string): void {
  for (const { name: module, isDirectory } of Deno.readDirSync(repo.folder)) {
    if (!isDirectory) continue;
    const file = `${repo.folder}/${module}/${module}_tasks.ts`;
    Deno.writeTextFileSync(file, Deno.readTextFileSync(file).replace('"shop_', `"${to}_`));
  }
  Deno.writeTextFileSync(`${repo.folder}/chimaera_repo.yaml`, `namespace: ${to}\n`);
}

const names = ({ modules }: RegisterInfo) => modules.map(({ libName }) => libName);

test("a repo is registered while the node runs, as often as one likes", async () => {
  using repo = new LedgerRepo();
  addModule(repo, "till");
  await using node = await startNode({ workers: 2, debugHeap: true });
  await using session = await node.connect(64 << 20);
  const admin = new Admin(session);
  await rejectsWith("CHI-4003", new LedgerClient(session).create("books"));
  const info = await admin.registerModule(HERE, repo.folder);
  assert.deepEqual(names(info), [LEDGER, "shop_till"]);
  assert.deepEqual(info.failures, []);
  assert.deepEqual(info.modules.map(({ folder }) => folder), [
    `${repo.folder}/ledger`,
    `${repo.folder}/till`,
  ]);
  const client = new LedgerClient(session);
  await client.create("books", 2);
  repo.write({ version: 2 });
  // What is there already stays as it is: it is upgraded on demand only. All at once is well, too.
  const all = await Promise.all(
    Array.from({ length: 4 }, () => admin.registerModule(HERE, repo.folder)),
  );
  for (const again of all) assert.deepEqual(again.modules[0]!.version, info.modules[0]!.version);
  assert.equal(all[0]!.modules[0]!.pools, 1);
  assert.equal((await client.add(0, 1)).version, 1);
  const listed = (await admin.listModules(HERE)).map(({ libName }) => libName);
  assert.deepEqual(listed.filter((name) => !name.startsWith("chimaera_")), [LEDGER, "shop_till"]);
});

test("one module of a repo is registered by its own folder", async () => {
  using repo = new LedgerRepo();
  const folder = addModule(repo, "till");
  await using node = await startNode({ workers: 1 });
  await using session = await node.connect(64 << 20);
  const admin = new Admin(session);
  assert.deepEqual(names(await admin.registerModule(HERE, folder)), ["shop_till"]);
  await rejectsWith("CHI-4003", admin.upgradeModule(HERE, LEDGER));
  assert.deepEqual(names(await admin.registerModule(HERE, `${folder}/..`)), [LEDGER, "shop_till"]);
});

test("registered by several at once, a module is copied once", async () => {
  using repo = new LedgerRepo();
  await using node = await startNode({ workers: 2 });
  await using session = await node.connect(64 << 20);
  const admin = new Admin(session);
  const both = await Promise.all([1, 2].map(() => admin.registerModule(HERE, repo.folder)));
  assert.equal(both[0]!.modules[0]!.version, both[1]!.modules[0]!.version);
  const { copyUrl } = node.modules.get(LEDGER).spec.source!;
  assert.equal([...Deno.readDirSync(new URL("..", copyUrl))].length, 1);
});

test("a module that does not load is told of, and the others of its repo work", async () => {
  using repo = new LedgerRepo();
  addModule(repo, "till");
  repo.put("ledger_runtime.ts", "export class Server {}\n");
  await using node = await startNode({ workers: 1 });
  await using session = await node.connect(64 << 20);
  const admin = new Admin(session);
  const info = await admin.registerModule(HERE, repo.folder);
  assert.deepEqual(names(info), ["shop_till"]);
  assert.deepEqual(info.failures.map(({ folder, code }) => [folder, code]), [
    [`${repo.folder}/ledger`, "CHI-4005"],
  ]);
  assert.match(info.failures[0]!.why, /does not export a class Server that extends Module/);
  repo.write({ version: 1 });
  assert.deepEqual(names(await admin.registerModule(HERE, repo.folder)), [LEDGER, "shop_till"]);
});

test("a node that begins with a module that does not load tells whoever asked, or does not begin", async () => {
  using repo = new LedgerRepo();
  addModule(repo, "till");
  repo.put("ledger_runtime.ts", "export class Server {}\n");
  const options = { workers: 1, repos: [repo.folder] };
  await rejectsWith("CHI-4005", startNode(options));
  const told: string[] = [];
  await using node = await startNode({
    ...options,
    onModuleFailed: ({ code }) => told.push(code),
  });
  assert.deepEqual(told, ["CHI-4005"]);
  assert.deepEqual(node.modules.libNames.filter((name) => name.startsWith("shop")), ["shop_till"]);
});

test("two repos with a module of one name: the second is refused, whole", async () => {
  using first = new LedgerRepo();
  using second = new LedgerRepo();
  addModule(second, "till");
  await withShop({}, async ({ admin, repo }) => {
    for (const other of [first, second]) {
      const error = await rejectsWith("CHI-4022", admin.registerModule(HERE, other.folder));
      assert.match(error.message, /^load module shop_ledger of .*\/ledger: /);
      assert.ok(error.message.includes(`${repo.folder}/ledger has a module of that name`));
    }
    await rejectsWith("CHI-4003", admin.upgradeModule(HERE, "till"));
  });
  using core = new LedgerRepo();
  addModule(core, "compressor");
  renameNamespace(core, "chimaera");
  await withShop({}, async ({ admin }) => {
    const error = await rejectsWith(
      "CHI-4022",
      admin.registerModule(HERE, `${core.folder}/compressor`),
    );
    assert.match(error.message, /a module of that name is part of the program/);
  });
});

test("a module's bare name will do where it is the only one", async () => {
  using other = new LedgerRepo();
  renameNamespace(other, "market");
  await withShop({}, async (shop) => {
    const { admin, repo } = shop;
    repo.write({ version: 2 });
    assert.equal((await admin.upgradeModule(HERE, "ledger")).libName, LEDGER);
    await admin.registerModule(HERE, other.folder);
    const error = await rejectsWith("CHI-4023", admin.upgradeModule(HERE, "ledger"));
    assert.match(error.message, /^module ledger: it may be shop_ledger or market_ledger$/);
    assert.match(error.hint, /^name the library in full/);
    await rejectsWith("CHI-4023", admin.destroyModule(HERE, "ledger"));
    const unknown = await rejectsWith("CHI-4003", admin.upgradeModule(HERE, "edger"));
    assert.match(unknown.message, /no such library; known are .*shop_ledger, market_ledger$/);
    await admin.destroyModule(HERE, "market_ledger");
    assert.equal((await admin.upgradeModule(HERE, "ledger")).libName, LEDGER);
  });
});

test("a module is forgotten when no pool is of it, and can come again", async () => {
  await withShop({}, async (shop) => {
    const { admin, client, node, repo } = shop;
    await client.create("books", 1);
    const error = await rejectsWith("CHI-4024", admin.destroyModule(HERE, LEDGER));
    assert.match(error.message, /^unload shop_ledger: there are pools of it: books$/);
    await admin.destroyContainer(HERE, client.poolId);
    const { copyUrl } = node.modules.get(LEDGER).spec.source!;
    await admin.destroyModule(HERE, LEDGER);
    assert.throws(() => Deno.statSync(new URL(copyUrl)), Deno.errors.NotFound);
    await rejectsWith("CHI-4003", client.create("books", 1));
    await rejectsWith("CHI-4003", admin.destroyModule(HERE, LEDGER));
    repo.write({ version: 2 });
    await admin.registerModule(HERE, repo.folder);
    await client.create("books", 1);
    await answersAre(shop, 2, [0]);
  });
});

test("modules of the program are neither upgraded nor forgotten", async () => {
  await withShop({}, async ({ admin }) => {
    const upgrade = await rejectsWith("CHI-4025", admin.upgradeModule(HERE, "chimaera_compressor"));
    assert.match(upgrade.message, /it is part of the program and is upgraded with it/);
    const forget = await rejectsWith("CHI-4024", admin.destroyModule(HERE, "chimaera_admin"));
    assert.match(forget.message, /^unload chimaera_admin: it is part of the program$/);
  });
});

test("what is no repo is refused", async () => {
  using repo = new LedgerRepo();
  await using node = await startNode({ workers: 1 });
  await using session = await node.connect(64 << 20);
  const admin = new Admin(session);
  const nowhere = `${repo.folder}/nowhere`;
  const refuse = (path: string) => rejectsWith("CHI-1301", admin.registerModule(HERE, path));
  assert.match((await refuse(nowhere)).message, /\/nowhere: no such folder$/);
  Deno.mkdirSync(nowhere);
  assert.match((await refuse(nowhere)).message, /neither a module repo nor a module's folder$/);
  Deno.removeSync(`${repo.folder}/chimaera_repo.yaml`);
  assert.match((await refuse(repo.module)).message, /it has no chimaera_repo\.yaml$/);
  // A module whose folder has got another name is another module.
  Deno.writeTextFileSync(`${repo.folder}/chimaera_repo.yaml`, "namespace: shop\n");
  await admin.registerModule(HERE, repo.folder);
  Deno.writeTextFileSync(`${repo.folder}/chimaera_repo.yaml`, "namespace: market\n");
  const renamed = await rejectsWith("CHI-4005", admin.upgradeModule(HERE, LEDGER));
  assert.match(renamed.message, /ledger is market_ledger now$/);
});

test("modules of a repo know each other by name, and are upgraded when what they import changes", async () => {
  using repo = new LedgerRepo();
  const till = addModule(repo, "till");
  const client = `
import { ModuleClient, taskMethod } from "chimaera";
import { AddTask } from "./till_tasks.ts";
export class Client extends ModuleClient { asyncAdd = taskMethod(AddTask); }
`;
  Deno.writeTextFileSync(`${till}/till_client.ts`, client);
  const first = {
    version: 1,
    isAsync: true,
    top: `import { Client as Till } from "shop/till_client";
import * as till from "shop/till_tasks";
import { DomainQuery } from "chimaera";`,
    add: `if (task.amount > 100) {
      const client = new Till();
      client.init(task.amount - 100);
      using asked = client.in(rctx).asyncAdd(DomainQuery.getLocalId(), { lane: 0, amount: 1 });
      await asked.wait();
      task.sum = asked.sum * 10;
      task.version = till.libName.length;
      return;
    }`,
  };
  repo.write(first);
  await using node = await startNode({ workers: 2, debugHeap: true, repos: [repo.folder] });
  await using session = await node.connect(64 << 20);
  const admin = new Admin(session);
  const ledger = new LedgerClient(session);
  await ledger.create("books", 2);
  const libName = "shop_till";
  const params = new Uint8Array();
  const { pool } = await node.pools.create({ name: "till", libName, paramsLayout: 0, params });
  const ask = () => ledger.add(1, 100 + pool.id);
  assert.deepEqual(await ask(), { sum: 10, version: libName.length });
  const same = await admin.upgradeModule(HERE, LEDGER);
  assert.equal(same.from, same.to, "nothing has changed");
  // The till's code concerns nobody else, its tasks do.
  const runtime = `${till}/till_runtime.ts`;
  Deno.writeTextFileSync(runtime, Deno.readTextFileSync(runtime) + "// more\n");
  assert.equal((await admin.upgradeModule(HERE, LEDGER)).to, same.to);
  const tasks = `${till}/till_tasks.ts`;
  Deno.writeTextFileSync(
    tasks,
    Deno.readTextFileSync(tasks).replace("amount: IN.u32(),", "amount: IN.u32(), coin: IN.u8(),"),
  );
  await admin.upgradeModule(HERE, "till");
  await rejectsWith("CHI-3002", ask());
  const next = await admin.upgradeModule(HERE, LEDGER);
  assert.notEqual(next.to, same.to);
  assert.equal((await ask()).sum, 20);
});

test("copies go with their node, also those of one that serves other processes", async () => {
  using folder = new RuntimeFolder();
  using repo = new LedgerRepo();
  const instance = Instance.claim();
  const { folder: home } = instance.paths;
  assert.ok(home.startsWith(folder.path));
  {
    await using node = await startNode({ workers: 1, repos: [repo.folder], instance });
    assert.ok(node.modules.get(LEDGER).spec.source!.copyUrl.startsWith(`file://${home}/modules/`));
    assert.deepEqual(Deno.statSync(`${home}/modules`).isDirectory, true);
  }
  assert.throws(() => Deno.statSync(`${home}/modules`), Deno.errors.NotFound);
});

test("what the file system has of odd things in one module keeps neither node nor others", async () => {
  using repo = new LedgerRepo();
  Deno.symlinkSync(".", `${repo.module}/loop`);
  Deno.symlinkSync("nowhere.json", `${repo.module}/gone.json`);
  new Deno.Command("mkfifo", { args: [`${repo.module}/pipe.json`] }).outputSync();
  Deno.mkdirSync(`${repo.folder}/other`);
  Deno.writeTextFileSync(`${repo.folder}/other/chimaera_mod.yaml`, "name: another\n");
  const failures: string[] = [];
  await using node = await startNode({
    workers: 2,
    repos: [repo.folder],
    onModuleFailed: ({ code, what }) => void failures.push(`${code} ${what}`),
  });
  assert.deepEqual(failures, [`CHI-1302 ${repo.folder}/other/chimaera_mod.yaml:1:7`]);
  const client = new LedgerClient(await node.connect());
  await client.create("books", 1);
  repo.write({ version: 2 });
  const info = await node.upgrades.upgrade("shop_ledger");
  assert.notEqual(info.from, info.to);
  assert.deepEqual(await client.add(0, 1), { sum: 1, version: 2 });
});

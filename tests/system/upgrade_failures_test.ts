/**
 * New versions that do not come to serve: each is refused with its code and the place in its author's
 * file, and the old version serves on with its state.
 */

import assert from "node:assert/strict";
import { type ChimaeraError, DomainQuery } from "chimaera";
import { test } from "../permission.ts";
import { SpareThread } from "../../runtime/module/spare_thread.ts";
import { eventually, rejectsWith } from "./kit/expect.ts";
import { LedgerClient, LedgerRepo, type LedgerVersion } from "./kit/ledger_repo.ts";
import { answersAre, LEDGER, type Shop, withShop } from "./kit/shop.ts";

const HERE = DomainQuery.getLocalId();

interface Refusal {
  readonly name: string;
  readonly version: Omit<LedgerVersion, "version">;
  /** Changes the files that were written. */
  readonly change?: (shop: Shop) => void;
  readonly code: string;
  /** A file of the module and the text of the line that the error names; null: it names none. */
  readonly at: readonly [file: string, line: string] | null;
  readonly says: RegExp;
}

function edit({ repo }: Shop, file: string, from: string, to: string): void {
  const text = Deno.readTextFileSync(`${repo.module}/${file}`);
  assert.ok(text.includes(from), `${file} has no ${from}`);
  repo.put(file, text.replaceAll(from, () => to));
}

/** A member that the dispatch calls and the class has not. */
function lacking(
  member: string,
  method: string,
  how: Partial<Pick<Refusal, "version" | "change">>,
): Refusal {
  return {
    name: `${member}() that is missing`,
    version: {},
    ...how,
    code: "CHI-4005",
    at: ["ledger_runtime.ts", "class Server"],
    says: new RegExp(`class Server has no ${member}\\(\\) of ${method}`),
  };
}

/** An import that is refused where it stands. */
function refused(specifier: string, says: RegExp): Refusal {
  const top = `import * as foreign from "${specifier}";\nvoid foreign;`;
  return {
    name: `import of ${specifier}`,
    version: { top },
    code: "CHI-4021",
    at: ["ledger_runtime.ts", `"${specifier}"`],
    says,
  };
}

const REFUSALS: readonly Refusal[] = [
  {
    name: "a syntax error",
    version: { add: "const a = ;" },
    code: "CHI-4005",
    at: ["ledger_runtime.ts", "const a = ;"],
    says: /shop_ledger: .*(Expression expected|Unexpected token)/i,
  },
  {
    name: "a brace too many",
    version: { top: "} // One too many." },
    code: "CHI-4005",
    at: ["ledger_runtime.ts", "One too many"],
    says: /ledger_runtime\.ts:4:1: its syntax is wrong, so that its imports cannot be read/,
  },
  {
    name: "a file that is not there",
    version: { top: 'import "./nowhere.ts";' },
    code: "CHI-4021",
    at: ["ledger_runtime.ts", "./nowhere.ts"],
    says: /"\.\/nowhere\.ts" leads to .*\/ledger\/nowhere\.ts, and there is no such file/,
  },
  {
    name: "an export that is not there",
    version: { top: 'import { Nothing } from "./ledger_tasks.ts";\nvoid Nothing;' },
    code: "CHI-4005",
    at: ["ledger_runtime.ts", "import { Nothing }"],
    says: /Nothing/,
  },
  lacking("add", "kAdd", {
    change: (shop) => edit(shop, "ledger_runtime.ts", " add(task", " sum2(task"),
  }),
  lacking("monitorAdd", "kAdd", {
    change: (shop) => edit(shop, "ledger_runtime.ts", "monitorAdd", "monitorSub"),
  }),
  lacking("monitorCreate", "kCreate", {
    change: (shop) => edit(shop, "ledger_runtime.ts", "monitorCreate", "monitorMake"),
  }),
  lacking("upgrade", "kUpgrade", {
    version: { libExec: "upgrade(module, saved) { module.restoreState(saved); }," },
  }),
  {
    name: "a Server that is no Module",
    version: {},
    change: (shop) => shop.repo.put("ledger_runtime.ts", "// Mine.\nexport class Server {}\n"),
    code: "CHI-4005",
    at: ["ledger_runtime.ts", "class Server"],
    says: /ledger\/ledger_runtime\.ts:2: it does not export a class Server that extends Module/,
  },
  {
    name: "no Server",
    version: {},
    change: (shop) => shop.repo.put("ledger_runtime.ts", "export const server = 1;\n"),
    code: "CHI-4005",
    at: ["ledger_runtime.ts", "export const server"],
    says: /ledger\/ledger_runtime\.ts:1: it does not export a class Server that extends Module/,
  },
  {
    name: "no libExec",
    version: {},
    change: (shop) =>
      edit(shop, "ledger_lib_exec.ts", "export const libExec", "export const other"),
    code: "CHI-4005",
    at: null,
    says: /ledger\/ledger_lib_exec\.ts:1: it does not export libExec/,
  },
  {
    name: "another library's name",
    version: {},
    change: (shop) => edit(shop, "ledger_tasks.ts", '"shop_ledger"', '"shop_till"'),
    code: "CHI-4005",
    at: ["ledger_tasks.ts", '"shop_till"'],
    says: /load module shop_ledger: .*: the code says it is shop_till/,
  },
  {
    name: "a missing file that the module is entered by",
    version: {},
    change: ({ repo }) => Deno.removeSync(`${repo.module}/ledger_lib_exec.ts`),
    code: "CHI-4005",
    at: null,
    says: /\/ledger\/ledger_lib_exec\.ts: no such file, and the module is entered by it/,
  },
  {
    name: "what throws at the top level",
    version: { top: 'throw new Error("not today");' },
    code: "CHI-4005",
    at: ["ledger_runtime.ts", "not today"],
    says: /not today/,
  },
  {
    name: "what never ends at the top level",
    version: { top: "await new Promise(() => {});" },
    code: "CHI-4005",
    at: null,
    says: /load module shop_ledger: its import did not end in 400 ms/,
  },
  refused("npm:left-pad@1.3.0", /none of: chimaera and its sub-paths/),
  refused("https://example.org/mod.ts", /none of: chimaera and its sub-paths/),
  refused("left-pad", /none of: chimaera and its sub-paths/),
  refused("npm:fflate@0.8.2", /write "fflate" without npm:/),
  refused("../../secrets.ts", /leads out of the module's folder/),
  refused("../other/other_tasks.ts", /leads out of the module's folder/),
  refused("elsewhere/other_client", /a module of another repo/),
  refused("./notes", /does not end in \.ts, \.js, \.json or \.wasm/),
  {
    name: "an import that nobody can judge",
    version: { add: "void import(`./${task.amount}.ts`);" },
    code: "CHI-4021",
    at: ["ledger_runtime.ts", "void import"],
    says: /only a literal can be judged before it is imported/,
  },
  {
    name: "restoreState that throws",
    version: {
      saves: false,
      members: `override restoreState(): void { throw new Error("I forgot"); }
  override saveState(): SavedState { return { v: 0, state: 0, pointers: [] }; }`,
    },
    code: "CHI-4025",
    at: ["ledger_runtime.ts", "I forgot"],
    says: /shop_ledger\.upgrade of the new version: I forgot/,
  },
];

/** Where a text stands in a module's file, as errors name it. */
function placeOf({ repo }: Shop, [file, line]: readonly [string, string]): string {
  const lines = Deno.readTextFileSync(`${repo.module}/${file}`).split("\n");
  const at = lines.findIndex((one) => one.includes(line)) + 1;
  assert.ok(at > 0, `${file} has no ${line}`);
  return `${repo.module}/${file}:${at}`;
}

/** What an error tells, its stack included. */
function textOf(error: ChimaeraError): string {
  return `${error.format()}\n${error.stack}`;
}

test("what does not load, or does not take over, is refused where its author wrote it", async () => {
  await withShop({}, async (shop) => {
    const { client, node, repo, upgrade } = shop;
    await client.create("books", 2);
    await client.add(1, 3);
    node.modules.loadMs = 400;
    const copies = new URL("..", node.modules.get(LEDGER).spec.source!.copyUrl);
    const kept = () => [...Deno.readDirSync(copies)].length;
    for (const { name, version, change, code, at, says } of REFUSALS) {
      repo.write({ ...version, version: 2 });
      change?.(shop);
      const error = await rejectsWith(code, upgrade()).catch((thrown) => {
        throw new Error(`${name}: ${thrown}`);
      });
      assert.match(error.message, says, name);
      if (at !== null) assert.ok(textOf(error).includes(placeOf(shop, at)), textOf(error));
      assert.ok(!textOf(error).includes(copies.pathname), `${name} names a copy: ${textOf(error)}`);
      await answersAre(shop, 1, [0, 3]);
      assert.equal(kept(), 1, `${name} leaves its copy behind`);
    }
    repo.write({ version: 2 });
    await upgrade();
    await answersAre(shop, 2, [0, 3]);
  });
});

test("all imports that are refused are named together", async () => {
  await withShop({}, async (shop) => {
    shop.repo.write({ version: 2, top: 'import "left";\nimport "right";' });
    // An answer to a client is shorter.
    const { message } = await rejectsWith("CHI-4021", shop.node.upgrades.upgrade(LEDGER));
    const [left, right] = ['"left"', '"right"'].map((name) =>
      placeOf(shop, ["ledger_runtime.ts", name])
    );
    assert.ok(message.startsWith(`${left}:9: "left" is none of`), message);
    assert.ok(message.includes(`; further: ${right}:9: "right" is none of`), message);
  });
});

test("a worker on which an import did not end can still be recycled", async () => {
  await withShop({}, async ({ admin, node, repo, upgrade }) => {
    node.modules.loadMs = 200;
    repo.write({ version: 2, top: "await new Promise(() => {});" });
    await rejectsWith("CHI-4005", upgrade());
    for (const worker of [0, 1]) await admin.recycleWorker(HERE, worker);
  });
});

test("a module that begins anew, and does not, is refused", async () => {
  const first = { version: 1, saves: false };
  await withShop({ first }, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 2);
    await client.add(0, 4);
    repo.write({ ...first, version: 2, create: 'throw new Error("closed today");' });
    const thrown = await rejectsWith("CHI-4025", upgrade());
    assert.match(thrown.message, /shop_ledger\.create of the new version: closed today/);
    assert.ok(thrown.stack!.includes(placeOf(shop, ["ledger_runtime.ts", "closed today"])));
    repo.write({ ...first, version: 2, create: "this.createLaneGroup(1, 1, QUEUE_LOW_LATENCY);" });
    const groups = await rejectsWith("CHI-4025", upgrade());
    assert.match(groups.message, /create\(\) asked for other lane groups than the first time/);
    assert.match(groups.hint, /^the old version serves on; end the pool and create it again/);
    repo.write({ ...first, version: 2, members: 'override open() { throw new Error("no key"); }' });
    assert.match((await rejectsWith("CHI-4025", upgrade())).message, /no key/);
    await answersAre(shop, 1, [4, 0]);
  });
});

test("an old version that does not give its state away serves on", async () => {
  const saves = (state: string) => ({
    saves: false,
    members: `override saveState(): SavedState { ${state} }
  override restoreState(): void {}`,
  });
  const flaws = [
    [
      'throw new Error("not ready");',
      /shop_ledger\.saveState of the version that serves: not ready \(.*ledger_runtime\.ts:\d+:\d+\)/,
    ],
    [
      "return null as never;",
      /shop_ledger\.saveState of the version that serves: it returned no \{ v, state, pointers \}/,
    ],
    ["return { v: -1, state: 0, pointers: [] };", /v is -1, no version number/],
    [
      "return { v: 0, state: () => {}, pointers: [] };",
      /shop_ledger\.saveState of the version that serves: .*could not be cloned/,
    ],
  ] as const;
  await withShop({}, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 1);
    let version = 1;
    for (const [state, says] of flaws) {
      repo.write({ version: ++version, ...saves(state) });
      await upgrade();
      await client.add(0, version);
      repo.write({ version: version + 100 });
      const error = await rejectsWith("CHI-4025", upgrade());
      assert.match(error.message, says);
      assert.match(error.hint, /^it serves on; `chimaera mod upgrade NAME --drop-state` goes on/);
      await answersAre(shop, version, [version]);
      // Whatever is written now, what serves cannot save; so the state is given up, and said so.
      const info = await shop.admin.upgradeModule(HERE, "shop_ledger", true);
      assert.deepEqual([info.pools, info.lanes, info.restarted], [1, 1, 1]);
      assert.deepEqual(await client.add(0, 1), { sum: 1, version: version + 100 });
    }
  });
});

test("an old instance that throws when it leaves is told of, and the new version serves", async () => {
  const members = 'override movedAway() { throw new Error("I stay"); }';
  await withShop({ first: { version: 1, members } }, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 2);
    await client.add(0, 1);
    repo.write({ version: 2 });
    const error = await rejectsWith("CHI-4025", upgrade());
    assert.match(error.message, /close the old version of shop_ledger: .*I stay/);
    assert.match(error.hint, /^the new version serves/);
    await answersAre(shop, 2, [1, 0]);
  });
});

test("an old instance that never leaves holds up nothing, and is told of", async () => {
  const members = "override movedAway() { return new Promise<void>(() => {}); }";
  await withShop({ first: { version: 1, members } }, async (shop) => {
    const { admin, client, node, repo, session, upgrade } = shop;
    await client.create("books", 2);
    await client.add(0, 1);
    repo.write({ version: 2 });
    node.upgrades.stepMs = 1000;
    const upgrading = rejectsWith("CHI-4025", upgrade());
    await eventually("the new version serves", async () => (await client.add(0, 0)).version === 2);
    const more = new LedgerClient(session);
    await more.create("more books", 1);
    await admin.moveLane(HERE, more.poolId, 0, 0, 1);
    const error = await upgrading;
    assert.match(error.message, /close the old version of shop_ledger: it did not end in 1000 ms/);
    assert.match(error.hint, /^the new version serves/);
    node.upgrades.stepMs = 5000;
    repo.write({ version: 3 });
    await upgrade();
    for (const worker of [0, 1]) await admin.recycleWorker(HERE, worker);
    await answersAre(shop, 3, [1, 0]);
  });
});

test("new instances all leave when they are given up, and what one throws is told", async () => {
  await withShop({ workers: 1 }, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 3);
    repo.write({
      version: 2,
      saves: false,
      top: 'import { appendFileSync } from "node:fs";',
      members: `override saveState(): SavedState { return { v: 0, state: 0, pointers: [] }; }
  override restoreState(): void { if (this.lane!.index === 2) throw new Error("not me"); }
  override movedAway(): void {
    appendFileSync("${repo.folder}/left.txt", String(this.lane!.index));
    if (this.lane!.index === 0) throw new Error("I stay");
  }`,
    });
    const error = await rejectsWith("CHI-4025", upgrade());
    assert.match(error.message, /not me.*I stay/);
    assert.equal(Deno.readTextFileSync(`${repo.folder}/left.txt`), "01");
    await answersAre(shop, 1, [0, 0, 0]);
  });
});

test("an import may take as long on each worker as on the one that tries it", async () => {
  await withShop({}, async (shop) => {
    const { client, node, repo, upgrade } = shop;
    await client.create("books", 2);
    node.upgrades.stepMs = 300;
    repo.write({ version: 2, top: "await new Promise((resolve) => setTimeout(resolve, 700));" });
    await upgrade();
    await answersAre(shop, 2, [0, 0]);
  });
});

test("a new thread that never loads its modules is dropped", async () => {
  using repo = new LedgerRepo({ version: 1, top: "await new Promise(() => {});" });
  const url = (file: string) => new URL(`file://${repo.module}/${file}`).href;
  const module = {
    libName: LEDGER,
    version: "1",
    runtimeUrl: url("ledger_runtime.ts"),
    libExecUrl: url("ledger_lib_exec.ts"),
  };
  const error = await rejectsWith("CHI-4019", SpareThread.start(0, [module], 1000));
  assert.match(error.message, /has not loaded the modules in 1000 ms/);
});

test("what a handler of an upgraded module throws names the line in its author's file", async () => {
  await withShop({}, async (shop) => {
    const { client, repo, upgrade } = shop;
    await client.create("books", 1);
    for (const version of [2, 3]) {
      const top = "// One line more.\n".repeat(version);
      repo.write({ version, top, add: 'if (task.amount === 5) throw new Error("five");' });
      await upgrade();
      const error = await rejectsWith("CHI-3004", client.add(0, 5));
      const place = placeOf(shop, ["ledger_runtime.ts", '"five"']);
      assert.ok(error.stack!.includes(`${place}:`), error.stack!);
    }
  });
});

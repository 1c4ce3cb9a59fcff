import assert from "node:assert/strict";
import { connect } from "chimaera";
import { LedgerClient, LedgerRepo } from "../tests/system/kit/ledger_repo.ts";
import { test } from "../tests/permission.ts";
import { plainUser, ProgramFolder } from "./testing/program.ts";

/** A client of the node that runs in a folder. */
async function clientOf(folder: ProgramFolder) {
  Deno.env.set("CHIMAERA_RUNTIME_DIR", `${folder.path}/run`);
  const session = await connect();
  Deno.env.delete("CHIMAERA_RUNTIME_DIR");
  const client = new LedgerClient(session);
  await client.create("books");
  return { client, [Symbol.asyncDispose]: () => session.close() };
}

test("mod: modules are loaded, listed, upgraded and unloaded", async () => {
  await using folder = new ProgramFolder();
  using repo = new LedgerRepo();
  await folder.serve(["--workers", "2"]);
  const loaded = await folder.json(["mod", "load", repo.folder]);
  assert.deepEqual(loaded.modules.map(({ libName }: { libName: string }) => libName), [
    "shop_ledger",
  ]);
  assert.equal(loaded.modules[0].knownBefore, false);
  const again = await folder.run(["mod", "load", repo.folder]);
  assert.match(again.stdout, /^known before: shop_ledger, version \S+\n$/);
  const { modules } = await folder.json(["mod", "list"]);
  const listed = modules.find(({ libName }: { libName: string }) => libName === "shop_ledger");
  assert.deepEqual([listed.pools, listed.folder], [0, repo.module]);
  const table = await folder.run(["mod", "list"]);
  assert.match(table.stdout, /^ {2}library +version +pools +folder$/m);
  assert.match(table.stdout, /^ {2}chimaera_admin +\S+ +1 +part of the program$/m);
  {
    await using it = await clientOf(folder);
    assert.deepEqual(await it.client.add(0, 5), { sum: 5, version: 1 });
    const same = await folder.run(["mod", "upgrade", "ledger"]);
    assert.equal(same.stdout, "shop_ledger is up to date: nothing in its folder has changed\n");
    repo.write({ version: 2 });
    const upgraded = await folder.run(["mod", "upgrade", "ledger"]);
    assert.match(
      upgraded.stdout,
      /^upgraded shop_ledger: 1 pool, 2 lanes, with their state; 0 tasks waited, for [\d.]+ ms\n$/,
      upgraded.stderr,
    );
    assert.deepEqual(await it.client.add(0, 5), { sum: 10, version: 2 });
    const refused = await folder.run(["mod", "unload", "shop_ledger"]);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^error\[CHI-4024\]: unload shop_ledger: there are pools of it: books\nhint: /,
    );
  }
});

test("mod unload: by the module's own name, and says which library that was", async () => {
  await using folder = new ProgramFolder();
  using repo = new LedgerRepo();
  await folder.serve(["--workers", "2"]);
  for (const name of ["ledger", "shop_ledger"]) {
    const { stdout } = await folder.run(["mod", "load", repo.module]);
    assert.match(stdout, /^loaded shop_ledger, version /);
    const { stdout: said, stderr } = await folder.run(["mod", "unload", name]);
    assert.equal(said, "unloaded shop_ledger\n", stderr);
  }
  await folder.run(["mod", "load", repo.module]);
  const { module } = await folder.json(["mod", "unload", "ledger"]);
  assert.equal(module, "shop_ledger");
});

test("mod: what cannot be loaded is said with its place, and its exit code is 1", async () => {
  await using folder = new ProgramFolder();
  using repo = new LedgerRepo({ version: 1, top: "import x from 'left-pad';" });
  await folder.serve(["--workers", "2"]);
  const { code, stderr } = await folder.run(["mod", "load", repo.module]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error\[CHI-4021\]: .*\/ledger\/ledger_runtime\.ts:4:16: "left-pad" is none of: /,
  );
  for (
    const [words, text] of [
      [["mod", "load", "nowhere"], /^error\[CHI-1301\]: nowhere: no such folder\nhint: /],
      [
        ["mod", "load", "."],
        /^error\[CHI-1301\]: \/.*: it is neither a module repo nor a module's folder\n/,
      ],
      [
        ["mod", "upgrade", "nothing"],
        /^error\[CHI-4003\]: module nothing: no such library; known are chimaera_admin, /,
      ],
      [
        ["mod", "upgrade", "admin"],
        /^error\[CHI-4025\]: upgrade chimaera_admin: it is part of the program/,
      ],
      [["mod", "unload", "nothing"], /^error\[CHI-4003\]: /],
      [
        ["mod", "unload", "compressor"],
        /^error\[CHI-4024\]: unload chimaera_compressor: it is part of the program\n/,
      ],
    ] as const
  ) {
    const run = await folder.run(words);
    assert.equal(run.code, 1, words.join(" "));
    assert.match(run.stderr, text);
  }
});

test("repo: what is added is served, listed and taken back", async () => {
  await using folder = new ProgramFolder();
  using repo = new LedgerRepo();
  assert.deepEqual(await folder.json(["repo", "list"]), { repos: [], gone: [] });
  assert.deepEqual(await folder.json(["repo", "add", repo.folder]), {
    repo: repo.folder,
    added: true,
  });
  assert.deepEqual(await folder.json(["repo", "add", repo.folder]), {
    repo: repo.folder,
    added: false,
  });
  assert.deepEqual((await folder.json(["repo", "list"])).repos, [repo.folder]);
  const server = await folder.serve(["--workers", "2"]);
  const { modules } = await folder.json(["mod", "list"]);
  assert.ok(modules.some(({ libName }: { libName: string }) => libName === "shop_ledger"));
  await folder.run(["stop"]);
  assert.match(
    (await server.ended()).stderr,
    new RegExp(`repos +chimaera, built in; ${repo.folder}`),
  );
  assert.deepEqual(await folder.json(["repo", "remove", repo.folder]), {
    repo: repo.folder,
    removed: true,
  });
  const again = await folder.run(["repo", "remove", repo.folder]);
  assert.match(again.stderr, /^error\[CHI-1301\]: remove .*: no repo was added\n/);
  const wrong = await folder.run(["repo", "add", "."]);
  assert.match(wrong.stderr, /^error\[CHI-1301\]: \.: it has no chimaera_repo\.yaml\n/);
});

test("repo remove: a folder that is gone may be named by its relative path", async () => {
  await using folder = new ProgramFolder();
  await folder.run(["repo", "new", "gone"]);
  await folder.run(["repo", "add", "gone"]);
  Deno.removeSync(`${folder.path}/gone`, { recursive: true });
  const { code, stderr } = await folder.run(["repo", "remove", "./gone"]);
  assert.equal(code, 0, stderr);
});

test("repo add: a file where the folder of its list should be is an error that says so", async () => {
  await using folder = new ProgramFolder();
  using repo = new LedgerRepo();
  Deno.mkdirSync(`${folder.path}/run`);
  Deno.writeTextFileSync(`${folder.path}/run/config`, "");
  const { code, stderr } = await folder.run(["repo", "add", repo.folder]);
  assert.equal(code, 1);
  assert.match(stderr, /^error\[CHI-1106\]: write .*: .*\/config is a file\nhint: move it away/);
});

const PLAIN = plainUser();

test(
  "repo: where this user may not read or write the list, it says so",
  { ignore: PLAIN === null },
  async () => {
    await using folder = new ProgramFolder();
    using repo = new LedgerRepo();
    const config = `${folder.path}/run/config`;
    Deno.mkdirSync(config, { recursive: true });
    Deno.chmodSync(config, 0o555);
    const { code, stderr } = await folder.run(["repo", "add", repo.folder], PLAIN!);
    assert.equal(code, 1);
    assert.match(stderr, /^error\[CHI-1102\]: add .*: permission denied\nhint: /);
    Deno.chmodSync(config, 0o755);
    Deno.writeTextFileSync(`${config}/repos.json`, '{"repos": []}');
    Deno.chmodSync(`${config}/repos.json`, 0);
    for (const words of [["add", repo.folder], ["remove", repo.folder], ["list"]]) {
      const { stderr } = await folder.run(["repo", ...words], PLAIN!);
      assert.match(stderr, /^error\[CHI-1102\]: (?:add|remove|list) .*: permission denied\n/);
    }
  },
);

test("serve: a repo that is named, that encloses the folder, or that is ./mods is loaded", async () => {
  await using folder = new ProgramFolder();
  using repo = new LedgerRepo();
  const served = async (words: readonly string[]) => {
    const server = await folder.serve(["--workers", "2", ...words]);
    const { modules } = await folder.json(["mod", "list"]);
    await folder.run(["stop"]);
    await server.ended();
    return modules.some(({ libName }: { libName: string }) => libName === "shop_ledger");
  };
  assert.equal(await served([]), false);
  assert.equal(await served(["--repo", repo.folder]), true);
  Deno.renameSync(repo.folder, `${folder.path}/mods`);
  assert.equal(await served([]), true);
  Deno.mkdirSync(repo.folder); // For the end of the test.
  const wrong = await folder.run(["serve", "--repo", "nowhere"]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /^error\[CHI-1301\]: nowhere: no such folder\n/);
});

test("serve: repos that are named and those that were added are all loaded", async () => {
  await using folder = new ProgramFolder();
  const names = ["first", "second", "added"];
  for (const name of names) {
    assert.equal((await folder.run(["repo", "new", name])).code, 0);
    assert.equal((await folder.run(["mod", "new", `${name}/echo`])).code, 0);
  }
  await folder.run(["repo", "add", `${folder.path}/added`]);
  await folder.serve(["--workers", "2", "--repo", "first", "--repo", "second"]);
  const { modules } = await folder.json(["mod", "list"]);
  const found = modules.map(({ libName }: { libName: string }) => libName);
  for (const name of names) assert.ok(found.includes(`${name}_echo`), `${found} has no ${name}`);
});

test("serve --watch: what is saved goes live; what is wrong is shown, and the old version serves", async () => {
  await using folder = new ProgramFolder();
  using repo = new LedgerRepo();
  const server = await folder.serve(["--workers", "2", "--repo", repo.folder, "--watch"]);
  await using it = await clientOf(folder);
  const until = async (version: number) => {
    for (let tries = 0; tries < 500; tries++) {
      if ((await it.client.add(0, 0)).version === version) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.fail(`version ${version} does not answer`);
  };
  await it.client.add(0, 7);
  repo.write({ version: 2 });
  await until(2);
  repo.put("ledger_runtime.ts", "this is no module\n");
  await server.said(/error\[CHI-4005\]: load module shop_ledger: .*ledger_runtime\.ts:1:/);
  await server.said(/note: the old version serves on/);
  await server.said(/^type error: .*\/ledger\/ledger_runtime\.ts:1:\d+ {2}TS\d+: /m);
  assert.deepEqual(await it.client.add(0, 1), { sum: 8, version: 2 });
  repo.write({ version: 3 });
  await until(3);
  await server.said(/^the types of .* are right again$/m);
  assert.deepEqual(await it.client.add(0, 1), { sum: 9, version: 3 });
  // Types are not what it runs by: it goes live, and is told of.
  repo.write({ version: 4, add: 'const wrong: number = "x";\n    void wrong;' });
  await until(4);
  await server.said(/^type error: .*\/ledger\/ledger_runtime\.ts:\d+:\d+ {2}TS2322: /m);
  await folder.run(["stop"]);
  const { stderr, code } = await server.ended();
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^upgraded shop_ledger: 1 pool, 2 lanes, with their state; /m);
});

test("serve --watch: without a repo there is nothing to watch", async () => {
  await using folder = new ProgramFolder();
  const { code, stderr } = await folder.run(["serve", "--watch"]);
  assert.equal(code, 2);
  assert.match(stderr, /error\[CHI-1001\]: serve --watch: there is no repo to watch\nhint: /);
});

test("pool: one is made, and ends; a state is dropped when that is asked for", async () => {
  await using folder = new ProgramFolder();
  using repo = new LedgerRepo();
  await folder.serve(["--workers", "2", "--repo", repo.folder]);
  const made = await folder.json(["pool", "create", "books", "ledger"]);
  assert.deepEqual([made.pool, made.created], ["books", true]);
  const again = await folder.run(["pool", "create", "books", "shop_ledger"]);
  assert.equal(again.stdout, `pool books was there, id ${made.id}\n`);
  {
    await using it = await clientOf(folder);
    await it.client.add(0, 5);
    const dropped = await folder.json(["mod", "upgrade", "ledger", "--drop-state"]);
    assert.deepEqual([dropped.pools, dropped.lanes, dropped.restarted], [1, 2, 2]);
    assert.deepEqual(await it.client.add(0, 1), { sum: 1, version: 1 });
  }
  const ended = await folder.run(["pool", "destroy", "books"]);
  assert.equal(ended.stdout, "pool books has ended\n");
  for (
    const [words, says] of [
      [["pool", "destroy", "books"], /^error\[CHI-4001\]: pool books: none has this name\n/],
      [["pool", "destroy", "admin"], /^error\[CHI-4014\]: end pool admin: it is the admin/],
      [["pool", "create", "books", "nothing"], /^error\[CHI-4003\]: module nothing: /],
    ] as const
  ) {
    const { code, stderr } = await folder.run(words);
    assert.equal(code, 1);
    assert.match(stderr, says);
  }
});

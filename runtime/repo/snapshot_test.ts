/** A module's code at one moment: what belongs to it, what is refused, and its copy. */

import assert from "node:assert/strict";
import { test } from "../../tests/permission.ts";
import { ChimaeraError } from "../errors.ts";
import { readRepo } from "./manifest.ts";
import { type ModuleCode, readModuleCode, writeModuleCode } from "./snapshot.ts";

/** A repo in a temporary folder. */
class Repo {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "chimaera-snapshot-" }));

  constructor(files: Readonly<Record<string, string>>) {
    this.write({ "chimaera_repo.yaml": "namespace: example\n", ...files });
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      const file = `${this.path}/${path}`;
      Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(file, text);
    }
  }

  read(name: string): Promise<ModuleCode> {
    const repo = readRepo(this.path);
    return readModuleCode(repo, repo.modules.find((module) => module.name === name)!);
  }

  async refusal(name: string): Promise<string> {
    try {
      await this.read(name);
    } catch (thrown) {
      assert.ok(thrown instanceof ChimaeraError);
      return `${thrown.code} ${thrown.message.replaceAll(this.path, "~")}`;
    }
    return "nothing";
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

const CACHE = {
  "cache/chimaera_mod.yaml": "name: cache\n",
  "cache/cache_runtime.ts": `import { Client } from "example/store_client";
import table from "./data/table.json" with { type: "json" };
export const all = [Client, table, await import('example/store_tasks')];
`,
  "cache/cache_test.ts": 'import "../../nobody/asks.ts";\n',
  "cache/data/table.json": "[1]\n",
  "cache/readme.md": "For people.\n",
  "cache/.hidden.ts": "import 'left';\n",
  "cache/node_modules/left/index.ts": "import 'right';\n",
};
const STORE = {
  "store/chimaera_mod.yaml": "name: store\n",
  "store/store_client.ts": 'import { T } from "./store_tasks.ts";\nexport class Client { t = T }\n',
  "store/store_tasks.ts": "export const T = 1;\n",
  "store/store_runtime.ts": "export const secret = 1;\n",
};

test("snapshot: a module's files, and what they import by name; tests and the like are left", async () => {
  using repo = new Repo({ ...CACHE, ...STORE });
  const { files } = await repo.read("cache");
  assert.deepEqual([...files.keys()].sort(), [
    "cache/cache_runtime.ts",
    "cache/data/table.json",
    "store/store_client.ts",
    "store/store_tasks.ts",
  ]);
  const text = new TextDecoder().decode(files.get("cache/cache_runtime.ts"));
  assert.equal(
    text,
    `import { Client } from "../store/store_client.ts";
import table from "./data/table.json" with { type: "json" };
export const all = [Client, table, await import('../store/store_tasks.ts')];
`,
    "names become paths, and nothing else changes",
  );
});

test("snapshot: any change to what belongs to it changes its hash, and no other", async () => {
  using repo = new Repo({ ...CACHE, ...STORE });
  const { hash } = await repo.read("cache");
  assert.match(hash, /^[0-9a-f]{16}$/);
  repo.write({ "cache/cache_test.ts": "", "cache/readme.md": "", "store/store_runtime.ts": "" });
  assert.equal((await repo.read("cache")).hash, hash);
  const changes = ["store/store_tasks.ts", "cache/data/table.json", "cache/cache_runtime.ts"];
  const hashes = new Set([hash]);
  for (const path of changes) {
    const text = Deno.readTextFileSync(`${repo.path}/${path}`);
    repo.write({ [path]: `${text} ` });
    hashes.add((await repo.read("cache")).hash);
  }
  assert.equal(hashes.size, 4);
});

test("snapshot: the copy has the shape of the repo, and outlives edits", async () => {
  using repo = new Repo({ ...CACHE, ...STORE });
  using target = new Repo({});
  const code = await repo.read("cache");
  const copy = `${target.path}/1`;
  writeModuleCode(code, copy);
  repo.write({ "store/store_tasks.ts": "export const T = 2;\n" });
  const { all } = await import(`file://${copy}/cache/cache_runtime.ts`);
  assert.equal(new all[0]().t, 1);
  assert.deepEqual(all[1], [1]);
  assert.equal(Deno.readTextFileSync(`${copy}/deno.json`), "{}\n");
  assert.deepEqual([...Deno.readDirSync(target.path)].map(({ name }) => name).sort(), [
    "1",
    "chimaera_repo.yaml",
  ]);
});

test("snapshot: all that must not be imported is told together, with places", async () => {
  using repo = new Repo({ ...CACHE });
  assert.equal(
    await repo.refusal("cache"),
    'CHI-4021 ~/cache/cache_runtime.ts:1:25: "example/store_client" leads to ' +
      "~/store/store_client.ts, and there is no such file; further: " +
      '~/cache/cache_runtime.ts:3:49: "example/store_tasks" leads to ' +
      "~/store/store_tasks.ts, and there is no such file",
  );
  repo.write({
    ...STORE,
    "store/store_tasks.ts": 'import "npm:left-pad";\nexport const T = 1;\n',
  });
  assert.match(
    await repo.refusal("cache"),
    /^CHI-4021 ~\/store\/store_tasks\.ts:1:9: "npm:left-pad" is none of/,
  );
  repo.write({ "store/store_tasks.ts": "export const T = {;\n}}\n" });
  assert.match(await repo.refusal("cache"), /^CHI-4005 ~\/store\/store_tasks\.ts:2:2: its syntax/);
});

test("snapshot: what is larger than a module may be is refused and not read", async () => {
  using repo = new Repo({
    "big/chimaera_mod.yaml": "name: big\n",
    "big/big_methods.yaml": "kCreate: 0\n",
    "big/table.json": "",
  });
  // A file with a hole: it takes no room, and no memory has room for it.
  Deno.truncateSync(`${repo.path}/big/table.json`, 6 * 2 ** 30);
  assert.equal(
    await repo.refusal("big"),
    "CHI-4005 ~/big/table.json: the module's files have more than 67108864 bytes",
  );
});

/** From any methods to any others: `refresh --prune` once is enough, and what it leaves has types. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "../tests/permission.ts";
import { RepoFolder } from "./testing/repo_folder.ts";

const CLIENT = "compressor/compressor_client.ts";
const RUNTIME = "compressor/compressor_runtime.ts";

/** Few names, so that they come, stay, go and change their numbers. */
const OWN = ["kPack", "kUnpack", "kStore", "kA", "kZip", `k${"Long".repeat(9)}`];
const INHERITED = ["kNodeFailure: 2", "kRecover: 3", "kMigrate: 4", "kUpgrade: 5"];

const METHODS = fc.record({
  inherited: fc.subarray(INHERITED),
  own: fc.uniqueArray(fc.constantFrom(...OWN)),
  ids: fc.uniqueArray(fc.integer({ min: 10, max: 20 }), {
    minLength: OWN.length,
    maxLength: OWN.length,
  }),
}).map(({ inherited, own, ids }) => [...inherited, ...own.map((name, k) => `${name}: ${ids[k]}`)]);

/** How an author has the names of the tasks stand. */
const FORM = fc.constantFrom<(names: string[]) => string>(
  (names) => `import { ${names.join(", ")} } from "./compressor_tasks.ts";`,
  (names) =>
    `import {\n${names.map((name) => `  ${name},\n`).join("")}} from "./compressor_tasks.ts";`,
  (names) => names.map((name) => `import { ${name} } from "./compressor_tasks.ts";`).join("\n"),
  (names) =>
    names.map((name) => `import { ${name} } from "./compressor_tasks.ts"; // ${name}`).join("\n"),
  (names) => `import { ${names.join(" , ")}, } from "./compressor_tasks.ts";`,
  (names) => `import { ${names.toReversed().join(", ")} } from "./compressor_tasks.ts";`,
  (names) => `import { ${names.join(", ")} /* mine */ } from "./compressor_tasks.ts";`,
);
const CHANGE = fc.record({ before: METHODS, after: METHODS, form: FORM });
type Change = typeof CHANGE extends fc.Arbitrary<infer T> ? T : never;

const IMPORT = /^import (type )?\{([^}]*)\} from "\.\/compressor_tasks\.ts";$/m;

/** A repo that was refreshed for some methods, with the author's own form of imports. */
async function repoBefore({ before, form }: Change): Promise<RepoFolder> {
  const folder = await RepoFolder.withModule();
  folder.declare(before);
  await folder.refresh();
  for (const file of [CLIENT, RUNTIME]) {
    const text = folder.read(file).replace(IMPORT, (_all, type = "", names: string) => {
      const words = names.split(",").map((name) => name.trim()).filter((name) => name !== "");
      return form(words).replaceAll("import {", `import ${type}{`);
    });
    folder.write(file, text);
  }
  return folder;
}

/** Prunes at once, and in two steps; returns the texts, which are the same. */
async function pruned(change: Change): Promise<Record<string, string>> {
  using atOnce = await repoBefore(change);
  using inTwo = await repoBefore(change);
  for (const folder of [atOnce, inTwo]) folder.declare(change.after);
  const plan = await atOnce.refresh({ prune: true });
  assert.deepEqual(plan.problems, []);
  await inTwo.refresh();
  assert.deepEqual((await inTwo.plan()).changes, []);
  await inTwo.refresh({ prune: true });
  assert.deepEqual(atOnce.texts(), inTwo.texts());
  const again = await atOnce.plan({ prune: true });
  assert.deepEqual([again.changes, again.unused], [[], []]);
  assert.deepEqual((await atOnce.plan()).changes, []);
  return atOnce.texts();
}

test("prune: one name for two neighbours, in one go", async () => {
  using folder = await RepoFolder.withModule();
  folder.declare(["kStore: 10"]);
  await folder.refresh();
  const fresh = folder.texts();
  using other = await RepoFolder.withModule();
  other.declare(["kPack: 10", "kUnpack: 11"]);
  await other.refresh();
  other.declare(["kStore: 10"]);
  const { unused } = await other.refresh({ prune: true });
  assert.deepEqual(new Set(unused.map(({ block }) => block)), new Set(["Pack", "Unpack"]));
  assert.deepEqual(other.texts(), fresh);
});

test("prune: what a block that goes has imported is not counted on, and goes with it", async () => {
  using folder = await RepoFolder.withModule();
  folder.declare(["kPack: 10"]);
  await folder.refresh();
  const tasks = "compressor/compressor_tasks.ts";
  const own = 'import { defineTask } from "chimaera";';
  folder.edit(
    tasks,
    (text) => text.replace(/ defineTask,/, "").replace("// CHI_BEGIN(Pack)", `$&\n${own}`),
  );
  folder.declare(["kStore: 10"]);
  await folder.refresh({ prune: true });
  const text = folder.read(tasks);
  assert.doesNotMatch(text, /Pack/);
  assert.match(text, /import \{.* defineTask as defineTaskValue,.*\} from "chimaera";/);
  assert.match(text, /class StoreTask extends defineTaskValue\(/);
  assert.deepEqual((await folder.plan({ prune: true })).changes, []);
});

test("prune: from any methods to any others once is enough, and what is left has types", async () => {
  using checked = await RepoFolder.withModule("other");
  let count = 0;
  await fc.assert(
    fc.asyncProperty(CHANGE, async (change) => {
      const texts = await pruned(change);
      // All are checked at once: the type checker takes seconds to begin.
      const name = `m${count++}`;
      for (const [file, text] of Object.entries(texts)) {
        if (!file.startsWith("compressor/")) continue;
        checked.write(file.replaceAll("compressor", name), text.replaceAll("compressor", name));
      }
    }),
    { numRuns: 30 },
  );
  const { problems } = await checked.refresh();
  assert.deepEqual(problems, []);
  const { code, output } = await checked.deno("check", "--config", RepoFolder.config, ".");
  assert.equal(code, 0, output);
});

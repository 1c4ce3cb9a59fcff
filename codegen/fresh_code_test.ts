/** What is made and inserted is formatted, clean, of the right types, and runs. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { DomainQuery, type Session } from "chimaera";
import { Client as Admin } from "chimaera/admin_client";
import { startNode } from "chimaera/test";
import { test } from "../tests/permission.ts";
import { handlerName } from "../runtime/repo/mod.ts";
import { derivedNames, INHERITED, methodNameProblem } from "./method_rules.ts";
import { newModule, newRepo } from "./mod.ts";
import { RepoFolder } from "./testing/repo_folder.ts";

/** Fails unless formatter, linter and type checker have nothing to say about a repo. */
async function expectClean(folder: RepoFolder): Promise<void> {
  const [formatted, linted, checked] = await Promise.all([
    folder.deno("fmt", "--check"),
    folder.deno("lint"),
    folder.deno("check", "--config", RepoFolder.config, "."),
  ]);
  assert.equal(formatted.code, 0, formatted.output);
  assert.equal(linted.code, 0, linted.output);
  assert.equal(checked.code, 0, checked.output);
}

/** Methods whose names have nothing in common, with any numbers in any order. */
const METHODS = fc.tuple(
  fc.uniqueArray(
    fc.stringMatching(/^k[A-Z][A-Za-z0-9_]{0,62}$/).filter((name) =>
      methodNameProblem(name) === null && !/^k(?:Monitor|Async)/i.test(name)
    ),
    { maxLength: 12, selector: (name) => derivedNames(name)[0], size: "max" },
  ),
  fc.tuple(
    ...Object.entries(INHERITED).slice(1).map(([name, id]) =>
      fc.constantFrom("", `${name}: ${id}`, `${name}: -1`)
    ),
  ),
  fc.uniqueArray(fc.integer({ min: 10, max: 2 ** 32 - 1 }), { minLength: 12, maxLength: 12 }),
  fc.nat({ max: 16 }),
);

test("fresh code: of any methods it is formatted, clean, and of the right types", async () => {
  const inherited = new Set(Object.keys(INHERITED).map((name) => derivedNames(name)[0]));
  const twelve = fc.array(METHODS, { minLength: 12, maxLength: 12 });
  const property = fc.asyncProperty(twelve, async (samples) => {
    using folder = new RepoFolder();
    await newRepo(folder.path, "example");
    for (const [at, [names, shared, ids, turn]] of samples.entries()) {
      await newModule(folder.path, `m${at}`);
      const own = names.filter((name) => !inherited.has(derivedNames(name)[0]))
        .map((name, k) => `${name}: ${ids[k]}`);
      const lines = [...own, ...shared.filter((line) => line !== "")];
      folder.declare([...lines.slice(turn), ...lines.slice(0, turn)], `m${at}`);
    }
    const { problems } = await folder.refresh();
    assert.deepEqual(problems, []);
    await expectClean(folder);
    assert.deepEqual((await folder.plan()).changes, []);
  });
  // Formatter, linter and type checker take seconds: one run of twelve modules, and no shrinking.
  await fc.assert(property, { numRuns: 1, endOnFailure: true });
});

test("fresh code: upgrade has the right types whatever restoreState takes", async () => {
  using folder = new RepoFolder();
  await newRepo(folder.path, "example");
  const forms = ["", "saved: SavedState", "saved: SavedState, rctx: RunContext"];
  for (const [at, parameters] of forms.entries()) {
    await newModule(folder.path, `m${at}`);
    folder.declare(["kUpgrade: 5"], `m${at}`);
    await folder.refresh();
    const own = `override restoreState(${parameters}): void {}`;
    folder.edit(
      `m${at}/m${at}_runtime.ts`,
      (text) => text.replace(/^ *\/\/ CHI_AUTOGEN/m, `  ${own}\n$&`),
    );
  }
  const { code, output } = await folder.deno("check", "--config", RepoFolder.config, ".");
  assert.equal(code, 0, output);
});

test("fresh code: a new module passes its own test at once", async () => {
  using folder = await RepoFolder.withModule();
  const { code, output } = await folder.deno(
    "test",
    "--config",
    RepoFolder.config,
    "--no-check",
    "-A",
    "compressor/compressor_test.ts",
  );
  assert.equal(code, 0, output);
  assert.match(output, /compressor: a pool is made, and found again by its name \.\.\. ok/);
});

function urlOf(folder: RepoFolder): URL {
  return new URL(`file://${folder.path}/`);
}

/** A client of a new pool of the module `every`. */
async function newPool(folder: RepoFolder, session: Session) {
  const { Client } = await import(`${urlOf(folder)}every/every_client.ts`);
  const client = new Client(session);
  const local = DomainQuery.getLocalId();
  await client.create(local, local, "pool");
  return client;
}

test("fresh code: methods are called, those that are inherited too", async () => {
  using folder = await RepoFolder.withModule("every");
  const names = ["kNodeFailure", "kRecover", "kMigrate", "kFirst", "kLast"];
  folder.declare([
    "kNodeFailure: 2",
    "kRecover: 3",
    "kMigrate: 4",
    "kUpgrade: 5",
    "kFirst: 10",
    "kLast: 4294967295",
  ], "every");
  await folder.refresh();
  // Each handler says which one it was, by throwing.
  folder.edit(
    "every/every_runtime.ts",
    (text) =>
      text.replace(
        /(\w+)\(_task: \w+Task, _rctx: RunContext\): void \{\}/g,
        (stub, name) =>
          name === "monitorCreate"
            ? stub
            : stub.replace("{}", `{ throw new Error("${name} was here"); }`),
      ),
  );
  await using started = await startNode({ repos: [urlOf(folder)] });
  const local = DomainQuery.getLocalId();
  const client = await newPool(folder, started.session);
  for (const name of names) {
    const method = handlerName(name);
    await assert.rejects(
      () => client[method](local),
      new RegExp(`every\\.${name}.*${method} was here`),
    );
  }
  assert.equal("upgrade" in client, false);
});

test("fresh code: upgrade is called with what the version before saved", async () => {
  using folder = await RepoFolder.withModule("every");
  const runtime = "every/every_runtime.ts";
  const fill = (stub: RegExp, body: string) =>
    folder.edit(runtime, (text) => text.replace(stub, body));
  folder.declare(["kShow: 10"], "every");
  await folder.refresh();
  const members = "sum = 41;\n  override saveState() {\n" +
    "    return { v: 3, state: this.sum, pointers: [] };\n  }\n";
  fill(/^ *\/\/ CHI_AUTOGEN/m, `  ${members}$&`);
  fill(/( show\(.*\{)\}/, "$1 throw new Error(`the sum is ${this.sum}`); }");
  await using started = await startNode({ repos: [urlOf(folder)] });
  const local = DomainQuery.getLocalId();
  const client = await newPool(folder, started.session);
  await assert.rejects(() => client.show(local), /the sum is 41/);

  folder.declare(["kUpgrade: 5", "kShow: 10"], "every");
  await folder.refresh();
  fill(
    /(async upgrade\([^{]*\{\n)[^]*?(\n {2}\}\n *\/\/ CHI_END\(Upgrade\))/,
    "$1    this.sum = (saved.state as number) + 100 * saved.v;$2",
  );
  const admin = new Admin(started.session);
  assert.equal((await admin.upgradeModule(local, "example_every")).restarted, 0);
  await assert.rejects(() => client.show(local), /the sum is 341/);
});

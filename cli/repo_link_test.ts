import assert from "node:assert/strict";
import { test } from "../tests/permission.ts";
import { ProgramFolder } from "./testing/program.ts";

async function withRepo(folder: ProgramFolder): Promise<void> {
  const made = await folder.run(["repo", "new", "mods", "example"]);
  assert.equal(made.code, 0, made.stderr);
  const module = await folder.run(["mod", "new", "mods/packer"]);
  assert.equal(module.code, 0, module.stderr);
  Deno.mkdirSync(`${folder.path}/app`);
}

test("repo link: says what a program can import, and takes it out again", async () => {
  await using folder = new ProgramFolder();
  await withRepo(folder);
  const linked = await folder.run(["repo", "link", "app", "--repo", "mods"]);
  assert.equal(linked.code, 0, linked.stderr);
  assert.match(
    linked.stdout,
    /^wrote .*\/app\/deno\.json\nthe program can import\n {2}example\/packer_client\n {2}example\/packer_tasks\nthe SDK is in .*\/mods\/\.chimaera\n$/,
  );
  assert.deepEqual([...Deno.readDirSync(`${folder.path}/app`)].map(({ name }) => name), [
    "deno.json",
  ]);
  const again = await folder.run(["repo", "link", "app", "--repo", "mods", "--json"]);
  const report = JSON.parse(again.stdout);
  assert.deepEqual(Object.keys(report), [
    "app",
    "repo",
    "namespace",
    "config",
    "changed",
    "names",
    "removed",
    "sdk",
    "kit",
  ]);
  assert.equal(report.changed, false);
  const removed = await folder.run(["repo", "link", "app", "--repo", "mods", "--remove"]);
  assert.match(removed.stdout, /it no longer has\n {2}chimaera\n[^]* {2}example\/packer_client\n/);
  assert.deepEqual(JSON.parse(Deno.readTextFileSync(`${folder.path}/app/deno.json`)), {
    imports: {},
  });
  const nothing = await folder.run(["repo", "link", "app", "--repo", "mods", "--remove"]);
  assert.match(nothing.stdout, /\/app is not linked to .*\/mods\n$/);
});

test("repo link: --remove takes back a link of Node too, and with --node no other", async () => {
  await using folder = new ProgramFolder();
  await withRepo(folder);
  const app = `${folder.path}/app`;
  const dependencies = { example: "file:./chimaera_modules/example", left: "^1.0.0" };
  const link = () => {
    Deno.mkdirSync(`${app}/chimaera_modules/example`, { recursive: true });
    Deno.writeTextFileSync(`${app}/chimaera_modules/example/package.json`, "{}");
    Deno.writeTextFileSync(`${app}/package.json`, JSON.stringify({ dependencies }));
  };
  link();
  const removed = await folder.run(["repo", "link", "app", "--repo", "mods", "--remove"]);
  assert.match(
    removed.stdout,
    /^wrote .*\/app\/package\.json\nit no longer has\n {2}example\n$/,
  );
  assert.deepEqual([...Deno.readDirSync(app)].map(({ name }) => name), ["package.json"]);
  link();
  await folder.run(["repo", "link", "app", "--repo", "mods"]);
  const words = ["repo", "link", "app", "--repo", "mods", "--remove", "--node", "--json"];
  const only = JSON.parse((await folder.run(words)).stdout);
  assert.deepEqual([only.deno, only.node.removed], [null, ["example"]]);
  assert.match(Deno.readTextFileSync(`${app}/deno.json`), /packer_client/);
});

test("repo link: what cannot be done is said with its code", async () => {
  await using folder = new ProgramFolder();
  await withRepo(folder);
  const nowhere = await folder.run(["repo", "link", "none", "--repo", "mods"]);
  assert.equal(nowhere.code, 1);
  assert.match(
    nowhere.stderr,
    /^error\[CHI-1101\]: link .*\/none: there is no such folder; it must be made first\nhint: run `mkdir -p /,
  );
  const noRepo = await folder.run(["repo", "link", "app"]);
  assert.match(noRepo.stderr, /^error\[CHI-1301\]: /);
});

test("repo reformat: says what it wrote, what is left to a person, and what is in the way", async () => {
  await using folder = new ProgramFolder();
  const include = `${folder.path}/cpp/packer/include/packer`;
  Deno.mkdirSync(include, { recursive: true });
  Deno.writeTextFileSync(`${folder.path}/cpp/chimaera_repo.yaml`, "namespace: example\n");
  Deno.writeTextFileSync(`${include}/packer_methods.yaml`, "kCreate: 0\nkPack: 7\nkMore: 8\n");
  Deno.writeTextFileSync(`${include}/packer_tasks.h`, "struct PackTask {};\n");
  const refused = await folder.run(["repo", "reformat", "cpp"]);
  assert.equal(refused.code, 1);
  assert.equal(refused.stdout, "");
  assert.match(
    refused.stderr,
    /packer_methods\.yaml:2:8: [^]*packer_methods\.yaml:3:8: [^]*error\[CHI-1308\]: .*\/cpp: 2 things are in the way\nhint: /,
  );
  Deno.writeTextFileSync(`${include}/packer_methods.yaml`, "kCreate: 0\nkPack: 10\n");
  const done = await folder.run(["repo", "reformat", "cpp"]);
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /^wrote in .*\/cpp\n {2}chimaera_repo\.yaml\n/);
  assert.match(
    done.stdout,
    /\n {2}packer\/include\/packer\/packer_tasks\.h -> packer\/packer_tasks\.ts\n/,
  );
  const idle = await folder.run(["repo", "reformat", "cpp", "--json"]);
  assert.deepEqual(JSON.parse(idle.stdout).written, []);
});

import assert from "node:assert/strict";
import { ChimaeraError } from "../../runtime/errors.ts";
import { test } from "../../tests/permission.ts";
import { linkApp, unlinkApp } from "./link_app.ts";

/** A folder with a repo of the namespace `example`, and a project beside it. */
class Place {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "chi link" }));
  readonly app = `${this.folder}/my app`;
  readonly repo = `${this.folder}/mods #1`;
  readonly request = { app: this.app, repo: this.repo };

  constructor() {
    Deno.mkdirSync(this.app);
    Deno.mkdirSync(this.repo);
    this.write("mods #1/chimaera_repo.yaml", "namespace: example\n");
    this.addModule("compressor");
  }

  addModule(name: string): void {
    Deno.mkdirSync(`${this.repo}/${name}`);
    this.write(`mods #1/${name}/chimaera_mod.yaml`, `name: ${name}\n`);
    for (const role of ["client", "tasks"]) {
      this.write(`mods #1/${name}/${name}_${role}.ts`, "export {};\n");
    }
  }

  write(path: string, text: string): void {
    Deno.writeTextFileSync(`${this.folder}/${path}`, text);
  }

  get config(): string {
    return Deno.readTextFileSync(`${this.app}/deno.json`);
  }

  get imports(): Record<string, string> {
    return JSON.parse(this.config).imports;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

async function refused(call: () => Promise<unknown>): Promise<ChimaeraError> {
  try {
    await call();
  } catch (thrown) {
    assert(thrown instanceof ChimaeraError);
    return thrown;
  }
  throw new Error("it was not refused");
}

const CLIENT = "example/compressor_client";
const TASKS = "example/compressor_tasks";

test("repo link: a project without configuration gets one, and the SDK", async () => {
  using place = new Place();
  const report = await linkApp(place.request);
  assert.deepEqual(report.names, [CLIENT, TASKS]);
  assert.equal(report.changed, true);
  assert.equal(report.kit, "written");
  assert.equal(
    place.imports[CLIENT],
    "../mods%20%231/compressor/compressor_client.ts",
  );
  assert.match(place.imports["chimaera"]!, /^\.\/\.chimaera\//);
  assert(Deno.statSync(`${place.app}/${place.imports["chimaera"]}`).isFile);
});

test("repo link: a second time changes nothing", async () => {
  using place = new Place();
  await linkApp(place.request);
  const before = place.config;
  const again = await linkApp(place.request);
  assert.equal(again.changed, false);
  assert.equal(again.kit, "current");
  assert.equal(place.config, before);
});

test("repo link: what the author wrote stays as it is", async () => {
  using place = new Place();
  const head = '// mine\n{\n  "tasks": { "go": "deno run x.ts" },\n  "imports": {\n';
  const mine =
    '    "own": "../mods%20%231/tool.ts" // a file of the repo that is no module\n  }\n}\n';
  place.write("my app/deno.jsonc", head + mine);
  const { config } = await linkApp(place.request);
  const text = Deno.readTextFileSync(config);
  assert(config.endsWith("/deno.jsonc"));
  assert(text.startsWith(head));
  assert(
    text.includes('"own": "../mods%20%231/tool.ts", // a file of the repo that is no module\n'),
  );
  unlinkApp(place.request);
  assert.equal(Deno.readTextFileSync(config), head + mine);
});

test("repo link: removed modules and an old namespace leave the project", async () => {
  using place = new Place();
  place.addModule("cache");
  await linkApp(place.request);
  assert("example/cache_client" in place.imports);
  Deno.removeSync(`${place.repo}/cache`, { recursive: true });
  const fewer = await linkApp(place.request);
  assert.deepEqual(fewer.removed, ["example/cache_client", "example/cache_tasks"]);
  place.write("mods #1/chimaera_repo.yaml", "namespace: other\n");
  const renamed = await linkApp(place.request);
  assert.deepEqual(renamed.removed, [CLIENT, TASKS]);
  assert.deepEqual(renamed.names, ["other/compressor_client", "other/compressor_tasks"]);
});

test("repo link: a repo that was moved is found again", async () => {
  using place = new Place();
  place.addModule("cache");
  await linkApp(place.request);
  Deno.removeSync(`${place.repo}/cache`, { recursive: true });
  const moved = `${place.folder}/moved`;
  Deno.renameSync(place.repo, moved);
  const report = await linkApp({ app: place.app, repo: moved });
  assert.deepEqual(report.removed, ["example/cache_client", "example/cache_tasks"]);
  assert.equal(place.imports[CLIENT], "../moved/compressor/compressor_client.ts");
});

test("repo link: --remove takes the repo's names out, and the SDK", async () => {
  using place = new Place();
  place.write("my app/deno.json", '{ "imports": { "own": "./main.ts" } }\n');
  await linkApp(place.request);
  const report = unlinkApp(place.request);
  assert(report.removed.includes(CLIENT) && report.removed.includes("chimaera/node"));
  assert.deepEqual(place.imports, { own: "./main.ts" });
  assert.deepEqual([...Deno.readDirSync(place.app)].map(({ name }) => name), ["deno.json"]);
  assert.equal(unlinkApp(place.request).changed, false);
});

/** Gives a folder beside the project names of an SDK, as `repo new` does. */
function giveNames(place: Place, folder: string, kit = "./.chimaera"): void {
  const imports = { "chimaera": `${kit}/sdk/mod.js`, "chimaera/test": `${kit}/sdk/test.js` };
  place.write(`${folder}/deno.json`, JSON.stringify({ imports }));
}

test("repo link: a repo with an SDK of its own shares it with the project", async () => {
  using place = new Place();
  const first = await linkApp(place.request); // By a program that knew no better.
  assert.equal(first.sdk, place.app);
  giveNames(place, "mods #1");
  const report = await linkApp(place.request);
  assert.equal(report.sdk, place.repo);
  assert.equal(report.kit, "written");
  assert.equal(place.imports["chimaera"], "../mods%20%231/.chimaera/sdk/mod.js");
  assert.equal(place.imports["chimaera/node"], "../mods%20%231/.chimaera/sdk/node.js");
  assert(Deno.statSync(`${place.repo}/.chimaera/sdk/mod.js`).isFile);
  assert.deepEqual([...Deno.readDirSync(place.app)].map(({ name }) => name), ["deno.json"]);
  assert.equal((await linkApp(place.request)).changed, false);
  unlinkApp(place.request);
  assert.deepEqual(place.imports, {});
  assert(Deno.statSync(`${place.repo}/.chimaera/sdk/mod.js`).isFile);
});

test("repo link: a repo in a project has the project's SDK", async () => {
  using place = new Place();
  giveNames(place, ".");
  const report = await linkApp(place.request);
  assert.equal(report.sdk, place.folder);
  assert.equal(place.imports["chimaera"], "../.chimaera/sdk/mod.js");
  unlinkApp(place.request);
  place.write("mods #1/deno.json", "{}"); // Deno looks no further than to the nearest one.
  assert.equal((await linkApp(place.request)).sdk, place.app);
});

test("repo link: --remove leaves its names to a project that the repo is a part of", async () => {
  using place = new Place();
  giveNames(place, ".");
  const request = { app: place.folder, repo: place.repo };
  await linkApp(request);
  const { removed } = unlinkApp(request);
  assert.deepEqual(removed, [CLIENT, TASKS]);
  const { imports } = JSON.parse(Deno.readTextFileSync(`${place.folder}/deno.json`));
  assert.equal(imports["chimaera"], "./.chimaera/sdk/mod.js");
  assert(Deno.statSync(`${place.folder}/.chimaera/sdk/mod.js`).isFile);
});

test("repo link: two repos are linked when they have one SDK, and else refused", async () => {
  using place = new Place();
  const other = { app: place.app, repo: `${place.folder}/other` };
  Deno.mkdirSync(`${other.repo}/cache`, { recursive: true });
  place.write("other/chimaera_repo.yaml", "namespace: other\n");
  place.write("other/cache/chimaera_mod.yaml", "");
  place.write("other/cache/cache_client.ts", "export {};\n");
  giveNames(place, "mods #1");
  giveNames(place, "other");
  await linkApp(place.request);
  const before = place.config;
  const error = await refused(() => linkApp(other));
  assert.equal(error.code, "CHI-4022");
  assert.match(
    error.why,
    /another SDK: its `chimaera` is .*\/mods #1\/\.chimaera\/sdk\/mod\.js, by/,
  );
  assert.match(error.hint, /other\/deno\.json lead to/);
  assert.equal(place.config, before);

  giveNames(place, "other", "../mods%20%231/.chimaera");
  assert.equal((await linkApp(other)).sdk, place.repo);
  assert.deepEqual(unlinkApp(place.request).removed, [CLIENT, TASKS]);
  assert.deepEqual(Object.keys(place.imports).filter((name) => name.startsWith("other/")), [
    "other/cache_client",
  ]);
  assert("chimaera" in place.imports);
  unlinkApp(other);
  assert.deepEqual(place.imports, {});
});

test("repo link: a project with another SDK than the repo's is CHI-4022", async () => {
  using place = new Place();
  giveNames(place, "mods #1");
  place.write("sdk.js", "export {};\n");
  place.write("my app/deno.json", '{ "imports": { "chimaera": "../sdk.js" } }\n');
  const error = await refused(() => linkApp(place.request));
  assert.equal(error.code, "CHI-4022");
  assert.match(error.why, /`chimaera` leads to .*\/sdk\.js, and the repo's files import /);
});

test("repo link: a project with an SDK of its own keeps it", async () => {
  using place = new Place();
  place.write("sdk.js", "export {};\n");
  place.write("my app/deno.json", '{ "imports": { "chimaera": "../sdk.js" } }\n');
  const report = await linkApp(place.request);
  assert.equal(report.kit, "own");
  assert.equal(place.imports["chimaera"], "../sdk.js");
  assert(!("chimaera/node" in place.imports));
  assert(CLIENT in place.imports);
});

test("repo link: through a link, names lead to where the repo is", async () => {
  using place = new Place();
  Deno.mkdirSync(`${place.folder}/deep/er`, { recursive: true });
  Deno.symlinkSync(place.app, `${place.folder}/deep/er/app`);
  const report = await linkApp({ app: `${place.folder}/deep/er/app`, repo: place.repo });
  assert.equal(report.app, place.app);
  assert.equal(place.imports[CLIENT], "../mods%20%231/compressor/compressor_client.ts");
});

test("repo link: what cannot be linked is refused, and nothing is written", async () => {
  using place = new Place();
  const { app, repo, folder } = place;
  const codeOf = async (request: { app: string; repo: string }) =>
    (await refused(() => linkApp(request))).code;
  assert.equal(await codeOf({ app: `${folder}/none`, repo }), "CHI-1101");
  assert.equal(await codeOf({ app: `${repo}/chimaera_repo.yaml`, repo }), "CHI-1101");
  assert.equal(await codeOf({ app, repo: folder }), "CHI-1301");
  assert.equal(await codeOf({ app, repo: `${folder}/none` }), "CHI-1301");
  assert.equal(await codeOf({ app: repo, repo }), "CHI-1001");
  assert.deepEqual([...Deno.readDirSync(app)], []);

  place.write("my app/deno.json", '{\n  "imports": {,}\n}\n');
  const unreadable = await refused(() => linkApp(place.request));
  assert.equal(unreadable.code, "CHI-1302");
  assert.match(unreadable.what, /\/my app\/deno\.json:2:15$/);

  place.write("my app/deno.json", '{\n  "importMap": "./map.json"\n}\n');
  const elsewhere = await refused(() => linkApp(place.request));
  assert.match(elsewhere.what, /deno\.json:2:3$/);
  assert.match(elsewhere.hint, /move them/);

  const latin = new Uint8Array([...new TextEncoder().encode("// f"), 0xfc, 0x72, 0x0a, 0x7b, 0x7d]);
  Deno.writeFileSync(`${app}/deno.json`, latin);
  assert.equal(await codeOf(place.request), "CHI-1302");
  assert.deepEqual(Deno.readFileSync(`${app}/deno.json`), latin);
  assert.deepEqual([...Deno.readDirSync(app)].map(({ name }) => name), ["deno.json"]);
});

test("repo link: two repos with a module of the same name are CHI-4022", async () => {
  using place = new Place();
  await linkApp(place.request);
  const other = `${place.folder}/other`;
  Deno.mkdirSync(`${other}/compressor`, { recursive: true });
  place.write("other/chimaera_repo.yaml", "namespace: example\n");
  place.write("other/compressor/chimaera_mod.yaml", "");
  place.write("other/compressor/compressor_client.ts", "export {};\n");
  const before = place.config;
  const error = await refused(() => linkApp({ app: place.app, repo: other }));
  assert.equal(error.code, "CHI-4022");
  assert.equal(place.config, before);
});

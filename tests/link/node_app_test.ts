/** A program on Node, in a project of its own, after `chimaera repo link --node`. */

import assert from "node:assert/strict";
import { linkNode, unlinkNode } from "../../codegen/link/mod.ts";
import { ChimaeraError } from "../../runtime/errors.ts";
import { entriesOf } from "../../tools/packaging/bundle.ts";
import type { NodePackage } from "../../tools/packaging/node_package.ts";
import { ROOT } from "../house/source_tree.ts";
import { test } from "../permission.ts";
import { NodeProcess } from "../system/kit/node_process.ts";
import { PATIENCE_MS } from "../system/kit/program.ts";
import { RuntimeFolder } from "../system/kit/runtime_folder.ts";

const REPO = `${ROOT}/tests/system/modules`;
const TSC = `${ROOT}/node_modules/typescript/bin/tsc`;
const MIB = 1 << 20;

const PROGRAM = `
import { type Block, connect, DomainQuery } from "chimaera";
import { Client as Messages } from "chimaera/small_message_client";
import { Client } from "tests/faulty_client";
import { OkTask } from "tests/faulty_tasks";

const session = await connect();
const here = DomainQuery.getLocalId();
const messages = new Messages(session);
await messages.create(here, here, "messages");
const chain: number = await messages.md(here, 3);

const block: Block = session.alloc(${3 * MIB});
block.bytes.fill(7);
const written = await messages.io(here, block, 1);
const read = await messages.io(here, block, 2);
const allFilled = block.bytes.every((byte) => byte === 15);
block[Symbol.dispose]();

const client = new Client(session);
await client.create(here, here, "faulty");
const value: number = await client.ok(here, 6);
const blocking = client.asyncOk(here, { value: 40 });
blocking.waitSync();
const code = await client.fail(here, 1).then(() => "none", (thrown) => thrown.code);
console.log(JSON.stringify({
  transport: session.transport, chain, written, read, allFilled, value,
  blocking: blocking instanceof OkTask, sync: blocking.result, code,
}));
await session.close();
`;

let made: Promise<NodePackage> | null = null;
const sdk = (): Promise<NodePackage> => made ??= makeSdk();

/** Loads the compiler, which needs permissions at once. */
async function makeSdk(): Promise<NodePackage> {
  const { nodePackage } = await import("../../tools/packaging/node_package.ts");
  return await nodePackage(ROOT, entriesOf(ROOT));
}

class Project {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "chi" }));
  readonly request = { app: this.folder, repo: REPO };

  write(path: string, text: string): void {
    Deno.writeTextFileSync(`${this.folder}/${path}`, text);
  }

  read(path: string): string {
    return Deno.readTextFileSync(`${this.folder}/${path}`);
  }

  async run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const output = await new Deno.Command(program, {
      args: [...args],
      cwd: this.folder,
      env: { NO_COLOR: "1", ...env },
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).output();
    const text = new TextDecoder();
    return {
      success: output.success,
      out: text.decode(output.stdout),
      errors: text.decode(output.stderr),
    };
  }

  /** Checks `app.ts` as TypeScript on Node does, libraries too, and makes `app.js` of it. */
  compile() {
    const compilerOptions = {
      module: "nodenext",
      target: "es2022",
      strict: true,
      skipLibCheck: false,
      types: [],
    };
    this.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["app.ts"] }));
    return this.run("node", [TSC, "-p", "."]);
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

test("repo link --node: a program on Node checks its types and calls modules", async () => {
  using runtime = new RuntimeFolder();
  using project = new Project();
  const report = await linkNode(project.request, await sdk());
  assert(report.names.includes("tests/faulty_client"));
  project.write("app.ts", PROGRAM);
  const compiled = await project.compile();
  assert(compiled.success, compiled.out);
  await using node = await NodeProcess.start({ workers: 2 }, { env: runtime.env });
  const expected = {
    transport: "socket",
    chain: 4,
    written: 7 * 3 * MIB,
    read: 15 * 3 * MIB,
    allFilled: true,
    value: 7,
    blocking: true,
    sync: 41,
    code: "CHI-3004",
  };
  const ran = await project.run("node", ["app.js"], runtime.env);
  assert(ran.success, ran.errors);
  assert.deepEqual(JSON.parse(ran.out), expected);

  const installed = await project.run("npm", ["install", "--offline", "--no-audit"]);
  assert(installed.success, installed.errors);
  const again = await project.run("node", ["app.js"], runtime.env);
  assert(again.success, again.errors);
  assert.deepEqual(JSON.parse(again.out), expected);
  await node.stop();

  const alone = await project.run("node", ["app.js"], runtime.env);
  assert.match(alone.errors, /CHI-5001.*no node runs/);
});

test("repo link --node: a wrong use of a repo's client is a type error", async () => {
  using project = new Project();
  await linkNode(project.request, await sdk());
  project.write("app.ts", PROGRAM.replace("client.ok(here, 6)", 'client.ok(here, "6")'));
  const compiled = await project.compile();
  assert(!compiled.success);
  assert.match(compiled.out, /app\.ts\(\d+,\d+\): error TS2345/);
});

test("repo link --node: a node that ends is an error of the waiting program", async () => {
  using runtime = new RuntimeFolder();
  using project = new Project();
  await linkNode(project.request, await sdk());
  project.write(
    "app.mjs",
    `
import { connect, DomainQuery } from "chimaera";
import { Client } from "tests/faulty_client";
const session = await connect();
const here = DomainQuery.getLocalId();
const client = new Client(session);
await client.create(here, here, "faulty");
console.log("ready");
const task = client.asyncSleep(here, { ms: 100000 });
try {
  if (process.argv[2] === "sync") task.waitSync();
  else await task.wait();
} catch (thrown) {
  console.log(thrown.code);
}
`,
  );
  for (const way of ["await", "sync"]) {
    await using node = await NodeProcess.start({ workers: 1 }, { env: runtime.env });
    const child = new Deno.Command("node", {
      args: ["app.mjs", way],
      cwd: project.folder,
      env: runtime.env,
      stdout: "piped",
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).spawn();
    let out = "";
    for await (const chunk of child.stdout) {
      out += new TextDecoder().decode(chunk);
      if (out === "ready\n") node.program.kill("SIGKILL");
    }
    assert((await child.status).success);
    assert.equal(out, "ready\nCHI-5005\n", way);
    await node.program.ended(true);
    const late = await project.run("node", ["app.mjs"], runtime.env);
    assert.match(late.errors, /CHI-5004.*nobody answers there/);
  }
});

test("repo link --node: what the author wrote in package.json stays as it is", async () => {
  using project = new Project();
  const before = '{\n\t"name": "mine",\n\t"dependencies": {\n\t\t"left": "^1.0.0"\n\t}\n}\n';
  project.write("package.json", before);
  const first = await linkNode(project.request, await sdk());
  assert.equal(first.changed, true);
  const text = project.read("package.json");
  assert.equal(
    text,
    before.replace(
      '"^1.0.0"\n',
      '"^1.0.0",\n\t\t"chimaera": "file:./chimaera_modules/chimaera",\n' +
        '\t\t"tests": "file:./chimaera_modules/tests"\n',
    ),
  );
  const again = await linkNode(project.request, await sdk());
  assert.equal(again.changed, false);
  assert.equal(again.needsInstall, false);
  assert.equal(project.read("package.json"), text);
});

test("repo link --node: what it wrote is taken back, and nothing else", async () => {
  using project = new Project();
  const before = '{\n  "dependencies": {\n    "left": "^1.0.0"\n  }\n}\n';
  project.write("package.json", before);
  assert.deepEqual(unlinkNode(project.request).removed, []);
  const names = [...Deno.readDirSync(project.folder)].map(({ name }) => name).toSorted();
  await linkNode(project.request, await sdk());
  const report = unlinkNode(project.request);
  assert.deepEqual(report.removed, ["tests", "chimaera"]);
  assert.equal(project.read("package.json"), before);
  assert.deepEqual([...Deno.readDirSync(project.folder)].map(({ name }) => name).toSorted(), names);

  await linkNode(project.request, await sdk());
  Deno.mkdirSync(`${project.folder}/node_modules/left`);
  const config = JSON.parse(project.read("package.json"));
  config.dependencies.other = "file:chimaera_modules/other";
  project.write("package.json", JSON.stringify(config));
  assert.deepEqual(unlinkNode(project.request).removed, ["tests"]);
  const { dependencies } = JSON.parse(project.read("package.json"));
  assert.deepEqual(Object.keys(dependencies), ["left", "chimaera", "other"]);
  assert(Deno.statSync(`${project.folder}/node_modules/left`).isDirectory);
  assert(Deno.statSync(`${project.folder}/node_modules/chimaera/package.json`).isFile);
});

test("repo link --node: a package of the same name is CHI-4022, and stays", async () => {
  using project = new Project();
  const before = '{ "dependencies": { "tests": "^2.0.0" } }\n';
  project.write("package.json", before);
  const error = await refused(async () => linkNode(project.request, await sdk()));
  assert.equal(error.code, "CHI-4022");
  assert.equal(project.read("package.json"), before);
  assert.deepEqual([...Deno.readDirSync(project.folder)].length, 1);
});

test("repo link --node: other folders in node_modules are left to npm", async () => {
  using project = new Project();
  Deno.mkdirSync(`${project.folder}/node_modules/tests`, { recursive: true });
  const report = await linkNode(project.request, await sdk());
  assert.equal(report.needsInstall, true);
  assert(Deno.lstatSync(`${project.folder}/node_modules/tests`).isDirectory);
});

test("repo link --node: a client that needs more than Node has is CHI-4021", async () => {
  using project = new Project();
  const repo = `${project.folder}/repo`;
  const app = `${project.folder}/app`;
  Deno.mkdirSync(`${repo}/odd`, { recursive: true });
  Deno.mkdirSync(app);
  project.write("repo/chimaera_repo.yaml", "namespace: example\n");
  project.write("repo/odd/chimaera_mod.yaml", "name: odd\n");
  project.write("repo/odd/odd_client.ts", 'export * from "./more.ts";\n');
  project.write("repo/odd/more.ts", '// more\nexport { startNode } from "chimaera/node";\n');
  const package_ = await sdk();
  const error = await refused(() => linkNode({ app, repo }, package_));
  assert.equal(error.code, "CHI-4021");
  assert.match(error.what, /\/odd\/more\.ts:2:28$/);
  project.write("repo/odd/more.ts", 'export * from "./none.ts";\n');
  assert.equal((await refused(() => linkNode({ app, repo }, package_))).code, "CHI-4005");
  const unnamed = "export const Odd = class {\n  private x = 1;\n};\n";
  project.write("repo/odd/more.ts", unnamed);
  const lost = await refused(() => linkNode({ app, repo }, package_));
  assert.equal(lost.code, "CHI-1309");
  assert.match(lost.what, /^odd\/more\.ts:1:14$/);
  assert.deepEqual([...Deno.readDirSync(app)], []);

  // A file that others have types of alone does not run, and may be called anything.
  project.write(
    "repo/odd/odd_client.ts",
    'import type { Odd } from "./my%20types.ts";\n' +
      "export const odd: Odd = { x: 1 };\n",
  );
  project.write(
    "repo/odd/my types.ts",
    'import "chimaera/node";\nexport type Odd = { x: number };\n',
  );
  await linkNode({ app, repo }, package_);
  const written = [...Deno.readDirSync(`${app}/chimaera_modules/example/odd`)];
  assert.deepEqual(written.map(({ name }) => name).sort(), [
    "my types.d.ts",
    "odd_client.d.ts",
    "odd_client.js",
  ]);
});
